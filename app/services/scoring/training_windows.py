"""Customers as they were seen on a past day, and what they did in the days after it, from the store."""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.inputs.snapshots import Plan, Window, plan, same_season
from app.domain.common.days import day_of
from app.domain.scoring.population import Population
from app.domain.scoring.run_spec import RunSpec
from app.services.scoring import run_facts
from app.store.scoring import customer_facts
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx

MAX_LEARNED_FROM = 200_000
"""Customers whose past is read to learn from and to compare on at most: the models use no more, and the past
takes as long to read as the present."""


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """The windows that had closed by a run's day; None for each that the past is too short for.

    Args:
        earlier: the window before ``last``.
        last: the one that closed on the day.
        same_season: the one a year before the horizon.
    """

    earlier: Window | None = None
    last: Window | None = None
    same_season: Window | None = None


NO_WINDOWS = Closed()


def closed(tx: ReadTx, spec: RunSpec, first_day: int | None, customer_id: Ids) -> Closed:
    """Read the windows that had closed by the day of a run, or by the end of its sales.

    Args:
        tx: a transaction.
        spec: of the run.
        first_day: of the company's first purchase; None without any.
        customer_id: who has bought, ascending; see `pair`.
    """
    if first_day is None:
        return NO_WINDOWS
    day, horizon = spec.sales_end_day, spec.parameters.horizon_days
    earlier, last = pair(tx, spec, plan(first_day, day, horizon), customer_id)
    season = same_season(first_day, day, horizon)
    if season is None:
        return Closed(earlier, last)
    opens, days = season
    then = run_facts.population(tx, spec.on(day_of(opens)), _some(customer_id))
    return Closed(earlier, last, window(tx, then, opens + days)[1])


def _some(customer_id: Ids) -> Ids | None:
    """Those whose past is read: of very many some, evenly chosen; None for all."""
    step = -(-customer_id.size // MAX_LEARNED_FROM)
    return customer_id[::step] if step > 1 else None


def window(tx: ReadTx, population: Population, closes_day: int) -> tuple[Ids, Window]:
    """Tell who of the buyers of a day bought before ``closes_day`` began.

    Nothing that occurred later is read. The customers are aligned with the window.
    """
    spec, customer_id = population.spec, population.facts["customer_id"][population.buyers]
    end = spec.company.start_of(day_of(closes_day))
    bought = customer_facts.buyers(tx, spec.parameters, spec.bounds.end, end)
    silent = ~np.isin(customer_id, bought, assume_unique=True)
    return customer_id, Window(population.snapshot, silent, closes_day - spec.as_of_day)


def pair(
    tx: ReadTx, spec: RunSpec, planned: Plan | None, customer_id: Ids
) -> tuple[Window | None, Window | None]:
    """The earlier and the last window of a plan; twice None without one.

    Args:
        tx: a transaction.
        spec: of the run.
        planned: the plan.
        customer_id: who has bought, ascending; of very many, `MAX_LEARNED_FROM` are read, evenly chosen.
    """
    if planned is None:
        return None, None
    only = _some(customer_id)
    earlier, last = (
        window(tx, run_facts.population(tx, spec.on(day_of(opens)), only), closes)[1]
        for opens, closes in (
            (planned.earlier_day, planned.last_day),
            (planned.last_day, planned.as_of_day),
        )
    )
    return earlier, last
