"""How far totals were off in windows that have closed: the level of a total, and its interval.

A model says what customers will bring if they go on as they were. Seasons, growth and prices move all of them
together, and no model of single customers sees it. So the same forecast is made for windows of the past, and
held against what then came in: the errors e, as logarithms, say how far a total is usually off (m) and how
much that varies (σ²). A company that has seen little is believed little: a prior spread s of ν windows stands
beside the errors, and m is drawn to 0 by κ.

Source: docs/formulas.md#lifetime-value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.domain.churn.inputs.snapshots import SHORTEST_WINDOW_DAYS

YEAR_DAYS = 364
"""Whole weeks, so that the days of the week match."""

YEAR_WINDOW_DAYS = 330
"""Windows this long hold a whole year's seasons."""

LEAST_PAST_DAYS = 90
"""Days that must lie before a window of last year, or of the year before."""

LARGEST_ERROR = 1.5
"""An error of the logarithm beyond ± this counts as this."""

PRIOR_WINDOWS = 4
LEVEL_SPREAD = 0.08
"""Two windows whose errors differ by more than chance and this spread were not of one season."""


class Basis(StrEnum):
    """Which windows a level rests on.

    ``season_unknown``: the last two; the season ahead was not seen. ``same_season``: those of the same days
    of the years before, for the last window erred otherwise. ``same_season_and_last``: both.
    ``year_windows``: the last two, each as long as a year. ``none``: no window has closed.
    """

    SEASON_UNKNOWN = "season_unknown"
    SAME_SEASON = "same_season"
    SAME_SEASON_AND_LAST = "same_season_and_last"
    YEAR_WINDOWS = "year_windows"
    NONE = "none"


class Name(StrEnum):
    """Which window."""

    LAST = "last"
    EARLIER = "earlier"
    SAME_SEASON = "same_season"
    SEASON_BEFORE = "season_before"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before any window: the spread ``s`` of errors, and the weight ``kappa`` of m = 0."""

    s: float
    kappa: float


_UNSEEN, _SEEN = Prior(0.2, 1.8), Prior(0.08, 0.1)


def prior_of(basis: Basis) -> Prior:
    """What is believed beforehand; less when the season ahead was never seen."""
    return _UNSEEN if basis in (Basis.SEASON_UNKNOWN, Basis.NONE) else _SEEN


@dataclass(frozen=True, slots=True)
class Planned:
    """A window of ``days`` days, opened at the start of ``opens_day``."""

    name: Name
    opens_day: int
    days: int

    @property
    def closes_day(self) -> int:
        """The first day after it."""
        return self.opens_day + self.days


def plan(first_day: int, as_of_day: int, horizon_days: int) -> tuple[Planned, ...]:
    """Choose the windows that may be used; all of them have closed by ``as_of_day``.

    Args:
        first_day: day of the company's first purchase.
        as_of_day: the day of the run.
        horizon_days: how far ahead lifetime value looks.

    >>> [(one.name.value, one.opens_day, one.days) for one in plan(0, 500, 60)]
    [('last', 440, 60), ('earlier', 380, 60), ('same_season', 136, 60)]
    >>> plan(0, 80, 60)
    ()
    """
    days = min(horizon_days, (as_of_day - first_day) // 3)
    if days < SHORTEST_WINDOW_DAYS:
        return ()
    last = Planned(Name.LAST, as_of_day - days, days)
    windows = [last, Planned(Name.EARLIER, as_of_day - 2 * days, days)]
    if horizon_days <= YEAR_DAYS and days < YEAR_WINDOW_DAYS:
        for years, name in enumerate((Name.SAME_SEASON, Name.SEASON_BEFORE), 1):
            opens = as_of_day - years * YEAR_DAYS
            if opens - first_day >= max(LEAST_PAST_DAYS, days):
                windows.append(Planned(name, opens, horizon_days))
    return tuple(windows)


@dataclass(frozen=True, slots=True)
class Closed:
    """A window that has closed.

    Args:
        window: which.
        forecast: what the model of the day it opened expected the customers of that day to spend, above 0.
        realised: what they spent, net.
        variance: of ln(forecast), by what customers do and by what is not known of the parameters.
    """

    window: Planned
    forecast: float
    realised: float
    variance: float

    @property
    def error(self) -> float:
        """ln(realised / forecast), within ± `LARGEST_ERROR`.

        >>> Closed(Planned(Name.LAST, 0, 30), 100, 110.517, 0).error.__round__(4)
        0.1
        """
        if self.realised <= 0:
            return -LARGEST_ERROR
        return min(max(float(np.log(self.realised / self.forecast)), -LARGEST_ERROR), LARGEST_ERROR)


@dataclass(frozen=True, slots=True)
class Record:
    """The basis of a level, and its windows."""

    basis: Basis
    windows: tuple[Closed, ...]


UNTESTED = Record(Basis.NONE, ())


def choose(tested: Sequence[Closed]) -> Record:
    """Choose the windows that the level rests on, among all that could be tested."""
    known: Mapping[Name, Closed] = {one.window.name: one for one in tested}
    last, season = known.get(Name.LAST), known.get(Name.SAME_SEASON)
    if season is not None:
        names = [Name.SAME_SEASON, Name.SEASON_BEFORE]
        basis = Basis.SAME_SEASON
        if last is not None and not _differ(season, last):
            names, basis = [*names, Name.LAST], Basis.SAME_SEASON_AND_LAST
    else:
        names = [Name.LAST, Name.EARLIER]
        is_year = any(known[name].window.days >= YEAR_WINDOW_DAYS for name in names if name in known)
        basis = Basis.YEAR_WINDOWS if is_year else Basis.SEASON_UNKNOWN
    windows = tuple(known[name] for name in names if name in known)
    return Record(basis, windows) if windows else UNTESTED


def _differ(one: Closed, other: Closed) -> bool:
    spread = np.sqrt(one.variance + other.variance + LEVEL_SPREAD**2)
    return bool(abs(one.error - other.error) > 2 * spread)


@dataclass(frozen=True, slots=True)
class Level:
    """What errors of the past say of a total: ``m``, their usual size, and ``variance``, how much the level
    of another window may differ from it; both of logarithms. ``freedom``: degrees of it."""

    m: float
    variance: float
    freedom: float

    @property
    def factor(self) -> float:
        """What the model's total, and every customer's value, is multiplied by: e^m."""
        return float(np.exp(self.m))

    def reach(self, variance: float) -> float:
        """How far, as a logarithm, the 95 % interval of a total reaches to both sides.

        Args:
            variance: of ln(total), by behaviour and parameters.
        """
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 0.975) * np.sqrt(self.variance + variance))


def level(record: Record) -> Level:
    """Pool the errors of the windows.

    With w_k = s²/(s² + v_k) and W their sum: m = Σ w_k e_k/(κ + W), and the variance of a new window's level
    is (ν s² + Σ w_k(e_k − m)² + κ m²)/(ν + W)·(1 + 1/(κ + W)) with ν + W degrees of freedom.
    """
    prior, nu = prior_of(record.basis), PRIOR_WINDOWS
    errors = np.array([one.error for one in record.windows])
    noise = np.array([one.variance for one in record.windows])
    weights = prior.s**2 / (prior.s**2 + noise)
    total = float(weights.sum())
    m = float((weights * errors).sum()) / (prior.kappa + total)
    squares = float((weights * (errors - m) ** 2).sum()) + prior.kappa * m**2
    variance = (nu * prior.s**2 + squares) / (nu + total)
    return Level(m, variance * (1 + 1 / (prior.kappa + total)), nu + total)
