from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common import money

CURRENCIES = st.sampled_from(["TRY", "AZN", "JPY", "KWD", "CLF"])
AMOUNTS = st.integers(-money.MAX_MINOR, money.MAX_MINOR)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        *[(code, 2) for code in ("TRY", "AZN", "EUR", "USD", "GBP", "RSD", "HUF")],
        *[(code, 0) for code in ("JPY", "KRW", "XOF", "UGX")],
        *[(code, 3) for code in ("KWD", "BHD", "IQD")],
        ("CLF", 4),
    ],
)
def test_decimals_follow_iso_4217_where_cldr_differs_too(currency: str, digits: int) -> None:
    assert money.minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "try", "TRL", "ZZZ", "XAU", "XXX", "TRYY", "TR", "ТRY", "949", "TR\n"])
def test_unknown_currencies_are_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 4217 currency"):
        money.minor_digits(code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.50", "TRY", 123450),
        ("12.3", "TRY", 1230),
        ("12", "TRY", 1200),
        ("-0.05", "TRY", -5),
        ("-0", "TRY", 0),
        ("007.10", "TRY", 710),
        ("7", "JPY", 7),
        ("1.234", "KWD", 1234),
        ("90000000000000.00", "TRY", money.MAX_MINOR),
    ],
)
def test_amounts_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert money.parse(text, currency) == minor
    assert money.parse_rounded(text, currency) == (minor, False)


NOT_AMOUNTS = [
    "", " ", " 1", "1 ", "1\n", "+1", "--1", ".5", "5.", "1,5", "1,234.56", "1.234,56", "1e5", "1E+5",
    "1e-10", "1_0", "٥", "５", "₺10", "10 TRY", "NaN", "Infinity", "0x10", "1.2.3", "\u22121", "\x001",
    "9" * 65,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_AMOUNTS)
def test_other_spellings_are_refused(text: str) -> None:
    for read in (money.parse, money.parse_rounded):
        with pytest.raises(ValueError, match="not a decimal amount"):
            read(text, "TRY")


@pytest.mark.parametrize(("text", "currency"), [("10.005", "TRY"), ("1.000", "TRY"), ("1.0", "JPY")])
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="decimals"):
        money.parse(text, currency)


@pytest.mark.parametrize(
    "text", ["90000000000000.01", "-90000000000000.01", "99999999999999999999.99", "9" * 64]
)
def test_amounts_have_a_bound(text: str) -> None:
    for read in (money.parse, money.parse_rounded):
        with pytest.raises(ValueError, match="too large"):
            read(text, "TRY")


@pytest.mark.parametrize(
    ("text", "minor", "rounded"),
    [
        ("0.125", 12, True),
        ("0.135", 14, True),
        ("-0.125", -12, True),
        ("-0.135", -14, True),
        ("0.1250001", 13, True),
        ("22.200000000000003", 2220, True),
        ("22.2000", 2220, False),
        ("0.004", 0, True),
    ],
)
def test_imports_round_half_to_even_and_say_so(text: str, minor: int, rounded: bool) -> None:
    assert money.parse_rounded(text, "TRY") == (minor, rounded)


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_reads_back(minor: int, currency: str) -> None:
    wire = money.to_wire(minor, currency)
    assert wire == {"amount": money.format(minor, currency), "currency": currency}
    assert money.parse(wire["amount"], currency) == minor
    assert Decimal(wire["amount"]).scaleb(money.minor_digits(currency)) == minor


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=8), CURRENCIES)
def test_rounding_agrees_with_decimal(amount: Decimal, currency: str) -> None:
    with localcontext(prec=60):
        expected = amount.scaleb(money.minor_digits(currency)).to_integral_value(ROUND_HALF_EVEN)
    assert money.parse_rounded(f"{amount:f}", currency)[0] == expected


@pytest.mark.parametrize(
    ("minor", "currency", "rate", "to", "converted"),
    [
        (10_00, "USD", "41.2345", "TRY", 412_34),  # 412.345: the half goes to the even 412.34
        (10_00, "USD", "41.2355", "TRY", 412_36),
        (-10_00, "USD", "41.2345", "TRY", -412_34),
        (1000, "JPY", "0.2755", "TRY", 275_50),
        (1_234, "KWD", "3.25", "USD", 4_01),
        (5_00, "TRY", "1", "TRY", 5_00),
    ],
)
def test_conversion_rounds_once_half_to_even(
    minor: int, currency: str, rate: str, to: str, converted: int
) -> None:
    assert money.convert(minor, currency, Decimal(rate), to) == converted


@given(AMOUNTS, st.integers(1, 10**7), CURRENCIES, CURRENCIES)
def test_conversion_agrees_with_decimal(minor: int, rate: int, currency: str, to: str) -> None:
    price = Decimal(rate).scaleb(-9)
    with localcontext(prec=80):
        shift = money.minor_digits(to) - money.minor_digits(currency)
        expected = (minor * price).scaleb(shift).to_integral_value(ROUND_HALF_EVEN)
    if abs(expected) <= money.MAX_MINOR:
        assert money.convert(minor, currency, price, to) == expected


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "sNaN", "Infinity", "1E+999999", "1E-999999"])
def test_impossible_rates_are_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="positive number"):
        money.convert(1, "USD", Decimal(rate), "TRY")


def test_a_conversion_beyond_the_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        money.convert(money.MAX_MINOR, "USD", Decimal(41), "TRY")
