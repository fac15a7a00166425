"""95 % intervals: Wilson for shares, adjusted Wald for the net promoter score, Student's t for means.

Each comes for columns of groups, NaN where there is none, and for one group, None where there is none.
Every interval contains its estimate.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

Z = 1.959963984540054  # the 97.5 % quantile of the normal distribution
NPS_ADDED = 0.75  # promoters and detractors added by the adjusted Wald interval ...
NPS_ADDED_ANSWERS = 3.0  # ... and answers


class Interval(NamedTuple):
    """Lower and upper end."""

    low: float
    high: float


class IntervalColumns(NamedTuple):
    """Lower and upper ends, one a group; NaN where there is none."""

    low: FloatArray
    high: FloatArray

    def first(self) -> Interval | None:
        """The interval of the first group."""
        low, high = float(self.low.flat[0]), float(self.high.flat[0])
        return None if np.isnan(low) else Interval(low, high)


def wilson(successes: int, n: int) -> Interval | None:
    """Wilson's score interval of a share; None when ``n`` is 0.

    Raises:
        ValueError: not 0 <= successes <= n.

    Source: E. B. Wilson 1927; docs/formulas.md#csat.

    >>> [round(end, 6) for end in wilson(8, 10)]
    [0.490162, 0.943318]
    """
    return wilson_columns([successes], [n]).first()


def wilson_columns(successes: ArrayLike, n: ArrayLike) -> IntervalColumns:
    """`wilson` for many groups at once: counts of one shape, ends of the same."""
    hits, counts = np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if np.any((hits < 0) | (hits > counts)):
        raise ValueError("successes must be 0 to n")
    some = np.where(counts > 0, counts, np.nan)
    share = hits / some
    middle = share + Z**2 / (2 * some)
    half = Z * np.sqrt(share * (1 - share) / some + Z**2 / (4 * some**2))
    scale = 1 + Z**2 / some
    # Rounding must not push an end beyond the share it contains (0 of 5, 5 of 5).
    return IntervalColumns(
        np.clip((middle - half) / scale, 0.0, share), np.clip((middle + half) / scale, share, 1.0)
    )


def adjusted_wald(promoters: int, detractors: int, n: int) -> Interval | None:
    """Adjusted Wald interval of the net promoter score in points of −100..100; None when ``n`` is 0.

    Three answers are added, ¾ of them promoters and ¾ detractors, because the plain interval collapses at
    ±100. Extended to contain the score itself, which a few answers can put outside.

    Raises:
        ValueError: a count is negative, or they add up to more than ``n``.

    Source: B. Rocks 2016, "Interval estimation for the net promoter score"; docs/formulas.md#nps.

    >>> [round(end, 3) for end in adjusted_wald(5, 2, 10)]
    [-19.051, 65.204]
    """
    return adjusted_wald_columns([promoters], [detractors], [n]).first()


def adjusted_wald_columns(promoters: ArrayLike, detractors: ArrayLike, n: ArrayLike) -> IntervalColumns:
    """`adjusted_wald` for many groups at once: counts of one shape, ends of the same."""
    up, down = np.asarray(promoters, dtype=np.float64), np.asarray(detractors, dtype=np.float64)
    counts = np.asarray(n, dtype=np.float64)
    if np.any((up < 0) | (down < 0) | (up + down > counts)):
        raise ValueError("promoters and detractors must be parts of n")
    middle, variance = adjusted_nps(up, down, counts)
    half = Z * np.sqrt(variance)
    score = (up - down) / np.where(counts > 0, counts, np.nan)
    return IntervalColumns(
        100 * np.clip(np.minimum(middle - half, score), -1.0, 1.0),
        100 * np.clip(np.maximum(middle + half, score), -1.0, 1.0),
    )


def adjusted_nps(promoters: ArrayLike, detractors: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Net promoter score of the adjusted counts as a share of −1..1, and the variance of that estimate."""
    counts = np.asarray(n, dtype=np.float64) + NPS_ADDED_ANSWERS
    up = (np.asarray(promoters, dtype=np.float64) + NPS_ADDED) / counts
    down = (np.asarray(detractors, dtype=np.float64) + NPS_ADDED) / counts
    return up - down, (up + down - (up - down) ** 2) / counts


def t_interval(mean: float, variance: float | None, n: int) -> Interval | None:
    """Student's t interval of a mean; None when n < 2 or the variance is 0 (or None).

    Values that are all equal say nothing of their spread: an interval of no width would claim certainty.

    Args:
        mean: mean of the values.
        variance: their sample variance, divided by n − 1.
        n: how many there are.

    >>> t_interval(71.970370, 14.724065**2, 250)
    Interval(low=70.13..., high=73.80...)
    """
    return t_columns([mean], [np.nan if variance is None else variance], [n]).first()


def t_columns(means: ArrayLike, variances: ArrayLike, n: ArrayLike) -> IntervalColumns:
    """`t_interval` for many groups at once: columns of one shape, ends of the same."""
    centre, spread = np.asarray(means, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    counts = np.asarray(n, dtype=np.float64)
    enough = (counts >= 2) & (spread > 0)
    some = np.where(enough, counts, np.nan)
    half = t_quantile(some - 1) * np.sqrt(np.where(enough, spread, np.nan) / some)
    return IntervalColumns(centre - half, centre + half)


class WithEnds(NamedTuple):
    """Answers on one scale with one more at each of its ends: how many, their mean, and Σ(x − mean)²/n."""

    n: FloatArray
    mean: FloatArray
    variance: FloatArray


def with_ends(n: ArrayLike, total: ArrayLike, squares: ArrayLike, low: float, high: float) -> WithEnds:
    """Add one answer at each end of a scale to columns of sums: counts, sums and sums of squares."""
    count = np.asarray(n, dtype=np.float64) + 2
    mean = (np.asarray(total, dtype=np.float64) + low + high) / count
    spread = (np.asarray(squares, dtype=np.float64) + low**2 + high**2) / count - mean**2
    return WithEnds(count, mean, np.maximum(spread, 0.0))


def scale_mean_columns(
    means: ArrayLike, variances: ArrayLike, n: ArrayLike, low: float, high: float
) -> IntervalColumns:
    """Interval of means of answers on one scale: Student's t with one answer added at each end.

    Where nearly all give the best answer, the plain interval is far too narrow, and there is none where
    all are equal. Cut to the scale and stretched to contain the mean; NaN when n < 2.

    Args:
        means: mean of each group, within the scale.
        variances: sample variances, divided by n − 1.
        n: how many answers each has.
        low: least value of the scale.
        high: greatest value of the scale.

    Source: docs/formulas.md#ces.

    >>> found = scale_mean_columns([100.0], [0.0], [30], 0.0, 100.0)
    >>> found.low.round(4).tolist(), found.high.tolist()
    ([90.5843], [100.0])
    """
    centre, counts = np.asarray(means, dtype=np.float64), np.asarray(n, dtype=np.float64)
    some = np.where(counts >= 2, counts, np.nan)
    squares = (some - 1) * np.asarray(variances, dtype=np.float64) + some * centre**2
    adjusted = with_ends(some, some * centre, squares, low, high)
    half = t_quantile(some - 1) * np.sqrt(adjusted.variance / adjusted.n)
    return IntervalColumns(
        np.minimum(np.maximum(adjusted.mean - half, low), centre),
        np.maximum(np.minimum(adjusted.mean + half, high), centre),
    )


def t_quantile(degrees: ArrayLike) -> FloatArray:
    """The 97.5 % quantile of Student's t; NaN in, NaN out.

    >>> t_quantile([1, 9, 249]).round(4).tolist()
    [12.7062, 2.2622, 1.9695]
    """
    import scipy.special  # a quarter of a second to import, which not every command needs

    found: FloatArray = scipy.special.stdtrit(np.asarray(degrees, dtype=np.float64), 0.975)
    return found


class Welch(NamedTuple):
    """Difference of two means: its standard error, and the half-width factor of its 95 % interval."""

    difference: float
    standard_error: float
    critical: float

    @property
    def interval(self) -> Interval:
        """95 % interval of the difference."""
        half = self.critical * self.standard_error
        return Interval(self.difference - half, self.difference + half)


def welch(before: tuple[float, float | None, int], after: tuple[float, float | None, int]) -> Welch | None:
    """Compare two means whose variances may differ; None when n < 2 on a side or neither varies.

    Args:
        before: mean, sample variance and n of the first group.
        after: likewise of the second.

    Source: B. L. Welch 1947, degrees of freedom by Satterthwaite; docs/formulas.md#changed-or-noise.

    >>> found = welch((47 / 6, 17 / 30, 6), (8.8, 0.7, 5))
    >>> round(found.difference, 4), [round(end, 3) for end in found.interval]
    (0.9667, [-0.145, 2.078])
    """
    (mean_before, variance_before, n_before), (mean_after, variance_after, n_after) = before, after
    if n_before < 2 or n_after < 2 or variance_before is None or variance_after is None:
        return None
    part_before, part_after = variance_before / n_before, variance_after / n_after
    total = part_before + part_after
    if total <= 0:
        return None
    # Shares of the total, so that squares of tiny variances do not vanish.
    share_before, share_after = part_before / total, part_after / total
    degrees = 1 / (share_before**2 / (n_before - 1) + share_after**2 / (n_after - 1))
    return Welch(mean_after - mean_before, float(np.sqrt(total)), float(t_quantile(degrees)))
