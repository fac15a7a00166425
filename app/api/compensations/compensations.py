"""``/v1/compensations``, and what is given for a complaint or an interaction"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.errors import PreconditionRequiredError
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.components import BY_AGENT
from app.http.openapi.operations import Responses, created, paged, read
from app.schemas.activity.interactions import EXAMPLE_ID as EXAMPLE_INTERACTION_ID
from app.schemas.compensations.compensations import (
    EXAMPLE_ID,
    EXAMPLE_TO_REVERSE_ID,
    CompensationCreate,
    CompensationPage,
    CompensationQuery,
    CompensationRead,
    CompensationRequestRead,
    CompensationReversal,
)
from app.schemas.recovery.complaints import EXAMPLE_OPEN_ID
from app.services.compensations import grants, ledger, reversals
from app.store.idempotency import Answer
from app.store.transactions import Row

router = APIRouter(tags=["Compensations"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPENSATIONS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.COMPENSATIONS_WRITE, extent=Extent.BY_CUSTOMER)]
CompensationId = Annotated[UUID, Path(description="Id of the compensation.", examples=[EXAMPLE_ID])]
ToReverse = Annotated[UUID, Path(description="Id of the compensation.", examples=[EXAMPLE_TO_REVERSE_ID])]
ForComplaint = Annotated[UUID, Path(description="Id of the complaint.", examples=[EXAMPLE_OPEN_ID])]
ForInteraction = Annotated[
    UUID, Path(description="Id of the interaction.", examples=[EXAMPLE_INTERACTION_ID])
]
ONE = replies.one(CompensationRead)
GIVEN = replies.one(CompensationRead, status=201, location="/v1/compensations/{id}")
ASKED = replies.one(CompensationRequestRead, status=202, location="/v1/compensation-requests/{id}")
BY_CLERK: dict[str, Any] = {BY_AGENT: "ayse.k"}
_ABOUT_REQUEST = "Above the agent's limit: a request to those who may approve it"


def given_or_asked(result: tuple[Row, bool]) -> Answer:
    """Reply 201 to what was given at once, 202 to what has to be approved."""
    row, is_given = result
    return GIVEN(row) if is_given else ASKED(row)


def require_key(idempotency_key: str | None) -> None:
    """Check that a request that moves money names its effect.

    Raises:
        PreconditionRequiredError: it does not (``idempotency_key_required``).
    """
    if idempotency_key is None:
        detail = "Send an Idempotency-Key: a new one for each intended effect, the same one to repeat it."
        raise PreconditionRequiredError(detail, code="idempotency_key_required")


def _giving() -> Responses:
    made = created(404, 412, 428)
    asked = {"description": _ABOUT_REQUEST, "model": CompensationRequestRead, "headers": made[201]["headers"]}
    return {**made, 202: asked}


@router.get(
    "/compensations", response_model=CompensationPage, summary="List compensations", responses=paged()
)
async def list_compensations(call: Reads, query: Annotated[CompensationQuery, Query()]) -> Response:
    """Find what was given and taken back: the ledger, by customer, case, kind, agent, unit and time."""
    return await call.page(CompensationPage, ledger.page, query)


@router.get(
    "/compensations/{compensation_id:uuid}",
    response_model=CompensationRead,
    summary="Get a compensation",
    responses=read(),
)
async def get_compensation(
    call: Reads, compensation_id: CompensationId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read one line of the ledger."""
    return await call.get(ONE, ledger.get, compensation_id)


@router.post(
    "/complaints/{complaint_id:uuid}/compensations",
    status_code=201,
    response_model=CompensationRead,
    summary="Compensate for a complaint",
    responses=_giving(),
    openapi_extra=BY_CLERK,
)
async def compensate_for_complaint(
    call: Writes,
    complaint_id: ForComplaint,
    body: CompensationCreate,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the customer of a complaint something to make up for it.

    Within the acting agent's limit it is given at once (201). Above it nothing is given: a request goes to
    the next role up in the unit's line that may give so much, else to the fallback role of the kind (202).
    `If-Match` is the complaint's ETag; the complaint shows the total as `compensation`.
    """
    require_key(idempotency_key)
    return await call.write(given_or_asked, grants.give_for_complaint, complaint_id, body, if_match)


@router.post(
    "/interactions/{interaction_id:uuid}/compensations",
    status_code=201,
    response_model=CompensationRead,
    summary="Compensate for an interaction",
    responses=_giving(),
    openapi_extra=BY_CLERK,
)
async def compensate_for_interaction(
    call: Writes,
    interaction_id: ForInteraction,
    body: CompensationCreate,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give the customer of an interaction something where nobody complained; as with a complaint.

    `If-Match` is the interaction's ETag. The customer must be known.
    """
    require_key(idempotency_key)
    return await call.write(given_or_asked, grants.give_for_interaction, interaction_id, body, if_match)


@router.post(
    "/compensations/{compensation_id:uuid}/reversals",
    status_code=201,
    response_model=CompensationRead,
    summary="Take a compensation back",
    responses=created(404, 412, 428),
    openapi_extra=BY_CLERK,
)
async def reverse_compensation(
    call: Writes,
    compensation_id: ToReverse,
    body: CompensationReversal,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Take back what was given, for as many days as its kind says, by a reversal: the answer.

    The line itself is never edited; it names the reversal as `reversed_by_id`.
    """
    require_key(idempotency_key)
    return await call.write(GIVEN, reversals.reverse, compensation_id, body, if_match)
