"""Incidents on the wire: something that went wrong for many customers."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from app.domain.activity.interactions import Phase
from app.domain.customers.customers import Channel
from app.domain.recovery.incidents import IncidentState
from app.domain.recovery.recovery_steps import Fault
from app.schemas.common.base import (
    UNSET,
    HappenedIn,
    Input,
    InstantIn,
    Label,
    Output,
    PageOf,
    Paging,
    QueryFlag,
    Version,
    line,
    line_out,
    paragraph,
    paragraph_out,
)
from app.schemas.recovery.complaints import Category, Product

EXAMPLE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e20"
"""An incident that is over, with a cause, preventions, complaints and customers it touched."""
EXAMPLE_TO_CLOSE_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e22"
EXAMPLE_CLOSED_ID = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7e23"

MAX_TITLE = 255
MAX_WHAT_HAPPENED = 10_000

Title = Annotated[str, line(MAX_TITLE), Field(examples=["Invoices of November went out twice"])]

_EXAMPLE: dict[str, Any] = {
    "title": "Invoices of November went out twice",
    "what_happened": "The invoice run was started again after a time-out.",
    "category": "billing",
    "product": "Service plan",
    "channel": "email",
    "phase": "after",
    "unit": "izmir",
    "started_at": "2026-11-23T06:00:00Z",
}


class _IncidentFields(Input):
    """What may be null, and corrected at any time."""

    what_happened: Annotated[str, paragraph(MAX_WHAT_HAPPENED)] | None = Field(
        default=None, examples=[_EXAMPLE["what_happened"]]
    )
    """What went wrong, in any number of lines."""
    category: Category | None = Field(default=None, examples=["billing"])
    """What kind of failure, in the company's own words."""
    product: Product | None = Field(default=None, examples=["Service plan"])
    """What it is about."""
    channel: Channel | None = Field(default=None, examples=["email"])
    """Where it happened to customers."""
    phase: Phase | None = Field(default=None, examples=["after"])
    """Before, during or after the purchase."""
    ended_at: HappenedIn | None = Field(default=None, examples=[None])
    """When it was over; null while it goes on."""


class IncidentCreate(_IncidentFields):
    """An incident to record."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: Title
    """The incident in one line."""
    unit: Label | None = Field(default=None, examples=["izmir"])
    """Branch or team where it happened; null: the whole company. Who sees it follows from it, so it never
    changes."""
    started_at: HappenedIn | None = None
    """When it began; now by default."""


class IncidentUpdate(_IncidentFields):
    """A merge patch (RFC 7396): absent members stay, null clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"category": "billing"}]})

    title: Title = Field(default=UNSET)
    """The incident in one line."""
    started_at: HappenedIn = Field(default=UNSET)
    """When it began."""


class IncidentClosing(Input):
    """The end of all work on an incident; `{}` for now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    at: InstantIn | None = Field(default=None, examples=["2026-11-23T10:05:00Z"])
    """When; now by default. Not before the incident was over, and not in the future."""


class IncidentStep(Input):
    """A step that happens now; `{}`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class IncidentRead(Output):
    """Something that went wrong for many customers. Complaints that are about it join it, and its causes and
    preventions are recorded once. ``/v1/complaints?incident_id=...`` lists its complaints."""

    id: UUID
    version: Version
    title: Annotated[str, line_out(MAX_TITLE)]
    what_happened: Annotated[str, paragraph_out(MAX_WHAT_HAPPENED)] | None
    category: Annotated[str, line_out(100)] | None
    product: Annotated[str, line_out(200)] | None
    channel: Channel | None
    phase: Phase | None
    unit: Label | None
    cause: Label | None
    """The latest one recorded; null while nobody knows it."""
    fault: Fault | None
    """Whose fault that cause is."""
    state: IncidentState
    started_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None
    recorded_by: Annotated[str, line_out(100)]
    """Who recorded it: id of an API key, or `system`."""
    recorded_at: datetime
    updated_at: datetime


class IncidentPage(PageOf):
    """A page of incidents."""

    data: Annotated[list[IncidentRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class IncidentSort(StrEnum):
    """Order of the list; ``-`` is newest first."""

    NEWEST = "-started_at"
    OLDEST = "started_at"
    UPDATED_AT = "updated_at"


class IncidentQuery(Paging):
    """Filters add up: an incident must match all of them."""

    sort: IncidentSort = IncidentSort.NEWEST
    """Newest or oldest first, or in the order of their last change."""
    state: Annotated[list[IncidentState], Field(max_length=len(IncidentState))] = Field(default=[])
    """In one of these states; repeat for more."""
    category: Category | None = None
    """Of this category."""
    product: Product | None = None
    """About this product."""
    channel: Channel | None = None
    """Over this channel."""
    phase: Phase | None = None
    """In this phase."""
    unit: Label | None = None
    """Of this unit."""
    cause: Label | None = None
    """With this cause."""
    has_cause: QueryFlag | None = None
    """True: a cause is known. False: none is."""
    started_from: InstantIn | None = None
    """Only incidents that began at this instant or later."""
    started_before: InstantIn | None = None
    """Only incidents that began before this instant."""
    updated_after: InstantIn | None = None
    """Only incidents recorded or changed after this instant."""
