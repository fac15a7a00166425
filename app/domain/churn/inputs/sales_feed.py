"""Whether sales still arrive: a feed that has stopped makes every customer look silent.

Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from app.domain.common.arrays import IntArray

LOOKS_BACK_DAYS = 730
"""Days before a run's day whose sale days say which gaps are usual."""

LEAST_GAPS = 30
"""Gaps it takes to say what is usual."""

LEAST_SILENCE_DAYS = 3
"""A shorter silence is a long weekend."""

TIMES_USUAL = 2
"""Silence must be longer than so many times the `USUAL_QUANTILE` of the gaps, and than the longest one."""

USUAL_QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Feed:
    """What has stopped by a day.

    Args:
        newest_sale: day of the newest sale, when those of the whole company have stopped; None while they
            arrive.
        sources: each source that has stopped while others go on, with the day of its newest sale.
    """

    newest_sale: date | None = None
    sources: tuple[tuple[str, date], ...] = ()

    @property
    def has_stopped(self) -> bool:
        """Whether anything has: silence is then no sign that customers left."""
        return self.newest_sale is not None or bool(self.sources)


RUNNING = Feed()


def has_stopped(sale_days: IntArray, as_of_day: int) -> bool:
    """Tell whether the silence since the newest sale is longer than any gap the past explains.

    Args:
        sale_days: distinct days with a sale, ascending; those before the last `LOOKS_BACK_DAYS` do not count.
        as_of_day: the first day that is not seen.

    >>> days = np.array([day for day in range(70) if day % 7 != 6])  # no sale on Sundays
    >>> has_stopped(days, 69 + 4), has_stopped(days, 69 + 5)
    (False, True)
    """
    days = sale_days[(sale_days >= as_of_day - LOOKS_BACK_DAYS) & (sale_days < as_of_day)]
    gaps = np.diff(days)
    if gaps.size < LEAST_GAPS:
        return False
    silence = as_of_day - 1 - int(days[-1])
    usual = TIMES_USUAL * float(np.quantile(gaps, USUAL_QUANTILE))
    return silence >= LEAST_SILENCE_DAYS and silence > max(int(gaps.max()), usual)
