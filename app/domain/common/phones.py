"""Telephone numbers: from any spelling to E.164, the one form that is stored and looked up."""

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    is_valid_number,
)
from phonenumbers import parse as read_number

from app.domain.common import phone_texts
from app.domain.common.phone_texts import is_withheld

__all__ = [
    "Number",
    "PhoneError",
    "Problem",
    "candidates",
    "internal",
    "is_withheld",
    "normalise",
    "parse",
    "split_numbers",
]

DEFAULT_REGIONS = ("TR", "AZ")
"""Countries whose national spellings are tried, the first valid one wins."""

MAX_TEXT = 254
"""Longest spelling that is looked at, in characters."""

_MAX_PARTS = 12
_DIGITS_LEAST = 7

# 7 digits (444 1234) to 15 of E.164 with the prefix 00.
_DIALLED = re.compile(r"\+?[0-9]{7,17}", re.ASCII)
_INTERNAL = re.compile(r"\+?[0-9]{2,17}", re.ASCII)
_PASSED_OVER = str.maketrans("", "", " ()[]./-_")
_STRONG = re.compile(r"\s*(?:[;,/|&\n\r\t]|\b(?:veya|ve|və|ya da|yaxud|and|or|и)\b)\s*", re.IGNORECASE)
_BLANKS = re.compile(r"\s*(?:[;,/|&\n\r\t\s]|\s-\s|\b(?:veya|ve|və|and|or)\b)\s*", re.IGNORECASE)


class Number(NamedTuple):
    """A number as it is stored, and the extension behind it."""

    e164: str
    extension: str | None


class Problem(StrEnum):
    """Why a text is not one number."""

    UNREADABLE = "unreadable"
    LETTERS = "letters"
    WITHHELD = "withheld"
    SEVERAL = "several"
    ROUNDED = "rounded"
    BEHIND = "behind"
    """The number is understood, what stands behind it is not."""


class PhoneError(ValueError):
    """A text that is not one telephone number; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__("not a telephone number")
        self.problem = problem


def parse(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> Number:
    """Read one number in any form in which people, telephones and exchanges write it.

    A number with + or 00 is international. Any other is read as a national number of each region in
    turn, and the first reading the numbering plan calls valid is taken. Digits of any script are read;
    blanks, brackets, dots, dashes, slashes and invisible characters are passed over, and so are display
    names, ``sip:`` and ``tel:`` URIs, labels (``Tel:``, ``(mobile)``) and codes dialled before a
    number (``#31#``, ``9,``). An extension (``dahili 12``, ``x12``, ``;ext=12``, ``/ 12``) is told beside it.

    Args:
        text: what was typed or what the exchange sent, at most `MAX_TEXT` characters.
        regions: ISO 3166 codes of the countries to try, in order.

    Raises:
        PhoneError: it is not one number. Emergency and service numbers (112), withheld callers
            (``anonymous``), two numbers and numbers rounded by a spreadsheet are among these.

    >>> parse("0 (532) 123-45-67"), parse('"Firma" <sip:02125551234@pbx>;tag=1'), parse("0212 555 12 34 x12")
    (Number(e164='+905321234567', extension=None), Number(e164='+902125551234', extension=None), \
Number(e164='+902125551234', extension='12'))
    """
    if len(text) <= MAX_TEXT and (found := _first(text, regions)) is not None:
        return found
    raise PhoneError(_problem(text, regions))


def normalise(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> str:
    """Give the number of `parse` without its extension.

    Raises:
        PhoneError: as `parse`.

    >>> normalise("0 (532) 123-45-67"), normalise("00994 50 123 45 67")
    ('+905321234567', '+994501234567')
    """
    return parse(text, regions).e164


def candidates(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> tuple[str, ...]:
    """Give every valid E.164 reading of a spelling, best first; empty when there is none.

    A national number can be valid in two countries: a search looks for all readings. Arguments as
    for `parse`, whose answer comes first.

    >>> candidates("050 123 45 67"), candidates("anonymous")
    (('+994501234567',), ())
    """
    return () if len(text) > MAX_TEXT else _all(text, regions)


def internal(text: str) -> str | None:
    """The digits of what may be dialled though it is no public number (``1001``, ``sip:112@pbx``); None for
    letters, several numbers and withheld callers.

    >>> internal("sip:1001@pbx"), internal("x"), internal("442079460958")
    ('1001', None, '442079460958')
    """
    if len(text) > MAX_TEXT or is_withheld(text):
        return None
    number = phone_texts.taken_apart(text).number
    if (parts := phone_texts.behind(number)) is not None and phone_texts.is_next(*parts):
        return None
    digits = number.translate(_PASSED_OVER)
    return digits if _INTERNAL.fullmatch(digits) and not phone_texts.is_rounded(text) else None


def split_numbers(text: str, regions: tuple[str, ...] = DEFAULT_REGIONS) -> tuple[str, ...]:
    """Cut a cell of an address book into the texts of its numbers; one text where it cannot be cut.

    Numbers stand apart by a comma, semicolon, slash, line end, ``&``, ``ve`` or the like, or by a blank where
    there is but one way to cut. An extension stays with its number. Nothing (a withheld number) gives none.

    >>> split_numbers("0532 123 45 67 / 0533 123 45 67"), split_numbers("0212 555 12 34 / 12")
    (('0532 123 45 67', '0533 123 45 67'), ('0212 555 12 34 / 12',))
    """
    if is_withheld(text):
        return ()
    if len(text) > 4 * MAX_TEXT or (len(text) <= MAX_TEXT and _first(text, regions) is not None):
        return (text.strip(),)
    for separator in (_STRONG, _BLANKS):
        ways = _ways(text, separator, regions)
        if len(ways) == 1:
            return ways[0]
    parts = [part for part in _STRONG.split(text) if part]
    if len(parts) > 1 and all(_digits(part) >= _DIGITS_LEAST for part in parts):
        return tuple(parts)
    return (text.strip(),)


# --- inside


# Calls and imports repeat numbers, and a reading costs 60-120 µs.
@lru_cache(maxsize=8192)
def _all(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number.e164 for number in _readings(text, regions)))


# Not the first of the above: that would read the rest in vain.
@lru_cache(maxsize=8192)
def _first(text: str, regions: tuple[str, ...]) -> Number | None:
    return next(_readings(text, regions), None)


def _readings(text: str, regions: tuple[str, ...]) -> Iterator[Number]:
    """Every reading of the first way of reading that gives any: the whole before its parts."""
    if phone_texts.is_rounded(text):
        return
    written = phone_texts.taken_apart(text)
    numbers: list[tuple[str, str | None]] = [(written.number, written.extension)]
    if written.context is not None and not written.number.startswith("+"):
        numbers = [(written.context + written.number.lstrip("0"), written.extension)]
    if written.extension is None and (parts := phone_texts.behind(written.number)) is not None:
        numbers += [] if phone_texts.is_next(*parts) else [parts]
    if (rest := phone_texts.without_prefix(written.number)) is not None:
        # 0 0532 ...: as 00 it would be another country's.
        numbers.insert(0 if written.number.startswith("0") else len(numbers), (rest, written.extension))
    for number, extension in numbers:
        found = list(_valid(number, regions))
        yield from (Number(e164, extension) for e164 in found)
        if found:
            return


def _valid(text: str, regions: tuple[str, ...]) -> Iterator[str]:
    dialled = text.translate(_PASSED_OVER)
    if dialled.startswith("+0"):
        dialled = dialled[1:]
    if dialled.startswith("00"):
        dialled = "+" + dialled[2:]
    if not _DIALLED.fullmatch(dialled):
        return
    if dialled.startswith("+"):
        yield from _valid_in(dialled, None)
        return
    for region in regions:
        yield from _valid_in(dialled, region)
        code = str(country_code_for_region(region))
        if dialled.startswith(f"0{code}") and len(dialled) > len(code) + 10:  # 0 90 532 ..., one 0 too few
            yield from _valid_in(f"+{dialled[1:]}", None)


def _valid_in(dialled: str, region: str | None) -> Iterator[str]:
    try:
        number = read_number(dialled, region)
    except NumberParseException:
        return
    if is_valid_number(number):
        yield format_number(number, PhoneNumberFormat.E164)


def _problem(text: str, regions: tuple[str, ...]) -> Problem:
    if len(text) > MAX_TEXT:
        return Problem.SEVERAL if len(split_numbers(text, regions)) > 1 else Problem.UNREADABLE
    if phone_texts.is_rounded(text):
        return Problem.ROUNDED
    if is_withheld(text):
        return Problem.WITHHELD
    number = phone_texts.taken_apart(text).number
    counted_on = (parts := phone_texts.behind(number)) is not None and phone_texts.is_next(*parts)
    if (counted_on and parts and _first(parts[0], regions)) or len(split_numbers(text, regions)) > 1:
        return Problem.SEVERAL
    beginning = re.match(r"[+(0-9][0-9 ()./+-]{6,}[0-9]", number)
    if beginning and len(beginning[0]) < len(number) and _first(beginning[0].strip(), regions):
        return Problem.BEHIND
    return Problem.LETTERS if re.search(r"[^\W\d_]", number) else Problem.UNREADABLE


def _digits(text: str) -> int:
    return sum(char.isdecimal() for char in text)


def _ways(text: str, separator: re.Pattern[str], regions: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The ways to cut a text at separators into the fewest parts that are numbers."""
    cuts = [(0, 0), *(found.span() for found in separator.finditer(text)), (len(text), len(text))]
    if len(cuts) > _MAX_PARTS + 2:
        return []
    ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in cuts[1:])]
    for end in range(1, len(cuts)):
        for start in range(end):
            part = text[cuts[start][1] : cuts[end][0]].strip()
            if ways[start] and part and len(part) <= MAX_TEXT and _first(part, regions) is not None:
                ways[end] += [(*way, part) for way in ways[start]][:_MAX_PARTS]
    fewest = min((len(way) for way in ways[-1]), default=0)
    return [way for way in ways[-1] if len(way) == fewest]
