"""What compensated customers bought afterwards, against like ones who were not compensated.

Like ones have the same value tier and churn level. This compares; it does not prove a cause, because nobody
drew lots who is compensated.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.satisfaction.intervals import t_quantile

SMALL = 30
"""With fewer customers in a group a difference is shown, but marked."""


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """What both groups bought, by stratum: aligned columns of shape (strata,).

    Args:
        n: compensated customers.
        like_n: like ones.
        total: what the compensated bought together.
        like_total: what the like ones bought together.
        squares: sum of squares over both.
    """

    n: FloatArray
    like_n: FloatArray
    total: FloatArray
    like_total: FloatArray
    squares: FloatArray


@dataclass(frozen=True, slots=True)
class ValueKept:
    """The difference of two groups over strata.

    Args:
        n: compensated customers who are compared; once for each month in which they were.
        like: customers they are compared with, likewise.
        left_out: compensated customers without a like one.
        mean: what the compensated bought on average; None without any.
        like_mean: the same of the like ones, strata weighted as the compensated are.
        difference: ``mean`` less ``like_mean``.
        low: lower end of its 95 % interval; None where the spread is not known.
        high: upper end.
    """

    n: int
    like: int
    left_out: int
    mean: float | None = None
    like_mean: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_small(self) -> bool:
        """Whether a group has fewer than 30."""
        return min(self.n, self.like) < SMALL


def strata_of(values: FloatArray, is_compensated: BoolArray, strata: IntArray, size: int) -> Strata:
    """Sum up what customers bought, by stratum.

    Args:
        values: what each customer bought, shape (n,).
        is_compensated: who was, shape (n,).
        strata: number of the stratum of each, 0 to ``size`` - 1, shape (n,).
        size: how many strata there are.
    """
    mine, others = strata[is_compensated], strata[~is_compensated]
    return Strata(
        np.bincount(mine, minlength=size).astype(np.float64),
        np.bincount(others, minlength=size).astype(np.float64),
        np.bincount(mine, values[is_compensated], minlength=size).astype(np.float64),
        np.bincount(others, values[~is_compensated], minlength=size).astype(np.float64),
        np.bincount(strata, values**2, minlength=size).astype(np.float64),
    )


def value_kept(found: Strata) -> ValueKept:
    """Compare what two groups bought, stratum by stratum.

    Δ = Σ w_s (ȳ_1s − ȳ_0s), w_s = n_1s / n_1; its variance is Σ w_s² s²_s (1/n_1s + 1/n_0s) with the pooled
    variance s²_s of the stratum, its interval Student's t with Σ (n_1s + n_0s − 2) degrees of freedom.

    Source: docs/formulas.md#value-kept. Cost: O(strata).

    >>> bought = np.array([0, 0, 120, 300, 0, 80, 0, 60, 0, 0], dtype=float)
    >>> found = value_kept(strata_of(bought, np.arange(10) < 6, np.zeros(10, dtype=np.int64), 1))
    >>> [round(end, 2) for end in (found.difference, found.low, found.high)]
    [68.33, -72.72, 209.38]
    """
    some = (found.n > 0) & (found.like_n > 0)
    n1, n0 = found.n[some], found.like_n[some]
    total, left_out = float(n1.sum()), int(found.n[~some].sum())
    if total == 0:
        return ValueKept(0, 0, left_out)
    weights = n1 / total
    mean1, mean0 = found.total[some] / n1, found.like_total[some] / n0
    freedom = n1 + n0 - 2
    within = np.maximum(found.squares[some] - n1 * mean1**2 - n0 * mean0**2, 0.0)
    pooled = np.divide(within, freedom, out=np.zeros_like(within), where=freedom > 0)
    mean, like_mean = float(weights @ mean1), float(weights @ mean0)
    spread, degrees = float(weights**2 @ (pooled * (1 / n1 + 1 / n0))), float(freedom.sum())
    difference = mean - like_mean
    half = None if degrees <= 0 or spread <= 0 else float(t_quantile(degrees)) * spread**0.5
    low, high = (None, None) if half is None else (difference - half, difference + half)
    return ValueKept(int(total), int(n0.sum()), left_out, mean, like_mean, difference, low, high)
