"""Intervals: the worked examples, and what must hold of every one of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.satisfaction.intervals import adjusted_wald, t_interval, t_quantile, welch, wilson


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        (8, 10, (0.490162, 0.943318)),
        (0, 5, (0, 0.434482)),
        (5, 5, (0.565518, 1)),
        (45, 50, (0.786398, 0.956524)),
        (14, 19, (0.512, 0.882)),
    ],
)
def test_wilson(successes: int, n: int, expected: tuple[float, float]) -> None:
    assert wilson(successes, n) == pytest.approx(expected, abs=5e-7 if n != 19 else 5e-4)


def test_wilson_ends_are_exact_at_none_and_all() -> None:
    none, every = wilson(0, 5), wilson(5, 5)
    assert none is not None
    assert every is not None
    assert (none.low, every.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("promoters", "detractors", "n", "expected"),
    [
        (5, 2, 10, (-19.051, 65.204)),
        (10, 0, 10, (47.504, 100)),
        (462, 362, 1000, (4.390, 15.551)),
    ],
)
def test_adjusted_wald(promoters: int, detractors: int, n: int, expected: tuple[float, float]) -> None:
    assert adjusted_wald(promoters, detractors, n) == pytest.approx(expected, abs=5e-4)


def test_adjusted_wald_of_one_answer_is_extended_to_contain_it() -> None:
    one = adjusted_wald(1, 0, 1)
    assert one is not None
    assert one.high == 100
    assert one.low == pytest.approx(-48.5, abs=0.05)


def test_nothing_has_no_interval() -> None:
    assert wilson(0, 0) is None
    assert adjusted_wald(0, 0, 0) is None
    assert t_interval(5.0, None, 1) is None


def test_values_that_are_all_equal_have_no_t_interval() -> None:
    assert t_interval(100.0, 0.0, 3) is None


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2)])
def test_successes_beyond_n_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 to n"):
        wilson(*counts)


@pytest.mark.parametrize("counts", [(3, 3, 5), (-1, 0, 2), (0, -1, 2)])
def test_promoters_and_detractors_beyond_n_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="parts of n"):
        adjusted_wald(*counts)


def test_t_quantile_is_the_tabulated_one() -> None:
    assert t_quantile([1, 2, 5, 30]) == pytest.approx([12.7062, 4.3027, 2.5706, 2.0423], abs=5e-5)
    assert t_quantile(1e9) == pytest.approx(1.959964, abs=1e-6)


def test_welch_of_the_recovery_example() -> None:
    recovered, no_failure = np.array([9, 8, 10, 9, 8]), np.array([8, 7, 9, 8, 8, 7])
    found = welch(
        (no_failure.mean(), no_failure.var(ddof=1), 6), (recovered.mean(), recovered.var(ddof=1), 5)
    )
    assert found is not None
    assert found.difference == pytest.approx(0.9667, abs=5e-5)
    assert found.interval == pytest.approx((-0.145, 2.078), abs=5e-4)


@pytest.mark.parametrize("side", [(5.0, None, 1), (5.0, 0.0, 9)], ids=["one value", "equal values"])
def test_welch_needs_a_known_spread(side: tuple[float, float | None, int]) -> None:
    assert welch(side, side) is None


@given(st.integers(1, 10_000), st.data())
def test_wilson_contains_the_share_and_stays_in_range(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    found = wilson(successes, n)
    assert found is not None
    assert 0 <= found.low <= successes / n <= found.high <= 1
    assert found.high - found.low > 0


@given(st.integers(1, 10_000), st.data())
def test_adjusted_wald_contains_the_score_and_never_collapses(n: int, data: st.DataObject) -> None:
    promoters = data.draw(st.integers(0, n))
    detractors = data.draw(st.integers(0, n - promoters))
    found, mirrored = adjusted_wald(promoters, detractors, n), adjusted_wald(detractors, promoters, n)
    assert found is not None
    assert mirrored is not None
    assert -100 <= found.low <= 100 * ((promoters - detractors) / n) <= found.high <= 100
    assert found.high > found.low
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-9)


@given(st.lists(st.integers(1, 10), min_size=2), st.integers(-50, 50))
def test_adding_a_constant_moves_a_t_interval_by_it(values: list[int], constant: int) -> None:
    mean, variance = float(np.mean(values)), float(np.var(values, ddof=1))
    plain, moved = (t_interval(mean + shift, variance, len(values)) for shift in (0, constant))
    if len(set(values)) == 1:
        assert plain is moved is None
    else:
        assert plain is not None
        assert moved == pytest.approx((plain.low + constant, plain.high + constant))
