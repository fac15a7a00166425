"""Customers with and without a failure, each looked at from one instant: what they bought before and after.

Source: docs/formulas.md#recovery-effect.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.common.days import DAY_MICROS
from app.domain.recovery.matching import LOOKS_BACK_DAYS
from app.domain.value.value_tiers import Cuts, TierArray, assign, cut_values


@dataclass(frozen=True, slots=True)
class Spans:
    """How long a failure has to be put right, and how long customers are watched from then on, in days."""

    recovery_days: int
    horizon_days: int

    @property
    def both_micros(self) -> int:
        """Both together, in microseconds: from the failure until the horizon has closed."""
        return (self.recovery_days + self.horizon_days) * DAY_MICROS

    def is_after(self, at: IntArray, failed: IntArray) -> BoolArray:
        """Tell which instants lie in the horizon of failures at other instants; both in microseconds."""
        begins = failed + self.recovery_days * DAY_MICROS
        return (at >= begins) & (at < begins + self.horizon_days * DAY_MICROS)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What customers bought, aligned with them.

    ``value_minor`` (net), ``purchases`` and ``days_since_last`` (-1 without one) are those of the
    `LOOKS_BACK_DAYS` before the instant; ``has_returned``: whether something was bought in the horizon.
    """

    value_minor: IntArray
    purchases: IntArray
    days_since_last: IntArray
    has_returned: BoolArray


def history(
    failed: IntArray,
    owner: IntArray,
    at: IntArray,
    amount_minor: IntArray,
    is_bought: BoolArray,
    spans: Spans,
) -> History:
    """Sum up transactions around one instant of each customer.

    Args:
        failed: when something failed for each customer, or is taken to have not failed; microseconds,
            shape (customers,).
        owner: place of the customer of each transaction among these, shape (n,).
        at: when it happened, microseconds, shape (n,).
        amount_minor: its effect on the customer's value, shape (n,).
        is_bought: whether it is a purchase, shape (n,).
        spans: of recovery and horizon.

    >>> days = np.array([90, 95, 140]) * DAY_MICROS
    >>> one = history(
    ...     np.array([100 * DAY_MICROS]), np.zeros(3, dtype=np.int64), days, np.array([500, 300, 900]),
    ...     np.ones(3, dtype=np.bool_), Spans(30, 90),
    ... )
    >>> one.value_minor, one.purchases, one.days_since_last, one.has_returned
    (array([800]), array([2]), array([5]), array([ True]))
    """
    n = failed.size
    since = failed[owner] - at
    is_before = (since >= 0) & (since < LOOKS_BACK_DAYS * DAY_MICROS)
    value = np.zeros(n, dtype=np.int64)
    np.add.at(value, owner[is_before], amount_minor[is_before])
    bought = is_before & is_bought
    purchases = np.bincount(owner[bought], minlength=n).astype(np.int64)
    days = np.full(n, LOOKS_BACK_DAYS, dtype=np.int64)
    np.minimum.at(days, owner[bought], since[bought] // DAY_MICROS)
    came_back = is_bought & spans.is_after(at, failed[owner])
    has_returned = np.bincount(owner[came_back], minlength=n) > 0
    return History(value, purchases, np.where(purchases > 0, days, -1), has_returned)


def tiers(value_minor: IntArray, is_counted: BoolArray, cuts: Cuts) -> TierArray:
    """Give tiers by value, with the cuts that those who are counted make among themselves.

    Args:
        value_minor: of each customer, shape (n,).
        is_counted: whether the customer is one of a fair sample of all, shape (n,).
        cuts: where A and B end.

    >>> tiers(np.array([800, 150, 50, 900]), np.array([True, True, True, False]), Cuts()).tolist()
    ['A', 'B', 'C', 'A']
    """
    counted = value_minor[is_counted]
    least_a, least_b = cut_values(counted, assign(counted, cuts))
    found: TierArray = np.full(value_minor.size, "C", dtype="<U1")
    if least_a is not None:
        found[(value_minor >= (least_a if least_b is None else least_b)) & (value_minor > 0)] = "B"
        found[(value_minor >= least_a) & (value_minor > 0)] = "A"
    return found


def days_without_failure(tail: NDArray[np.uint64], failed: IntArray) -> IntArray:
    """Give customers without a failure the instants of failures, so that seasons weigh the same in all.

    Args:
        tail: a number drawn by chance that each customer keeps, shape (n,): the end of the id.
        failed: when something failed for the others, shape (m,), at least one.

    >>> days_without_failure(np.array([5, 6], dtype=np.uint64), np.array([10])).tolist()
    [10, 10]
    """
    mixed = (tail * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)
    found: IntArray = failed[(mixed % np.uint64(failed.size)).astype(np.int64)]
    return found


def mean_by_customer(owner: IntArray, values: FloatArray, n: int) -> FloatArray:
    """Means of values by customer, NaN where there is none; shape (n,).

    >>> mean_by_customer(np.array([1, 1]), np.array([50.0, 100.0]), 2).tolist()
    [nan, 75.0]
    """
    counts = np.bincount(owner, minlength=n).astype(np.float64)
    return np.bincount(owner, values, minlength=n) / np.where(counts > 0, counts, np.nan)
