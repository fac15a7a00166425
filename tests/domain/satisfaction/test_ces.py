"""CES: how easy it was."""

import numpy as np
import pytest
from index_helpers import joined, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.ces import ease
from app.domain.satisfaction.intervals import scale_mean_columns, wilson

CES = INDICES["ces"]
AGREEMENT, EFFORT = (1, 7), (1, 5)


def test_worked_example() -> None:
    found = CES.overall(one_question([7, 6, 5, 3], AGREEMENT))
    assert found.parts["mean"] == pytest.approx(5.25)
    assert found.score == pytest.approx(70.833, abs=5e-4)
    assert (found.parts["easy"], found.parts["share_easy"]) == (3, 0.75)
    assert (found.parts["share_easy_low"], found.parts["share_easy_high"]) == wilson(3, 4)
    assert (found.parts["reversed"], found.parts["is_reversed"]) == (0, False)


@pytest.mark.parametrize(
    ("values", "score", "low", "high"),
    [
        ([7, 6, 5, 3], 70.833, 16.420, 100),
        ([7] * 30, 100, 90.5843, 100),
        ([7] * 95 + [6, 5, 3, 2, 1], 97.0, 92.6418, 99.5150),
        ([1, 1], 0, 0, 100),
    ],
)
def test_the_interval_has_one_more_answer_at_each_end(
    values: list[int], score: float, low: float, high: float
) -> None:
    found = CES.overall(one_question(values, AGREEMENT))
    assert (found.score, found.low, found.high) == pytest.approx((score, low, high), abs=1e-3)


@pytest.mark.parametrize("n", [10, 30, 100, 300])
@pytest.mark.parametrize(
    "shares",
    [
        [0.01, 0.01, 0.01, 0.01, 0.01, 0, 0.95],
        [0.1, 0, 0, 0, 0, 0, 0.9],
        [0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3],
        [1 / 7] * 7,
        [0.3, 0, 0, 0, 0, 0, 0.7],
    ],
    ids=["nearly all easy", "two ends", "usual", "even", "split"],
)
def test_the_interval_holds_the_truth(shares: list[float], n: int) -> None:
    drawn = np.random.default_rng(n).multinomial(n, shares, 2000)
    points = np.arange(7) / 6 * 100
    mean = drawn @ points / n
    variance = (drawn @ points**2 - n * mean**2) / (n - 1)
    found = scale_mean_columns(mean, np.maximum(variance, 0), np.full(2000, n), 0, 100)
    truth = points @ np.array(shares)
    assert np.mean((found.low <= truth) & (truth <= found.high)) >= 0.925
    assert ((found.low <= mean) & (mean <= found.high)).all()


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


def test_one_answer_has_no_interval_and_equal_ones_have() -> None:
    one, three = (CES.overall(one_question([6] * n, AGREEMENT)) for n in (1, 3))
    assert one.score == three.score == pytest.approx(500 / 6)
    assert (one.low, one.high) == (None, None)
    assert three.low is not None
    assert three.low < three.score < 100 == three.high


def test_nothing_is_none_and_never_zero() -> None:
    found = CES.overall(one_question([None], AGREEMENT))
    assert (found.score, found.parts["mean"], found.parts["share_easy"], found.parts["share_easy_low"]) == (
        None,
        None,
        None,
        None,
    )
