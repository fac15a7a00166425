"""CES: how easy it was."""

import numpy as np
import pytest
from index_helpers import joined, one_question

from app.domain.indices import INDICES
from app.domain.indices.ces import ease
from app.domain.indices.intervals import wilson

CES = INDICES["ces"]
AGREEMENT, EFFORT = (1, 7), (1, 5)


def test_worked_example() -> None:
    found = CES.overall(one_question([7, 6, 5, 3], AGREEMENT))
    assert found.parts["mean"] == pytest.approx(5.25)
    assert found.score == pytest.approx(70.833, abs=5e-4)
    assert (found.parts["easy"], found.parts["share_easy"]) == (3, 0.75)
    assert (found.parts["share_easy_low"], found.parts["share_easy_high"]) == wilson(3, 4)
    assert (found.parts["reversed"], found.parts["is_reversed"]) == (0, False)


def test_the_interval_is_students_and_stays_within_the_scale() -> None:
    found = CES.overall(one_question([7, 6, 5, 3], AGREEMENT))
    points = np.array([7, 6, 5, 3]) / 6 * 100 - 100 / 6
    half = 3.182446 * points.std(ddof=1) / 2
    assert found.low == pytest.approx(points.mean() - half, abs=1e-4)
    assert points.mean() + half > 100
    assert found.high == 100


@pytest.mark.parametrize(("value", "points", "easy"), [(1, 100, 1), (2, 75, 1), (3, 50, 0), (5, 0, 0)])
def test_the_older_effort_scale_is_turned_round_and_flagged(value: int, points: float, easy: int) -> None:
    found = CES.overall(one_question([value], EFFORT))
    assert (found.score, found.parts["easy"]) == (points, easy)
    assert (found.parts["reversed"], found.parts["is_reversed"]) == (1, True)


def test_both_scales_together_are_one_score_with_a_flag() -> None:
    both = joined(one_question([7], AGREEMENT), one_question([3], EFFORT))
    found = CES.overall(both)
    assert (found.score, found.parts["mean"], found.parts["reversed"]) == (75.0, 5.5, 1)
    assert ease(both).tolist() == [100, 50]


def test_easy_begins_at_five() -> None:
    assert CES.overall(one_question([4], AGREEMENT)).parts["easy"] == 0
    assert CES.overall(one_question([5], AGREEMENT)).parts["easy"] == 1


@pytest.mark.parametrize("scale", [(1, 10), (0, 10), (0, 0)], ids=["1-10", "0-10", "unknown"])
def test_other_scales_do_not_count(scale: tuple[int, int]) -> None:
    found = CES.overall(one_question([5], scale))
    assert (found.score, found.excluded["wrong_scale"]) == (None, 1)


def test_equal_answers_and_one_answer_have_no_interval() -> None:
    for values in ([6, 6, 6], [6]):
        found = CES.overall(one_question(values, AGREEMENT))
        assert found.score == pytest.approx(500 / 6)
        assert (found.low, found.high) == (None, None)


def test_nothing_is_none_and_never_zero() -> None:
    found = CES.overall(one_question([None], AGREEMENT))
    assert (found.score, found.parts["mean"], found.parts["share_easy"], found.parts["share_easy_low"]) == (
        None,
        None,
        None,
        None,
    )
