"""``/v1/compensation-budgets``"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.api.compensations.kinds import Reads, Writes
from app.http import replies
from app.http.call import IfAbsent, IfMatch, StrictRoute
from app.http.openapi.operations import changed, paged, read
from app.schemas.compensations.limits import (
    EXAMPLE_MONTH,
    EXAMPLE_UNIT,
    CompensationBudgetPage,
    CompensationBudgetPut,
    CompensationBudgetQuery,
    CompensationBudgetRead,
    Month,
)
from app.schemas.people.codes import UnitCode
from app.services.compensations import budgets

router = APIRouter(prefix="/compensation-budgets", tags=["Compensations"], route_class=StrictRoute)

OfUnit = Annotated[UnitCode, Path(description="Code of the unit.", examples=[EXAMPLE_UNIT])]
OfMonth = Annotated[Month, Path(description="The month, YYYY-MM.", examples=[EXAMPLE_MONTH])]
ONE = replies.one(CompensationBudgetRead)
PUT = replies.upserted(CompensationBudgetRead, "/v1/compensation-budgets/{unit}/{month}")


@router.get("", response_model=CompensationBudgetPage, summary="List compensation budgets", responses=paged())
async def list_compensation_budgets(
    call: Reads, query: Annotated[CompensationBudgetQuery, Query()]
) -> Response:
    """List how much units may give in each month, and what is left, by unit and month."""
    return await call.page(CompensationBudgetPage, budgets.page, query)


@router.get(
    "/{unit}/{month}",
    response_model=CompensationBudgetRead,
    summary="Get a compensation budget",
    responses=read(etag=False),
)
async def get_compensation_budget(call: Reads, unit: OfUnit, month: OfMonth) -> Response:
    """Read how much a unit may give in a month, and what is left."""
    return await call.get(ONE, budgets.get, unit, month)


@router.put(
    "/{unit}/{month}",
    response_model=CompensationBudgetRead,
    summary="Set a compensation budget",
    responses=changed(upsert=True),
)
async def put_compensation_budget(
    call: Writes,
    unit: OfUnit,
    month: OfMonth,
    body: CompensationBudgetPut,
    if_match: IfMatch = None,
    if_none_match: IfAbsent = None,
) -> Response:
    """Set how much the agents of a unit may give in a local month, each within their own limits.

    What they have given already counts. A unit without a budget for a month is not limited by one. A budget
    below what is spent lets nothing more be given.
    """
    return await call.write(PUT, budgets.put, unit, month, body, if_match, if_none_match)
