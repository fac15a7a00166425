"""``/v1/compensation-requests``: what is above somebody's limit, and who decides it"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.api.compensations.compensations import Reads, require_key
from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.components import BY_AGENT
from app.http.openapi.operations import created, paged, read
from app.schemas.compensations.compensations import (
    EXAMPLE_REQUEST_ID,
    EXAMPLE_TO_APPROVE_ID,
    EXAMPLE_TO_DENY_ID,
    CompensationRequestPage,
    CompensationRequestQuery,
    CompensationRequestRead,
    RequestDecision,
)
from app.services.compensations import requests

router = APIRouter(prefix="/compensation-requests", tags=["Compensations"], route_class=StrictRoute)

Decides = Annotated[Call, requires(Scope.COMPENSATIONS_APPROVE, extent=Extent.BY_CUSTOMER)]
RequestId = Annotated[UUID, Path(description="Id of the request.", examples=[EXAMPLE_REQUEST_ID])]
ToApprove = Annotated[UUID, Path(description="Id of the request.", examples=[EXAMPLE_TO_APPROVE_ID])]
ToDeny = Annotated[UUID, Path(description="Id of the request.", examples=[EXAMPLE_TO_DENY_ID])]
ONE = replies.one(CompensationRequestRead)
DECIDED = replies.one(CompensationRequestRead, status=201, location="/v1/compensation-requests/{id}")
BY_MANAGER: dict[str, Any] = {BY_AGENT: "nermin.b"}


@router.get(
    "",
    response_model=CompensationRequestPage,
    summary="List requests for compensation",
    responses=paged(),
)
async def list_compensation_requests(
    call: Reads, query: Annotated[CompensationRequestQuery, Query()]
) -> Response:
    """Find requests for more than an agent may give, by state, role that decides, agent, unit and case.

    States are those of now: a request whose time is over is `expired` from that instant on.
    """
    return await call.page(CompensationRequestPage, requests.page, query)


@router.get(
    "/{request_id:uuid}",
    response_model=CompensationRequestRead,
    summary="Get a request for compensation",
    responses=read(),
)
async def get_compensation_request(
    call: Reads, request_id: RequestId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read one request for more than an agent may give."""
    return await call.get(ONE, requests.get, request_id)


@router.post(
    "/{request_id:uuid}/approvals",
    status_code=201,
    response_model=CompensationRequestRead,
    summary="Approve a request for compensation",
    responses=created(404, 412, 428),
    openapi_extra=BY_MANAGER,
)
async def approve_compensation_request(
    call: Decides,
    request_id: ToApprove,
    body: RequestDecision,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Approve a request: what it asks for is given at once, and counts in the limits of who approves.

    Who approves has the role that the request names, or one above it, in the line of the asker's unit; or,
    where the fallback decides, that role. Nobody approves their own. Of many at once exactly one wins.
    """
    require_key(idempotency_key)
    return await call.write(DECIDED, requests.approve, request_id, body, if_match)


@router.post(
    "/{request_id:uuid}/denials",
    status_code=201,
    response_model=CompensationRequestRead,
    summary="Deny a request for compensation",
    responses=created(404, 412, 428),
    openapi_extra=BY_MANAGER,
)
async def deny_compensation_request(
    call: Decides,
    request_id: ToDeny,
    body: RequestDecision,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Deny a request: nothing is given. Who may approve it may deny it."""
    require_key(idempotency_key)
    return await call.write(DECIDED, requests.deny, request_id, body, if_match)
