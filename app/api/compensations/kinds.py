"""``/v1/compensation-kinds``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.common.base import Label
from app.schemas.compensations.kinds import (
    EXAMPLE_CODE,
    CompensationKindPage,
    CompensationKindPut,
    CompensationKindQuery,
    CompensationKindRead,
)
from app.services.compensations import kinds

router = APIRouter(prefix="/compensation-kinds", tags=["Compensations"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPENSATIONS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.COMPENSATIONS_ADMIN, extent=Extent.COMPANY_SETTINGS)]
KindCode = Annotated[Label, Path(description="Code of the kind.", examples=[EXAMPLE_CODE])]
ONE = replies.one(CompensationKindRead)
PUT = replies.upserted(CompensationKindRead, "/v1/compensation-kinds/{code}")


@router.get("", response_model=CompensationKindPage, summary="List kinds of compensation", responses=paged())
async def list_compensation_kinds(call: Reads, query: Annotated[CompensationKindQuery, Query()]) -> Response:
    """List what can be given to make up for failures, switched off or not, by code."""
    return await call.page(CompensationKindPage, kinds.page, query)


@router.get(
    "/{code}", response_model=CompensationKindRead, summary="Get a kind of compensation", responses=read()
)
async def get_compensation_kind(call: Reads, code: KindCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one kind of compensation."""
    return await call.get(ONE, kinds.get, code)


@router.put(
    "/{code}",
    response_model=CompensationKindRead,
    summary="Add or change a kind of compensation",
    responses=changed(upsert=True),
)
async def put_compensation_kind(
    call: Writes,
    code: KindCode,
    body: CompensationKindPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add a kind of compensation, or replace the one that has this code.

    What was given of it stays as it was; requests that are open keep their deadlines. None is ever deleted:
    make it inactive, and it cannot be given any more.
    """
    return await call.write(PUT, kinds.put, code, body, if_match, if_none_match)
