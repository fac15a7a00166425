"""What a customer's purchase days say before any model: how many, the last one, and for how long.

A customer's history is three numbers, counted in whole days and read in weeks (days / 7):

- ``x``: repeat purchase days, the days with a purchase after the first such day;
- ``t_x``: from the first purchase day to the last one;
- ``t``: from the first purchase day to D, the last day the computation may see. ``as_of_day`` is the day
  after D: counting to it instead moves the log-likelihood of the CDNOW sample by 7.

Days are numbered from 1970-01-01 as in `app.domain.common.days`. Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.domain.common.arrays import FloatArray, IntArray, Rows

NO_DAY = -1_000_000
"""A day that is not there; far before every day a company can have, so that comparisons stay plain."""

DAYS_PER_WEEK = 7
MAX_DAYS = 1_000_000
"""Longest history in days; three of these numbers fit into one 64-bit key."""


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The histories of n customers as aligned int64 columns, shape (n,), any order.

    Args:
        x: repeat purchase days.
        t_x_days: days from the first to the last purchase day; 0 exactly where ``x`` is 0.
        t_days: days from the first purchase day to D, at least ``t_x_days``.

    Raises:
        ValueError: lengths differ, numbers are not whole, or a history contradicts itself.

    >>> Histories([2, 0], [213, 0], [272, 272]).t_x.round(2).tolist()
    [30.43, 0.0]
    """

    x: IntArray
    t_x_days: IntArray
    t_days: IntArray

    def __init__(self, x: ArrayLike, t_x_days: ArrayLike, t_days: ArrayLike) -> None:
        columns = [_whole(column) for column in (x, t_x_days, t_days)]
        if len({column.shape for column in columns}) != 1:
            raise ValueError("columns must be of one length")
        for name, column in zip(("x", "t_x_days", "t_days"), columns, strict=True):
            object.__setattr__(self, name, column)
        if not self.x.size:
            return
        if self.t_days.max() > MAX_DAYS:
            raise ValueError("a history is too long")
        in_order = (self.x >= 0) & (self.x <= self.t_x_days) & (self.t_x_days <= self.t_days)
        if not np.all(in_order & ((self.x == 0) == (self.t_x_days == 0))):
            raise ValueError("0 <= x <= t_x_days <= t_days, and t_x_days is 0 exactly where x is 0")

    def __len__(self) -> int:
        return self.x.size

    @property
    def t_x(self) -> FloatArray:
        """Weeks from the first to the last purchase day."""
        return self.t_x_days / DAYS_PER_WEEK

    @property
    def t(self) -> FloatArray:
        """Weeks from the first purchase day to D."""
        return self.t_days / DAYS_PER_WEEK

    @property
    def silence_days(self) -> IntArray:
        """Days from the last purchase day to D."""
        return self.t_days - self.t_x_days

    def take(self, rows: Rows) -> "Histories":
        """The histories of some customers."""
        return Histories(self.x[rows], self.t_x_days[rows], self.t_days[rows])


def from_days(
    first_day: ArrayLike, last_day: ArrayLike, purchase_days: ArrayLike, as_of_day: int
) -> Histories:
    """Read histories from what a store keeps of each buyer.

    Args:
        first_day: first purchase day, shape (n,).
        last_day: last purchase day before ``as_of_day``.
        purchase_days: number of distinct purchase days, at least 1.
        as_of_day: the day at whose start the computation looks; it sees days before it.

    Raises:
        ValueError: a day is not before ``as_of_day``, a count is 0, or see `Histories`.

    >>> history = from_days([100], [313], [3], as_of_day=373)
    >>> history.x.tolist(), history.t_x_days.tolist(), history.t_days.tolist()
    ([2], [213], [272])
    """
    first, last, count = (_whole(column) for column in (first_day, last_day, purchase_days))
    return Histories(count - 1, last - first, as_of_day - 1 - first)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Identical histories counted once, in ascending order of x."""

    histories: Histories
    counts: IntArray


def group(histories: Histories) -> Groups:
    """Count identical histories, in ascending order of (x, t, t_x): models need each of them once.

    Cost: one sort of 64-bit keys, about 0.02 s for a million customers.
    """
    span = int(histories.t_days.max(initial=0)) + 1
    keys = (histories.x * span + histories.t_days) * span + histories.t_x_days
    keys, counts = np.unique(keys, return_counts=True)
    rest, t_x_days = np.divmod(keys, span)
    x, t_days = np.divmod(rest, span)
    return Groups(Histories(x, t_x_days, t_days), counts.astype(np.int64))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the population buys: median and 95th percentile of the repeat buyers' own mean intervals.

    One interval for each customer who came back (t_x / x), so a few very busy ones do not set the rhythm of
    all. Both are days, None when nobody came back; ``n`` counts who did.
    """

    n: int
    median_days: float | None
    p95_days: float | None


def rhythm(histories: Histories) -> Rhythm:
    """Measure the population's rhythm.

    >>> rhythm(Histories([2, 1, 0], [20, 30, 0], [50, 50, 50]))
    Rhythm(n=2, median_days=20.0, p95_days=29.0)
    """
    back = histories.x > 0
    if not back.any():
        return Rhythm(0, None, None)
    intervals = histories.t_x_days[back] / histories.x[back]
    median, p95 = np.quantile(intervals, (0.5, 0.95))
    return Rhythm(intervals.size, float(median), float(p95))


def shrunk_interval_days(x: ArrayLike, t_x_days: ArrayLike, median_days: float) -> FloatArray:
    """Estimate a customer's own interval between purchases: (t_x + m) / (x + 1), m the population median.

    Who never came back is taken at the median; the more repeat purchases, the less the median weighs.

    >>> shrunk_interval_days([0, 3], [0, 30], 50.0).tolist()
    [50.0, 20.0]
    """
    interval: FloatArray = (np.asarray(t_x_days) + median_days) / (np.asarray(x) + 1)
    return interval


def distinct(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct keys, ascending, and where each key stands among them; keys are 0 or more.

    Cost: no sort unless the keys lie far apart: for counts and days a tenth of what `numpy.unique` takes.

    >>> [found.tolist() for found in distinct(np.array([7, 3, 7]))]
    [[3, 7], [1, 0, 1]]
    """
    span = int(keys.max(initial=-1)) + 1
    if span > 8 * keys.size:
        levels, places = np.unique(keys, return_inverse=True)
        return levels, places
    is_there = np.zeros(span, dtype=np.bool_)
    is_there[keys] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[keys]


def _whole(column: ArrayLike) -> IntArray:
    array = np.asarray(column)
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError("columns must be one-dimensional and of whole numbers")
    return array.astype(np.int64, copy=False)
