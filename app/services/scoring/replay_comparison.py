"""The columns of a run beside those of its replay: who differs, and in what."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn import NO_DAY
from app.domain.scoring.replays import LateKind
from app.domain.scoring.score_columns import FACTS, ScoreColumn, blank, equal, groups
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids

Mask = NDArray[np.bool_]

_CONTRACT = ("contract_started_day", "contract_ends_day", "contract_notice_day", "contract_known_day")


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """The columns that both have, for the customers of both, ascending; and who is in one only."""

    customer_id: Ids
    before: Columns
    after: Columns
    gone: Ids
    come: Ids

    def differs(self, names: Collection[str]) -> Mask:
        """Which of the customers of both differ in one of these columns."""
        found = np.zeros(self.customer_id.size, dtype=np.bool_)
        for name in names:
            if name in self.before:
                found |= ~equal(self.before[name], self.after[name])
        return found

    def groups(self) -> Iterator[tuple[str, list[str]]]:
        """Return the columns that are there, by the name they are reported under."""
        for group, names in groups().items():
            if there := [name for name in names if name in self.before]:
                yield group, there


def align(before: Columns, after: Columns, as_of_day: int) -> Aligned:
    """Put both side by side, as they were known to be at the start of ``as_of_day``."""
    before, after = (_as_known(columns, as_of_day) for columns in (before, after))
    places, both = run_results.matched(after["customer_id"], before["customer_id"])
    rows = places[both]
    names = [name for name in after if name in before and name != "customer_id"]
    is_old = np.zeros(after["customer_id"].size, dtype=np.bool_)
    is_old[rows] = True
    return Aligned(
        before["customer_id"][both],
        {name: before[name][both] for name in names},
        {name: after[name][rows] for name in names},
        before["customer_id"][~both],
        after["customer_id"][~is_old],
    )


def changed(before: Columns, after: Columns, as_of_day: int) -> dict[LateKind, Ids]:
    """Customers whose facts of a kind differ, ascending; not those that rates may have changed."""
    before, after = (_as_known(columns, as_of_day) for columns in (before, after))
    ids = np.union1d(before["customer_id"], after["customer_id"])
    facts = [column for name, column in FACTS.items() if name in before]
    before, after = (_filled(columns, ids, facts) for columns in (before, after))
    differs = {column.name: ~equal(before[column.name], after[column.name]) for column in facts}
    if "foreign" in differs:
        is_converted = (before["foreign"] > 0) & (after["foreign"] > 0)
        for column in facts:
            if column.converted:
                differs[column.name] &= ~is_converted
    none = np.zeros(ids.size, dtype=np.bool_)
    return {
        kind: ids[
            np.logical_or.reduce(
                [none, *(differs[column.name] for column in facts if column.read_from is kind)]
            )
        ]
        for kind in LateKind
    }


# --- inside


def _as_known(columns: Columns, as_of_day: int) -> Columns:
    """Without contracts that had not begun, notice that had not been given and departures that had not
    happened, which facts hold although they change no result; and without customers of whom nothing is left.
    """
    known = dict(columns)
    ahead = columns["contract_started_day"] >= as_of_day
    for name in _CONTRACT:
        known[name] = np.where(ahead, NO_DAY, columns[name])
    for name in ("contract_notice_day", "left_day"):
        known[name] = np.where(known[name] >= as_of_day, NO_DAY, known[name])
    known["left_by_us"] = columns["left_by_us"] & (known["left_day"] != NO_DAY)
    is_there = np.zeros(columns["customer_id"].size, dtype=np.bool_)
    for name, column in FACTS.items():
        if name in known:
            is_there |= column.is_given(known[name])
    return known if is_there.all() else {name: column[is_there] for name, column in known.items()}


def _filled(columns: Columns, ids: Ids, facts: Collection[ScoreColumn]) -> Columns:
    """Facts of all these customers, those included of whom there are none."""
    places = np.searchsorted(ids, columns["customer_id"])
    found = blank(ids.size, facts)
    for name, column in found.items():
        column[places] = columns[name]
    return found
