"""Events on the wire: the catalogue of their types, and what happened."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from app.domain.common.access import Scope
from app.domain.events.event_types import Member
from app.schemas.common.base import PLAIN_DIGITS, Code, Input, Output, line_out

MAX_POSITION = 2**53
MAX_WAIT_SECONDS = 20
MAX_STREAM_SECONDS = 86_400

EventName = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[a-z_]{1,31}\.[a-z_]{1,32}$"),
    Field(examples=["complaint.resolved"]),
]
"""``<thing>.<what happened>``."""

EventId = Annotated[
    str,
    StringConstraints(max_length=36, pattern=r"^evt_[0-9a-f]{32}$"),
    Field(examples=["evt_01930a3e2f6b7c119a520d9c1f8f7e10"]),
]
"""The id under which receivers know an event: the same in lists, streams and webhooks."""

Position = Annotated[int, Field(ge=0, le=MAX_POSITION)]


class EventTypeMember(Output):
    """A further member of the data of a type; it may be absent."""

    name: Code
    kind: Member


class EventTypeRead(Output):
    """A type of event."""

    type: EventName
    about: Annotated[str, line_out(200)]
    """What happened."""
    scope: Scope
    """What a reader needs beside `events:read`."""
    is_internal: bool
    """Of the service's own working: only sent and listed where the type is named."""
    since: Annotated[str, line_out(32)]
    """The version of the API that had it first."""
    data: Annotated[list[EventTypeMember], Field(max_length=50)]
    """Members beside `id`, `customer_id`, `members` and `version`."""


class EventTypeList(Output):
    """All types of events."""

    data: Annotated[list[EventTypeRead], Field(max_length=1000)]


class EventRead(Output):
    """Something that happened. It tells ids, codes and names of changed members, never a value: fetch the
    thing to see how it is now."""

    id: EventId
    type: EventName
    timestamp: datetime
    """When it happened."""
    sequence: Annotated[int, Field(ge=1, le=MAX_POSITION)]
    """Its position among all events, from 1 and without gaps; later events have higher ones."""
    data: Annotated[dict[str, Any], Field(max_length=50)]
    """`id` of the thing, `customer_id` (null where it is nobody's), `members` that changed, `version` (null
    where it has none), and what `GET /v1/event-types` says of the type."""


class EventList(Output):
    """Events in their order."""

    data: Annotated[list[EventRead], Field(max_length=200)]
    next_after: Position
    """Send as `after` to go on. It grows also where nothing matched."""
    latest: Position
    """The position of the latest event there is; 0 while there is none."""
    complete: bool
    """Whether nothing that matches lies behind `next_after` at this moment."""


class EventQuery(Input):
    """What to read; filters add up."""

    after: Annotated[Position, PLAIN_DIGITS] | None = Field(default=None, examples=[0])
    """Only events behind this position; `0` for the first. Left out: from the first event that is kept."""
    type: Annotated[list[EventName], Field(max_length=50)] = Field(default=[], examples=[[]])
    """Of one of these types; repeat for more. Left out: all the key may read but internal ones."""
    customer_id: UUID | None = None
    """About this customer."""
    limit: Annotated[int, Field(ge=1, le=200), PLAIN_DIGITS] = 100
    """Events at most."""
    wait: Annotated[int, Field(ge=0, le=MAX_WAIT_SECONDS), PLAIN_DIGITS] = Field(default=0, examples=[0])
    """Seconds to wait for an event while there is none."""


class EventStreamQuery(Input):
    """What a stream tells; filters add up."""

    after: Annotated[Position, PLAIN_DIGITS] | None = Field(default=None, examples=[0])
    """Begin behind this position. Left out: with what happens from now on. `Last-Event-ID` goes before it."""
    type: Annotated[list[EventName], Field(max_length=50)] = Field(default=[], examples=[[]])
    """Of one of these types; repeat for more. Left out: all the key may read but internal ones."""
    customer_id: UUID | None = None
    """About this customer."""
    seconds: Annotated[int, Field(ge=1, le=MAX_STREAM_SECONDS), PLAIN_DIGITS] | None = Field(
        default=None, examples=[1], json_schema_extra={"x-prefilled": True}
    )
    """End after so many seconds. Left out: the stream stays open."""
