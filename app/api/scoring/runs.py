"""``/v1/scoring-runs``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import accepted, paged, read
from app.schemas.scoring.runs import (
    EXAMPLE_ID,
    ScoringRunCreate,
    ScoringRunPage,
    ScoringRunQuery,
    ScoringRunRead,
)
from app.services.scoring import runs

router = APIRouter(prefix="/scoring-runs", tags=["Scoring"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_SETTINGS)]
Writes = Annotated[Call, requires(Scope.SCORING_WRITE, extent=Extent.COMPANY_SETTINGS)]
RunId = Annotated[UUID, Path(description="Id of the run.", examples=[EXAMPLE_ID])]
USUAL = ScoringRunCreate()


@router.post(
    "", status_code=202, response_model=ScoringRunRead, summary="Start a scoring run", responses=accepted()
)
async def start_scoring_run(
    call: Writes, body: ScoringRunCreate = USUAL, idempotency_key: IdempotencyKey = None
) -> Response:
    """Compute value tiers for a day, now or past, as a durable job; follow it at `Location`."""
    return await call.write(replies.accepted(ScoringRunRead), runs.start, body)


@router.get("", response_model=ScoringRunPage, summary="List scoring runs", responses=paged())
async def list_scoring_runs(call: Reads, query: Annotated[ScoringRunQuery, Query()]) -> Response:
    """Runs with their parameters, newest first."""
    return await call.page(ScoringRunPage, runs.page, query)


@router.get(
    "/{run_id}", response_model=ScoringRunRead, summary="Get a scoring run", responses=read(etag=False)
)
async def get_scoring_run(call: Reads, run_id: RunId) -> Response:
    """Read one run: its day, its parameters, how far it has come."""
    return await call.get(replies.one(ScoringRunRead), runs.get, run_id)
