"""``/v1/insights/recovery``, as JSON and as CSV"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import responses
from app.schemas.insights.recovery import RecoveryQuery, RecoveryRead
from app.services.insights import recovery_report

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]


@router.get(
    "/recovery", response_model=RecoveryRead, summary="Report the effect of recovery", responses=responses()
)
async def get_recovery(call: Reads, query: Annotated[RecoveryQuery, Query()]) -> Response:
    """What failures cost and what putting them right brings: satisfaction afterwards and return within the
    horizon of customers without a failure, recovered and not recovered, as a whole and by fault, speed,
    apology or compensation. Limits follow Accept-Language.

    Formula: difference = sum over strata of weight x (mean of the first - mean of the second), strata of
    tier, recency and number of purchases in the year before; Welch's interval for points, Newcombe's for
    shares.
    """
    reply = replies.localized(RecoveryRead, call.language)
    return await call.get(reply, recovery_report.report, query, call.language)


@router.get(
    "/recovery.csv",
    summary="Download the effect of recovery",
    response_class=Response,
    responses=replies.csv_responses("The comparisons of the report"),
)
async def download_recovery(call: Reads, query: Annotated[RecoveryQuery, Query()]) -> Response:
    """Download the comparisons of the report as CSV, a line each; those of the whole have the key `*`."""
    found = await call.read(recovery_report.report, query, call.language)
    columns = recovery_report.CSV_COLUMNS
    rows = recovery_report.csv_rows(found)
    return replies.csv_file("recovery", columns, rows)
