"""Lifetime value on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.domain.lifetime_value.level import Basis
from app.domain.lifetime_value.spend import Kind
from app.schemas.common.base import Code, Count, Money, Output, line_out
from app.schemas.scoring.churn import ChurnNote
from app.schemas.scoring.lifetime_value import ClosedWindow, MoneyBetween, SpendKind, VarianceParts
from app.schemas.scoring.runs import LifetimeTerms, RunParameters, Share

Figure = float | None
Factor = Annotated[float, Field(gt=0)] | None
Tier = Literal["A", "B", "C"]


class SpendModel(Output):
    """The model of what is spent, net, on a purchase day, and how far it can be trusted."""

    kind: Kind | None
    """Null: too few customers for any. ``one_price``: all spend ``price``. ``own_mean``: amounts are so
    uneven that each customer's own mean serves."""
    price: Figure
    """What a purchase day brings, in minor units of the run's currency."""
    log_variance: Figure
    """By ``own_mean``: variance of the logarithm of one day's amount."""
    no_fit: Code | None
    """Why Gamma-Gamma could not be fitted; what follows is of its fit."""
    n: Count
    """Customers with a spend above 0."""
    excluded: Count
    """Customers who have bought, but for nothing."""
    p: Figure
    q: Figure
    gamma: Figure
    """An amount, in minor units of the run's currency; ``p`` and ``q`` have no unit."""
    log_likelihood: Figure
    converged: bool | None
    correlation: Annotated[float, Field(ge=-1, le=1)] | None
    """Of how often and how much, which the model takes to be independent."""
    warnings: Annotated[list[Code], Field(max_length=20)]


class ValuePart(Output):
    """Some of the customers with a lifetime value."""

    customers: Count
    value: Money | None
    """Null: there is no model of customers without a contract."""


class PurchaseValue(ValuePart):
    """Customers without a contract."""

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


class TierValue(ValuePart):
    """The customers of a value tier."""

    tier: Tier | None
    """Null: customers without a tier, who bought nothing in its window but may come back."""


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
    total: Money | None
    """Sum of ``tiers``; as well of ``purchases``, ``contracts`` and ``left``; and as well of ``of_active``,
    ``of_dormant`` and ``of_left``. Null: there are customers without a contract, and no model of them."""
    interval: MoneyBetween | None
    """Holds 95 % of what the total may turn out to be, as far as the company's own past tells. Null: there is
    no model, or part of the total is by contract (``contract_spread_unknown``)."""
    net_of_refunds: Literal[True]
    """What was given back has been taken off."""
    level: Factor
    """What the models' total, and every customer's value without a contract, was multiplied by."""
    basis: Basis
    """What the level rests on. ``season_unknown``: the last two windows, and the season ahead was not seen;
    ``same_season``: the same days of the years before; ``same_season_and_last``: those and the last window;
    ``year_windows``: the last two years; ``none``: nothing."""
    windows: Annotated[list[ClosedWindow], Field(max_length=3)]
    parts: VarianceParts | None
    limits: Annotated[list[Code], Field(max_length=20)]
    """What to bear in mind: ``season_unknown``, ``no_lifetime_backtest``, ``mean_not_finite``,
    ``sales_stopped``, ``contract_spread_unknown``, or why there is no model."""
    notes: Annotated[list[ChurnNote], Field(max_length=80)]
    """The limits in words, in the language asked for."""
    of_active: ValuePart
    of_dormant: ValuePart
    of_left: ValuePart
    """Who left by an event is worth 0; who is taken to have left for its silence may come back, and is worth
    what is expected of it."""
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
    """Null: nothing was bought and there is no contract, or the data carry no model, as ``warnings`` say."""
    level: Factor
    """What ``expected_purchases`` x ``expected_spend`` is multiplied by, the same for all customers: how far
    such totals were off in windows that have closed. Null for contracts and without a model."""
    spend_model: SpendKind | None
    """Null for contracts and without a model."""
    warnings: Annotated[list[Code], Field(max_length=20)]
    """What to bear in mind, as ``limits`` of `/v1/insights/lifetime-value`; or ``cross_section``: of the
    contract only a snapshot is known; or ``nothing_expected``, where the value is 0."""
    notes: Annotated[list[ChurnNote], Field(max_length=80)]
    """The warnings in words, in the language asked for."""
    interval: MoneyBetween | None
    """Holds 95 % of what the customer may turn out to be worth. Null for contracts
    (``contract_spread_unknown``), where the value is 0 (``nothing_expected``), and without one."""
    expected_purchases: Figure
    """Purchase days expected within the horizon; null for contracts."""
    expected_spend: Money | None
    """Expected amount of a purchase day."""
