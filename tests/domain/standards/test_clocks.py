"""The life of a clock: whatever happens in whatever order, time adds up and each thing is told once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.standards import clocks
from app.domain.standards.business_time import Interval, WorkingHours, business_time
from app.domain.standards.clocks import ClockState, Notice, Rules, Rung, TellWhom

START = datetime(2026, 3, 2, 7, tzinfo=UTC)
OFFICE = business_time(
    WorkingHours("Europe/Istanbul", ((Interval(540, 720), Interval(780, 1080)),) * 5 + ((), ()))
)
RUNGS = (
    Rung(0.5, None, TellWhom.OWNER),
    Rung(None, 0, TellWhom.HEAD),
    Rung(None, 3600, TellWhom.UNIT, changes_owner=True),
)
moves = st.lists(
    st.tuples(st.sampled_from(["fire", "pause", "resume"]), st.integers(0, 36 * 3600)), max_size=12
)


@given(
    moves, st.sampled_from([clocks.CLOCK_TIME, OFFICE]), st.integers(1, 20 * 3600), st.none() | st.just(0.75)
)
def test_time_adds_up_and_each_thing_is_told_once(
    given_moves: list[tuple[str, int]], scale: clocks.TimeScale, target: int, warn: float | None
) -> None:
    rules = Rules(scale, RUNGS)
    clock = clocks.start(START, target, warn, rules)
    told: list[Notice] = []
    now = START
    for name, seconds in given_moves:
        now += timedelta(seconds=seconds)
        if name == "fire":
            clock, notices = clocks.fire(clock, now, rules)
            told += notices
        else:
            clock = getattr(clocks, name)(clock, now, rules)
        is_still = clock.paused_at is not None
        assert (clock.next_at is None) == (is_still or (clock.broken_at is not None and clock.next_rung == 3))
        assert scale.measure(START, clock.due_at) - clock.paused_seconds == target
    done = clocks.finish(clock, now, rules)
    assert done.state is (ClockState.MET if now <= done.due_at else ClockState.BROKEN)
    assert done.taken_seconds is not None
    assert (done.taken_seconds <= target) == (done.state is ClockState.MET)
    assert done.next_at is None
    assert clocks.fire(done, now + timedelta(days=400), rules) == (done, [])
    names = [(notice.kind, notice.number) for notice in told]
    numbers = [number for _, number in names if number is not None]
    assert numbers == sorted(set(numbers))
    assert names.count((clocks.NoticeKind.WARNED, None)) <= 1


def test_what_was_missed_is_made_up_for_in_order() -> None:
    rules = Rules(clocks.CLOCK_TIME, RUNGS)
    clock = clocks.start(START, 7200, 0.75, rules)
    clock, notices = clocks.fire(clock, START + timedelta(hours=9), rules)
    assert [
        (notice.kind.value, notice.number, (notice.at - START).total_seconds() / 3600) for notice in notices
    ] == [
        ("escalated", 1, 1.0),
        ("warned", None, 1.5),
        ("broken", None, 2.0),
        ("escalated", 2, 2.0),
        ("escalated", 3, 3.0),
    ]
    assert clocks.fire(clock, START + timedelta(hours=10), rules)[1] == []


def test_past_due_counts_in_business_time() -> None:
    rules = Rules(OFFICE, RUNGS)
    friday = datetime(2026, 3, 6, 14, tzinfo=UTC)  # 17:00 in Istanbul: an hour is left
    clock, _ = clocks.fire(clocks.start(friday, 3600, None, rules), friday + timedelta(hours=2), rules)
    assert clock.next_rung == 2
    assert clock.next_at == datetime(2026, 3, 9, 7, tzinfo=UTC)  # Monday, 10:00


def test_a_clock_that_is_broken_does_not_pause() -> None:
    rules = Rules()
    clock = clocks.start(START, 3600, None, rules)
    late = START + timedelta(hours=1)
    assert clocks.pause(clock, late, rules) == clock
    broken, _ = clocks.fire(clock, START + timedelta(hours=3), rules)
    asked_in_time = clocks.pause(broken, START + timedelta(minutes=30), rules)  # reported late
    assert (asked_in_time.state, asked_in_time.broken_at) == (ClockState.PAUSED, None)


def test_a_clock_given_up_in_time_is_neither_met_nor_broken() -> None:
    rules = Rules()
    clock = clocks.start(START, 3600, None, rules)
    assert clocks.end(clock, START + timedelta(minutes=59), rules).state is ClockState.ENDED
    assert clocks.end(clock, START + timedelta(minutes=61), rules).state is ClockState.BROKEN
