"""Windows of the past that models learn from: how customers stood on a day, and what they did after it."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from app.domain.churn.contractual.features import attributes
from app.domain.churn.contractual.state import Contracts, State
from app.domain.churn.inputs.attributes import NAMED
from app.domain.churn.inputs.snapshots import NO_WINDOWS, Closed, Window, plan, same_season
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractWindow
from app.domain.common.arrays import IntArray
from app.domain.common.days import day_of
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.population import CONTRACT_DAYS, Population, contracts_of
from app.domain.scoring.run_spec import RunSpec
from app.services.scoring import recorded_attributes, run_facts
from app.services.scoring.recorded_attributes import LEAST_KNOWN
from app.store.scoring import customer_facts, run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx

MAX_BUYERS, MAX_CONTRACTS = 200_000, 100_000
"""Customers whose past is read to learn from and to compare on at most: the models use no more, and the past
takes as long to read as the present."""


def purchase_window(tx: ReadTx, population: Population, closes_day: int) -> tuple[Ids, Window]:
    """Tell who of the buyers of a day bought before ``closes_day`` began.

    Nothing that occurred later is read. The customers are aligned with the window.
    """
    spec, customer_id = population.spec, population.facts["customer_id"][population.buyers]
    end = spec.company.start_of(day_of(closes_day))
    bought = customer_facts.buyers(tx, spec.parameters, spec.bounds.end, end)
    silent = ~np.isin(customer_id, bought, assume_unique=True)
    return customer_id, Window(population.snapshot, silent, closes_day - spec.as_of_day)


def purchase_windows(tx: ReadTx, spec: RunSpec, customer_id: Ids, first_day: IntArray) -> Closed:
    """Read the windows that had closed by a run's day, or by the end of its sales.

    Args:
        tx: a transaction.
        spec: of the run.
        customer_id: who has bought, ascending; of very many, `MAX_BUYERS` are read, evenly chosen.
        first_day: of their purchases, aligned.
    """
    if not first_day.size:
        return NO_WINDOWS
    first, day, horizon = int(first_day.min()), spec.sales_end_day, spec.parameters.horizon_days
    planned = plan(first, day, horizon)
    if planned is None:
        return NO_WINDOWS
    step = -(-customer_id.size // MAX_BUYERS)
    only = customer_id[::step] if step > 1 else None

    def read(opens: int, closes: int) -> Window:
        then = run_facts.population(tx, spec.on(day_of(opens)), only)
        return purchase_window(tx, then, closes)[1]

    seasons = (same_season(first, day, horizon, years) for years in (1, 2))
    return Closed(
        read(planned.earlier_day, planned.last_day),
        read(planned.last_day, day),
        *(None if season is None else read(season[0], sum(season)) for season in seasons),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The two windows before a run's day; both None when their terms are not known."""

    earlier: ContractWindow | None
    last: ContractWindow | None
    terms_known: bool


def contract_windows(tx: ReadTx, population: Population) -> Past | None:
    """Read the windows before a run's day; None, and nothing is read, when nobody is under contract.

    Args:
        tx: a transaction.
        population: of the day, on which the last window closes; each window is as long as the horizon.
    """
    facts, spec = population.facts, population.spec
    ids = facts["customer_id"][facts["contract_started_day"] != NO_DAY]
    if not ids.size:
        return None
    ids = ids[:: -(-ids.size // MAX_CONTRACTS)]
    horizon = timedelta(days=spec.parameters.horizon_days)
    then, before = (run_facts.population(tx, spec.on(spec.as_of - times * horizon), ids) for times in (1, 2))
    earlier, last = contract_window(tx, before, then), contract_window(tx, then, population)
    if earlier is None or last is None:
        return Past(None, None, terms_known=False)
    if earlier.recorded_day is None or last.recorded_day is None:  # what is tested is what serves
        earlier, last = without_recorded(earlier), without_recorded(last)
    return Past(earlier, last, terms_known=True)


def without_recorded(window: ContractWindow) -> ContractWindow:
    """A window whose attributes are features alone."""
    own = {name: column for name, column in window.attributes.items() if not name.startswith(NAMED)}
    return replace(window, attributes=own, recorded_day=None)


def contract_window(tx: ReadTx, then: Population, after: Population) -> ContractWindow | None:
    """Say who of those under contract when a window opened was gone when it closed.

    Terms are those that were known when it opened; customers whose terms became known later are not in it,
    and when they are too many, there is nothing to learn from (docs/decisions/0012-contract-terms.md).
    Attributes are those that were recorded before it opened; where of too many customers there are none,
    they are left out.

    Args:
        tx: a transaction.
        then: of the day it opened.
        after: of the day after its last; who is not among them has left no trace.

    Returns:
        The window; None when of too many it is not known what their contracts said.
    """
    opens, closes, facts = then.spec.as_of_day, after.spec.as_of_day, then.facts
    active = then.states == State.ACTIVE
    known = active & (facts["contract_known_day"] != NO_DAY)
    if np.count_nonzero(known) < LEAST_KNOWN * np.count_nonzero(active):
        return None
    rows = np.flatnonzero(known)
    recorded = recorded_attributes.read(tx, then, facts["customer_id"][rows])
    seen = then.contract_snapshot(rows, recorded.columns() if recorded.are_known else None)
    later = _aligned(after.facts, facts["customer_id"][rows])
    left = contract.outcome(seen.contracts, opens, closes, then.spec.parameters.grace_days, later)
    recorded_day = recorded.known_day if recorded.are_known else None
    known_day = facts["contract_known_day"][rows]
    return ContractWindow(attributes(seen), left, opens, closes, known_day, recorded_day)


# --- inside


def _aligned(facts: Columns, ids: Ids) -> Contracts:
    """The contracts of these customers; none for who is not among the facts."""
    places, known = run_results.matched(facts["customer_id"], ids)
    found: Columns = {name: np.full(ids.size, NO_DAY) for name in CONTRACT_DAYS}
    found["left_by_us"] = np.zeros(ids.size, dtype=np.bool_)
    for name, column in found.items():
        column[known] = facts[name][places[known]]
    return contracts_of(found)
