"""``/v1/incidents``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.http.steps import Steps
from app.schemas.common.base import Paging
from app.schemas.recovery.incidents import (
    EXAMPLE_CLOSED_ID,
    EXAMPLE_ID,
    EXAMPLE_TO_CLOSE_ID,
    IncidentClosing,
    IncidentCreate,
    IncidentPage,
    IncidentQuery,
    IncidentRead,
    IncidentStep,
    IncidentUpdate,
)
from app.schemas.recovery.learning import (
    EXAMPLE_PREVENTION_ID,
    EXAMPLE_TO_COMPLETE_ID,
    IncidentCauseCreate,
    IncidentCausePage,
    IncidentPreventionCompletion,
    IncidentPreventionCreate,
    IncidentPreventionPage,
    IncidentPreventionRead,
)
from app.schemas.recovery.links import (
    IncidentComplaints,
    IncidentCustomers,
    JoinedComplaints,
    RecordedCustomers,
    TouchedCustomerPage,
)
from app.services.recovery import incidents, learning, links, touched_customers

router = APIRouter(prefix="/incidents", tags=["Incidents"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPLAINTS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.COMPLAINTS_WRITE, extent=Extent.BY_CUSTOMER)]
IncidentId = Annotated[UUID, Path(description="Id of the incident.", examples=[EXAMPLE_ID])]
PreventionId = Annotated[UUID, Path(description="Id of the prevention.", examples=[EXAMPLE_PREVENTION_ID])]
CompletedId = Annotated[UUID, Path(description="Id of the prevention.", examples=[EXAMPLE_TO_COMPLETE_ID])]
ONE = replies.one(IncidentRead)
CREATED = replies.one(IncidentRead, status=201, location="/v1/incidents/{id}")
_PREVENTION_AT = "/v1/incidents/{incident_id}/preventions/{id}"
PREVENTION = replies.one(IncidentPreventionRead)
PREVENTION_CREATED = replies.one(IncidentPreventionRead, status=201, location=_PREVENTION_AT)
DONE_NOW = IncidentPreventionCompletion()
JOINED = replies.unversioned(JoinedComplaints, status=201)
TOUCHED = replies.unversioned(RecordedCustomers, status=201)


@router.get("", response_model=IncidentPage, summary="List incidents", responses=paged())
async def list_incidents(call: Reads, query: Annotated[IncidentQuery, Query()]) -> Response:
    """Find incidents by state, category, product, channel, phase, unit, cause or time."""
    return await call.page(IncidentPage, incidents.page, query)


@router.post(
    "", status_code=201, response_model=IncidentRead, summary="Record an incident", responses=created()
)
async def create_incident(
    call: Writes, body: IncidentCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record that something went wrong for many customers: an outage, a wrong invoice run.

    A key that is limited to units names one of them; it sees the incidents of its units and of the whole
    company.
    """
    return await call.write(CREATED, incidents.create, body)


@router.get("/{incident_id:uuid}", response_model=IncidentRead, summary="Get an incident", responses=read())
async def get_incident(call: Reads, incident_id: IncidentId, if_none_match: IfNoneMatch = None) -> Response:
    """Read an incident as it stands."""
    return await call.get(ONE, incidents.get, incident_id)


@router.patch(
    "/{incident_id:uuid}", response_model=IncidentRead, summary="Correct an incident", responses=changed()
)
async def update_incident(
    call: Writes, incident_id: IncidentId, body: IncidentUpdate, if_match: IfMatch = None
) -> Response:
    """Merge a patch into the incident: members left out stay, null clears. `ended_at` says when it was
    over."""
    return await call.write(ONE, incidents.update_one, incident_id, body, if_match)


@router.get(
    "/{incident_id:uuid}/causes",
    response_model=IncidentCausePage,
    summary="List causes",
    responses=paged(404),
)
async def list_incident_causes(
    call: Reads, incident_id: IncidentId, query: Annotated[Paging, Query()]
) -> Response:
    """Every cause recorded of the incident, the latest first."""
    return await call.page(IncidentCausePage, learning.causes_page, query, incident_id)


@router.get(
    "/{incident_id:uuid}/preventions",
    response_model=IncidentPreventionPage,
    summary="List preventions",
    responses=paged(404),
)
async def list_incident_preventions(
    call: Reads, incident_id: IncidentId, query: Annotated[Paging, Query()]
) -> Response:
    """What is done so that the incident does not happen again, in the order it was recorded."""
    return await call.page(IncidentPreventionPage, learning.preventions, query, incident_id)


@router.post(
    "/{incident_id:uuid}/preventions",
    status_code=201,
    response_model=IncidentPreventionRead,
    summary="Record a prevention",
    responses=created(404),
)
async def create_incident_prevention(
    call: Writes,
    incident_id: IncidentId,
    body: IncidentPreventionCreate,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record what is to be done, by whom and until when. An incident cannot be closed before it is done."""
    return await call.write(PREVENTION_CREATED, learning.add_prevention, incident_id, body)


@router.get(
    "/{incident_id:uuid}/preventions/{prevention_id:uuid}",
    response_model=IncidentPreventionRead,
    summary="Get a prevention",
    responses=read(),
)
async def get_incident_prevention(
    call: Reads, incident_id: IncidentId, prevention_id: PreventionId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read one prevention of the incident."""
    return await call.get(PREVENTION, learning.get_prevention, incident_id, prevention_id)


@router.post(
    "/{incident_id:uuid}/preventions/{prevention_id:uuid}/completions",
    status_code=201,
    response_model=IncidentPreventionRead,
    summary="Complete a prevention",
    responses=created(404, 412),
)
async def complete_incident_prevention(
    call: Writes,
    incident_id: IncidentId,
    prevention_id: CompletedId,
    body: IncidentPreventionCompletion = DONE_NOW,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Note that the prevention is done: from then on `/v1/insights/failures` compares how often the failure
    happened before and after."""
    complete = learning.complete_prevention
    return await call.write(PREVENTION_CREATED, complete, incident_id, prevention_id, body, if_match)


@router.post(
    "/{incident_id:uuid}/complaints",
    status_code=201,
    response_model=JoinedComplaints,
    summary="Let complaints join an incident",
    responses=created(404),
)
async def join_complaints(
    call: Writes, incident_id: IncidentId, body: IncidentComplaints, idempotency_key: IdempotencyKey = None
) -> Response:
    """Say of up to 1,000 complaints that they are about the incident: all of them or none.

    `/v1/complaints?incident_id=...` lists them; one leaves with
    `POST /v1/complaints/{complaint_id}/incident-link-removals`.
    """
    return await call.write(JOINED, links.join_many, incident_id, body)


@router.post(
    "/{incident_id:uuid}/customers",
    status_code=201,
    response_model=RecordedCustomers,
    summary="Record whom an incident touched",
    responses=created(404),
)
async def record_incident_customers(
    call: Writes, incident_id: IncidentId, body: IncidentCustomers, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record up to 1,000 customers by id and 1,000 by key whom the incident touched, whether they complained
    or not: all of them or none."""
    return await call.write(TOUCHED, touched_customers.record, incident_id, body)


@router.get(
    "/{incident_id:uuid}/customers",
    response_model=TouchedCustomerPage,
    summary="List whom an incident touched",
    responses=paged(404),
)
async def list_incident_customers(
    call: Reads, incident_id: IncidentId, query: Annotated[Paging, Query()]
) -> Response:
    """The customers whom the incident touched, by id."""
    return await call.page(TouchedCustomerPage, touched_customers.page, query, incident_id)


@router.get(
    "/{incident_id:uuid}/silent-customers",
    response_model=TouchedCustomerPage,
    summary="List whom an incident touched and who kept silent",
    responses=paged(404),
)
async def list_silent_customers(
    call: Reads, incident_id: IncidentId, query: Annotated[Paging, Query()]
) -> Response:
    """Those of them who have complained neither of the incident nor of anything else since it began: whom to
    call before they leave."""
    return await call.page(TouchedCustomerPage, touched_customers.silent_page, query, incident_id)


STEPS = Steps(router, "incident", Writes, IncidentRead)

STEPS.add(
    "causes",
    learning.add_cause,
    IncidentCauseCreate,
    name="record_incident_cause",
    summary="Record the cause of an incident",
    about="Why it happened and whose fault that is; the latest one counts, for its complaints too.",
    example=EXAMPLE_ID,
)

STEPS.add(
    "closings",
    incidents.close,
    IncidentClosing,
    name="close_incident",
    summary="Close an incident",
    about="Everything about it is done: it is over, and so are its preventions.",
    example=EXAMPLE_TO_CLOSE_ID,
    optional=True,
)

STEPS.add(
    "reopenings",
    incidents.reopen,
    IncidentStep,
    name="reopen_incident",
    summary="Reopen an incident",
    about="Work on a closed incident goes on.",
    example=EXAMPLE_CLOSED_ID,
    optional=True,
)
