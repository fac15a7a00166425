"""Local days in bulk: the shifts SQL counts with agree with the calendar, through every change of clocks."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.domain.common.company import Company
from app.domain.common.days import DAY_MICROS, day_number, day_of, day_shifts, local_days
from app.store.types import from_micros, to_micros

ZONES = ["Europe/Istanbul", "Asia/Baku", "America/New_York", "America/St_Johns", "Pacific/Apia", "UTC"]


def instants(first: datetime, last: datetime) -> list[int]:
    """Some odd instants of every day, and each full and half hour's edge of the days clocks change on."""
    micros = range(to_micros(first), to_micros(last), 5 * 3_600_000_000 + 1_234_567)
    company_days = {at // DAY_MICROS for at in micros}
    return sorted(
        {*micros, *(day * DAY_MICROS + half * 1_800_000_000 for day in company_days for half in range(48))}
    )


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [1930, 1977, 2006, 2011, 2016, 2026])
def test_shifts_agree_with_the_calendar(zone: str, year: int) -> None:
    company = Company(time_zone=zone)
    first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 2, 1, tzinfo=UTC)
    at = np.array(instants(first, last), dtype=np.int64)
    days = np.full(at.size, -1)
    for index, (start, shift) in enumerate(day_shifts(first, last, company)):
        later = at >= start if index else np.full(at.size, True)
        days[later] = (at[later] + shift) // DAY_MICROS
    assert days.tolist() == local_days(at, company).tolist()


@pytest.mark.parametrize("zone", ["Europe/Istanbul", "America/New_York", "UTC"])
def test_local_days_are_those_of_the_calendar(zone: str) -> None:
    company = Company(time_zone=zone)
    start = datetime(2015, 1, 1, tzinfo=UTC)
    at = [to_micros(start + timedelta(hours=hour, seconds=hour)) for hour in range(0, 24 * 800, 7)]
    expected = [company.day_of(from_micros(micros)) for micros in at]
    assert [day_of(number) for number in local_days(np.array(at), company).tolist()] == expected


def test_days_have_numbers() -> None:
    assert [day_number(day_of(number)) for number in (-25_567, 0, 20_000)] == [-25_567, 0, 20_000]
