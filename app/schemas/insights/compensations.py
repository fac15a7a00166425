"""What is given to make up for failures, and what it is worth, on the wire."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from app.schemas.common.base import (
    PLAIN_DIGITS,
    Code,
    Count,
    Currency,
    DateIn,
    Input,
    Money,
    Output,
    line_out,
)
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.runs import Share

Seconds = Annotated[float, Field(ge=0)]
Months = Annotated[int, Field(ge=1, le=12)]


class CompensationsBy(StrEnum):
    """What to divide by."""

    KIND = "kind"
    AGENT = "agent"
    UNIT = "unit"
    TIER = "tier"
    CATEGORY = "category"
    MONTH = "month"


class CompensationsQuery(Input):
    """Which compensations and requests: those of ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-11-24"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-11-24"])
    """First day that does not count any more; default tomorrow."""
    by: CompensationsBy | None = Field(default=None, examples=["kind"])
    """What to divide by; agent and unit are those that gave it, the tier is the customer's at that time."""
    horizon_months: Annotated[Months, PLAIN_DIGITS] = 3
    """How many whole months after the month of the compensation count as afterwards."""


class CompensationFigures(Output):
    """What was given, asked for, and how long that took."""

    spend: Money
    """What was given in the window, less what was taken back of it since."""
    granted: Count
    """Grants of the window, also those taken back."""
    reversed: Count
    """Of these taken back."""
    cases: Count
    """Complaints and interactions something was given for."""
    average: Money | None
    """Spend for each case; null without one."""
    asked: Count
    """Given at once, and requests of the window."""
    at_once: Count
    approved: Count
    denied: Count
    expired: Count
    waiting: Count
    """Requests that nobody has decided yet."""
    share_at_once: Share | None
    """Of all that was asked for; so are the shares below. Null: nothing was."""
    share_approved: Share | None
    share_denied: Share | None
    share_expired: Share | None
    share_escalated: Share | None
    """Where the limit sent the agent to somebody else."""
    median_wait_seconds: Seconds | None
    """How long customers waited for the decision, or for nothing where the request expired."""


class CompensationGroup(CompensationFigures):
    """One group."""

    key: Annotated[str, line_out(200)] | None
    """Null: the cases do not say."""


class ValueKeptRead(Output):
    """What compensated customers bought afterwards, against like ones who were not compensated in the window:
    of the same value tier and churn level, over the same months."""

    run_id: UUID | None
    """The run that says tier and level; null: there is none, so nothing is compared."""
    as_of: date | None
    horizon_months: Months
    compensated: Count
    """Compensated customers who are compared, in each month in which they were."""
    like: Count
    left_out: Count
    """Compensated customers without a like one."""
    not_yet: Count
    """Compensated customers whose months afterwards are not over."""
    mean: Money | None
    """What the compensated bought on average afterwards; net of what came back."""
    like_mean: Money | None
    """What like ones bought on average in the same months."""
    difference: Money | None
    low: Money | None
    """Lower end of the 95 % interval of the difference; null where the spread is not known."""
    high: Money | None
    is_small: bool
    """Fewer than 30 customers in a group: too few to rely on."""


class CompensationsRead(Output):
    """What was given to make up for failures in a window, and what became of the customers."""

    window: Window
    by: CompensationsBy | None
    currency: Currency
    left_out: Count
    """Lines of the ledger in another reporting currency: they are in no figure."""
    overall: CompensationFigures
    groups: Annotated[list[CompensationGroup], Field(max_length=100_000)]
    """By key, those without one last."""
    value_kept: ValueKeptRead
    methods: Annotated[list[Code], Field(max_length=10)]
    """Codes for ``/v1/insights/methods/{code}``."""
    limits: Annotated[list[Annotated[str, line_out(500)]], Field(max_length=20)]
    """What to bear in mind, in the language of the answer."""
