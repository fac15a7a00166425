"""Demanding customers, on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.domain.satisfaction.expectation import Quadrant
from app.schemas.common.base import Count, Money, Output, line_out
from app.schemas.customers.scores import Points
from app.schemas.insights.competitors import CompetitorNow
from app.schemas.insights.satisfaction import Score
from app.schemas.insights.value_tiers import Window
from app.schemas.scoring.churn import ByTier
from app.schemas.scoring.runs import Share


class ByLevel(Output):
    """Customers by churn level."""

    healthy: Count
    watch: Count
    at_risk: Count
    left: Count
    none: Count


class CustomersTogether(Output):
    """What some customers are together."""

    customers: Count
    value: Money
    """Sum of their values over the run's window."""
    value_at_risk: Money
    tiers: ByTier
    levels: ByLevel


class QuadrantFigures(CustomersTogether):
    """The customers of one quadrant; ``/v1/customers?quadrant=...`` lists those of the current run."""

    quadrant: Quadrant
    customer_share: Share | None
    """Of those in a quadrant."""
    value_share: Annotated[float, Field(ge=-1000, le=1000)] | None
    """Of the value of those in a quadrant; null unless that is above 0."""


class QuadrantReference(Output):
    """Basis of the quadrants: the answers of the window on satisfaction and on expectation."""

    window: Window
    n: Count
    """Responses, those of nobody known included."""
    expectation_median: Points | None
    """Demanding from here on."""
    satisfied_from: Points
    beta: float
    """Points of satisfaction for a point of expectation; 0 when it cannot be told (``is_unadjusted``)."""
    beta_error: Annotated[float, Field(ge=0)] | None
    expectation_mean: Points | None
    satisfaction_mean: Points | None
    is_unadjusted: bool


class ByQuadrant(Output):
    """Responses by quadrant."""

    demanding_satisfied: Count
    demanding_dissatisfied: Count
    undemanding_satisfied: Count
    undemanding_dissatisfied: Count


class AdjustedFigures(Output):
    """Satisfaction as if all customers expected the same, with its 95 % interval, beside what they said."""

    n: Count
    """Responses that count."""
    adjusted: Score | None
    low: Score | None
    high: Score | None
    low_sample: bool
    """Fewer than 30 count: too few to rely on."""
    rankable: bool
    """At least 5 count: fewer are never compared with others."""
    unadjusted: Points | None
    expectation_mean: Points | None
    quadrants: ByQuadrant


class AdjustedGroup(AdjustedFigures):
    """One unit or channel."""

    key: Annotated[str, line_out(200)] | None
    """Null: the answers do not say."""
    shrunk: Score | None
    """Adjusted score drawn toward the overall mean, the more the fewer answers there are: what units are
    compared by. Null for channels."""


class AdjustedComparison(Output):
    """Who would satisfy more if all customers expected the same; in the window of the reference."""

    overall: AdjustedFigures
    units: Annotated[list[AdjustedGroup], Field(max_length=1_000_000)]
    """Best first, those that cannot be ranked after the others."""
    channels: Annotated[list[AdjustedGroup], Field(max_length=1_000_000)]
    competitors: Annotated[list[CompetitorNow], Field(max_length=1_000_000)]
    """On the composite index, best first; ``/v1/insights/competitors`` has their past and other indices."""


class DemandingCustomersRead(Output):
    """Where demanding and satisfied customers stand by a scoring run, and comparisons without what is due to
    demandingness."""

    run_id: UUID
    as_of: date
    is_current: bool
    reference: QuadrantReference
    n: Count
    """Customers in a quadrant: those who told both in the reference window; their latest response counts."""
    quadrants: Annotated[list[QuadrantFigures], Field(max_length=4)]
    others: CustomersTogether
    """Customers of the run who are in no quadrant."""
    comparison: AdjustedComparison
