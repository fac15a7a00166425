import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.evaluation.metrics import (
    Interval,
    calibration_table,
    error_by_chance,
    is_calibrated,
    is_too_few,
    lift,
    measure,
    rank,
)

Y = [1, 0, 1, 0, 0, 1, 0, 0, 1, 0]
P = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1]
CASES = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1])), max_size=40)


def test_worked_example() -> None:
    found = measure(Y, P)
    assert found.n == 10
    assert found.base_rate == 0.4
    assert found.auc == 0.625
    assert found.brier == pytest.approx(0.25725)
    assert found.lift10 == pytest.approx(2.5)
    assert found.mean_p == pytest.approx(0.465)
    for value, interval in (
        (found.auc, found.auc_interval),
        (found.lift10, found.lift10_interval),
        (found.brier, found.brier_interval),
    ):
        assert value is not None
        assert interval is not None
        assert interval.low < value <= interval.high


@given(CASES)
def test_auc_is_the_share_of_pairs_in_order(cases: list[tuple[int, float]]) -> None:
    pairs = [(p > o) + (p == o) / 2 for y, p in cases if y for z, o in cases if not z]
    found = measure([y for y, _ in cases], [p for _, p in cases], draws=0).auc
    assert found == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@given(CASES.flatmap(lambda cases: st.tuples(st.just(cases), st.permutations(cases))))
def test_the_order_of_customers_is_irrelevant(
    case: tuple[list[tuple[int, float]], list[tuple[int, float]]],
) -> None:
    one, other = (measure([y for y, _ in cases], [p for _, p in cases], draws=5) for cases in case)
    assert one == other


def test_ties_share_the_top() -> None:
    # The top tenth of 20, two customers, is filled from four equal scores, of which one in four left.
    y, p = [1, 0, 0, 0] + [0] * 16, [0.9] * 4 + [0.1] * 16
    assert lift(rank(y, p)) == pytest.approx(0.25 / 0.05)


def test_the_top_tenth_is_rounded_up_but_not_past_a_whole_number() -> None:
    y = [1, 1, 1] + [0] * 27
    assert lift(rank(y, np.linspace(1, 0, 30))) == pytest.approx(10)
    assert lift(rank([1, 0] + [0] * 9, np.linspace(1, 0, 11))) == pytest.approx(5.5)


def test_calibration_table() -> None:
    table = calibration_table(rank([0, 1, 0, 1, 1], [0.1, 0.2, 0.3, 0.4, 0.5]), 2)
    assert [(part.n, round(part.share, 6)) for part in table] == [(3, round(1 / 3, 6)), (2, 1.0)]
    assert [part.mean_p for part in table] == pytest.approx([0.2, 0.45])


@pytest.mark.parametrize(
    ("p", "n", "by_chance", "limit"),
    [(0.5, 60, 0.051503, 0.076113), (0.5, 20, 0.089206, 0.131831), (0.9, 60, None, 0.045668)],
)
def test_the_calibration_error_of_right_probabilities(
    p: float, n: int, by_chance: float | None, limit: float
) -> None:
    found = measure(np.arange(10 * n) % 2, np.full(10 * n, p), draws=0)
    assert found.ece_limit == pytest.approx(limit, abs=1e-6)
    if by_chance is not None:
        assert found.ece_by_chance == pytest.approx(by_chance, abs=1e-6)


def test_by_chance_follows_from_each_group_of_customers() -> None:
    p = [0.1, 0.2, 0.5, 0.9, 0.9]
    found = error_by_chance(rank([0, 1, 0, 1, 1], p), 2)
    # Two groups: three customers with .1, .2 and .5, and two with .9.
    spread = [(0.09 + 0.16 + 0.25) ** 0.5 / 5, (2 * 0.09) ** 0.5 / 5]
    expected = (2 / np.pi) ** 0.5 * sum(spread)
    limit = expected + 2 * ((1 - 2 / np.pi) * sum(one**2 for one in spread)) ** 0.5
    assert found == pytest.approx((expected, limit))
    assert error_by_chance(rank([1], [0.5])) == pytest.approx(
        ((2 / np.pi) ** 0.5 / 2, (2 / np.pi) ** 0.5 / 2 + (1 - 2 / np.pi) ** 0.5)
    )


@pytest.mark.parametrize(
    ("ece", "limit", "is_right", "too_few"),
    [
        (0.05, 0.01, True, False),
        (0.051, 0.01, False, False),
        (0.076, 0.0761, True, False),
        (0.077, 0.0761, False, False),
        (0.2, 0.1, False, False),
        (0.0, 0.1001, None, True),
        (None, None, None, False),
        (0.01, None, None, False),
    ],
)
def test_calibrated_is_told_from_chance(
    ece: float | None, limit: float | None, is_right: bool | None, too_few: bool
) -> None:
    assert is_calibrated(ece, limit) is is_right
    assert is_too_few(limit) is too_few


def test_what_cannot_be_had_is_none() -> None:
    nobody = measure([], [])
    assert (nobody.n, nobody.base_rate, nobody.auc, nobody.brier, nobody.ece) == (0, None, None, None, None)
    assert (nobody.ece_by_chance, nobody.ece_limit, nobody.calibration) == (None, None, ())
    all_stayed = measure([0, 0], [0.2, 0.4])
    assert (all_stayed.auc, all_stayed.auc_interval, all_stayed.lift10) == (None, None, None)
    assert all_stayed.brier == pytest.approx(0.1)
    order_only = measure([0, 1], [100, 200], is_probability=False)
    assert (order_only.auc, order_only.brier, order_only.ece, order_only.mean_p) == (1.0, None, None, None)
    assert (order_only.ece_by_chance, order_only.ece_limit) == (None, None)


def test_intervals_follow_the_seed() -> None:
    assert measure(Y, P, seed=1) == measure(Y, P, seed=1)
    assert measure(Y, P, seed=1).auc_interval != measure(Y, P, seed=2).auc_interval
    assert measure(Y, P, draws=0).auc_interval is None
    assert measure([1, 0], [1, 0], draws=9).auc_interval == Interval(1.0, 1.0)


@pytest.mark.parametrize(
    ("y", "p"), [([2], [0.5]), ([1], [1.5]), ([1], [np.nan]), ([1], [0.5, 0.5]), ([[1]], [[0.5]])], ids=str
)
def test_bad_columns_are_refused(y: list[int], p: list[float]) -> None:
    with pytest.raises(ValueError, match=r"must be|outcomes"):
        measure(y, p)
