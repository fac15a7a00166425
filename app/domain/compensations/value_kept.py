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


@dataclass(frozen=True, slots=True)
class ValueKept:
    """The difference of two groups over strata.

    Args:
        n: compensated customers who are compared.
        like: customers they are compared with.
        left_out: compensated customers without a like one.
        mean: what the compensated bought on average; None without any.
        like_mean: the same of the like ones, strata weighted as the compensated are.
        difference: ``mean`` less ``like_mean``.
        low, high: ends of its 95 % interval; None where the spread is not known.
    """

    n: int
    like: int
    left_out: int
    mean: float | None
    like_mean: float | None
    difference: float | None
    low: float | None
    high: float | None

    @property
    def is_small(self) -> bool:
        """Whether a group has fewer than 30."""
        return min(self.n, self.like) < SMALL


def value_kept(values: FloatArray, is_compensated: BoolArray, strata: IntArray) -> ValueKept:
    """Compare what two groups bought, stratum by stratum.

    Δ = Σ w_s (ȳ_1s − ȳ_0s), w_s = n_1s / n_1; its variance is Σ w_s² s²_s (1/n_1s + 1/n_0s) with the pooled
    variance s²_s of the stratum, its interval Student's t with Σ (n_1s + n_0s − 2) degrees of freedom.

    Args:
        values: what each customer bought afterwards, shape (n,).
        is_compensated: who was, shape (n,).
        strata: number of the stratum of each, 0 or more, shape (n,).

    Source: docs/formulas.md#value_kept. Cost: O(n).

    >>> bought = np.array([0, 0, 120, 300, 0, 80, 0, 60, 0, 0], dtype=float)
    >>> found = value_kept(bought, np.arange(10) < 6, np.zeros(10, dtype=np.int64))
    >>> [round(end, 2) for end in (found.difference, found.low, found.high)]
    [68.33, -72.72, 209.38]
    """
    size = int(strata.max(initial=-1)) + 1
    both = [
        np.bincount(strata[chosen], minlength=size).astype(float)
        for chosen in (is_compensated, ~is_compensated)
    ]
    sums = [
        np.bincount(strata[chosen], values[chosen], minlength=size)
        for chosen in (is_compensated, ~is_compensated)
    ]
    squares = np.bincount(strata, values**2, minlength=size)
    n1, n0 = both
    some = (n1 > 0) & (n0 > 0)
    total = float(n1[some].sum())
    left_out = int(n1[~some].sum())
    if total == 0:
        return ValueKept(0, 0, left_out, None, None, None, None, None)
    n1, n0, weights = n1[some], n0[some], n1[some] / total
    mean1, mean0 = sums[0][some] / n1, sums[1][some] / n0
    freedom = n1 + n0 - 2
    within = np.maximum(squares[some] - n1 * mean1**2 - n0 * mean0**2, 0.0)
    pooled = np.divide(within, freedom, out=np.zeros_like(within), where=freedom > 0)
    mean, like_mean = float(weights @ mean1), float(weights @ mean0)
    low = high = None
    spread, degrees = float(weights**2 @ (pooled * (1 / n1 + 1 / n0))), float(freedom.sum())
    if degrees > 0 and spread > 0:
        half = float(t_quantile(degrees)) * spread**0.5
        low, high = mean - like_mean - half, mean - like_mean + half
    return ValueKept(int(total), int(n0.sum()), left_out, mean, like_mean, mean - like_mean, low, high)
