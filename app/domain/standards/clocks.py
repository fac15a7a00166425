"""The life of a clock: due, warned, paused, met, broken; and the rungs of its escalation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Protocol


class ClockState(StrEnum):
    """How a clock stands."""

    RUNNING = "running"
    PAUSED = "paused"
    """It stands still: the company waits for the customer."""
    MET = "met"
    """What it waited for was done in time."""
    BROKEN = "broken"
    """What it waited for was not done in time, whether it was done later or not."""
    ENDED = "ended"
    """It stopped in time and unfinished: the case was closed without, or nobody knows when it was done."""
    SUPERSEDED = "superseded"
    """It stopped in time because a raised severity put the case under another standard."""


class TellWhom(StrEnum):
    """Whom a rung tells."""

    OWNER = "owner"
    """The owner of the case."""
    AGENT = "agent"
    """A person by code."""
    UNIT = "unit"
    """The queue of a unit: the named one, else that of the case."""
    HEAD = "head"
    """Who heads that unit."""


class NoticeKind(StrEnum):
    """What a clock tells about."""

    WARNED = "warned"
    BROKEN = "broken"
    ESCALATED = "escalated"


class TimeScale(Protocol):
    """What counts as time: `ClockTime`, or `app.domain.standards.business_time.BusinessTime`."""

    def add(self, at: datetime, seconds: float) -> datetime:
        """Give the first instant by which so many seconds have counted."""

    def measure(self, start: datetime, end: datetime) -> float:
        """Give the seconds that count between two instants."""


class ClockTime:
    """Every second counts."""

    def add(self, at: datetime, seconds: float) -> datetime:
        """Give the instant ``seconds`` later."""
        return at + timedelta(seconds=seconds)

    def measure(self, start: datetime, end: datetime) -> float:
        """Give the seconds between two instants, 0 if ``end`` is not after ``start``."""
        return max(0.0, (end - start).total_seconds())


CLOCK_TIME = ClockTime()


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of an escalation; either ``after_share`` or ``past_due_seconds`` says when.

    Args:
        after_share: when this share of the target has passed, above 0, at most 1.
        past_due_seconds: when so much time has passed since it was due, 0 or more, counted as the clock is.
        tell: whom.
        code: the agent's or unit's; None for the unit of the case.
        changes_owner: whether the case becomes theirs.
    """

    after_share: float | None
    past_due_seconds: int | None
    tell: TellWhom
    code: str | None = None
    changes_owner: bool = False


def are_ascending(rungs: Sequence[Rung]) -> bool:
    """Tell whether rungs stand in the order in which they come: by share, then by time past due.

    >>> early, due = Rung(0.5, None, TellWhom.HEAD), Rung(None, 0, TellWhom.HEAD)
    >>> are_ascending([early, due]), are_ascending([due, early]), are_ascending([due, due])
    (True, False, False)
    """
    keys = [
        (rung.past_due_seconds is not None, rung.after_share or rung.past_due_seconds or 0) for rung in rungs
    ]
    return all(first < second for first, second in pairwise(keys))


@dataclass(frozen=True, slots=True)
class Clock:
    """How one clock stands.

    Args:
        started_at: when it started.
        target_seconds: how much time there is, counted on its scale; so are the other seconds.
        warn_share: the share of the target after which it warns; None: never.
        due_at: until when it is met, that instant included; later after a pause.
        warn_at: when it warns; None: never.
        state: see `ClockState`.
        warned_at: when it was told that little time is left; None: not yet.
        broken_at: the due time, once that has passed; None: not yet.
        done_at: when what it waits for was done; None: not yet, or nobody knows.
        ended_at: when it stopped; None while it goes on.
        paused_at: since when it stands still; None: it does not.
        paused_seconds: how long it stood still before.
        taken_seconds: how long it ran, without pauses, until ``ended_at``; None while it goes on.
        next_rung: how many rungs have been dealt with.
        next_at: when something is to be told; None: nothing is.
    """

    started_at: datetime
    target_seconds: int
    warn_share: float | None
    due_at: datetime
    warn_at: datetime | None
    state: ClockState = ClockState.RUNNING
    warned_at: datetime | None = None
    broken_at: datetime | None = None
    done_at: datetime | None = None
    ended_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: float = 0.0
    taken_seconds: float | None = None
    next_rung: int = 0
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell about a clock: what, since when, and by which rung."""

    kind: NoticeKind
    at: datetime
    rung: Rung | None = None
    number: int | None = None
    """Of the rung, from 1."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a clock goes: its scale, and the rungs of its escalation in order."""

    scale: TimeScale = CLOCK_TIME
    rungs: tuple[Rung, ...] = ()


def start(at: datetime, target_seconds: int, warn_share: float | None, rules: Rules) -> Clock:
    """Start a clock.

    >>> from datetime import UTC
    >>> clock = start(datetime(2026, 3, 2, 9, tzinfo=UTC), 3600, 0.75, Rules())
    >>> clock.due_at.isoformat(), clock.next_at.isoformat()
    ('2026-03-02T10:00:00+00:00', '2026-03-02T09:45:00+00:00')
    """
    clock = Clock(at, target_seconds, warn_share, at, None)
    return _scheduled(_timed(clock, rules), rules)


def start_until(at: datetime, due_at: datetime, warn_share: float | None, rules: Rules) -> Clock:
    """Start a clock that is due at a given instant: its target is the time between.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> clock = start_until(noon, noon + timedelta(hours=2), 0.75, Rules())
    >>> clock.target_seconds, clock.next_at.isoformat()
    (7200, '2026-03-02T13:30:00+00:00')
    """
    clock = Clock(at, round(rules.scale.measure(at, due_at)), warn_share, due_at, None)
    return _scheduled(replace(clock, warn_at=_share_at(clock, warn_share, rules)), rules)


def fire(clock: Clock, now: datetime, rules: Rules) -> tuple[Clock, list[Notice]]:
    """Deal with everything that came before ``now``: each thing once, whatever was missed, in order of time.

    >>> from datetime import UTC
    >>> clock = start(datetime(2026, 3, 2, 9, tzinfo=UTC), 3600, 0.75, Rules())
    >>> clock, notices = fire(clock, datetime(2026, 3, 2, 12, tzinfo=UTC), Rules())
    >>> [notice.kind.value for notice in notices], clock.state.value, clock.next_at
    (['warned', 'broken'], 'broken', None)
    """
    if clock.ended_at is not None or clock.paused_at is not None:
        return clock, []
    notices = []
    if clock.warned_at is None and clock.warn_at is not None and clock.warn_at < now:
        if clock.broken_at is None:
            notices.append(Notice(NoticeKind.WARNED, clock.warn_at))
        clock = replace(clock, warned_at=now)
    if clock.broken_at is None and clock.due_at < now:
        notices.append(Notice(NoticeKind.BROKEN, clock.due_at))
        clock = replace(clock, broken_at=clock.due_at, state=ClockState.BROKEN)
    while clock.next_rung < len(rules.rungs) and (at := _rung_at(clock, clock.next_rung, rules)) < now:
        number = clock.next_rung + 1
        notices.append(Notice(NoticeKind.ESCALATED, at, rules.rungs[number - 1], number))
        clock = replace(clock, next_rung=number)
    return _scheduled(clock, rules), sorted(notices, key=lambda notice: notice.at)


def pause(clock: Clock, at: datetime, rules: Rules) -> Clock:
    """Let a clock stand still; one that was due by then goes on, because it was broken already."""
    if clock.ended_at is not None or clock.paused_at is not None or at >= clock.due_at:
        return clock
    return _scheduled(replace(clock, paused_at=at, broken_at=None, state=ClockState.PAUSED), rules)


def resume(clock: Clock, at: datetime, rules: Rules) -> Clock:
    """Let a clock that stands still go on, due so much later as it stood still."""
    if clock.ended_at is not None or clock.paused_at is None:
        return clock
    paused = clock.paused_seconds + rules.scale.measure(clock.paused_at, at)
    going = replace(clock, paused_at=None, paused_seconds=paused, state=ClockState.RUNNING)
    return _scheduled(_timed(going, rules), rules)


def finish(clock: Clock, at: datetime, rules: Rules) -> Clock:
    """Stop a clock because what it waited for was done: met if not after its due time, else broken."""
    stopped = _stopped(clock, at, rules)
    is_met = at <= stopped.due_at
    return replace(
        stopped,
        state=ClockState.MET if is_met else ClockState.BROKEN,
        broken_at=None if is_met else stopped.due_at,
        done_at=at,
    )


def end(clock: Clock, at: datetime, rules: Rules, state: ClockState = ClockState.ENDED) -> Clock:
    """Stop a clock although what it waited for was not done; one that was due before is broken."""
    stopped = _stopped(clock, at, rules)
    if at > stopped.due_at:
        return replace(stopped, state=ClockState.BROKEN, broken_at=stopped.due_at)
    return replace(stopped, state=state, broken_at=None)


def end_at_unknown_time(clock: Clock, at: datetime) -> Clock:
    """Stop a clock of which nobody knows when what it waited for was done: nothing is known of its time."""
    return replace(
        clock,
        state=ClockState.ENDED,
        broken_at=None,
        paused_at=None,
        ended_at=at,
        taken_seconds=0.0,
        next_at=None,
    )


def _stopped(clock: Clock, at: datetime, rules: Rules) -> Clock:
    going = resume(clock, at, rules)
    taken = max(0.0, rules.scale.measure(going.started_at, at) - going.paused_seconds)
    return replace(going, ended_at=at, taken_seconds=taken, next_at=None)


def _timed(clock: Clock, rules: Rules) -> Clock:
    due_at = rules.scale.add(clock.started_at, clock.target_seconds + clock.paused_seconds)
    return replace(clock, due_at=due_at, warn_at=_share_at(clock, clock.warn_share, rules))


def _share_at(clock: Clock, share: float | None, rules: Rules) -> datetime | None:
    if share is None:
        return None
    return rules.scale.add(clock.started_at, share * clock.target_seconds + clock.paused_seconds)


def _rung_at(clock: Clock, index: int, rules: Rules) -> datetime:
    rung = rules.rungs[index]
    at = _share_at(clock, rung.after_share, rules)
    return at or rules.scale.add(clock.due_at, rung.past_due_seconds or 0)


def _scheduled(clock: Clock, rules: Rules) -> Clock:
    """The clock with the next instant at which something has to be said."""
    if clock.ended_at is not None or clock.paused_at is not None:
        return replace(clock, next_at=None)
    coming = []
    if clock.broken_at is None:
        coming.append(clock.due_at)
        if clock.warned_at is None and clock.warn_at is not None:
            coming.append(clock.warn_at)
    if clock.next_rung < len(rules.rungs):
        coming.append(_rung_at(clock, clock.next_rung, rules))
    return replace(clock, next_at=min(coming, default=None))
