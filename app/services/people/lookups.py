"""What other groups ask about people: who may own, who acts, which unit somebody is of.

Facts name people and units by plain codes. A company that has registered nobody may name anybody; as soon as
one agent or unit is registered, those who are given something must be known and active.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Date, cast, exists, literal, null, or_, select, union_all

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind, OwnerLookup, is_active_on
from app.errors import FieldError, ForbiddenError
from app.store.tables import Agent, Unit
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

_ANY = "any"
_UNKNOWN = (
    "Expected a registered agent, a registered unit (its queue), or {desk}. Register whom you mean with a PUT"
    " to /v1/agents/ or /v1/units/ and the code."
)
_INACTIVE = "Who is not active is given nothing. Name somebody active, a unit (its queue), or {desk}."


def has_people(tx: ReadTx) -> bool:
    """Tell whether any agent or unit is registered, active or not; one statement."""
    return bool(tx.execute(_HAS_PEOPLE).scalar_one())


def owner_kinds(
    tx: ReadTx, codes: Collection[str], desk: str, *, on: date | None = None
) -> dict[str, OwnerLookup]:
    """Say what each of ``codes`` is that is registered; the desk always is a queue. One statement.

    Args:
        codes: codes of owners.
        desk: the company's desk, the queue of last resort.
        on: the local day for which activity is judged, by default today in UTC.
    """
    asked: Any = union_all(_AGENTS.where(Agent.code.in_(codes)), _UNITS.where(Unit.code.in_(codes)))
    day = on or now().date()
    found = {row["code"]: _lookup(row, day) for row in tx.execute(asked).mappings()}
    if desk in codes:
        found.setdefault(desk, OwnerLookup(OwnerKind.QUEUE, True, None))
    return found


def owner_problems(tx: WriteTx, actor: Actor, owner: str | None, pointer: str = "/owner") -> list[FieldError]:
    """Say why ``owner`` may not be given anything: unknown (``unknown_owner``) or inactive
    (``inactive_owner``). None, the desk, and everybody in a company without people may.

    A registered owner stays active until the transaction ends: who deactivates it waits, and then finds
    what it was given. One statement for an agent, two for a queue, three for an unknown code.
    """
    desk = actor.company.complaint_owner
    if owner is None or owner == desk:
        return []
    row = _kept(tx, _AGENTS.where(Agent.code == owner)) or _kept(tx, _UNITS.where(Unit.code == owner))
    if row is not None and _lookup(row, actor.company.day_of(now())).is_active:
        return []
    if row is not None:
        return [FieldError(pointer, "inactive_owner", _INACTIVE, params={"desk": desk})]
    return [FieldError(pointer, "unknown_owner", _UNKNOWN, params={"desk": desk})] if has_people(tx) else []


def person_problems(tx: WriteTx, actor: Actor, person: str, pointer: str) -> list[FieldError]:
    """Say why ``person`` cannot be responsible: as `owner_problems`, or it is a queue (``not_a_person``)."""
    if wrong := owner_problems(tx, actor, person, pointer):
        return wrong
    known = owner_kinds(tx, [person], actor.company.complaint_owner)
    if person not in known or known[person].kind != OwnerKind.QUEUE:
        return []
    detail = "Expected a person: a queue is responsible for nothing."
    return [FieldError(pointer, "not_a_person", detail)]


def unit_of(tx: ReadTx, agent: str) -> str | None:
    """Return the unit of an agent; None for one without, or whom nobody registered."""
    return tx.execute(select(Agent.unit).where(Agent.code == agent)).scalar_one_or_none()


def require_agent(tx: ReadTx, actor: Actor) -> str:
    """Return the code of the acting person, who was active when the request began.

    Raises:
        ForbiddenError: nobody is named (``agent_needed``).
    """
    if actor.agent is None:
        detail = "Only a person can do this. Name one in the header Vefa-Agent, or use a key bound to one."
        raise ForbiddenError(detail, code="agent_needed")
    return actor.agent


# --- inside

_NO_DAY = cast(null(), Date)
_AGENTS: Any = select(
    literal(OwnerKind.AGENT.value).label("kind"),
    Agent.code,
    Agent.unit,
    Agent.is_active,
    Agent.active_from_on,
    Agent.active_until_on,
)
_UNITS: Any = select(
    literal(OwnerKind.QUEUE.value).label("kind"),
    Unit.code,
    Unit.code.label("unit"),
    Unit.is_active,
    _NO_DAY.label("active_from_on"),
    _NO_DAY.label("active_until_on"),
)
_HAS_PEOPLE = select(or_(exists(select(Agent.code)), exists(select(Unit.code))))


def _kept(tx: WriteTx, statement: Any) -> Row | None:
    """The row, kept as it is until the transaction ends."""
    row = tx.execute(statement.with_for_update(read=True)).mappings().first()
    return None if row is None else dict(row)


def _lookup(row: Mapping[Any, Any], day: date) -> OwnerLookup:
    days = {"from_on": row["active_from_on"], "until_on": row["active_until_on"]}
    active = is_active_on(day, switched_on=row["is_active"], **days)
    return OwnerLookup(OwnerKind(row["kind"]), active, row["unit"])
