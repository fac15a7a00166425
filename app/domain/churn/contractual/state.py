"""Customers under contract: where a contract stands on a day, and how many leave.

What a computation for ``as_of_day`` sees happened before it: notice given on that day or later, or leaving
then, is not known yet. Days are numbered from 1970-01-01; `NO_DAY` stands for one that is not there.

Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.common.arrays import FloatArray, IntArray
from app.domain.common.days import EPOCH_DAY

StateArray = NDArray[np.int8]

GRACE_DAYS = 30
"""Days after a contract's last day in which renewing is still expected, unless notice was given."""


class State(IntEnum):
    """Where a contract stands, by rising finality.

    ``NONE``: there is no contract. ``LAPSED``: it ended, the days of grace went by, and nobody said
    anything. ``LEFT``: the customer ended it. ``ENDED_BY_US``: we did, which is not churn.
    """

    NONE = 0
    NOT_STARTED = 1
    ACTIVE = 2
    NOTICE_GIVEN = 3
    LAPSED = 4
    LEFT = 5
    ENDED_BY_US = 6


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """The contracts of n customers as aligned columns, shape (n,); a day that is missing is `NO_DAY`.

    Args:
        started_day: first day of the contract; `NO_DAY` for customers without one.
        ends_day: last day of the contract; `NO_DAY` when it runs on until notice is given.
        notice_day: day on which notice was given.
        left_day: first day on which the customer was gone.
        ended_by_us: whether it was we who ended it; only read together with ``left_day``.
    """

    started_day: IntArray
    ends_day: IntArray
    notice_day: IntArray
    left_day: IntArray
    ended_by_us: NDArray[np.bool_]


def states(contracts: Contracts, as_of_day: int, grace_days: int = GRACE_DAYS) -> StateArray:
    """Tell where each contract stands at the start of ``as_of_day``, as numbers of `State`.

    Leaving comes before everything else, for customers without a contract too. A contract is over on the day
    after ``ends_day`` when notice was given, else ``grace_days`` later.
    """
    c = contracts
    found = np.full(c.started_day.size, State.ACTIVE, dtype=np.int8)
    notice = (c.notice_day != NO_DAY) & (c.notice_day < as_of_day)
    found[notice] = State.NOTICE_GIVEN
    grace = np.where(notice, 0, grace_days)
    found[(c.ends_day != NO_DAY) & (c.ends_day + grace < as_of_day)] = State.LAPSED
    found[notice & (found == State.LAPSED)] = State.LEFT
    found[c.started_day >= as_of_day] = State.NOT_STARTED
    found[c.started_day == NO_DAY] = State.NONE
    gone = (c.left_day != NO_DAY) & (c.left_day < as_of_day)
    found[gone] = np.where(c.ended_by_us[gone], State.ENDED_BY_US, State.LEFT)
    return found


def state(
    started_on: date | None,
    ends_on: date | None,
    notice_given_on: date | None,
    left_on: date | None,
    ended_by_us: bool,
    as_of: date,
    grace_days: int = GRACE_DAYS,
) -> State:
    """Tell where one contract stands at the start of ``as_of``: see `states`.

    >>> state(date(2025, 1, 1), date(2025, 12, 31), None, None, False, as_of=date(2026, 1, 30)).name
    'ACTIVE'
    >>> state(date(2025, 1, 1), date(2025, 12, 31), None, None, False, as_of=date(2026, 1, 31)).name
    'LAPSED'
    """
    days = (started_on, ends_on, notice_given_on, left_on)
    columns = [np.array([NO_DAY if day is None else (day - EPOCH_DAY).days]) for day in days]
    started, ends, notice, left = columns
    one = Contracts(started, ends, notice, left, np.array([ended_by_us]))
    return State(int(states(one, (as_of - EPOCH_DAY).days, grace_days)[0]))


@dataclass(frozen=True, slots=True)
class Turnover:
    """What became of the customers under contract in a window.

    ``active_at_start`` had a contract in force at its start; of these ``left`` did so by themselves or by
    letting it lapse, and ``ended_by_us`` were sent away. ``joined`` came during the window and are in force
    at its end; they are in neither of the others.
    """

    active_at_start: int
    left: int
    ended_by_us: int
    joined: int

    @property
    def churn_rate(self) -> float | None:
        """Left / active at the start, 0..1; None when nobody was active.

        >>> Turnover(active_at_start=200, left=10, ended_by_us=0, joined=30).churn_rate
        0.05
        """
        return self.left / self.active_at_start if self.active_at_start else None


def turnover(contracts: Contracts, from_day: int, to_day: int, grace_days: int = GRACE_DAYS) -> Turnover:
    """Count who left and who joined in the days ``[from_day, to_day)``.

    Raises:
        ValueError: ``from_day`` is after ``to_day``.
    """
    if from_day > to_day:
        raise ValueError("from_day must not be after to_day")
    before, after = (states(contracts, day, grace_days) for day in (from_day, to_day))
    was_active, is_active = _in_force(before), _in_force(after)
    return Turnover(
        active_at_start=int(np.count_nonzero(was_active)),
        left=int(np.count_nonzero(was_active & ((after == State.LAPSED) | (after == State.LEFT)))),
        ended_by_us=int(np.count_nonzero(was_active & (after == State.ENDED_BY_US))),
        joined=int(np.count_nonzero(is_active & ~was_active)),
    )


def probabilities(found: StateArray, churn_rate: float | None) -> FloatArray:
    """Give each contract the probability that its customer leaves within the horizon.

    Notice given: 1, whenever the contract ends, for the decision is known. Active: ``churn_rate``, the share
    that left in the last window as long as the horizon (`turnover`), the same for all. Everybody else, and
    the active ones when the rate is unknown: NaN; who has left has no probability of leaving.
    """
    base = np.nan if churn_rate is None else churn_rate
    found_q = np.where(found == State.NOTICE_GIVEN, 1.0, np.nan)
    return np.where(found == State.ACTIVE, base, found_q)


def _in_force(found: StateArray) -> NDArray[np.bool_]:
    in_force: NDArray[np.bool_] = (found == State.ACTIVE) | (found == State.NOTICE_GIVEN)
    return in_force
