"""``/v1/insights/standards``, as JSON and as CSV"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common import csv_lines
from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import read, responses
from app.schemas.insights.standards import StandardsQuery, StandardsRead
from app.services.standards import attainment

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]
_CSV = {"text/csv": {"schema": {"type": "string", "format": "binary", "description": "A CSV file."}}}


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
    responses={**read(etag=False), 200: {"description": "The groups of the report", "content": _CSV}},
)
async def download_standards_report(call: Reads, query: Annotated[StandardsQuery, Query()]) -> Response:
    """Download the report as CSV: a line for the whole, whose key is `*`, then one for each group."""
    found = await call.read(attainment.report, query)
    columns = attainment.CSV_COLUMNS
    rows = [{"key": "*", **found["overall"]}, *found["groups"]]
    lines = [csv_lines.line(columns), *(csv_lines.line(row[name] for name in columns) for row in rows)]
    headers = {"Content-Disposition": 'attachment; filename="standards.csv"'}
    return Response("".join(lines), media_type="text/csv; charset=utf-8", headers=headers)
