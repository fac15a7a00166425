"""``/v1/units``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, paged, read
from app.schemas.people.codes import UnitCode
from app.schemas.people.units import EXAMPLE_CODE, UnitPage, UnitPut, UnitQuery, UnitRead, UnitSaved
from app.services.people import units
from app.services.recovery import releases

router = APIRouter(prefix="/units", tags=["People"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.PEOPLE_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.PEOPLE_WRITE, extent=Extent.COMPANY_SETTINGS)]
Code = Annotated[UnitCode, Path(description="Code of the unit.", examples=[EXAMPLE_CODE])]
ONE = replies.one(UnitRead)
PUT = replies.upserted(UnitSaved, "/v1/units/{code}")


@router.get("", response_model=UnitPage, summary="List units", responses=paged())
async def list_units(call: Reads, query: Annotated[UnitQuery, Query()]) -> Response:
    """Find registered branches, teams and departments by kind, place, head or time of change; by code."""
    return await call.page(UnitPage, units.page, query)


@router.get("/{code}", response_model=UnitRead, summary="Get a unit", responses=read())
async def get_unit(call: Reads, code: Code, if_none_match: IfNoneMatch = None) -> Response:
    """Read one unit by its code."""
    return await call.get(ONE, units.get, code)


@router.put(
    "/{code}", response_model=UnitSaved, summary="Register or change a unit", responses=changed(upsert=True)
)
async def put_unit(
    call: Writes,
    code: Code,
    body: UnitPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Register a unit, or change the one that has this code. None is ever deleted, because records name it.

    When it becomes inactive, the complaints in its queue go to the queue of the nearest active unit above it,
    or to the company's desk, in the same transaction.
    """
    return await call.write(PUT, releases.put_unit, code, body, if_match, if_none_match)
