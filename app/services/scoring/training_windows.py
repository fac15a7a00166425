"""Customers as they were seen on a past day, and what they did in the days after it, from the store."""

import numpy as np

from app.domain.churn.inputs.snapshots import Plan, Window
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
    step = -(-customer_id.size // MAX_LEARNED_FROM)
    only = customer_id[::step] if step > 1 else None
    earlier, last = (
        window(tx, run_facts.population(tx, spec.on(day_of(opens)), only), closes)[1]
        for opens, closes in (
            (planned.earlier_day, planned.last_day),
            (planned.last_day, planned.as_of_day),
        )
    )
    return earlier, last
