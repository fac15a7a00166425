import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.phones import candidates, normalise

TR = "+905321234567"
AZ = "+994501234567"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+90 532 123 45 67", TR),
        ("0532 123 45 67", TR),
        ("0 (532) 123-45-67", TR),
        ("5321234567", TR),
        ("905321234567", TR),
        ("00905321234567", TR),
        ("+90 (0)532 123 45 67", TR),
        ("+90532\u200b1234567", TR),
        ("\u202a+905321234567\u202c", TR),
        ("\u00a0532.123/45\u201367", TR),
        ("sip:+905321234567@pbx", TR),
        ("SIPS:05321234567@pbx:5060;transport=tls", TR),
        ("tel:+90-532-123-45-67;ext=3", TR),
        ("٠٥٣٢١٢٣٤٥٦٧", TR),
        ("\uff0b９０５３２１２３４５６７", TR),
        (AZ, AZ),
        ("050 123 45 67", AZ),
        ("501234567", AZ),
        ("994501234567", AZ),
        ("444 12 34", "+904441234"),
        ("+1 650 253 0000", "+16502530000"),
    ],
)
def test_any_usual_spelling_is_read(text: str, number: str) -> None:
    assert normalise(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "0", "112", "155", "anonymous", "restricted", "sip:anonymous@anonymous.invalid",
        "sip:1001@pbx", "+0000000000", "0000000000", "+90532123456", "+9053212345678901",
        "+90532123456x7", "0532 123 45 67 ext 3", "+9+05321234567", "++905321234567", "+905321234567\n",
        "\x00+905321234567", "\ud800", "②123456789", "6502530000", "05321234567 05321234568", "1" * 1000,
        "0" * 65, " " * 60 + TR,
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a telephone number"):
        normalise(text)
    assert candidates(text) == ()


def test_the_order_of_regions_decides_between_two_readings() -> None:
    assert candidates("2125550123", ("TR", "US")) == ("+902125550123", "+12125550123")
    assert normalise("2125550123", ("TR", "US")) == "+902125550123"
    assert normalise("2125550123", ("US", "TR")) == "+12125550123"


def test_an_international_number_has_one_reading() -> None:
    assert candidates(TR, ("AZ", "US")) == (TR,)
    with pytest.raises(ValueError, match="not a telephone number"):
        normalise("0532 123 45 67", ())


@given(st.text(max_size=80) | st.text("+0123456789 ()-./", max_size=24))
def test_an_answer_is_a_fixed_point_and_the_first_candidate(text: str) -> None:
    found = candidates(text)
    if not found:
        with pytest.raises(ValueError, match="not a telephone number"):
            normalise(text)
        return
    assert normalise(text) == found[0]
    for number in found:
        assert number.startswith("+")
        assert number[1:].isascii()
        assert number[1:].isdecimal()
        assert 8 <= len(number) <= 16
        assert normalise(number) == number


@given(st.integers(0, 9_999_999), st.sampled_from(["", "0", "90", "+90", "0090", "+90 0"]))
def test_every_spelling_of_a_mobile_number_is_one_number(rest: int, prefix: str) -> None:
    assert normalise(f"{prefix}532{rest:07}") == f"+90532{rest:07}"
