"""What is learned from an incident: its causes, and measures so that it does not happen again."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from app.domain.common.access import Actor
from app.errors import ConflictError, InvalidError, NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.recovery.learning import (
    IncidentCauseCreate,
    IncidentCauseRead,
    IncidentPreventionCompletion,
    IncidentPreventionCreate,
    IncidentPreventionRead,
)
from app.services.people import lookups
from app.services.platform import preconditions
from app.services.recovery import causes, incidents
from app.store.audit import trail
from app.store.listing import newest_first, one_or_404
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import IncidentCause, IncidentPrevention
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id

_as_cause = shaper(IncidentCauseRead)
_as_prevention = shaper(IncidentPreventionRead)
_MISSING = "There is no such prevention."


def causes_page(tx: ReadTx, actor: Actor, query: Paging, after: After | None, incident_id: UUID) -> Page:
    """Read a page of the causes of an incident, the latest first.

    Raises:
        NotFoundError: no such incident, or the caller may not see it.
    """
    incidents.find(tx, actor, incident_id)
    statement = select(IncidentCause.__table__).where(IncidentCause.incident_id == incident_id)
    order = newest_first(IncidentCause.recorded_at, IncidentCause.id)
    found = fetch(tx, statement, order, limit=query.limit, after=after)
    return Page([_as_cause(row) for row in found.rows], found.after)


def add_cause(
    tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentCauseCreate, if_match: str | None = None
) -> Row:
    """Record why an incident happened; returns the incident, which names its latest cause.

    Raises:
        ConflictError: the incident is closed (``incident_closed``).
        InvalidError: the cause is not registered (``unknown_cause``) or not active (``inactive_cause``).
    """
    change = incidents.begin_change(tx, actor, incident_id, if_match)
    if change.before["closed_at"] is not None:
        raise incidents.closed()
    if wrong := causes.problems(tx, data.cause):
        raise InvalidError(fields=wrong)
    row = {
        "id": new_id(),
        "incident_id": incident_id,
        "cause": data.cause,
        "fault": data.fault,
        "text": data.text,
        "actor_id": actor.id,
        "at": data.at or change.recorded_at,
        "recorded_at": change.recorded_at,
    }
    tx.execute(insert(IncidentCause).values(row))
    named = {"cause": data.cause, "fault": data.fault}
    return incidents.shape(change.store("incident.cause_recorded", named))


def preventions(tx: ReadTx, actor: Actor, query: Paging, after: After | None, incident_id: UUID) -> Page:
    """Read a page of the preventions of an incident, in the order they were recorded.

    Raises:
        NotFoundError: no such incident, or the caller may not see it.
    """
    incidents.find(tx, actor, incident_id)
    statement = _preventions_of(incident_id)
    found = fetch(tx, statement, [SortKey(IncidentPrevention.id)], limit=query.limit, after=after)
    return Page([_as_prevention(row) for row in found.rows], found.after)


def get_prevention(tx: ReadTx, actor: Actor, incident_id: UUID, prevention_id: UUID) -> Row:
    """Read one prevention.

    Raises:
        NotFoundError: the incident has none with this id, or the caller may not see the incident.
    """
    incidents.find(tx, actor, incident_id)
    mine = _preventions_of(incident_id).where(IncidentPrevention.id == prevention_id)
    return _as_prevention(one_or_404(tx, mine, _MISSING))


def add_prevention(
    tx: WriteTx,
    actor: Actor,
    incident_id: UUID,
    data: IncidentPreventionCreate,
    *,
    prevention_id: UUID | None = None,
) -> Row:
    """Record a measure so that an incident does not happen again.

    Raises:
        NotFoundError, ForbiddenError: as all changes of incidents.
        ConflictError: the incident is closed (``incident_closed``).
        InvalidError: ``responsible`` is not a registered active agent, once people are registered.
    """
    change = incidents.begin_change(tx, actor, incident_id, None)
    if change.before["closed_at"] is not None:
        raise incidents.closed()
    if wrong := lookups.person_problems(tx, actor, data.responsible, "/responsible"):
        raise InvalidError(fields=wrong)
    row: Row = {
        **data.model_dump(),
        "id": prevention_id or new_id(),
        "version": 1,
        "incident_id": incident_id,
        "done_at": None,
        "done_text": None,
        "actor_id": actor.id,
        "recorded_at": change.recorded_at,
        "updated_at": change.recorded_at,
    }
    tx.execute(insert(IncidentPrevention).values(row))
    trail.record(tx, actor, "incident.prevention_recorded", row["id"], data=_of(incident_id))
    return _as_prevention(row)


def complete_prevention(
    tx: WriteTx,
    actor: Actor,
    incident_id: UUID,
    prevention_id: UUID,
    data: IncidentPreventionCompletion,
    if_match: str | None = None,
) -> Row:
    """Note that a prevention is done.

    Raises:
        NotFoundError: the incident has none with this id, or as all changes of incidents.
        PreconditionFailedError: ``if_match`` does not name the present version of the prevention.
        ConflictError: it is done already (``prevention_done``).
        InvalidError: it was done before the incident began, or in the future.
    """
    change = incidents.begin_change(tx, actor, incident_id, None)
    mine = _preventions_of(incident_id).where(IncidentPrevention.id == prevention_id)
    before = tx.execute(mine).mappings().first()
    if before is None:
        raise NotFoundError(_MISSING)
    preconditions.check_version(before["version"], if_match)
    if before["done_at"] is not None:
        raise ConflictError("This prevention was done already.", code="prevention_done")
    started_at = change.before["started_at"]
    changes = {
        "done_at": incidents.happened_at(change, data.at, started_at),
        "done_text": data.text,
        "version": before["version"] + 1,
        "updated_at": change.recorded_at,
    }
    tx.execute(update(IncidentPrevention).where(IncidentPrevention.id == prevention_id).values(changes))
    members = ["done_at", "done_text"] if data.text else ["done_at"]
    action = "incident.prevention_done"
    trail.record(tx, actor, action, prevention_id, members=members, data=_of(incident_id))
    return _as_prevention({**before, **changes})


# --- inside


def _preventions_of(incident_id: UUID) -> Any:
    return select(IncidentPrevention.__table__).where(IncidentPrevention.incident_id == incident_id)


def _of(incident_id: UUID) -> Row:
    return {"incident_id": str(incident_id)}
