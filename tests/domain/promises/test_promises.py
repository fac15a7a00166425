"""States of promises as a table, and what always holds of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.promises.promises import (
    UNFINISHED,
    Promise,
    Promiser,
    PromiseState,
    is_broken,
)

DUE = datetime(2026, 3, 10, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
BEFORE, AFTER = DUE - timedelta(days=1), DUE + timedelta(days=1)
US, CUSTOMER = Promiser.US, Promiser.CUSTOMER

OPEN = Promise(US, DUE)


@pytest.mark.parametrize(
    ("promise", "now", "state", "broken"),
    [
        (OPEN, BEFORE, "open", False),
        (OPEN, DUE, "open", False),
        (OPEN, DUE + TICK, "overdue", True),
        (OPEN.keep(DUE), AFTER, "kept", False),
        (OPEN.keep(DUE + TICK), AFTER, "late", True),
        (OPEN.cancel(BEFORE, US), AFTER, "cancelled_by_us", True),
        (OPEN.cancel(AFTER, US), AFTER, "cancelled_by_us", True),
        (OPEN.cancel(DUE, CUSTOMER), AFTER, "cancelled_by_customer", False),
        (OPEN.cancel(DUE + TICK, CUSTOMER), AFTER, "abandoned", True),
        (Promise(CUSTOMER, DUE).cancel(BEFORE, CUSTOMER), AFTER, "cancelled_by_customer", True),
        (Promise(CUSTOMER, DUE).cancel(BEFORE, US), AFTER, "cancelled_by_us", False),
        (Promise(CUSTOMER, DUE).cancel(AFTER, US), AFTER, "abandoned", True),
        (OPEN.move(AFTER, BEFORE, is_agreed=True), AFTER, "open", False),
        (OPEN.move(AFTER, DUE, is_agreed=True), AFTER, "open", False),
        (OPEN.move(AFTER, DUE + TICK, is_agreed=True), AFTER, "overdue", True),
        (OPEN.move(AFTER, BEFORE, is_agreed=False), AFTER, "overdue", True),
        (OPEN.move(AFTER, BEFORE, is_agreed=False).keep(AFTER), AFTER, "late", True),
        (OPEN.move(AFTER, BEFORE, is_agreed=False).keep(BEFORE), AFTER, "kept", False),
        (OPEN.move(BEFORE, BEFORE - TICK, is_agreed=True), DUE, "overdue", True),
    ],
)
def test_states(promise: Promise, now: datetime, state: str, broken: bool) -> None:
    found = promise.state(now)
    assert (found.value, is_broken(found, promise.promised_by)) == (state, broken)


instants = st.integers(-(10**12), 10**12).map(lambda micros: DUE + timedelta(microseconds=micros))
sides = st.sampled_from(Promiser)


@given(sides, instants, st.lists(st.tuples(instants, instants, st.booleans()), max_size=4), instants)
def test_only_the_clock_takes_an_unfinished_promise_from_open_to_overdue(
    side: Promiser, due: datetime, moves: list[tuple[datetime, datetime, bool]], now: datetime
) -> None:
    promise = Promise(side, due)
    for at, new, is_agreed in moves:
        after = promise.move(new, at, is_agreed=is_agreed)
        counts = is_agreed and at <= promise.due_at
        assert after.due_at == (new if counts else promise.due_at)
        assert after.planned_at == (None if counts else new)
        promise = after
    state = promise.state(now)
    assert state in UNFINISHED
    assert (state is PromiseState.OVERDUE) == (now > promise.due_at) == is_broken(state, side)


@given(sides, instants, instants, st.none() | sides, st.tuples(instants, instants))
def test_a_finished_promise_stays_as_it_is(
    side: Promiser, due: datetime, at: datetime, by: Promiser | None, times: tuple[datetime, datetime]
) -> None:
    promise = Promise(side, due)
    ended = promise.keep(at) if by is None else promise.cancel(at, by)
    first, second = (ended.state(now) for now in times)
    assert first is second
    assert first not in UNFINISHED
    if at > due:  # what was overdue is broken for good
        assert is_broken(first, side)
    elif by is None or by is not side:
        assert not is_broken(first, side)
