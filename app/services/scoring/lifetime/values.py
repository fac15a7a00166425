"""Lifetime value in a scoring run: what customers will still be worth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import Fit
from app.domain.churn.contractual.state import State
from app.domain.churn.inputs.customer_facts import RECENT_DAYS
from app.domain.churn.models import contract
from app.domain.lifetime_value import Buyers, contractual, gamma_gamma, totals, worth
from app.domain.lifetime_value.forecast import STEP_DAYS, YEAR_DAYS, Terms
from app.domain.lifetime_value.level import Record, level
from app.domain.lifetime_value.spend import Spend, choose
from app.domain.lifetime_value.uncertainty import Models, spread
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.population import Population
from app.domain.scoring.score_columns import NONE
from app.services.scoring.contract_model_selection import Served
from app.services.scoring.lifetime.windows import customers_of
from app.store.sql.column_codec import Columns

VERSION = 4
"""Raised when the same facts give another value."""


@dataclass(frozen=True, slots=True, eq=False)
class Bought:
    """Customers scored by the purchase model (places among the facts), and the model of their spend.

    Args:
        rows: their places among the facts.
        buyers: as lifetime value sees them.
        fitted: what came of fitting Gamma-Gamma.
        spend: the model that serves; None for too few customers.
    """

    rows: NDArray[np.intp]
    buyers: Buyers
    fitted: gamma_gamma.Fit | gamma_gamma.NoFit
    spend: Spend | None


@dataclass(frozen=True, slots=True, eq=False)
class Valued:
    """What customers will be worth, and what that rests on.

    Args:
        columns: ``lifetime_value_minor`` by customer, aligned with the facts, `NONE` for nothing.
        known: of customers without a contract.
        under_contract: places of those whose contract is active.
        total: of customers without a contract; None when there is no model, or it says 0.
        record: how far such totals were off.
        contract_model: code of what says who of those under contract stays.
    """

    columns: Columns
    known: Bought
    under_contract: NDArray[np.intp]
    total: totals.Total | None
    record: Record
    contract_model: str


def compute(
    population: Population, by_terms: Served | None, record: Record, spending: Callable[[], Bought]
) -> Valued:
    """Compute what customers will be worth.

    Args:
        population: the customers on the day of the run.
        by_terms: the probabilities of contracts, where the learned model of them serves.
        record: how far totals were off in windows that have closed.
        spending: waits for what was `bought`.
    """
    states = population.states
    value = np.full(states.size, NONE, dtype=np.int64)
    value[(states == State.LEFT) | (states == State.LAPSED) | (states == State.ENDED_BY_US)] = 0
    known, total = spending(), None
    if (models := _models(population, known)) is not None:
        terms = population.spec.parameters.lifetime
        expected = worth(known.buyers, models.rate, models.spend, terms).value
        levelled, forecast = level(record), float(expected.sum())
        value[known.rows] = np.round(expected * levelled.factor).astype(np.int64)
        if forecast > 0:
            total = totals.total(forecast, spread(known.buyers, forecast, models, terms), levelled)
    active, worths = _under_contract(population, by_terms)
    value[active] = worths
    model = contract.BASE if by_terms is None else contract.CODE
    return Valued({"lifetime_value_minor": value}, known, active, total, record, model)


def bought(population: Population) -> Bought:
    """Fit the model of spend to customers scored by the purchase model who have not left."""
    rows, known = customers_of(population)
    fitted = gamma_gamma.fit(known.spend_count, known.mean_spend)
    return Bought(rows, known, fitted, choose(fitted, known.spend_count, known.mean_spend))


def _models(population: Population, known: Bought) -> Models | None:
    rate = population.snapshot.fitted
    if not isinstance(rate, Fit) or known.spend is None:
        return None
    return Models(rate, known.spend, population.snapshot.histories, known.buyers)


def _under_contract(
    population: Population, by_terms: Served | None
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Places of the customers whose contract is active, and what each is worth."""
    states, left = population.states, population.turnover.churn_rate
    active = np.flatnonzero(
        population.under_contract & ((states == State.ACTIVE) | (states == State.NOTICE_GIVEN))
    )
    q = np.full(states.size, np.nan if left is None else left)
    if by_terms is not None:
        q[by_terms.rows] = by_terms.q
    active = active[~np.isnan(q[active])]
    recent = population.facts["recent_spend_minor"][active]
    monthly = np.maximum(recent, 0) * (STEP_DAYS / RECENT_DAYS)
    expected = monthly * contract_factor(q[active], population.spec.parameters)
    return active, np.round(np.where(states[active] == State.ACTIVE, expected, 0)).astype(np.int64)


def contract_factor(q: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """What contracts are worth for each unit of monthly spend, by the probability to leave in a horizon."""
    terms = parameters.lifetime
    retention = (1 - q) ** (STEP_DAYS / parameters.horizon_days)
    discount = (1 + terms.yearly_discount) ** (STEP_DAYS / YEAR_DAYS) - 1
    return contractual.worth(terms.margin, retention, discount, periods(terms))


def periods(terms: Terms) -> int:
    """Months, of `STEP_DAYS` days, within the horizon; at least one."""
    return max(1, round(terms.horizon_days / STEP_DAYS))
