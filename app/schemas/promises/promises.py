"""Promises on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.domain.customers.customers import Channel, Tier
from app.domain.people.agents import OwnerKind
from app.domain.promises.promises import Promiser, PromiseState
from app.schemas.common.base import (
    Count,
    ExternalKey,
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Paging,
    QualifiedKey,
    SystemName,
    Version,
    line,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.customers.customers import EXAMPLE_ID as CUSTOMER_ID
from app.schemas.customers.customers import ExternalId
from app.schemas.customers.naming import NAMED, CreateMissing

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fb0"
"""A promise that was moved, and is not due yet."""
EXAMPLE_TO_KEEP_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fb1"
EXAMPLE_TO_CANCEL_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fb2"
EXAMPLE_TO_MOVE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fb3"
EXAMPLE_TO_HAND_OVER_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fb4"

MAX_SECONDS = 366 * 86_400
MAX_TEXT = 2000
MAX_TOGETHER = 20
"""Promises made in one request with a contact."""

Text = Annotated[str, paragraph(MAX_TEXT), Field(examples=["A new cup leaves the shop today."])]
Note = Annotated[str, paragraph(MAX_TEXT)]
Owner = Annotated[str, line(100), Field(examples=["ayse.k"])]
Kind = Annotated[Label, Field(examples=["delivery"])]

GIVEN: dict[str, Any] = {
    "kind": "delivery",
    "text": "A new cup leaves the shop today.",
    "due_in_seconds": 28_800,
    "calendar": "office",
    "owner": "ayse.k",
    "unit": "izmir",
}


class DueTime(Input):
    """By when: an instant, or so much time from now."""

    due_at: InstantIn | None = Field(default=None, examples=[None])
    """By when, that instant included; or ``due_in_seconds``."""
    due_in_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] | None = Field(
        default=None, examples=[28_800]
    )
    """In how much time; or ``due_at``."""
    calendar: Label | None = Field(default=None, examples=["office"])
    """Code of the calendar whose working time alone counts in ``due_in_seconds``; null: every second does."""

    @model_validator(mode="after")
    def _one_due_time(self) -> Self:
        if self.due_at is not None and self.due_in_seconds is not None:
            raise PydanticCustomError("one_due_time", "Send due_at or due_in_seconds, not both.")
        if self.calendar is not None and self.due_in_seconds is None:
            raise PydanticCustomError("calendar_alone", "calendar goes with due_in_seconds.")
        return self


class PromiseGiven(DueTime):
    """What is promised in the course of something else: a contact, or work on a complaint. Without ``due_at``
    and ``due_in_seconds`` the standard of the metric `promise` that is for it says by when."""

    model_config = ConfigDict(json_schema_extra={"examples": [GIVEN]})

    source: SystemName = Field(default="api", examples=["crm"])
    """The system the promise comes from."""
    external_id: ExternalKey | None = Field(default=None, examples=["P-2026-000102"])
    """The promise's key there; unique per source, so that nothing is recorded twice."""
    promised_by: Promiser = Field(default=Promiser.US, examples=["us"])
    kind: Kind
    """What kind of promise, in the company's own words: ``call_back``, ``delivery``, ``payment``."""
    text: Text
    """What is promised, in the words that the customer heard."""
    agent: Owner | None = None
    """Who promised it, or took the customer's promise; the acting person, else the one of the contact, by
    default."""
    owner: Owner | None = None
    """Who sees to it: a registered person who is active, or a unit (its queue), once the company has
    registered people. By default ``agent``, else the unit's queue, else the company's desk."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team that sees to it; that of the complaint or contact by default."""


class PromiseCreate(PromiseGiven):
    """A promise to record. Name its customer by ``customer_id`` or ``customer``, or leave both out where the
    complaint or the contact that it comes from says who it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**NAMED, **GIVEN, "calendar": None, "external_id": "P-2026-000103"}]}
    )

    customer_id: UUID | None = Field(default=None, examples=[CUSTOMER_ID])
    customer: ExternalId | None = Field(default=None, examples=[{"system": "crm", "key": "C-000001"}])
    """The customer's key in another system."""
    create_missing: CreateMissing = False
    complaint_id: UUID | None = Field(default=None, examples=[None])
    """The complaint that it comes from; one of the same customer."""
    interaction_id: UUID | None = Field(default=None, examples=[None])
    """The contact in which it was made; one of the same customer."""
    channel: Channel | None = Field(default=None, examples=["phone"])
    """How it was made; that of the contact or complaint by default."""
    made_at: HappenedIn | None = None
    """When it was made; now by default. ``due_in_seconds`` counts from here."""

    @model_validator(mode="after")
    def _some_customer(self) -> Self:
        if self.customer_id is not None and self.customer is not None:
            raise PydanticCustomError("one_customer", "Send either customer_id or customer.")
        if self.create_missing and self.customer is None:
            raise PydanticCustomError("create_missing", "create_missing goes with customer.")
        named = (self.customer_id, self.customer, self.complaint_id, self.interaction_id)
        if all(member is None for member in named):
            raise PydanticCustomError(
                "no_customer", "Say whose it is: customer_id, customer, complaint_id or interaction_id."
            )
        return self


class PastPromise(PromiseCreate):
    """A promise of the past with what became of it, as a file or another system tells it. Not for requests:
    what is promised through them is still to be kept."""

    moved_from_at: InstantIn | None = None
    """The date before the customer agreed to another one."""
    moved_at: InstantIn | None = None
    """When the customer agreed; goes with ``moved_from_at``."""
    kept_at: InstantIn | None = None
    cancelled_at: InstantIn | None = None
    cancelled_by: Promiser | None = None
    """Goes with ``cancelled_at``."""


class PromiseRead(Output):
    """Something that was promised to a customer, or by one."""

    id: UUID
    version: Version
    customer_id: UUID
    complaint_id: UUID | None
    interaction_id: UUID | None
    source: SystemName
    external_id: Annotated[str, line_out(200)] | None
    promised_by: Promiser
    kind: Label
    text: Annotated[str, paragraph_out(MAX_TEXT)]
    agent: Annotated[str, line_out(100)] | None
    """Who promised it, or took the customer's promise; null: nobody was named."""
    owner: Annotated[str, line_out(100)]
    """Who sees to it."""
    owner_kind: OwnerKind
    """`agent`: the person ``owner``. `queue`: it waits in the queue of the unit ``owner``, or of the desk."""
    unit: Label | None
    channel: Channel | None
    tier: Tier | None
    """The customer's value tier when it was made."""
    state: PromiseState
    """At the instant of the answer."""
    is_broken: bool
    """Past due, kept too late, or cancelled by who made it."""
    made_at: datetime
    due_at: datetime
    """By when, that instant included; the date that counts."""
    planned_at: datetime | None
    """When it is meant to be kept instead: it was moved, and the other side had not agreed by ``due_at``."""
    moved_count: Count
    """How often it was moved."""
    kept_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: Promiser | None
    standard: Label | None
    """Code of the standard that warns of it; null: none does."""
    warn_at: datetime | None
    warned_at: datetime | None
    recorded_at: datetime
    updated_at: datetime


class PromisePage(PageOf):
    """A page of promises."""

    data: Annotated[list[PromiseRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class PromiseSort(StrEnum):
    """Order of the list; ``-`` is latest due first."""

    OLDEST = "due_at"
    NEWEST = "-due_at"
    UPDATED_AT = "updated_at"


class PromiseQuery(Paging):
    """Filters add up: a promise must match all of them."""

    sort: PromiseSort = PromiseSort.OLDEST
    """Soonest or latest due first, or in the order of their last change."""
    customer_id: UUID | None = None
    """To or by this customer."""
    customer_external_id: QualifiedKey | None = None
    """To or by the customer with this key in another system: ``system:key``, for example ``crm:C-000001``."""
    external_id: QualifiedKey | None = None
    """``source:key``, for example ``crm:P-2026-000102``."""
    complaint_id: UUID | None = None
    """From this complaint."""
    interaction_id: UUID | None = None
    """Made in this contact."""
    promised_by: Promiser | None = None
    """By the company, or by the customer."""
    kind: Kind | None = None
    """Of this kind."""
    owner: Owner | None = None
    """Seen to by this person or queue."""
    unit: Label | None = None
    """Seen to by this unit."""
    state: Annotated[list[PromiseState], Field(max_length=len(PromiseState))] = Field(default=[])
    """In one of these states now; repeat for more."""
    due_from: InstantIn | None = None
    """Only promises due at this instant or later."""
    due_before: InstantIn | None = None
    """Only promises due before this instant."""
    updated_after: InstantIn | None = None
    """Only promises recorded or changed after this instant."""
