"""What happens to a promise after it was made. Every step is an event with its actor and its time.

Beyond what they say themselves, all raise:
    NotFoundError: no such promise, or the caller may not see its customer.
    PreconditionFailedError: ``if_match`` does not name the present version.
    ConflictError: it was kept or cancelled already (``promise_finished``).
    InvalidError: ``at`` is before the promise was made (``before_made``) or ahead of our clock by more than
        clocks differ (``in_future``).
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from app.domain.common.access import Actor
from app.domain.common.days import clock_text, is_future
from app.domain.promises.promises import UNFINISHED, PromiseEventKind, PromiseState
from app.domain.promises.promises import Promise as Life
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.promises.events import (
    PromiseCancellation,
    PromiseFulfilment,
    PromiseHandOver,
    PromiseMove,
)
from app.services.people import lookups
from app.services.platform import rights
from app.services.platform.changes import Change, begin
from app.services.promises import beginnings, due_times, promises, states
from app.store.tables import Promise, PromiseEvent
from app.store.transactions import Row, WriteTx


def keep(
    tx: WriteTx, actor: Actor, promise_id: UUID, data: PromiseFulfilment, if_match: str | None = None
) -> Row:
    """Note that a promise was kept; on time if ``at`` is not after its due time."""
    change, life, at = _begin(tx, actor, promise_id, data.at, if_match)
    return _end(change, PromiseEventKind.KEPT, at, life.keep(at), data.note)


def cancel(
    tx: WriteTx, actor: Actor, promise_id: UUID, data: PromiseCancellation, if_match: str | None = None
) -> Row:
    """Note that a promise was cancelled, and by whom."""
    change, life, at = _begin(tx, actor, promise_id, data.at, if_match)
    return _end(change, PromiseEventKind.CANCELLED, at, life.cancel(at, data.by), data.note)


def move(tx: WriteTx, actor: Actor, promise_id: UUID, data: PromiseMove, if_match: str | None = None) -> Row:
    """Note a new date. It counts if the other side agreed by the old one; else the old one does.

    Raises:
        InvalidError: the new date is not ahead of now (``due_in_past``) or the old one (``same_date``), or
            its calendar cannot be used.
    """
    change, life, at = _begin(tx, actor, promise_id, data.at, if_match)
    before = change.before
    calendar = due_times.calendar_of(tx, data.calendar)
    due = due_times.due_at(data, calendar, change.recorded_at, change.recorded_at)
    if due is None or due == before["due_at"]:
        pointer = "/due_at" if data.due_in_seconds is None else "/due_in_seconds"
        raise InvalidError(fields=[FieldError(pointer, "same_date", "It is due at this instant already.")])
    after = life.move(due, at, is_agreed=data.customer_agreed)
    changes: Row = {"planned_at": after.planned_at, "moved_count": before["moved_count"] + 1}
    if after.due_at != before["due_at"]:
        changes |= due_times.moved(tx, before, at, due, calendar)
    dates = {"old_due_at": before["due_at"], "new_due_at": due, "is_agreed": data.customer_agreed}
    members = [name for name in ("due_at", "planned_at") if getattr(after, name) != before[name]]
    return store(change, PromiseEventKind.MOVED, at, changes, note=data.note, members=members, move=dates)


def hand_over(
    tx: WriteTx, actor: Actor, promise_id: UUID, data: PromiseHandOver, if_match: str | None = None
) -> Row:
    """Give a promise to another person or queue.

    Raises:
        ConflictError: it is there already.
        InvalidError: the owner is not registered (``unknown_owner``) or not active (``inactive_owner``), or
            the caller may not use the unit.
    """
    change, _, at = _begin(tx, actor, promise_id, data.at, if_match)
    before = change.before
    wanted = {"owner": data.owner, "unit": before["unit"] if data.unit is None else data.unit}
    changes = change.differing(wanted)
    if not changes:
        raise ConflictError("The promise has this owner and this unit already.")
    wrong = rights.unit_problems(actor, changes.get("unit"), is_required=False)
    if "owner" in changes:
        wrong += lookups.owner_problems(tx, actor, data.owner)
    if wrong:
        raise InvalidError(fields=wrong)
    members = sorted(changes)
    if "owner" in changes:
        changes["owner_kind"] = beginnings.owner_kind(tx, actor, data.owner)
    return store(change, PromiseEventKind.HANDED_OVER, at, changes, note=data.note, members=members)


# --- what all steps share


def store(
    change: Change,
    kind: PromiseEventKind,
    at: datetime,
    changes: Row,
    *,
    members: list[str],
    note: str | None = None,
    move: Row | None = None,
) -> Row:
    """Store what changed with its event, and return the promise."""
    state = states.life_of({**change.before, **changes}).state(change.recorded_at)
    data = promises.event_data(change.before, state)
    after = change.store(f"promise.{kind.value}", changes, members=members, data=data)
    event = promises.event(change.actor, after, kind, at, note=note, move=move)
    change.tx.execute(insert(PromiseEvent), [event])
    return promises.shape(after)


def mark_broken(change: Change) -> Row:
    """Store that the due time of a promise has passed, and return its row."""
    due_at = change.before["due_at"]
    data = promises.event_data(change.before, PromiseState.OVERDUE)
    after = change.store("promise.broken", {"broken_at": due_at}, members=[], data=data)
    broken = promises.event(change.actor, after, PromiseEventKind.BROKEN, due_at)
    change.tx.execute(insert(PromiseEvent), [broken | {"state": PromiseState.OVERDUE}])
    return after


# --- inside


def _begin(
    tx: WriteTx, actor: Actor, promise_id: UUID, at: datetime | None, if_match: str | None
) -> tuple[Change, Life, datetime]:
    change = begin(tx, actor, promises.PROMISES, Promise, promise_id, if_match)
    life = states.life_of(change.before)
    state = life.state(change.recorded_at)
    if state not in UNFINISHED:
        detail = "The promise is {state}: nothing can happen to it any more."
        raise ConflictError(detail, code="promise_finished", state=state.value)
    return change, life, _happened_at(change, at)


def _happened_at(change: Change, given: datetime | None) -> datetime:
    """When it happened: as ``given``, which is not before the promise was made, or now."""
    made_at: datetime = change.before["made_at"]
    if given is None:
        return max(made_at, change.recorded_at)
    if given < made_at:
        detail = "Expected an instant that is not before the promise was made."
        raise InvalidError(fields=[FieldError("/at", "before_made", detail)])
    if is_future(given, change.recorded_at):
        detail = "Expected an instant that is not in the future; our clock reads {now}."
        ours = {"now": clock_text(change.recorded_at)}
        raise InvalidError(fields=[FieldError("/at", "in_future", detail, params=ours)])
    return given


def _end(change: Change, kind: PromiseEventKind, at: datetime, life: Life, note: str | None) -> Row:
    """Store a step after which nothing can happen; that it was broken before, if no worker has yet."""
    if change.before["broken_at"] is None and at > life.due_at:
        change = replace(change, before=mark_broken(change))
    members = ["kept_at"] if kind is PromiseEventKind.KEPT else ["cancelled_at", "cancelled_by"]
    broken_at = change.before["broken_at"] if at > life.due_at else None
    changes = {name: getattr(life, name) for name in ("kept_at", "cancelled_at", "cancelled_by")}
    changes |= {"ended_at": at, "next_at": None, "broken_at": broken_at}
    return store(change, kind, at, changes, note=note, members=members)
