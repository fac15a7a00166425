"""By when a promise is to be kept, and the clock that warns of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from app.domain.standards import clocks as domain
from app.domain.standards.business_time import business_time
from app.domain.standards.clocks import CLOCK_TIME, Clock, Rules, TimeScale
from app.errors import FieldError, InvalidError
from app.schemas.promises.promises import DueTime
from app.services.standards import rules, versions
from app.services.standards.calendars import working_hours
from app.services.standards.rules import Candidate
from app.store.tables import WorkingCalendar
from app.store.transactions import ReadTx, Row

LONGEST = timedelta(days=3 * 366)
"""Working time that takes longer than that is refused: the calendar hardly has any."""

NO_CLOCK: Row = dict.fromkeys(
    (
        "standard",
        "standard_version",
        "calendar",
        "calendar_version",
        "escalation_rule",
        "escalation_version",
        "warn_share",
    )
)
_OWN = {"started_at": "clock_started_at"}
_LIFE = tuple(
    field.name
    for field in fields(Clock)
    if field.name
    in {
        "started_at",
        "target_seconds",
        "warn_share",
        "due_at",
        "warn_at",
        "warned_at",
        "broken_at",
        "next_rung",
        "next_at",
    }
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The version of a calendar by which time counts; none: every second does."""

    code: str | None
    version: int | None
    scale: TimeScale


EVERY_SECOND = Calendar(None, None, CLOCK_TIME)


def calendar_of(tx: ReadTx, code: str | None) -> Calendar:
    """Return the present version of a calendar, every second for None; one statement.

    Raises:
        InvalidError: there is no active calendar with this code (``unknown_calendar``).
    """
    if code is None:
        return EVERY_SECOND
    row = versions.current(tx, WorkingCalendar, code)
    if row is None or not row["is_active"]:
        detail = "There is no active calendar with this code; add it first."
        raise InvalidError(fields=[FieldError("/calendar", "unknown_calendar", detail)])
    return Calendar(code, row["version"], business_time(working_hours(row)))


def due_at(given: DueTime, calendar: Calendar, start: datetime, now: datetime) -> datetime | None:
    """Give by when something is due that is promised at ``start``; None where it is not said.

    Raises:
        InvalidError: that is not ahead of now (``due_in_past``), or years away by its calendar
            (``too_long``).
    """
    if given.due_at is None and given.due_in_seconds is None:
        return None
    pointer = "/due_in_seconds" if given.due_at is None else "/due_at"
    due = given.due_at or calendar.scale.add(start, given.due_in_seconds or 0)
    if due <= now:
        detail = "A promise is kept in the future: expected a due time after {now}."
        wrong = FieldError(pointer, "due_in_past", detail, params={"now": now.isoformat(timespec="seconds")})
        raise InvalidError(fields=[wrong])
    if due > start + LONGEST and given.due_at is None:
        detail = "By this calendar it would take more than three years: set less time."
        raise InvalidError(fields=[FieldError(pointer, "too_long", detail)])
    return due


def standard_due_at(found: Candidate, start: datetime) -> datetime:
    """Give by when something is due that a standard gives time for."""
    return found.rules.scale.add(start, found.row["target_seconds"])


def columns(start: datetime, due: datetime, calendar: Calendar, found: Candidate | None) -> Row:
    """The columns of the clock of a promise made at ``start``; without a standard it only breaks."""
    if found is None:
        own = {**NO_CLOCK, "calendar": calendar.code, "calendar_version": calendar.version}
        return {**own, **clock_columns(domain.start_until(start, due, None, Rules(calendar.scale)))}
    standard, rule = found.row, found.rules
    named = {"calendar": standard["calendar"], "calendar_version": standard["calendar_version"]}
    if not standard["is_business_time"]:
        named = dict.fromkeys(named)
    if calendar.code is not None:
        named = {"calendar": calendar.code, "calendar_version": calendar.version}
        rule = replace(rule, scale=calendar.scale)
    clock = domain.start_until(start, due, standard["warn_share"], rule)
    return {
        "standard": standard["code"],
        "standard_version": standard["version"],
        "escalation_rule": standard["escalation_rule"],
        "escalation_version": standard["escalation_version"],
        **named,
        **clock_columns(clock),
    }


def moved(tx: ReadTx, row: Row, start: datetime, due: datetime, calendar: Calendar) -> Row:
    """The columns of the clock of a promise whose date changes: it begins again. At most two statements."""
    named = {"calendar": calendar.code, "calendar_version": calendar.version}
    if calendar.code is None:
        named = {name: row[name] for name in named}
    [rule] = rules.rules_of(tx, [{**row, **named}])
    return {**named, **clock_columns(domain.start_until(start, due, row["warn_share"], rule))}


def clock_of(row: Row) -> Clock:
    """The clock of a promise's row."""
    return Clock(**{name: row[_OWN.get(name, name)] for name in _LIFE})


def clock_columns(clock: Clock) -> Row:
    """How a clock stands, as columns of a promise."""
    return {_OWN.get(name, name): getattr(clock, name) for name in _LIFE}


def rules_of(tx: ReadTx, rows: Sequence[Row]) -> list[Rules]:
    """By what the clocks of promises go; at most two statements."""
    return rules.rules_of(tx, rows)
