"""``/v1/standards``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.common.base import ChangesQuery, Label
from app.schemas.standards.standards import (
    StandardPage,
    StandardPut,
    StandardRead,
)
from app.services.standards import standards

router = APIRouter(prefix="/standards", tags=["Standards"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.SETTINGS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SETTINGS_WRITE, extent=Extent.COMPANY_SETTINGS)]
StandardCode = Annotated[Label, Path(description="Code of the standard.", examples=["solved_in_two_days"])]
ONE = replies.one(StandardRead)
PUT = replies.upserted(StandardRead, "/v1/standards/{code}")


@router.get("", response_model=StandardPage, summary="List standards", responses=paged())
async def list_standards(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List the service standards, active or not, by code."""
    return await call.page(StandardPage, standards.page, query)


@router.get("/{code}", response_model=StandardRead, summary="Get a standard", responses=read())
async def get_standard(call: Reads, code: StandardCode, if_none_match: IfNoneMatch = None) -> Response:
    """Read one service standard."""
    return await call.get(ONE, standards.get, code)


@router.put(
    "/{code}", response_model=StandardRead, summary="Add or change a standard", responses=changed(upsert=True)
)
async def put_standard(
    call: Writes,
    code: StandardCode,
    body: StandardPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Add a service standard, or replace the one that has this code.

    Each change is a new version: clocks that run keep the one they started under. None is ever deleted: make
    it inactive, and no standard can be set by it any more.
    """
    return await call.write(PUT, standards.put, code, body, if_match, if_none_match)
