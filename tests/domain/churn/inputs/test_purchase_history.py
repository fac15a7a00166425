import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from purchase_lists import Purchases, histories_of

from app.domain.churn.inputs.purchase_history import (
    Histories,
    Rhythm,
    from_days,
    group,
    rhythm,
)

PURCHASES = st.lists(st.tuples(st.integers(1, 6), st.integers(-50, 300)), max_size=40)


def columns_of(purchases: list[tuple[int, int]]) -> Purchases:
    return [owner for owner, _ in purchases], [day for _, day in purchases]


@given(PURCHASES, st.integers(-60, 320))
def test_histories_are_as_defined(purchases: list[tuple[int, int]], as_of_day: int) -> None:
    owners, histories = histories_of(columns_of(purchases), as_of_day)
    expected = {}
    for owner, day in purchases:
        if day < as_of_day:
            expected.setdefault(owner, set()).add(day)
    assert owners.tolist() == sorted(expected)
    for place, owner in enumerate(owners.tolist()):
        days = expected[owner]
        assert histories.x[place] == len(days) - 1
        assert histories.t_x_days[place] == max(days) - min(days)
        assert histories.t_days[place] == as_of_day - 1 - min(days)


@given(PURCHASES)
def test_groups_hold_every_customer_once(purchases: list[tuple[int, int]]) -> None:
    _, histories = histories_of(columns_of(purchases), 400)
    groups = group(histories)
    assert groups.counts.sum() == len(histories)
    repeated = np.repeat(np.arange(groups.counts.size), groups.counts)
    found = groups.histories.take(repeated)
    mine = sorted(zip(histories.x, histories.t_days, histories.t_x_days, strict=True))
    assert list(zip(found.x, found.t_days, found.t_x_days, strict=True)) == mine


@pytest.mark.parametrize(
    "columns",
    [
        ([1], [0], [5]),
        ([0], [3], [5]),
        ([2], [1], [5]),
        ([1], [6], [5]),
        ([-1], [0], [5]),
        ([0], [0], [-1]),
        ([0], [0], [1_000_001]),
        ([0.5], [1], [5]),
        ([0, 0], [0], [5]),
    ],
    ids=str,
)
def test_impossible_histories_are_refused(columns: tuple[list[int], list[int], list[int]]) -> None:
    with pytest.raises(ValueError, match=r"x|column|long"):
        Histories(*columns)


def test_a_purchase_on_the_day_itself_is_not_seen() -> None:
    with pytest.raises(ValueError, match="t_days"):
        from_days([10], [10], [1], as_of_day=10)


def test_rhythm_is_of_those_who_came_back() -> None:
    assert rhythm(Histories([0, 0], [0, 0], [9, 9])) == Rhythm(0, None, None)
    assert rhythm(Histories([], [], [])) == Rhythm(0, None, None)
    assert rhythm(Histories([1, 2, 0], [10, 60, 0], [90, 90, 90])) == Rhythm(2, 20.0, 29.0)
