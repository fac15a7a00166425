"""``/v1/events`` and ``/v1/event-types``"""

from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.domain.common.access import Extent, Scope
from app.http import replies
from app.http.call import Call, StrictRoute, requires
from app.http.openapi.operations import responses
from app.schemas.events.events import EventList, EventQuery, EventTypeList
from app.services.events import events

router = APIRouter(tags=["Events"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.EVENTS_READ, extent=Extent.BY_CUSTOMER)]
ReadsTypes = Annotated[Call, requires(Scope.EVENTS_READ, extent=Extent.COMPANY_SETTINGS)]
LIST = replies.unversioned(EventList)
TYPES = replies.unversioned(EventTypeList)


@router.get(
    "/event-types",
    response_model=EventTypeList,
    summary="List types of events",
    responses=responses(description="All types"),
)
async def list_event_types(call: ReadsTypes) -> Response:
    """Read which types of events there are, what each tells, and which scope reading it needs."""
    return Response(TYPES(events.types()).body, media_type="application/json")


@router.get(
    "/events",
    response_model=EventList,
    summary="List events",
    responses=responses(410, description="Events in their order"),
)
async def list_events(call: Reads, query: Annotated[EventQuery, Query()]) -> Response:
    """Read what happened behind a position, in its order: what webhooks send, to be asked for.

    Begin with the position you know (`after`) and go on with `next_after`; with `wait` the answer comes as
    soon as something happens, or after so many seconds. Deliveries and lists may repeat an event: remember
    the `sequence` up to which you have acted. Positions that are no longer kept are refused with 410
    `events_gone`.
    """
    end, bell = monotonic() + query.wait, call.services.bell
    while True:
        rounds = bell.rounds
        page = await call.read(events.page, query)
        left = end - monotonic()
        if left <= 0 or not events.is_worth_waiting(page) or await call.request.is_disconnected():
            return Response(LIST(page).body, media_type="application/json")
        await bell.after(rounds, left)
