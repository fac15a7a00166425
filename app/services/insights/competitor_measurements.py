"""Record, find, correct and remove studies of competitors.

They are no personal data: every caller with the scope sees them all."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, select, update

from app.domain.common import names
from app.domain.common.access import Actor
from app.domain.satisfaction import INDICES
from app.domain.satisfaction.competitor_measurements import MESSAGES, Measurement, faults
from app.errors import AppError, ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.insights.competitor_measurements import (
    CompetitorMeasurementCreate,
    CompetitorMeasurementQuery,
    CompetitorMeasurementRead,
    CompetitorMeasurementSort,
    CompetitorMeasurementUpdate,
)
from app.services.activity import recording
from app.services.platform import preconditions
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.paging import After, Page, SortKey, changed_after, fetch
from app.store.tables import CompetitorMeasurement
from app.store.types import new_id, now

Row = dict[str, Any]

_READ = select(CompetitorMeasurement.__table__)
_MEMBERS = tuple(CompetitorMeasurementRead.model_fields)
REPORTED = ("value", "n", "sd", "low", "high", "expectation_mean")
_SORTS = {
    CompetitorMeasurementSort.OLDEST: (
        SortKey(CompetitorMeasurement.measured_on),
        SortKey(CompetitorMeasurement.id),
    ),
    CompetitorMeasurementSort.NEWEST: (
        SortKey(CompetitorMeasurement.measured_on, descending=True),
        SortKey(CompetitorMeasurement.id, descending=True),
    ),
    CompetitorMeasurementSort.UPDATED_AT: (
        SortKey(CompetitorMeasurement.updated_at),
        SortKey(CompetitorMeasurement.id),
    ),
}


# --- reading


@one_statement
def get(tx: Connection, _actor: Actor, measurement_id: UUID) -> Row:
    """Read one measurement.

    Raises:
        NotFoundError: there is none with this id.
    """
    return _shape(_found(tx, _READ.where(CompetitorMeasurement.id == measurement_id)))


@one_statement
def page(tx: Connection, _actor: Actor, query: CompetitorMeasurementQuery, after: After | None) -> Page:
    """Read a page of the measurements that match every filter."""
    table, statement = CompetitorMeasurement, _READ
    if query.competitor is not None:
        statement = statement.where(table.competitor_key == _key(query.competitor))
    for member in ("index", "source", "external_id"):
        if (value := getattr(query, member)) is not None:
            statement = statement.where(getattr(table, member) == value)
    if query.measured_from is not None:
        statement = statement.where(table.measured_on >= query.measured_from)
    if query.measured_before is not None:
        statement = statement.where(table.measured_on < query.measured_before)
    statement = changed_after(statement, table.updated_at, query.updated_after)
    read = fetch(tx, statement, _SORTS[query.sort], limit=query.limit, after=after)
    return Page([_shape(row) for row in read.rows], read.after)


def of_index(tx: Connection, index: str, before: date) -> list[Row]:
    """All measurements of an index of days before ``before``: by competitor, the newest first."""
    table = CompetitorMeasurement
    order = table.competitor_key, table.measured_on.desc(), table.id.desc()
    wanted = _READ.where(table.index == index, table.measured_on < before).order_by(*order)
    return [dict(row) for row in tx.execute(wanted).mappings()]


def reported_by(row: Row) -> Measurement:
    """What a measurement tells."""
    return Measurement(**{member: row[member] for member in REPORTED})


# --- writing


def create(tx: Connection, actor: Actor, data: CompetitorMeasurementCreate) -> Row:
    """Record one measurement.

    Raises:
        InvalidError: see `app.domain.satisfaction.competitor_measurements.faults`.
        ConflictError: the source has a measurement with this external id (``measurement_exists``).
    """
    [row] = create_many(tx, actor, [data])
    if isinstance(row, AppError):
        raise row
    return row


def create_many(
    tx: Connection,
    actor: Actor,
    items: Sequence[CompetitorMeasurementCreate],
    *,
    ids: Sequence[UUID] | None = None,
) -> list[Row | AppError]:
    """Record measurements together, in a number of statements that does not depend on how many they are.

    ``ids`` are the ids they get, new ones by default.

    Returns:
        For each item its row, or why it was refused (see `create`); a refused item leaves no trace. The
        caller decides whether one refusal refuses all.
    """
    at = now()
    today = actor.company.day_of(at)
    rows = [
        _checked(_new_row(item, at, row_id), today)
        for item, row_id in zip(items, ids or [new_id() for _ in items], strict=True)
    ]
    recording.store_unowned(tx, actor, _KIND, rows)
    recorded = [(str(row["id"]), None) for row in rows if isinstance(row, dict)]
    trail.record_all(tx, actor, "competitor_measurement.recorded", recorded)
    return [_shape(row) if isinstance(row, dict) else row for row in rows]


def update_one(
    tx: Connection,
    actor: Actor,
    measurement_id: UUID,
    data: CompetitorMeasurementUpdate,
    if_match: str | None,
) -> Row:
    """Merge a patch into a measurement; nothing is written when nothing changes.

    Raises:
        NotFoundError: there is none with this id.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError: as in `create`, of the measurement as it would be.
    """
    before = _locked(tx, measurement_id, if_match)
    sent = data.model_dump(include=data.model_fields_set)
    changes = {member: value for member, value in sent.items() if before[member] != value}
    if not changes:
        return _shape(before)
    at = now()
    if "competitor" in changes:
        changes["competitor_key"] = _key(changes["competitor"])
    after = _checked({**before, **changes}, actor.company.day_of(at))
    if isinstance(after, AppError):
        raise after
    stored = {**changes, "version": before["version"] + 1, "updated_at": at}
    tx.execute(update(CompetitorMeasurement).where(CompetitorMeasurement.id == measurement_id).values(stored))
    members = sorted(changes.keys() & set(_MEMBERS))
    trail.record(tx, actor, "competitor_measurement.updated", measurement_id, members=members)
    return _shape({**after, **stored})


def remove(tx: Connection, actor: Actor, measurement_id: UUID, if_match: str | None) -> None:
    """Remove a measurement.

    Raises:
        NotFoundError: there is none with this id.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    _locked(tx, measurement_id, if_match)
    tx.execute(delete(CompetitorMeasurement).where(CompetitorMeasurement.id == measurement_id))
    trail.record(tx, actor, "competitor_measurement.deleted", measurement_id)


# --- inside


def _key(competitor: str) -> str:
    """By what measurements of the same competitor belong together; a name of signs only stands for itself."""
    return names.fold(competitor) or competitor


def _exists() -> ConflictError:
    detail = "The source has a measurement with this external id already."
    return ConflictError(detail, code="measurement_exists")


_KIND = recording.RecordType(CompetitorMeasurement, _exists, path="/v1/competitor-measurements")


def _found(tx: Connection, statement: Any) -> Row:
    row = tx.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("There is no such measurement of a competitor.")
    return dict(row)


def _locked(tx: Connection, measurement_id: UUID, if_match: str | None) -> Row:
    row = _found(tx, _READ.where(CompetitorMeasurement.id == measurement_id).with_for_update())
    preconditions.check_version(row["version"], if_match)
    return row


def _new_row(item: CompetitorMeasurementCreate, at: datetime, row_id: UUID) -> Row:
    return {
        "id": row_id,
        "version": 1,
        **item.model_dump(),
        "competitor_key": _key(item.competitor),
        "recorded_at": at,
        "updated_at": at,
    }


def _checked(row: Row, today: date) -> Row | AppError:
    """The row, or why it cannot be."""
    wrong = [
        FieldError(f"/{fault.member}", fault.code, MESSAGES[fault.code], params=fault.params)
        for fault in faults(reported_by(row), row["measured_on"], INDICES[row["index"]], today)
    ]
    return InvalidError(fields=wrong) if wrong else row


def _shape(row: Row) -> Row:
    """A row as `CompetitorMeasurementRead` wants it, members in its order."""
    return {member: row[member] for member in _MEMBERS}
