"""Lifetime value on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.common.base import Code, Count, Money, Output, line_out
from app.schemas.scoring.runs import LifetimeTerms, RunParameters, Share

Figure = float | None
Tier = Literal["A", "B", "C"]


class MoneyBetween(Output):
    """A 95 % interval."""

    low: Money
    high: Money


class SpendModel(Output):
    """Gamma-Gamma, the model of what is spent on a purchase day, and how far it can be trusted."""

    no_fit: Code | None
    n: Count
    """Customers with a spend above 0."""
    excluded: Count
    """Customers who have bought, but for nothing."""
    p: Figure
    q: Figure
    gamma: Figure
    """In minor units; ``p`` and ``q`` have no unit."""
    log_likelihood: Figure
    converged: bool | None
    correlation: Annotated[float, Field(ge=-1, le=1)] | None
    """Of how often and how much, which the model takes to be independent."""
    warnings: Annotated[list[Code], Field(max_length=20)]


class PurchaseValue(Output):
    """Customers without a contract."""

    customers: Count
    value: Money
    interval: MoneyBetween | None
    spend_model: SpendModel


class ContractValue(Output):
    """Customers under contract."""

    customers: Count
    value: Money
    model: Code
    """What says who stays: ``contract``, the share ``churn_rate``, the same for all; or
    ``contract_logistic``, the probability of each."""
    churn_rate: Share | None
    """Share of the contracts that left within ``horizon_days``; null: there were none, so nothing is worth
    anything by it."""
    horizon_days: Annotated[int, Field(ge=1, le=3660)]


class LeftValue(Output):
    """Customers who have left: they are worth nothing more."""

    customers: Count
    value: Money


class TierValue(Output):
    """The customers of a value tier."""

    tier: Tier | None
    """Null: customers without a tier, who bought nothing in its window but may come back."""
    customers: Count
    value: Money


class TierCrossing(Output):
    """Customers of a tier by value and of a tier by lifetime value."""

    by_value: Tier
    by_lifetime_value: Tier
    customers: Count


class SecondView(Output):
    """Tiers by what customers were worth against tiers by what they will be worth, by the same cuts."""

    moves: Annotated[list[TierCrossing], Field(max_length=9)]
    same_share: Share | None
    rising: Count
    """In a better tier by the future than by the past."""
    fading: Count


class LifetimeTop(Output):
    """A customer who will be worth much."""

    id: UUID
    name: Annotated[str, line_out(200)] | None
    value: Money


class LifetimeValueRead(Output):
    """What customers will still be worth, by one run."""

    method: Literal["lifetime_value"]
    version: Annotated[int, Field(ge=1, le=1000)]
    run_id: UUID
    as_of: date
    is_current: bool
    parameters: RunParameters
    n: Count
    """Customers with a lifetime value: those of ``tiers``, and as well those of ``purchases``, ``contracts``
    and ``left``."""
    total: Money
    """Sum of ``tiers``, and as well of ``purchases``, ``contracts`` and ``left``."""
    tiers: Annotated[list[TierValue], Field(max_length=4)]
    purchases: PurchaseValue
    contracts: ContractValue
    left: LeftValue
    second_view: SecondView
    top: Annotated[list[LifetimeTop], Field(max_length=50)]
    """Most first."""


class CustomerLifetimeValueRead(Output):
    """What one customer will still be worth."""

    customer_id: UUID
    run_id: UUID
    as_of: date
    method: Literal["purchases", "contract"]
    terms: LifetimeTerms
    value: Money | None
    """Null: nothing was bought and there is no contract, or the data carry no model."""
    interval: MoneyBetween | None
    """Holds 95 % of what the customer may turn out to be worth; null for contracts and for nothing."""
    expected_purchases: Figure
    """Purchase days expected within the horizon; null for contracts."""
    expected_spend: Money | None
    """Expected amount of a purchase day."""
