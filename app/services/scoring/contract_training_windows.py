"""Customers under contract as they were known on a past day, and who of them was gone at the end of a window.

Terms are those that were known when the window opened; who has only terms that became known later is in no
window, and when that is too many, there is none to learn from (docs/decisions/0012-contract-terms.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sqlalchemy import Connection

from app.domain.churn.contractual.features import ContractSnapshot, attributes
from app.domain.churn.contractual.state import Contracts, State, states
from app.domain.churn.inputs.customer_facts import COLUMNS, Facts
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractWindow
from app.domain.common.access import Actor
from app.domain.common.days import day_number, day_of
from app.domain.scoring.parameters import NO_DAY, Parameters
from app.services.scoring import run_facts
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids

MAX_LEARNED_FROM = 100_000
"""Customers whose past is read to learn from and to compare on at most: the model uses no more."""

LEAST_KNOWN = 0.8
"""Share of the contracts active when a window opened whose terms must have been known then: the others are
those nobody has touched for long, and what holds for the rest need not hold for them."""

EVERYBODY = slice(None)

_DAYS = ("contract_started_day", "contract_ends_day", "contract_notice_day", "left_day")


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The two windows before a run's day; both None when their terms are not known."""

    earlier: ContractWindow | None
    last: ContractWindow | None
    terms_known: bool


def contracts_of(facts: Mapping[str, NDArray[Any]], rows: NDArray[Any] | slice = EVERYBODY) -> Contracts:
    """The contracts in columns of `scoring_facts`, or some rows of them."""
    started, ends, notice, left = (facts[name][rows] for name in _DAYS)
    return Contracts(started, ends, notice, left, facts["left_by_us"][rows])


def snapshot(facts: Columns, rows: NDArray[np.int64], as_of_day: int) -> ContractSnapshot:
    """How some customers under contract stood, from columns of `scoring_facts` for the day."""
    known = Facts(as_of_day, *(facts[name][rows] for name in COLUMNS))
    return ContractSnapshot(known, contracts_of(facts, rows), facts["refunds"][rows])


def past(tx: Connection, actor: Actor, facts: Columns, as_of: date, parameters: Parameters) -> Past | None:
    """Read the windows before a run's day; None, and nothing is read, when nobody is under contract.

    Args:
        tx: a transaction.
        actor: whose company it is.
        facts: columns of `scoring_facts` for the day.
        as_of: the day, on which the last window closes.
        parameters: of the run; each window is as long as the horizon.
    """
    ids = facts["customer_id"][facts["contract_started_day"] != NO_DAY]
    if not ids.size:
        return None
    ids = ids[:: -(-ids.size // MAX_LEARNED_FROM)]
    closes = day_number(as_of)
    opens, before = closes - parameters.horizon_days, closes - 2 * parameters.horizon_days
    then, earlier = (run_facts.whole(tx, actor, day_of(day), parameters, ids) for day in (opens, before))
    first = window(earlier, then, before, opens, parameters.grace_days)
    last = window(then, facts, opens, closes, parameters.grace_days)
    if first is None or last is None:
        return Past(None, None, terms_known=False)
    return Past(first, last, terms_known=True)


def window(then: Columns, after: Columns, opens: int, closes: int, grace_days: int) -> ContractWindow | None:
    """Say who of those under contract when a window opened was gone when it closed.

    Args:
        then: columns of `scoring_facts` for the day it opened.
        after: for the day after its last; who is not among them has left no trace.
        opens: its first day.
        closes: the day after its last.
        grace_days: days after the end of a contract before it has lapsed.

    Returns:
        The window; None when of too many it is not known what their contracts said.
    """
    active = then["contract_started_day"] != NO_DAY
    active &= states(contracts_of(then), opens, grace_days) == State.ACTIVE
    known = active & (then["contract_known_day"] != NO_DAY)
    if np.count_nonzero(known) < LEAST_KNOWN * np.count_nonzero(active):
        return None
    rows = np.flatnonzero(known)
    seen = snapshot(then, rows, opens)
    later = _aligned(after, then["customer_id"][rows])
    left = contract.outcome(seen.contracts, opens, closes, grace_days, later)
    return ContractWindow(attributes(seen), left, opens, closes, then["contract_known_day"][rows])


# --- inside


def _aligned(facts: Columns, ids: Ids) -> Contracts:
    """The contracts of these customers; none for who is not among the facts."""
    places, known = run_results.matched(facts["customer_id"], ids)
    found: Columns = {name: np.full(ids.size, NO_DAY) for name in _DAYS}
    found["left_by_us"] = np.zeros(ids.size, dtype=np.bool_)
    for name, column in found.items():
        column[known] = facts[name][places[known]]
    return contracts_of(found)
