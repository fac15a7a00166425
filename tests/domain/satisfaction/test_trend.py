"""A customer's latest answer, and where its answers are going."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_helpers import one_question

from app.domain.satisfaction.trend import Direction, Trend, trend, trends


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], Trend(0, None, None, None, None)),
        ([75.0], Trend(1, 75, None, 75, None)),
        ([75.0, 75.0], Trend(2, 75, 75, 75, Direction.STEADY)),
        ([75.0, 50.0], Trend(2, 50, 75, 62.5, Direction.FALLING)),
        ([50.0, 75.0], Trend(2, 75, 50, 62.5, Direction.RISING)),
        ([0.0, 100.0, 70.0], Trend(3, 70, 100, 170 / 3, Direction.RISING)),
        ([50.0, 70.0, 80.0 - 1e-12], Trend(3, 80 - 1e-12, 70, 200 / 3, Direction.RISING)),
        ([50.0, 70.0, 79.0], Trend(3, 79, 70, 199 / 3, Direction.STEADY)),
    ],
)
def test_latest_against_the_mean_of_the_earlier_ones(points: list[float], expected: Trend) -> None:
    found = trend(np.array(points), np.arange(len(points)))
    assert found == Trend(
        expected.n,
        expected.latest,
        expected.previous,
        None if expected.mean is None else pytest.approx(expected.mean),
        expected.direction,
    )


@pytest.mark.parametrize(
    ("scale", "steps"),
    [((1, 5), 1), ((1, 7), 2), ((0, 10), 2), ((1, 10), 2)],
    ids=["1-5", "1-7", "0-10", "1-10"],
)
def test_how_many_steps_of_a_scale_are_a_move(scale: tuple[int, int], steps: int) -> None:
    for lost, direction in ((steps, Direction.FALLING), (steps - 1, Direction.STEADY)):
        answers = one_question([scale[1], scale[1] - lost], scale)
        assert trend(answers.points(), answers.answered_micros).direction == direction


def test_answers_at_one_instant_are_one_occasion() -> None:
    found = trend(np.array([100.0, 50.0, 0.0]), np.array([1, 2, 2]))
    assert found == Trend(2, 25, 100, 62.5, Direction.FALLING)


def test_many_customers_at_once() -> None:
    points = np.array([100.0, 40.0, 70.0, 70.0, 0.0])
    found = trends(points, np.array([5, 9, 3, 1, 2]), np.array([2, 2, 0, 0, 3]), 5)
    assert [found.of(customer).direction for customer in range(5)] == [
        Direction.STEADY,
        None,
        Direction.FALLING,
        None,
        None,
    ]
    assert found.n.tolist() == [2, 0, 2, 1, 0]
    assert found.is_falling().tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(("customer", "message"), [([0], "aligned"), ([0, 2], "range"), ([-1, 0], "range")])
def test_columns_that_make_no_sense_are_refused(customer: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trends(np.array([1.0, 2.0]), np.array([1, 2]), np.array(customer), 2)


rows = st.lists(st.tuples(st.integers(0, 100).map(float), st.integers(0, 9), st.integers(0, 3)), max_size=30)


@given(rows, st.randoms(use_true_random=False))
def test_each_customer_is_as_if_alone_and_order_does_not_matter(
    drawn: list[tuple[float, int, int]], random: st.DataObject
) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    points, when, who = (np.array([row[place] for row in shuffled]) for place in range(3))
    found = trends(points.astype(float), when.astype(int), who.astype(int), 4)
    for customer in range(4):
        own = [(at, value) for value, at, owner in drawn if owner == customer]
        alone = trend(np.array([value for _, value in own]), np.array([at for at, _ in own], dtype=np.int64))
        mine = found.of(customer)
        assert (mine.n, mine.direction) == (alone.n, alone.direction)
        assert [mine.latest, mine.previous, mine.mean] == [
            None if value is None else pytest.approx(value)
            for value in (alone.latest, alone.previous, alone.mean)
        ]
