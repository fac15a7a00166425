"""Spellings of dates and times in files: which texts a format accepts, said as regular expressions.

A text must match the expression before a parser sees it, because parsers are lenient where it hurts
(``1997011`` as ``%Y%m%d`` is 1 January for them). Whether 30 February exists is left to the parser.
"""

import re
from functools import lru_cache
from typing import NamedTuple


class Shape(NamedTuple):
    """One spelling: texts that match ``pattern`` are parsed with ``format`` (chrono's directives).

    ``timed`` is False for whole days; ``zoned`` is True when the text carries its own offset.
    """

    pattern: str
    format: str
    timed: bool
    zoned: bool


_OFFSET = r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)"
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

# Day before month only where a point says so (as in Turkey and Azerbaijan); 09/12/2011 is anybody's guess.
ANY = (
    *ISO,
    *_timed("[0-9]{4}/[0-9]{2}/[0-9]{2}", "%Y/%m/%d"),
    Shape("^[0-9]{4}/[0-9]{2}/[0-9]{2}$", "%Y/%m/%d", False, False),
    *_timed(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    Shape(r"^[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}$", "%d.%m.%Y", False, False),
    Shape("^[0-9]{8}$", "%Y%m%d", False, False),
)
"""What ``auto`` accepts: spellings of which each has one meaning. Each text matches at most one."""


@lru_cache(maxsize=100)
def shapes(date_format: str) -> tuple[Shape, ...]:
    """Give the spellings that a mapping's ``date_format`` accepts, the likeliest first.

    Args:
        date_format: ``iso``, ``auto``, or strptime directives ``%Y %y %m %d %b %B %H %I %p %M %S .%f %z``
            that name a whole day and, if a time, at least hour and minute, each once.

    Raises:
        ValueError: another format.

    >>> shapes("%d/%m/%Y %H:%M")[0].pattern
    '^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}\\\\ (?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]$'
    """
    if date_format in ("iso", "auto"):
        return ISO if date_format == "iso" else ANY
    parts = re.findall(r"\.%f|%.|[^%]|%$", date_format, re.DOTALL) if len(date_format) <= MAX_FORMAT else []
    names = [part[-1] for part in parts if "%" in part]
    if not _is_whole(names) or any(not part.isprintable() for part in parts) or "%f" in parts:
        raise ValueError("not a date format")
    pattern = "".join(_expression(parts, index) for index in range(len(parts)))
    chrono = date_format.replace(".%f", "%.f").replace("%z", "%#z")
    return (Shape(f"^{pattern}$", chrono, "M" in names, "z" in names),)


def _is_whole(names: list[str]) -> bool:
    """Tell whether the directives name a day, and a time not at all or to the minute."""
    found = set(names)
    if len(found) != len(names) or not found <= {*_DIRECTIVES, "f"}:
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
