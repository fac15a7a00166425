"""Local calendar days of many instants at once."""

from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.company import Company

EPOCH_DAY = date(1970, 1, 1)


def local_days(micros: NDArray[np.int64], company: Company) -> NDArray[np.int64]:
    """Days since 1970-01-01 of the local calendar day of each instant (microseconds UTC), shape (n,).

    >>> local_days(np.array([79_200_000_000]), Company()).tolist()  # 22:00 UTC is past midnight in Istanbul
    [1]
    """
    if not micros.size:
        return np.empty(0, dtype=np.int64)
    day_micros = 86_400_000_000
    first = int(micros.min()) // day_micros - 1
    last = int(micros.max()) // day_micros + 2
    starts = np.array([_start_micros(day, company) for day in range(first, last + 1)], dtype=np.int64)
    found: NDArray[np.int64] = first - 1 + np.searchsorted(starts, micros, side="right")
    return found


def day_of(number: int) -> date:
    """The date that is ``number`` days after 1970-01-01."""
    return EPOCH_DAY + timedelta(days=number)


def _start_micros(day: int, company: Company) -> int:
    start: datetime = company.start_of(day_of(day))
    return int(start.timestamp()) * 1_000_000
