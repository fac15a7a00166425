"""How good probabilities were, once it is known what happened.

``y`` is 1 where it happened (the customer left), ``p`` the score given before; higher is more likely.
Customers with the same score are interchangeable: whatever depends on their order takes their mean, so the
order of the input changes nothing.

Source: docs/formulas.md#churn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from app.domain.churn.history import FloatArray, IntArray

BINS = 10
"""Bins of the calibration table and of the calibration error."""

TOP_SHARE = 0.1
"""The lift is measured in so large a part of the customers, those with the highest scores."""

DRAWS = 200
"""Bootstrap samples behind an interval."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One part of the customers by rising score: how many, mean score, and share of those who left."""

    n: int
    mean_p: float
    share: float


@dataclass(frozen=True, slots=True)
class Interval:
    """95 % interval, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Outcomes by falling score, ready for figures that need an order.

    ``ends`` are the positions after the last customer of each distinct score.
    """

    y: FloatArray
    p: FloatArray
    ends: IntArray


def rank(y: ArrayLike, p: ArrayLike) -> Ranked:
    """Sort outcomes by falling score.

    Raises:
        ValueError: lengths differ, an outcome is not 0 or 1, or a score is not finite.
    """
    outcomes, scores = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcomes.ndim != 1 or outcomes.shape != scores.shape:
        raise ValueError("columns must be one-dimensional and of one length")
    if not np.all((outcomes == 0) | (outcomes == 1)) or not np.all(np.isfinite(scores)):
        raise ValueError("outcomes must be 0 or 1, and scores finite")
    # By outcome too: the draws of the bootstrap then meet the same rows whatever the order of the input.
    order = np.lexsort((outcomes, -scores))
    outcomes, scores = outcomes[order], scores[order]
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True)[: scores.size]) + 1
    return Ranked(outcomes, scores, ends)


def auc(ranked: Ranked) -> float | None:
    """Chance that one who left scored higher than one who stayed, ties half; None without both kinds.

    >>> auc(rank([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1]))
    0.875
    """
    return _auc(ranked, np.ones(ranked.y.size))


def lift(ranked: Ranked, share: float = TOP_SHARE) -> float | None:
    """Share of leavers among the top ⌈share·n⌉ scores over their share among all; None when nobody left."""
    return _lift(ranked, np.ones(ranked.y.size), share)


def brier(ranked: Ranked) -> float | None:
    """Mean squared distance of probability and outcome, 0 (best) to 1; None for nobody."""
    return _brier(ranked, np.ones(ranked.y.size))


def calibration_table(ranked: Ranked, bins: int = BINS) -> tuple[Bin, ...]:
    """Split the customers into ``bins`` of equal size (± 1), by rising score; empty ones are left out."""
    n = ranked.y.size
    rising_y, rising_p = _evened(ranked)[::-1], ranked.p[::-1]
    cuts = _edges(n, bins)
    return tuple(
        Bin(int(end - start), float(rising_p[start:end].mean()), float(rising_y[start:end].mean()))
        for start, end in pairwise(cuts)
        if end > start
    )


def calibration_error(table: tuple[Bin, ...]) -> float | None:
    """Expected calibration error: mean distance of score and share over the bins, by size; None without any.

    >>> calibration_error((Bin(1, 0.25, 0.0), Bin(1, 0.5, 0.75)))
    0.25
    """
    n = sum(part.n for part in table)
    return sum(part.n * abs(part.mean_p - part.share) for part in table) / n if n else None


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured on ``n`` customers of whom ``base_rate`` (0..1) left.

    Figures that cannot be had are None: all of them for nobody; AUC when all or none left; lift when none
    did. ``brier``, ``ece`` and ``mean_p`` read the score as a probability and are None for one that is none.
    Intervals are percentile bootstrap over customers; None with the figure.
    """

    n: int
    base_rate: float | None
    auc: float | None
    auc_interval: Interval | None
    lift10: float | None
    lift10_interval: Interval | None
    brier: float | None
    brier_interval: Interval | None
    ece: float | None
    mean_p: float | None
    calibration: tuple[Bin, ...]


def measure(
    y: ArrayLike, p: ArrayLike, *, is_probability: bool = True, draws: int = DRAWS, seed: int = 0
) -> Metrics:
    """Measure a score on what happened.

    Args:
        y: 1 for who left, 0 for who stayed, shape (n,).
        p: the score given before; a probability 0..1, or any finite number with ``is_probability=False``.
        is_probability: whether Brier, calibration and the mean make sense.
        draws: bootstrap samples; 0 for no intervals.
        seed: of the bootstrap; the same seed gives the same intervals.

    Raises:
        ValueError: see `rank`, or a probability is outside 0..1.

    Cost: O(n log n), then O(n) for each draw (about 0.05 s for a million customers).

    >>> found = measure([1, 0, 1, 0, 0, 1, 0, 0, 1, 0], [.9, .8, .7, .6, .5, .4, .3, .2, .15, .1], draws=0)
    >>> found.auc, round(found.brier, 6), found.lift10
    (0.625, 0.25725, 2.5)
    """
    ranked = rank(y, p)
    n = ranked.y.size
    if is_probability and n and not 0 <= ranked.p[-1] <= ranked.p[0] <= 1:
        raise ValueError("a probability must be 0 to 1")
    figures: list[Callable[[Ranked, FloatArray], float | None]] = [_auc, _lift]
    if is_probability:
        figures.append(_brier)
    values = [figure(ranked, np.ones(n)) for figure in figures]
    intervals = _bootstrap(ranked, figures, draws, seed)
    intervals = [None if value is None else one for value, one in zip(values, intervals, strict=True)]
    table = calibration_table(ranked) if is_probability else ()
    return Metrics(
        n=n,
        base_rate=float(ranked.y.mean()) if n else None,
        auc=values[0],
        auc_interval=intervals[0],
        lift10=values[1],
        lift10_interval=intervals[1],
        brier=values[2] if is_probability else None,
        brier_interval=intervals[2] if is_probability else None,
        ece=calibration_error(table),
        mean_p=float(ranked.p.mean()) if n and is_probability else None,
        calibration=table,
    )


def _bootstrap(
    ranked: Ranked, figures: list[Callable[[Ranked, FloatArray], float | None]], draws: int, seed: int
) -> list[Interval | None]:
    """Draw customers with replacement; a draw is how often each of them came up, nothing is sorted
    again."""
    n = ranked.y.size
    if not n or not draws:
        return [None] * len(figures)
    random = np.random.default_rng(seed)
    drawn = np.full((len(figures), draws), np.nan)
    for draw in range(draws):
        weights = np.bincount(random.integers(0, n, n), minlength=n).astype(np.float64)
        for row, figure in enumerate(figures):
            value = figure(ranked, weights)
            drawn[row, draw] = np.nan if value is None else value
    return [_percentiles(row[~np.isnan(row)]) for row in drawn]


def _percentiles(values: FloatArray) -> Interval | None:
    if not values.size:
        return None
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(float(low), float(high))


def _tie_sums(ranked: Ranked, column: FloatArray) -> FloatArray:
    """Sum of a column over the customers of each distinct score."""
    running = np.append(0, np.cumsum(column))
    sums: FloatArray = np.diff(running[ranked.ends], prepend=0)
    return sums


def _auc(ranked: Ranked, weights: FloatArray) -> float | None:
    left = _tie_sums(ranked, weights * ranked.y)
    stayed = _tie_sums(ranked, weights) - left
    total = float(left.sum() * stayed.sum())
    if total == 0:
        return None
    above = np.cumsum(left) - left / 2
    return float((above * stayed).sum()) / total


def _lift(ranked: Ranked, weights: FloatArray, share: float = TOP_SHARE) -> float | None:
    """The top is filled from the best score down; the last score that reaches in counts in proportion."""
    left, all_of = _tie_sums(ranked, weights * ranked.y), _tie_sums(ranked, weights)
    n, leavers = float(all_of.sum()), float(left.sum())
    if leavers == 0:
        return None
    top = np.ceil(share * n - 1e-9)
    taken = np.clip(top - (np.cumsum(all_of) - all_of), 0, all_of)
    part = np.divide(taken, all_of, out=np.zeros_like(taken), where=all_of > 0)
    return float((left * part).sum()) / float(top) / (leavers / n)


def _brier(ranked: Ranked, weights: FloatArray) -> float | None:
    n = float(weights.sum())
    return float((weights * (ranked.p - ranked.y) ** 2).sum()) / n if n else None


def _evened(ranked: Ranked) -> FloatArray:
    """Outcomes with those of equal scores replaced by their mean."""
    sizes = np.diff(ranked.ends, prepend=0)
    return np.repeat(_tie_sums(ranked, ranked.y) / np.maximum(sizes, 1), sizes)


def _edges(n: int, bins: int) -> IntArray:
    """Positions that cut n customers into bins; the first n mod bins of them hold one more."""
    sizes = np.full(bins, n // bins, dtype=np.int64)
    sizes[: n % bins] += 1
    return np.append(0, np.cumsum(sizes))
