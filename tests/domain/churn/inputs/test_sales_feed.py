"""When the feed of sales counts as stopped."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from churn_shops import cdnow, number, online_retail

from app.domain.churn.inputs.sales_feed import Feed, has_stopped
from app.domain.common.arrays import IntArray

ALL = np.arange(400)
NOT_ON_SUNDAYS = ALL[ALL % 7 != 6]
SATURDAY = int(NOT_ON_SUNDAYS[-1])


def stopped(days: IntArray, silence: int) -> bool:
    return has_stopped(days, int(days[-1]) + 1 + silence)


def test_worked_example() -> None:
    assert not stopped(NOT_ON_SUNDAYS, 4)
    assert stopped(NOT_ON_SUNDAYS, 5)


def test_a_silence_below_three_days_is_none() -> None:
    assert not stopped(ALL, 2)
    assert stopped(ALL, 3)


def test_the_longest_gap_is_not_exceeded_by_as_long_a_one() -> None:
    with_a_holiday = ALL[(ALL < 200) | (ALL >= 219)]  # a gap of 20
    assert not stopped(with_a_holiday, 20)
    assert stopped(with_a_holiday, 21)


def test_thirty_gaps_must_be_known() -> None:
    assert not stopped(ALL[:30], 100)
    assert stopped(ALL[:31], 100)
    assert not has_stopped(ALL[:0], 100)


def test_gaps_of_long_ago_and_days_ahead_do_not_count() -> None:
    old_gap = np.concatenate([ALL[:10], ALL[50:] + 600])
    assert has_stopped(old_gap, 1000 + 20)
    assert not has_stopped(ALL, 300)


@pytest.mark.parametrize("shop", [cdnow, online_retail])
def test_no_day_of_a_real_shop_is_taken_for_a_stop(shop: type, reference_data: Path) -> None:
    ledger = shop(reference_data)  # type: ignore[call-arg]
    days = np.unique(ledger.day[ledger.bought])  # type: ignore[attr-defined]
    first, last = int(days[0]), int(days[-1])
    assert [day for day in range(first + 60, last + 2) if has_stopped(days, day)] == []
    assert has_stopped(days, last + 61)


def test_a_feed_that_runs_has_not_stopped() -> None:
    assert not Feed().has_stopped
    assert Feed(date(2026, 1, 1)).has_stopped
    assert Feed(None, (("till", date(2026, 1, 1)),)).has_stopped
    assert number(date(1970, 1, 2)) == 1
