"""Shares over all that was received, and the Kaplan-Meier median against an independent computation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.standards.attainment import Outcomes, attainment, median


def product_limit_median(
    taken: list[float], done: list[bool]
) -> tuple[float | None, float | None, float | None]:
    """Median and log-log interval by the textbook: one pass over the times, Greenwood's variance."""
    half: list[float | None] = [None, None, None]
    survival, variance = 1.0, 0.0
    for time in sorted({at for at, is_done in zip(taken, done, strict=True) if is_done}):
        at_risk = sum(at >= time for at in taken)
        died = sum(is_done and at == time for at, is_done in zip(taken, done, strict=True))
        survival *= 1 - died / at_risk
        bounds: tuple[float, ...] = (survival, math.nan, math.nan)
        if at_risk > died:
            variance += died / (at_risk * (at_risk - died))
            error = 1.959963984540054 * math.sqrt(variance) / math.log(survival)
            ends = sorted((survival ** math.exp(error), survival ** math.exp(-error)))
            bounds = (survival, *ends)
        half = [
            time if known is None and not math.isnan(bound) and bound <= 0.5 + 1e-12 else known
            for known, bound in zip(half, bounds, strict=True)
        ]
    return half[0], half[1], half[2]


def test_a_worked_example() -> None:
    taken, done = (
        [1.0, 2.0, 2.0, 3.0, 5.0, 8.0, 9.0, 12.0],
        [True, True, False, True, True, False, True, False],
    )
    # Left: 7/8, then 6/7 of it, 4/5, 3/4 (0.45 at the fifth hour).
    assert median(np.array(taken), np.array(done)).value == 5.0
    assert product_limit_median(taken, done)[0] == 5.0


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60))
def test_the_median_is_the_product_limit_estimate(cases: list[tuple[int, bool]]) -> None:
    taken, done = [float(at) for at, _ in cases], [is_done for _, is_done in cases]
    found = median(np.array(taken), np.array(done))
    value, low, _ = product_limit_median(taken, done)
    assert found.value == value
    assert found.low == low
    if found.high is not None and found.value is not None:
        assert found.high >= found.value


def test_nobody_done_has_no_median() -> None:
    nothing = median(np.array([5.0, 6.0]), np.array([False, False]))
    assert (nothing.value, nothing.low, nothing.high) == (None, None, None)
    empty = np.empty(0, dtype=np.bool_)
    found = attainment(Outcomes(empty, empty, empty, empty, np.empty(0)))
    assert (found.received, found.share, found.median.value, found.is_small) == (0, None, None, True)


def test_every_clock_is_counted_once() -> None:
    outcomes = np.repeat([0, 1, 2, 3, 4], [20, 5, 4, 3, 2])  # met, late, broken and not done, running, ended
    found = attainment(
        Outcomes(
            is_met=outcomes == 0,
            is_broken=(outcomes == 1) | (outcomes == 2),
            is_running=outcomes == 3,
            is_done=outcomes <= 1,
            taken_seconds=np.arange(34.0),
        )
    )
    counts = (found.received, found.met, found.broken, found.running, found.ended, found.censored)
    assert counts == (34, 20, 9, 3, 2, 9)
    assert found.share == pytest.approx(20 / 34)
    assert found.share_low is not None
    assert found.share_high is not None
    assert found.share_low < 20 / 34 < found.share_high
    assert not found.is_small
