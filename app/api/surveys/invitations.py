"""``/v1/survey-invitations``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import batches, replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import created, paged, read
from app.schemas.common.batches import BatchQuery
from app.schemas.surveys.invitations import (
    EXAMPLE_ID,
    SurveyInvitationBatch,
    SurveyInvitationBatchResult,
    SurveyInvitationCreate,
    SurveyInvitationPage,
    SurveyInvitationQuery,
    SurveyInvitationRead,
)
from app.services.surveys import invitations

router = APIRouter(prefix="/survey-invitations", tags=["Surveys"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SURVEYS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.SURVEYS_WRITE, extent=Extent.BY_CUSTOMER)]
InvitationId = Annotated[UUID, Path(description="Id of the invitation.", examples=[EXAMPLE_ID])]
ONE = replies.one(SurveyInvitationRead)
CREATED = replies.one(SurveyInvitationRead, status=201, location="/v1/survey-invitations/{id}")


@router.get("", response_model=SurveyInvitationPage, summary="List survey invitations", responses=paged())
async def list_survey_invitations(call: Reads, query: Annotated[SurveyInvitationQuery, Query()]) -> Response:
    """Find invitations by survey, customer, time, and whether they were answered."""
    return await call.page(SurveyInvitationPage, invitations.page, query)


@router.post(
    "",
    status_code=201,
    response_model=SurveyInvitationRead,
    summary="Record a survey invitation",
    responses=created(etag=False),
)
async def create_survey_invitation(
    call: Writes, body: SurveyInvitationCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Note that a customer, or an unknown person, was asked to answer a survey. Nothing is sent.

    One response can be recorded for it, and response rates count it. A survey that is not in use is
    refused with `survey_inactive`.
    """
    return await call.write(CREATED, invitations.create, body)


@router.post(
    "/batch",
    status_code=201,
    response_model=SurveyInvitationBatchResult,
    summary="Record many survey invitations",
    responses=created(batch=True),
)
async def create_survey_invitations(
    call: Writes,
    query: Annotated[BatchQuery, Query()],
    body: SurveyInvitationBatch,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record up to 1,000 invitations: all or none, or with `partial=true` every good one."""
    many, result = invitations.create_many, SurveyInvitationBatchResult
    return await batches.store(call, body.items, many, result, "invitation", partial=query.partial)


@router.get(
    "/{invitation_id:uuid}",
    response_model=SurveyInvitationRead,
    summary="Get a survey invitation",
    responses=read(etag=False),
)
async def get_survey_invitation(call: Reads, invitation_id: InvitationId) -> Response:
    """Read an invitation and when it was answered."""
    return await call.get(ONE, invitations.get, invitation_id)
