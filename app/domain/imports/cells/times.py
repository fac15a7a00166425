"""Columns of texts into instants, by one spelling at a time (polars)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from app.domain.imports.cells import date_words
from app.domain.imports.cells.date_formats import Reader, Shape

_SHEET_EPOCH_DAYS = 25_569  # 1 January 1970, as spreadsheets count
_SHEET_FIRST = 61  # before, spreadsheets count a 29 February 1900 that there was not
_DAY_SECONDS = 86_400
_MILLION = 1_000_000
_NOT_ASCII = r"[^\x00-\x7f]"


class Zone(NamedTuple):
    """The zone of local times, and whether those that happened twice are the second time."""

    name: str
    second: bool = False


def parsed(texts: pl.Series, shape: Shape, zone: Zone) -> tuple[pl.Series, pl.Series]:
    """Parse texts that match the pattern of a spelling (null where a text is null).

    Returns:
        Microseconds since 1970 UTC, null where there is no such time, and whether it is a local time that the
        clocks skipped.
    """
    never = repeated(False, pl.Boolean, len(texts))
    if shape.reader is Reader.WORDS:
        return _worded(texts, shape, zone)
    if shape.reader in (Reader.SECONDS, Reader.MILLISECONDS):
        return _counted(texts, 6 if shape.reader is Reader.SECONDS else 3), never
    if shape.reader is Reader.SHEET_DAYS:
        return _local(_sheet_days(texts), zone)
    if not shape.timed:
        days = texts.str.to_date(shape.format, strict=False, cache=False)
        return _days(days, zone)
    if shape.zoned:
        at = texts.str.to_datetime(shape.format, time_unit="us", time_zone="UTC", strict=False, cache=False)
        return at.to_physical(), never
    return _local(texts.str.to_datetime(shape.format, time_unit="us", strict=False, cache=False), zone)


def plain(texts: pl.Series) -> pl.Series:
    """Spell blanks, dashes and digits of any script as ASCII has them.

    >>> plain(pl.Series(["5.1.2026\u202f2:05\u00a0PM", "٢٠٢٦‑٠١‑٠٥", None])).to_list()
    ['5.1.2026 2:05 PM', '2026-01-05', None]
    """
    odd = texts.str.contains(_NOT_ASCII).fill_null(value=False).arg_true()
    if not len(odd):
        return texts
    return texts.scatter(odd, pl.Series(list(map(date_words.plain, texts.gather(odd))), dtype=pl.String))


def repeated(value: object, dtype: type[pl.DataType], length: int) -> pl.Series:
    """A column of one value; a fiftieth of the time of `pl.repeat`."""
    return pl.Series([value], dtype=dtype).new_from_index(0, length)


# --- inside


def _local(local: pl.Series, zone: Zone) -> tuple[pl.Series, pl.Series]:
    at = local
    if zone.name != "UTC":
        ambiguous: Literal["earliest", "latest"] = "latest" if zone.second else "earliest"
        at = local.dt.replace_time_zone(zone.name, ambiguous=ambiguous, non_existent="null")
    if at.null_count() == local.null_count():
        return at.to_physical(), repeated(False, pl.Boolean, len(local))
    return at.to_physical(), at.is_null() & local.is_not_null()


def _days(days: pl.Series, zone: Zone) -> tuple[pl.Series, pl.Series]:
    """The first instants of days."""
    at, skipped = _local(days.cast(pl.Datetime("us")), Zone(zone.name))
    if skipped.any():
        places = skipped.arg_true()
        starts = [_start(day, zone.name) for day in days.gather(places)]
        at = at.scatter(places, pl.Series(starts, dtype=pl.Int64))
        skipped = at.is_null() & days.is_not_null()
    return at, skipped


def _start(day: date, zone: str) -> int | None:
    """Microseconds of the first instant of a day without a midnight; None when the zone skipped the day."""
    local = ZoneInfo(zone)
    at = datetime.combine(day, time(), local).astimezone(UTC)
    if at.astimezone(local).date() != day:
        return None
    return int(at.timestamp()) * _MILLION


def _counted(texts: pl.Series, decimals: int) -> pl.Series:
    """Seconds or milliseconds since 1970, with ``decimals`` digits down to a microsecond."""
    whole = texts.str.extract(r"^-?([0-9]+)").cast(pl.Int64)
    fraction = texts.str.extract(r"[.,]([0-9]+)$").fill_null("")
    part = fraction.str.slice(0, decimals).str.pad_end(decimals, "0").cast(pl.Int64)
    micros = whole * 10**decimals + part
    negative = texts.str.starts_with("-")
    return pl.select(pl.when(negative).then(-micros).otherwise(micros)).to_series()


def _sheet_days(texts: pl.Series) -> pl.Series:
    """Local times of day numbers, to the second: spreadsheets keep no more than that exactly."""
    days = texts.str.replace(",", ".", literal=True).cast(pl.Float64)
    seconds = (days * _DAY_SECONDS).round() - _SHEET_EPOCH_DAYS * _DAY_SECONDS
    seconds = seconds.set(days < _SHEET_FIRST, None)
    return (seconds.cast(pl.Int64) * _MILLION).cast(pl.Datetime("us"))


def _worded(texts: pl.Series, shape: Shape, zone: Zone) -> tuple[pl.Series, pl.Series]:
    pattern = re.compile(shape.pattern)
    found = [_word(pattern, text) for text in texts]
    local = pl.Series([one and one.at for one in found], dtype=pl.Datetime("us"))
    shifts = [
        one.offset // timedelta(microseconds=1) if one and one.offset is not None else None for one in found
    ]
    zoned = local.to_physical() - pl.Series(shifts, dtype=pl.Int64)
    timed = pl.Series([one is not None and one.timed for one in found], dtype=pl.Boolean)
    days, no_day = _days(local.set(timed, None).cast(pl.Date), zone)
    times, no_time = _local(local.set(~timed | zoned.is_not_null(), None), zone)
    return zoned.fill_null(times).fill_null(days), no_day | no_time


def _word(pattern: re.Pattern[str], text: str | None) -> date_words.Local | None:
    match = pattern.fullmatch(text) if text is not None else None
    return date_words.read(match.groupdict()) if match else None
