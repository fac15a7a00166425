"""Lifetime values of windows that have closed: read, held against what came in, and kept with the contest."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import Histories
from app.domain.churn.contractual.state import State
from app.domain.common.days import day_of
from app.domain.lifetime_value import Buyers, totals
from app.domain.lifetime_value.level import UNTESTED, Basis, Closed, Name, Planned, Record, choose, plan
from app.domain.scoring.population import Population
from app.services.scoring import run_facts
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx, Row

MAX_READ = 100_000
"""Customers whose past is read at most, evenly chosen: how far a total was off is then known to a part of the
spread that levels have anyway."""

_ORDER = ("net_spend_minor", "purchase_days", "last_day", "first_day")
"""Facts that order customers, so that it does not depend on their ids who is chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Customers without a contract on the day a window opened, and what those who had not left spent in it.

    Args:
        window: which.
        histories: of all who had bought.
        buyers: of those who had not left.
        realised: net spend of these in the window, minor units.
    """

    window: Planned
    histories: Histories
    buyers: Buyers
    realised: int


def customers_of(population: Population) -> tuple[NDArray[np.intp], Buyers]:
    """Who is scored by the purchase model and has not left: places among the facts, and how lifetime value
    sees them. Amounts are net, and those of a purchase day, as are counts."""
    states = population.states[population.buyers]
    stay = (states != State.LEFT) & (states != State.LAPSED)
    rows, histories = np.flatnonzero(population.buyers)[stay], population.snapshot.histories
    days = population.facts["purchase_days"][rows].astype(np.float64)
    mean = np.maximum(population.facts["net_spend_minor"][rows], 0) / days
    return rows, Buyers(histories if stay.all() else histories.take(stay), days, mean)


def read(tx: ReadTx, population: Population) -> tuple[Seen, ...]:
    """Read the windows that a level may rest on; all have closed by the day of the run, or by the
    end of its sales where they have stopped.

    Args:
        tx: a transaction.
        population: of that day.
    """
    facts, spec = population.facts, population.spec
    bought = facts["purchase_days"] > 0
    if not bought.any():
        return ()
    rows = np.flatnonzero(bought)
    if rows.size > MAX_READ:
        ordered = np.lexsort([facts[name][rows] for name in _ORDER])
        rows = np.sort(rows[ordered[:: -(-rows.size // MAX_READ)]])
    only: Ids = facts["customer_id"][rows]
    by_day = {spec.as_of_day: population}

    def on(day: int) -> Population:
        if day not in by_day:
            by_day[day] = run_facts.purchases(tx, spec.on(day_of(day)), only)
        return by_day[day]

    first_day = int(facts["first_day"][bought].min())
    planned = plan(first_day, spec.sales_end_day, spec.parameters.lifetime.horizon_days)
    return tuple(_seen(window, on(window.opens_day), on(window.closes_day)) for window in planned)


def _seen(window: Planned, then: Population, after: Population) -> Seen:
    rows, buyers = customers_of(then)
    net = spent(then.facts, after.facts, rows, "net_spend_minor")
    return Seen(window, then.snapshot.histories, buyers, int(net.sum()))


def spent(then: Columns, after: Columns, rows: NDArray[np.intp], name: str) -> NDArray[np.int64]:
    """What some customers spent between two days, by a column of sums over all time."""
    places, known = run_results.matched(after["customer_id"], then["customer_id"][rows])
    grown: NDArray[np.int64] = np.where(known, after[name][places] - then[name][rows], 0)
    return grown


def measure(seen: tuple[Seen, ...]) -> Row:
    """Hold the forecasts of the windows against what came in; the record as it is kept. Pure."""
    tested = (totals.measure(one.window, one.histories, one.buyers, one.realised) for one in seen)
    return to_row(choose([one for one in tested if one is not None]))


def to_row(record: Record) -> Row:
    """The record as it is kept."""
    return {
        "basis": record.basis.value,
        "windows": [
            {
                "name": one.window.name.value,
                "opens_day": one.window.opens_day,
                "days": one.window.days,
                "forecast": one.forecast,
                "realised": one.realised,
                "variance": one.variance,
            }
            for one in record.windows
        ],
    }


def from_row(row: Row | None) -> Record:
    """What `to_row` gave; an empty one for contests that measured nothing."""
    if row is None:
        return UNTESTED
    windows = (
        Closed(
            Planned(Name(one["name"]), one["opens_day"], one["days"]),
            one["forecast"],
            one["realised"],
            one["variance"],
        )
        for one in row["windows"]
    )
    return Record(Basis(row["basis"]), tuple(windows))
