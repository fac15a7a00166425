"""Backtests of lifetime value: what a run on a past day would have said, and what then came in."""

from dataclasses import asdict, dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import Histories, mbg_nbd
from app.domain.common import money
from app.domain.common.arrays import BoolArray, FloatArray
from app.domain.lifetime_value import Buyers, Terms, interval, spend, totals, worth
from app.domain.lifetime_value.level import Level, level
from app.domain.lifetime_value.limits import limits
from app.domain.lifetime_value.uncertainty import Models, spread
from app.domain.scoring.population import Population
from app.domain.value.value_tiers import TIER_NAMES, Cuts, assign
from app.services.scoring import run_facts
from app.services.scoring.lifetime import windows as closed
from app.services.scoring.lifetime.reports import window_row
from app.services.scoring.lifetime.windows import Seen, customers_of, spent
from app.store.transactions import ReadTx, Row

MAX_CHECKED = 2_000
"""Customers whose own intervals are drawn, evenly chosen: enough for a share to one percent."""

CHUNK = 250


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Customers without a contract on a past day, and what those who had not left then spent.

    Args:
        windows: those that had closed by the day.
        histories: of all who had bought.
        buyers: of those who had not left; the rest is aligned with them.
        tier: by what they were worth on the day.
        net: what they spent in the horizon, minor units, refunds taken off.
        gross: the same, refunds not taken off.
        horizon_days: how far ahead.
        currency: of the amounts.
    """

    windows: tuple[Seen, ...]
    histories: Histories
    buyers: Buyers
    tier: NDArray[np.str_]
    net: NDArray[np.int64]
    gross: NDArray[np.int64]
    horizon_days: int
    currency: str


def read(tx: ReadTx, population: Population, cuts: Cuts) -> Outcome:
    """Read what was known on a past day, and what customers then spent.

    Args:
        tx: a transaction.
        population: of the day.
        cuts: of the tiers that customers are grouped by.
    """
    spec, parameters = population.spec, population.spec.parameters
    rows, buyers = customers_of(population)
    horizon = parameters.lifetime.horizon_days
    closes = spec.on(spec.as_of + timedelta(days=horizon))
    after = run_facts.purchases(tx, closes, population.facts["customer_id"][rows])
    net, gross = (
        spent(population.facts, after.facts, rows, name) for name in ("net_spend_minor", "spend_minor")
    )
    tier = np.full(population.buyers.size, "", dtype="<U1")
    tier[population.buyers] = assign(population.snapshot.value_minor, cuts)
    return Outcome(
        closed.read(tx, population),
        population.snapshot.histories,
        buyers,
        tier[rows],
        net,
        gross,
        horizon,
        parameters.currency,
    )


def compute(given: Outcome) -> Row:
    """Apply the rules; the part of a backtest's result that is about lifetime value. Pure."""
    record = closed.from_row(closed.measure(given.windows))
    levelled, terms = level(record), Terms(given.horizon_days)
    models = totals.models_of(given.histories, given.buyers)
    values = None if models is None else worth(given.buyers, models.rate, models.spend, terms).value
    everybody = np.ones(given.net.size, dtype=np.bool_)
    checked, inside = (0, None) if models is None else _own_intervals(given, models, terms, levelled)
    rate = mbg_nbd.fit(given.histories) if models is None else models.rate
    serving = None if models is None else models.spend
    return {
        **_total(given, everybody, values, models, levelled),
        "tiers": [
            {"tier": tier, **_total(given, given.tier == tier, values, models, levelled)}
            for tier in TIER_NAMES
        ],
        "basis": record.basis.value,
        "windows": [window_row(one, given.currency) for one in record.windows],
        "spend_model": None if serving is None else {"kind": spend.kind_of(serving).value},
        "limits": [limit.value for limit in limits(rate, serving, record.basis)],
        "checked": checked,
        "inside_share": inside,
    }


def _total(
    given: Outcome, mine: BoolArray, values: FloatArray | None, models: Models | None, levelled: Level
) -> Row:
    """The total of some customers as it would have been published, and what they spent."""
    rows = np.flatnonzero(mine)
    net, gross = int(given.net[rows].sum()), int(given.gross[rows].sum())
    row: Row = {
        "customers": int(rows.size),
        "realised": money.to_wire(net, given.currency),
        "realised_gross": money.to_wire(gross, given.currency),
        **dict.fromkeys(("forecast", "level", "total", "interval", "covered", "parts")),
    }
    if models is None or values is None:
        return row
    forecast = float(values[rows].sum())
    row |= {"forecast": money.to_wire(round(forecast), given.currency), "level": levelled.factor}
    row["total"] = money.to_wire(round(forecast * levelled.factor), given.currency)
    if forecast <= 0:
        return row
    some = given.buyers.take(rows)
    found = totals.total(forecast, spread(some, forecast, models, Terms(given.horizon_days)), levelled)
    low, high = round(found.interval.low), round(found.interval.high)
    ends = {"low": money.to_wire(low, given.currency), "high": money.to_wire(high, given.currency)}
    return {**row, "interval": ends, "covered": low <= net <= high, "parts": asdict(found.parts)}


def _own_intervals(given: Outcome, models: Models, terms: Terms, levelled: Level) -> tuple[int, float | None]:
    """Of how many customers the own interval was drawn, and the share of those whose spend lay in it."""
    by_net = np.argsort(given.net, kind="stable")
    rows = by_net[given.buyers.take(by_net).order()][:: max(1, -(-given.net.size // MAX_CHECKED))]
    inside = 0
    for start in range(0, rows.size, CHUNK):
        part = rows[start : start + CHUNK]
        found = interval(given.buyers.take(part), models.rate, models.spend, terms)
        for between, net in zip(found, given.net[part].tolist(), strict=True):
            low, high = (round(end * levelled.factor) for end in (between.low, between.high))
            inside += low <= net <= high
    return int(rows.size), inside / rows.size if rows.size else None
