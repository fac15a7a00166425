"""From which silence on customers have left, as the closed windows prove it."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from churn_shops import cdnow, number, online_retail, simulated
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.inputs.snapshots import Window
from app.domain.churn.left_by_silence import (
    LIMITS,
    ReturnShare,
    SilenceVerdict,
    SilentThen,
    judge,
    silent_then,
    upper_limit,
)
from app.domain.churn.levels import silence_ratio
from benchmarks.purchase_log import Ledger


@pytest.mark.parametrize(
    ("share", "upper", "within", "proves"),
    [
        (ReturnShare(43, 700, 90, 90), 0.078502, 0.078502, True),
        (ReturnShare(76, 1297, 60, 90), 0.070476, 0.103828, False),
        (ReturnShare(0, 28, 90, 90), 0.101466, 0.101466, False),
        (ReturnShare(0, 29, 90, 90), 0.098145, 0.098145, True),
        (ReturnShare(0, 29, 180, 90), 0.098145, 0.098145, True),
        (ReturnShare(5, 5, 90, 90), 1, 1, False),
        (ReturnShare(0, 0, 90, 90), 1, 1, False),
    ],
    ids=str,
)
def test_worked_examples(share: ReturnShare, upper: float, within: float, proves: bool) -> None:
    assert share.upper == pytest.approx(upper, abs=1e-6)
    assert share.within_horizon == pytest.approx(within, abs=1e-6)
    assert share.proves is proves


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_upper_limit_lies_above_the_share(returned: int, others: int) -> None:
    n = returned + others
    upper = upper_limit(returned, n)
    assert (returned / n if n else 0) <= upper <= 1
    assert upper_limit(returned, n + 1) <= upper


def then(*, n: int, returned: int, days: int = 90) -> SilentThen:
    """A window in which nobody was silent beyond a ratio of 2."""
    beyond = (n, n // 2, *[0] * (len(LIMITS) - 2))
    return SilentThen(1000, days, beyond, (returned, 0, *[0] * (len(LIMITS) - 2)))


def test_the_least_limit_that_every_window_proves() -> None:
    few, many = then(n=100, returned=2), then(n=100, returned=40)
    assert SilenceVerdict(90, (few, few)).limit == 1.0
    assert SilenceVerdict(90, (few, many)).limit == 1.5
    assert SilenceVerdict(90, (few,)).limit is None  # no second window
    assert SilenceVerdict(90, ()).limit is None
    assert SilenceVerdict(90, (few, then(n=20, returned=0))).limit is None  # too few silent ones
    assert SilenceVerdict(360, (few, few)).limit is None  # not for so long a horizon


def test_shares_are_of_the_window_with_the_highest_limit() -> None:
    few, many = then(n=100, returned=2), then(n=100, returned=40)
    found = SilenceVerdict(90, (few, many))
    assert found.left == ReturnShare(0, 50, 90, 90)
    assert found.dormant_up_to(1.5) == ReturnShare(40, 50, 90, 90)
    assert found.dormant_up_to(None) == ReturnShare(40, 100, 90, 90)
    assert found.dormant_up_to(1.0) is None  # beyond 1 is left already
    assert SilenceVerdict(90, ()).left is None
    assert found.dormant_up_to(None).to_dict() == {  # type: ignore[union-attr]
        "share": 0.4,
        "upper": pytest.approx(0.4870, abs=1e-4),
        "returned": 40,
        "n": 100,
        "window_days": 90,
        "horizon_days": 90,
    }


def test_a_verdict_survives_storage() -> None:
    found = SilenceVerdict(90, (then(n=100, returned=2), then(n=70, returned=3, days=60)))
    assert SilenceVerdict.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def judged(ledger: Ledger, day: int, horizon: int) -> SilenceVerdict:
    earlier, last = ledger.windows(day, horizon)
    return judge(horizon, last, ledger.same_season(day, horizon), earlier)


def test_the_same_season_of_the_year_before_speaks_where_there_is_one() -> None:
    young, old = simulated(3), simulated(3, days=900)
    assert [window.opened_day for window in judged(young, 400, 60).windows] == [340, 280]
    assert [window.opened_day for window in judged(old, 700, 60).windows] == [640, 336]
    assert judged(young, 60, 60).windows == ()


def test_a_window_that_has_not_closed_is_refused() -> None:
    ledger = simulated(3)
    earlier, last = ledger.windows(400, 60)
    with pytest.raises(ValueError, match="closed"):
        judge(60, last, ledger.window(390, 60), earlier)


def silent(window: Window, limit: float) -> tuple[int, int]:
    """Customers of a window silent beyond a limit, and those of them who bought in it."""
    known = window.then.histories
    ratio = silence_ratio(known.x, known.t_x_days, known.silence_days, window.then.rhythm)
    beyond = ratio > limit
    return int(np.count_nonzero(beyond)), int(np.count_nonzero(beyond & ~window.silent))


def test_counts_are_those_of_the_window() -> None:
    window = simulated(3).window(300, 60)
    found = silent_then(window)
    assert (found.opened_day, found.window_days) == (300, 60)
    assert list(zip(found.n, found.returned, strict=True)) == [silent(window, limit) for limit in LIMITS]
    assert 0 < found.returned[0] < found.n[0]


@pytest.mark.parametrize(("day", "horizon"), [(date(1997, 12, 1), 60), (date(1998, 1, 1), 90)])
def test_cdnow_proves_that_silent_customers_have_left(reference_data: Path, day: date, horizon: int) -> None:
    ledger = cdnow(reference_data)
    limit = judged(ledger, number(day), horizon).limit
    assert limit == 1.0
    left, returned = silent(ledger.window(number(day), horizon), limit)
    assert returned <= 0.1 * left
    if horizon == 90:
        assert (left, returned) == (1570, 96)


def test_of_those_called_left_a_tenth_returns_at_most(reference_data: Path) -> None:
    shops = (
        (cdnow(reference_data), [date(1997, month, 1) for month in range(5, 13)], 365 * 28 + 175),
        (online_retail(reference_data), [date(2011, month, 10) for month in range(3, 12)], 0),
    )
    used = 0
    for ledger, days, _ in shops:
        end = int(ledger.day.max()) + 1
        for day in map(number, days):
            for horizon in (30, 60, 91, 182):
                limit = judged(ledger, day, horizon).limit if day + horizon <= end else None
                if limit is None:
                    continue
                used += ledger is shops[0][0]
                assert ledger is shops[0][0]  # never in the first year of the other
                left, returned = silent(ledger.window(day, horizon), limit)
                assert returned <= 0.1 * left
    assert used >= 5
