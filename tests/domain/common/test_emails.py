import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.emails import is_several, key, normalise, tidy


@pytest.mark.parametrize(
    ("text", "stored", "looked_up"),
    [
        ("Ayse.Yilmaz@EXAMPLE.com", "Ayse.Yilmaz@example.com", "ayse.yilmaz@example.com"),
        ("a+tag@b.co", "a+tag@b.co", "a+tag@b.co"),
        ("Ayşe@örnek.com.tr", "Ayşe@xn--rnek-4qa.com.tr", "ayşe@xn--rnek-4qa.com.tr"),
        ("a@XN--RNEK-4QA.com.tr", "a@xn--rnek-4qa.com.tr", "a@xn--rnek-4qa.com.tr"),
        ("I@B.CO", "I@b.co", "i@b.co"),
        ("a@b.co (iş)", "a@b.co", "a@b.co"),
        ("a@b.co [home]", "a@b.co", "a@b.co"),
        ("E-posta adresi: a@b.co", "a@b.co", "a@b.co"),
        ("İş: Ayşe@b.co", "Ayşe@b.co", "ayşe@b.co"),
        ("a[at]b.co", "a@b.co", "a@b.co"),
        ("a (at) b (nokta) co", "a@b.co", "a@b.co"),
        ("a" * 64 + "@x.com", "a" * 64 + "@x.com", "a" * 64 + "@x.com"),
    ],
)
def test_addresses_are_spelled_one_way(text: str, stored: str, looked_up: str) -> None:
    assert normalise(text) == stored
    assert key(text) == looked_up


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "a", "a@", "@b.co", "a@b", "a@b.", "a@.co", "a@b..co", "a..b@c.co", ".a@b.co",
        "a.@b.co", "a@b@c.co", "mailto:", "<>", "a @b.co", "a@b.co\r\nBcc: x@y.z",
        "a\r\n@b.co", "a@b.co\x00", "a\x00@b.co", '"a b"@b.co',
        "a@[127.0.0.1]", "a@127.0.0.1", "a@b.co, c@d.ee", "a@b.co;c@d.ee", "A <a@b.co>, B <c@d.ee>",
        "a(b)@c.co", "a@localhost", "a@x.test", "a@b.local", "a@-b.co", "a@b_c.co", "\ud800@b.co",
        "a" * 65 + "@x.com", "ş" * 65 + "@x.com", "a@" + "x" * 300 + ".com", "a@" + "x" * 64 + ".com",
        "a@" + ".".join(["b" * 60] * 5) + ".com", "a" * 10**6,
    ],
)  # fmt: skip
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not an e-mail address$"):
        normalise(text)


@pytest.mark.parametrize(
    "text",
    [
        " zeynep@example.org ", "\tzeynep@example.org\n", "\u00a0zeynep@example.org\u202f",
        "\u200bzeynep@example.org\ufeff",
        "zeynep@exa\u00admple.org", "mailto:zeynep@example.org",
        "MailTo:zeynep@example.org?subject=Merhaba&cc=x@y.z",
        "mailto:%7Aeynep@example.org",
        "Zeynep Kaya <zeynep@example.org>", '"Kaya, Zeynep" <zeynep@example.org>',
        "<zeynep@example.org>", "Zeynep <mailto:zeynep@example.org>", "zeynep@example.org.",
        "zeynep@example.org;",
        "zeynep@example.org,", "'zeynep@example.org'", "zeynep＠example．org", "ZEYNEP@EXAMPLE.ORG",
        "zeynep@EXAMPLE.org",
        "e-posta: zeynep@example.org", "E-mail:zeynep@example.org", "Zeynep<zeynep@example.org>;",
    ],
)  # fmt: skip
def test_what_stands_around_an_address_is_left_out(text: str) -> None:
    assert key(text) == "zeynep@example.org"


def test_a_turkish_keyboard_writes_a_dotted_capital() -> None:
    assert key("ZEYNEP@GMAİL.COM") == "zeynep@gmail.com"
    assert key("İNFO@EXAMPLE.ORG") == "info@example.org"


def test_two_addresses_are_told_from_none() -> None:
    assert all(
        map(is_several, ["a@b.co; c@d.ee", "a@b.co c@d.ee", "A <a@b.co>, B <c@d.ee>", "a@b.co/c@d.ee"])
    )
    assert not any(map(is_several, ["a@b.co", "a b", "A <a@b.co>", ""]))


@given(st.emails() | st.text(max_size=80) | st.text('ab.@-_+ \n\x00<>"ı', max_size=20))
def test_the_short_way_refuses_and_answers_as_the_full_check(text: str) -> None:
    try:
        full = validate_email(tidy(text), check_deliverability=False, strict=True)
    except EmailNotValidError:
        with pytest.raises(ValueError, match="not an e-mail address"):
            normalise(text)
    else:
        stored = normalise(text)
        assert stored == f"{full.local_part}@{full.ascii_domain}"
        assert normalise(stored) == stored
        assert key(key(text)) == key(text)
