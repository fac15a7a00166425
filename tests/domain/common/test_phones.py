import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.phones import (
    PhoneError,
    Problem,
    candidates,
    internal,
    is_withheld,
    normalise,
    parse,
    split_numbers,
)

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
        ("PJSIP/05321234567-0000001f", TR),
        ("SIP/+905321234567-00a1", TR),
        ("DAHDI/i1/05321234567-4", TR),
        ("Local/05321234567@from-internal-0001;2", TR),
        ("Ayşe Öz (05321234567)", TR),
        ("Acme 2 Ltd. (+90 532 123 45 67)", TR),
        ("+90%20532%20123%2045%2067", TR),
        ("%2B905321234567", TR),
        ("%3Csip:05321234567@pbx%3E", TR),
        ("*67 0532 123 45 67", TR),
    ],
)
def test_any_usual_spelling_is_read(text: str, number: str) -> None:
    assert normalise(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "+", "0", "112", "155", "anonymous", "restricted", "sip:anonymous@anonymous.invalid",
        "sip:1001@pbx", "+0000000000", "0000000000", "+90532123456", "+9053212345678901",
        "+90532123456x7", "+9+05321234567", "++905321234567", "+90532\n1234567",
        "\x00+905321234567", "\ud800", "②123456789", "6502530000", "05321234567 05321234568", "1" * 1000,
        "0" * 65, " " * 250 + TR,
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


FIRM = "+902163330011"


@pytest.mark.parametrize(
    "text",
    [
        "0216 333 00 11 dahili 45", "0216 333 00 11 Dahili: 45", "0216 333 00 11 DAHİLİ 45",
        "0216 333 00 11 dah.45",
        "0216 333 00 11 daxili 45", "0216 333 00 11 x45", "02163330011x45", "+90 216 333 00 11 ext. 45",
        "0216 333 00 11 extension 45", "0216 333 00 11 ext=45", "0216 333 00 11;ext=45",
        "0216 333 00 11;isub=45",
        "0216 333 00 11 / 45", "0216 333 00 11-45", "0216 333 00 11 (45)", "0216 333 00 11 (dahili 45)",
        "0216 333 00 11,45", "0216 333 00 11,,45#", "02163330011p45", "02163330011w45", "0216 333 00 11 #45",
        "tel:+902163330011;ext=45", "tel:+90-216-333-00-11;isub=45",
        "sip:+902163330011;ext=45@exchange.example",
        "Tel: 0216 333 00 11 dahili 45",
    ],
)  # fmt: skip
def test_an_extension_is_told_beside_its_number(text: str) -> None:
    assert parse(text) == (FIRM, "45")
    assert candidates(text) == (FIRM,)


@pytest.mark.parametrize(
    "text",
    [
        '"Firma" <sip:+902163330011@pbx.example>', "<sip:+902163330011@exchange.example;user=phone>;tag=9",
        '"A \\"B\\" <c>" <sip:02163330011@10.0.0.1:5060>', "Firma <02163330011>", '"" <02163330011>',
        "sip:+902163330011:secret@exchange.example:5061;transport=tls?subject=x",
        "sips:%2B902163330011@exchange.example",
        "tel:2163330011;phone-context=+90", "tel://02163330011", "callto:+902163330011",
        "https://wa.me/902163330011",
        "02163330011@exchange.example", "*31#02163330011", "#31#02163330011",
        "*67 0216 333 00 11", "*6702163330011",
        "*21*02163330011#", "9,02163330011", "0,02163330011", "9 0216 333 00 11", "0 0216 333 00 11",
        "+90 (0) 216 333 00 11", "+90 (0)216 3330011", "0090 216 333 00 11", "902163330011", "902163330011.0",
        "'02163330011", "’0216 333 00 11", '="02163330011"', "0216 333 00 11 (iş)", "0216 333 00 11 (work)",
        "Tel: 0216 333 00 11", "Tel.02163330011", "İş telefonu: 0216 333 00 11",
        "0216 333 00 11 ev", "0216 333 00 11;",
        "+0216 333 00 11", "0902163330011", "0216/333/00/11", "0216_333_00_11", "０２１６ ３３３ ００ １１",
        "۰۲۱۶۳۳۳۰۰۱۱",
    ],
)  # fmt: skip
def test_what_stands_around_a_number_is_left_out(text: str) -> None:
    assert parse(text) == (FIRM, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("O216 333 00 11", Problem.LETTERS),
        ("0800 FLOWERS", Problem.LETTERS),
        ("9.02E+11", Problem.ROUNDED),
        ("9,02163E+11", Problem.ROUNDED),
        ("0216 333 00 11 / 0216 333 00 12", Problem.SEVERAL),
        ("0216 333 00 11, 0533 123 45 67", Problem.SEVERAL),
        ("0216 333 00 11 ve 0533 123 45 67", Problem.SEVERAL),
        ("02163330011 05331234567", Problem.SEVERAL),
        ("0216 333 00 11-12", Problem.SEVERAL),
        ("0216 333 00 11 / 333 00 15", Problem.SEVERAL),
        ("anonymous", Problem.WITHHELD),
        ("-", Problem.WITHHELD),
        ("0216 333 00 11 Ayşe", Problem.BEHIND),
        ("1001", Problem.UNREADABLE),
        ("0216 333 00", Problem.UNREADABLE),
    ],
)
def test_a_refusal_says_what_is_not_understood(text: str, problem: Problem) -> None:
    with pytest.raises(PhoneError) as refused:
        parse(text)
    assert refused.value.problem is problem


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "?", "0", "00000", "+", "xxxxxxx", "Anonymous", "ANONYMOUS", "unknown",
        "Private Number", "Restricted",
        "withheld", "unavailable", "<unknown>", "N/A", "null", "Gizli Numara", "GİZLİ NUMARA", "Özel Numara",
        "Bilinmeyen numara", "Gizli nömrə", "Naməlum", "Скрытый номер", "sip:anonymous@anonymous.invalid",
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "tel:unknown", "+266696687",
    ],
)  # fmt: skip
def test_a_withheld_number_is_nobodys(text: str) -> None:
    assert is_withheld(text)
    assert internal(text) is None
    assert split_numbers(text) == ()


@pytest.mark.parametrize("text", [TR, "0532 123 45 67", "1001", "112", "Ayşe", "sip:1001@exchange.example"])
def test_other_texts_are_not_withheld(text: str) -> None:
    assert not is_withheld(text)


@pytest.mark.parametrize("text", ["*05321234567", "0532 123 45 67 iş (0212 555 66 77)", "SIP/trunk-0000001f"])
def test_another_number_is_never_read(text: str) -> None:
    assert candidates(text) == ()


def test_internal_numbers_are_their_digits() -> None:
    written = ("Ext. 1001", "Dahili 12", "Ayşe (1001)", "SIP/1001-0000001f", "Agent/204")
    assert [internal(text) for text in written] == ["1001", "12", "1001", "1001", "204"]
    assert [internal(text) for text in ("1001", "sip:112@pbx", "10 01", '"Desk" <sip:204@pbx>')] == [
        "1001", "112", "1001", "204",
    ]  # fmt: skip
    assert [internal(text) for text in ("desk", "9.05E+11", "0216 333 00 11-12", "1" * 300)] == [None] * 4


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("0532 123 45 67", ("0532 123 45 67",)),
        ("0532 123 45 67 / 0533 123 45 67", ("0532 123 45 67", "0533 123 45 67")),
        (
            "0532 123 45 67;0533 123 45 67,+994 50 123 45 67",
            ("0532 123 45 67", "0533 123 45 67", "+994 50 123 45 67"),
        ),
        ("05321234567 05331234567", ("05321234567", "05331234567")),
        ("0532 123 45 67 0533 123 45 67", ("0532 123 45 67", "0533 123 45 67")),
        ("0532 123 45 67\n0533 123 45 67", ("0532 123 45 67", "0533 123 45 67")),
        ("0532/1234567 / 0533/1234567", ("0532/1234567", "0533/1234567")),
        ("0216 333 00 11 dahili 45 / 0532 123 45 67", ("0216 333 00 11 dahili 45", "0532 123 45 67")),
        ("0216 333 00 11 / 45", ("0216 333 00 11 / 45",)),
        ("Cep: 0532 123 45 67, İş: 0216 333 00 11", ("Cep: 0532 123 45 67", "İş: 0216 333 00 11")),
        ("not a number", ("not a number",)),
    ],
)
def test_a_cell_of_an_address_book_is_cut_into_its_numbers(cell: str, numbers: tuple[str, ...]) -> None:
    assert split_numbers(cell) == numbers


@given(st.text("0123456789 ()-./+,;xp#*<>@\"'a:", max_size=300))
def test_no_text_takes_long_or_fails_otherwise(text: str) -> None:
    try:
        number, extension = parse(text)
    except PhoneError:
        return
    assert normalise(number) == number
    assert extension is None or extension.isdecimal()
