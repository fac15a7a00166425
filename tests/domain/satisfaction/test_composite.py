"""The composite index: several questions weighted into one number a response, then their mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_helpers import filled_in, joined, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.model import Answers, IndexResult, Items, Options
from app.domain.satisfaction.reliability import cronbach_alpha

COMPOSITE = INDICES["composite"]


def composite(answers: Answers, items: Items, **options: bool) -> IndexResult:
    return COMPOSITE.overall(answers, Options(items=items, **options))


@pytest.mark.parametrize(
    ("weight", "score"), [(None, 66.6667), ([0.4, 0.3, 0.3], 67.7778), ([4, 3, 3], 67.7778)]
)
def test_worked_examples(weight: list[float] | None, score: float) -> None:
    found = composite(filled_in([[8, 7, 6]]), Items.of(3, weight=weight))
    assert found.score == pytest.approx(score, abs=5e-5)
    assert (found.n, found.low, found.high) == (1, None, None)


def test_responses_come_first_then_their_mean() -> None:
    found = composite(filled_in([[10, 10], [1, None]]), Items.of(2))
    assert (found.n, found.score) == (2, 50.0)  # pooled answers would give 66.7
    assert found.parts["reweighed"] == 1


def test_components_may_have_different_scales() -> None:
    two = joined(one_question([3], (1, 5)), one_question([10], (0, 10)))
    answers = Answers(*(getattr(two, name) for name in Answers.__slots__[:6]), np.zeros(2, int), np.arange(2))
    assert composite(answers, Items.of(2)).score == 75.0


@pytest.mark.parametrize(
    ("weight", "score"),
    [([0.5, 0.5], 100.0), ([0.3, 0.7], None), ([0.7, 0.3], 100.0)],
    ids=["half", "less", "more"],
)
def test_a_missing_component_is_reweighed_over_at_least_half_of_the_weight(
    weight: list[float], score: float | None
) -> None:
    found = composite(filled_in([[10, None]]), Items.of(2, weight=weight))
    assert found.score == score
    assert found.excluded == {"incomplete": int(score is None), "replaced": 0}


def test_half_of_the_weight_is_half_in_spite_of_rounding() -> None:
    found = composite(filled_in([[10, 10, 10, None]]), Items.of(4, weight=[0.1, 0.1, 0.1, 0.3]))
    assert found.n == 1


def test_a_component_without_a_row_is_missing_too() -> None:
    found = composite(one_question([5]), Items.of(3))
    assert (found.n, found.excluded["incomplete"]) == (0, 1)


def test_half_is_measured_against_the_survey_that_asked() -> None:
    found = composite(one_question([5]), Items.of(3, instrument=[0, 1, 1]))
    assert (found.n, found.score) == (1, 100.0)


def test_questions_without_weight_are_no_part() -> None:
    found = composite(filled_in([[10, 1]]), Items.of(2, weight=[1, 0]))
    assert found.score == 100.0
    assert found.parts["reweighed"] == 0


def test_the_latest_response_of_a_customer_counts_if_asked() -> None:
    answers = filled_in([[1, 1], [10, 10], [None, None]], customers=[1, 1, 1])
    every, latest = (composite(answers, Items.of(2), one_per_customer=asked) for asked in (False, True))
    assert (every.n, every.score) == (2, 50.0)
    assert (latest.n, latest.score, latest.excluded) == (1, 100.0, {"incomplete": 1, "replaced": 1})


def test_alpha_is_of_whole_responses() -> None:
    whole = [[8, 7, 9], [3, 4, 2], [6, 6, 7], [9, 8, 8], [5, 3, 4]]
    found = composite(filled_in([*whole, [10, None, 1]]), Items.of(3))
    alone = cronbach_alpha(np.array(whole, dtype=np.float64))
    assert found.n == 6
    assert (found.parts["alpha_n"], found.parts["alpha_items"]) == (5, 3)
    assert found.parts["alpha_raw"] == pytest.approx(alone.raw)
    assert found.parts["alpha_standardised"] == pytest.approx(alone.standardised)
    assert found.parts["is_alpha_low"] is False


def test_alpha_is_of_the_survey_most_answered() -> None:
    few = filled_in([[8, 2], [3, 9]])
    many = filled_in([[8, 7], [3, 4], [6, 6]])
    moved = Answers(*(getattr(many, name) for name in Answers.__slots__[:7]), many.item + 2)
    found = composite(joined(few, moved), Items.of(4, instrument=[0, 0, 1, 1]))
    assert (found.n, found.parts["alpha_n"]) == (5, 3)
    assert found.parts["alpha_raw"] == pytest.approx(cronbach_alpha(np.array([[8.0, 7], [3, 4], [6, 6]])).raw)


def test_questions_that_do_not_belong_together_are_flagged() -> None:
    found = composite(filled_in([[1, 10], [10, 1], [9, 2], [2, 8]]), Items.of(2))
    assert found.parts["is_alpha_low"] is True


def test_alpha_of_two_questions_by_hand() -> None:
    found = cronbach_alpha(np.array([[1.0, 2], [2, 3], [3, 5]]))
    assert found.raw == pytest.approx(2 * (1 - (1 + 7 / 3) / (19 / 3)))
    correlation = 1.5 / (1 * (7 / 3)) ** 0.5
    assert found.standardised == pytest.approx(2 * correlation / (1 + correlation))


@pytest.mark.parametrize(
    "matrix",
    [np.zeros((0, 3)), np.ones((1, 3)), np.ones((5, 3)), np.arange(4.0).reshape(4, 1)],
    ids=["nobody", "one response", "no variance", "one question"],
)
def test_alpha_that_is_not_defined_is_none(matrix: np.ndarray) -> None:
    found = cronbach_alpha(matrix)
    assert (found.raw, found.standardised, found.is_low) == (None, None, None)


def test_a_question_everyone_answers_alike_has_no_correlation() -> None:
    found = cronbach_alpha(np.array([[1.0, 5, 2], [2, 5, 3], [3, 5, 5]]))
    assert found.standardised is None
    assert found.raw is not None


@given(st.lists(st.tuples(*[st.integers(1, 10)] * 3), min_size=2, max_size=20), st.integers(1, 9))
def test_alpha_does_not_move_with_a_constant_or_a_factor(rows: list[tuple[int, ...]], by: int) -> None:
    matrix = np.array(rows, dtype=np.float64)
    plain = cronbach_alpha(matrix)
    for changed in (matrix + by, matrix * by):
        found = cronbach_alpha(changed)
        assert found.raw == (None if plain.raw is None else pytest.approx(plain.raw, abs=1e-6))
        assert found.standardised == (
            None if plain.standardised is None else pytest.approx(plain.standardised, abs=1e-6)
        )


@given(st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=1, max_size=20))
def test_one_step_more_everywhere_is_one_step_of_the_index(rows: list[list[int]]) -> None:
    items = Items.of(3, weight=[0.5, 0.2, 0.3])
    plain = composite(filled_in(rows), items)
    more = composite(filled_in([[value + 1 for value in row] for row in rows]), items)
    assert plain.score is not None
    assert more.score == pytest.approx(plain.score + 100 / 9)
    assert more.parts["alpha_raw"] == (
        None if plain.parts["alpha_raw"] is None else pytest.approx(plain.parts["alpha_raw"], abs=1e-6)
    )


def test_answers_to_unknown_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="does not know"):
        composite(filled_in([[8, 7, 6]]), Items.of(2))


def test_a_response_to_two_surveys_is_refused() -> None:
    with pytest.raises(ValueError, match="two instruments"):
        composite(filled_in([[8, 7]]), Items.of(2, instrument=[0, 1]))


@pytest.mark.parametrize(
    ("given_items", "message"),
    [
        ({"weight": [1]}, "one entry"),
        ({"instrument": [0, 0, 0]}, "one entry"),
        ({"weight": [1, -1]}, "not negative"),
        ({"expectation_weight": [float("nan"), 1]}, "not negative"),
        ({"instrument": [0, -1]}, "negative"),
    ],
)
def test_items_that_make_no_sense_are_refused(given_items: dict[str, list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Items.of(2, **given_items)  # type: ignore[arg-type]
