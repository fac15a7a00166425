"""Lifetime values of a run as they are stored and shown."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import LEVELS, Fit
from app.domain.churn.notes import SALES_STOPPED
from app.domain.common import money
from app.domain.common.days import day_of
from app.domain.customers.customers import ChurnLevel
from app.domain.lifetime_value import gamma_gamma
from app.domain.lifetime_value.level import Closed, Record
from app.domain.lifetime_value.limits import Limit, limits
from app.domain.lifetime_value.spend import Kind, OnePrice, OwnMean, Spend, kind_of
from app.domain.lifetime_value.totals import Total
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.population import Population
from app.domain.scoring.score_columns import NONE
from app.domain.value.tier_stability import second_view
from app.domain.value.value_tiers import TIER_NAMES, assign, rank
from app.services.scoring.lifetime.values import VERSION, Valued
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.transactions import Row

Mask = NDArray[np.bool_]

TOP = 50


def report(population: Population, tiers: Columns, levels: Columns, found: Valued) -> Row:
    """Report what customers will be worth.

    Args:
        population: the customers on the day of the run.
        tiers: aligned, ``tier`` ("" for none).
        levels: aligned, ``churn_level`` and ``dormant`` (`app.services.scoring.churn`).
        found: what they are worth.
    """
    parameters, value = population.spec.parameters, found.columns["lifetime_value_minor"]
    has_model = isinstance(population.snapshot.fitted, Fit) and found.known.spend is not None
    sums = _Sums(value, parameters.currency, has_model or not found.known.rows.size)
    n = int(np.count_nonzero(value != NONE))
    is_left = levels["churn_level"] == LEVELS.index(ChurnLevel.LEFT)
    return {
        "method": "lifetime_value",
        "version": VERSION,
        "n": n,
        "total": sums.of(slice(None))["value"] if n else None,
        "net_of_refunds": True,
        **_certainty(found.total, found.record, parameters.currency),
        "limits": _limits(population, found),
        "of_active": sums.of(~is_left & ~levels["dormant"]),
        "of_dormant": sums.of(levels["dormant"]),
        "of_left": sums.of(is_left),
        "tiers": [{"tier": tier, **sums.of(tiers["tier"] == tier)} for tier in TIER_NAMES],
        "purchases": {
            **sums.of(found.known.rows),
            "interval": _interval(found, value, parameters.currency),
            "spend_model": spend_row(found.known.fitted, found.known.spend),
        },
        "contracts": {
            **_Sums(value, parameters.currency, is_known=True).of(found.under_contract),
            "model": found.contract_model,
            "churn_rate": population.turnover.churn_rate,
            "horizon_days": parameters.horizon_days,
        },
        "second_view": _second_view(value, tiers["tier"], parameters),
        "top": _top(population, value),
    }


# --- the model of spend


def spend_row(fitted: gamma_gamma.Fit | gamma_gamma.NoFit, spend: Spend | None) -> Row:
    """The model of spend, or why there is none."""
    names = ("p", "q", "gamma", "log_likelihood", "n", "excluded", "converged", "correlation")
    row: Row = {
        "kind": None if spend is None else kind_of(spend).value,
        "price": spend.price if isinstance(spend, OnePrice) else None,
        "log_variance": spend.log_variance if isinstance(spend, OwnMean) else None,
    }
    if isinstance(fitted, gamma_gamma.NoFit):
        empty = dict.fromkeys(names) | {"n": fitted.n, "excluded": 0}
        return {**row, "no_fit": fitted.reason.value, "warnings": [], **empty}
    known = asdict(fitted)
    return {**row, "no_fit": None, "warnings": list(fitted.warnings), **{name: known[name] for name in names}}


def spend_of(row: Mapping[str, Any]) -> Spend | None:
    """The model that `spend_row` described."""
    if row["kind"] == Kind.GAMMA_GAMMA:
        return gamma_gamma.Parameters(row["p"], row["q"], row["gamma"])
    if row["kind"] == Kind.ONE_PRICE:
        return OnePrice(row["price"])
    return OwnMean(row["log_variance"]) if row["kind"] == Kind.OWN_MEAN else None


# --- how sure it is


def _limits(population: Population, found: Valued) -> list[str]:
    """What has to be borne in mind of customers without a contract; of nobody, that there are too few."""
    if not found.known.rows.size:
        return [] if np.any(found.columns["lifetime_value_minor"] != NONE) else [Limit.TOO_FEW_CUSTOMERS]
    known = limits(population.snapshot.fitted, found.known.spend, found.record.basis)
    return [*known, *([SALES_STOPPED] if population.spec.feed.has_stopped else [])]


def _certainty(total: Total | None, record: Record, currency: str) -> Row:
    """The level, the windows it rests on, and what an interval comes from."""
    return {
        "level": None if total is None else total.level,
        "basis": record.basis.value,
        "windows": [window_row(one, currency) for one in record.windows],
        "parts": None if total is None else asdict(total.parts),
    }


def window_row(tested: Closed, currency: str) -> Row:
    """A window that has closed, as it is shown."""
    return {
        "name": tested.window.name.value,
        "opened": day_of(tested.window.opens_day).isoformat(),
        "days": tested.window.days,
        "told": money.to_wire(round(tested.forecast), currency),
        "realised": money.to_wire(round(tested.realised), currency),
        "error": tested.error,
    }


def _interval(found: Valued, value: NDArray[np.int64], currency: str) -> Row | None:
    """The interval; customers' values are rounded one by one, and their sum stays inside."""
    if found.total is None:
        return None
    own, ends = int(value[found.known.rows].sum()), found.total.interval
    low, high = min(round(ends.low), own), max(round(ends.high), own)
    return {"low": money.to_wire(low, currency), "high": money.to_wire(high, currency)}


# --- sums


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums of values; without a model of purchases (not ``is_known``) there is no sum, rather than 0."""

    value: NDArray[np.int64]
    currency: str
    is_known: bool

    def of(self, chosen: NDArray[Any] | slice) -> Row:
        """The customers with a value among those chosen, and its sum."""
        amounts = self.value[chosen]
        amounts = amounts[amounts != NONE]
        total = money.to_wire(int(amounts.sum()), self.currency)
        return {"customers": int(amounts.size), "value": total if self.is_known else None}


def _top(population: Population, value: NDArray[np.int64]) -> list[Row]:
    """Those who will be worth most, most first."""
    count, currency = min(TOP, value.size), population.spec.parameters.currency
    best = np.argpartition(-value, count - 1)[:count] if count else np.empty(0, dtype=np.intp)
    best = best[value[best] > 0]
    best = best[np.lexsort((best, -value[best]))]
    ids = numpy_io.raw_ids(population.facts["customer_id"][best])
    return [
        {"id": str(customer_id), "value": money.to_wire(int(value[place]), currency)}
        for place, customer_id in zip(best, ids, strict=True)
    ]


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
