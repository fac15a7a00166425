"""Set and read working calendars."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.standards.business_time import (
    Interval,
    Intervals,
    WorkingHours,
    has_working_time,
    overlaps,
)
from app.domain.standards.holidays import Country, public_holidays
from app.errors import FieldError, InvalidError
from app.schemas.common.base import ChangesQuery
from app.schemas.standards.calendars import CalendarDaysQuery, CalendarPut
from app.services.standards import versions
from app.store.engine import in_thread, one_statement
from app.store.listing import COMPANY_WIDE, Listing, since
from app.store.paging import After, Page, SortKey
from app.store.tables import WorkingCalendar
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CALENDARS = Listing(
    ChangesQuery,
    select(WorkingCalendar.__table__).where(WorkingCalendar.is_current),
    owner=COMPANY_WIDE,
    missing="There is no such calendar.",
    sorts=[SortKey(WorkingCalendar.code)],
    filters=[since(WorkingCalendar.updated_at)],
)

_DAYS_AHEAD = 366


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read the current version of a calendar.

    Raises:
        NotFoundError: there is none with this code.
    """
    return _shape(CALENDARS.one_or_404(tx, actor, WorkingCalendar.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of the calendars, by code."""
    return CALENDARS.page(tx, actor, query, after, _shape)


@in_thread
def days(tx: ReadTx, actor: Actor, code: str, query: CalendarDaysQuery) -> Row:
    """Read what each day of a year is like: its working time, and the public holiday it is.

    Raises:
        NotFoundError: there is no calendar with this code.
    """
    row = CALENDARS.one_or_404(tx, actor, WorkingCalendar.code == code)
    hours = working_hours(row)
    holidays = {} if hours.country is None else public_holidays(hours.country, query.year)
    own = dict(hours.exceptions)
    listed, day = [], date(query.year, 1, 1)
    while day.year == query.year:
        holiday = holidays.get(day)
        listed.append(
            {
                "on": day,
                "intervals": [_wire(interval) for interval in hours.intervals_of(day)],
                "holiday": None if holiday is None else holiday.name,
                "is_exception": day in own,
            }
        )
        day += timedelta(days=1)
    return {"code": code, "version": row["version"], "year": query.year, "days": listed}


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: CalendarPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add a calendar, or change the one that has this code; clocks that run by it keep the version they have.

    Returns:
        The calendar, and whether it is new.

    Raises:
        InvalidError: intervals overlap (``overlapping``), a day stands twice (``repeated_day``), or nobody
            works for a year (``no_working_time``).
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    given = data.model_dump(mode="json")
    given["exceptions"] = sorted(given["exceptions"], key=lambda day: day["on"])
    if wrong := _wrong(data, given, actor.company.day_of(now())):
        raise InvalidError(fields=wrong)
    row, is_new = versions.put(
        tx, actor, WorkingCalendar, "calendar.saved", code, given, if_match, if_none_match
    )
    return _shape(row), is_new


def working_hours(row: Row) -> WorkingHours:
    """The rules of a calendar's row."""
    return WorkingHours(
        row["zone"],
        tuple(_intervals(row["weekly"][weekday]) for weekday in WEEKDAYS),
        None if row["holidays"] is None else Country(row["holidays"]),
        tuple((date.fromisoformat(day["on"]), _intervals(day["intervals"])) for day in row["exceptions"]),
    )


# --- inside


def _shape(row: Row) -> Row:
    return {
        **row,
        "exceptions": [{**day, "on": date.fromisoformat(day["on"])} for day in row["exceptions"]],
    }


def _intervals(wire: list[Any]) -> Intervals:
    found = []
    for one in wire:
        start, end = _minute(one["start"]), _minute(one["end"])
        found.append(Interval(start, end if end > start else end + 1440))
    return tuple(sorted(found))


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _wire(interval: Interval) -> Row:
    start, end = interval
    return {"start": _clock(start), "end": "24:00" if end == 1440 else _clock(end % 1440)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _wrong(data: CalendarPut, given: Row, today: date) -> list[FieldError]:
    hours = working_hours(given)
    wrong = []
    detail = "Expected intervals that overlap neither each other nor the night before."
    for number, weekday in enumerate(WEEKDAYS):
        if overlaps(hours.weekly[number], hours.weekly[number - 1]):
            wrong.append(FieldError(f"/weekly/{weekday}", "overlapping", detail))
    known: set[date] = set()
    own = dict(hours.exceptions)
    for place, day in enumerate(data.exceptions):
        pointer = f"/exceptions/{place}"
        if day.on in known:
            wrong.append(FieldError(f"{pointer}/on", "repeated_day", "Expected each day once."))
            continue
        known.add(day.on)
        before, after = day.on - timedelta(days=1), day.on + timedelta(days=1)
        around = [(own[day.on], hours.intervals_of(before)), (hours.intervals_of(after), own[day.on])]
        if any(overlaps(later, earlier) for later, earlier in around):
            wrong.append(FieldError(f"{pointer}/intervals", "overlapping", detail))
    if not wrong and not has_working_time(hours, today, _DAYS_AHEAD):
        detail = "Nobody would work within a year: give working time to a weekday."
        wrong.append(FieldError("/weekly", "no_working_time", detail))
    return wrong
