import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.evaluation.metrics import Interval, calibration_table, lift, measure, rank

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


def test_what_cannot_be_had_is_none() -> None:
    nobody = measure([], [])
    assert (nobody.n, nobody.base_rate, nobody.auc, nobody.brier, nobody.ece) == (0, None, None, None, None)
    assert nobody.calibration == ()
    all_stayed = measure([0, 0], [0.2, 0.4])
    assert (all_stayed.auc, all_stayed.auc_interval, all_stayed.lift10) == (None, None, None)
    assert all_stayed.brier == pytest.approx(0.1)
    order_only = measure([0, 1], [100, 200], is_probability=False)
    assert (order_only.auc, order_only.brier, order_only.ece, order_only.mean_p) == (1.0, None, None, None)


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
