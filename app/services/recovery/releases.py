"""What somebody owns goes to a queue when they stop: neither a complaint nor a promise stays with a person
who is not there.

A person stops by a change, by a step, or because their last day is over; a unit's queue stops with the unit.
All in the transaction in which that is stored, each complaint with an event of its own. Complaints that are
closed are history, and stay.

People are changed one transaction at a time (`app.services.people.records.lock`), and who is given something
stays as they are until that is stored (`app.services.people.lookups.owner_problems`): so a hand-over that
meets a release either comes first, and is released as well, or is refused.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import func, insert, select, update

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.recovery.complaints import NON_TRANSITIONS, ComplaintState, EventKind, step_time
from app.schemas.people.agents import AgentDeactivation, AgentPut
from app.schemas.people.units import UnitPut
from app.services.people import agents, seen_codes, units
from app.services.promises import releases as promises
from app.services.recovery import complaints
from app.services.standards import clocks
from app.store.audit import trail
from app.store.tables import Complaint, ComplaintEvent
from app.store.transactions import Row, WriteTx
from app.store.types import now

AT_ONCE = 500
"""Complaints that are handed over together: what somebody owns is never in memory as a whole."""

ENDED_AT_ONCE = 20
"""Persons whose last day is over that one transaction takes."""


def put_agent(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: AgentPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Register or change an agent (`agents.put`); hand over what they own if they are inactive from now on.

    Returns:
        The agent with ``adopted_records`` and how much was handed over, and whether it is new.
    """
    draft = agents.put(tx, actor, code, data, if_match, if_none_match)
    adopted = seen_codes.count(tx, code) if draft.is_new else 0
    released = _release_agent(tx, actor, draft.after)[1] if draft.ends else _NOTHING
    return {**agents.shape(draft.after), "adopted_records": adopted, **released}, draft.is_new


def put_unit(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: UnitPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Register or change a unit (`units.put`); hand over what waits in its queue if it is inactive from now
    on.

    Returns:
        The unit with how much was handed over, and whether it is new.
    """
    draft = units.put(tx, actor, code, data, if_match, if_none_match)
    released = release_all(tx, actor, code, units.queue_of(tx, actor, code)) if draft.ends else _NOTHING
    return {**units.shape(draft.after), **released}, draft.is_new


def deactivate_agent(
    tx: WriteTx, actor: Actor, code: str, data: AgentDeactivation, if_match: str | None = None
) -> Row:
    """Make an agent inactive, and hand over what they own; also what somebody owns who was inactive before.

    Returns:
        The agent with how much was handed over, ``queue`` and ``headless_units``.

    Raises:
        NotFoundError: no agent has this code.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    row = agents.deactivate(tx, actor, code, if_match)
    queue, released, led = _release_agent(tx, actor, row, data.note)
    return {**agents.shape(row), **released, "queue": queue, "headless_units": led[:1000]}


def deactivate_ended(tx: WriteTx, actor: Actor) -> bool:
    """Make some of those inactive whose last day is over, and hand over what they own.

    Returns:
        Whether there may be more of them.
    """
    ended = agents.ended_before(tx, actor.company.day_of(now()), ENDED_AT_ONCE)
    for code in ended:
        _release_agent(tx, actor, agents.deactivate(tx, actor, code))
    return len(ended) == ENDED_AT_ONCE


def release_all(tx: WriteTx, actor: Actor, owner: str, queue: str, note: str | None = None) -> Row:
    """Hand over what ``owner`` owns to a queue: complaints that are not closed, and promises that are neither
    kept nor cancelled; how many these were, as members of the answer."""
    return {
        "handed_over_complaints": release(tx, actor, owner, queue, note),
        "handed_over_promises": promises.release(tx, actor, owner, queue, note),
    }


def release(tx: WriteTx, actor: Actor, owner: str, queue: str, note: str | None = None) -> int:
    """Hand over every complaint of ``owner`` that is not closed to a queue, and return how many these were.

    Locks them, `AT_ONCE` at a time; six statements for each so many.
    """
    at, released = now(), 0
    mine = Complaint.owner == owner, Complaint.state != ComplaintState.CLOSED
    some = select(Complaint.__table__).where(*mine).order_by(Complaint.id).limit(AT_ONCE).with_for_update()
    while owner != queue:
        rows = [dict(row) for row in tx.execute(some).mappings()]
        if rows:
            _hand_over(tx, actor, rows, queue, note, at)
        released += len(rows)
        if len(rows) < AT_ONCE:
            break
    return released


# --- inside

_NOTHING: Row = {"handed_over_complaints": 0, "handed_over_promises": 0}


def _release_agent(
    tx: WriteTx, actor: Actor, agent: Row, note: str | None = None
) -> tuple[str, Row, list[str]]:
    """Hand over what an inactive agent owns; the queue, how much, and the units that they led."""
    queue = units.queue_of(tx, actor, agent["unit"])
    led = agents.leave_units(tx, actor, agent["code"])
    return queue, release_all(tx, actor, agent["code"], queue, note), led


def _hand_over(
    tx: WriteTx, actor: Actor, rows: Sequence[Row], queue: str, note: str | None, at: datetime
) -> None:
    """Give locked complaints to a queue, each with its event."""
    ids = [row["id"] for row in rows]
    last_step = select(ComplaintEvent.complaint_id, func.max(ComplaintEvent.at)).where(
        ComplaintEvent.complaint_id.in_(ids), ComplaintEvent.kind.not_in(sorted(NON_TRANSITIONS))
    )
    last_at = dict(tx.execute(last_step.group_by(ComplaintEvent.complaint_id)).all())
    changes = {"owner": queue, "owner_kind": OwnerKind.QUEUE, "accepted_at": None, "updated_at": at}
    renewed = update(Complaint).where(Complaint.id.in_(ids))
    tx.execute(renewed.values(**changes, version=Complaint.version + 1))
    events = []
    for row in rows:
        after = {**row, **changes, "version": row["version"] + 1}
        happened_at = step_time(last_at[row["id"]], at)
        kind, members = EventKind.HANDED_OVER, ["owner"]
        events.append(complaints.event(actor, after, kind, happened_at, note=note, members=members))
    tx.execute(insert(ComplaintEvent), events)
    clocks.change_owner(tx, ids, queue)
    for state, alike in groupby(sorted(rows, key=_state), key=_state):
        objects = [(str(row["id"]), row["customer_id"]) for row in alike]
        data = {"state": state}
        trail.record_all(tx, actor, "complaint.handed_over", objects, members=["owner"], data=data)


def _state(row: Row) -> str:
    return str(row["state"])
