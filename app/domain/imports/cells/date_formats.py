"""Spellings of dates and times in files: which texts a format accepts, said as regular expressions.

A text must match the expression before a parser sees it, because parsers are lenient where it hurts
(``1997011`` as ``%Y%m%d`` is 1 January for them). Whether 30 February exists is left to the parser.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Reader(StrEnum):
    """How the texts of a spelling are parsed."""

    DIRECTIVES = "directives"
    WORDS = "words"
    """Groups of the pattern, put together by `app.domain.imports.cells.date_words` text by text."""
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    SHEET_DAYS = "sheet_days"
    """Days since 30 December 1899, as spreadsheets count."""


class Shape(NamedTuple):
    """One spelling: texts that match ``pattern`` are parsed with ``format`` (chrono's directives).

    ``timed`` is False for whole days; ``zoned`` is True when the text carries its own offset. Of
    `Reader.WORDS` each text tells both itself.
    """

    pattern: str
    format: str
    timed: bool
    zoned: bool
    reader: Reader = Reader.DIRECTIVES


_OFFSET = r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
# Names of zones that mean one offset wherever they stand.
_ZONE = (
    r"(?:(?:UTC|GMT)?[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?|(?:UTC|GMT)[+-][0-9]|[Zz]|UTC?|GMT"
    r"|TRT|AZT|MSK|EES?T|CES?T)"
)
_WORD = r"[^\W\d_]+(?: [^\W\d_]+)?\.?"
_HALF = r"(?:[AaPp]\.? ?[Mm]\.?|[ÖöOo][ÖöSs])"
_HOUR, _SIXTY = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"

# Directive -> expression when its neighbours delimit it, expression when they do not.
_DIRECTIVES = {
    "Y": ("[0-9]{4}", "[0-9]{4}"),
    "y": ("[0-9]{2}", "[0-9]{2}"),
    "m": ("[0-9]{1,2}", "[0-9]{2}"),
    "d": ("[0-9]{1,2}", "[0-9]{2}"),
    "b": ("[A-Za-z]{3}", "[A-Za-z]{3}"),
    "B": ("[A-Za-z]{3,9}", "[A-Za-z]{3,9}"),
    "H": ("(?:[01]?[0-9]|2[0-3])", _HOUR),
    "I": ("(?:0?[1-9]|1[0-2])", "(?:0[1-9]|1[0-2])"),
    "p": ("[AaPp][Mm]", "[AaPp][Mm]"),
    "M": ("[0-5]?[0-9]", _SIXTY),
    "S": ("[0-5]?[0-9]", _SIXTY),
    "z": (_OFFSET, _OFFSET),
}
# The same of formats with words.
_WORDED = {
    **{name: plain for name, (plain, _) in _DIRECTIVES.items()},
    "a": _WORD,
    "b": _WORD,
    "p": _HALF,
    "z": _ZONE,
}
_SAME = {"A": "a", "B": "b"}
_DIGITS = frozenset("YymdHIMS")
MAX_FORMAT = 50


def _timed(day: str, day_format: str, *, between: str = " ", zoned: bool = False) -> list[Shape]:
    """A day and a time to the minute, second or fraction, perhaps with an offset."""
    minute = f"{day}{between}{_HOUR}:{_SIXTY}"
    formats = [
        (f"{minute}:{_SIXTY}", f"{day_format}{between}%H:%M:%S"),
        (minute, f"{day_format}{between}%H:%M"),
        (rf"{minute}:{_SIXTY}\.[0-9]{{1,9}}", f"{day_format}{between}%H:%M:%S%.f"),
    ]
    shapes = [Shape(f"^{pattern}$", format, True, False) for pattern, format in formats]
    if zoned:
        shapes += [Shape(f"^{pattern}{_OFFSET}$", f"{format}%#z", True, True) for pattern, format in formats]
    return shapes


ISO = (
    *_timed("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d", zoned=True),
    *_timed("[0-9]{4}-[0-9]{2}-[0-9]{2}", "%Y-%m-%d", between="T", zoned=True),
    Shape("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "%Y-%m-%d", False, False),
)
"""ISO 8601 calendar dates: a day, or day and time to the minute, second or fraction, with any offset."""

_TIME = (
    rf"(?P<H>[01]?[0-9]|2[0-3])[:.](?P<M>{_SIXTY})(?:[:.](?P<S>{_SIXTY})(?:[.,](?P<f>[0-9]{{1,9}}))?)?"
    rf"(?: ?(?P<p>{_HALF}))?(?: ?(?P<z>{_ZONE})(?:\[[A-Za-z_/+-]+\])?)?"
)
_BETWEEN = "(?:T|,? (?:at |saat |um |в )?)"


def _worded(day: str, time: str = rf"(?:{_BETWEEN}{_TIME})?") -> Shape:
    return Shape(f"^{day}{time}$", "", True, False, Reader.WORDS)


ISO_WORDS = (_worded("(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})", rf"{_BETWEEN}{_TIME}"),)
"""ISO 8601 with blanks, a comma before the fraction, ``UTC`` or the name of a zone, as programs write it."""

ISO_LIKE = (*ISO, *ISO_WORDS)
"""What ``iso`` accepts."""

# Day before month only where a point says so (as in Turkey and Azerbaijan); 09/12/2011 is anybody's guess.
_ANY = (
    *ISO,
    *_timed("[0-9]{4}/[0-9]{2}/[0-9]{2}", "%Y/%m/%d"),
    Shape("^[0-9]{4}/[0-9]{2}/[0-9]{2}$", "%Y/%m/%d", False, False),
    *_timed(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    Shape(r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$", "%d.%m.%Y", False, False),
    Shape("^[0-9]{8}$", "%Y%m%d", False, False),
    Shape("^[0-9]{14}$", "%Y%m%d%H%M%S", True, False),
)
_DAY_NAME = rf"(?:(?P<a>{_WORD}),? )?"
ANY_WORDS = (
    *ISO_WORDS,
    *(
        _worded(f"(?P<Y>[0-9]{{4}}){mark}(?P<m>[0-9]{{1,2}}){mark}(?P<d>[0-9]{{1,2}})")
        for mark in ("-", "/", r"\.")
    ),
    _worded(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<Y>[0-9]{4})", rf"{_BETWEEN}{_TIME}"),
    _worded(
        "(?P<Y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
        f"T(?P<H>{_HOUR})(?P<M>{_SIXTY})(?P<S>{_SIXTY})(?P<z>Z)?",
    ),
    _worded(
        rf"{_DAY_NAME}(?P<d>[0-9]{{1,2}})[. /-]{{1,2}}(?P<b>{_WORD})[ ,/-]{{1,2}}(?P<Y>[0-9]{{4}})(?: ?г\.?)?"
    ),
    _worded(rf"(?P<d>[0-9]{{1,2}}) (?P<b>{_WORD}) (?P<Y>[0-9]{{4}}),? (?P<a>{_WORD})"),
    _worded(
        r"(?:(?P<a>[^\W\d_]+),? )?(?P<b>[^\W\d_]+)\.? (?P<d>[0-9]{1,2})(?:st|nd|rd|th)?,? (?P<Y>[0-9]{4})"
    ),
    _worded(
        r"(?P<a>[^\W\d_]+) (?P<b>[^\W\d_]+) +(?P<d>[0-9]{1,2})",
        rf" (?P<H>{_HOUR}):(?P<M>{_SIXTY}):(?P<S>{_SIXTY}) (?:(?P<z>{_ZONE}) )?(?P<Y>[0-9]{{4}})",
    ),
    _worded(  # as browsers write it
        r"(?P<a>[A-Za-z]{3}) (?P<b>[A-Za-z]{3}) (?P<d>[0-9]{2}) (?P<Y>[0-9]{4})",
        rf" (?P<H>{_HOUR}):(?P<M>{_SIXTY}):(?P<S>{_SIXTY}) (?P<z>GMT[+-][0-9]{{4}})(?: \([^()]+\))?",
    ),
)
"""Days and months by name, and times as people write them, of which each has one meaning."""

ANY = (*_ANY, *ANY_WORDS)
"""What ``auto`` accepts: spellings of which each has one meaning. The first that a text matches parses it."""

MILLISECONDS = "%Q"
COUNTS = {
    "%s": Shape(r"^-?0*[1-9][0-9]{0,10}(?:[.,][0-9]{1,12})?$", "%s", True, True, Reader.SECONDS),
    MILLISECONDS: Shape(
        r"^-?0*[1-9][0-9]{0,13}(?:[.,][0-9]{1,12})?$", MILLISECONDS, True, True, Reader.MILLISECONDS
    ),
    "excel": Shape(r"^[0-9]{2,6}(?:[.,][0-9]{1,15})?$", "excel", True, False, Reader.SHEET_DAYS),
}
"""Formats that count from a day: seconds and milliseconds since 1970 UTC, and days as spreadsheets do.

A zero is no time: telephone systems write it for what did not happen."""

EXAMPLES = {
    "auto": "2026-05-31, 2026-05-31T14:05:00Z, 31.05.2026 14:05",
    "iso": "2026-05-31, 2026-05-31T14:05:00+03:00",
    "%s": "1780236300",
    "%Q": "1780236300000",
    "excel": "46173.58680556",
}


@lru_cache(maxsize=100)
def shapes(date_format: str) -> tuple[Shape, ...]:
    """Give the spellings that a mapping's ``date_format`` accepts, the likeliest first.

    Args:
        date_format: ``iso``, ``auto``, ``excel``, ``%s``, ``%Q``, or strptime directives ``%Y %y %m %d %b %B
            %a %A %H %I %p %M %S .%f %z`` that name a whole day and, if a time, at least hour and minute, each
            once.

    Raises:
        ValueError: another format.

    >>> shapes("%d/%m/%Y %H:%M")[0].pattern
    '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}\\\\ (?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]$'
    """
    if date_format in ("iso", "auto"):
        return ISO_LIKE if date_format == "iso" else ANY
    if date_format in COUNTS:
        return (COUNTS[date_format],)
    parts = re.findall(r"\.%f|%.|[^%]|%$", date_format, re.DOTALL) if len(date_format) <= MAX_FORMAT else []
    names = [part[-1] for part in parts if "%" in part]
    if not _is_whole(names) or any(not part.isprintable() for part in parts) or "%f" in parts:
        raise ValueError("not a date format")
    if {"a", "A", "b", "B", "p"} & set(names):
        pattern = "".join(_group(part) for part in parts)
        return (Shape(f"^{pattern}$", date_format, "M" in names, "z" in names, Reader.WORDS),)
    pattern = "".join(_expression(parts, index) for index in range(len(parts)))
    chrono = date_format.replace(".%f", "%.f").replace("%z", "%#z")
    return (Shape(f"^{pattern}$", chrono, "M" in names, "z" in names),)


def _is_whole(names: list[str]) -> bool:
    """Tell whether the directives name a day, and a time not at all or to the minute."""
    found = set(names)
    if len(found) != len(names) or not found <= {*_DIRECTIVES, "f", "a", "A"} or {"a", "A"} <= found:
        return False
    day = len(found & set("Yy")) == 1 and len(found & set("mbB")) == 1 and "d" in found
    hours = len(found & set("HI"))
    time = hours <= 1 and ("I" in found) == ("p" in found) and ("M" in found) == (hours == 1)
    finer = ("S" not in found or "M" in found) and ("f" not in found or "S" in found)
    return day and time and finer and ("z" not in found or "M" in found)


def _expression(parts: list[str], index: int) -> str:
    part = parts[index]
    if part == ".%f":
        return r"\.[0-9]{1,9}"
    if not part.startswith("%"):
        return re.escape(part)
    neighbours = parts[:index][-1:] + parts[index + 1 : index + 2]
    packed = part[1] in _DIGITS and any(near[0] == "%" and near[1] in _DIGITS for near in neighbours)
    return _DIRECTIVES[part[1]][packed]


def _group(part: str) -> str:
    if part == ".%f":
        return r"[.,](?P<f>[0-9]{1,9})"
    if not part.startswith("%"):
        return re.escape(part)
    name = _SAME.get(part[1], part[1])
    blank = " ?" if name in "pz" else ""
    return f"{blank}(?P<{name}>{_WORDED[name]})"


def example(date_format: str) -> str:
    """A time as a format writes it, for answers.

    >>> example("%d/%m/%Y %H:%M"), example("%s")
    ('31/05/2026 14:05', '1780236300')
    """
    if date_format in EXAMPLES:
        return EXAMPLES[date_format]
    text = date_format
    for directive, value in _PARTS.items():
        text = text.replace(directive, value)
    return text


_PARTS = {
    **{
        "%Y": "2026",
        "%y": "26",
        "%m": "05",
        "%d": "31",
        "%b": "May",
        "%B": "May",
        "%a": "Sun",
        "%A": "Sunday",
    },
    **{"%H": "14", "%I": "02", "%p": "PM", "%M": "05", "%S": "30", "%f": "123", "%z": "+03:00"},
}
