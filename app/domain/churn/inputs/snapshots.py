"""Customers as they were seen on a day, and windows of the past of which the outcome is known.

A model learns from a `Window` that has closed and speaks about a `Snapshot`. That nothing from after the day
gets in is the business of whoever makes a snapshot; that a window had closed by the day it is used for is
checked here.

Source: docs/formulas.md#learned-churn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.distributions.btyd import Fit, NoFit
from app.domain.churn.distributions.mbg_cnbd_k import RegularFit
from app.domain.churn.inputs.customer_facts import Facts
from app.domain.churn.inputs.purchase_history import Histories, Rhythm, from_days, rhythm
from app.domain.common.arrays import BoolArray, FloatArray, IntArray, Rows

PART = 65_536
"""Customers whose features are computed at a time."""

MAX_COMPARED = 100_000
"""Customers that models are compared on at most, evenly chosen; fits of the parametric model see all."""

SHORTEST_WINDOW_DAYS = 28
"""A window shorter than four weeks says more about the week than about the customers."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """n customers without a contract, each with at least one purchase, at the start of ``facts.as_of_day``.

    Args:
        facts: what was known then.
        value_minor: what each was worth over the caller's window of value that ended then, minor units.
        refunds: days with a refund or cancellation each had by then.
        is_regular: whether the purchase model may find their intervals more even than at random.

    Raises:
        ValueError: lengths differ, or a customer without a purchase is among them.
    """

    facts: Facts
    value_minor: IntArray
    refunds: IntArray
    is_regular: bool = False

    def __post_init__(self) -> None:
        if not self.value_minor.shape == self.refunds.shape == self.facts.first_day.shape:
            raise ValueError("columns must be of one length")
        if np.any(self.facts.purchase_days < 1):
            raise ValueError("everybody in a snapshot has bought before")

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def as_of_day(self) -> int:
        """The first day that was not seen."""
        return self.facts.as_of_day

    @cached_property
    def histories(self) -> Histories:
        """Purchase histories up to the day."""
        facts = self.facts
        return from_days(facts.first_day, facts.last_day, facts.purchase_days, facts.sales_end_day)

    @cached_property
    def rhythm(self) -> Rhythm:
        """How often they buy."""
        return rhythm(self.histories)

    @cached_property
    def fitted(self) -> Fit | NoFit:
        """MBG/NBD fitted to these histories; computed once."""
        return mbg_nbd.fit(self.histories)

    @cached_property
    def regular_fit(self) -> RegularFit | None:
        """MBG/CNBD-k fitted to them, computed once; None where they are not more even than at random."""
        return None if isinstance(self.fitted, NoFit) else mbg_cnbd_k.fit(self.histories, self.fitted)

    @property
    def purchase_model(self) -> RegularFit | Fit | NoFit:
        """The fit that probabilities come from."""
        return (self.regular_fit if self.is_regular else None) or self.fitted

    def parametric_q(self, horizon_days: int) -> FloatArray | None:
        """Probability of no purchase in the horizon by that fit; None when there is none."""
        known = self.purchase_model
        return None if isinstance(known, NoFit) else mbg_cnbd_k.q(known, self.histories, horizon_days)

    def as_regular(self, is_regular: bool = True) -> "Snapshot":
        """The same customers, with or without a look at how even their intervals are."""
        if is_regular == self.is_regular:
            return self
        other = Snapshot(self.facts, self.value_minor, self.refunds, is_regular)
        other.__dict__.update({name: self.__dict__[name] for name in _COMPUTED if name in self.__dict__})
        return other

    def parts(self, size: int = PART) -> Iterator["Snapshot"]:
        """All customers, so many at a time: a hundred numbers of each of a million would not fit nicely."""
        for start in range(0, len(self), size):
            yield self.take(slice(start, start + size))

    def take(self, rows: Rows) -> "Snapshot":
        """Some of the customers, with what was fitted to all of them."""
        part = Snapshot(self.facts.take(rows), self.value_minor[rows], self.refunds[rows], self.is_regular)
        part.__dict__["fitted"] = self.fitted
        if self.is_regular or "regular_fit" in self.__dict__:
            part.__dict__["regular_fit"] = self.regular_fit
        part.__dict__["histories"] = self.histories.take(rows)
        return part


_COMPUTED = ("histories", "rhythm", "fitted", "regular_fit")


@dataclass(frozen=True, eq=False)
class Window:
    """A snapshot and what happened in the days after it.

    Args:
        then: how the customers were seen when the window opened.
        silent: who bought nothing on the days ``[then.as_of_day, then.as_of_day + horizon_days)``.
        horizon_days: length of the window.

    Raises:
        ValueError: lengths differ, or the horizon is below 1.
    """

    then: Snapshot
    silent: BoolArray
    horizon_days: int

    def __post_init__(self) -> None:
        if self.silent.shape != (len(self.then),):
            raise ValueError("there must be one outcome for each customer")
        if self.horizon_days < 1:
            raise ValueError("horizon_days must be 1 or more")

    def sample(self, max_customers: int | None) -> "Window":
        """About ``max_customers`` of the customers, evenly chosen, with what was fitted to all; None for
        all."""
        step = 1 if max_customers is None else max(1, -(-len(self.then) // max_customers))
        if step == 1:
            return self
        rows = np.arange(0, len(self.then), step)
        return Window(self.then.take(rows), self.silent[rows], self.horizon_days)

    def as_regular(self, is_regular: bool = True) -> "Window":
        """The same window, with or without a look at how even intervals are: `Snapshot.as_regular`."""
        return Window(self.then.as_regular(is_regular), self.silent, self.horizon_days)

    @property
    def closes_day(self) -> int:
        """The first day after it."""
        return self.then.as_of_day + self.horizon_days

    @property
    def rarer(self) -> int:
        """How many customers had the rarer of the two outcomes: what a model can learn from."""
        silent = int(np.count_nonzero(self.silent))
        return min(silent, self.silent.size - silent)


@dataclass(frozen=True, slots=True)
class Plan:
    """Two windows that follow each other and close on ``as_of_day``, both ``horizon_days`` long.

    The last one trains the model that serves; the earlier one trains the model that is tried on the last.
    """

    as_of_day: int
    horizon_days: int

    @property
    def last_day(self) -> int:
        """The day on which the last window opens."""
        return self.as_of_day - self.horizon_days

    @property
    def earlier_day(self) -> int:
        """The day on which the earlier window opens."""
        return self.as_of_day - 2 * self.horizon_days


def plan(first_day: int, as_of_day: int, horizon_days: int) -> Plan | None:
    """Choose the windows: as long as the horizon, or a third of the company's past when that is shorter.

    So at least as much lies before both windows as each of them is long.

    Args:
        first_day: day of the company's first purchase.
        as_of_day: the day of the run.
        horizon_days: how far ahead the run looks.

    Returns:
        The plan; None when the windows would be shorter than `SHORTEST_WINDOW_DAYS`.

    >>> plan(first_day=0, as_of_day=273, horizon_days=273)
    Plan(as_of_day=273, horizon_days=91)
    >>> plan(0, 60, 90) is None
    True
    """
    length = min(horizon_days, (as_of_day - first_day) // 3)
    return Plan(as_of_day, length) if length >= SHORTEST_WINDOW_DAYS else None


YEAR_DAYS = 364
"""A year of whole weeks: the same days of the week."""

LEAST_PAST_DAYS = 90
"""Days of the company's past that must lie before the same season of the year before."""


def same_season(first_day: int, as_of_day: int, horizon_days: int, years: int = 1) -> tuple[int, int] | None:
    """Day on which the horizon's own season opened years ago, and the length of that window; None without.

    Args:
        first_day: day of the company's first purchase.
        as_of_day: the day of the run.
        horizon_days: how far ahead the run looks; beyond a year there is no such window.
        years: how many years ago.

    >>> same_season(0, 454, 90), same_season(0, 453, 90), same_season(0, 800, 365)
    ((90, 90), None, (436, 364))
    >>> same_season(0, 818, 90, years=2), same_season(0, 817, 90, years=2)
    ((90, 90), None)
    """
    planned, opens = plan(first_day, as_of_day, horizon_days), as_of_day - years * YEAR_DAYS
    if planned is None or horizon_days > YEAR_DAYS + 1:
        return None
    if opens - first_day < max(LEAST_PAST_DAYS, planned.horizon_days):
        return None
    return opens, min(horizon_days, YEAR_DAYS)


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """The windows that had closed by a day; None for each that the past is too short for.

    Args:
        earlier: the window before ``last``.
        last: the one that closed on the day.
        same_season: the one a year before the horizon.
        season_before: the one two years before it.
    """

    earlier: Window | None = None
    last: Window | None = None
    same_season: Window | None = None
    season_before: Window | None = None

    def as_regular(self, is_regular: bool = True) -> "Closed":
        """The same, with or without a look at how even intervals are."""
        windows = (self.earlier, self.last, self.same_season, self.season_before)
        return Closed(*(None if window is None else window.as_regular(is_regular) for window in windows))


NO_WINDOWS = Closed()


def check_order(*windows: Window | None, as_of_day: int) -> None:
    """Refuse windows that had not closed by the day they are used for, or that overlap.

    Raises:
        ValueError: the outcome of a window reaches into what comes after it.
    """
    limit = as_of_day
    for window in reversed([window for window in windows if window is not None]):
        if window.closes_day > limit:
            raise ValueError("a window must have closed by the day it is used for")
        limit = window.then.as_of_day
