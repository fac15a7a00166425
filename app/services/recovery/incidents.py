"""Record, find and change incidents: what went wrong for many, why, and when it was over.

Beyond what they say themselves, changes raise:
    NotFoundError: no such incident, or the caller may not see it.
    ForbiddenError: it is the whole company's, and the caller is limited to units.
    PreconditionFailedError: ``if_match`` does not name the present version.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, insert, or_, select

from app.domain.common.access import Actor
from app.domain.common.days import clock_text, is_future
from app.domain.recovery.incidents import IncidentState, state_of
from app.errors import ConflictError, FieldError, ForbiddenError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.recovery.incidents import (
    IncidentClosing,
    IncidentCreate,
    IncidentQuery,
    IncidentRead,
    IncidentSort,
    IncidentStep,
    IncidentUpdate,
)
from app.services.platform import rights
from app.services.platform.changes import Change, begin
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import Listing, by_time, equal, since, where, window
from app.store.paging import After, Page
from app.store.tables import Incident, IncidentPrevention
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now


def _visible(statement: Select[Any], actor: Actor) -> Select[Any]:
    """A caller limited to units sees their incidents, and those of the whole company; a customer none."""
    if actor.customer_id is not None:
        statement = statement.where(Incident.id.is_(None))
    if actor.units:
        statement = statement.where(or_(Incident.unit.is_(None), Incident.unit.in_(actor.units)))
    return statement


_STATES = {
    IncidentState.RUNNING: and_(Incident.ended_at.is_(None), Incident.closed_at.is_(None)),
    IncidentState.ENDED: and_(Incident.ended_at.is_not(None), Incident.closed_at.is_(None)),
    IncidentState.CLOSED: Incident.closed_at.is_not(None),
}


def _in_states(states: Sequence[IncidentState]) -> ColumnElement[bool]:
    return or_(*(_STATES[state] for state in states))


def _has_cause(wanted: bool) -> ColumnElement[bool]:
    return Incident.cause.is_not(None) if wanted else Incident.cause.is_(None)


INCIDENTS = Listing(
    IncidentQuery,
    select(Incident.__table__),
    owner=_visible,
    missing="There is no such incident.",
    sorts=by_time(IncidentSort, Incident.started_at, Incident.updated_at, Incident.id),
    filters=[
        equal(
            Incident.category,
            Incident.product,
            Incident.channel,
            Incident.phase,
            Incident.unit,
            Incident.cause,
        ),
        where("state", _in_states),
        where("has_cause", _has_cause),
        window("started", Incident.started_at),
        since(Incident.updated_at),
    ],
)

_as_read = shaper(IncidentRead)


def shape(row: Row) -> Row:
    """A row as `IncidentRead` wants it."""
    return _as_read({**row, "state": state_of(row["ended_at"], row["closed_at"])})


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, incident_id: UUID) -> Row:
    """Read one incident.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return shape(find(tx, actor, incident_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: IncidentQuery, after: After | None) -> Page:
    """Read a page of the incidents that match every filter."""
    return INCIDENTS.page(tx, actor, query, after, shape)


def find(tx: ReadTx, actor: Actor, incident_id: UUID) -> Row:
    """Read the row of an incident.

    Raises:
        NotFoundError: as in `get`.
    """
    return INCIDENTS.one_or_404(tx, actor, Incident.id == incident_id)


# --- writing


def create(tx: WriteTx, actor: Actor, data: IncidentCreate, *, incident_id: UUID | None = None) -> Row:
    """Record an incident.

    Raises:
        InvalidError: it ended before it began, or the caller may not use its unit, which a caller limited to
            units must name.
    """
    if wrong := rights.unit_problems(actor, data.unit, is_required=True):
        raise InvalidError(fields=wrong)
    at = now()
    row: Row = {
        **data.model_dump(),
        "id": incident_id or new_id(),
        "version": 1,
        "started_at": data.started_at or at,
        "cause": None,
        "fault": None,
        "closed_at": None,
        "recorded_by": actor.id,
        "recorded_at": at,
        "updated_at": at,
    }
    _check_times(row)
    tx.execute(insert(Incident).values(row))
    trail.record(tx, actor, "incident.recorded", row["id"])
    return shape(row)


def update_one(
    tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentUpdate, if_match: str | None
) -> Row:
    """Merge a patch into an incident; nothing is written when nothing changes.

    Raises:
        InvalidError: it ended before it began.
        ConflictError: it is closed, and would not be over any more (``incident_closed``).
    """
    change = begin_change(tx, actor, incident_id, if_match)
    changes = change.differing(data)
    after = {**change.before, **changes}
    _check_times(after)
    if after["closed_at"] is not None and after["ended_at"] is None:
        raise closed()
    return shape(change.store("incident.updated", changes) if changes else change.before)


def close(
    tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentClosing, if_match: str | None = None
) -> Row:
    """Note that everything about an incident is done.

    Raises:
        ConflictError: it is closed already (``incident_closed``), goes on (``incident_running``), or has a
            prevention that is not done (``prevention_not_done``).
        InvalidError: ``at`` is before it was over, or in the future.
    """
    change = begin_change(tx, actor, incident_id, if_match)
    if change.before["closed_at"] is not None:
        raise closed()
    if change.before["ended_at"] is None:
        detail = "The incident goes on: say when it was over (ended_at) before you close it."
        raise ConflictError(detail, code="incident_running")
    undone = select(IncidentPrevention.id).where(
        IncidentPrevention.incident_id == incident_id, IncidentPrevention.done_at.is_(None)
    )
    first = tx.execute(undone.order_by(IncidentPrevention.id).limit(1)).scalar_one_or_none()
    if first is not None:
        detail = "A prevention is not done yet: complete it before you close the incident."
        existing = str(first), f"/v1/incidents/{incident_id}/preventions/{first}"
        raise ConflictError(detail, code="prevention_not_done", existing=existing)
    at = happened_at(change, data.at, change.before["ended_at"])
    return shape(change.store("incident.closed", {"closed_at": at}))


def reopen(
    tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentStep, if_match: str | None = None
) -> Row:
    """Take up work on a closed incident again; it stays over until it is said to go on.

    Raises:
        ConflictError: it is not closed (``incident_not_closed``).
    """
    change = begin_change(tx, actor, incident_id, if_match)
    if change.before["closed_at"] is None:
        raise ConflictError("The incident is not closed.", code="incident_not_closed")
    return shape(change.store("incident.reopened", {"closed_at": None}))


def begin_change(tx: WriteTx, actor: Actor, incident_id: UUID, if_match: str | None) -> Change:
    """Lock an incident to change it.

    Raises:
        NotFoundError, ForbiddenError, PreconditionFailedError: as all changes.
    """
    change = begin(tx, actor, INCIDENTS, Incident, incident_id, if_match)
    if actor.is_limited and change.before["unit"] is None:
        raise ForbiddenError(_LIMITED, code="limited_to_units")
    return change


def happened_at(
    change: Change, given: datetime | None, not_before: datetime, pointer: str = "/at"
) -> datetime:
    """When it happened: as ``given``, now otherwise.

    Raises:
        InvalidError: it is before ``not_before``, or in the future.
    """
    if given is None:
        return max(change.recorded_at, not_before)
    if given < not_before:
        detail = "Expected an instant that is not before what it follows."
        raise InvalidError(fields=[FieldError(pointer, "out_of_order", detail)])
    if is_future(given, change.recorded_at):
        detail = "Expected an instant that is not in the future; our clock reads {now}."
        ours = {"now": clock_text(change.recorded_at)}
        raise InvalidError(fields=[FieldError(pointer, "in_future", detail, params=ours)])
    return given


def closed() -> ConflictError:
    """Make the refusal of a change that a closed incident does not take."""
    return ConflictError("The incident is closed: reopen it first.", code="incident_closed")


# --- inside

_LIMITED = "This belongs to the whole company, and the key is limited to units. Use a key without units."


def _check_times(row: Row) -> None:
    if row["ended_at"] is not None and row["ended_at"] < row["started_at"]:
        detail = "Expected not before {earlier}."
        wrong = FieldError("/ended_at", "out_of_order", detail, params={"earlier": "started_at"})
        raise InvalidError(fields=[wrong])
