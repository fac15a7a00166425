"""``/v1/backtests``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import accepted, paged, read
from app.schemas.scoring.backtests import (
    EXAMPLE_ID,
    BacktestCreate,
    BacktestPage,
    BacktestQuery,
    BacktestRead,
)
from app.services.scoring import backtests

router = APIRouter(prefix="/backtests", tags=["Scoring"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]
Writes = Annotated[Call, requires(Scope.SCORING_WRITE, extent=Extent.COMPANY_FIGURES)]
BacktestId = Annotated[UUID, Path(description="Id of the backtest.", examples=[EXAMPLE_ID])]


@router.post(
    "", status_code=202, response_model=BacktestRead, summary="Start a backtest", responses=accepted()
)
async def start_backtest(
    call: Writes, body: BacktestCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Forecast churn for a past day from what was known then, and hold it against what happened, as a
    durable job; follow it at `Location`."""
    return await call.write(replies.accepted(BacktestRead), backtests.start, body)


@router.get("", response_model=BacktestPage, summary="List backtests", responses=paged())
async def list_backtests(call: Reads, query: Annotated[BacktestQuery, Query()]) -> Response:
    """Backtests with what they were asked, newest first."""
    return await call.page(BacktestPage, backtests.page, query)


@router.get(
    "/{backtest_id}", response_model=BacktestRead, summary="Get a backtest", responses=read(etag=False)
)
async def get_backtest(call: Reads, backtest_id: BacktestId) -> Response:
    """Read one backtest: which model would have served, and how every model did."""
    return await call.get(replies.one(BacktestRead), backtests.get, backtest_id)
