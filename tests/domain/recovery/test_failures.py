"""The few kinds of failures that make most of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.recovery.failures import pareto

COUNTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 1000), max_size=30)


def test_nothing_has_no_shares() -> None:
    for counts in ({}, {"late": 0}):
        found = pareto(counts)
        assert (found.rows, found.known, found.top20_share, found.gini, found.curve) == (
            (),
            0,
            None,
            None,
            (),
        )


def test_kinds_that_are_as_frequent_share_a_tier_and_stand_in_the_order_of_their_codes() -> None:
    found = pareto({"b": 10, "c": 10, "a": 10})
    assert [(row.what, row.tier) for row in found.rows] == [("a", "A"), ("b", "A"), ("c", "A")]
    assert [round(row.cumulative_share, 4) for row in found.rows] == [0.3333, 0.6667, 1.0]


@given(COUNTS)
def test_shares_add_up_and_no_kind_is_better_than_a_more_frequent_one(counts: dict[str, int]) -> None:
    found = pareto(counts)
    assert found.known == sum(counts.values())
    assert {row.what: row.complaints for row in found.rows} == {what: n for what, n in counts.items() if n}
    assert [row.tier for row in found.rows] == sorted(row.tier for row in found.rows)
    if found.rows:
        assert sum(row.share for row in found.rows) == pytest.approx(1)
        assert found.rows[-1].cumulative_share == pytest.approx(1)
        assert found.rows[0].tier == "A"


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        pareto({"late": -1})
