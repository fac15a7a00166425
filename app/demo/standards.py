"""How long things may take in the demo company: office hours, whom to tell, and standards kept and broken.

They are valid from long before its first complaint, so that every one has clocks.
"""

from typing import Any, Final

from app.domain.common.access import Actor
from app.schemas.standards.calendars import CalendarPut
from app.schemas.standards.escalation_rules import EscalationRulePut
from app.schemas.standards.standards import StandardPut
from app.services.standards import calendars, escalation_rules, standards
from app.store.transactions import WriteTx

CALENDAR, RULE = "office", "usual"
_BEGIN = "2015-01-01T00:00:00+03:00"
_RUNGS: Final = [
    {"after_share": 0.9, "tell": "owner"},
    {"past_due_seconds": 0, "tell": "head"},
    {"past_due_seconds": 14_400, "tell": "unit", "code": "complaints-desk"},
]
_NAMES: Final = {
    "acknowledged_today": ("Acknowledged today", "Aynı gün alındı bildirimi", "Həmin gün qəbul bildirişi"),
    "solved_at_once": ("Solved in four hours", "Dört saatte çözüm", "Dörd saata həll"),
    "solved_in_two_days": ("Solved in two days", "İki günde çözüm", "İki günə həll"),
    "promises_in_time": ("Promises in time", "Sözler zamanında", "Vədlər vaxtında"),
    "calls_in_half_a_minute": ("Calls in half a minute", "Çağrı yarım dakikada", "Zəng yarım dəqiqəyə"),
}
_STANDARDS: Final[dict[str, dict[str, Any]]] = {
    "acknowledged_today": {"metric": "acknowledge", "target_minutes": 480},
    "solved_at_once": {
        "metric": "resolve",
        "target_minutes": 240,
        "severities": ["critical"],
        "position": 10,
    },
    "solved_in_two_days": {"metric": "resolve", "target_minutes": 960, "position": 20},
    "promises_in_time": {"metric": "promise", "target_minutes": 480},
    "calls_in_half_a_minute": {"metric": "answer_call", "target_seconds": 30},
}


def load(tx: WriteTx, actor: Actor) -> None:
    """Set the calendar, the escalation rule and the standards."""
    known: Any = CalendarPut.model_config.get("json_schema_extra")
    hours = CalendarPut.model_validate(known["examples"][0])
    calendars.put(tx, actor, CALENDAR, hours, None)
    rule = EscalationRulePut.model_validate({"names": _named("Usual", "Olağan", "Adi"), "rungs": _RUNGS})
    escalation_rules.put(tx, actor, RULE, rule, None)
    business = {"time": "business", "calendar": CALENDAR, "warn_share": 0.75, "escalation_rule": RULE}
    for code, given in _STANDARDS.items():
        more = {} if given["metric"] == "answer_call" else business
        body = {**given, **more, "names": _named(*_NAMES[code]), "valid_from": _BEGIN}
        standards.put(tx, actor, code, StandardPut.model_validate(body), None)


def _named(english: str, turkish: str, azerbaijani: str) -> dict[str, str]:
    return {"en": english, "tr": turkish, "az": azerbaijani}
