"""What happens to a complaint after it was recorded. Every change is an event with its actor and its time.

Beyond what they say themselves, all raise:
    NotFoundError: no such complaint, or the caller may not see its customer.
    PreconditionFailedError: ``if_match`` does not name the present version.
    InvalidError: ``at`` is before the complaint's last step (``before_last_step``) or ahead of our clock by
        more than clocks differ (``in_future``).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from app.domain.common.access import Actor
from app.domain.common.days import clock_text, is_future
from app.domain.recovery.complaints import (
    NON_TRANSITIONS,
    ComplaintState,
    EventKind,
    Lifecycle,
    is_overtaken,
    possible_steps,
    step_time,
)
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.recovery.complaints import ComplaintUpdate
from app.schemas.recovery.events import (
    ComplaintHandOver,
    ComplaintNote,
    ComplaintReopening,
    ComplaintResolution,
    ComplaintStep,
)
from app.services.activity import related_records
from app.services.platform import preconditions, rights
from app.services.recovery import complaints
from app.store.audit import trail
from app.store.tables import Complaint, ComplaintEvent
from app.store.types import now

Row = dict[str, Any]


def acknowledge(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Acknowledge a complaint to its customer.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.ACKNOWLEDGED, data.at, if_match)


def start(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Note that somebody works on the complaint.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.STARTED, data.at, if_match)


def resolve(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintResolution, if_match: str | None = None
) -> Row:
    """Note what was done about the complaint.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.RESOLVED, data.at, if_match, data.resolution)


def close(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintStep, if_match: str | None = None
) -> Row:
    """Close a complaint that was resolved.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.CLOSED, data.at, if_match)


def reopen(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintReopening, if_match: str | None = None
) -> Row:
    """Open a complaint again that was resolved or closed, and say why.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    return _step(tx, actor, complaint_id, EventKind.REOPENED, data.at, if_match, data.reason)


def hand_over(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintHandOver, if_match: str | None = None
) -> Row:
    """Give the complaint, in whatever state it is, to another owner or unit.

    Raises:
        ConflictError: it is there already.
    """
    change = _begin(tx, actor, complaint_id, if_match)
    before = change.before
    wanted = {"owner": data.owner, "unit": before["unit"] if data.unit is None else data.unit}
    changes = {member: value for member, value in wanted.items() if before[member] != value}
    _check_unit(actor, changes)
    if not changes:
        raise ConflictError("The complaint has this owner and this unit already.")
    at = change.happened_at(data.at)
    return change.store(EventKind.HANDED_OVER, at, changes, note=data.note, members=changes)


def note(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintNote, if_match: str | None = None
) -> Row:
    """Keep something about the complaint, in whatever state it is."""
    change = _begin(tx, actor, complaint_id, if_match)
    return change.store(EventKind.NOTED, change.happened_at(data.at), {}, note=data.note)


def update_one(
    tx: Connection, actor: Actor, complaint_id: UUID, data: ComplaintUpdate, if_match: str | None
) -> Row:
    """Merge a patch into a complaint; nothing is written when nothing changes.

    Raises:
        InvalidError: there is no such interaction, or it was with another customer.
    """
    change = _begin(tx, actor, complaint_id, if_match)
    before = change.before
    sent = data.model_dump(include=data.model_fields_set)
    changes = {member: value for member, value in sent.items() if before[member] != value}
    if not changes:
        return complaints.shape(before)
    _check_unit(actor, changes)
    if changes.get("interaction_id") is not None:
        after = {**before, **changes}
        if wrong := related_records.problems(related_records.find(tx, actor, [after]), after):
            raise InvalidError(fields=wrong)
    return change.store(EventKind.CHANGED, change.happened_at(None), changes, members=changes)


# --- inside


def _check_unit(actor: Actor, changes: Row) -> None:
    """Check that a changed unit is one the caller may use.

    Raises:
        InvalidError: it is not.
    """
    if wrong := rights.unit_problems(actor, changes.get("unit"), is_required=False):
        raise InvalidError(fields=wrong)


_LIFECYCLE_MEMBERS = tuple(field.name for field in fields(Lifecycle))


def _step(
    tx: Connection,
    actor: Actor,
    complaint_id: UUID,
    kind: EventKind,
    at: datetime | None,
    if_match: str | None,
    given: str | None = None,
) -> Row:
    """Take a step that changes the state; ``given`` is the resolution, or why it is reopened."""
    change = _begin(tx, actor, complaint_id, if_match)
    known = {member: change.before[member] for member in _LIFECYCLE_MEMBERS}
    life = Lifecycle(**known | {"state": ComplaintState(known["state"])})
    if not life.allows(kind):
        detail = "The complaint is {state}: this step is not possible now. Possible steps: {steps}."
        steps = ", ".join(possible_steps(life.state))
        raise ConflictError(detail, code="illegal_step", state=life.state.value, steps=steps)
    happened_at = change.happened_at(at)
    return change.store(kind, happened_at, asdict(life.after(kind, happened_at, given)), note=given)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of one complaint: its row ``before``, locked, and the instant the change is recorded."""

    tx: Connection
    actor: Actor
    before: Row
    recorded_at: datetime

    def happened_at(self, given: datetime | None) -> datetime:
        """When it happened: as ``given``, now otherwise.

        Raises:
            InvalidError: not between the complaint's last step and now.
        """
        of_it = ComplaintEvent.complaint_id == self.before["id"]
        last_step = select(func.max(ComplaintEvent.at)).where(
            of_it, ComplaintEvent.kind.not_in(_NON_TRANSITIONS)
        )
        last_step_at: datetime = self.tx.execute(last_step).scalar_one()
        if given is None:
            return step_time(last_step_at, self.recorded_at)
        if given < last_step_at and is_overtaken(given, last_step_at, self.recorded_at):
            return last_step_at
        if given < last_step_at:
            detail = "Expected an instant that is not before the complaint's last step."
            raise InvalidError(fields=[FieldError("/at", "before_last_step", detail)])
        if is_future(given, self.recorded_at):
            detail = "Expected an instant that is not in the future; our clock reads {now}."
            ours = {"now": clock_text(self.recorded_at)}
            raise InvalidError(fields=[FieldError("/at", "in_future", detail, params=ours)])
        return given

    def store(
        self,
        kind: EventKind,
        at: datetime,
        changes: Row,
        *,
        note: str | None = None,
        members: Iterable[str] = (),
    ) -> Row:
        """Store ``changes`` with the event that made them, and return the complaint."""
        stored = {**changes, "version": self.before["version"] + 1, "updated_at": self.recorded_at}
        after = {**self.before, **stored}
        self.tx.execute(update(Complaint).where(Complaint.id == after["id"]).values(stored))
        event = complaints.event(self.actor, after, kind, at, note=note, members=members)
        self.tx.execute(insert(ComplaintEvent), [event])
        trail.record(
            self.tx,
            self.actor,
            f"complaint.{kind.value}",
            after["id"],
            customer_id=after["customer_id"],
            members=members,
            data={"state": str(after["state"])},
        )
        return complaints.shape(after)


_NON_TRANSITIONS = sorted(NON_TRANSITIONS)


def _begin(tx: Connection, actor: Actor, complaint_id: UUID, if_match: str | None) -> _Change:
    """Lock the complaint, so that what is judged now is still so when it is stored."""
    statement = complaints.visible(actor).where(Complaint.id == complaint_id).with_for_update()
    before = complaints.found(tx, statement)
    preconditions.check_version(before["version"], if_match)
    return _Change(tx, actor, before, now())
