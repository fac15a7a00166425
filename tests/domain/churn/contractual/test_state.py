from datetime import date, timedelta

import numpy as np
import pytest

from app.domain.churn.contractual.state import (
    Contracts,
    State,
    Turnover,
    probabilities,
    state,
    states,
    turnover,
)
from app.domain.churn.inputs.purchase_history import NO_DAY

AS_OF = date(2026, 6, 1)
START = date(2025, 1, 1)


def days(number: int) -> date:
    """So many days after AS_OF."""
    return AS_OF + timedelta(days=number)


@pytest.mark.parametrize(
    ("started", "ends", "notice", "left", "ended_by_us", "expected"),
    [
        (None, None, None, None, False, State.NONE),
        (AS_OF, None, None, None, False, State.NOT_STARTED),
        (days(-1), None, None, None, False, State.ACTIVE),
        (START, days(200), None, None, False, State.ACTIVE),
        (START, days(-30), None, None, False, State.ACTIVE),
        (START, days(-31), None, None, False, State.LAPSED),
        (START, days(50), days(-1), None, False, State.NOTICE_GIVEN),
        (START, days(50), days(0), None, False, State.ACTIVE),
        (START, days(0), days(-9), None, False, State.NOTICE_GIVEN),
        (START, days(-1), days(-9), None, False, State.LEFT),
        (START, None, days(-9), None, False, State.NOTICE_GIVEN),
        (START, days(50), None, days(-1), False, State.LEFT),
        (START, days(50), None, days(0), False, State.ACTIVE),
        (START, days(50), None, days(-1), True, State.ENDED_BY_US),
        (None, None, None, days(-1), False, State.LEFT),
    ],
    ids=[
        "none", "starts-today", "started-yesterday", "active", "last-day-of-grace", "lapsed", "notice",
        "notice-today-is-not-seen", "last-day-after-notice", "no-grace-after-notice", "notice-without-end",
        "left", "leaves-today-is-not-seen", "ended-by-us", "left-without-contract",
    ],
)  # fmt: skip
def test_states(
    started: date | None,
    ends: date | None,
    notice: date | None,
    left: date | None,
    ended_by_us: bool,
    expected: State,
) -> None:
    assert state(started, ends, notice, left, ended_by_us, AS_OF) is expected


def test_worked_example_of_the_churn_rate() -> None:
    """200 at the start, 10 left, 30 joined: 5.0 %."""
    started = np.array([0] * 200 + [110] * 30)
    left_day = np.array([150] * 10 + [NO_DAY] * 220)
    none = np.full(230, NO_DAY)
    contracts = Contracts(started, none, none, left_day, np.zeros(230, dtype=np.bool_))
    found = turnover(contracts, 100, 190)
    assert found == Turnover(active_at_start=200, left=10, ended_by_us=0, joined=30)
    assert found.churn_rate == 0.05
    assert turnover(contracts, 0, 90).churn_rate is None
    assert turnover(contracts, 190, 190).churn_rate == 0
    with pytest.raises(ValueError, match="from_day"):
        turnover(contracts, 2, 1)


def test_ended_by_us_is_not_churn() -> None:
    none = np.full(2, NO_DAY)
    contracts = Contracts(np.zeros(2, dtype=np.int64), none, none, np.array([5, 5]), np.array([True, False]))
    assert turnover(contracts, 1, 9) == Turnover(active_at_start=2, left=1, ended_by_us=1, joined=0)


def test_probabilities() -> None:
    found = np.array(list(State), dtype=np.int8)
    with_rate = dict(zip(State, probabilities(found, 0.05).tolist(), strict=True))
    assert (with_rate[State.ACTIVE], with_rate[State.NOTICE_GIVEN]) == (0.05, 1.0)
    assert {one for one, value in with_rate.items() if value != value} == {
        State.NONE, State.NOT_STARTED, State.LAPSED, State.LEFT, State.ENDED_BY_US,
    }  # fmt: skip
    assert np.isnan(probabilities(found, None)[State.ACTIVE])


def test_nobody() -> None:
    empty = np.empty(0, dtype=np.int64)
    contracts = Contracts(empty, empty, empty, empty, empty.astype(np.bool_))
    assert states(contracts, 5).size == 0
    assert turnover(contracts, 1, 9) == Turnover(0, 0, 0, 0)
