"""A customer's latest answer, and where its answers are going.

Source: docs/formulas.md#trend-of-a-customer.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.satisfaction.model import FloatArray, IntArray

MARGIN_POINTS = 20.0
"""Points of 0..100 that count as a move: one step on 1-5, two on 1-7, 0-10 and 1-10."""

_ROUNDING = 1e-9


class Direction(StrEnum):
    """Where a customer's answers are going."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Trend:
    """One customer's answers in points of 0..100.

    ``n`` occasions; ``latest`` and ``mean`` are None without any, ``previous`` (the one before the latest)
    and ``direction`` with fewer than two.
    """

    n: int
    latest: float | None
    previous: float | None
    mean: float | None
    direction: Direction | None


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """The trends of many customers: columns of shape (n_customers,), NaN where `Trend` has None.

    ``change`` is the latest answer minus the mean of the earlier ones, NaN with fewer than two.
    """

    n: IntArray
    latest: FloatArray
    previous: FloatArray
    mean: FloatArray
    change: FloatArray

    def of(self, customer: int) -> Trend:
        """The trend of one customer."""
        latest, previous, mean = (
            None if np.isnan(column[customer]) else float(column[customer])
            for column in (self.latest, self.previous, self.mean)
        )
        return Trend(int(self.n[customer]), latest, previous, mean, _direction(float(self.change[customer])))

    def is_falling(self) -> NDArray[np.bool_]:
        """Tell whose answers are falling."""
        return self.change <= -(MARGIN_POINTS - _ROUNDING)

    def directions(self) -> NDArray[np.int8]:
        """Give the place of each customer's direction among `Direction`, -1 where there is none."""
        places = {direction: place for place, direction in enumerate(Direction)}
        found = np.full(self.n.shape, places[Direction.STEADY], dtype=np.int8)
        found[self.is_falling()] = places[Direction.FALLING]
        found[self.change >= MARGIN_POINTS - _ROUNDING] = places[Direction.RISING]
        found[np.isnan(self.change)] = -1
        return found


def _direction(change: float) -> Direction | None:
    if np.isnan(change):
        return None
    if abs(change) < MARGIN_POINTS - _ROUNDING:
        return Direction.STEADY
    return Direction.RISING if change > 0 else Direction.FALLING


def trends(points: FloatArray, answered_micros: IntArray, customer: IntArray, n_customers: int) -> Trends:
    """Latest answer and direction of each customer, from its own answers only.

    Rising or falling: the latest answer is `MARGIN_POINTS` or more above or below the mean of all earlier
    ones; otherwise steady. Answers at the same instant are one occasion with their mean.

    Args:
        points: answers on 0..100, all of one index (``Answers.points`` of valid rows; `ces.ease`).
        answered_micros: when each was given, in microseconds since 1970 UTC.
        customer: code of the customer, 0 to n_customers − 1; leave anonymous answers out.
        n_customers: how many customers there are.

    Raises:
        ValueError: lengths differ, or a code is out of range.

    Cost: O(n log n).
    """
    if not points.shape == answered_micros.shape == customer.shape:
        raise ValueError("points, times and customers must be aligned")
    if customer.size and not 0 <= int(customer.min()) <= int(customer.max()) < n_customers:
        raise ValueError("a customer is out of range")
    order = np.lexsort((answered_micros, customer))
    who, when, sorted_points = customer[order], answered_micros[order], points[order]
    is_new = np.ones(who.size, dtype=np.bool_)
    is_new[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    occasion = np.cumsum(is_new) - 1
    each = np.bincount(occasion, sorted_points) / np.bincount(occasion)
    who = who[is_new]
    n = np.bincount(who, minlength=n_customers)
    last = np.cumsum(n) - 1
    latest, previous, total = np.full((3, n_customers), np.nan)
    some, several = n > 0, n > 1
    latest[some] = each[last[some]]
    previous[several] = each[last[several] - 1]
    total[some] = np.bincount(who, each, minlength=n_customers)[some]
    earlier = (total - latest) / np.where(several, n - 1, np.nan)
    return Trends(n, latest, previous, total / np.where(some, n, np.nan), latest - earlier)


def trend(points: FloatArray, answered_micros: IntArray) -> Trend:
    """`trends` of one customer.

    >>> trend(np.array([75.0, 75, 50]), np.array([1, 2, 3]))
    Trend(n=3, latest=50.0, previous=75.0, mean=66.66..., direction=<Direction.FALLING: 'falling'>)
    """
    return trends(points, answered_micros, np.zeros(points.size, dtype=np.int64), 1).of(0)
