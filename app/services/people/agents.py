"""The persons who serve customers. What they own is handed over by `app.services.recovery.releases`."""

from datetime import date
from typing import Any

from sqlalchemy import Text, and_, cast, not_, or_, select, update

from app.domain.common.access import Actor
from app.domain.people.agents import has_ended
from app.errors import FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.people.agents import AgentListed, AgentPut, AgentQuery, AgentRead
from app.services.people import records, seen_codes
from app.services.platform import by_code, preconditions
from app.services.platform.by_code import Draft
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Filter, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import Agent, Role, Unit
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now


def _is_active(wanted: bool, actor: Actor) -> Any:
    today = actor.company.day_of(now())
    begun = or_(Agent.active_from_on.is_(None), Agent.active_from_on <= today)
    going_on = or_(Agent.active_until_on.is_(None), Agent.active_until_on >= today)
    active = and_(Agent.is_active, begun, going_on)
    return active if wanted else not_(active)


AGENTS = Listing(
    AgentQuery,
    select(Agent.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such agent.",
    sorts=[SortKey(Agent.code)],
    filters=[
        equal(Agent.unit, Agent.role),
        where("language", lambda code: cast(Agent.languages, Text).like(f'%"{code}"%')),
        Filter("active", _is_active),
        since(Agent.updated_at),
    ],
    others=["registered"],
)
shape = shaper(AgentRead)
_as_listed = shaper(AgentListed)

_NEW: Row = {
    "name": None,
    "email": None,
    "unit": None,
    "role": None,
    "languages": [],
    "skills": [],
    "active_from_on": None,
    "active_until_on": None,
    "is_active": True,
}
_UNREGISTERED: Row = {
    **_NEW,
    "is_active": False,
    "is_registered": False,
    "version": None,
    "created_at": None,
    "updated_at": None,
}
_UNSEEN: Row = {"is_registered": True, "seen_count": None, "last_seen_at": None, "seen_in": []}


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one agent.

    Raises:
        NotFoundError: none with this code is registered.
    """
    return shape(AGENTS.one_or_404(tx, actor, Agent.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: AgentQuery, after: After | None) -> Page:
    """Read a page of the registered agents who match every filter, by code."""
    return AGENTS.page(tx, actor, query, after, lambda row: _as_listed(row | _UNSEEN))


def page_of_unregistered(tx: ReadTx, actor: Actor, query: AgentQuery, after: After | None) -> Page:
    """Read a page of the codes that stand in records and that nobody registered; one statement.

    Raises:
        InvalidError: another filter is sent: nothing is known of them.
        ForbiddenError: the caller is limited to units (``limited_to_units``).
    """
    others = query.model_fields_set - {"registered", "limit", "cursor"}
    if wrong := [
        FieldError(member, "not_with_unregistered", _NOTHING_KNOWN, "query") for member in sorted(others)
    ]:
        raise InvalidError(fields=wrong)
    found = seen_codes.page(tx, actor, query.limit, after)
    return Page([_as_listed(_UNREGISTERED | row) for row in found.rows], found.after)


_NOTHING_KNOWN = "Of codes that nobody registered nothing else is known. Leave this out, or registered=false."


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: AgentPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> Draft:
    """Register an agent, or change the one who has this code; what they own is left as it is.

    Returns:
        Who it was and who it is.

    Raises:
        InvalidError: a new one without a name; a unit or the desk has the code (``code_taken``); the unit or
            the role is unknown or inactive; the last day is before the first (``before_start``); or is over
            and the agent shall be active (``has_ended``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    records.lock(tx)
    draft = by_code.draft(tx, Agent, code, data, _NEW, if_match, if_none_match)
    today = actor.company.day_of(now())
    if wrong := _problems(tx, actor, draft, data, today):
        raise InvalidError(fields=wrong)
    if has_ended(today, draft.after["active_until_on"]):
        draft.after["is_active"] = False
    draft.after = by_code.store(tx, actor, "agent", draft)
    return draft


def deactivate(tx: WriteTx, actor: Actor, code: str, if_match: str | None = None) -> Row:
    """Make an agent inactive, who may be already; what they own is left as it is.

    Raises:
        NotFoundError: none with this code is registered.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    records.lock(tx)
    before = AGENTS.one_or_404(tx, actor, Agent.code == code, lock=True)
    preconditions.check_version(before["version"], if_match)
    if not before["is_active"]:
        return before
    changes = {"is_active": False, "version": before["version"] + 1, "updated_at": now()}
    tx.execute(update(Agent).where(Agent.code == code).values(changes))
    trail.record(tx, actor, "agent.deactivated", code, members=["is_active"])
    return {**before, **changes}


def ended_before(tx: ReadTx, day: date, limit: int) -> list[str]:
    """Return agents who are active although their last day is before ``day``, at most ``limit``."""
    ended = select(Agent.code).where(Agent.active_until_on < day, Agent.is_active)
    return list(tx.execute(ended.order_by(Agent.code).limit(limit)).scalars())


def leave_units(tx: WriteTx, actor: Actor, code: str) -> list[str]:
    """Take an agent from the head of units, and return those."""
    led = select(Unit.code, Unit.version).where(Unit.head == code).order_by(Unit.code)
    left = [unit for unit, _ in tx.execute(led)]
    if left:
        changes = {"head": None, "version": Unit.version + 1, "updated_at": now()}
        tx.execute(update(Unit).where(Unit.head == code).values(changes))
        trail.record_all(tx, actor, "unit.saved", [(unit, None) for unit in left], members=["head"])
    return left


# --- inside


def _problems(tx: ReadTx, actor: Actor, draft: Draft, data: AgentPut, today: date) -> list[FieldError]:
    after, wrong = draft.after, draft.missing("name")
    if draft.is_new and after["code"] == actor.company.complaint_owner:
        detail = "The company's desk has this code, and a desk is no person."
        wrong.append(FieldError("code", "code_taken", detail, "path"))
    elif draft.is_new:
        wrong += records.taken_problems(tx, [Unit], after["code"])
    if unit := draft.newly("unit"):
        wrong += records.known_problems(records.places(tx, Unit).get(unit), "unit", "unit")
    if role := draft.newly("role"):
        wrong += records.known_problems(records.places(tx, Role).get(role), "role", "role")
    first, last = after["active_from_on"], after["active_until_on"]
    if first is not None and last is not None and last < first:
        detail = "Expected a day that is not before active_from_on."
        wrong.append(FieldError("/active_until_on", "before_start", detail))
    elif data.is_active and "is_active" in data.model_fields_set and has_ended(today, last):
        detail = "The last day is over. Send a later active_until_on, or null, to make the person active."
        wrong.append(FieldError("/is_active", "has_ended", detail))
    return wrong
