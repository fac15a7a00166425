"""Amounts as accountants and spreadsheets write them: a text in, a plain decimal or the reason why not out.

A text with one reading is read; one with two (``1.000`` is a thousand in Istanbul, and one in London) is
refused, and two members of the mapping decide: ``decimal_comma`` and ``grouping``.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from app.domain.common.money import MAX_TEXT, minor_digits, parse_rounded
from app.domain.imports.cells.spreadsheets import is_error, unprotected
from app.domain.imports.refusals import Refusal

# The signs and words of currencies that stand beside amounts. A sign of several countries names none of them.
_CURRENCIES = {
    "₺": "TRY",
    "tl": "TRY",
    "ytl": "TRY",
    "lira": "TRY ITL",
    "₼": "AZN",
    "man": "AZN",
    "manat": "AZN",
    "€": "EUR",
    "euro": "EUR",
    "$": "USD AUD CAD NZD HKD SGD TWD MXN ARS CLP COP BRL BBD BSD BZD JMD TTD FJD LRD NAD SBD SRD XCD GYD",
    "us$": "USD",
    "£": "GBP EGP LBP SYP FKP GIP SHP SSP SDG",
    "¥": "JPY CNY",
    "￥": "JPY CNY",
    "円": "JPY",
    "元": "CNY",
    "원": "KRW",
    "₽": "RUB",
    "руб": "RUB",
    "р": "RUB",
    "₾": "GEL",
    "₸": "KZT",
    "₴": "UAH",
    "грн": "UAH",
    "₹": "INR",
    "rs": "INR PKR LKR NPR MUR SCR",
    "₩": "KRW KPW",
    "₪": "ILS",
    "zł": "PLN",
    "zl": "PLN",
    "dh": "AED MAD",
    "dhs": "AED MAD",
    "sr": "SAR",
    "kd": "KWD",
    "kč": "CZK",
    "ft": "HUF",
    "lei": "RON MDL",
    "лв": "BGN",
    "kr": "SEK NOK DKK ISK",
    "fr": "CHF",
    "sfr": "CHF",
    "r$": "BRL",
    "so'm": "UZS",
    "сўм": "UZS",
    "₫": "VND",
    "₱": "PHP",
    "฿": "THB",
    "₦": "NGN",
}

_WORD = r"[^\d\s.,'()+\-]{1,8}(?:'m)?\.?"
_AMOUNT = re.compile(
    rf"(?P<sign1>[+-])? ?(?P<word1>{_WORD})? ?(?P<open>\()? ?(?P<sign2>[+-])? ?(?P<word2>{_WORD})? ?"
    r"(?P<number>[0-9., ']*[0-9][0-9., ']*?)(?P<dash>(?<=[.,])--?|:--?|/[-=])? ?"
    rf"(?P<sign3>[+-])? ?(?P<word3>{_WORD})? ?(?P<close>\))? ?(?P<word4>{_WORD})? ?(?P<sign4>[+-])?"
)
_PLAIN = re.compile(r"-?[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?")
_FLOAT = re.compile(r"-?[0-9]{1,3}\.[0-9]{3}")
_SURE = re.compile(r"-?[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})")
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("−‐‑‒–—―﹣－", "-"),
        "＋": "+",
        **dict.fromkeys("’‘ʼ´`′", "'"),
        "٬": "'",
        "٫": ",",
        "．": ".",
        "，": ",",
        **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008\u2002\u2003\t", " "),
    }
)
_GROUPED = {mark: re.compile(rf"[1-9][0-9]{{0,2}}(?:\{mark}[0-9]{{3}})+") for mark in ".' "}
_GROUPED[","] = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")  # as in India


def read(
    text: str,
    currency: str,
    *,
    decimal_comma: bool | None = None,
    grouping: bool = True,
    pointed: bool = False,
) -> tuple[int, bool] | Refusal:
    """Read an amount exactly, as minor units of its currency, and tell whether digits were rounded away.

    Args:
        text: at most `MAX_TEXT` characters are looked at.
        currency: ISO 4217; a sign or code beside the number must not contradict it.
        decimal_comma: True when decimals follow a comma, False when they follow a point, None when neither
            was said: then each text must show it by itself.
        grouping: whether marks may stand between thousands; if not, ``1.000`` is one.
        pointed: whether other amounts of the file show that decimals follow a point (`is_pointed`).

    >>> read("1.234,50 TL", "TRY"), read("(12)", "TRY"), read("1.000", "TRY").value
    ((123450, False), (-1200, False), 'ambiguous_number')
    """
    number = plain(text, currency, decimal_comma=decimal_comma, grouping=grouping)
    if number is Refusal.AMBIGUOUS_NUMBER and pointed and not decimal_comma and _FLOAT.fullmatch(text):
        number = text
    if isinstance(number, Refusal):
        return number
    try:
        return parse_rounded(number, currency)
    except ValueError:
        return Refusal.AMOUNT_OUT_OF_RANGE


def plain(
    text: str, currency: str | None = None, *, decimal_comma: bool | None = None, grouping: bool = True
) -> str | Refusal:
    """Spell an amount as ``-1234.50``, or say why it cannot be read; arguments as those of `read`.

    Without a currency none may stand beside the number, and three digits behind a point are decimals only
    where they cannot be a group.

    >>> plain("₺ 1.234,5-", "TRY"), plain("1,23,456.78", "INR"), plain("1'000.05", "CHF")
    ('-1234.5', '123456.78', '1000.05')
    """
    if decimal_comma is not True and len(text) <= MAX_TEXT and _PLAIN.fullmatch(text):
        return text
    parts = _parts(text)
    if isinstance(parts, Refusal):
        return parts
    if parts.meant is not None and currency not in parts.meant:
        return Refusal.CURRENCY_CONTRADICTED
    digits = None if currency is None else minor_digits(currency)
    found = _decimal(parts.number, digits, decimal_comma, grouping)
    return found if isinstance(found, Refusal) else parts.sign + found


def compared(text: str, *, decimal_comma: bool | None = None, grouping: bool = True) -> float | None:
    """Read a number to hold it against another, whatever currency stands beside it; None where it is none, or
    one with two readings.

    >>> compared("(5,50)"), compared("₺-12,5"), compared("1.000"), compared("no")
    (-5.5, -12.5, None, None)
    """
    parts = _parts(text)
    if isinstance(parts, Refusal):
        return None
    found = _decimal(parts.number, None, decimal_comma, grouping)
    return None if isinstance(found, Refusal) else float(parts.sign + found)


def currency_named(word: str) -> str | None:
    """The one currency that a word or sign can mean, None for another word.

    >>> currency_named("try"), currency_named("₺"), currency_named("TL"), currency_named("$")
    ('TRY', 'TRY', 'TRY', None)
    """
    meant = _currencies(word)
    return next(iter(meant)) if len(meant) == 1 else None


def is_pointed(texts: Iterable[str]) -> bool:
    """Tell whether amounts show that decimals follow a point, as programs write numbers: some have another
    number of decimals than three, and none has a comma.

    >>> is_pointed(["7", "12.5", "3.125"]), is_pointed(["1.000", "12,50"]), is_pointed(["1.000"])
    (True, False, False)
    """
    cells = list(texts)
    return any(map(_SURE.fullmatch, cells)) and not any("," in cell for cell in cells)


def plain_number(
    text: str, currency: str | None = None, *, decimal_comma: bool | None = None, grouping: bool = True
) -> Decimal | Refusal:
    """`plain` as a number, for quantities and prices of a unit."""
    number = plain(text, currency, decimal_comma=decimal_comma, grouping=grouping)
    return number if isinstance(number, Refusal) else Decimal(number)


# --- inside


class _Parts(NamedTuple):
    """An amount taken apart; ``meant`` are the currencies that the word beside it can mean, None without."""

    sign: str
    number: str
    meant: frozenset[str] | None


def _parts(text: str) -> _Parts | Refusal:
    if is_error(text):
        return Refusal.SPREADSHEET_ERROR
    text = _tidied(unprotected(text))
    match = _AMOUNT.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None or bool(match["open"]) != bool(match["close"]):
        return Refusal.AMOUNT_UNREADABLE
    signs = [match[f"sign{n}"] for n in range(1, 5) if match[f"sign{n}"]]
    words = [match[f"word{n}"] for n in range(1, 5) if match[f"word{n}"]]
    if len(signs) + bool(match["open"]) > 1 or len(words) > 1:
        return Refusal.AMOUNT_UNREADABLE
    meant = _currencies(words[0]) if words else None
    if words and not meant:
        return Refusal.AMOUNT_UNREADABLE
    number = match["number"].strip()
    if match["dash"] and number[-1] in ".,":  # 12,- 12:- and 12/- are how prices without cents are written
        number += "0"
    return _Parts("-" if match["open"] or "-" in signs else "", number, meant)


def _tidied(text: str) -> str:
    """One spelling for digits of any script, signs, apostrophes and blanks."""
    if not text.isascii() and len(text) <= MAX_TEXT:
        text = "".join(_ascii_digits(text.translate(_ALIKE)))
    return " ".join(text.split())


def _ascii_digits(text: str) -> Iterator[str]:
    for char in text:
        digit = unicodedata.decimal(char, None)
        yield char if digit is None else str(digit)


@lru_cache(maxsize=200)
def _currencies(word: str) -> frozenset[str]:
    """The currencies that a word or sign can mean; none for another word."""
    folded = word.lower().removesuffix(".")
    if folded in _CURRENCIES:
        return frozenset(_CURRENCIES[folded].split())
    try:
        minor_digits(word.upper())
    except ValueError:
        return frozenset()
    return frozenset([word.upper()])


def _decimal(number: str, digits: int | None, comma: bool | None, grouping: bool) -> str | Refusal:
    """Tell the marks of a number apart: decimal or between thousands."""
    marks = [char for char in number if not char.isdigit()]
    if not marks:
        return number
    last = marks[-1]
    if len(set(marks)) == 2:
        whole, _, fraction = number.rpartition(last)
        said = comma is None or comma == (last == ",")
        if marks.count(last) > 1 or last not in ".," or not said or not grouping:
            return Refusal.AMOUNT_UNREADABLE
        return _joined(_ungrouped(whole, marks[0]), fraction)
    if len(set(marks)) > 2:
        return Refusal.AMOUNT_UNREADABLE
    between = last in "' " or len(marks) > 1 or (comma is not None and comma != (last == ","))
    if between:
        contradicted = comma is not None and comma == (last == ",")
        joined = _ungrouped(number, last) if grouping and not contradicted else None
        return Refusal.AMOUNT_UNREADABLE if joined is None else joined
    whole, _, fraction = number.partition(last)
    if grouping and len(fraction) == 3 and 1 <= len(whole) <= 3 and int(whole):
        sure = digits == 3 and (comma is not None or last == ".")
        if not sure:
            return Refusal.AMBIGUOUS_NUMBER
    return _joined(whole, fraction)


def _ungrouped(text: str, mark: str) -> str | None:
    return text.replace(mark, "") if _GROUPED[mark].fullmatch(text) else None


def _joined(whole: str | None, fraction: str) -> str | Refusal:
    if whole is None:
        return Refusal.AMOUNT_UNREADABLE
    return f"{whole or '0'}.{fraction or '0'}"
