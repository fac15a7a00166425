"""From single purchases to snapshots and windows at any day.

For data that lie in memory: imports under trial, simulations, benchmarks. A scoring run asks the store for
the same columns.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from app.domain.churn.inputs.customer_facts import COLUMNS, DAYS, RECENT_DAYS, SCORES, Facts
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.inputs.snapshots import Closed, Plan, Snapshot, Window, plan, same_season
from app.domain.common.arrays import BoolArray, IntArray


class Ledger:
    """The purchases and refunds of a company, kept in order.

    Args:
        owner: whose, shape (m,), any integers.
        day: local day.
        amount_minor: what was paid, minor units; below 0 for a refund or cancellation.
        zero_amounts_count: whether a purchase of 0 makes a purchase day.

    Raises:
        ValueError: lengths differ or numbers are not whole.

    >>> owners, seen = Ledger([7, 7, 9], [0, 30, 40], [500, 700, 100]).snapshot(40)
    >>> owners.tolist(), seen.value_minor.tolist(), seen.histories.x.tolist()
    ([7], [1200], [1])
    """

    def __init__(
        self, owner: ArrayLike, day: ArrayLike, amount_minor: ArrayLike, *, zero_amounts_count: bool = True
    ) -> None:
        columns = [np.asarray(column) for column in (owner, day, amount_minor)]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ValueError("columns must be one-dimensional and of one length")
        if columns[0].size and any(column.dtype.kind not in "iu" for column in columns):
            raise ValueError("columns must be of whole numbers")
        owners, days, amounts = (column.astype(np.int64, copy=False) for column in columns)
        order = np.lexsort((days, owners))
        self.owner, self.day, self.amount = owners[order], days[order], amounts[order]
        self.bought: BoolArray = self.amount >= 0 if zero_amounts_count else self.amount > 0

    @property
    def first_day(self) -> int | None:
        """Day of the first purchase; None without any."""
        return int(self.day[self.bought].min()) if self.bought.any() else None

    def snapshot(self, as_of_day: int) -> tuple[IntArray, Snapshot]:
        """See who had bought before a day, ascending, and how they stood at its start."""
        rows = np.flatnonzero((self.day < as_of_day) & self.bought)
        owners, starts, of = _groups(self.owner[rows])
        day, amount = self.day[rows], self.amount[rows]
        # Purchases of one day lie next to each other, but a refund of that day may stand between them.
        new_day = _opens_a_day(of, day)
        ends = np.append(starts, day.size)[1:] - 1
        recent = day >= as_of_day - RECENT_DAYS
        earlier = ~recent & (day >= as_of_day - 2 * RECENT_DAYS)
        back = np.flatnonzero((self.day < as_of_day) & (self.amount < 0))
        back = back[np.isin(self.owner[back], owners)]
        whose = np.searchsorted(owners, self.owner[back])

        def count(marked: BoolArray) -> IntArray:
            return np.bincount(of[marked], minlength=owners.size).astype(np.int64)

        def total(marked: BoolArray) -> IntArray:
            return _sums(of[marked], amount[marked], owners.size)

        facts = _facts(
            as_of_day,
            owners.size,
            first_day=day[starts],
            last_day=day[ends],
            purchase_days=count(new_day),
            recent_purchases=count(recent & new_day),
            earlier_purchases=count(earlier & new_day),
            recent_spend_minor=total(recent),
            earlier_spend_minor=total(earlier),
        )
        everything = np.ones(day.size, dtype=np.bool_)
        value = total(everything) + _sums(whose, self.amount[back], owners.size)
        refunds = _days_each(whose, self.day[back], owners.size)
        return owners, Snapshot(facts, value, refunds)

    def silent(self, owners: IntArray, from_day: int, horizon_days: int) -> BoolArray:
        """Mark those of some customers who bought nothing on the days of a window."""
        within = self.bought & (self.day >= from_day) & (self.day < from_day + horizon_days)
        return ~np.isin(owners, self.owner[within])

    def window(self, from_day: int, horizon_days: int) -> Window:
        """The window of so many days that opens on a day."""
        owners, then = self.snapshot(from_day)
        return Window(then, self.silent(owners, from_day, horizon_days), horizon_days)

    def windows(self, as_of_day: int, horizon_days: int) -> tuple[Window | None, Window | None]:
        """The earlier and the last window for a run: see `app.domain.churn.inputs.snapshots.plan`."""
        planned: Plan | None = None
        if self.first_day is not None:
            planned = plan(self.first_day, as_of_day, horizon_days)
        if planned is None:
            return None, None
        days = (planned.earlier_day, planned.last_day)
        earlier, last = (self.window(day, planned.horizon_days) for day in days)
        return earlier, last

    def same_season(self, as_of_day: int, horizon_days: int, years: int = 1) -> Window | None:
        """The window years before a run's horizon: see `app.domain.churn.inputs.snapshots.same_season`."""
        first = self.first_day
        found = None if first is None else same_season(first, as_of_day, horizon_days, years)
        return None if found is None else self.window(*found)

    def closed(self, as_of_day: int, horizon_days: int) -> Closed:
        """All windows that had closed by a run's day."""
        seasons = (self.same_season(as_of_day, horizon_days, years) for years in (1, 2))
        return Closed(*self.windows(as_of_day, horizon_days), *seasons)


def _groups(owners: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Distinct owners of an ascending column, where each begins, and the group of each row."""
    is_first = np.append(True, owners[1:] != owners[:-1])[: owners.size]
    starts = np.flatnonzero(is_first)
    return owners[starts], starts, np.cumsum(is_first) - 1


def _sums(of: IntArray, amounts: IntArray, n: int) -> IntArray:
    """Exact sums of whole amounts by group; the groups ascend or not."""
    sums = np.zeros(n, dtype=np.int64)
    np.add.at(sums, of, amounts)
    return sums


def _opens_a_day(of: IntArray, day: IntArray) -> BoolArray:
    """Mark the first row of each customer's day, where rows are in the order of both."""
    marked: BoolArray = np.append(True, (of[1:] != of[:-1]) | (day[1:] != day[:-1]))[: day.size]
    return marked


def _days_each(of: IntArray, day: IntArray, n: int) -> IntArray:
    """Distinct days of each customer, where rows are in the order of both."""
    return np.bincount(of[_opens_a_day(of, day)], minlength=n).astype(np.int64)


def _facts(as_of_day: int, n: int, **known: IntArray) -> Facts:
    """Facts of buyers of whom nothing but purchases is known."""
    absent: dict[str, Any] = {name: np.zeros(n, dtype=np.int64) for name in COLUMNS}
    absent |= {name: np.full(n, NO_DAY) for name in DAYS} | {name: np.full(n, np.nan) for name in SCORES}
    return Facts(as_of_day=as_of_day, **{**absent, **known})
