"""Business time: which instants count, adding to an instant only what counts, and measuring between two.

All is exact to the microsecond, across changes of clocks, holidays and shifts that cross midnight. A wall
time that a day has twice means the first of the two, one that a day leaves out means the instant at which
clocks go forward: so intervals that touch on the wall touch in time as well, and a day of 25 hours that is
open all day counts 25.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.domain.standards.holidays import HALF_DAY_ENDS_MINUTE, Country, public_holidays

DAY_MINUTES = 1_440
HORIZON_YEARS = 10
"""How far ahead time is added, in calendar years: what would end later ends there."""

_SECOND = 1_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS_KEPT = 32
_CALENDARS_KEPT = 64


class Interval(NamedTuple):
    """Working time of a day, ``[start_minute, end_minute)`` in minutes of wall time after its midnight; one
    that ends above 1440 goes on into the next day, and belongs to the day on which it starts."""

    start_minute: int
    end_minute: int


Intervals = tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When people work.

    Args:
        zone: name of the time zone whose wall times these are.
        weekly: intervals of the seven weekdays, Monday first; none for a day of rest.
        country: on whose public holidays nobody works, and only in the morning on its half days.
        exceptions: local days with intervals of their own, instead of those of the weekday and of a
            holiday; in order of days, each once.
    """

    zone: str
    weekly: tuple[Intervals, ...]
    country: Country | None = None
    exceptions: tuple[tuple[date, Intervals], ...] = ()

    def intervals_of(self, day: date) -> Intervals:
        """Give the intervals that start on a local day.

        >>> nine_to_six = ((Interval(540, 1080),),) * 5 + ((), ())
        >>> ankara = WorkingHours("Europe/Istanbul", nine_to_six, Country.TR)
        >>> ankara.intervals_of(date(2026, 10, 28))  # the afternoon before Republic Day
        (Interval(start_minute=540, end_minute=780),)
        """
        return _intervals_of(self, dict(self.exceptions), day)


def overlaps(intervals: Iterable[Interval], before: Iterable[Interval] = ()) -> bool:
    """Tell whether intervals of a day overlap each other, or ``before``, those of the day before.

    >>> [overlaps([Interval(540, 720), Interval(start, 1080)]) for start in (700, 720)]
    [True, False]
    >>> overlaps([Interval(300, 600)], before=[Interval(1320, 1800)])  # a night shift until 06:00
    True
    """
    ordered = sorted(intervals)
    reached = max((one.end_minute - DAY_MINUTES for one in before), default=0)
    return any(one.start_minute < reached for one in ordered) or any(
        later.start_minute < earlier.end_minute for earlier, later in pairwise(ordered)
    )


class BusinessTime:
    """Working hours laid out as instants, a calendar year at a time; `business_time` keeps them.

    Microseconds since 1970 UTC inside: instants come and go as aware datetimes in UTC.
    """

    def __init__(self, hours: WorkingHours) -> None:
        self.hours = hours
        self._zone = ZoneInfo(hours.zone)
        self._exceptions = dict(hours.exceptions)
        self._years: dict[int, _Year] = {}

    def add(self, at: datetime, seconds: float) -> datetime:
        """Give the first instant by which ``seconds`` of working time have passed since ``at``.

        Zero seconds end at ``at`` itself, and what ends with a closing time ends at that, not at the next
        opening.

        Args:
            at: aware.
            seconds: 0 or more.

        Returns:
            The instant in UTC; the end of the year `HORIZON_YEARS` ahead where working time does not suffice.
        """
        left, micros = round(seconds * _SECOND), _micros(at)
        if left <= 0:
            return at.astimezone(UTC)
        first = at.astimezone(self._zone).year - 1
        for number in range(first, first + HORIZON_YEARS + 2):
            year = self._year(number)
            passed = year.until(micros)
            if year.total - passed >= left:
                return _instant(year.reached(passed + left))
            left -= year.total - passed
        return _instant(self._midnight(date(first + HORIZON_YEARS + 2, 1, 1)))

    def measure(self, start: datetime, end: datetime) -> float:
        """Give the seconds of working time between two instants, exact to the microsecond; 0 if ``end`` is
        not after ``start``."""
        first, last = _micros(start), _micros(end)
        if last <= first:
            return 0.0
        years = range(start.astimezone(self._zone).year - 1, end.astimezone(self._zone).year + 1)
        return sum(self._year(year).until(last) - self._year(year).until(first) for year in years) / _SECOND

    def measure_days(self, start: date, days: int) -> float:
        """Give the seconds of working time in ``days`` local days from ``start`` on."""
        first, last = self._midnight(start), self._midnight(start + timedelta(days=days))
        return self.measure(_instant(first), _instant(last))

    def _year(self, number: int) -> "_Year":
        found = self._years.get(number)
        if found is None:
            if len(self._years) >= _YEARS_KEPT:
                self._years.clear()
            found = self._years[number] = _Year(self._segments(number))
        return found

    def _segments(self, year: int) -> list[tuple[int, int]]:
        """Working time that starts on the days of a year, in order, in one piece where it touches."""
        day, found = date(year, 1, 1), []
        before = self._of_day(day - timedelta(days=1))
        reached = max((end for _, end in before), default=-(2**62))
        while day.year == year:
            for start, end in self._of_day(day):
                if end > max(start, reached):
                    found.append((max(start, reached), end))
                    reached = end
            day += timedelta(days=1)
        return found

    def _of_day(self, day: date) -> list[tuple[int, int]]:
        intervals = _intervals_of(self.hours, self._exceptions, day)
        return [(self._wall(day, start), self._wall(day, end)) for start, end in sorted(intervals)]

    def _midnight(self, day: date) -> int:
        return self._wall(day, 0)

    def _wall(self, day: date, minute: int) -> int:
        """The instant at which the wall clock shows so many minutes after the day's midnight."""
        wall = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(minutes=minute)
        first, second = (_micros(wall.replace(fold=fold).astimezone(UTC)) for fold in (0, 1))
        if first <= second:
            return first
        # The wall clock never shows it: look for the instant at which clocks go forward, between the two.
        offset = _instant(second).astimezone(self._zone).utcoffset()
        low, high = second // _SECOND, first // _SECOND
        while high - low > 1:
            middle = (low + high) // 2
            if _instant(middle * _SECOND).astimezone(self._zone).utcoffset() == offset:
                low = middle
            else:
                high = middle
        return high * _SECOND


@lru_cache(maxsize=_CALENDARS_KEPT)
def business_time(hours: WorkingHours) -> BusinessTime:
    """Give the laid-out form of working hours. The 64 that were used last are kept, of each at most 32 years,
    a year of two intervals a day being 60 kB."""
    return BusinessTime(hours)


def has_working_time(hours: WorkingHours, start: date, days: int = 366) -> bool:
    """Tell whether anybody works on one of the ``days`` from ``start`` on."""
    found = business_time(hours)
    return found.measure_days(start, days) > 0


class _Year:
    """The working time of a year: its pieces, and how much has passed before each."""

    def __init__(self, segments: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in segments]
        self._ends = [end for _, end in segments]
        self._passed = [0]
        for start, end in segments:
            self._passed.append(self._passed[-1] + end - start)
        self.total = self._passed[-1]

    def until(self, micros: int) -> int:
        """How much of it lies before an instant."""
        index = bisect_right(self._starts, micros) - 1
        if index < 0:
            return 0
        return self._passed[index] + min(micros, self._ends[index]) - self._starts[index]

    def reached(self, passed: int) -> int:
        """The first instant by which so much has passed, above 0."""
        index = bisect_left(self._passed, passed) - 1
        return self._starts[index] + passed - self._passed[index]


def _intervals_of(hours: WorkingHours, exceptions: Mapping[date, Intervals], day: date) -> Intervals:
    own = exceptions.get(day)
    if own is not None:
        return own
    usual = hours.weekly[day.weekday()]
    if not usual or hours.country is None:
        return usual
    holiday = public_holidays(hours.country, day.year).get(day)
    if holiday is None:
        return usual
    if not holiday.is_half:
        return ()
    return tuple(
        Interval(one.start_minute, min(one.end_minute, HALF_DAY_ENDS_MINUTE))
        for one in usual
        if one.start_minute < HALF_DAY_ENDS_MINUTE
    )


def _micros(at: datetime) -> int:
    span = at - _EPOCH
    return (span.days * 86_400 + span.seconds) * _SECOND + span.microseconds


def _instant(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
