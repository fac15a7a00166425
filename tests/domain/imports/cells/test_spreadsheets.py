"""Cells as spreadsheets and databases write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.imports.cells.spreadsheets import is_error, is_nothing, key, text, unprotected
from app.domain.imports.refusals import Refusal


@pytest.mark.parametrize("cell", ['="0042"', "'0042", '"0042"', "'0042'", " 0042 ", "0042", "\u00a00042"])
def test_a_protected_key_is_the_key(cell: str) -> None:
    assert key(cell) == "0042"


@pytest.mark.parametrize(
    "cell", ["7.0321E+11", "1,5E+15", "1E+05", "4.5e+20", "-1.2E+10", "9.1E11", "2.5E-05", "=A1&B2"]
)
def test_a_key_whose_digits_are_lost_is_refused(cell: str) -> None:
    assert key(cell) is Refusal.KEY_OF_SPREADSHEET


@pytest.mark.parametrize(
    "cell", ["12E5", "E+12", "A-1", "1.2.3", "10.5", "K+K", "2026/000123", "Null", "Nonette", "-5"]
)
def test_other_keys_stay_as_they_are(cell: str) -> None:
    assert key(cell) == cell


def test_a_whole_number_with_a_decimal_of_zero_is_the_number() -> None:
    assert [key(cell) for cell in ("981.0", "981,0", "981.00", "981")] == ["981"] * 4
    assert key("1767337200.0", number=False) == "1767337200.0"
    assert key("1234567890123456.0") == "1234567890123456.0"  # a float of so many digits may be another


def test_blanks_that_do_not_break_are_blanks() -> None:
    assert key("A\u00a01") == key("A 1") == "A 1"


@pytest.mark.parametrize(
    "cell",
    ["NULL", "null", "\\N", "N/A", "n/a", "#N/A", "NaN", "nan", "None", "(null)", "-", "--", "—", "<NA>"],
)
def test_spellings_of_nothing(cell: str) -> None:
    assert key(cell) is None
    assert text(cell) is None
    assert is_nothing(cell)


@pytest.mark.parametrize(
    "cell",
    ["0000-00-00", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "00.00.0000", "00000000", "Nil", "NONE"],
)
def test_no_day_and_words_in_any_case_are_nothing_among_values(cell: str) -> None:
    assert is_nothing(cell)
    assert text(cell) == cell


@pytest.mark.parametrize("cell", ["0", "Null", "Nan", "no", "-1", "yok", "none of them", "."])
def test_words_that_people_write_are_kept(cell: str) -> None:
    assert text(cell) == cell


@pytest.mark.parametrize("cell", ["#REF!", "#DIV/0!", "#NAME?", "#DEĞER!", "#ССЫЛКА!", "##", "######"])
def test_errors_of_formulas_are_refused(cell: str) -> None:
    assert is_error(cell)
    assert text(cell) is key(cell) is Refusal.SPREADSHEET_ERROR


@pytest.mark.parametrize("cell", ["#1", "#tag", "#Super!", "# REF", "C#", "#"])
def test_other_texts_with_a_hash_are_texts(cell: str) -> None:
    assert text(cell) == cell


def test_only_protection_is_taken_off() -> None:
    assert unprotected('="a ""b"""') == 'a "b"'
    assert unprotected("'+994") == "+994"
    assert unprotected("'t Hart") == "'t Hart"
    assert unprotected("=1+1") == "=1+1"


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(cell: str) -> None:
    for found in (key(cell), text(cell)):
        assert found is None or isinstance(found, str)
