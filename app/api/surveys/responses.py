"""``/v1/survey-responses``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import created, paged, read
from app.schemas.common.batches import BatchQuery
from app.schemas.surveys.responses import (
    EXAMPLE_ID,
    SurveyResponseBatch,
    SurveyResponseBatchResult,
    SurveyResponseCreate,
    SurveyResponsePage,
    SurveyResponseQuery,
    SurveyResponseRead,
)
from app.services.surveys import responses

router = APIRouter(prefix="/survey-responses", tags=["Surveys"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SURVEYS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.SURVEYS_WRITE, extent=Extent.BY_CUSTOMER)]
ResponseId = Annotated[UUID, Path(description="Id of the response.", examples=[EXAMPLE_ID])]
ONE = replies.one(SurveyResponseRead)
CREATED = replies.one(SurveyResponseRead, status=201, location="/v1/survey-responses/{id}")


@router.get("", response_model=SurveyResponsePage, summary="List survey responses", responses=paged())
async def list_survey_responses(call: Reads, query: Annotated[SurveyResponseQuery, Query()]) -> Response:
    """Find responses by survey, customer, what they are about, who served the customer, or time."""
    return await call.page(SurveyResponsePage, responses.page, query)


@router.post(
    "",
    status_code=201,
    response_model=SurveyResponseRead,
    summary="Record a survey response",
    responses=created(etag=False),
)
async def create_survey_response(
    call: Writes, body: SurveyResponseCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what a customer, or somebody unknown, answered.

    Answers that are off the scale, missing where required, or of a question that was not asked are refused.
    An invitation is answered once: later responses to it are refused with `invitation_answered`.
    """
    return await call.write(CREATED, responses.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=SurveyResponseBatchResult,
    summary="Record many survey responses",
    responses=created(batch=True),
)
async def create_survey_responses(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: SurveyResponseBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 responses: all or none, or with `partial=true` every good one."""
    many, result = responses.create_many, SurveyResponseBatchResult
    return await batches.store(call, body.items, many, result, "response", partial=query.partial)


@router.get(
    "/{response_id:uuid}",
    response_model=SurveyResponseRead,
    summary="Get a survey response",
    responses=read(etag=False),
)
async def get_survey_response(call: Reads, response_id: ResponseId) -> Response:
    """Read a response with its answers."""
    return await call.get(ONE, responses.get, response_id)
