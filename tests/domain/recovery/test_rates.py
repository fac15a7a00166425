"""Ratios of rates: published values, the exact test they belong to, and what must always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from app.domain.recovery.rates import RateVerdict, rate_change, shared_confidence

COUNTS = st.integers(0, 500)
DAYS = st.integers(1, 400)


def test_the_example_of_r_comes_out() -> None:
    """``poisson.test(c(11, 6+8+7), c(800, 1083+1050+878))`` of R's documentation."""
    found = rate_change(21, 1083 + 1050 + 878, 11, 800)
    assert found.ratio == pytest.approx(1.971488, abs=1e-6)
    assert (found.low, found.high) == (pytest.approx(0.8584264), pytest.approx(4.2772659))
    assert found.verdict is RateVerdict.NO_EVIDENCE


@pytest.mark.parametrize(
    ("before", "days_before", "after", "days_after", "verdict"),
    [
        (40, 90, 22, 90, RateVerdict.FEWER),
        (22, 90, 40, 90, RateVerdict.MORE),
        (40, 90, 38, 90, RateVerdict.NO_EVIDENCE),
        (12, 90, 0, 30, RateVerdict.NO_EVIDENCE),
        (40, 90, 0, 30, RateVerdict.FEWER),
        (0, 90, 40, 90, RateVerdict.MORE),
        (0, 90, 3, 90, RateVerdict.NO_EVIDENCE),
        (0, 90, 0, 90, RateVerdict.NO_EVIDENCE),
        (40, 90, 0, 0, RateVerdict.NO_EVIDENCE),
    ],
)
def test_what_is_said_of_two_periods(
    before: int, days_before: float, after: int, days_after: float, verdict: RateVerdict
) -> None:
    found = rate_change(before, days_before, after, days_after)
    assert found.verdict is verdict
    assert (found.ratio is None) == (before == 0 or days_after == 0)
    assert (found.high is None) == (before == 0 or days_after == 0)


@given(COUNTS, DAYS, COUNTS, DAYS)
def test_the_interval_is_that_of_the_exact_binomial(before: int, t0: int, after: int, t1: int) -> None:
    found = rate_change(before, t0, after, t1)
    if not before + after:
        assert (found.ratio, found.low, found.high) == (None, None, None)
        return
    exact = binomtest(after, before + after).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx(exact.low / (1 - exact.low) * t0 / t1, rel=1e-7)
    if found.ratio is not None and found.high is not None and found.low is not None:
        assert found.high == pytest.approx(exact.high / (1 - exact.high) * t0 / t1, rel=1e-7)
        assert found.low <= found.ratio <= found.high


@given(COUNTS, DAYS, COUNTS, DAYS)
def test_periods_that_change_places_give_the_inverse(before: int, t0: int, after: int, t1: int) -> None:
    there, back = rate_change(before, t0, after, t1), rate_change(after, t1, before, t0)
    opposite = {RateVerdict.FEWER: RateVerdict.MORE, RateVerdict.MORE: RateVerdict.FEWER}
    assert back.verdict is opposite.get(there.verdict, there.verdict)
    if before and after:
        assert there.ratio is not None
        assert back.ratio is not None
        assert there.ratio * back.ratio == pytest.approx(1)


def test_many_comparisons_share_the_error() -> None:
    assert [round(shared_confidence(n), 4) for n in (0, 1, 5, 50)] == [0.95, 0.95, 0.99, 0.999]
    alone = rate_change(40, 90, 22, 90)
    one_of_four = rate_change(40, 90, 22, 90, confidence=shared_confidence(4))
    assert (alone.verdict, one_of_four.verdict) == (RateVerdict.FEWER, RateVerdict.NO_EVIDENCE)


@pytest.mark.parametrize("given_", [(-1, 1, 0, 1), (0, -1, 0, 1), (0, 1, -1, 1), (0, 1, 0, -1)])
def test_what_cannot_be_is_refused(given_: tuple[int, float, int, float]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        rate_change(*given_)
