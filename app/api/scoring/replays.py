"""``/v1/replays``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import accepted, paged, read
from app.schemas.scoring.replays import EXAMPLE_ID, ReplayCreate, ReplayPage, ReplayQuery, ReplayRead
from app.services.scoring import replays

router = APIRouter(prefix="/replays", tags=["Scoring"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.INSIGHTS_READ, extent=Extent.COMPANY_FIGURES)]
Writes = Annotated[Call, requires(Scope.SCORING_WRITE, extent=Extent.COMPANY_FIGURES)]
ReplayId = Annotated[UUID, Path(description="Id of the replay.", examples=[EXAMPLE_ID])]


@router.post("", status_code=202, response_model=ReplayRead, summary="Start a replay", responses=accepted())
async def start_replay(call: Writes, body: ReplayCreate, idempotency_key: IdempotencyKey = None) -> Response:
    """Compute a finished scoring run once more, from what is known now of the time before its day, and hold
    it against what the run stored, as a durable job; follow it at `Location`."""
    return await call.write(replies.accepted(ReplayRead), replays.start, body)


@router.get("", response_model=ReplayPage, summary="List replays", responses=paged())
async def list_replays(call: Reads, query: Annotated[ReplayQuery, Query()]) -> Response:
    """Replays with the runs they are of, newest first."""
    return await call.page(ReplayPage, replays.page, query)


@router.get("/{replay_id}", response_model=ReplayRead, summary="Get a replay", responses=read(etag=False))
async def get_replay(call: Reads, replay_id: ReplayId) -> Response:
    """Read one replay: whether the run came out the same, who differs, and which late data explains it."""
    return await call.get(replies.one(ReplayRead), replays.get, replay_id)
