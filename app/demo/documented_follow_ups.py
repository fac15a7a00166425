"""Follow-up rules of the demo, and the low answer that one of them follows."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.demo.documented import Examples, example
from app.domain.common.access import Actor
from app.domain.follow_ups.rules import CauseKind
from app.errors import AppError
from app.schemas.follow_ups.follow_ups import EXAMPLE_CAUSE_ID
from app.schemas.follow_ups.rules import EXAMPLE_CODE, FollowUpRulePut, FollowUpRuleRead
from app.schemas.surveys.responses import SurveyResponseCreate, SurveyResponseRead
from app.services.follow_ups import causes, follow_ups, rules
from app.services.follow_ups.causes import Among
from app.services.surveys import responses
from app.store.transactions import WriteTx

_LAWYER: dict[str, Any] = {
    "names": {
        "en": "Speaks of a lawyer",
        "tr": "Avukattan söz ediyor",
        "az": "Vəkildən danışır",
    },
    "trigger": "critical_word",
    "words": ["avukat", "vəkil", "lawyer", "hakem heyeti"],
    "action": "promise_call_back",
    "due_in_seconds": 14_400,
    "subject": "The head of the desk calls you back today",
    "is_active": False,
}


def load(tx: WriteTx, actor: Actor, documented: Examples, customer_id: UUID) -> None:
    """Set the rule that is shown and one to try, record a low answer, and let the rule follow it."""
    shown = documented.of(FollowUpRuleRead, FollowUpRulePut)
    rule, _ = rules.put(tx, actor, EXAMPLE_CODE, shown, None)
    rules.put(tx, actor, "lawyer", FollowUpRulePut.model_validate(_LAWYER), None)
    good = example(SurveyResponseRead)
    low = SurveyResponseCreate.model_validate(
        {
            **{name: good[name] for name in ("source", "survey_version", "channel", "unit", "language")},
            "survey_id": good["survey_id"],
            "customer_id": str(customer_id),
            "external_id": "F-2026-000096",
            "answered_at": documented.moved("2026-11-23T11:20:00Z"),
            "answers": [{"question": "delivery", "number": 1}, {"question": "recommend", "number": 3}],
        }
    )
    [recorded] = responses.create_many(tx, actor, [low], ids=[UUID(EXAMPLE_CAUSE_ID)])
    if isinstance(recorded, AppError):
        raise recorded
    found = causes.find(tx, rule, Among({CauseKind.RESPONSE: {UUID(EXAMPLE_CAUSE_ID)}}))
    follow_ups.act(tx, actor, rule, found, found[0].at + timedelta(seconds=2))
