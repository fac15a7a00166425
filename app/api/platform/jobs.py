"""``/v1/jobs``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import paged, read, responses
from app.schemas.common.jobs import EXAMPLE_ID, EXAMPLE_WAITING_ID, JobPage, JobQuery, JobRead
from app.services.platform import jobs

router = APIRouter(prefix="/jobs", tags=["Jobs"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.JOBS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.JOBS_WRITE, extent=Extent.BY_CUSTOMER)]
JobId = Annotated[UUID, Path(description="Id of the job.", examples=[EXAMPLE_ID])]
WaitingId = Annotated[UUID, Path(description="Id of the job.", examples=[EXAMPLE_WAITING_ID])]
ONE = replies.unversioned(JobRead)
CANCELLED = replies.one(JobRead, status=201, location="/v1/jobs/{id}")


@router.get("", response_model=JobPage, summary="List jobs", responses=paged())
async def list_jobs(call: Reads, query: Annotated[JobQuery, Query()]) -> Response:
    """Find jobs by kind and state, newest first."""
    return await call.page(JobPage, jobs.page, query)


@router.get("/{job_id}", response_model=JobRead, summary="Get a job", responses=read(etag=False))
async def get_job(call: Reads, job_id: JobId) -> Response:
    """Read the state and progress of a job; poll it about once a second until it has ended."""
    return await call.get(ONE, jobs.get, job_id)


@router.post(
    "/{job_id}/cancellations",
    status_code=201,
    response_model=JobRead,
    summary="Cancel a job",
    responses=responses(404, 409, status=201, description="Cancelled", location=True, replayed=True),
)
async def cancel_job(call: Writes, job_id: WaitingId, idempotency_key: IdempotencyKey = None) -> Response:
    """Give up a job that has not begun; 409 if it is running or has ended."""
    return await call.write(CANCELLED, jobs.cancel, job_id)
