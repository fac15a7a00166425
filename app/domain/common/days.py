"""Local calendar days of many instants at once, and the bounds of instants that come in."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from app.domain.common.company import Company

EPOCH_DAY = date(1970, 1, 1)
DAY_MICROS = 86_400_000_000

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=50 * 366)
"""Instants that come in lie between `EARLIEST` and so long after they came."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far ahead of ours the clock of who reports that something happened may be. One limit for records, their
steps and imports: what is taken further ahead could not be followed by anything true."""


def is_future(at: datetime, now: datetime) -> bool:
    """Tell whether ``at`` has not come yet, beyond what clocks differ."""
    return at > now + CLOCKS_DIFFER


def clock_text(now: datetime) -> str:
    """Give our time as a refusal tells it, in UTC to the second.

    >>> clock_text(datetime(2026, 3, 2, 10, 0, 0, 5, tzinfo=UTC))
    '2026-03-02T10:00:00Z'
    """
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_days(micros: NDArray[np.int64], company: Company) -> NDArray[np.int64]:
    """Days since 1970-01-01 of the local calendar day of each instant (microseconds UTC), shape (n,).

    >>> local_days(np.array([79_200_000_000]), Company()).tolist()  # 22:00 UTC is past midnight in Istanbul
    [1]
    """
    if not micros.size:
        return np.empty(0, dtype=np.int64)
    first = int(micros.min()) // DAY_MICROS - 1
    last = int(micros.max()) // DAY_MICROS + 2
    starts = np.array([_start_micros(day, company) for day in range(first, last + 1)], dtype=np.int64)
    found: NDArray[np.int64] = first - 1 + np.searchsorted(starts, micros, side="right")
    return found


def day_shifts(first: datetime, last: datetime, company: Company) -> list[tuple[int, int]]:
    """What must be added to instants between ``first`` and ``last`` so that they count local days evenly.

    Returns:
        ``(from, shift)`` in microseconds, ascending: an instant t lies on the local day
        ``(t + shift) // 86_400_000_000`` with the last shift whose ``from`` is at most t; before the second
        ``from`` the first shift holds. Equal to `local_days` for every instant between the two bounds.

    Cost: one look at the zone for each day between the bounds.

    >>> from datetime import UTC
    >>> day_shifts(datetime(2016, 1, 1, tzinfo=UTC), datetime(2016, 5, 1, tzinfo=UTC), Company())[1:]
    [(1459112400000000, 10800000000)]
    """
    days = range(day_number(company.day_of(first)) - 1, day_number(company.day_of(last)) + 2)
    starts = [_start_micros(day, company) for day in days]
    shifts = [day * DAY_MICROS - start for day, start in zip(days, starts, strict=True)]
    # A day of 25 hours takes on the next day's shift in its last hour, or it would end too early.
    changes = [
        (min(starts[index], starts[index - 1] + DAY_MICROS), shifts[index])
        for index in range(1, len(starts))
        if shifts[index] != shifts[index - 1]
    ]
    return [(starts[0], shifts[0]), *changes]


def day_of(number: int) -> date:
    """The date that is ``number`` days after 1970-01-01."""
    return EPOCH_DAY + timedelta(days=number)


def day_number(day: date) -> int:
    """How many days ``day`` is after 1970-01-01."""
    return (day - EPOCH_DAY).days


def _start_micros(day: int, company: Company) -> int:
    start: datetime = company.start_of(day_of(day))
    return int(start.timestamp()) * 1_000_000
