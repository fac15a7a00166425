import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import MAX_WORD, MAX_WORDS, fold, words


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("IŞIK", "isik"),
        ("Işık", "isik"),
        ("ışık", "isik"),
        ("İSİK", "isik"),
        ("isik", "isik"),
        ("Çağrı Öztürk", "cagri ozturk"),
        ("ÇAĞRI ÖZTÜRK", "cagri ozturk"),
        ("Əliyev", "eliyev"),
        ("ƏLİYEV", "eliyev"),
        ("Şəfəq Ağayeva", "sefeq agayeva"),
        ("José Muñoz", "jose munoz"),
        ("Straße", "strasse"),
        ("  O'Brien-Şahin,  Dr. ", "o brien sahin dr"),
        ("Ay\u200bşe\u00ad", "ayse"),
        ("\ufb01li\uff21", "filia"),
        ("Алиев", "алиев"),
        ("", ""),
        ("\x00 …\ud800", ""),
    ],
)
def test_names_that_sound_alike_share_a_key(name: str, key: str) -> None:
    assert fold(name) == key


@given(st.text(max_size=200))
def test_composed_and_decomposed_spellings_are_equal(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcçdeəfgğhxıijkqlmnoöprsştuüvyzABCÇDEƏFGĞHXIİJKQLMNOÖPRSŞTUÜVYZ '-", max_size=60))
def test_case_does_not_matter_in_either_alphabet(text: str) -> None:
    assert fold(text) == fold(text.upper()) == fold(text.lower())
    assert fold(text).isascii()


def test_words_are_distinct_and_in_order() -> None:
    assert words("Ali  ALİ, Işık-Öz") == ("ali", "isik", "oz")
    assert words("...") == ()


@given(st.text(max_size=3000))
def test_words_are_bounded(text: str) -> None:
    found = words(text)
    assert len(found) <= MAX_WORDS
    assert all(0 < len(word) <= MAX_WORD and " " not in word for word in found)
    assert len(set(found)) == len(found)


def test_a_long_run_of_marks_does_not_take_long() -> None:
    start = time.perf_counter()
    fold("a" + "\u0301\u0316" * 500_000)
    assert time.perf_counter() - start < 0.5
