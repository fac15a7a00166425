"""``/v1/events`` and ``/v1/event-types``"""

import json
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from app.domain.common.access import Extent, Scope
from app.http import event_stream, replies
from app.http.call import Call, StrictRoute, requires
from app.http.event_stream import EventStreamResponse
from app.http.openapi.operations import responses
from app.schemas.events.events import EventList, EventQuery, EventStreamQuery, EventTypeList
from app.services.events import events

router = APIRouter(tags=["Events"], route_class=StrictRoute)

Reads = Annotated[Call, requires(Scope.EVENTS_READ, extent=Extent.BY_CUSTOMER)]
ReadsTypes = Annotated[Call, requires(Scope.EVENTS_READ, extent=Extent.COMPANY_SETTINGS)]
LIST = replies.unversioned(EventList)
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        description="The last `id` that was received; the stream goes on behind it. Goes before `after`.",
        max_length=16,
        pattern="^[0-9]+$",
    ),
]
_EXAMPLE = {
    "id": "evt_01930a3e2f6b7c119a520d9c1f8f7e10",
    "type": "complaint.resolved",
    "timestamp": "2026-11-23T09:30:00Z",
    "sequence": 4711,
    "data": {
        "id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10",
        "customer_id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e20",
        "members": [],
        "version": 4,
        "state": "resolved",
    },
}
_SHOWN = [
    event_stream.beginning(4709),
    event_stream.frame(4711, json.dumps(_EXAMPLE, separators=(",", ":")).encode()),
    event_stream.comment(4713),
]
_EVENTS = {
    event_stream.MEDIA_TYPE: {
        "schema": {"type": "string", "format": "binary", "description": "Events, one after the other."},
        "example": b"".join(_SHOWN).decode(),
    }
}
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
        is_over = left <= 0 or bell.is_closed or not events.is_worth_waiting(page)
        if is_over or await call.request.is_disconnected():
            return Response(LIST(page).body, media_type="application/json")
        await bell.after(rounds, left)


@router.get(
    "/events/stream",
    summary="Stream events",
    response_class=StreamingResponse,
    responses={**responses(410), 200: {"description": "Events as they happen", "content": _EVENTS}},
)
async def stream_events(
    call: Reads, query: Annotated[EventStreamQuery, Query()], last_event_id: LastEventId = None
) -> Response:
    """Listen to what happens, as server-sent events: `data` is what `GET /v1/events` lists, `id` its
    position.

    Where the connection is lost, ask again with the last `id` as `Last-Event-ID`: nothing is missed, for
    events are kept for weeks; behind a position that is no longer kept is 410 `events_gone`. A comment comes
    every 15 seconds. The stream ends when the key is revoked or has expired (within 10 seconds), when the
    client takes nothing for 10 seconds, and when the service stops. When as many streams are open as may be,
    503 `too_many_streams` says when to ask again.
    """
    if last_event_id is not None:
        query = query.model_copy(update={"after": int(last_event_id)})
    streams = call.services.streams
    return EventStreamResponse(streams, await streams.prepare(call.actor, query))
