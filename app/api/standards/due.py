"""``/v1/work/due`` and the clocks of a complaint"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import paged
from app.schemas.common.base import Paging
from app.schemas.recovery.complaints import EXAMPLE_ID
from app.schemas.standards.clocks import ClockPage, DuePage, DueQuery
from app.services.standards import due

router = APIRouter(tags=["Standards"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPLAINTS_READ, extent=Extent.BY_CUSTOMER)]
ComplaintId = Annotated[UUID, Path(description="Id of the complaint.", examples=[EXAMPLE_ID])]


@router.get("/work/due", response_model=DuePage, summary="List what is due", responses=paged())
async def list_due_work(call: Reads, query: Annotated[DueQuery, Query()]) -> Response:
    """List the clocks of complaints that run and, with the scope `promises:read` as well, the promises still
    to be kept, soonest due first: what is broken comes before what is still due. Clocks that stand still,
    because the company waits for the customer, are not on the list."""
    return await call.page(DuePage, due.due, query)


@router.get(
    "/complaints/{complaint_id:uuid}/clocks",
    response_model=ClockPage,
    summary="List a complaint's clocks",
    responses=paged(404),
)
async def list_complaint_clocks(
    call: Reads, complaint_id: ComplaintId, query: Annotated[Paging, Query()]
) -> Response:
    """List the clocks of a complaint, those that ended as well, in the order in which they started."""
    return await call.page(ClockPage, due.of_complaint, query, complaint_id)
