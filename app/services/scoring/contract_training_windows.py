"""Customers under contract as they were known on a past day, and who of them was gone at the end of a window.

Terms are those that were known when the window opened; who has only terms that became known later is in no
window, and when that is too many, there is none to learn from (docs/decisions/0012-contract-terms.md).
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from app.domain.churn.contractual.features import attributes
from app.domain.churn.contractual.state import Contracts, State
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractWindow
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.population import CONTRACT_DAYS, Population, contracts_of
from app.services.scoring import run_facts
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx

MAX_LEARNED_FROM = 100_000
"""Customers whose past is read to learn from and to compare on at most: the model uses no more."""

LEAST_KNOWN = 0.8
"""Share of the contracts active when a window opened whose terms must have been known then: the others are
those nobody has touched for long, and what holds for the rest need not hold for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The two windows before a run's day; both None when their terms are not known."""

    earlier: ContractWindow | None
    last: ContractWindow | None
    terms_known: bool


def past(tx: ReadTx, population: Population) -> Past | None:
    """Read the windows before a run's day; None, and nothing is read, when nobody is under contract.

    Args:
        tx: a transaction.
        population: of the day, on which the last window closes; each window is as long as the horizon.
    """
    facts, spec = population.facts, population.spec
    ids = facts["customer_id"][facts["contract_started_day"] != NO_DAY]
    if not ids.size:
        return None
    ids = ids[:: -(-ids.size // MAX_LEARNED_FROM)]
    horizon = timedelta(days=spec.parameters.horizon_days)
    then, before = (run_facts.population(tx, spec.on(spec.as_of - times * horizon), ids) for times in (1, 2))
    earlier, last = window(before, then), window(then, population)
    if earlier is None or last is None:
        return Past(None, None, terms_known=False)
    return Past(earlier, last, terms_known=True)


def window(then: Population, after: Population) -> ContractWindow | None:
    """Say who of those under contract when a window opened was gone when it closed.

    Args:
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
    seen = then.contract_snapshot(rows)
    later = _aligned(after.facts, facts["customer_id"][rows])
    left = contract.outcome(seen.contracts, opens, closes, then.spec.parameters.grace_days, later)
    return ContractWindow(attributes(seen), left, opens, closes, facts["contract_known_day"][rows])


# --- inside


def _aligned(facts: Columns, ids: Ids) -> Contracts:
    """The contracts of these customers; none for who is not among the facts."""
    places, known = run_results.matched(facts["customer_id"], ids)
    found: Columns = {name: np.full(ids.size, NO_DAY) for name in CONTRACT_DAYS}
    found["left_by_us"] = np.zeros(ids.size, dtype=np.bool_)
    for name, column in found.items():
        column[known] = facts[name][places[known]]
    return contracts_of(found)
