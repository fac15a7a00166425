"""Money: integer minor units (kuruş, qəpik, cents) of an ISO 4217 currency, and its decimal spelling."""

import re
from decimal import Decimal
from functools import lru_cache
from math import gcd

import numpy as np
import pycountry
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

MAX_MINOR = 9_000_000_000_000_000
"""Greatest magnitude of one amount in minor units: thousand times fit a 64-bit sum."""

MAX_TEXT = 64
"""Longest spelling of an amount that is looked at, in characters."""

# ISO 4217 list one, column "minor unit", where it is not 2. Neither installed source can be asked:
# pycountry does not carry the column, and CLDR (babel) gives 22 currencies the digits people use
# today (IQD 0, RSD 0), not the standard's (3, 2).
_OTHER_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DIGITS = {code: digits for digits, codes in _OTHER_DIGITS.items() for code in codes.split()}

# Metals, baskets, bond units and test codes: the standard gives them no minor unit.
_NOT_MONEY = frozenset(
    ("XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX")
)

# Products below this, doubled, still fit 64 bits.
_SAFE = 2**62

_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?", re.ASCII)


@lru_cache(maxsize=1024)
def minor_digits(currency: str) -> int:
    """Count the decimals of a currency, 0..4.

    Raises:
        ValueError: not an active ISO 4217 code in capitals, or one without a minor unit (XAU, XXX).

    >>> minor_digits("TRY"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    known = len(currency) == 3 and currency.isascii() and currency.isupper()
    if not known or currency in _NOT_MONEY or pycountry.currencies.get(alpha_3=currency) is None:
        raise ValueError("not an ISO 4217 currency")
    return _DIGITS.get(currency, 2)


def parse(text: str, currency: str) -> int:
    """Read a decimal amount exactly, as minor units.

    Accepted: an optional ``-``, ASCII digits, and at most the currency's decimals after a point.
    Refused: signs other than ``-``, exponents, separators of thousands, blanks, Unicode digits.

    Raises:
        ValueError: another spelling, more decimals than the currency has, or beyond `MAX_MINOR`.

    >>> parse("12.3", "TRY"), parse("-0.05", "TRY"), parse("7", "JPY")
    (1230, -5, 7)
    """
    minor, exponent = _scaled(text, currency)
    if exponent < 0:
        raise ValueError(f"{currency} has {minor_digits(currency)} decimals")
    return _bounded(minor * 10**exponent)


def parse_rounded(text: str, currency: str) -> tuple[int, bool]:
    """Read a decimal amount of any precision, rounding half to even at the minor unit (for imports).

    Returns:
        The minor units, and whether digits were lost; the caller counts those rows.

    Raises:
        ValueError: another spelling than `parse` accepts, or beyond `MAX_MINOR`.

    >>> parse_rounded("0.125", "TRY"), parse_rounded("0.135", "TRY"), parse_rounded("1.500", "TRY")
    ((12, True), (14, True), (150, False))
    """
    minor, exponent = _scaled(text, currency)
    if exponent >= 0:
        return _bounded(minor * 10**exponent), False
    unit: int = 10**-exponent
    return _bounded(_half_even(minor, unit)), minor % unit != 0


def format(minor: int, currency: str) -> str:
    """Spell an amount with exactly the currency's decimals: ``format(-5, "TRY")`` is ``"-0.05"``.

    >>> format(1230, "TRY"), format(-5, "TRY"), format(7, "JPY")
    ('12.30', '-0.05', '7')
    """
    digits = minor_digits(currency)
    sign = "-" if minor < 0 else ""
    text = str(abs(minor)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}" if digits else sign + text


def to_wire(minor: int, currency: str) -> dict[str, str]:
    """Shape an amount for JSON: the decimal as text, because JSON numbers lose digits.

    >>> to_wire(123450, "TRY")
    {'amount': '1234.50', 'currency': 'TRY'}
    """
    return {"amount": format(minor, currency), "currency": currency}


def convert(minor: int, currency: str, rate: Decimal, to_currency: str) -> int:
    """Convert minor units at ``rate`` (units of ``to_currency`` for one unit of ``currency``).

    Exact arithmetic, rounded once, half to even.

    Raises:
        ValueError: an unknown currency, a rate that is not finite, positive and within 1e-18..1e18,
            or a result beyond `MAX_MINOR`.

    >>> convert(10_00, "USD", Decimal("41.2345"), "TRY"), convert(1000, "JPY", Decimal("0.2755"), "TRY")
    (41234, 27550)
    """
    # The range also keeps 1E+999999 from becoming an integer of a million digits.
    if not rate.is_finite() or rate <= 0 or abs(rate.adjusted()) > 18:
        raise ValueError("the rate must be a positive number")
    upper, lower = rate.as_integer_ratio()
    numerator = minor * upper * 10 ** minor_digits(to_currency)
    return _bounded(_half_even(numerator, lower * 10 ** minor_digits(currency)))


def convert_many(minor: IntArray, currency: str, rate: Decimal, to_currency: str) -> IntArray:
    """`convert` for many amounts at one rate, each rounded by itself; shape (n,) in and out.

    Raises:
        ValueError: as `convert`.

    >>> convert_many(np.array([10_00, -5]), "USD", Decimal("41.2345"), "TRY").tolist()
    [41234, -206]
    """
    upper, lower = rate.as_integer_ratio() if rate.is_finite() else (0, 1)
    upper, lower = upper * 10 ** minor_digits(to_currency), lower * 10 ** minor_digits(currency)
    shared = gcd(upper, lower)
    upper, lower = upper // shared, lower // shared
    greatest = int(np.abs(minor).max(initial=0))
    if not (upper > 0 and lower < _SAFE and greatest * max(upper, 1) < _SAFE):
        exact = [convert(int(amount), currency, rate, to_currency) for amount in minor]
        return np.array(exact, dtype=np.int64)
    quotient, rest = np.divmod(minor * upper, lower)
    up = (2 * rest > lower) | ((2 * rest == lower) & (quotient % 2 == 1))
    result: IntArray = quotient + up
    if int(np.abs(result).max(initial=0)) > MAX_MINOR:
        raise ValueError("the amount is too large")
    return result


def _scaled(text: str, currency: str) -> tuple[int, int]:
    """Read ``text`` as an integer times a power of ten of the minor unit."""
    match = _DECIMAL.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None:
        raise ValueError("not a decimal amount")
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    return int(sign + whole + fraction), minor_digits(currency) - len(fraction)


def _half_even(numerator: int, denominator: int) -> int:
    """Divide by a positive integer, to the nearest integer, halves to the even one."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    return quotient + (twice > denominator or (twice == denominator and quotient % 2))


def _bounded(minor: int) -> int:
    if abs(minor) > MAX_MINOR:
        raise ValueError("the amount is too large")
    return minor
