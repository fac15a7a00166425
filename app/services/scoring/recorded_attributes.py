"""Named attributes of contracts that were recorded before a day, beside the customers that models look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.inputs.attributes import Documents, named
from app.domain.common.arrays import IntArray
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.population import Population
from app.store.scoring import contract_statements, run_results
from app.store.sql.numpy_io import Ids
from app.store.transactions import ReadTx

LEAST_KNOWN = 0.8
"""Share of the contracts of a window whose terms, or of whom attributes, must have been known when it opened:
the others are those nobody has touched for long, and what holds for the rest need not hold for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """Of n customers.

    Args:
        documents: named attributes; None where none are recorded.
        known_day: from when they were known; `NO_DAY` where there are none.
    """

    documents: Documents
    known_day: IntArray

    @property
    def are_known(self) -> bool:
        """Whether enough of the customers have any to learn from them."""
        has = np.count_nonzero(self.known_day != NO_DAY)
        return bool(has and has >= LEAST_KNOWN * self.known_day.size)

    def columns(self, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
        """As columns: all, or these."""
        return named(self.documents, names)


def read(tx: ReadTx, population: Population, ids: Ids) -> Recorded:
    """Read what was recorded of some customers under contract before the day of a population."""
    nothing = Recorded([None] * ids.size, np.full(ids.size, NO_DAY))
    facts = population.facts
    is_there = (facts["attributes_digest"] != 0) & (facts["contract_started_day"] != NO_DAY)
    if not ids.size or not is_there.any():
        return nothing
    said = contract_statements.read(
        tx, population.spec.as_of, facts["customer_id"][is_there], is_snapshot=False
    )
    places, known = run_results.matched(said.customer_id, ids)
    documents = [
        said.documents[place] or None if one else None
        for place, one in zip(places.tolist(), known.tolist(), strict=True)
    ]
    has = np.array([document is not None for document in documents])
    days = np.full(ids.size, NO_DAY)
    days[has] = said.known_day[places[has]]
    return Recorded(documents, days)
