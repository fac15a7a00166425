"""Silence from which on customers count as left: by the company's own closed windows hardly anybody
returned.

A customer is *dormant* when its silence is long for itself and for the population
(`app.domain.churn.levels.silence_ratio` above 1). It is *left* only beyond a limit that every window which
must prove it does prove: so few of those who were beyond it when the window opened bought in it that, with
95 % confidence, at most a tenth return within the horizon.

Source: docs/formulas.md#churn.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.churn.inputs.snapshots import Window, check_order
from app.domain.churn.levels import silence_ratio

LIMITS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Silence ratios that are tried, the least first."""

CONFIDENCE = 0.95
MAX_RETURN_SHARE = 0.1
"""Share of those called left that may return within the horizon at most, at its upper limit."""


def upper_limit(returned: int, n: int) -> float:
    """One-sided upper limit of a share by Clopper and Pearson; 1 when all returned, or nobody was there.

    >>> round(upper_limit(43, 700), 6), round(upper_limit(76, 1297), 6)
    (0.078502, 0.070476)
    """
    if returned >= n:
        return 1.0
    from scipy.special import betaincinv

    return float(np.asarray(betaincinv(returned + 1, n - returned, CONFIDENCE)))


@dataclass(frozen=True, slots=True)
class ReturnShare:
    """How many of the silent customers of a past day bought in the window that opened on it.

    Args:
        returned: those who bought in the window.
        n: customers that were so silent when it opened.
        window_days: its length.
        horizon_days: how far ahead the run looks.
    """

    returned: int
    n: int
    window_days: int
    horizon_days: int

    @property
    def share(self) -> float | None:
        """Those who returned; None without any customer."""
        return self.returned / self.n if self.n else None

    @property
    def upper(self) -> float:
        """Its upper limit in the window."""
        return upper_limit(self.returned, self.n)

    @property
    def within_horizon(self) -> float:
        """The upper limit carried to the horizon, where that is longer than the window.

        >>> round(ReturnShare(76, 1297, 60, 90).within_horizon, 6)
        0.103828
        """
        return 1 - math.pow(1 - self.upper, max(self.horizon_days / self.window_days, 1))

    @property
    def proves(self) -> bool:
        """Whether so few returned that these customers may be called left.

        >>> ReturnShare(0, 28, 90, 90).proves, ReturnShare(0, 29, 90, 90).proves
        (False, True)
        """
        return self.within_horizon <= MAX_RETURN_SHARE

    def to_dict(self) -> dict[str, Any]:
        """As it is stored and shown."""
        return {
            "share": self.share,
            "upper": self.upper,
            "returned": self.returned,
            "n": self.n,
            "window_days": self.window_days,
            "horizon_days": self.horizon_days,
        }


@dataclass(frozen=True, slots=True)
class SilentThen:
    """The silent customers of a closed window: for each of `LIMITS` how many were beyond it when the window
    opened, and how many of them bought in it."""

    opened_day: int
    window_days: int
    n: tuple[int, ...]
    returned: tuple[int, ...]


def silent_then(window: Window) -> SilentThen:
    """Count who of the silent customers of a window returned.

    Cost: O(n) time and memory.
    """
    seen = window.then.histories
    ratio = silence_ratio(seen.x, seen.t_x_days, seen.silence_days, window.then.rhythm)
    beyond = [ratio > limit for limit in LIMITS]
    return SilentThen(
        window.then.as_of_day,
        window.horizon_days,
        tuple(int(np.count_nonzero(those)) for those in beyond),
        tuple(int(np.count_nonzero(those & ~window.silent)) for those in beyond),
    )


@dataclass(frozen=True, slots=True)
class SilenceVerdict:
    """What the closed windows say of silence.

    Args:
        horizon_days: how far ahead the run looks.
        windows: those that must prove a limit; fewer than two prove nothing.
    """

    horizon_days: int
    windows: tuple[SilentThen, ...]

    @property
    def limit(self) -> float | None:
        """The least silence ratio beyond which customers have left; None: it is proven for none."""
        if len(self.windows) < 2:
            return None
        for place, limit in enumerate(LIMITS):
            if all(share.proves for share in self._shares(place)):
                return limit
        return None

    @property
    def left(self) -> ReturnShare | None:
        """Of those beyond the limit, in the window with the highest upper limit; None without a limit."""
        if self.limit is None:
            return None
        return _decisive(self._shares(LIMITS.index(self.limit)))

    def dormant_up_to(self, limit: float | None) -> ReturnShare | None:
        """Of the dormant ones not beyond a limit (None: of all), likewise; None where no window had any."""
        end = None if limit is None else LIMITS.index(limit)
        shares = [share for share in self._shares(0, end) if share.n]
        return _decisive(shares) if shares else None

    def _shares(self, start: int, end: int | None = None) -> list[ReturnShare]:
        """By window: of those beyond one limit, and not beyond another."""
        found = []
        for window in self.windows:
            n, returned = window.n[start], window.returned[start]
            if end is not None:
                n, returned = n - window.n[end], returned - window.returned[end]
            found.append(ReturnShare(returned, n, window.window_days, self.horizon_days))
        return found

    def to_dict(self) -> dict[str, Any]:
        """As stored with the contest."""
        names = ("opened_day", "window_days", "n", "returned")
        rows = [{name: getattr(window, name) for name in names} for window in self.windows]
        return {"horizon_days": self.horizon_days, "windows": rows}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SilenceVerdict":
        """What `to_dict` gave."""
        windows = (
            SilentThen(row["opened_day"], row["window_days"], tuple(row["n"]), tuple(row["returned"]))
            for row in data["windows"]
        )
        return cls(data["horizon_days"], tuple(windows))


def _decisive(shares: Sequence[ReturnShare]) -> ReturnShare:
    """The first with the highest limit: what it says holds for the others too."""
    return max(shares, key=lambda share: share.within_horizon)


def judge(
    horizon_days: int, last: Window | None, same_season: Window | None, earlier: Window | None
) -> SilenceVerdict:
    """Ask the closed windows from which silence on customers have left.

    Args:
        horizon_days: how far ahead the run looks.
        last: the window that closed on the day of the run.
        same_season: the one a year before the horizon; where there is none, ``earlier`` speaks.
        earlier: the window before ``last``.

    Raises:
        ValueError: a window had not closed by the day of the run.
    """
    if last is not None:
        check_order(earlier, last, as_of_day=last.closes_day)
        check_order(same_season, as_of_day=last.closes_day)
    asked = (last, same_season or earlier)
    return SilenceVerdict(horizon_days, tuple(silent_then(window) for window in asked if window is not None))
