"""``/v1/surveys``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, paged, read
from app.schemas.common.base import PLAIN_DIGITS, Paging
from app.schemas.surveys.surveys import (
    EXAMPLE_ID,
    SurveyCreate,
    SurveyPage,
    SurveyQuery,
    SurveyRead,
    SurveyUpdate,
    SurveyVersionCreate,
    SurveyVersionPage,
    SurveyVersionRead,
)
from app.services.surveys import surveys

router = APIRouter(prefix="/surveys", tags=["Surveys"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SURVEYS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SURVEYS_WRITE, extent=Extent.COMPANY_SETTINGS)]
SurveyId = Annotated[UUID, Path(description="Id of the survey.", examples=[EXAMPLE_ID])]
Number = Annotated[
    int, Path(description="Number of the version, from 1.", ge=1, le=2**31 - 1, examples=[1]), PLAIN_DIGITS
]
ONE = replies.one(SurveyRead)
CREATED = replies.one(SurveyRead, status=201, location="/v1/surveys/{id}")
VERSION = replies.one(SurveyVersionRead)
ADDED = replies.one(SurveyVersionRead, status=201, location="/v1/surveys/{survey_id}/versions/{number}")


@router.get("", response_model=SurveyPage, summary="List surveys", responses=paged())
async def list_surveys(call: Reads, query: Annotated[SurveyQuery, Query()]) -> Response:
    """Find surveys, each with the questions it asks now."""
    return await call.page(SurveyPage, surveys.page, query)


@router.post("", status_code=201, response_model=SurveyRead, summary="Set up a survey", responses=created())
async def create_survey(call: Writes, body: SurveyCreate, idempotency_key: IdempotencyKey = None) -> Response:
    """Set up a survey with its first questions, in as many languages as wanted.

    A code that another survey has is refused with `survey_exists`.
    """
    return await call.write(CREATED, surveys.create, body)


@router.get("/{survey_id:uuid}", response_model=SurveyRead, summary="Get a survey", responses=read())
async def get_survey(call: Reads, survey_id: SurveyId, if_none_match: IfNoneMatch = None) -> Response:
    """Read a survey with the questions it asks now."""
    return await call.get(ONE, surveys.get, survey_id)


@router.patch("/{survey_id:uuid}", response_model=SurveyRead, summary="Change a survey", responses=changed())
async def update_survey(
    call: Writes, survey_id: SurveyId, body: SurveyUpdate, if_match: IfMatch = None
) -> Response:
    """Rename a survey, or take it out of use and into use again. Questions are changed by a new version."""
    return await call.write(ONE, surveys.update_one, survey_id, body, if_match)


@router.get(
    "/{survey_id:uuid}/versions",
    response_model=SurveyVersionPage,
    summary="List the versions of a survey",
    responses=paged(404),
)
async def list_survey_versions(
    call: Reads, survey_id: SurveyId, query: Annotated[Paging, Query()]
) -> Response:
    """List what the survey asked, newest first."""
    return await call.page(SurveyVersionPage, surveys.versions, query, survey_id)


@router.post(
    "/{survey_id:uuid}/versions",
    status_code=201,
    response_model=SurveyVersionRead,
    summary="Change the questions of a survey",
    responses=created(404, 412, etag=False),
)
async def add_survey_version(
    call: Writes,
    survey_id: SurveyId,
    body: SurveyVersionCreate,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Ask these questions from now on, as the next version. Earlier responses stay what they are."""
    return await call.write(ADDED, surveys.add_version, survey_id, body, if_match)


@router.get(
    "/{survey_id:uuid}/versions/{number}",
    response_model=SurveyVersionRead,
    summary="Get a version of a survey",
    responses=read(etag=False),
)
async def get_survey_version(call: Reads, survey_id: SurveyId, number: Number) -> Response:
    """Read what the survey asked in one of its versions."""
    return await call.get(VERSION, surveys.get_version, survey_id, number)
