"""Dates and times that are spelt with words: names of months and days, AM and PM, UTC; whatever the machine's
language. A text is cut by a regular expression whose groups have the names of the directives of strptime."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

_MONTHS = """
january jan ocak oca yanvar yan januar jänner janvier janv январь января янв
february feb subat sub fevral fev februar fevrier février fevr févr февраль февраля фев
march mar mart märz mrz maerz mars март марта мар
april apr nisan nis aprel avril avr апрель апреля апр
may mayis mai май мая
june jun haziran haz iyun iyn juni juin июнь июня июн
july jul temmuz tem iyul iyl juli juillet juil июль июля июл
august aug agustos agu avqust avq août aout август августа авг
september sep sept eylul eyl sentyabr sen sent septembre сентябрь сентября сен сент
october oct ekim eki oktyabr okt oktober octobre октябрь октября окт
november nov kasim kas noyabr noy novembre ноябрь ноября ноя нояб
december dec aralik ara dekabr dek dezember dez decembre décembre déc декабрь декабря дек
"""
_DAYS = """
monday mon pazartesi pzt bazarertesi be montag mo lundi lun понедельник пн
tuesday tue tues sali sal cersenbeaxsami ca dienstag di mardi mar вторник вт
wednesday wed carsamba car crs cersenbe c mittwoch mi mercredi mer среда ср
thursday thu thur thurs persembe per prs cumeaxsami donnerstag do jeudi jeu четверг чт
friday fri cuma cum cume freitag fr vendredi ven пятница пт
saturday sat cumartesi cmt senbe s samstag sonnabend sa samedi sam суббота сб
sunday sun pazar paz pzr bazar b sonntag so dimanche dim воскресенье вс
"""


def _numbered(lines: str) -> dict[str, int]:
    return {word: number for number, line in enumerate(lines.split("\n")[1:-1], 1) for word in line.split()}


MONTHS, DAYS = _numbered(_MONTHS), _numbered(_DAYS)
"""Names in English, Turkish, Azerbaijani, Russian, German and French, folded -> number from 1; a week
begins on Monday."""

_ALIKE = str.maketrans({"ı": "i", "İ": "i", "ş": "s", "ğ": "g", "ü": "u", "ö": "o", "ç": "c", "ə": "e"})
_DROPPED = str.maketrans(dict.fromkeys(". \u0307"))
_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\u2007\u2002\u2003\u3000", " "))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_ZONES = {"TRT": 3, "AZT": 4, "MSK": 3, "EET": 2, "EEST": 3, "CET": 1, "CEST": 2}
_MORNING, _EVENING = ("am", "oo"), ("pm", "os")


class Local(NamedTuple):
    """A time as a text says it; ``offset`` is None where it carries none, ``timed`` False for a whole day."""

    at: datetime
    offset: timedelta | None
    timed: bool


@lru_cache(maxsize=1000)
def fold(word: str) -> str:
    """One spelling for the name of a month or day: ``fold("EYLÜL") == fold("Eylül")``."""
    return word.translate(_ALIKE).lower().translate(_ALIKE).translate(_DROPPED)


def plain(text: str) -> str:
    """Spell blanks, dashes and digits of any script as ASCII has them; letters stay.

    >>> plain("٥ Nisan ٢٠٢٦\u00a014:05")
    '5 Nisan 2026 14:05'
    """
    digits = (str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    return "".join(digits).translate(_BLANKS).translate(_DASHES)


def read(parts: Mapping[str, str | None]) -> Local | None:
    """Put the parts of a date together, None when they make none.

    Args:
        parts: by directive: ``Y`` or ``y``; ``m`` or ``b``; ``d``; perhaps ``a`` (name of the day, which must
            be right), ``H``, ``M``, ``S``, ``f`` (digits of the fraction), ``p`` and ``z``.

    >>> read({"Y": "2026", "b": "Nisan", "d": "3", "a": "Cuma"}).at.isoformat()
    '2026-04-03T00:00:00'
    """
    year = int(parts.get("Y") or 0) or _century(parts.get("y"))
    month = MONTHS.get(fold(parts.get("b") or "")) or int(parts.get("m") or 0)
    hour = _hour(parts.get("H") or parts.get("I"), parts.get("p"))
    if hour is None:
        return None
    micros = int((parts.get("f") or "")[:6].ljust(6, "0"))
    try:
        day = date(year, month, int(parts["d"] or 0))
        at = datetime(*day.timetuple()[:3], hour, int(parts.get("M") or 0), int(parts.get("S") or 0), micros)  # noqa: DTZ001
    except ValueError:
        return None
    named = parts.get("a")
    if named and DAYS.get(fold(named)) != day.isoweekday():
        return None
    return Local(at, _offset(parts.get("z")), bool(parts.get("M")))


# --- inside


def _century(two: str | None) -> int:
    """The year that two digits mean: 1969 to 2068, as strptime reads them."""
    return 0 if two is None else int(two) + (1900 if int(two) >= 69 else 2000)


def _hour(text: str | None, half: str | None) -> int | None:
    hour = int(text or 0)
    if not half:
        return hour
    if not 1 <= hour <= 12 or fold(half) not in (*_MORNING, *_EVENING):
        return None
    return hour % 12 + (12 if fold(half) in _EVENING else 0)


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    text = text.removeprefix("UTC").removeprefix("GMT")
    if not text or text[0] not in "+-":  # Z, UT
        return timedelta(hours=_ZONES.get(text, 0))
    digits = text[1:].replace(":", "")
    digits = (digits if len(digits) > 1 else f"0{digits}").ljust(4, "0")
    minutes = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -minutes if text[0] == "-" else minutes
