"""``/v1/complaints``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.schemas.common.base import Paging
from app.schemas.common.batches import BatchQuery
from app.schemas.recovery.complaints import (
    EXAMPLE_ACKNOWLEDGED_ID,
    EXAMPLE_CLOSED_ID,
    EXAMPLE_ID,
    EXAMPLE_OPEN_ID,
    EXAMPLE_TO_RESOLVE_ID,
    ComplaintBatch,
    ComplaintBatchResult,
    ComplaintCreate,
    ComplaintPage,
    ComplaintQuery,
    ComplaintRead,
    ComplaintUpdate,
)
from app.schemas.recovery.events import (
    ComplaintEventPage,
    ComplaintHandOver,
    ComplaintNote,
    ComplaintReopening,
    ComplaintResolution,
    ComplaintStep,
)
from app.schemas.recovery.transfers import TransferCreate
from app.services.recovery import complaints, steps, transfers

router = APIRouter(prefix="/complaints", tags=["Complaints"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPLAINTS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.COMPLAINTS_WRITE, extent=Extent.BY_CUSTOMER)]
_REPORTED = "Id of the complaint."
ComplaintId = Annotated[UUID, Path(description=_REPORTED, examples=[EXAMPLE_ID])]
OpenId = Annotated[UUID, Path(description=_REPORTED, examples=[EXAMPLE_OPEN_ID])]
AcknowledgedId = Annotated[UUID, Path(description=_REPORTED, examples=[EXAMPLE_ACKNOWLEDGED_ID])]
ToResolveId = Annotated[UUID, Path(description=_REPORTED, examples=[EXAMPLE_TO_RESOLVE_ID])]
ClosedId = Annotated[UUID, Path(description=_REPORTED, examples=[EXAMPLE_CLOSED_ID])]
ONE = replies.one(ComplaintRead)
HAPPENS_NOW = ComplaintStep()
CREATED = replies.one(ComplaintRead, status=201, location="/v1/complaints/{id}")


@router.get("", response_model=ComplaintPage, summary="List complaints", responses=paged())
async def list_complaints(call: Reads, query: Annotated[ComplaintQuery, Query()]) -> Response:
    """Find complaints by customer, number, state, owner, severity, time or time of change.

    `number` is what the customer says: at most one complaint has it. One that no complaint can have, because
    a character was misheard, is 422 and not an empty list.
    """
    return await call.page(ComplaintPage, complaints.page, query)


@router.post(
    "",
    status_code=201,
    response_model=ComplaintRead,
    summary="Record a complaint",
    responses=created(),
)
async def create_complaint(
    call: Writes, body: ComplaintCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what a customer complains of. The answer carries the number to tell the customer.

    Without an `owner` the company's complaint desk owns it. A complaint the source has recorded before is
    refused with `complaint_exists`.
    """
    return await call.write(CREATED, complaints.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=ComplaintBatchResult,
    summary="Record many complaints",
    responses=created(batch=True),
)
async def create_complaints(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: ComplaintBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 complaints: all or none, or with `partial=true` every good one."""
    many, result = complaints.create_many, ComplaintBatchResult
    return await batches.store(call, body.items, many, result, "complaint", partial=query.partial)


@router.get(
    "/{complaint_id:uuid}",
    response_model=ComplaintRead,
    summary="Get a complaint",
    responses=read(),
)
async def get_complaint(
    call: Reads, complaint_id: ComplaintId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read a complaint as it stands."""
    return await call.get(ONE, complaints.get, complaint_id)


@router.patch(
    "/{complaint_id:uuid}",
    response_model=ComplaintRead,
    summary="Correct a complaint",
    responses=changed(),
)
async def update_complaint(
    call: Writes, complaint_id: ComplaintId, body: ComplaintUpdate, if_match: IfMatch = None
) -> Response:
    """Merge a patch into the complaint: members left out stay, null clears. Leaves the event `changed`."""
    return await call.write(ONE, steps.update_one, complaint_id, body, if_match)


@router.get(
    "/{complaint_id:uuid}/events",
    response_model=ComplaintEventPage,
    summary="List what happened to a complaint",
    responses=paged(404),
)
async def list_complaint_events(
    call: Reads, complaint_id: ComplaintId, query: Annotated[Paging, Query()]
) -> Response:
    """Every change of the complaint with its actor and its time, in the order they were recorded."""
    return await call.page(ComplaintEventPage, complaints.events, query, complaint_id)


@router.post(
    "/{complaint_id:uuid}/acknowledgements",
    status_code=201,
    response_model=ComplaintRead,
    summary="Acknowledge a complaint",
    responses=created(404, 412),
)
async def acknowledge_complaint(
    call: Writes,
    complaint_id: OpenId,
    body: ComplaintStep = HAPPENS_NOW,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Acknowledge a complaint to the customer: `open` or `reopened` becomes `acknowledged`."""
    return await call.write(CREATED, steps.acknowledge, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/starts",
    status_code=201,
    response_model=ComplaintRead,
    summary="Start work on a complaint",
    responses=created(404, 412),
)
async def start_complaint(
    call: Writes,
    complaint_id: AcknowledgedId,
    body: ComplaintStep = HAPPENS_NOW,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Somebody works on it: `open`, `acknowledged` or `reopened` becomes `in_progress`."""
    return await call.write(CREATED, steps.start, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/resolutions",
    status_code=201,
    response_model=ComplaintRead,
    summary="Resolve a complaint",
    responses=created(404, 412),
)
async def resolve_complaint(
    call: Writes,
    complaint_id: ToResolveId,
    body: ComplaintResolution,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Something was done about it: any open state becomes `resolved`."""
    return await call.write(CREATED, steps.resolve, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/closings",
    status_code=201,
    response_model=ComplaintRead,
    summary="Close a complaint",
    responses=created(404, 412),
)
async def close_complaint(
    call: Writes,
    complaint_id: ComplaintId,
    body: ComplaintStep = HAPPENS_NOW,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """`resolved` becomes `closed`; nothing that was not resolved can be closed."""
    return await call.write(CREATED, steps.close, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/reopenings",
    status_code=201,
    response_model=ComplaintRead,
    summary="Reopen a complaint",
    responses=created(404, 412),
)
async def reopen_complaint(
    call: Writes,
    complaint_id: ClosedId,
    body: ComplaintReopening,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """It was not resolved after all: `resolved` or `closed` becomes `reopened`."""
    return await call.write(CREATED, steps.reopen, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/hand-overs",
    status_code=201,
    response_model=ComplaintRead,
    summary="Hand a complaint over",
    responses=created(404, 412),
)
async def hand_over_complaint(
    call: Writes,
    complaint_id: ComplaintId,
    body: ComplaintHandOver,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Another owner answers for it from now on, in whatever state it is."""
    return await call.write(CREATED, steps.hand_over, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/notes",
    status_code=201,
    response_model=ComplaintRead,
    summary="Note something about a complaint",
    responses=created(404, 412),
)
async def note_complaint(
    call: Writes,
    complaint_id: ComplaintId,
    body: ComplaintNote,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Keep a note among its events; state and owner stay as they are."""
    return await call.write(CREATED, steps.note, complaint_id, body, if_match)


@router.post(
    "/{complaint_id:uuid}/transfers",
    status_code=201,
    response_model=ComplaintRead,
    summary="Move a complaint to another customer",
    responses=created(404, 412),
)
async def transfer_complaint(
    call: Writes,
    complaint_id: ClosedId,
    body: TransferCreate,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """It was recorded for the wrong customer. Survey records about it move with it. A complaint that came
    from an interaction moves with that.

    The next scoring run reads both customers again.
    """
    return await call.write(CREATED, transfers.move_complaint, complaint_id, body, if_match)
