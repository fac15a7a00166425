"""Lifetime value in a scoring run: what customers will still be worth, and its report."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import Fit, Histories
from app.domain.churn.contractual.state import State
from app.domain.churn.evaluation.bootstrap import Interval
from app.domain.churn.inputs.customer_facts import RECENT_DAYS
from app.domain.churn.models import contract
from app.domain.common import money
from app.domain.lifetime_value import Buyers, contractual, gamma_gamma, total_interval, worth
from app.domain.lifetime_value.forecast import STEP_DAYS, YEAR_DAYS, Terms
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.population import Population
from app.domain.scoring.score_columns import NONE
from app.domain.value.tier_stability import second_view
from app.domain.value.value_tiers import TIER_NAMES, assign, rank
from app.services.scoring.contract_model_selection import Served
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns

Row = dict[str, Any]
Mask = NDArray[np.bool_]

VERSION = 2
"""Raised when the same facts give another value."""
TOP = 50


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """``lifetime_value_minor`` by customer, aligned with the facts, `NONE` for nothing; and the report."""

    columns: Columns
    report: Row


@dataclass(frozen=True, slots=True, eq=False)
class Bought:
    """Customers scored by the purchase model (places among the facts), and the model of their spend."""

    rows: NDArray[np.intp]
    buyers: Buyers
    spend: gamma_gamma.Fit | gamma_gamma.NoFit


def compute(
    population: Population, tiers: Columns, by_terms: Served | None, spending: Callable[[], Bought]
) -> Result:
    """Compute what customers will be worth.

    Args:
        population: the customers on the day of the run.
        tiers: aligned, ``tier`` ("" for none).
        by_terms: the probabilities of contracts, where the learned model of them serves.
        spending: waits for what was `bought`.
    """
    facts, parameters = population.facts, population.spec.parameters
    states, fitted, left = population.states, population.snapshot.fitted, population.turnover.churn_rate
    value = np.full(states.size, NONE, dtype=np.int64)
    value[_gone(states) | (states == State.ENDED_BY_US)] = 0
    known = spending()
    rows, customers, spend = known.rows, known.buyers, known.spend
    interval = None
    if isinstance(fitted, Fit) and isinstance(spend, gamma_gamma.Fit):
        expected = worth(customers, fitted, spend, parameters.lifetime).value
        value[rows] = np.round(expected).astype(np.int64)
        interval = total_interval(customers, float(expected.sum()), fitted, spend, parameters.lifetime)
    active = np.flatnonzero(
        population.under_contract & ((states == State.ACTIVE) | (states == State.NOTICE_GIVEN))
    )
    q = np.full(states.size, np.nan if left is None else left)
    if by_terms is not None:
        q[by_terms.rows] = by_terms.q
    active = active[~np.isnan(q[active])]
    monthly = np.maximum(facts["recent_spend_minor"][active], 0) * (STEP_DAYS / RECENT_DAYS)
    expected = monthly * contract_factor(q[active], parameters)
    value[active] = np.round(np.where(states[active] == State.ACTIVE, expected, 0)).astype(np.int64)
    columns: Columns = {"lifetime_value_minor": value}
    report = _report(population, value, rows, active, tiers)
    report["purchases"] |= {"interval": _interval_row(interval, parameters), "spend_model": spend_row(spend)}
    model = contract.BASE if by_terms is None else contract.CODE
    report["contracts"] |= {"model": model, "churn_rate": left, "horizon_days": parameters.horizon_days}
    return Result(columns, report)


def bought(population: Population) -> Bought:
    """Fit the model of spend to customers scored by the purchase model who have not left."""
    stay = ~_gone(population.states[population.buyers])
    rows, histories = np.flatnonzero(population.buyers)[stay], population.snapshot.histories
    known = _buyers(population.facts, rows, histories if stay.all() else histories.take(stay))
    return Bought(rows, known, gamma_gamma.fit(known.spend_count, known.mean_spend))


def _gone(states: NDArray[np.int8]) -> Mask:
    gone: Mask = (states == State.LEFT) | (states == State.LAPSED)
    return gone


def _buyers(facts: Columns, rows: NDArray[np.intp], histories: Histories) -> Buyers:
    """Some customers as lifetime value sees them: amounts are those of a purchase day, as are counts."""
    days = facts["purchase_days"][rows].astype(np.float64)
    spent = np.maximum(facts["spend_minor"][rows], 0)
    mean = np.divide(spent, days, out=np.zeros(days.shape), where=days > 0)
    return Buyers(histories, days, mean)


def contract_factor(q: NDArray[np.float64], parameters: Parameters) -> NDArray[np.float64]:
    """What contracts are worth for each unit of monthly spend, by the probability to leave in a horizon."""
    terms = parameters.lifetime
    retention = (1 - q) ** (STEP_DAYS / parameters.horizon_days)
    discount = (1 + terms.yearly_discount) ** (STEP_DAYS / YEAR_DAYS) - 1
    return contractual.worth(terms.margin, retention, discount, periods(terms))


def periods(terms: Terms) -> int:
    """Months, of `STEP_DAYS` days, within the horizon; at least one."""
    return max(1, round(terms.horizon_days / STEP_DAYS))


def spend_row(fitted: gamma_gamma.Fit | gamma_gamma.NoFit) -> Row:
    """The model of spend, or why there is none."""
    names = ("p", "q", "gamma", "log_likelihood", "n", "excluded", "converged", "correlation")
    if isinstance(fitted, gamma_gamma.NoFit):
        empty = dict.fromkeys(names) | {"n": fitted.n, "excluded": 0}
        return {"no_fit": fitted.reason.value, "warnings": [], **empty}
    row = asdict(fitted)
    return {"no_fit": None, "warnings": list(fitted.warnings), **{name: row[name] for name in names}}


# --- the report


def _report(
    population: Population,
    value: NDArray[np.int64],
    rows: NDArray[np.intp],
    active: NDArray[np.intp],
    tiers: Columns,
) -> Row:
    facts, parameters = population.facts, population.spec.parameters
    known, best = value != NONE, _greatest(value)

    def wire(minor: int) -> Row:
        return money.to_wire(minor, parameters.currency)

    def total(chosen: Any) -> Row:
        amounts = value[chosen]
        amounts = amounts[amounts != NONE]
        return {"customers": int(amounts.size), "value": wire(int(amounts.sum()))}

    return {
        "method": "lifetime_value",
        "version": VERSION,
        "n": int(np.count_nonzero(known)),
        "total": wire(int(value[known].sum())),
        "tiers": [{"tier": tier, **total(tiers["tier"] == tier)} for tier in TIER_NAMES],
        "purchases": total(rows),
        "contracts": total(active),
        "second_view": _second_view(value, tiers["tier"], parameters),
        "top": [
            {"id": str(customer_id), "value": wire(int(value[place]))}
            for place, customer_id in zip(best, numpy_io.raw_ids(facts["customer_id"][best]), strict=True)
        ],
    }


def _greatest(value: NDArray[np.int64]) -> NDArray[np.intp]:
    count = min(TOP, value.size)
    best = np.argpartition(-value, count - 1)[:count] if count else np.empty(0, dtype=np.intp)
    best = best[value[best] > 0]
    return best[np.lexsort((best, -value[best]))]


def _second_view(value: NDArray[np.int64], tier: NDArray[Any], parameters: Parameters) -> Row:
    """Tiers by the past against tiers by the future, among customers who have both."""
    both = (value != NONE) & (tier != "")
    found = second_view(tier[both], assign(rank(value[both]), parameters.cuts))
    return {
        "moves": [
            {"by_value": TIER_NAMES[row], "by_lifetime_value": TIER_NAMES[column], "customers": count}
            for row, counts in enumerate(found.counts)
            for column, count in enumerate(counts)
        ],
        "same_share": found.same_share,
        "rising": found.rising,
        "fading": found.fading,
    }


def _interval_row(interval: Interval | None, parameters: Parameters) -> Row | None:
    if interval is None:
        return None
    ends = (round(interval.low), round(interval.high))
    low, high = (money.to_wire(end, parameters.currency) for end in ends)
    return {"low": low, "high": high}
