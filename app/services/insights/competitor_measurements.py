"""Record, find, correct and remove studies of competitors.

They are no personal data: every caller with the scope sees them all."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from app.domain.common import names
from app.domain.common.access import Actor
from app.domain.satisfaction import INDICES
from app.domain.satisfaction.competitor_measurements import MESSAGES, Measurement, faults
from app.errors import AppError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.insights.competitor_measurements import (
    CompetitorMeasurementCreate,
    CompetitorMeasurementQuery,
    CompetitorMeasurementRead,
    CompetitorMeasurementSort,
    CompetitorMeasurementUpdate,
)
from app.services.activity import recording
from app.services.platform.changes import begin, one_or_raise
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, by_time, equal, since, where, window
from app.store.paging import After, Page
from app.store.tables import CompetitorMeasurement
from app.store.transactions import ReadTx, WriteTx
from app.store.types import new_id, now

Row = dict[str, Any]

_READ = select(CompetitorMeasurement.__table__)
REPORTED = ("value", "n", "sd", "low", "high", "expectation_mean")


def _key(competitor: str) -> str:
    """By what measurements of the same competitor belong together; a name of signs only stands for itself."""
    return names.fold(competitor) or competitor


MEASUREMENTS = Listing(
    CompetitorMeasurementQuery,
    select(CompetitorMeasurement.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such measurement of a competitor.",
    sorts=by_time(
        CompetitorMeasurementSort,
        CompetitorMeasurement.measured_on,
        CompetitorMeasurement.updated_at,
        CompetitorMeasurement.id,
    ),
    filters=[
        where("competitor", lambda name: CompetitorMeasurement.competitor_key == _key(name)),
        equal(CompetitorMeasurement.index, CompetitorMeasurement.source, CompetitorMeasurement.external_id),
        window("measured", CompetitorMeasurement.measured_on),
        since(CompetitorMeasurement.updated_at),
    ],
)

_shape = shaper(CompetitorMeasurementRead)
"""A row as `CompetitorMeasurementRead` wants it."""


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, measurement_id: UUID) -> Row:
    """Read one measurement.

    Raises:
        NotFoundError: there is none with this id.
    """
    return _shape(MEASUREMENTS.one_or_404(tx, actor, CompetitorMeasurement.id == measurement_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: CompetitorMeasurementQuery, after: After | None) -> Page:
    """Read a page of the measurements that match every filter."""
    return MEASUREMENTS.page(tx, actor, query, after, _shape)


def of_index(tx: ReadTx, index: str, before: date) -> list[Row]:
    """All measurements of an index of days before ``before``: by competitor, the newest first."""
    table = CompetitorMeasurement
    order = table.competitor_key, table.measured_on.desc(), table.id.desc()
    wanted = _READ.where(table.index == index, table.measured_on < before).order_by(*order)
    return [dict(row) for row in tx.execute(wanted).mappings()]


def reported_by(row: Row) -> Measurement:
    """What a measurement tells."""
    return Measurement(**{member: row[member] for member in REPORTED})


# --- writing


def create(tx: WriteTx, actor: Actor, data: CompetitorMeasurementCreate) -> Row:
    """Record one measurement.

    Raises:
        InvalidError: see `app.domain.satisfaction.competitor_measurements.faults`.
        ConflictError: the source has a measurement with this external id (``measurement_exists``).
    """
    return one_or_raise(create_many(tx, actor, [data]))


def create_many(
    tx: WriteTx,
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
    tx: WriteTx,
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
    change = begin(tx, actor, MEASUREMENTS, CompetitorMeasurement, measurement_id, if_match)
    changes = change.differing(data)
    if not changes:
        return _shape(change.before)
    if "competitor" in changes:
        changes["competitor_key"] = _key(changes["competitor"])
    after = _checked({**change.before, **changes}, actor.company.day_of(change.recorded_at))
    if isinstance(after, AppError):
        raise after
    members = sorted(changes.keys() & CompetitorMeasurementRead.model_fields.keys())
    return _shape(change.store("competitor_measurement.updated", changes, members=members))


def remove(tx: WriteTx, actor: Actor, measurement_id: UUID, if_match: str | None) -> None:
    """Remove a measurement.

    Raises:
        NotFoundError: there is none with this id.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    begin(tx, actor, MEASUREMENTS, CompetitorMeasurement, measurement_id, if_match)
    tx.execute(delete(CompetitorMeasurement).where(CompetitorMeasurement.id == measurement_id))
    trail.record(tx, actor, "competitor_measurement.deleted", measurement_id)


# --- inside


_KIND = recording.RecordType(
    CompetitorMeasurement,
    path="/v1/competitor-measurements",
    exists="The source has a measurement with this external id already.",
    exists_code="measurement_exists",
)


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
