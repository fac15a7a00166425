"""Customers as they were seen on a past day, and what they did in the days after it, from the store."""

from typing import NamedTuple

import numpy as np

from sqlalchemy import Connection

from app.domain.churn.inputs.snapshots import Plan, Snapshot, Window
from app.domain.common.access import Actor
from app.domain.common.days import day_of
from app.domain.scoring.parameters import Parameters
from app.services.scoring import churn, run_facts
from app.store.scoring import customer_facts as stored
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids

MAX_LEARNED_FROM = 200_000
"""Customers whose past is read to learn from and to compare on at most: the models use no more, and the past
takes as long to read as the present."""


class Population(NamedTuple):
    """Customers scored by the purchase model, ascending, and their snapshot."""

    customer_id: Ids
    snapshot: Snapshot


def purchase_population(facts: Columns, as_of_day: int, parameters: Parameters) -> Population:
    """Return which customers in ``facts`` (columns of `run_facts`) the purchase model scores."""
    _, _, buyers = churn.populations(facts, as_of_day, parameters)
    return Population(facts["customer_id"][buyers], churn.snapshot(facts, buyers, as_of_day))


def window(
    tx: Connection,
    actor: Actor,
    opens_day: int,
    closes_day: int,
    parameters: Parameters,
    only: Ids | None = None,
) -> tuple[Ids, Window]:
    """See the customers at the start of ``opens_day``, and who of them bought before ``closes_day`` began.

    Nothing that occurred later is read. The customers, all or some of ``only``, are aligned with the window.
    """
    facts = run_facts.whole(tx, actor, day_of(opens_day), parameters, only)
    return window_of(tx, actor, facts, opens_day, closes_day, parameters)


def window_of(
    tx: Connection, actor: Actor, facts: Columns, opens_day: int, closes_day: int, parameters: Parameters
) -> tuple[Ids, Window]:
    """`window` where the facts of ``opens_day``, columns of `scoring_facts`, have been read already."""
    customer_id, snapshot = purchase_population(facts, opens_day, parameters)
    start, end = (actor.company.start_of(day_of(day)) for day in (opens_day, closes_day))
    silent = ~np.isin(customer_id, stored.buyers(tx, parameters, start, end), assume_unique=True)
    return customer_id, Window(snapshot, silent, closes_day - opens_day)


def pair(
    tx: Connection, actor: Actor, planned: Plan | None, parameters: Parameters, customer_id: Ids
) -> tuple[Window | None, Window | None]:
    """The earlier and the last window of a plan; twice None without one.

    Args:
        tx: a transaction.
        actor: whose company it is.
        planned: the plan.
        parameters: of the run.
        customer_id: who has bought, ascending; of very many, `MAX_LEARNED_FROM` are read, evenly chosen.
    """
    if planned is None:
        return None, None
    step = -(-customer_id.size // MAX_LEARNED_FROM)
    only = customer_id[::step] if step > 1 else None
    _, earlier = window(tx, actor, planned.earlier_day, planned.last_day, parameters, only)
    _, last = window(tx, actor, planned.last_day, planned.as_of_day, parameters, only)
    return earlier, last
