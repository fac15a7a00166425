"""Insights on the wire."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.customers.customers import Tier
from app.schemas.common.base import Count, Currency, DayIn, Input, Money, Output
from app.schemas.scoring.runs import RunParameters, Share


class InsightQuery(Input):
    """Which run to report on; none given: the current one."""

    run_id: UUID | None = None
    """This run."""
    as_of: DayIn | None = None
    """The newest finished run for this day."""


class Window(Output):
    """What was counted: from ``start`` (null: the beginning) until before ``end``."""

    start: datetime | None
    end: datetime


class Excluded(Output):
    """What was left out, and why."""

    no_rate: Count
    """Transactions in a currency without an exchange rate of their day."""
    currencies_without_rate: Annotated[list[Currency], Field(max_length=200)]


class TierFigures(Output):
    """One tier. Shares are of the customers with a tier, and of the positive total; null of nothing."""

    tier: Tier
    customers: Count
    customer_share: Share | None
    value: Money
    value_share: Share | None
    smallest_value: Money | None
    """The cut: smallest value in this tier; null for C and for an empty tier."""


class CurvePoint(Output):
    """A share of the customers and the share of the value they hold."""

    customer_share: Share
    value_share: Share


class NearThreshold(Output):
    """Customers whose value lies within ``percent`` % of a cut;
    ``/v1/customers?near_threshold=A`` lists them."""

    percent: Annotated[int, Field(ge=0, le=100)]
    a: Count
    b: Count


class Move(Output):
    """How many customers moved from one tier to another; ``none`` is without a tier in that run."""

    before: Literal["A", "B", "C", "none"]
    after: Literal["A", "B", "C", "none"]
    customers: Count


class ValueTiersRead(Output):
    """Value tiers of one run: how value is spread over customers, measured, never assumed."""

    method: Literal["value_tiers"]
    run_id: UUID
    as_of: date
    is_current: bool
    computed_at: datetime
    parameters: RunParameters
    window: Window
    n: Count
    """Customers with a tier: at least one counted transaction in the window."""
    customers_without_tier: Count
    n_zero: Count
    n_negative: Count
    transactions: Count
    """Transactions in the window, those left out included."""
    excluded: Excluded
    positive_total: Money
    """Sum of the values above zero, the base of all value shares."""
    net_total: Money
    tiers: Annotated[list[TierFigures], Field(min_length=3, max_length=3)]
    top1_share: Share | None
    top10_share: Share | None
    top20_share: Share | None
    """Share of the positive total held by the best 20 % of the customers."""
    top20_customers: Count
    gini: Share | None
    pareto: Annotated[list[CurvePoint], Field(max_length=101)]
    """From the best customer down."""
    lorenz: Annotated[list[CurvePoint], Field(max_length=101)]
    """From the poorest customer up."""
    near_threshold: NearThreshold
    previous_run_id: UUID | None
    """Run for the greatest earlier day with the same parameters."""
    transitions: Annotated[list[Move], Field(max_length=15)] | None
    """Moves since the previous run; null without one."""
