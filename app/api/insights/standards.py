"""``/v1/insights/standards``, as JSON and as CSV"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import responses
from app.schemas.insights.standards import StandardsQuery, StandardsRead
from app.services.standards import attainment

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]


@router.get(
    "/standards", response_model=StandardsRead, summary="Report service standards", responses=responses()
)
async def get_standards_report(call: Reads, query: Annotated[StandardsQuery, Query()]) -> Response:
    """How far the standards of a metric were kept: received, met, broken and running, the share within the
    target, and the median time with its interval; as a whole and in groups.

    Formula: share within = met / received, all that were received, with Wilson's interval; median by
    Kaplan-Meier, where what is not done counts for as long as it has taken.
    """
    return await call.get(replies.unversioned(StandardsRead), attainment.report, query)


@router.get(
    "/standards.csv",
    summary="Download service standards",
    response_class=Response,
    responses=replies.csv_responses("The groups of the report"),
)
async def download_standards_report(call: Reads, query: Annotated[StandardsQuery, Query()]) -> Response:
    """Download the report as CSV: a line for the whole, whose key is `*`, then one for each group."""
    found = await call.read(attainment.report, query)
    columns = attainment.CSV_COLUMNS
    rows = [{"key": "*", **found["overall"]}, *found["groups"]]
    return replies.csv_file("standards", columns, rows)
