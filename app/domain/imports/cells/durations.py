"""Durations as telephone systems, spreadsheets and people write them, in whole seconds.

Fractions of a second are rounded, half up.
"""

import re

_UNITS = {
    "d": 86_400,
    "h": 3_600,
    "m": 60,
    "s": 1,
}
_WORDS = {
    "d": ("d", "day", "days", "gün", "g"),
    "h": ("h", "hr", "hrs", "hour", "hours", "saat", "sa", "ч"),
    "m": ("m", "min", "mins", "minute", "minutes", "dk", "dakika", "dəq", "dəqiqə", "мин"),
    "s": ("s", "sec", "secs", "second", "seconds", "sn", "saniye", "san", "saniyə", "сек"),
}


def _part(unit: str) -> str:
    words = "|".join(sorted(_WORDS[unit], key=len, reverse=True))
    return rf"(?:(?P<{unit}>[0-9]{{1,9}}) ?(?:{words})\.?(?![^\W\d_]),? ?)?"


_FRACTION = r"(?:[.,](?P<f>[0-9]{1,9}))?"
_CLOCK = re.compile(
    r"(?:(?P<d>[0-9]{1,5})(?:\.| days?,? ))?(?P<h>[0-9]{1,6}):(?P<m>[0-5]?[0-9]):(?P<s>[0-5][0-9])"
    + _FRACTION
)
_MINUTES = re.compile(r"(?P<m>[0-9]{1,6}):(?P<s>[0-5][0-9])" + _FRACTION)
_MILLISECONDS = re.compile(r"(?P<ms>[0-9]{1,12}) ?(?:ms|msec|milliseconds|milisaniye)\.?")
_SPELT = re.compile("".join(map(_part, "dhms")))
_ISO = re.compile(
    r"p(?:(?P<d>[0-9]{1,5})d)?(?:t(?:(?P<h>[0-9]{1,9})h)?(?:(?P<m>[0-9]{1,9})m)?(?:(?P<s>[0-9]{1,9})(?:[.,](?P<f>[0-9]{1,9}))?s)?)?"
)


def seconds(text: str) -> int | None:
    """Read a duration, None when the text is none: ``1:02:03``, ``02:03`` (minutes, seconds), ``1h 2m 3s``,
    ``5 dk 30 sn``, ``1 day, 2:03:04``, ``PT5M30S``.

    >>> seconds("1:02:03"), seconds("05:30"), seconds("2 dk 5 sn"), seconds("5.5 min")
    (3723, 330, 125, None)
    >>> seconds("0:01:23.456"), seconds("83600 ms")
    (83, 84)
    """
    folded = " ".join(text.lower().split())
    if match := _MILLISECONDS.fullmatch(folded):
        return (int(match["ms"]) + 500) // 1000
    for spelling in (_CLOCK, _MINUTES, _SPELT, _ISO):
        match = spelling.fullmatch(folded)
        parts = match.groupdict() if match else {}
        fraction = parts.pop("f", None)
        if any(parts.values()):
            whole = sum(_UNITS[unit] * int(count) for unit, count in parts.items() if count)
            return whole + (fraction is not None and fraction >= "5")
    return None
