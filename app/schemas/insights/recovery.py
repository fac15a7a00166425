"""The effect of recovery on the wire: what failures cost, and what putting them right brings."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from app.domain.recovery.effect import CustomerGroup, RecoveryComparison, RecoveryOutcome, RecoveryVerdict
from app.schemas.common.base import PLAIN_DIGITS, Code, Count, DateIn, Input, Output, line_out
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.runs import Share

MAX_GROUPS = 20

Figure = Annotated[float, Field(ge=0, le=100)]
Difference = Annotated[float, Field(ge=-100, le=100)]
End = Annotated[float, Field(ge=-1_000_000, le=1_000_000)]
"""Of an interval, which with few customers reaches beyond what a difference can be."""


class RecoveryBy(StrEnum):
    """What to divide failures or recoveries by."""

    FAULT = "fault"
    """Whose fault the cause is; divides failures, recovered and not."""
    SPEED = "speed"
    """Whether the standard for the resolution was kept; divides recoveries."""
    APOLOGY = "apology"
    """Whether an apology was recorded; divides recoveries."""
    COMPENSATION = "compensation"
    """Whether something was given to make up for it; divides recoveries."""


class RecoveryQuery(Input):
    """Which failures: those received in ``[from, to)``, days of the company's zone."""

    model_config = ConfigDict(validate_by_name=True)

    from_: DateIn | None = Field(default=None, alias="from", examples=["2025-06-01"])
    """First day that counts; default 365 days before ``to``."""
    to: DateIn | None = Field(default=None, examples=["2026-06-01"])
    """First day that does not count any more; default the day from which on horizons have not closed."""
    recovery_days: Annotated[int, Field(ge=1, le=180), PLAIN_DIGITS] = 30
    """Days from the receipt of a complaint: solved at their end is recovered, and everyone is watched from
    then on."""
    horizon_days: Annotated[int, Field(ge=7, le=730), PLAIN_DIGITS] = 90
    """Days that customers are watched for."""
    by: RecoveryBy | None = Field(default=None, examples=["fault"])
    """What to divide by besides."""


class RecoveryGroup(Output):
    """Customers to whom the same happened."""

    group: CustomerGroup
    n: Count
    """Customers whose outcome is known."""
    value: Figure | None
    """Their mean in points, or their share. As it is: groups of other customers, so compare
    ``comparisons``, not these."""


class RecoveryCompared(Output):
    """One group less another, like customers beside like."""

    comparison: RecoveryComparison
    first: CustomerGroup
    second: CustomerGroup
    first_n: Count
    second_n: Count
    strata: Count
    """In how many strata of like customers they are compared; 1: too few to match."""
    first_value: Figure | None
    """Weighted by the strata; null where a group is empty."""
    second_value: Figure | None
    difference: Difference | None
    low: End | None
    """95 % interval."""
    high: End | None
    verdict: RecoveryVerdict


class RecoveryOutcomeRead(Output):
    """What became of one outcome."""

    outcome: RecoveryOutcome
    unit: Code
    """`points` of 100, or `share`."""
    groups: Annotated[list[RecoveryGroup], Field(max_length=3)]
    comparisons: Annotated[list[RecoveryCompared], Field(max_length=3)]
    is_paradox: bool
    """Whether those recovered are better off than those without a failure: 30 or more in each group, and an
    interval above 0."""


class RecoveryPart(Output):
    """The same for a part of the failures, or of the recoveries."""

    key: Annotated[str, line_out(20)] | None
    """Null: it is not known, or there is no standard."""
    outcomes: Annotated[list[RecoveryOutcomeRead], Field(max_length=2)]


class RecoveryLeftOut(Output):
    """Customers with a failure in the window who are not counted."""

    open_horizon: Count
    """Their horizon has not closed, or sales do not reach to its end."""
    no_earlier_purchase: Count
    """They bought nothing in the 365 days before, so nobody is like them."""


class RecoveryRead(Output):
    """What failures cost and what recovery brings, afterwards and among like customers."""

    window: Window
    recovery_days: Count
    horizon_days: Count
    by: RecoveryBy | None
    closed_before: datetime
    """Horizons of failures before this instant have closed."""
    left_out: RecoveryLeftOut
    looked_at: Share
    """Share of the customers without a failure that are looked at, drawn by chance, the same each time; 1:
    all."""
    outcomes: Annotated[list[RecoveryOutcomeRead], Field(max_length=2)]
    parts: Annotated[list[RecoveryPart], Field(max_length=MAX_GROUPS)]
    """Empty without ``by``. Those without a failure, and where recoveries are divided those not recovered,
    are the same in each."""
    methods: Annotated[list[Code], Field(max_length=10)]
    """Codes for ``/v1/insights/methods/{code}``."""
    limits: Annotated[list[Annotated[str, line_out(500)]], Field(max_length=20)]
    """What to bear in mind, in the language of the answer."""
