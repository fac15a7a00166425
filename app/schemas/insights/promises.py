"""How far promises are kept, on the wire."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from app.domain.promises.promises import Promiser
from app.schemas.common.base import Count, DateIn, Input, Output, line_out
from app.schemas.insights.value_tiers import Window

Share = Annotated[float, Field(ge=0, le=1)]


class PromisesBy(StrEnum):
    """What to divide by."""

    AGENT = "agent"
    UNIT = "unit"
    KIND = "kind"
    TIER = "tier"
    CHANNEL = "channel"
    MONTH = "month"


class PromisesQuery(Input):
    """Which promises: those that were due in ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    promised_by: Promiser = Field(default=Promiser.US, examples=["us"])
    """Those of the company, or those of its customers."""
    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""
    by: PromisesBy | None = Field(default=None, examples=["unit"])
    """What to divide by; ``agent`` and ``unit`` are those that saw to it last (``agent`` may be a queue),
    ``tier`` is that of the customer when it was made, ``month`` the one in which it was due."""


class KeptFigures(Output):
    """What became of the promises that were due in the window."""

    due: Count
    """Those whose due time has passed, or that were kept or cancelled before."""
    on_time: Count
    """Kept on time."""
    late: Count
    """Kept after they were due: broken."""
    overdue: Count
    """Past due and not kept: broken; those that were given up only then as well."""
    cancelled_by_us: Count
    """Of the company's promises: broken."""
    cancelled_by_customer: Count
    """Cancelled before they were due. Of the company's promises: these do not count."""
    moved: Count
    """Of all of these, not due yet as well: moved at least once."""
    open: Count
    """Not due yet, and not among those that were due."""
    counted: Count
    """Due without those that were cancelled in time by whom they were made to."""
    kept_rate: Share | None
    """On time / counted; null where none counts."""
    kept_low: Share | None
    kept_high: Share | None
    kept_shrunk: Share | None
    """Of an agent or a unit: the kept rate drawn toward that of all, the more so the fewer count; compare by
    this one. Null for the whole and for other groups."""
    is_small: bool
    """Fewer than 30 count: too few to rely on."""


class KeptGroup(KeptFigures):
    """One group."""

    key: Annotated[str, line_out(200)] | None
    """Null: the promises do not say."""


class PromisesReport(Output):
    """How far the promises of one side were kept in a window."""

    promised_by: Promiser
    window: Window
    by: PromisesBy | None
    overall: KeptFigures
    groups: Annotated[list[KeptGroup], Field(max_length=100_000)]
    """By key, those without one last."""
