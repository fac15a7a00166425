"""Bootstrap intervals that cost the same for a thousand customers and for a million.

Drawing customers with replacement is drawing how often each kind of customer comes up: customers of like
score and outcome are one kind, so a draw is one multinomial over kinds and nothing is sorted again. Up to
`MAX_CELLS` distinct scores that is exact; beyond, neighbours in rank share a kind, which moves the AUC of a
draw by less than 1 / (2 · MAX_CELLS).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.common.arrays import FloatArray, IntArray

MAX_CELLS = 2_000

Figures = NDArray[np.float64]
"""One figure for each draw; NaN where a draw has none."""


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % interval, both ends included."""

    low: float
    high: float


def percentiles(figures: Figures) -> Interval | None:
    """The middle 95 % of the draws; None without any."""
    known = figures[~np.isnan(figures)]
    if not known.size:
        return None
    low, high = np.quantile(known, (0.025, 0.975))
    return Interval(float(low), float(high))


def draw(counts: FloatArray, draws: int, seed: int) -> FloatArray:
    """Draw as many customers as there are, with replacement: how often each kind came up, (draws, kinds).

    ``counts`` may be fractions, where a customer stands for several kinds in part.
    """
    total = float(counts.sum())
    random = np.random.default_rng(seed)
    return random.multinomial(round(total), counts / total, size=draws).astype(np.float64)


def auc_of(left: FloatArray, stayed: FloatArray) -> Figures:
    """AUC from how many left and stayed in each cell, by falling score along the last axis, ties half."""
    total = left.sum(axis=-1) * stayed.sum(axis=-1)
    above = np.cumsum(left, axis=-1) - left / 2
    return _ratio((above * stayed).sum(axis=-1), total)


def lift_of(left: FloatArray, stayed: FloatArray, share: float) -> Figures:
    """Lift in the top ⌈share·n⌉, filled from the best score down; the last cell counts in proportion."""
    everybody = left + stayed
    n, leavers = everybody.sum(axis=-1), left.sum(axis=-1)
    top = np.ceil(share * n - 1e-9)
    taken = np.clip(np.expand_dims(top, -1) - (np.cumsum(everybody, axis=-1) - everybody), 0, everybody)
    part = np.divide(taken, everybody, out=np.zeros_like(taken), where=everybody > 0)
    return _ratio((left * part).sum(axis=-1) * n, top * leavers)


def _ratio(above: FloatArray, below: FloatArray) -> Figures:
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    ratio: Figures = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return ratio


def score_intervals(
    y: FloatArray, p: FloatArray, ends: IntArray, share: float, draws: int, seed: int
) -> Mapping[str, Interval | None]:
    """Intervals of AUC, lift and Brier score.

    Args:
        y: outcomes by falling score.
        p: the scores.
        ends: positions after the last customer of each distinct score.
        share: of the customers among whom lift is measured.
        draws: how many; 0 for no intervals.
        seed: the same gives the same.
    """
    if not y.size or not draws:
        return {"auc": None, "lift10": None, "brier": None}
    cell = _cells(y.size, ends)
    k = int(cell[-1]) + 1
    kinds = np.concatenate([cell[y == 1], k + cell[y == 0]])
    counts = np.bincount(kinds, minlength=2 * k).astype(np.float64)
    errors = (p - y) ** 2
    sums = np.bincount(kinds, np.concatenate([errors[y == 1], errors[y == 0]]), minlength=2 * k)
    mean_error = np.divide(sums, counts, out=np.zeros(2 * k), where=counts > 0)
    drawn = draw(counts, draws, seed)
    left, stayed = drawn[:, :k], drawn[:, k:]
    return {
        "auc": percentiles(auc_of(left, stayed)),
        "lift10": percentiles(lift_of(left, stayed, share)),
        "brier": percentiles((drawn * mean_error).sum(axis=1) / y.size),
    }


def _cells(n: int, ends: IntArray) -> IntArray:
    """The cell of each customer: its score, or the neighbourhood of its score."""
    sizes = np.diff(ends, prepend=0)
    if ends.size <= MAX_CELLS:
        return np.repeat(np.arange(ends.size), sizes)
    wanted = (ends - sizes / 2) * MAX_CELLS // n
    return np.repeat(np.cumsum(np.diff(wanted, prepend=wanted[0]) > 0), sizes)
