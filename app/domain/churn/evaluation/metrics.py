"""How good probabilities were, once it is known what happened.

``y`` is 1 where it happened (the customer left), ``p`` the score given before; higher is more likely.
Customers with the same score are interchangeable: whatever depends on their order takes their mean, so the
order of the input changes nothing.

Source: docs/formulas.md#churn.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from app.domain.churn.evaluation.bootstrap import Interval, auc_of, lift_of, score_intervals
from app.domain.common.arrays import FloatArray, IntArray

BINS = 10
"""Bins of the calibration table and of the calibration error."""

TOP_SHARE = 0.1
"""The lift is measured in so large a part of the customers, those with the highest scores."""

DRAWS = 200
"""Bootstrap samples behind an interval."""

CALIBRATED_TO = 0.05
"""Probabilities whose calibration error is at most this are calibrated, however many customers there are."""

TOO_WIDE = 0.1
"""Where right probabilities might have a calibration error above this, nothing can be said of them."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One part of the customers by rising score: how many, mean score, and share of those who left."""

    n: int
    mean_p: float
    share: float


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
    left, everybody = _tie_sums(ranked, ranked.y), np.diff(ranked.ends, prepend=0)
    value = float(auc_of(left, everybody - left))
    return None if np.isnan(value) else value


def lift(ranked: Ranked, share: float = TOP_SHARE) -> float | None:
    """Share of leavers among the top ⌈share·n⌉ scores over their share among all; None when nobody left."""
    left, everybody = _tie_sums(ranked, ranked.y), np.diff(ranked.ends, prepend=0)
    value = float(lift_of(left, everybody - left, share))
    return None if np.isnan(value) else value


def brier(ranked: Ranked) -> float | None:
    """Mean squared distance of probability and outcome, 0 (best) to 1; None for nobody."""
    return float(((ranked.p - ranked.y) ** 2).mean()) if ranked.y.size else None


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


def error_by_chance(ranked: Ranked, bins: int = BINS) -> tuple[float, float] | None:
    """Tell what calibration error right probabilities would have: the expected one, and the limit.

    The share of a bin lies about its mean probability with the error s = √Σp(1 − p)/n; distances add up by
    size, as in `calibration_error`, and the limit is two of their standard errors above the expected one.

    Returns:
        None for nobody.

    >>> even = rank([0, 1] * 300, [0.5] * 600)
    >>> [round(one, 6) for one in error_by_chance(even)]
    [0.051503, 0.076113]
    """
    n = ranked.p.size
    if not n:
        return None
    starts = _edges(n, bins)[:-1]
    starts = starts[: min(n, bins)]  # with fewer customers the last bins are empty
    # Of a bin w·s: its share of the customers times the error of its share who left.
    spread = np.sqrt(np.add.reduceat((ranked.p * (1 - ranked.p))[::-1], starts)) / n
    expected = float(np.sqrt(2 / np.pi) * spread.sum())
    return expected, expected + 2 * float(np.sqrt((spread**2).sum() * (1 - 2 / np.pi)))


def is_calibrated(ece: float | None, ece_limit: float | None) -> bool | None:
    """Whether probabilities are as right as chance allows; None when there are too few customers to say.

    >>> is_calibrated(0.07, 0.076), is_calibrated(0.07, 0.06), is_calibrated(0.07, 0.11)
    (True, False, None)
    """
    if ece is None or ece_limit is None or is_too_few(ece_limit):
        return None
    return ece <= max(CALIBRATED_TO, ece_limit)


def is_too_few(ece_limit: float | None) -> bool:
    """Whether there were too few customers to tell right probabilities from wrong ones."""
    return ece_limit is not None and ece_limit > TOO_WIDE


FARTHEST = 1e6
"""Bound of a statistic: it has no end where everybody differs alike."""


def against_base_rate(y: ArrayLike, p: ArrayLike) -> float | None:
    """Compare probabilities with one figure for all, the share of those who left.

    Returns:
        Mean of d = (p - y)^2 - (share - y)^2 over its standard error, within ± `FARTHEST`: above 0 where
        the probabilities are worse. None for fewer than two customers, or where all d are 0.

    >>> round(against_base_rate([1, 1, 0, 1], [.9, .8, .7, .2]), 4)
    0.6847
    """
    outcomes, given = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if outcomes.size < 2:
        return None
    d = np.square(given - outcomes) - np.square(outcomes.mean() - outcomes)
    mean, error = float(d.mean()), float(d.std(ddof=1)) / math.sqrt(d.size)
    if abs(mean) >= FARTHEST * error:
        return math.copysign(FARTHEST, mean) if mean else None
    return mean / error


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured on ``n`` customers of whom ``base_rate`` (0..1) left.

    Figures that cannot be had are None: all of them for nobody; AUC when all or none left; lift when none
    did. ``brier``, ``ece``, what it would be by chance and its limit, and ``mean_p`` read the score as a
    probability and are None for one that is none. Intervals are percentile bootstrap over customers; None
    with the figure.
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
    ece_by_chance: float | None
    ece_limit: float | None
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

    Cost: O(n log n); intervals cost no more for a million customers than for some thousand.

    >>> found = measure([1, 0, 1, 0, 0, 1, 0, 0, 1, 0], [.9, .8, .7, .6, .5, .4, .3, .2, .15, .1], draws=0)
    >>> found.auc, round(found.brier, 6), found.lift10
    (0.625, 0.25725, 2.5)
    """
    ranked = rank(y, p)
    n = ranked.y.size
    if is_probability and n and not 0 <= ranked.p[-1] <= ranked.p[0] <= 1:
        raise ValueError("a probability must be 0 to 1")
    values = {"auc": auc(ranked), "lift10": lift(ranked)} | {
        "brier": brier(ranked) if is_probability else None
    }
    drawn = score_intervals(ranked.y, ranked.p, ranked.ends, TOP_SHARE, draws, seed)
    intervals = {name: None if values[name] is None else drawn[name] for name in values}
    table = calibration_table(ranked) if is_probability else ()
    by_chance, limit = (error_by_chance(ranked) if is_probability else None) or (None, None)
    return Metrics(
        n=n,
        base_rate=float(ranked.y.mean()) if n else None,
        auc=values["auc"],
        auc_interval=intervals["auc"],
        lift10=values["lift10"],
        lift10_interval=intervals["lift10"],
        brier=values["brier"],
        brier_interval=intervals["brier"],
        ece=calibration_error(table),
        ece_by_chance=by_chance,
        ece_limit=limit,
        mean_p=float(ranked.p.mean()) if n and is_probability else None,
        calibration=table,
    )


def _tie_sums(ranked: Ranked, column: FloatArray) -> FloatArray:
    """Sum of a column over the customers of each distinct score."""
    running = np.append(0, np.cumsum(column))
    sums: FloatArray = np.diff(running[ranked.ends], prepend=0)
    return sums


def _evened(ranked: Ranked) -> FloatArray:
    """Outcomes with those of equal scores replaced by their mean."""
    sizes = np.diff(ranked.ends, prepend=0)
    return np.repeat(_tie_sums(ranked, ranked.y) / np.maximum(sizes, 1), sizes)


def _edges(n: int, bins: int) -> IntArray:
    """Positions that cut n customers into bins; the first n mod bins of them hold one more."""
    sizes = np.full(bins, n // bins, dtype=np.int64)
    sizes[: n % bins] += 1
    return np.append(0, np.cumsum(sizes))
