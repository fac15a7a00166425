"""Amounts as accountants and spreadsheets of several countries write them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common import money
from app.domain.imports.cells.amounts import plain, plain_number, read
from app.domain.imports.refusals import Refusal

UNREADABLE, AMBIGUOUS = Refusal.AMOUNT_UNREADABLE, Refusal.AMBIGUOUS_NUMBER


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("2.750,40", 275040),
        ("2,750.40", 275040),
        ("12,5", 1250),
        ("12.5", 1250),
        ("2 750,40", 275040),
        ("2\u00a0750,40", 275040),
        ("2\u202f750.40", 275040),
        ("2'750.40", 275040),
        ("2’750,40", 275040),
        ("12,34,567.89", 123456789),
        ("12,34,567", 123456700),
        ("3.456.789", 345678900),
        ("3,456,789", 345678900),
        ("3 456", 345600),
        ("0.125", 12),
        ("0,375", 38),
        ("4321,125", 432112),
        ("4321.125", 432112),
        ("9.8765", 988),
        ("1.234,567", 123457),
        (",5", 50),
        (".75", 75),
        ("‐12,50", -1250),
        ("‑12,50", -1250),
        ("—12,50", -1250),
        ("12:-", 1200),
        ("500/-", 50000),
        ("1,250.00/=", 125000),
        ("7.", 700),
        ("19,-", 1900),
        ("2.019,--", 201900),
        ("٢٧٥٠٫٤٠", 275040),
        ("٢٬٧٥٠٫٤٠", 275040),
        ("７５", 7500),
        ('="2750.40"', 275040),
        ("'2750.40", 275040),
    ],
)
def test_amounts_with_one_reading(text: str, minor: int) -> None:
    found = read(text, "TRY")
    assert isinstance(found, tuple)
    assert found[0] == minor


@pytest.mark.parametrize(
    "text",
    ["1.000", "2.500", "12,345", "123.456", "-7.000", "(7,000)", "9.000 TL", "₺8.000", "999,999", "012.345"],
)
def test_three_digits_behind_a_single_mark_have_two_readings(text: str) -> None:
    assert read(text, "TRY") is AMBIGUOUS
    assert isinstance(read(text, "TRY", grouping=False), tuple)


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("5.000", True, 500000),
        ("5,000", False, 500000),
        ("5,000", True, AMBIGUOUS),
        ("5.000", False, AMBIGUOUS),
        ("5.000,25", True, 500025),
        ("5,000.25", False, 500025),
        ("5.000,25", False, UNREADABLE),
        ("5,000.25", True, UNREADABLE),
        ("5.25", True, UNREADABLE),
        ("5,25", False, UNREADABLE),
        ("5.000.000", True, 500000000),
        ("5.000.000", False, UNREADABLE),
        ("5 000,25", True, 500025),
        ("5 000", True, 500000),
    ],
)
def test_what_was_said_of_the_comma_holds(text: str, comma: bool, expected: object) -> None:
    found = read(text, "AZN", decimal_comma=comma)
    assert (found[0] if isinstance(found, tuple) else found) == expected


@pytest.mark.parametrize(
    ("text", "currency", "comma", "expected"),
    [
        ("1.500", "KWD", None, 1500),
        ("1,500", "KWD", None, AMBIGUOUS),
        ("1,500", "KWD", True, 1500),
        ("1.500", "KWD", True, 1500000),
        ("1.500", "JPY", None, AMBIGUOUS),
        ("1.500", "JPY", True, 1500),
        ("1.5000", "CLF", None, 15000),
    ],
)
def test_the_decimals_of_the_currency_count(
    text: str, currency: str, comma: bool | None, expected: object
) -> None:
    found = read(text, currency, decimal_comma=comma)
    assert (found[0] if isinstance(found, tuple) else found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "-12.5",
        "−12.5",
        "–12.5",
        "12.5-",
        "12.5 -",
        "(12.5)",
        "( 12.5 )",
        "- 12.5",
        "-₺12.5",
        "₺-12.5",
        "₺ -12.5",
        *("(₺12.5)", "₺(12.5)", "(12.5) TL", "12.5 TL-", "12.5- TL", "(12,5)", "-12,50"),
    ],
)
def test_negative_amounts(text: str) -> None:
    assert read(text, "TRY") == (-1250, False)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("₺12.50", "TRY"),
        ("12,50 ₺", "TRY"),
        ("12,50 TL", "TRY"),
        ("12,50TL", "TRY"),
        ("TRY 12.50", "TRY"),
        ("12.50 try", "TRY"),
        ("+12.50", "TRY"),
        ("₼ 12.50", "AZN"),
        ("12,50 man.", "AZN"),
        ("12.50 AZN", "AZN"),
        ("€12.50", "EUR"),
        ("12,50 €", "EUR"),
        ("$12.50", "USD"),
        ("$12.50", "CAD"),
        ("US$ 12.50", "USD"),
        ("£12.50", "GBP"),
        ("12,50 руб.", "RUB"),
        ("12,50 zł", "PLN"),
        ("CHF 12.50", "CHF"),
        ("₾12.50", "GEL"),
    ],
)
def test_signs_and_codes_of_currencies(text: str, currency: str) -> None:
    assert read(text, currency) == (1250, False)


@pytest.mark.parametrize(
    ("text", "currency"), [("12 USD", "TRY"), ("€12", "TRY"), ("$12", "EUR"), ("12 TL", "AZN"), ("£5", "USD")]
)
def test_another_currency_than_the_rows_is_refused(text: str, currency: str) -> None:
    assert read(text, currency) is Refusal.CURRENCY_CONTRADICTED


@pytest.mark.parametrize(
    "text",
    [
        *(
            "12 CR",
            "12 DR",
            "--12",
            "-12-",
            "(-12)",
            "(12",
            "12)",
            "1.5E+3",
            "2e3",
            "12%",
            "twelve",
            "12 12 12",
        ),
        *(
            "1.23.456",
            "1,2345,678",
            "12.34.56",
            "1.234.56",
            "1,234,5",
            "1'234'5",
            "1 2345",
            "TL 12 TL",
            "1_000",
        ),
        *(".", ",", "TL", "1..5", "1.,5", "12 €/kg", "=12*2", "0x10", "½", "1.234,567.8", "<12>", "1" * 65),
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    assert read(text, "TRY") is UNREADABLE


def test_errors_of_formulas_are_named() -> None:
    assert {read(text, "TRY") for text in ("#REF!", "#VALUE!", "#SAYI/0!", "#ДЕЛ/0!", "####")} == {
        Refusal.SPREADSHEET_ERROR
    }


def test_large_amounts_are_exact_or_refused() -> None:
    assert read("90.000.000.000.000,00", "TRY") == (money.MAX_MINOR, False)
    assert read("90.000.000.000.000,01", "TRY") is Refusal.AMOUNT_OUT_OF_RANGE


def test_numbers_without_a_currency() -> None:
    assert plain_number("-2,5") == Decimal("-2.5")
    assert plain_number("1.500") is AMBIGUOUS
    assert plain_number("1.500", grouping=False) == Decimal("1.500")
    assert plain("2 TL") is Refusal.CURRENCY_CONTRADICTED


LOCALES = st.sampled_from([(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("’", "."), (" ", ".")])


@given(
    st.decimals(-(10**12), 10**12, places=2), LOCALES, st.sampled_from(["{}", "₺{}", "{} TL"]), st.booleans()
)
def test_any_amount_of_two_decimals_is_read_back(
    amount: Decimal, marks: tuple[str, str], around: str, said: bool
) -> None:
    written = f"{amount:,.2f}".translate(str.maketrans(",.", "".join(marks)))
    comma = marks[1] == "," if said else None
    assert read(around.format(written), "TRY", decimal_comma=comma) == (int(amount * 100), False)


@given(st.text(max_size=70), st.sampled_from(["TRY", "JPY", "KWD"]), st.sampled_from([None, True, False]))
def test_any_text_is_an_amount_or_refused(text: str, currency: str, comma: bool | None) -> None:
    found = read(text, currency, decimal_comma=comma)
    assert isinstance(found, Refusal) or abs(found[0]) <= money.MAX_MINOR
