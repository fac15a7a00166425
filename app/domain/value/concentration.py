"""Values in order, and how unevenly they are spread over customers: Gini, top shares, curves.

Values are integers, minor units of one currency, one per customer. Every function takes the values
or ``rank(values)``: rank once when several are called, sorting is the main cost.

Source: docs/formulas.md#value-tiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Curve = tuple[tuple[float, float], ...]

CURVE_POINTS = 101

INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Values together with their order; made by `rank`.

    ``positive`` holds the values above 0 from the best down, ``running`` their cumulative sum.
    """

    values: IntArray
    positive: IntArray
    running: IntArray
    n_zero: int
    n_negative: int
    net_total: int

    @property
    def n(self) -> int:
        """Number of customers."""
        return self.values.size

    @property
    def positive_total(self) -> int:
        """S, the sum of the values above 0."""
        return int(self.running[-1]) if self.running.size else 0

    def best(self, count: int) -> int:
        """Sum the ``count`` best values, counting values below 0 as 0."""
        held = min(count, self.running.size)
        return int(self.running[held - 1]) if held else 0


Values = IntArray | Sequence[int] | Ranking


def rank(values: Values) -> Ranking:
    """Check and sort the values once, for the other functions of this module.

    Args:
        values: value per customer, shape (n,), any order, may be empty, zero or negative.

    Raises:
        ValueError: not whole numbers, or their magnitudes add up to more than 2**63 - 1.
    """
    if isinstance(values, Ranking):
        return values
    given = np.asarray(values)
    if given.ndim != 1 or (given.size and given.dtype.kind != "i"):
        raise ValueError("values must be one row of 64-bit integers")
    array = given.astype(np.int64, copy=False)
    magnitude = float(np.abs(array.astype(np.float64)).sum())
    if magnitude > 9e18 and sum(abs(value) for value in array.tolist()) > INT64_MAX:
        raise ValueError("the values add up to more than a 64-bit sum can hold")
    positive = np.sort(array[array > 0])[::-1]
    n_negative = int(np.count_nonzero(array < 0))
    return Ranking(
        values=array,
        positive=positive,
        running=np.cumsum(positive),
        n_zero=array.size - positive.size - n_negative,
        n_negative=n_negative,
        net_total=int(array.sum()),
    )


def gini(values: Values) -> float | None:
    """Measure how unevenly value is spread: 0 everyone the same, towards 1 one customer has all.

    Computed on max(value, 0); 2Σ i·v_(i) / (nΣv) − (n+1)/n with v ascending. None when no value is positive.

    >>> gini([1, 2, 3, 4]), gini([0, 0, 0, 4]), gini([0, -5])
    (0.25, 0.75, None)
    """
    ranked = rank(values)
    total, n = ranked.positive_total, ranked.n
    if not total:
        return None
    # From the best down the weights 2i − n − 1 are n − 1, n − 3, ...; zeros weigh nothing.
    weights = (n - 1) - 2 * np.arange(ranked.positive.size, dtype=np.float64)
    return max(0.0, float(weights @ ranked.positive.astype(np.float64)) / (n * float(total)))


def top_share(values: Values, percent: int = 20) -> float | None:
    """Give the share of the positive total held by the best ``percent`` of all customers.

    The count is rounded up: ceil(n·percent/100). None when no value is positive.

    Raises:
        ValueError: ``percent`` is not 1 to 100.

    >>> top_share([600, 200, 100, 50, 30, 20, 0, -40])
    0.8
    """
    if not 1 <= percent <= 100:
        raise ValueError("percent must be 1 to 100")
    ranked = rank(values)
    if not ranked.positive_total:
        return None
    return ranked.best(top_count(ranked.n, percent)) / ranked.positive_total


def top_count(n: int, percent: int) -> int:
    """Count the best ``percent`` of ``n`` customers, rounded up: 20 % of 8 is 2."""
    return -(-n * percent // 100)


def pareto_curve(values: Values, points: int = CURVE_POINTS) -> Curve:
    """Draw the share of value (second) held by a share of customers (first), from the best down.

    At most ``points`` points, evenly spaced over the customers, (0, 0) and (1, 1) always among them;
    values below 0 count as 0. Empty when no value is positive.

    Raises:
        ValueError: fewer than 2 points.

    >>> pareto_curve([600, 400, 0, -40], points=3)
    ((0.0, 0.0), (0.5, 1.0), (1.0, 1.0))
    """
    ranked = rank(values)
    total, n = ranked.positive_total, ranked.n
    return tuple((k / n, ranked.best(k) / total) for k in _positions(ranked, points))


def lorenz_curve(values: Values, points: int = CURVE_POINTS) -> Curve:
    """Draw the share of value (second) held by a share of customers (first), from the poorest up.

    Points and edge cases as for `pareto_curve`. Twice the area between it and the diagonal is the Gini.

    >>> lorenz_curve([600, 400, 0, -40], points=3)
    ((0.0, 0.0), (0.5, 0.0), (1.0, 1.0))
    """
    ranked = rank(values)
    total, n = ranked.positive_total, ranked.n
    return tuple((k / n, (total - ranked.best(n - k)) / total) for k in _positions(ranked, points))


def _positions(ranked: Ranking, points: int) -> list[int]:
    if points < 2:
        raise ValueError("a curve needs 2 points")
    if not ranked.positive_total:
        return []
    return sorted({ranked.n * step // (points - 1) for step in range(points)})
