"""A customer's latest answer, and whether its answers go up or down by more than chance.

People who feel the same answer differently from one time to the next. How far apart is learned from all
customers of the company, mixed with the customer's own earlier answers, and the latest answer is held
against it.

Source: docs/formulas.md#trend-of-a-customer.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from app.domain.satisfaction.intervals import t_quantile
from app.domain.satisfaction.model import BoolArray, FloatArray, IntArray

MARGIN_POINTS = 20.0
"""Points of 0..100 that count as a move: one step on 1-5, two on 1-7, 0-10 and 1-10."""

LEAST_OCCASIONS = 3
"""Occasions without which there is no trend."""

USUAL_WEIGHT = 10
"""As many degrees of freedom the company's spread counts beside the customer's own."""

_EDGE = 2.0
"""Points that a mean stays away from either end: at the end itself nothing would seem to vary."""

_LEAST_VARIANCE = 1e-9
_ROUNDING = 1e-6


class Direction(StrEnum):
    """Where a customer's answers are going."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Spread:
    """How answers of one customer vary in a company.

    ``factor`` is their variance as a share of mean·(100 − mean), the most it could be; ``mean`` that of all
    answers.
    """

    factor: float
    mean: float

    def to_dict(self) -> dict[str, float]:
        """As stored with the run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any] | None) -> "Spread | None":
        """What `to_dict` gave; None of None."""
        return None if data is None else cls(**data)


class Trend(NamedTuple):
    """Whether one customer's answers move: ``n`` occasions, and the rest None without a trend.

    ``change`` is the latest answer minus the mean of the earlier ones, in points; ``statistic`` the same in
    standard errors, and ``limit`` what it has to exceed; ``least_points`` are the points it takes.
    """

    n: int
    change: float | None = None
    statistic: float | None = None
    limit: float | None = None
    least_points: float | None = None
    direction: Direction | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Occasions:
    """The answers of many customers in points of 0..100: columns of shape (n_customers,), NaN for none.

    Args:
        n: occasions of each.
        latest: the latest answer.
        previous: the one before it.
        earlier: mean of all before the latest.
        squares: their squared distances from that mean, added up.
    """

    n: IntArray
    latest: FloatArray
    previous: FloatArray
    earlier: FloatArray
    squares: FloatArray

    def of(self, customer: int, usual: Spread | None) -> Trend:
        """The trend of one customer, ``usual`` being the `spread` of all."""
        columns = (self.n, self.latest, self.earlier, self.squares)
        n, latest, earlier, squares = (column[customer].item() for column in columns)
        return trend(n, latest, earlier, squares, usual)


def occasions(
    points: FloatArray, answered_micros: IntArray, customer: IntArray, n_customers: int
) -> Occasions:
    """Tell the latest answer of each customer from its earlier ones, as far as trends need them.

    Answers at the same instant are one occasion with their mean.

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
    latest, previous, earlier, squares = np.full((4, n_customers), np.nan)
    some, several = n > 0, n > 1
    latest[some] = each[last[some]]
    previous[several] = each[last[several] - 1]
    before = np.ones(who.size, dtype=np.bool_)
    before[last[some]] = False
    who, each = who[before], each[before]
    earlier[several] = np.bincount(who, each, minlength=n_customers)[several] / (n[several] - 1)
    around = (each - earlier[who]) ** 2
    squares[several] = np.bincount(who, around, minlength=n_customers)[several]
    return Occasions(n, latest, previous, earlier, squares)


def of_last_survey(survey: IntArray, answered_micros: IntArray, customer: IntArray) -> BoolArray:
    """Tell which responses are to the survey that their customer answered last.

    Figures of different surveys are not comparable where each weighs questions of its own. Of two that were
    answered at the same instant the later survey counts, the one with the greater number.

    >>> survey, at, customer = np.array([0, 1, 0, 1]), np.array([1, 2, 3, 4]), np.array([7, 7, 7, 8])
    >>> of_last_survey(survey, at, customer).tolist()
    [True, False, True, True]
    """
    order = np.lexsort((survey, answered_micros, customer))
    who = customer[order]
    is_last = np.append(who[1:] != who[:-1], True)[: who.size]
    last = survey[order][is_last][np.cumsum(is_last) - is_last]
    found = np.zeros(survey.size, dtype=np.bool_)
    found[order] = survey[order] == last
    return found


def spread(n: IntArray, latest: FloatArray, earlier: FloatArray, squares: FloatArray) -> Spread | None:
    """Learn how answers of one customer vary, from all who answered twice; None where there are none.

    Args:
        n: occasions of each customer.
        latest: as in `Occasions`, as are the others.
        earlier: mean of those before.
        squares: of those.
    """
    rows = np.flatnonzero(n > 0)
    before = n[rows] - 1
    total = latest[rows] + np.where(before > 0, before * earlier[rows], 0.0)
    several = before > 0
    if not several.any():
        return None
    overall = float(total.sum() / n[rows].sum())
    rows, before, total = rows[several], before[several], total[several]
    own = squares[rows] + (latest[rows] - earlier[rows]) ** 2 * before / (before + 1)
    return Spread(float(own.sum() / (before * _most(total, before + 1, overall)).sum()), overall)


def trend(n: int, latest: float, earlier: float, squares: float, usual: Spread | None) -> Trend:
    """Tell whether a customer's answers move, by its figures in `Occasions` and the `spread` of all.

    Rising or falling: the latest answer lies 20 points or more from the mean of the earlier ones, and
    further than the spread lets expect in 19 of 20 customers who do not move.

    >>> found = trend(3, 25.0, 100.0, 0.0, Spread(0.38, 67.0))
    >>> found.direction, round(found.statistic, 4), round(found.limit, 4)
    (<Direction.FALLING: 'falling'>, -2.3468, 2.201)
    """
    if n < LEAST_OCCASIONS or usual is None:
        return Trend(n)
    before, change = n - 1, latest - earlier
    most = _most(latest + before * earlier, n, usual.mean)
    freedom = USUAL_WEIGHT + before - 1
    variance = (USUAL_WEIGHT * usual.factor * most + squares) / freedom
    error = float(np.sqrt(max(variance, _LEAST_VARIANCE) * (1 + 1 / before)))
    limit = float(t_quantile(freedom))
    least = max(MARGIN_POINTS, limit * error)
    if abs(change) < MARGIN_POINTS - _ROUNDING or abs(change) <= limit * error:
        direction = Direction.STEADY
    else:
        direction = Direction.RISING if change > 0 else Direction.FALLING
    return Trend(n, change, change / error, limit, least, direction)


def _most(total: Any, n: Any, overall: float) -> Any:
    """``m·(100 − m)`` of means drawn to the overall one by one answer: what the variance could be at most."""
    mean = np.minimum(np.maximum((total + overall) / (n + 1), _EDGE), 100 - _EDGE)
    return mean * (100 - mean)
