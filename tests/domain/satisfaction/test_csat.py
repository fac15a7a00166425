"""CSAT: the share of answers in the top two steps."""

import pytest
from index_helpers import joined, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.model import Answers, Options

CSAT = INDICES["csat"]


@pytest.mark.parametrize(
    ("values", "score", "interval"),
    [
        ([5, 5, 5, 5, 4, 4, 4, 4, 3, 1], 0.8, (0.490162, 0.943318)),
        ([3, 2, 1, 3, 3], 0.0, (0, 0.434482)),
        ([4, 5, 4, 5, 4], 1.0, (0.565518, 1)),
        ([5] * 45 + [3] * 5, 0.9, (0.786398, 0.956524)),
    ],
)
def test_worked_examples(values: list[int], score: float, interval: tuple[float, float]) -> None:
    found = CSAT.overall(one_question(values))
    assert found.score == pytest.approx(score)
    assert (found.low, found.high) == pytest.approx(interval, abs=5e-7)
    assert found.n == len(values)
    assert found.parts["satisfied"] == round(score * len(values))


@pytest.mark.parametrize(
    ("scale", "least"), [((1, 5), 4), ((1, 7), 6), ((1, 10), 9)], ids=["1-5", "1-7", "1-10"]
)
def test_threshold_of_each_scale(scale: tuple[int, int], least: int) -> None:
    below, at = CSAT.overall(one_question([least - 1], scale)), CSAT.overall(one_question([least], scale))
    assert (below.score, at.score) == (0.0, 1.0)


def test_mixed_scales_are_judged_each_by_its_own() -> None:
    mixed = joined(one_question([4, 3]), one_question([5, 6], (1, 7)), one_question([8, 9, 10], (1, 10)))
    found = CSAT.overall(mixed)
    assert (found.n, found.parts["satisfied"]) == (7, 4)


@pytest.mark.parametrize("scale", [(0, 10), (1, 6), (0, 0), (5, 1)], ids=["0-10", "1-6", "unknown", "turned"])
def test_other_scales_do_not_count(scale: tuple[int, int]) -> None:
    found = CSAT.overall(joined(one_question([5]), one_question([5, 5], scale)))
    assert (found.n, found.score, found.excluded["wrong_scale"]) == (1, 1.0, 2)


def test_what_does_not_count_is_counted_by_reason() -> None:
    found = CSAT.overall(joined(one_question([5, None, None, 6, 0]), one_question([None], (0, 10))))
    assert found.n == 1
    assert found.excluded == {"skipped": 3, "wrong_scale": 0, "out_of_range": 2, "replaced": 0}


@pytest.mark.parametrize("values", [[], [None, None]], ids=["nobody answered", "all skipped"])
def test_nothing_is_none_and_never_zero(values: list[None]) -> None:
    found = CSAT.overall(one_question(values))
    assert (found.n, found.score, found.low, found.high, found.variance) == (0, None, None, None, None)
    assert found.low_sample
    assert not found.rankable


def test_no_groups_no_results() -> None:
    none = Answers.empty()
    assert CSAT.compute(none, none.value, 0) == []


def test_every_answer_counts_unless_one_per_customer_is_asked() -> None:
    answers = one_question([1, 5, 2], customers=[7, 7, 7], micros=[10, 30, 20])
    assert CSAT.overall(answers).n == 3
    latest = CSAT.overall(answers, Options(one_per_customer=True))
    assert (latest.n, latest.score, latest.excluded["replaced"]) == (1, 1.0, 2)


@pytest.mark.parametrize(
    ("n", "low_sample", "rankable"), [(4, True, False), (5, True, True), (29, True, True), (30, False, True)]
)
def test_small_samples_are_flagged(n: int, low_sample: bool, rankable: bool) -> None:
    found = CSAT.overall(one_question([4] * n))
    assert (found.low_sample, found.rankable) == (low_sample, rankable)
