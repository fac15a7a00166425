"""``/v1/follow-ups``"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import paged
from app.schemas.follow_ups.follow_ups import FollowUpPage, FollowUpQuery
from app.services.follow_ups import follow_ups

router = APIRouter(prefix="/follow-ups", tags=["Follow-ups"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.COMPLAINTS_READ, extent=Extent.BY_CUSTOMER)]


@router.get("", response_model=FollowUpPage, summary="List follow-ups", responses=paged())
async def list_follow_ups(call: Reads, query: Annotated[FollowUpQuery, Query()]) -> Response:
    """What follow-up rules did: which rule, because of what, and the complaint it opened."""
    return await call.page(FollowUpPage, follow_ups.page, query)
