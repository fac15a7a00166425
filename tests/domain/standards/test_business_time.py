"""Due times in business time: cases worked out by hand, and that adding and measuring undo each other."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.standards.business_time import (
    Interval,
    Intervals,
    WorkingHours,
    business_time,
    has_working_time,
    overlaps,
)
from app.domain.standards.holidays import Country, public_holidays


def hours(text: str) -> Intervals:
    """``"09:00-12:00 13:00-18:00"``; an end that is not after its start is on the next day."""
    found = []
    for part in text.split():
        start, end = (int(time[:2]) * 60 + int(time[3:]) for time in part.split("-"))
        found.append(Interval(start, end if end > start else end + 1440))
    return tuple(found)


OFFICE = (hours("09:00-18:00"),) * 5 + ((), ())
LUNCH = (hours("09:00-12:00 13:00-18:00"),) * 5 + (hours("10:00-14:00"), ())
DAY_AND_NIGHT = (hours("00:00-24:00"),) * 7
NIGHT = (hours("22:00-06:00"),) * 7
SPLIT = (hours("08:00-11:00 12:00-15:00 19:00-22:00"),) * 7

CALENDARS = {
    "office": WorkingHours("Europe/Istanbul", OFFICE),
    "lunch": WorkingHours("Europe/Istanbul", LUNCH),
    "turkey": WorkingHours("Europe/Istanbul", OFFICE, Country.TR),
    "baku": WorkingHours("Asia/Baku", OFFICE, Country.AZ),
    "always": WorkingHours("Europe/Berlin", DAY_AND_NIGHT),
    "berlin nights": WorkingHours("Europe/Berlin", NIGHT),
    "berlin early": WorkingHours("Europe/Berlin", (hours("02:30-03:30"),) * 7),
    "berlin": WorkingHours("Europe/Berlin", OFFICE),
    "nights": WorkingHours("Europe/Istanbul", NIGHT),
    "split": WorkingHours("Europe/Istanbul", SPLIT),
    "own days": WorkingHours(
        "Europe/Istanbul",
        OFFICE,
        Country.TR,
        (
            (date(2026, 3, 21), hours("10:00-12:00")),  # open on a feast, a Saturday
            (date(2026, 4, 22), ()),  # shut on a Wednesday
            (date(2026, 4, 23), hours("09:00-18:00")),  # open on a public holiday
            (date(2026, 10, 28), hours("09:00-18:00")),  # all of a half day
        ),
    ),
    "new york": WorkingHours("America/New_York", OFFICE),
    "lord howe": WorkingHours("Australia/Lord_Howe", DAY_AND_NIGHT),  # half an hour of summer time
    "samoa": WorkingHours("Pacific/Apia", DAY_AND_NIGHT),  # skipped 30 December 2011
}

CASES = [
    # calendar, from (wall time), minutes, due (wall time)
    # Within a day, and at its edges. 2026-03-02 is a Monday.
    ("office", "2026-03-02 09:00", 60, "2026-03-02 10:00"),
    ("office", "2026-03-02 10:17", 60, "2026-03-02 11:17"),
    ("office", "2026-03-02 17:00", 60, "2026-03-02 18:00"),  # due exactly at closing time
    ("office", "2026-03-02 09:00", 540, "2026-03-02 18:00"),  # the whole day
    ("office", "2026-03-02 17:30", 60, "2026-03-03 09:30"),
    ("office", "2026-03-02 09:00", 541, "2026-03-03 09:01"),
    ("office", "2026-03-02 18:00", 30, "2026-03-03 09:30"),  # starts at closing time
    ("office", "2026-03-02 07:00", 30, "2026-03-02 09:30"),  # before opening
    ("office", "2026-03-02 23:59", 30, "2026-03-03 09:30"),  # after closing
    ("office", "2026-03-02 20:00", 0, "2026-03-02 20:00"),  # no time at all
    # Weekends.
    ("office", "2026-03-06 17:00", 120, "2026-03-09 10:00"),
    ("office", "2026-03-07 12:00", 1, "2026-03-09 09:01"),
    ("office", "2026-03-06 18:00", 540, "2026-03-09 18:00"),
    ("office", "2026-03-02 09:00", 5 * 540, "2026-03-06 18:00"),
    ("office", "2026-03-02 09:00", 5 * 540 + 1, "2026-03-09 09:01"),
    # Lunch and a half Saturday.
    ("lunch", "2026-03-02 11:30", 30, "2026-03-02 12:00"),  # due as lunch begins
    ("lunch", "2026-03-02 11:30", 31, "2026-03-02 13:01"),
    ("lunch", "2026-03-02 12:20", 10, "2026-03-02 13:10"),  # starts at lunch
    ("lunch", "2026-03-06 17:30", 60, "2026-03-07 10:30"),
    ("lunch", "2026-03-07 13:00", 120, "2026-03-09 10:00"),
    ("lunch", "2026-03-02 09:00", 480, "2026-03-02 18:00"),
    # Split shifts, every day of the week.
    ("split", "2026-03-07 10:30", 60, "2026-03-07 12:30"),
    ("split", "2026-03-07 14:30", 60, "2026-03-07 19:30"),
    ("split", "2026-03-08 21:30", 60, "2026-03-09 08:30"),
    ("split", "2026-03-07 08:00", 540, "2026-03-07 22:00"),
    # Shifts that cross midnight.
    ("nights", "2026-03-02 23:00", 120, "2026-03-03 01:00"),
    ("nights", "2026-03-03 05:00", 120, "2026-03-03 23:00"),
    ("nights", "2026-12-31 23:30", 60, "2027-01-01 00:30"),  # into the next year
    ("nights", "2027-01-01 05:30", 60, "2027-01-01 22:30"),  # out of last year's shift
    # Public holidays of Turkey: whole days, feasts, half days.
    ("turkey", "2026-04-22 17:30", 60, "2026-04-24 09:30"),  # Thursday the 23rd is a holiday
    ("turkey", "2026-10-28 12:30", 60, "2026-10-30 09:30"),  # half day, then Republic Day
    ("turkey", "2026-10-28 14:00", 30, "2026-10-30 09:30"),  # starts in the free afternoon
    ("turkey", "2026-10-28 12:00", 60, "2026-10-28 13:00"),  # due as the half day ends
    ("turkey", "2026-03-19 12:30", 60, "2026-03-23 09:30"),  # eve of the feast, feast, weekend
    ("turkey", "2026-05-26 12:30", 60, "2026-06-01 09:30"),  # feast from Wednesday on, weekend
    ("turkey", "2026-12-31 17:30", 60, "2027-01-04 09:30"),  # New Year is a Friday
    ("office", "2026-04-22 17:30", 60, "2026-04-23 09:30"),  # a calendar without holidays
    # Azerbaijan: Novruz, the feast and what is moved behind them.
    ("baku", "2026-03-19 17:30", 60, "2026-03-31 09:30"),
    ("baku", "2026-01-19 17:30", 60, "2026-01-21 09:30"),
    ("baku", "2026-05-08 17:30", 60, "2026-05-12 09:30"),  # 9 May is a Saturday, the 11th is observed
    # Days of the calendar's own go before all that.
    ("own days", "2026-03-19 12:30", 60, "2026-03-21 10:30"),
    ("own days", "2026-04-21 17:30", 60, "2026-04-23 09:30"),
    ("own days", "2026-04-23 17:30", 60, "2026-04-24 09:30"),
    ("own days", "2026-10-28 12:30", 60, "2026-10-28 13:30"),
    # A day of 23 hours (29 March) and one of 25 (25 October) in Berlin.
    ("always", "2026-03-28 12:00", 1440, "2026-03-29 13:00"),
    ("always", "2026-10-24 12:00", 1440, "2026-10-25 11:00"),
    ("always", "2026-03-29 00:00", 23 * 60, "2026-03-30 00:00"),
    ("always", "2026-10-25 00:00", 25 * 60, "2026-10-26 00:00"),
    ("berlin nights", "2026-03-28 22:00", 7 * 60, "2026-03-29 06:00"),
    ("berlin nights", "2026-10-24 22:00", 9 * 60, "2026-10-25 06:00"),
    ("berlin early", "2026-03-29 00:00", 30, "2026-03-29 03:30"),  # 02:30 is left out: from 03:00 on
    ("berlin early", "2026-03-28 03:00", 60, "2026-03-29 03:30"),
    ("berlin early", "2026-10-25 00:00", 120, "2026-10-25 03:30"),  # from the first 02:30 on
    ("berlin", "2026-03-27 17:00", 120, "2026-03-30 10:00"),  # office hours do not notice
    ("new york", "2026-03-06 17:00", 120, "2026-03-09 10:00"),  # nor there, on another day
    ("lord howe", "2026-10-04 00:00", 1440 - 30, "2026-10-05 00:00"),
    ("samoa", "2011-12-29 12:00", 1440, "2011-12-31 12:00"),
    # Istanbul: no change of clocks since 2016, one before.
    ("office", "2026-03-27 17:00", 120, "2026-03-30 10:00"),
    ("office", "2015-03-27 17:00", 120, "2015-03-30 10:00"),
    # The leap day.
    ("office", "2028-02-28 17:30", 60, "2028-02-29 09:30"),
]


def instant(zone: str, wall: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("calendar", "start", "minutes", "due"), CASES)
def test_due_times_worked_out_by_hand(calendar: str, start: str, minutes: int, due: str) -> None:
    working = CALENDARS[calendar]
    time = business_time(working)
    started_at, due_at = instant(working.zone, start), instant(working.zone, due)
    assert time.add(started_at, minutes * 60) == due_at
    assert time.measure(started_at, due_at) == minutes * 60


def test_there_are_cases_enough_and_clocks_change_in_them() -> None:
    assert len(CASES) >= 40
    always = business_time(CALENDARS["always"])
    whole = timedelta(days=1)
    spring, autumn = (
        instant("Europe/Berlin", "2026-03-29 00:00"),
        instant("Europe/Berlin", "2026-10-25 00:00"),
    )
    assert always.measure(spring, spring + whole) == always.measure(autumn, autumn + whole) == 86_400
    istanbul = business_time(WorkingHours("Europe/Istanbul", DAY_AND_NIGHT))
    for year, days in ((2015, (23, 25)), (2026, (24, 24))):
        spans = [
            istanbul.measure(
                *(instant("Europe/Istanbul", f"{year}-{month:02}-{day + more:02}") for more in (0, 1))
            )
            for month, day in ((3, 29), (11, 8))
        ]
        assert tuple(span / 3600 for span in spans) == days


def test_a_wait_over_a_weekend_takes_no_business_time() -> None:
    time = business_time(CALENDARS["office"])
    received, asked = (instant("Europe/Istanbul", f"2026-03-06 {wall}") for wall in ("10:00", "17:00"))
    answered = instant("Europe/Istanbul", "2026-03-08 20:00")
    paused = time.measure(asked, answered)
    assert paused == 3600
    assert time.add(received, 8 * 3600 + paused) == instant("Europe/Istanbul", "2026-03-09 10:00")


def test_measuring_backwards_is_nothing() -> None:
    time = business_time(CALENDARS["office"])
    noon = instant("Europe/Istanbul", "2026-03-02 12:00")
    assert time.measure(noon, noon) == time.measure(noon, noon - timedelta(hours=1)) == 0


def test_what_takes_for_ever_ends_at_the_horizon() -> None:
    hour_a_week = WorkingHours("UTC", (hours("09:00-10:00"),) + ((),) * 6)
    never = WorkingHours("UTC", ((),) * 7)
    start = datetime(2026, 3, 2, tzinfo=UTC)
    for working in (hour_a_week, never):
        assert business_time(working).add(start, 366 * 86_400) == datetime(2037, 1, 1, tzinfo=UTC)
    assert has_working_time(hour_a_week, date(2026, 3, 2))
    assert not has_working_time(never, date(2026, 3, 2))
    left_out = WorkingHours("Europe/Berlin", ((),) * 7, None, ((date(2026, 3, 29), hours("02:00-03:00")),))
    assert not has_working_time(left_out, date(2026, 3, 1))  # on that day there is no such hour


def test_overlapping_intervals_count_once_and_are_noticed() -> None:
    working = WorkingHours("UTC", (hours("09:00-12:00 11:00-15:00"),) * 7)
    assert business_time(working).add(datetime(2026, 3, 2, tzinfo=UTC), 6 * 3600) == datetime(
        2026, 3, 2, 15, tzinfo=UTC
    )
    assert overlaps(working.weekly[0])
    assert overlaps(hours("05:00-07:00"), before=hours("22:00-06:00"))
    assert not overlaps(hours("06:00-07:00"), before=hours("22:00-06:00"))


def test_holidays_of_both_countries_are_known_for_years() -> None:
    for year in range(2020, 2037):
        turkey, azerbaijan = (public_holidays(country, year) for country in Country)
        assert len(turkey) >= 14
        assert len(azerbaijan) >= 15
        assert sum(one.is_half for one in turkey.values()) in (2, 3)  # two may fall on one day
        assert any("Ramazan Bayramı" in one.name for one in turkey.values())
        assert any("Qurban" in one.name for one in azerbaijan.values())


intervals = st.lists(st.integers(0, 2 * 24 * 12), min_size=2, max_size=6, unique=True).map(
    lambda marks: tuple(
        Interval(start * 5, end * 5)
        for start, end in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
        if start < 288
    )
)
working_hours = st.builds(
    WorkingHours,
    st.sampled_from(["Europe/Istanbul", "Asia/Baku", "Europe/Berlin", "America/New_York", "Pacific/Apia"]),
    st.tuples(*[intervals | st.just(())] * 7).filter(any),
    st.sampled_from([None, *Country]),
)
instants = st.datetimes(datetime(2011, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(working_hours, instants, st.integers(1, 40 * 86_400))
def test_measuring_gives_back_what_was_added(working: WorkingHours, at: datetime, seconds: int) -> None:
    time = business_time(working)
    due = time.add(at, seconds)
    if due.year < at.year + 9:
        assert time.measure(at, due) == seconds
        assert time.measure(at, due - timedelta(microseconds=1)) < seconds  # and not a moment earlier


@given(working_hours, instants, st.integers(0, 10 * 86_400), st.integers(0, 10 * 86_400))
def test_parts_add_up(working: WorkingHours, at: datetime, first: int, second: int) -> None:
    time = business_time(working)
    between, end = at + timedelta(seconds=first), at + timedelta(seconds=first + second)
    whole = time.measure(at, end)
    assert time.measure(at, between) + time.measure(between, end) == pytest.approx(whole, abs=1e-5)
    assert 0 <= whole <= first + second


def test_a_hundred_thousand_due_times_take_seconds() -> None:
    time, start = business_time(CALENDARS["turkey"]), datetime(2026, 1, 1, tzinfo=UTC)
    began = perf_counter()
    due = [time.add(start + timedelta(minutes=5 * n), 8 * 3600) for n in range(100_000)]
    assert due == sorted(due)
    assert perf_counter() - began < 60  # seconds on an idle machine, several times that on a busy one
