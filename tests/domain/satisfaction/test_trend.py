"""A customer's latest answer, and where its answers are going."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.satisfaction.trend import Direction, Spread, Trend, occasions, of_last_survey, spread

USUAL = Spread(0.38, 67.0)


def told(points: Sequence[float], usual: Spread | None = USUAL) -> Trend:
    """The trend of one customer who answered once a day."""
    at = np.arange(len(points))
    return occasions(np.array(points, dtype=np.float64), at, np.zeros(at.size, dtype=np.int64), 1).of(
        0, usual
    )


@pytest.mark.parametrize(
    ("points", "statistic", "direction"),
    [
        ([100, 100, 25], -2.3468, Direction.FALLING),
        ([100, 100, 50], -1.7129, Direction.STEADY),
        ([75, 75, 50], -0.7372, Direction.STEADY),
        ([100, 100, 100, 100, 25], -3.2296, Direction.FALLING),
        ([25, 25, 25, 25, 100], 2.4967, Direction.RISING),
    ],
)
def test_worked_examples(points: list[float], statistic: float, direction: Direction) -> None:
    found = told(points)
    assert found.statistic == pytest.approx(statistic, abs=1e-4)
    assert (found.n, found.direction) == (len(points), direction)
    assert found.change == points[-1] - points[0]
    assert found.limit == pytest.approx({3: 2.2010, 5: 2.1604}[len(points)], abs=1e-4)


@pytest.mark.parametrize("points", [[], [75], [75, 0]])
def test_two_answers_are_no_trend(points: list[float]) -> None:
    assert told(points) == Trend(len(points))
    assert told([100, 100, 0], None) == Trend(3)


def test_a_move_has_20_points_however_alike_answers_are() -> None:
    alike = Spread(0.0001, 50.0)
    assert told([50, 50, 30], alike).direction == Direction.FALLING
    assert told([50, 50, 70 - 1e-9], alike).direction == Direction.RISING
    assert told([50, 50, 31], alike).direction == Direction.STEADY
    assert told([50, 50, 31], alike).least_points == 20


def test_answers_that_never_varied_are_steady() -> None:
    same = occasions(np.full(6, 100.0), np.arange(6), np.repeat([0, 1], 3), 2)
    usual = spread(same.n, same.latest, same.earlier, same.squares)
    assert usual == Spread(0.0, 100.0)
    assert same.of(1, usual)[1:3] == (0, 0)
    assert same.of(1, usual).direction == Direction.STEADY


def test_the_spread_is_learned_from_all_who_answered_twice() -> None:
    points, who = np.array([100.0, 50, 80, 60, 70, 20]), np.array([0, 0, 1, 1, 1, 2])
    found = occasions(points, np.arange(6), who, 4)
    usual = spread(found.n, found.latest, found.earlier, found.squares)
    overall = 380 / 6
    means = [(150 + overall) / 3, (210 + overall) / 4]
    own = 2 * 25**2 + 2 * 10**2
    most = means[0] * (100 - means[0]) + 2 * means[1] * (100 - means[1])
    assert usual == Spread(pytest.approx(own / most), pytest.approx(overall))
    assert spread(found.n[2:], found.latest[2:], found.earlier[2:], found.squares[2:]) is None


def test_answers_at_one_instant_are_one_occasion() -> None:
    found = occasions(np.array([100.0, 50, 0, 60]), np.array([1, 2, 2, 3]), np.zeros(4, dtype=np.int64), 1)
    columns = (found.n, found.latest, found.previous, found.earlier, found.squares)
    assert [column.tolist() for column in columns] == [[3], [60], [25], [62.5], [2812.5]]


def test_many_customers_at_once() -> None:
    points = np.array([100.0, 40, 70, 70, 0])
    found = occasions(points, np.array([5, 9, 3, 1, 2]), np.array([2, 2, 0, 0, 3]), 5)
    assert found.n.tolist() == [2, 0, 2, 1, 0]
    np.testing.assert_array_equal(found.latest, [70, np.nan, 40, 0, np.nan])
    np.testing.assert_array_equal(found.earlier, [70, np.nan, 100, np.nan, np.nan])
    np.testing.assert_array_equal(found.squares, [0, np.nan, 0, np.nan, np.nan])


@pytest.mark.parametrize(("customer", "message"), [([0], "aligned"), ([0, 2], "range"), ([-1, 0], "range")])
def test_columns_that_make_no_sense_are_refused(customer: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        occasions(np.array([1.0, 2.0]), np.array([1, 2]), np.array(customer), 2)


rows = st.lists(st.tuples(st.integers(0, 100).map(float), st.integers(0, 9), st.integers(0, 3)), max_size=30)


@given(rows, st.randoms(use_true_random=False))
def test_each_customer_is_as_if_alone_and_order_does_not_matter(
    drawn: list[tuple[float, int, int]], random: st.DataObject
) -> None:
    shuffled = list(drawn)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    points, when, who = (np.array([row[place] for row in shuffled]) for place in range(3))
    found = occasions(points.astype(float), when.astype(int), who.astype(int), 4)
    for customer in range(4):
        own = [(at, value) for value, at, owner in drawn if owner == customer]
        at, value = (np.array([row[place] for row in own]) for place in range(2))
        alone = occasions(value.astype(float), at.astype(int), np.zeros(len(own), dtype=np.int64), 1)
        for name in ("n", "latest", "previous", "earlier", "squares"):
            mine, expected = getattr(found, name)[customer], getattr(alone, name)[0]
            assert mine == pytest.approx(expected, abs=1e-9, nan_ok=True)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 3)), max_size=30))
def test_of_each_customer_the_survey_of_its_last_answer_counts(drawn: list[tuple[int, int, int]]) -> None:
    last: dict[int, tuple[int, int]] = {}
    for survey, at, who in drawn:
        last[who] = max(last.get(who, (at, survey)), (at, survey))
    columns = (np.array([row[place] for row in drawn], dtype=np.int64) for place in range(3))
    assert of_last_survey(*columns).tolist() == [last[who][1] == survey for survey, _, who in drawn]
