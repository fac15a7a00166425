from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.value.concentration import gini, lorenz_curve, pareto_curve, top_count, top_share

WORKED = [600, 200, 100, 50, 30, 20, 0, -40]
VALUES = st.lists(st.integers(-1000, 10**6), min_size=1, max_size=30).filter(lambda values: max(values) > 0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [(WORKED, 0.6825), ([1, 2, 3, 4], 0.25), ([0, 0, 0, 4], 0.75), ([10] * 5, 0), ([7], 0)],
)
def test_gini_worked_examples(values: list[int], expected: float) -> None:
    assert gini(values) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("values", [[], [0], [0, -5]])
def test_nothing_to_share_is_null_and_not_zero(values: list[int]) -> None:
    assert gini(values) is None
    assert top_share(values) is None
    assert pareto_curve(values) == lorenz_curve(values) == ()


@given(VALUES)
def test_gini_is_as_defined(values: list[int]) -> None:
    floored = sorted(max(value, 0) for value in values)
    n, total = len(floored), sum(floored)
    weighted = sum(rank * value for rank, value in enumerate(floored, start=1))
    expected = 2 * weighted / (n * total) - (n + 1) / n
    assert gini(values) == pytest.approx(expected, abs=1e-12)
    assert gini(values[::-1]) == gini(values)


@given(VALUES)
def test_gini_is_twice_the_area_above_the_lorenz_curve(values: list[int]) -> None:
    curve = lorenz_curve(values, points=len(values) + 1)
    below = sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(curve))
    assert gini(values) == pytest.approx(1 - 2 * below, abs=1e-9)


def test_the_best_twenty_percent_are_counted_upwards() -> None:
    assert top_count(8, 20) == 2
    assert top_share(WORKED, 20) == 0.8
    assert [top_count(n, 20) for n in (4372, 4339, 2357)] == [875, 868, 472]
    assert [top_count(n, 1) for n in (1, 100, 101)] == [1, 1, 2]
    assert top_share(WORKED, 100) == 1


@pytest.mark.parametrize("percent", [0, 101, -1])
def test_percent_is_bounded(percent: int) -> None:
    with pytest.raises(ValueError, match="percent"):
        top_share(WORKED, percent)


def test_curves_of_the_worked_example() -> None:
    assert pareto_curve(WORKED, points=5) == ((0, 0), (0.25, 0.8), (0.5, 0.95), (0.75, 1), (1, 1))
    assert lorenz_curve(WORKED, points=5) == ((0, 0), (0.25, 0), (0.5, 0.05), (0.75, 0.2), (1, 1))


@given(VALUES, st.integers(2, 50))
def test_curves_are_bounded_and_mirror_each_other(values: list[int], points: int) -> None:
    pareto, lorenz = pareto_curve(values, points), lorenz_curve(values, points)
    for curve in (pareto, lorenz):
        assert curve[0] == (0, 0)
        assert curve[-1] == (1, 1)
        assert len(curve) <= points
        assert list(curve) == sorted(curve)
    assert all(value >= customers - 1e-12 for customers, value in pareto)
    assert all(value <= customers + 1e-12 for customers, value in lorenz)


def test_a_curve_needs_two_points() -> None:
    for draw in (pareto_curve, lorenz_curve):
        with pytest.raises(ValueError, match="2 points"):
            draw(WORKED, points=1)
