import sys
import unicodedata
from urllib.parse import quote, unquote

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.text import LONGEST_TEXT, _many_marks, composed, composed_path, composed_query, nfc
from app.domain.imports.cells.columns import composed_series

WORD = "Şikâyet İzmir Ağrı"
DECOMPOSED = unicodedata.normalize("NFD", WORD)


@pytest.mark.parametrize(
    ("given_text", "taken"),
    [
        (DECOMPOSED, WORD),
        (f"\ufeff{WORD}", WORD),
        ("CRM\u200b-1", "CRM-1"),
        ("\u202aCRM-1\u202c", "CRM-1"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u212b", "\u00c5"),
        ("plain", "plain"),
    ],
)
def test_texts_that_read_the_same_are_the_same(given_text: str, taken: str) -> None:
    assert composed(given_text) == taken
    assert composed({"a": [given_text, 1, None], given_text: True}) == {"a": [taken, 1, None], taken: True}
    assert composed_series(pl.Series([given_text, None, "x"])).to_list() == [taken, None, "x"]
    assert (
        composed_query(f"q={quote(given_text)}&limit=5".encode())
        == f"q={quote(taken)}&limit=5".replace("%20", "+" if given_text != taken else "%20").encode()
    )
    assert unquote(composed_path(f"/v1/{quote(given_text)}/x".encode()).decode()) == f"/v1/{taken}/x"


def test_a_slash_within_a_step_of_a_path_stays_encoded() -> None:
    path = f"/v1/customers/by-external-id/crm/{quote(DECOMPOSED + '/1', safe='')}"
    assert composed_path(path.encode()).decode().endswith(quote(WORD + "/1", safe=""))


def test_what_is_not_utf_8_is_left_as_it_is() -> None:
    assert composed_query(b"q=%DEzmir") == b"q=%DEzmir"
    assert composed_path(b"/v1/%DE") == b"/v1/%DE"


@given(st.text(max_size=50))
def test_columns_are_composed_as_single_texts_are(text: str) -> None:
    if text.encode(errors="ignore").decode() == text:
        assert composed_series(pl.Series([text], dtype=pl.String)).to_list() == [composed(text)]
    assert composed(composed(text)) == composed(text)


MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code))]


def test_every_mark_is_sorted() -> None:
    """Those with a class of their own, and those that are made of others."""
    made_of_marks = ["\u0f73", "\u0f75", "\u0f81", "\u0344"]
    assert [mark for mark in MARKS + made_of_marks if not _many_marks().fullmatch(mark * 31)] == []


@given(st.lists(st.sampled_from([*MARKS[::9], "\u0f73", "\u0344", "a", "c", "가", "ﾞ"]), min_size=40))
def test_many_marks_come_in_the_same_form(parts: list[str]) -> None:
    text = "".join(parts)
    assert nfc(text) == unicodedata.normalize("NFC", text)


def test_a_text_of_nothing_but_marks_ends() -> None:
    """Sorting them by insertion would take minutes: 10^10 steps."""
    form = composed("c" + "\u0301\u0327" * 49_999)
    assert (form[:2], form[-1], len(form)) == ("ḉ\u0327", "\u0301", 99_997)


def test_a_text_longer_than_any_may_be_is_left_as_it_is() -> None:
    text = "c\u0327" * LONGEST_TEXT
    assert composed([text]) == [text]
