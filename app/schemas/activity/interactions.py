"""Interactions on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.domain.activity.interactions import MAX_SECONDS, Direction, Phase, Purpose, Sentiment
from app.domain.customers.customers import Channel
from app.schemas.common.base import (
    NO_CONTROL,
    STRIPPED,
    ExternalKey,
    Flag,
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    QueryFlag,
    SystemName,
    Version,
    line,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.common.batches import COUNTED, KEPT, BatchItem
from app.schemas.customers.customers import EXAMPLE_ID as EXAMPLE_CUSTOMER_ID
from app.schemas.customers.customers import ExternalId
from app.schemas.customers.naming import NAMED, CreateMissing

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7d40"
MAX_NOTES = 4000

Agent = Annotated[str, line(100), Field(examples=["ayse.k"])]
Topic = Annotated[str, line(100), Field(examples=["delivery"])]
Seconds = Annotated[int, Field(strict=True, ge=0, le=MAX_SECONDS)]
CallerText = Annotated[str, StringConstraints(max_length=254, pattern=NO_CONTROL), STRIPPED]
# A host by name or address and an optional port, no user and password: everybody who reads the interaction
# would have them. Nothing is fetched from it here.
RecordingUrl = Annotated[
    str,
    StringConstraints(
        max_length=2000,
        pattern=r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?$",
    ),
    Field(examples=["https://pbx.example/recordings/7d40.ogg"]),
]

_EXAMPLE: dict[str, Any] = {
    "source": "pbx",
    "channel": "phone",
    "direction": "inbound",
    "purpose": "complaint",
    "phase": "after",
    "agent": "ayse.k",
    "unit": "izmir",
    "started_at": "2026-11-23T09:30:00Z",
    "ended_at": "2026-11-23T09:34:10Z",
    "wait_seconds": 25,
    "talk_seconds": 180,
    "hold_seconds": 0,
    "wrap_seconds": 45,
    "disposition": "complaint_filed",
    "topic": "delivery",
    "resolved_on_first_contact": False,
    "sentiment": "negative",
    "notes": "The parcel came open.\nOne cup is missing.",
    "recording_url": "https://pbx.example/recordings/7d40.ogg",
}


class _InteractionFields(Input):
    """Members that may be sent when the contact is over."""

    customer_id: UUID | None = Field(default=None, examples=[EXAMPLE_CUSTOMER_ID])
    phone: CallerText | None = Field(default=None, examples=["0532 123 45 67"])
    """The number at the other end, as the exchange or a person writes it, a URI too. Where no customer is
    named, the only customer who has it is meant; a number that nobody has is kept, and the contact becomes
    hers who is the only one to have it later. A withheld number (``anonymous``) is nobody's and not kept."""
    purpose: Purpose | None = Field(default=None, examples=["question"])
    phase: Phase | None = Field(default=None, examples=["after"])
    """Before, during or after a purchase."""
    agent: Agent | None = None
    """Who spoke for the company."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team of the agent."""
    ended_at: HappenedIn | None = Field(default=None, examples=["2026-11-23T09:34:10Z"])
    """Not before ``started_at``."""
    wait_seconds: Seconds | None = Field(default=None, examples=[25])
    """From the beginning until an agent answered, or the customer gave up."""
    talk_seconds: Seconds | None = Field(default=None, examples=[180])
    hold_seconds: Seconds | None = Field(default=None, examples=[0])
    wrap_seconds: Seconds | None = Field(default=None, examples=[45])
    """The agent's work on it after it ended."""
    disposition: Label | None = Field(default=None, examples=["resolved"])
    """How it ended: a code of ``/v1/dispositions`` that is active. ``do_not_call`` puts ``phone`` on the
    customer's ``do_not_contact``; only a change of the customer takes it off again."""
    topic: Topic | None = None
    """What it was about, in the company's own words."""
    resolved_on_first_contact: Flag | None = Field(default=None, examples=[True])
    """Whether the agent thinks that the customer need not get in touch about it again."""
    sentiment: Sentiment | None = Field(default=None, examples=["neutral"])
    """How the customer sounded to the agent; never guessed."""
    notes: Annotated[str, paragraph(MAX_NOTES)] | None = Field(default=None, examples=[_EXAMPLE["notes"]])
    """Any number of lines."""
    recording_url: RecordingUrl | None = None
    """Where the recording is; kept as it is, never fetched."""


class InteractionCreate(_InteractionFields):
    """An interaction to record. Name its customer by ``customer_id`` or by ``customer``, or give the
    ``phone`` alone; none of these where the caller is unknown."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**NAMED, **_EXAMPLE, "external_id": "call-2026-004712"}]}
    )

    customer: ExternalId | None = Field(default=None, examples=[{"system": "crm", "key": "C-000001"}])
    """The customer's key in another system."""
    create_missing: CreateMissing = False
    source: SystemName = Field(default="api", examples=["pbx"])
    """The system the interaction comes from."""
    external_id: ExternalKey | None = Field(default=None, examples=["call-2026-004711"])
    """The interaction's key there; unique per source, so that nothing is recorded twice."""
    channel: Channel = Field(examples=["phone"])
    direction: Direction = Field(examples=["inbound"])
    started_at: HappenedIn

    @model_validator(mode="after")
    def _at_most_one_customer(self) -> "InteractionCreate":
        if self.customer_id is not None and self.customer is not None:
            raise PydanticCustomError("one_customer", "Send customer_id or customer, not both.")
        if self.create_missing and self.customer is None:
            raise PydanticCustomError("create_missing", "create_missing goes with customer.")
        return self


class InteractionUpdate(_InteractionFields):
    """A merge patch (RFC 7396), for the wrap-up: absent members stay, null clears. An unknown caller gets
    a customer by ``customer_id`` or by the ``phone`` that one customer has; who has one keeps it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"disposition": "follow_up", "topic": "delivery", "wrap_seconds": 45, "notes": None}]
        }
    )


class InteractionRead(Output):
    """A contact between a customer and the company, by call, letter or visit."""

    id: UUID
    version: Version
    customer_id: UUID | None
    """Null where the caller is unknown."""
    phone: Annotated[str, line_out(17)] | None
    """The number at the other end: E.164 (``+905321234567``), or the digits of an internal number."""
    source: SystemName
    external_id: Annotated[str, line_out(200)] | None
    channel: Channel
    direction: Direction
    purpose: Purpose | None
    phase: Phase | None
    agent: Annotated[str, line_out(100)] | None
    unit: Label | None
    started_at: datetime
    ended_at: datetime | None
    wait_seconds: Seconds | None
    talk_seconds: Seconds | None
    hold_seconds: Seconds | None
    wrap_seconds: Seconds | None
    handle_seconds: Annotated[int, Field(ge=0, le=3 * MAX_SECONDS)] | None
    """Talk, hold and wrap-up together; null while the talk is not known."""
    disposition: Label | None
    topic: Annotated[str, line_out(100)] | None
    resolved_on_first_contact: bool | None
    sentiment: Sentiment | None
    notes: Annotated[str, paragraph_out(MAX_NOTES)] | None
    recording_url: Annotated[str, line_out(2000)] | None
    recorded_at: datetime
    updated_at: datetime
    import_id: UUID | None
    """The import that brought it; null when it came one by one."""


class InteractionPage(PageOf):
    """A page of interactions."""

    data: Annotated[list[InteractionRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class InteractionSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-started_at"
    OLDEST = "started_at"
    UPDATED_AT = "updated_at"


class InteractionQuery(Paging):
    """Filters add up: an interaction must match all of them."""

    sort: InteractionSort = InteractionSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    customer_id: UUID | None = None
    """With this customer."""
    customer_external_id: QualifiedKey | None = None
    """With the customer with this key in another system: ``system:key``, for example ``crm:C-000001``.
    A key that no customer has, or another one than ``customer_id``, finds nothing."""
    phone: CallerText | None = None
    """From or to this number, in any spelling."""
    external_id: QualifiedKey | None = None
    """``source:key``, for example ``pbx:call-2026-004711``."""
    channel: Channel | None = None
    """Through this channel."""
    direction: Direction | None = None
    """By the customer (inbound) or by the company (outbound)."""
    purpose: Purpose | None = None
    """For this purpose."""
    phase: Phase | None = None
    """Before, during or after a purchase."""
    agent: Agent | None = None
    """With this agent."""
    unit: Label | None = None
    """With an agent of this unit."""
    disposition: Label | None = None
    """That ended like this."""
    topic: Topic | None = None
    """About this topic."""
    sentiment: Sentiment | None = None
    """In which the customer sounded like this to the agent."""
    resolved_on_first_contact: QueryFlag | None = None
    """Resolved on first contact, or not, as the agent told."""
    started_from: InstantIn | None = None
    """Only interactions that started at this instant or later."""
    started_before: InstantIn | None = None
    """Only interactions that started before this instant."""
    updated_after: InstantIn | None = None
    """Only interactions recorded or changed after this instant."""


class InteractionBatch(Input):
    """Interactions to record together."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {**NAMED, **_EXAMPLE, "external_id": "call-2026-004713"},
                        {
                            "channel": "phone",
                            "direction": "inbound",
                            "started_at": "2026-11-23T09:40:00Z",
                            "wait_seconds": 95,
                            "disposition": "abandoned",
                        },
                    ]
                }
            ]
        }
    )

    items: Annotated[list[Annotated[InteractionCreate, KEPT]], Field(min_length=1, max_length=1000), COUNTED]


class InteractionBatchItem(BatchItem):
    """What became of one interaction of a batch."""

    interaction: InteractionRead | None


class InteractionBatchResult(Output):
    """What became of each interaction, in the order of the request."""

    data: Annotated[list[InteractionBatchItem], Field(max_length=1000)]
