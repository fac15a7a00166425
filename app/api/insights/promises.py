"""``/v1/insights/promises``, as JSON and as CSV"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import responses
from app.schemas.insights.promises import PromisesQuery, PromisesReport
from app.services.promises import report

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]


@router.get("/promises", response_model=PromisesReport, summary="Report promises", responses=responses())
async def get_promises_report(call: Reads, query: Annotated[PromisesQuery, Query()]) -> Response:
    """How far promises were kept: due, kept on time, late, overdue, cancelled by either side and moved, and
    the kept rate with its interval; as a whole and in groups.

    Formula: kept rate = kept on time / due, without those that the other side cancelled in time, with
    Wilson's interval. Rates of agents and units are drawn toward that of all.
    """
    return await call.get(replies.unversioned(PromisesReport), report.report, query)


@router.get(
    "/promises.csv",
    summary="Download the report of promises",
    response_class=Response,
    responses=replies.csv_responses("The groups of the report"),
)
async def download_promises_report(call: Reads, query: Annotated[PromisesQuery, Query()]) -> Response:
    """Download the report as CSV: a line for the whole, whose key is `*`, then one for each group."""
    found = await call.read(report.report, query)
    columns = report.CSV_COLUMNS
    rows = [{"key": "*", **found["overall"]}, *found["groups"]]
    return replies.csv_file("promises", columns, rows)
