"""``/v1/complaints``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.http.steps import Steps
from app.schemas.common.base import Paging
from app.schemas.common.batches import BatchQuery
from app.schemas.recovery.complaints import (
    EXAMPLE_ACKNOWLEDGED_ID,
    EXAMPLE_CLOSED_ID,
    EXAMPLE_ID,
    EXAMPLE_OPEN_ID,
    EXAMPLE_TO_RESOLVE_ID,
    EXAMPLE_TO_WAIT_ID,
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
    ComplaintNote,
    ComplaintReopening,
    ComplaintResolution,
    ComplaintStep,
    ComplaintWait,
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
    """Find complaints by words, customer, number, state, owner, severity, time or time of change.

    `q` looks at number, subject and text: every word of it begins one of theirs, in any case and accents.

    `number` is what the customer says: at most one complaint has it. One that no complaint can have, because
    a character was misheard, is 422 and not an empty list.
    """
    return await call.page(ComplaintPage, complaints.reader_of(query), query)


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


STEPS = Steps(router, "complaint", Writes, ComplaintRead)

STEPS.add(
    "acknowledgements",
    steps.acknowledge,
    ComplaintStep,
    name="acknowledge_complaint",
    summary="Acknowledge a complaint",
    about="Acknowledge a complaint to the customer: `open` becomes `acknowledged`.",
    example=EXAMPLE_OPEN_ID,
    optional=True,
)

STEPS.add(
    "starts",
    steps.start,
    ComplaintStep,
    name="start_complaint",
    summary="Start work on a complaint",
    about=(
        "Somebody works on it: `open` or `acknowledged` becomes `in_progress`. So does `waiting_customer`: "
        "the customer has answered."
    ),
    example=EXAMPLE_ACKNOWLEDGED_ID,
    optional=True,
)

STEPS.add(
    "waits",
    steps.wait,
    ComplaintWait,
    name="wait_for_customer",
    summary="Wait for the customer",
    about=(
        "Nothing can be done until the customer answers: any other open state becomes `waiting_customer`. "
        "Clocks that may pause do. `starts` ends it."
    ),
    example=EXAMPLE_TO_WAIT_ID,
    optional=True,
)

STEPS.add(
    "resolutions",
    steps.resolve,
    ComplaintResolution,
    name="resolve_complaint",
    summary="Resolve a complaint",
    about="Something was done about it: any open state becomes `resolved`.",
    example=EXAMPLE_TO_RESOLVE_ID,
)

STEPS.add(
    "closings",
    steps.close,
    ComplaintStep,
    name="close_complaint",
    summary="Close a complaint",
    about="`resolved` or `confirmed` becomes `closed`; nothing that was not resolved can be closed.",
    example=EXAMPLE_ID,
    optional=True,
)

STEPS.add(
    "reopenings",
    steps.reopen,
    ComplaintReopening,
    name="reopen_complaint",
    summary="Reopen a complaint",
    about=(
        "It was not resolved after all: `resolved`, `confirmed` or `closed` becomes `in_progress` again, "
        "and `reopened_count` one more."
    ),
    example=EXAMPLE_CLOSED_ID,
)

STEPS.add(
    "notes",
    steps.note,
    ComplaintNote,
    name="note_complaint",
    summary="Note something about a complaint",
    about="Keep a note among its events; state and owner stay as they are.",
    example=EXAMPLE_ID,
)

STEPS.add(
    "transfers",
    transfers.move_complaint,
    TransferCreate,
    name="transfer_complaint",
    summary="Move a complaint to another customer",
    about=(
        "It was recorded for the wrong customer. Survey records about it move with it. A complaint that "
        "came from an interaction moves with that.\n\n"
        "The next scoring run reads both customers again."
    ),
    example=EXAMPLE_CLOSED_ID,
)
