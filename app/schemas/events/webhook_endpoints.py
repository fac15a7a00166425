"""Webhook endpoints on the wire: receivers, what became of deliveries, and what to send again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.events.deliveries import DisabledReason, EndpointState, Failure, Ordering, Outcome
from app.schemas.common.base import (
    UNSET,
    Count,
    Flag,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Paging,
    Version,
    line,
    line_out,
)
from app.schemas.events.events import MAX_POSITION, EventId, EventName, Position

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f60"
EXAMPLE_PAUSED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f61"
EXAMPLE_TO_REMOVE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f62"
EXAMPLE_TO_PAUSE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7f63"

MAX_ENDPOINTS = 100
MAX_HEADERS = 10
RESERVED_HEADERS = ("host", "webhook-", "content-", "connection", "transfer-encoding", "user-agent", "cookie")

_ADDRESS = r"^[\x21-\x7e]+$"
Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, pattern=_ADDRESS),
    Field(examples=["https://hooks.example.com/vefa"]),
]
UrlOut = Annotated[str, StringConstraints(max_length=2000, pattern=_ADDRESS)]
HeaderName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]{1,64}$"),
    Field(examples=["X-Tenant"]),
]


def _not_reserved(name: str) -> str:
    if name.lower().startswith(RESERVED_HEADERS):
        raise PydanticCustomError("reserved_header", "This header is set by the service; choose another.")
    return name


class EndpointHeader(Input):
    """A header of the receiver's own. Its value is never shown again."""

    name: Annotated[HeaderName, AfterValidator(_not_reserved)]
    value: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1000, pattern=r"^[\x20-\x7e]+$"),
        Field(examples=["acme"]),
    ]


class _EndpointFields(Input):
    """What may be null, and changed at any time."""

    description: Annotated[str, line(200)] | None = Field(default=None, examples=["The shop's back office"])


class WebhookEndpointCreate(_EndpointFields):
    """A receiver of events: it is sent what happens from now on, as far as the key that makes it may read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.example.com/vefa",
                    "description": "The shop's back office",
                    "types": ["customer.left", "customer.returned"],
                    "ordering": "by_key",
                    "own_headers": [],
                }
            ]
        }
    )

    url: Url
    """Where to: https, a host on the public Internet, without user name, password and fragment."""
    types: Annotated[list[EventName], Field(max_length=100)] = Field(default=[], examples=[[]])
    """Types that are sent; empty: all that the key may read but internal ones."""
    ordering: Ordering = Ordering.BY_KEY
    own_headers: Annotated[list[EndpointHeader], Field(max_length=MAX_HEADERS)] = Field(
        default=[], examples=[[]]
    )
    """Static headers that are sent as well."""


class WebhookEndpointUpdate(_EndpointFields):
    """A merge patch (RFC 7396): absent members stay, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"description": "The shop"}]})

    url: Url = Field(default=UNSET)
    types: Annotated[list[EventName], Field(max_length=100)] = Field(default=UNSET, examples=[[]])
    ordering: Ordering = Field(default=UNSET)
    own_headers: Annotated[list[EndpointHeader], Field(max_length=MAX_HEADERS)] = Field(
        default=UNSET, examples=[[]]
    )
    """All headers; those that are there now go."""


class WebhookPause(Input):
    """A pause; `{}`. What happens meanwhile is sent afterwards."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class WebhookResumption(Input):
    """The end of a pause, or of having been disabled."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    skip_missed: Flag = Field(default=False, examples=[False])
    """Go on with what happens from now on; what was missed is not sent."""


class WebhookRotation(Input):
    """A new secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keep_hours": 24}]})

    keep_hours: Annotated[int, Field(ge=0, le=168)] = Field(default=24, examples=[24])
    """For how long the present secret signs as well."""


class WebhookRedelivery(Input):
    """What to send again: one event, or those of a range, or all that were given up. Say exactly one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"given_up": True}]})

    event_id: EventId | None = None
    from_position: Annotated[int, Field(ge=1, le=MAX_POSITION)] | None = Field(default=None, examples=[4711])
    """From this position to ``to_position``."""
    to_position: Annotated[int, Field(ge=1, le=MAX_POSITION)] | None = Field(default=None, examples=[4712])
    since: InstantIn | None = None
    """What happened from this instant to ``until``."""
    until: InstantIn | None = None
    given_up: Flag = Field(default=False, examples=[True])


class WebhookEndpointRead(Output):
    """A receiver of events."""

    id: UUID
    version: Version
    url: UrlOut
    description: Annotated[str, line_out(200)] | None
    types: Annotated[list[EventName], Field(max_length=100)]
    """Empty: all that the key may read but internal ones."""
    ordering: Ordering
    state: EndpointState
    disabled_reason: DisabledReason | None
    units: Annotated[list[Label], Field(max_length=1000)]
    """Units of the key that made it; empty: every unit."""
    header_names: Annotated[list[HeaderName], Field(max_length=MAX_HEADERS)]
    position: Position
    """Up to here everything is delivered, not of its types, or noted as waiting."""
    lost: Count
    """Events that were no longer kept when it came to them."""
    succeeded_at: datetime | None
    failing_since: datetime | None
    """The first failure after the last success; null while deliveries succeed."""
    previous_until: datetime | None
    """Until when the secret before the last rotation signs as well."""
    created_at: datetime
    updated_at: datetime


class WebhookEndpointWithSecret(WebhookEndpointRead):
    """A receiver of events, and the secret that signs what it is sent. It is shown only this once."""

    secret: Annotated[str, StringConstraints(max_length=64, pattern=r"^whsec_[A-Za-z0-9+/=]{44}$")]


class WebhookEndpointPage(PageOf):
    """A page of receivers."""

    data: Annotated[list[WebhookEndpointRead], Field(max_length=200)]


class WebhookEndpointQuery(Paging):
    """Filters add up."""

    state: EndpointState | None = None
    """In this state."""


class WebhookAttemptRead(Output):
    """One attempt to deliver an event."""

    id: UUID
    event_id: EventId
    at: datetime
    number: Annotated[int, Field(ge=1, le=1_000_000)]
    """The how manieth attempt for this event it was."""
    outcome: Outcome
    status: Annotated[int, Field(ge=100, le=999)] | None
    """Of the answer; null where there was none."""
    failure: Failure | None
    """Why there was no answer."""
    ms: Count
    """How long it took, in milliseconds."""
    answer: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] | None
    """The beginning of the answer, network addresses masked; null where it was delivered."""
    next_attempt_at: datetime | None
    """When it is tried again; null: never."""


class WebhookAttemptPage(PageOf):
    """A page of attempts, newest first."""

    data: Annotated[list[WebhookAttemptRead], Field(max_length=200)]


class WebhookAttemptQuery(Paging):
    """Filters add up."""

    outcome: Outcome | None = None
    """With this outcome."""
    event_id: EventId | None = None
    """Of this event."""


class WebhookRedeliveryRead(Output):
    """What is going to be sent again."""

    events: Count


class WebhookTestRead(Output):
    """A test that is on its way: its answer is among the attempts of this event."""

    event_id: EventId
    href: Annotated[str, line_out(200)]
    """Where its attempts are listed."""


class WebhookStatistics(Output):
    """How deliveries to a receiver go."""

    delivered: Count
    """Attempts that succeeded in the last 24 hours."""
    failed: Count
    """Attempts that failed in the last 24 hours."""
    delivered_p50_ms: Count | None
    """Half of those that succeeded took no longer; null without any."""
    delivered_p99_ms: Count | None
    waiting: Count
    """Events that wait for another attempt, or behind one that does."""
    given_up: Count
    behind: Count
    """Events that it has not come to yet, of all types."""
    oldest_waiting_at: datetime | None
