"""NPS: promoters minus detractors, one answer a customer, on 0-10 only."""

import numpy as np
import pytest
from index_helpers import joined, one_question

from app.domain.satisfaction import INDICES
from app.domain.satisfaction.model import Options

NPS = INDICES["nps"]
SCALE = (0, 10)


@pytest.mark.parametrize(
    ("promoters", "passives", "detractors", "score", "interval"),
    [
        (5, 3, 2, 30, (-19.051, 65.204)),
        (10, 0, 0, 100, (47.504, 100)),
        (462, 176, 362, 10.0, (4.390, 15.551)),
        (0, 0, 1, -100, (-100, 48.5)),
    ],
)
def test_worked_examples(
    promoters: int, passives: int, detractors: int, score: float, interval: tuple[float, float]
) -> None:
    found = NPS.overall(one_question([9] * promoters + [7] * passives + [3] * detractors, SCALE))
    assert found.score == pytest.approx(score)
    assert (found.low, found.high) == pytest.approx(interval, abs=5e-4 if found.n > 1 else 0.05)
    assert found.parts == {"promoters": promoters, "passives": passives, "detractors": detractors}


def test_where_the_classes_begin() -> None:
    found = NPS.overall(one_question(list(range(11)), SCALE))
    assert found.parts == {"promoters": 2, "passives": 2, "detractors": 7}


@pytest.mark.parametrize("scale", [(1, 10), (1, 5), (0, 0)], ids=["1-10", "1-5", "unknown"])
def test_other_scales_are_refused(scale: tuple[int, int]) -> None:
    found = NPS.overall(one_question([5, 5, 4], scale))
    assert (found.n, found.score, found.excluded["wrong_scale"]) == (0, None, 3)


def test_the_latest_answer_of_a_customer_counts() -> None:
    found = NPS.overall(one_question([0, 10, 0], SCALE, customers=[4, 4, 4], micros=[1, 3, 2]))
    assert (found.n, found.score, found.excluded["replaced"]) == (1, 100.0, 2)


def test_all_answers_of_nobody_count() -> None:
    found = NPS.overall(one_question([0, 10, 10], SCALE, customers=[-1, -1, -1]))
    assert (found.n, found.excluded["replaced"]) == (3, 0)


def test_a_later_skipped_or_refused_answer_replaces_nothing() -> None:
    answers = joined(
        one_question([10, None], SCALE, customers=[1, 1], micros=[1, 2]),
        one_question([1], (1, 10), customers=[1], micros=[3]),
    )
    found = NPS.overall(answers)
    assert (found.n, found.score) == (1, 100.0)
    assert found.excluded == {"skipped": 1, "wrong_scale": 1, "out_of_range": 0, "replaced": 0}


def test_a_customer_counts_once_in_each_group() -> None:
    answers = one_question([0, 10, 9, 2], SCALE, customers=[1, 1, 1, 1], micros=[1, 2, 3, 4])
    january, february = NPS.compute(answers, np.array([0, 0, 1, 1]), 2)
    assert (january.score, february.score) == (100.0, -100.0)
    assert january.excluded["replaced"] == february.excluded["replaced"] == 1


def test_of_answers_at_one_instant_the_order_of_rows_does_not_choose() -> None:
    answers = one_question([0, 10, 5], SCALE, customers=[1, 1, 1], micros=[1, 1, 1])
    turned = answers.take(np.array([2, 1, 0]))
    assert NPS.overall(answers) == NPS.overall(turned)
    assert NPS.overall(answers).parts["detractors"] == 1  # the 5, of the last response


def test_rows_that_are_the_same_in_everything_count_once() -> None:
    answers = one_question([9], SCALE, customers=[1]).take(np.array([0, 0, 0]))
    found = NPS.overall(answers)
    assert (found.n, found.excluded["replaced"]) == (1, 2)


def test_every_answer_counts_if_asked() -> None:
    answers = one_question([0, 10], SCALE, customers=[1, 1])
    assert NPS.overall(answers, Options(one_per_customer=False)).n == 2
