"""Telephone numbers: from any spelling to E.164, the one form that is stored and looked up."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

DEFAULT_REGIONS = ("TR", "AZ")
"""Countries whose national spellings are tried, the first valid one wins."""

MAX_TEXT = 64
"""Longest spelling that is looked at, in characters."""

# 7 digits (444 1234) to 15 of E.164 with the prefix 00.
_DIALLED = re.compile(r"\+?[0-9]{7,17}", re.ASCII)
_URI = re.compile(r"(?:sips?|tel):([^;@?]*)(?:[;@?].*)?", re.ASCII | re.IGNORECASE | re.DOTALL)
_SEPARATORS = frozenset("()[]./")


def normalise(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> str:
    """Read a number in any usual spelling and give it as E.164 (``+905321234567``).

    A number with + or 00 is international. Any other is read as a national number of each region in
    turn, and the first reading the numbering plan calls valid is taken. Blanks, brackets, dots,
    dashes, slashes and invisible characters are passed over, digits of any script are read, and
    ``sip:`` and ``tel:`` URIs give their user part.

    Args:
        text: what was typed or what the exchange sent, at most `MAX_TEXT` characters.
        regions: ISO 3166 codes of the countries to try, in order.

    Raises:
        ValueError: letters, too short or too long, or valid in no region. Emergency and service
            numbers (112) and withheld callers (``anonymous``) are among these.

    >>> normalise("0 (532) 123-45-67"), normalise("00994 50 123 45 67")
    ('+905321234567', '+994501234567')
    """
    if len(text) > MAX_TEXT:
        raise ValueError("not a telephone number")
    return _first(text, regions)


def candidates(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> tuple[str, ...]:
    """Give every valid E.164 reading of a spelling, best first; empty when there is none.

    A national number can be valid in two countries: a search looks for all readings. Arguments as
    for `normalise`, whose answer comes first.

    >>> candidates("050 123 45 67"), candidates("anonymous")
    (('+994501234567',), ())
    """
    return () if len(text) > MAX_TEXT else _all(text, regions)


# Calls and imports repeat numbers, and a reading costs 60-120 µs.
@lru_cache(maxsize=8192)
def _all(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_readings(text, regions)))


# Not the first of the above: that would read the rest in vain. Refusals are not remembered.
@lru_cache(maxsize=8192)
def _first(text: str, regions: tuple[str, ...]) -> str:
    for number in _readings(text, regions):
        return number
    raise ValueError("not a telephone number")


def _readings(text: str, regions: tuple[str, ...]) -> Iterator[str]:
    dialled = _dialled(text)
    if dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    if not _DIALLED.fullmatch(dialled):
        return
    for region in (None,) if dialled.startswith("+") else regions:
        try:
            number = parse(dialled, region)
        except NumberParseException:
            continue
        if is_valid_number(number):
            yield format_number(number, PhoneNumberFormat.E164)


def _dialled(text: str) -> str:
    """Reduce a spelling to what would be dialled; a character that cannot be stays and is refused."""
    uri = _URI.fullmatch(text.strip())
    dialled = []
    for char in uri.group(1) if uri else text:
        category = unicodedata.category(char)
        if category == "Nd":
            dialled.append(str(unicodedata.decimal(char)))
        elif char in "+＋":
            dialled.append("+")
        elif char not in _SEPARATORS and char not in "\t" and category not in ("Zs", "Cf", "Pd"):
            dialled.append(char)
    return "".join(dialled)
