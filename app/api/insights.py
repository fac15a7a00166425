"""``/v1/insights``"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api import replies
from app.api.deps import Call, StrictRoute, may
from app.api.openapi import read
from app.domain.access import Scope
from app.schemas.insights import InsightQuery, ValueTiersRead
from app.services import value_tiers

router = APIRouter(prefix="/insights", tags=["Insights"], route_class=StrictRoute)

Reads = Annotated[Call, may(Scope.INSIGHTS_READ)]


@router.get(
    "/value-tiers", response_model=ValueTiersRead, summary="Report value tiers", responses=read(etag=False)
)
async def get_value_tiers(call: Reads, query: Annotated[InsightQuery, Query()]) -> Response:
    """How value is spread: tiers, measured top shares, Gini, Pareto and Lorenz curves, cuts and moves.

    Formula: a customer is A while customers of strictly greater value hold less than 80 % of the positive
    total, B below 95 %, else C; cuts are parameters of the run.
    """
    reply = replies.plain(ValueTiersRead)
    return await call.get(reply, value_tiers.report, query.run_id, query.as_of)
