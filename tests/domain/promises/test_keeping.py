"""Kept rates: the worked example, and what always holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.promises.keeping import Outcomes, kept_rate, shrunk_rates

counts = st.integers(0, 200)
outcomes = st.builds(Outcomes, counts, counts, counts, counts, counts, counts, counts)


def test_twenty_promises_of_which_fourteen_were_kept_on_time() -> None:
    found = Outcomes(on_time=14, late=3, overdue=1, cancelled_by_promiser=1, cancelled_by_other=1, moved=2)
    rate = kept_rate(found)
    assert (found.due, found.counted) == (20, 19)
    assert rate.share == pytest.approx(14 / 19)
    assert rate.share == pytest.approx(0.7368, abs=5e-5)
    assert (rate.low, rate.high) == (pytest.approx(0.512, abs=5e-4), pytest.approx(0.882, abs=5e-4))
    assert rate.is_small


def test_nothing_due_has_no_rate() -> None:
    assert kept_rate(Outcomes(cancelled_by_other=3, open=2)) == kept_rate(Outcomes())
    assert kept_rate(Outcomes()).share is None
    assert shrunk_rates([Outcomes(), Outcomes(cancelled_by_other=1)]) == [None, None]


def test_small_groups_are_marked() -> None:
    assert [kept_rate(Outcomes(on_time=n, cancelled_by_other=9)).is_small for n in (29, 30)] == [True, False]


@given(outcomes)
def test_the_interval_holds_the_rate(found: Outcomes) -> None:
    rate = kept_rate(found)
    if found.counted:
        ends = [rate.low or 0.0, rate.share or 0.0, rate.high or 0.0]
        assert ends == sorted(ends)
        assert None not in (rate.low, rate.share, rate.high)


@given(st.lists(outcomes, max_size=8))
def test_shrunk_rates_lie_between_their_own_and_that_of_all(groups: list[Outcomes]) -> None:
    n = sum(group.counted for group in groups)
    overall = sum(group.on_time for group in groups) / n if n else None
    for group, rate in zip(groups, shrunk_rates(groups), strict=True):
        own = kept_rate(group).share
        assert (rate is None) == (own is None)
        if rate is not None and own is not None and overall is not None:
            assert min(own, overall) - 1e-9 <= rate <= max(own, overall) + 1e-9
