"""Clocks of complaints and lists of what is due, on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.recovery.complaints import Severity
from app.domain.standards.clocks import ClockState
from app.domain.standards.standards import Metric
from app.schemas.common.base import Count, Label, Output, PageOf, Paging, Version, line_out, paragraph_out
from app.schemas.promises.promises import MAX_TEXT
from app.schemas.recovery.complaints import Number, Owner
from app.schemas.standards.standards import Seconds, Tier

Elapsed = Annotated[float, Field(ge=0)]


class ClockRead(Output):
    """One clock of a complaint: how long something may take, and how long it took."""

    number: Version = Field(description="Counts the clocks of the complaint from 1.")
    metric: Metric
    standard: Label
    """Code of the standard that it runs under."""
    standard_version: Version
    state: ClockState
    severity: Severity
    """Of the complaint when the clock started; so is the tier."""
    tier: Tier | None
    started_at: datetime
    target_seconds: Seconds
    is_business_time: bool
    """Whether only the working time of a calendar counts, in all seconds of this clock."""
    calendar: Annotated[str, line_out(64)] | None
    due_at: datetime
    """Until when it is met, that instant included; later after a pause."""
    warn_at: datetime | None
    warned_at: datetime | None
    broken_at: datetime | None
    """The due time, once it has passed without what the clock waits for."""
    done_at: datetime | None
    """When what it waits for was done; null: not yet, or nobody knows."""
    ended_at: datetime | None
    paused_at: datetime | None
    """Since when it stands still; null: it does not."""
    paused_seconds: Elapsed
    """How long it stood still before."""
    taken_seconds: Elapsed | None
    """How long it ran, without pauses; null while it goes on."""
    rungs_fired: Count
    """How many rungs of the escalation have had their turn."""


class ClockPage(PageOf):
    """A page of a complaint's clocks, in the order in which they started."""

    data: Annotated[list[ClockRead], Field(max_length=200)]


class DueRead(Output):
    """A clock of a complaint that runs, or a promise that is still to be kept (metric `promise`)."""

    complaint_id: UUID | None
    """Null: a promise that comes from none."""
    complaint_number: Number | None
    """Null for a promise."""
    promise_id: UUID | None
    """Null for a clock of a complaint."""
    customer_id: UUID
    clock_number: Version | None = Field(
        description="Number of the clock within the complaint; null for a promise."
    )
    metric: Metric
    text: Annotated[str, paragraph_out(MAX_TEXT)] | None
    """What is promised; null for a clock of a complaint."""
    standard: Label | None
    """Null: a promise that no standard warns of."""
    state: ClockState
    owner: Annotated[str, line_out(100)]
    unit: Annotated[str, line_out(64)] | None
    severity: Severity | None
    """Null for a promise."""
    tier: Tier | None
    started_at: datetime
    due_at: datetime
    warned_at: datetime | None
    broken_at: datetime | None


class DuePage(PageOf):
    """A page of what is due or broken, soonest first."""

    data: Annotated[list[DueRead], Field(max_length=200)]


class DueQuery(Paging):
    """Whose clocks and promises; clocks that stand still are left out."""

    agent: Owner | None = None
    """Of complaints and promises that this agent owns."""
    unit: Label | None = None
    """Of complaints and promises that this unit works on."""
    metric: Metric | None = None
    """Of this metric."""
