"""Who works in the demo company: units with heads, roles, and the agents whose codes its records name.

One person of the records is not registered, as happens where a telephone system knows somebody first, and one
has stopped, so that what she owned waits in the queue of her branch.
"""

from typing import Any, Final

from app.demo.contacts import AGENTS
from app.domain.common.access import Actor, Scope
from app.schemas.people import agents as agent_schemas
from app.schemas.people import roles as role_schemas
from app.schemas.people.agents import AgentPut
from app.schemas.people.roles import RolePut
from app.schemas.people.units import UnitPut
from app.services.people import roles
from app.services.recovery import releases
from app.store.transactions import WriteTx

COMPANY, MANAGER = "company", "nermin.b"
COUNTRIES: Final = (
    ("turkey", ("Turkey", "Türkiye", "Türkiyə"), ("istanbul", "ankara", "izmir", "antalya")),
    ("azerbaijan", ("Azerbaijan", "Azerbaycan", "Azərbaycan"), ("baku", "gence")),
)
BRANCH_NAMES: Final = {
    "istanbul": ("Istanbul", "İstanbul", "İstanbul"),
    "ankara": ("Ankara", "Ankara", "Ankara"),
    "izmir": ("Izmir", "İzmir", "İzmir"),
    "antalya": ("Antalya", "Antalya", "Antalya"),
    "baku": ("Baku", "Bakü", "Bakı"),
    "gence": ("Ganja", "Gence", "Gəncə"),
}
NAMES: Final = {
    "ayse.k": "Ayşe Kaya", "mehmet.t": "Mehmet Tunç", "elif.s": "Elif Sönmez", "can.y": "Can Yalçın",
    "zehra.d": "Zehra Doğan", "burak.o": "Burak Öz", "fatma.a": "Fatma Aydın", "emre.c": "Emre Çelik",
    "selin.g": "Selin Güneş", "deniz.u": "Deniz Uysal", "hakan.b": "Hakan Bulut", "okan.p": "Okan Polat",
    "seda.v": "Seda Vural", "leyla.m": "Leyla Məmmədova", "rashad.h": "Rəşad Hüseynov",
    "nigar.q": "Nigar Quliyeva", "tural.i": "Tural İsmayılov", "aysel.r": "Aysel Rzayeva",
}  # fmt: skip
"""Agents of the records who are registered: all but one, whom only the telephone system knows."""
BEYOND: Final = {"elvin.m": ("Elvin Məmmədov", "baku"), MANAGER: ("Nermin Bayraktar", COMPANY)}
"""Agents whom no record of the demo names, and their units."""
STOPPED: Final = "zehra.d"
LANGUAGES: Final = {"baku": ["az", "en"], "gence": ["az"]}

_ALL_BUT_PEOPLE: Final = sorted(scope for scope in Scope if scope != Scope.PEOPLE_WRITE)
_ROLES: Final[tuple[tuple[str, tuple[str, str, str], Any, str | None], ...]] = (
    ("manager", ("Manager", "Yönetici", "Menecer"), sorted(Scope), None),
    ("team_lead", ("Team lead", "Takım lideri", "Komanda rəhbəri"), _ALL_BUT_PEOPLE, "manager"),
    (role_schemas.EXAMPLE_CODE, tuple(role_schemas.NAMES.values()), role_schemas.SCOPES, "team_lead"),
)


def load(tx: WriteTx, actor: Actor) -> None:
    """Register everybody, after the records that name them."""
    for code, names, scopes, reports_to in _ROLES:
        role = {"names": _by_language(names), "scopes": scopes, "reports_to": reports_to}
        roles.put(tx, actor, code, RolePut.model_validate(role), None)
    _put_unit(tx, actor, COMPANY, ("Demo company", "Demo şirketi", "Demo şirkəti"), "company", None)
    for country, names, branches in COUNTRIES:
        _put_unit(tx, actor, country, names, "department", COMPANY)
        for branch in branches:
            _put_unit(tx, actor, branch, BRANCH_NAMES[branch], "branch", country)
    teams = {code: unit for unit, team in AGENTS for code in team if code in NAMES}
    leads = {next(code for code in team if code != agent_schemas.EXAMPLE_CODE) for _, team in AGENTS}
    for code, (name, unit) in ({code: (NAMES[code], unit) for code, unit in teams.items()} | BEYOND).items():
        place = "manager" if code == MANAGER else "team_lead" if code in leads else role_schemas.EXAMPLE_CODE
        person = {
            "name": name,
            "email": f"{code}@vefa.example",
            "unit": unit,
            "role": place,
            "languages": LANGUAGES.get(unit, ["tr", "en"]),
            "is_active": code != STOPPED,
        }
        releases.put_agent(tx, actor, code, AgentPut.model_validate(person), None)
    for unit, code in [*((teams[code], code) for code in sorted(leads)), (COMPANY, MANAGER)]:
        releases.put_unit(tx, actor, unit, UnitPut.model_validate({"head": code}), None)


# --- inside


def _put_unit(
    tx: WriteTx, actor: Actor, code: str, names: tuple[str, str, str], kind: str, parent: str | None
) -> None:
    unit = {"names": _by_language(names), "kind": kind, "parent": parent}
    releases.put_unit(tx, actor, code, UnitPut.model_validate(unit), None)


def _by_language(names: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("en", "tr", "az"), names, strict=True))
