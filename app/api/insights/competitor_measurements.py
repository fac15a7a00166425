"""``/v1/competitor-measurements``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, deleted, paged, read
from app.schemas.common.batches import BatchQuery
from app.schemas.insights.competitor_measurements import (
    EXAMPLE_ID,
    EXAMPLE_TO_REMOVE_ID,
    CompetitorMeasurementBatch,
    CompetitorMeasurementBatchResult,
    CompetitorMeasurementCreate,
    CompetitorMeasurementPage,
    CompetitorMeasurementQuery,
    CompetitorMeasurementRead,
    CompetitorMeasurementUpdate,
)
from app.services.insights import competitor_measurements

router = APIRouter(prefix="/competitor-measurements", tags=["Competitors"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPETITORS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.COMPETITORS_WRITE, extent=Extent.COMPANY_SETTINGS)]
_STUDY = "Id of the measurement."
MeasurementId = Annotated[UUID, Path(description=_STUDY, examples=[EXAMPLE_ID])]
RemovedId = Annotated[UUID, Path(description=_STUDY, examples=[EXAMPLE_TO_REMOVE_ID])]
ONE = replies.one(CompetitorMeasurementRead)
CREATED = replies.one(CompetitorMeasurementRead, status=201, location="/v1/competitor-measurements/{id}")


@router.get(
    "",
    response_model=CompetitorMeasurementPage,
    summary="List measurements of competitors",
    responses=paged(),
)
async def list_competitor_measurements(
    call: Reads, query: Annotated[CompetitorMeasurementQuery, Query()]
) -> Response:
    """Find measurements by competitor, index, source, day or time of change."""
    return await call.page(CompetitorMeasurementPage, competitor_measurements.page, query)


@router.post(
    "",
    status_code=201,
    response_model=CompetitorMeasurementRead,
    summary="Record a measurement of a competitor",
    responses=created(),
)
async def create_competitor_measurement(
    call: Writes, body: CompetitorMeasurementCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what a study found of a competitor for one index.

    Send what the study tells of its precision: the interval, or `sd` and `n`, or at least `n`. Without it
    the gap to our own figure has no interval. A measurement the source has recorded before is refused with
    `measurement_exists`.
    """
    return await call.write(CREATED, competitor_measurements.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=CompetitorMeasurementBatchResult,
    summary="Record many measurements of competitors",
    responses=created(batch=True),
)
async def create_competitor_measurements(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: CompetitorMeasurementBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 measurements: all or none, or with `partial=true` every good one."""
    many, result = competitor_measurements.create_many, CompetitorMeasurementBatchResult
    return await batches.store(call, body.items, many, result, "measurement", partial=query.partial)


@router.get(
    "/{measurement_id:uuid}",
    response_model=CompetitorMeasurementRead,
    summary="Get a measurement of a competitor",
    responses=read(),
)
async def get_competitor_measurement(
    call: Reads, measurement_id: MeasurementId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read one measurement."""
    return await call.get(ONE, competitor_measurements.get, measurement_id)


@router.patch(
    "/{measurement_id:uuid}",
    response_model=CompetitorMeasurementRead,
    summary="Correct a measurement of a competitor",
    responses=changed(),
)
async def update_competitor_measurement(
    call: Writes,
    measurement_id: MeasurementId,
    body: CompetitorMeasurementUpdate,
    if_match: IfMatch = None,
) -> Response:
    """Merge a patch into the measurement: members left out stay, null clears."""
    return await call.write(ONE, competitor_measurements.update_one, measurement_id, body, if_match)


@router.delete(
    "/{measurement_id:uuid}",
    status_code=204,
    summary="Remove a measurement of a competitor",
    responses=deleted(),
)
async def delete_competitor_measurement(
    call: Writes, measurement_id: RemovedId, if_match: IfMatch = None
) -> Response:
    """Remove a measurement that should not be there."""
    return await call.write(replies.no_content, competitor_measurements.remove, measurement_id, if_match)
