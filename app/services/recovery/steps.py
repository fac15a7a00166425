"""What happens to a complaint after it was recorded. Every change is an event with its actor and its time.

Beyond what they say themselves, all raise:
    NotFoundError: no such complaint, or the caller may not see its customer.
    PreconditionFailedError: ``if_match`` does not name the present version.
    InvalidError: ``at`` is before the complaint's last step (``before_last_step``) or ahead of our clock by
        more than clocks differ (``in_future``).
"""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from app.domain.common.access import Actor
from app.domain.common.days import clock_text, is_future
from app.domain.recovery.complaints import (
    NON_TRANSITIONS,
    PAST_STEPS,
    ComplaintState,
    EventKind,
    Lifecycle,
    is_overtaken,
    out_of_order,
    possible_steps,
    step_time,
)
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.recovery.complaints import ComplaintUpdate
from app.schemas.recovery.events import (
    ComplaintNote,
    ComplaintReopening,
    ComplaintResolution,
    ComplaintStep,
    ComplaintWait,
)
from app.services.activity import related_records
from app.services.platform import rights
from app.services.platform.changes import Change, begin
from app.services.recovery import categories, complaints, demands
from app.services.standards import clocks
from app.store.tables import Complaint, ComplaintEvent, ComplaintWord
from app.store.transactions import Row, WriteTx


def acknowledge(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Acknowledge a complaint to its customer.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.ACKNOWLEDGED, data.at, if_match)


def start(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Note that somebody works on the complaint.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.STARTED, data.at, if_match)


def wait(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintWait, if_match: str | None = None
) -> Row:
    """Note that nothing can be done until the customer answers.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.WAITED, data.at, if_match, data.note)


def resolve(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintResolution, if_match: str | None = None
) -> Row:
    """Note what was done about the complaint.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.RESOLVED, data.at, if_match, data.resolution)


def confirm(
    tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime | None, if_match: str | None = None
) -> Row:
    """Note that the customer confirmed the resolution.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.CONFIRMED, at, if_match)


def close(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    data: ComplaintStep,
    if_match: str | None = None,
    *,
    is_import: bool = False,
) -> Row:
    """Close a complaint that was resolved. What a file says is closed need not show what is demanded here.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``), or its category demands steps
            that it does not show (``steps_missing``).
    """
    change, life, at = begin_step(tx, actor, complaint_id, EventKind.CLOSED, data.at, if_match)
    if not is_import:
        demands.require(tx, change.before)
    return store(change, EventKind.CLOSED, at, life)


def close_by_itself(tx: WriteTx, actor: Actor, complaint: Row, at: datetime, days: int) -> Row:
    """Close a locked complaint of which nothing was heard for ``days`` days."""
    change = Change(tx, actor, Complaint, complaint, at)
    life = _life(change, EventKind.CLOSED).after(EventKind.CLOSED, happened_at(change, None))
    return store(change, EventKind.CLOSED, happened_at(change, None), asdict(life), silent_days=days)


def reopen(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintReopening, if_match: str | None = None
) -> Row:
    """Open a complaint again that was resolved or closed, and say why.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.REOPENED, data.at, if_match, data.reason)


def end_at_unknown_time(
    tx: WriteTx, actor: Actor, complaint_id: UUID, step: EventKind, resolution: str | None = None
) -> Row:
    """Note that the complaint was resolved or closed, and that nobody knows when.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, None)
    life = _life(change, step).after(step, None, resolution)
    at = happened_at(change, None)
    return store(change, step, at, asdict(life), note=resolution, time_unknown=True)


def correct_times(tx: WriteTx, actor: Actor, complaint_id: UUID, times: Row) -> Row:
    """Note when a complaint was resolved or closed of which nobody knew.

    Raises:
        InvalidError: that is before it was received, or ahead of our clock.
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, None)
    after = {**change.before, **times}
    earlier = {member: after[member] for member in ("received_at", *PAST_STEPS)}
    for member, _ in out_of_order(earlier):
        detail = "Expected an instant that is not before the complaint's last step."
        raise InvalidError(fields=[FieldError(f"/{member}", "before_last_step", detail)])
    for member, at in times.items():
        refuse_future(at, change.recorded_at, f"/{member}")
    return store(change, EventKind.CHANGED, happened_at(change, None), times, members=times)


def note(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintNote, if_match: str | None = None
) -> Row:
    """Keep something about the complaint, in whatever state it is."""
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    return store(change, EventKind.NOTED, happened_at(change, data.at), {}, note=data.note)


def update_one(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    data: ComplaintUpdate,
    if_match: str | None,
    *,
    is_import: bool = False,
) -> Row:
    """Merge a patch into a complaint; nothing is written when nothing changes. A file may name any category.

    Raises:
        InvalidError: there is no such interaction, or it was with another customer; or the category is
            registered and not active (``inactive_category``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    before = change.before
    changes = change.differing(data)
    if not changes:
        return complaints.shape(before)
    check_unit(actor, changes)
    if "category" in changes and not is_import:
        registered = categories.named(tx, {changes["category"]} - {None})
        if wrong := categories.problems(registered, changes["category"]):
            raise InvalidError(fields=wrong)
    if changes.get("interaction_id") is not None:
        after = {**before, **changes}
        if wrong := related_records.problems(related_records.find(tx, actor, [after]), after):
            raise InvalidError(fields=wrong)
    after = store(change, EventKind.CHANGED, happened_at(change, None), changes, members=changes)
    if {"subject", "text"} & changes.keys():
        tx.execute(delete(ComplaintWord).where(ComplaintWord.complaint_id == complaint_id))
        complaints.store_words(tx, [after])
    return after


# --- what all steps share


def check_unit(actor: Actor, changes: Row) -> None:
    """Check that a changed unit is one the caller may use.

    Raises:
        InvalidError: it is not.
    """
    if wrong := rights.unit_problems(actor, changes.get("unit"), is_required=False):
        raise InvalidError(fields=wrong)


_LIFECYCLE_MEMBERS = tuple(field.name for field in fields(Lifecycle))


def _step(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    kind: EventKind,
    at: datetime | None,
    if_match: str | None,
    given: str | None = None,
) -> Row:
    """Take a step that changes the state; ``given`` is the resolution, or what was said with another step."""
    change, life, happened = begin_step(tx, actor, complaint_id, kind, at, if_match, given)
    return store(change, kind, happened, life, note=given)


def begin_step(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    kind: EventKind,
    at: datetime | None,
    if_match: str | None,
    given: str | None = None,
) -> tuple[Change, Row, datetime]:
    """Begin a step that changes the state; what it changes, and when it happens."""
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    life = _life(change, kind)
    happened = happened_at(change, at)
    return change, asdict(life.after(kind, happened, given)), happened


def _life(change: Change, step: EventKind) -> Lifecycle:
    """How far the complaint has come, where ``step`` can follow."""
    known = {member: change.before[member] for member in _LIFECYCLE_MEMBERS}
    life = Lifecycle(**known | {"state": ComplaintState(known["state"])})
    if not life.allows(step):
        detail = "The complaint is {state}: this step is not possible now. Possible steps: {steps}."
        steps = ", ".join(possible_steps(life.state))
        raise ConflictError(detail, code="illegal_step", state=life.state.value, steps=steps)
    return life


def happened_at(change: Change, given: datetime | None) -> datetime:
    """When it happened: as ``given``, now otherwise.

    Raises:
        InvalidError: not between the complaint's last step and now.
    """
    of_it = ComplaintEvent.complaint_id == change.before["id"]
    last_step = select(func.max(ComplaintEvent.at)).where(of_it, ComplaintEvent.kind.not_in(_NON_TRANSITIONS))
    last_step_at: datetime = change.tx.execute(last_step).scalar_one()
    if given is None:
        return step_time(last_step_at, change.recorded_at)
    if given < last_step_at and is_overtaken(given, last_step_at, change.recorded_at):
        return last_step_at
    if given < last_step_at:
        detail = "Expected an instant that is not before the complaint's last step."
        raise InvalidError(fields=[FieldError("/at", "before_last_step", detail)])
    refuse_future(given, change.recorded_at, "/at")
    return given


def refuse_future(at: datetime, recorded_at: datetime, pointer: str) -> None:
    if is_future(at, recorded_at):
        detail = "Expected an instant that is not in the future; our clock reads {now}."
        ours = {"now": clock_text(recorded_at)}
        raise InvalidError(fields=[FieldError(pointer, "in_future", detail, params=ours)])


def store(
    change: Change,
    kind: EventKind,
    at: datetime,
    changed: Row,
    *,
    note: str | None = None,
    members: Iterable[str] = (),
    time_unknown: bool = False,
    silent_days: int | None = None,
) -> Row:
    """Store what changed with its event, and return the complaint."""
    state = str({**change.before, **changed}["state"])
    after = change.store(f"complaint.{kind.value}", changed, members=members, data={"state": state})
    event = complaints.event(
        change.actor,
        after,
        kind,
        at,
        note=note,
        members=members,
        time_unknown=time_unknown,
        silent_days=silent_days,
    )
    change.tx.execute(insert(ComplaintEvent), [event])
    clocks.follow(change.tx, change.actor, change.before, after, kind, at)
    return complaints.shape(after)


_NON_TRANSITIONS = sorted(NON_TRANSITIONS)
