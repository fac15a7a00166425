"""Working calendars on the wire."""

from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.domain.standards.holidays import Country
from app.schemas.activity.dispositions import MAX_LANGUAGES, Names
from app.schemas.common.base import (
    DayIn,
    Flag,
    Input,
    Label,
    Language,
    Output,
    PageOf,
    Version,
    line,
    line_out,
)

MAX_INTERVALS = 6
MAX_EXCEPTIONS = 400

_TIME = StringConstraints(max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
_END = StringConstraints(max_length=5, pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise PydanticCustomError("unknown_zone", "Expected an IANA time zone, such as Europe/Istanbul.")
    return name


Zone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$"),
    AfterValidator(_zone),
    Field(examples=["Europe/Istanbul"]),
]


class WorkInterval(Input):
    """Working time of a day, by the wall clock of the calendar's zone."""

    start: Annotated[str, _TIME] = Field(examples=["09:00"])
    end: Annotated[str, _END] = Field(examples=["12:00"])
    """When it ends; on the next day if that is not after ``start``. ``24:00`` is the end of the day."""


Intervals = Annotated[list[WorkInterval], Field(max_length=MAX_INTERVALS)]


class Week(Input):
    """Working time of each weekday; days left out are days of rest."""

    monday: Intervals = Field(default=[])
    tuesday: Intervals = Field(default=[])
    wednesday: Intervals = Field(default=[])
    thursday: Intervals = Field(default=[])
    friday: Intervals = Field(default=[])
    saturday: Intervals = Field(default=[])
    sunday: Intervals = Field(default=[])


class DayException(Input):
    """A day that is not like its weekday, or on which people work although it is a public holiday."""

    on: DayIn = Field(examples=["2026-12-31"])
    intervals: Intervals = Field(default=[])
    """Working time that starts on the day; none: a day of rest."""
    note: Annotated[str, line(100)] | None = Field(default=None, examples=["Stocktaking"])


_HOURS = [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "18:00"}]
_WEEK: dict[str, Any] = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), _HOURS)
_CALENDAR: dict[str, Any] = {
    "names": {"en": "Office hours", "tr": "Mesai saatleri", "az": "İş saatları"},
    "zone": "Europe/Istanbul",
    "weekly": _WEEK,
    "holidays": "TR",
    "exceptions": [{"on": "2026-12-31", "intervals": [{"start": "09:00", "end": "13:00"}]}],
}


class CalendarPut(Input):
    """When people work."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CALENDAR]})

    names: Names
    """What people read, by language."""
    zone: Zone
    """Whose wall clock the times are of."""
    weekly: Week
    holidays: Country | None = Field(default=None, examples=["TR"])
    """On the public holidays of this country nobody works, and on its half days until 13:00; null: there are
    none. ``exceptions`` override single days."""
    exceptions: Annotated[list[DayException], Field(max_length=MAX_EXCEPTIONS)] = Field(default=[])
    """Days of the calendar's own, each once."""
    is_active: Flag = True
    """Whether standards may be set by it; those that are keep it."""


class WorkIntervalRead(Output):
    """Working time of a day."""

    start: Annotated[str, _TIME]
    end: Annotated[str, _END]


IntervalsRead = Annotated[list[WorkIntervalRead], Field(max_length=MAX_INTERVALS)]


class WeekRead(Output):
    """Working time of each weekday."""

    monday: IntervalsRead
    tuesday: IntervalsRead
    wednesday: IntervalsRead
    thursday: IntervalsRead
    friday: IntervalsRead
    saturday: IntervalsRead
    sunday: IntervalsRead


class DayExceptionRead(Output):
    """A day that is not like its weekday."""

    on: date
    intervals: IntervalsRead
    note: Annotated[str, line_out(100)] | None


class CalendarRead(Output):
    """When people work."""

    code: Label
    version: Version
    names: Annotated[dict[Language, Annotated[str, line(100)]], Field(max_length=MAX_LANGUAGES)]
    zone: Annotated[str, line_out(64)]
    weekly: WeekRead
    holidays: Country | None
    exceptions: Annotated[list[DayExceptionRead], Field(max_length=MAX_EXCEPTIONS)]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class CalendarPage(PageOf):
    """A page of calendars by code."""

    data: Annotated[list[CalendarRead], Field(max_length=200)]
    complete_until: datetime
    """Changes up to here are all on the list: use it as the next ``updated_after``."""


class CalendarDay(Output):
    """One day as the calendar has it."""

    on: date
    intervals: IntervalsRead
    """Working time that starts on it."""
    holiday: Annotated[str, line_out(200)] | None
    """Name of the public holiday in the country's language, also where an exception overrides it."""
    is_exception: bool


class CalendarDays(Output):
    """The days of a year as the calendar has them."""

    code: Label
    version: Version
    year: Annotated[int, Field(ge=1900, le=2100)]
    days: Annotated[list[CalendarDay], Field(max_length=366)]


class CalendarDaysQuery(Input):
    """Which year."""

    year: Annotated[int, Field(ge=1900, le=2100)] = Field(examples=[2026])
    """The calendar year whose days are listed."""
