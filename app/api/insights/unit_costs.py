"""``/v1/unit-costs``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.domain.value.unit_costs import CostCode
from app.http import replies
from app.http.call import Call, IfAbsent, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, deleted, paged, read
from app.schemas.common.base import ChangesQuery
from app.schemas.insights.unit_costs import UnitCostPage, UnitCostPut, UnitCostRead
from app.services.insights import unit_costs

router = APIRouter(prefix="/unit-costs", tags=["Rates"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.RATES_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.RATES_WRITE, extent=Extent.COMPANY_SETTINGS)]
Code = Annotated[CostCode, Path(description="Channel of a contact, or `return`.", examples=["phone"])]
Unused = Annotated[CostCode, Path(description="Channel of a contact, or `return`.", examples=["letter"])]
ONE = replies.one(UnitCostRead)
PUT = replies.upserted(UnitCostRead, "/v1/unit-costs/{code}")


@router.get("", response_model=UnitCostPage, summary="List unit costs", responses=paged())
async def list_unit_costs(call: Reads, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List what a contact over each channel, and handling a return, costs; by code."""
    return await call.page(UnitCostPage, unit_costs.page, query)


@router.get("/{code}", response_model=UnitCostRead, summary="Get a unit cost", responses=read())
async def get_unit_cost(call: Reads, code: Code, if_none_match: IfNoneMatch = None) -> Response:
    """Read what a contact over one channel, or handling a return, costs."""
    return await call.get(ONE, unit_costs.get, code)


@router.put("/{code}", response_model=UnitCostRead, summary="Set a unit cost", responses=changed(upsert=True))
async def put_unit_cost(
    call: Writes,
    code: Code,
    body: UnitCostPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Set what a contact over one channel, or handling a return, costs.

    Profit and cost to serve are computed with it from then on, for past runs as well. A channel without a
    unit cost is not free: who got in touch over it has no profit, and the coverage says so.
    """
    return await call.write(PUT, unit_costs.put, code, body, if_match, if_none_match)


@router.delete("/{code}", status_code=204, summary="Remove a unit cost", responses=deleted())
async def delete_unit_cost(call: Writes, code: Unused, if_match: IfMatch = None) -> Response:
    """Remove the unit cost of one channel, or of returns: what it costs is then unknown."""
    return await call.write(replies.no_content, unit_costs.remove, code, if_match)
