"""``/v1/insights/compensations``, as JSON and as CSV"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import responses
from app.schemas.insights.compensations import CompensationsQuery, CompensationsRead
from app.services.insights import compensations_report

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]


@router.get(
    "/compensations", response_model=CompensationsRead, summary="Report compensation", responses=responses()
)
async def get_compensations_report(call: Reads, query: Annotated[CompensationsQuery, Query()]) -> Response:
    """What was given to make up for failures: spend and cases, how much of it at once and how much on
    request, how long customers waited for a decision, and what they bought afterwards against like ones.

    Formula: difference of the means of customers of the same month, value tier and churn level, weighted by
    the compensated, with Student's interval. It compares, and proves no cause.
    """
    reply = replies.localized(CompensationsRead, call.language)
    return await call.get(reply, compensations_report.report, query, call.language)


@router.get(
    "/compensations.csv",
    summary="Download compensation",
    response_class=Response,
    responses=replies.csv_responses("The groups of the report"),
)
async def download_compensations_report(
    call: Reads, query: Annotated[CompensationsQuery, Query()]
) -> Response:
    """Download the report as CSV: a line for the whole, whose key is `*`, then one for each group."""
    found = await call.read(compensations_report.report, query, call.language)
    columns = compensations_report.CSV_COLUMNS
    rows = compensations_report.csv_rows(found)
    return replies.csv_file("compensations", columns, rows)
