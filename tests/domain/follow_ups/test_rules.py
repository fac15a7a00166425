"""Critical words are found as people write them, and only whole ones."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common import names
from app.domain.events.event_types import BY_NAME
from app.domain.follow_ups.rules import CAUSES, FOUND_BY, CauseKind, find_word, folded, is_recent

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Avukatla görüşeceğim", None),
        ("AVUKAT tutacağım!", "avukat"),
        ("ävukat", "avukat"),
        ("Vəkilim yazacaq", None),
        ("mənim VƏKİL yazacaq", "vəkil"),
        ("tüketici hakem heyeti", "Hakem Heyeti"),
        ("heyeti hakem", None),
        ("hakem\n  heyeti'ne", "Hakem Heyeti"),
        ("", None),
        (None, None),
    ],
)
def test_words_are_found_whole_and_folded(text: str | None, found: str | None) -> None:
    assert find_word(["avukat", "vəkil", "Hakem Heyeti"], text) == found


def test_a_word_is_found_at_the_end_of_a_long_text() -> None:
    assert find_word(["avukat"], "bla " * 5_000 + "avukat") == "avukat"
    assert find_word(["avukat"], "x" * 9_000 + " avukat") == "avukat"


@given(st.text(max_size=names.MAX_TEXT // 8))
def test_short_texts_fold_as_names_do(text: str) -> None:
    assert folded(text) == " ".join(filter(None, map(names.fold, text.split())))


@given(st.lists(st.sampled_from(["ab", "ç", "IŞIK", "x" * 40]), max_size=300))
def test_cutting_a_long_text_loses_no_word(words: list[str]) -> None:
    assert folded(" ".join(words)).split() == [names.fold(word) for word in words]


def test_what_is_old_is_left_alone() -> None:
    assert is_recent(NOW - timedelta(days=14), NOW, 14)
    assert not is_recent(NOW - timedelta(days=14, seconds=1), NOW, 14)


def test_every_cause_is_an_event_that_there_is_and_can_open_a_complaint() -> None:
    assert CAUSES.keys() <= BY_NAME.keys()
    assert FOUND_BY.keys() == set(CauseKind)
