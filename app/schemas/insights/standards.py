"""How far service standards are kept, on the wire."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.domain.standards.standards import Metric
from app.schemas.common.base import Count, DateIn, Input, Output, line_out
from app.schemas.insights.value_tiers import Window

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class StandardsBy(StrEnum):
    """What to divide by."""

    AGENT = "agent"
    UNIT = "unit"
    CHANNEL = "channel"
    SEVERITY = "severity"
    TIER = "tier"
    CATEGORY = "category"
    MONTH = "month"


MeasuredMetric = Literal[
    "acknowledge", "first_response", "resolve", "close", "prevention", "answer_call", "reply"
]
"""The metrics whose times are measured: all but that of promises."""


class StandardsQuery(Input):
    """Which clocks: those of a metric that started in ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    metric: MeasuredMetric = Field(examples=["resolve"])
    """What the standards give time for. ``/v1/insights/promises`` reports promises."""
    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""
    by: StandardsBy | None = Field(default=None, examples=["unit"])
    """What to divide by; ``agent`` and ``unit`` are those that had the case last, severity and tier those at
    the start of the clock."""


class AttainmentFigures(Output):
    """What became of clocks that were received in the window."""

    received: Count
    """All of them; without those that a raised severity put under another standard."""
    met: Count
    """Done in time."""
    broken: Count
    """Not done when they were due, whether they were done later or not."""
    running: Count
    """Not done, and not due yet; those that stand still as well."""
    ended: Count
    """Given up in time: the case was closed without, or nobody knows when it was done."""
    censored: Count
    """Of which no end is known: they count in the median for as long as they have taken."""
    share_within: Share | None
    """Met / received."""
    share_low: Share | None
    share_high: Share | None
    median_seconds: Seconds | None
    """Kaplan-Meier median of the time it takes, each clock in its own time, business or clock, without
    pauses; null: fewer than half are done."""
    median_low: Seconds | None
    median_high: Seconds | None
    """Null: the interval has no upper end."""
    is_small: bool
    """Fewer than 30 clocks: too few to rely on."""


class AttainmentGroup(AttainmentFigures):
    """One group."""

    key: Annotated[str, line_out(200)] | None
    """Null: the cases do not say."""


class StandardsRead(Output):
    """How far the standards of a metric were kept in a window."""

    metric: Metric
    window: Window
    by: StandardsBy | None
    overall: AttainmentFigures
    groups: Annotated[list[AttainmentGroup], Field(max_length=100_000)]
    """By key, those without one last."""
