"""The life of a complaint: its states, the steps between them, and the number people can say aloud."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.domain.common.days import CLOCKS_DIFFER

# --- words


class ComplaintState(StrEnum):
    """How far a complaint has come. Reopening and the customer's refusal are steps: work goes on."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    WAITING_CUSTOMER = "waiting_customer"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


OPEN_STATES = frozenset(
    {
        ComplaintState.OPEN,
        ComplaintState.ACKNOWLEDGED,
        ComplaintState.IN_PROGRESS,
        ComplaintState.WAITING_CUSTOMER,
    }
)
"""States in which the customer still waits for a resolution."""


ENDED_STATES = frozenset(ComplaintState) - OPEN_STATES
"""States in which it was resolved, with a time of that or without."""


class Severity(StrEnum):
    """How bad it is for the customer."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class OurFault(StrEnum):
    """Whether the company caused what the customer complains of."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class FoundBy(StrEnum):
    """How the company came to know of a complaint."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SURVEY_ANSWER = "survey_answer"
    INCIDENT = "incident"
    COMPLAINT_BOX = "complaint_box"


class EventKind(StrEnum):
    """What can happen to a complaint."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    STARTED = "started"
    WAITED = "waited"
    RESOLVED = "resolved"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    CLOSED = "closed"
    REOPENED = "reopened"
    HANDED_OVER = "handed_over"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    CLAIMED = "claimed"
    RELEASED = "released"
    APOLOGISED = "apologised"
    FIXED = "fixed"
    CAUSE_FOUND = "cause_found"
    PREVENTION_PLANNED = "prevention_planned"
    PREVENTION_DONE = "prevention_done"
    PROMISED = "promised"
    NOTED = "noted"
    CHANGED = "changed"
    TRANSFERRED = "transferred"
    JOINED_INCIDENT = "joined_incident"
    LEFT_INCIDENT = "left_incident"
    LINKED_AS_DUPLICATE = "linked_as_duplicate"
    UNLINKED_DUPLICATE = "unlinked_duplicate"
    COMPENSATED = "compensated"
    COMPENSATION_REVERSED = "compensation_reversed"


NON_TRANSITIONS = frozenset(
    {
        EventKind.APOLOGISED,
        EventKind.FIXED,
        EventKind.CAUSE_FOUND,
        EventKind.PREVENTION_PLANNED,
        EventKind.PREVENTION_DONE,
        EventKind.PROMISED,
        EventKind.NOTED,
        EventKind.CHANGED,
        EventKind.TRANSFERRED,
        EventKind.JOINED_INCIDENT,
        EventKind.LEFT_INCIDENT,
        EventKind.LINKED_AS_DUPLICATE,
        EventKind.UNLINKED_DUPLICATE,
        EventKind.COMPENSATED,
        EventKind.COMPENSATION_REVERSED,
    }
)
"""Events that move neither the state nor the owner; every other one is a step."""

REOPENING = frozenset({EventKind.REOPENED, EventKind.REFUSED})
"""Steps that take a resolved complaint back to work, and that `Lifecycle.reopened_count` counts."""


# --- steps

LEADS_TO: Mapping[EventKind, ComplaintState] = {
    EventKind.ACKNOWLEDGED: ComplaintState.ACKNOWLEDGED,
    EventKind.STARTED: ComplaintState.IN_PROGRESS,
    EventKind.WAITED: ComplaintState.WAITING_CUSTOMER,
    EventKind.RESOLVED: ComplaintState.RESOLVED,
    EventKind.CONFIRMED: ComplaintState.CONFIRMED,
    EventKind.REFUSED: ComplaintState.IN_PROGRESS,
    EventKind.CLOSED: ComplaintState.CLOSED,
    EventKind.REOPENED: ComplaintState.IN_PROGRESS,
}
"""The state after each step that changes the state."""

STEPS: Mapping[ComplaintState, frozenset[EventKind]] = {
    ComplaintState.OPEN: frozenset(
        {EventKind.ACKNOWLEDGED, EventKind.STARTED, EventKind.WAITED, EventKind.RESOLVED}
    ),
    ComplaintState.ACKNOWLEDGED: frozenset({EventKind.STARTED, EventKind.WAITED, EventKind.RESOLVED}),
    ComplaintState.IN_PROGRESS: frozenset({EventKind.WAITED, EventKind.RESOLVED}),
    ComplaintState.WAITING_CUSTOMER: frozenset({EventKind.STARTED, EventKind.RESOLVED}),
    ComplaintState.RESOLVED: frozenset(
        {EventKind.CONFIRMED, EventKind.REFUSED, EventKind.CLOSED, EventKind.REOPENED}
    ),
    ComplaintState.CONFIRMED: frozenset({EventKind.CLOSED, EventKind.REOPENED}),
    ComplaintState.CLOSED: frozenset({EventKind.REOPENED}),
}
"""The steps allowed in each state. What can be put right on the spot need not pass through the states
between; but nothing closes silently: only what was resolved can be closed."""


STEP_NAMES: Mapping[EventKind, str] = {
    EventKind.ACKNOWLEDGED: "acknowledgements",
    EventKind.STARTED: "starts",
    EventKind.WAITED: "waits",
    EventKind.RESOLVED: "resolutions",
    EventKind.CONFIRMED: "answers",
    EventKind.REFUSED: "answers",
    EventKind.CLOSED: "closings",
    EventKind.REOPENED: "reopenings",
}
"""The sub-resource of a complaint under which each step of `LEADS_TO` is recorded."""


def possible_steps(state: ComplaintState) -> list[str]:
    """Give the names (`STEP_NAMES`) of the steps allowed in ``state``, at least one, in their usual order.

    >>> possible_steps(ComplaintState.OPEN)
    ['acknowledgements', 'starts', 'waits', 'resolutions']
    >>> possible_steps(ComplaintState.RESOLVED)
    ['answers', 'closings', 'reopenings']
    """
    return list(dict.fromkeys(name for step, name in STEP_NAMES.items() if step in STEPS[state]))


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How far a complaint has come, and when.

    Args:
        state: the present one.
        acknowledged_at: the first acknowledgement; None while nobody has acknowledged it.
        resolved_at: the last resolution; None while there is none, so also after reopening, and where nobody
            knows when it was.
        confirmed_at: when the customer confirmed that; None until then, and where nobody knows.
        closed_at: when it was closed; None while it is not, and where nobody knows.
        reopened_count: how often it was reopened or refused by the customer, 0 or more.
        resolution: what was done at the last resolution; None like ``resolved_at``.
    """

    state: ComplaintState = ComplaintState.OPEN
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    confirmed_at: datetime | None = None
    closed_at: datetime | None = None
    reopened_count: int = 0
    resolution: str | None = None

    def allows(self, step: EventKind) -> bool:
        """Tell whether ``step`` can follow (`STEPS`)."""
        return step in STEPS[self.state]

    def after(self, step: EventKind, at: datetime | None, resolution: str | None = None) -> "Lifecycle":
        """Give the life after ``step``, which happened ``at`` (None: nobody knows); ``resolution`` goes with
        `RESOLVED`.

        Raises:
            ValueError: the life does not allow the step.

        >>> Lifecycle().after(EventKind.RESOLVED, datetime(2026, 1, 5), "Sent anew.").state.value
        'resolved'
        >>> Lifecycle().after(EventKind.CLOSED, datetime(2026, 1, 5))
        Traceback (most recent call last):
        ValueError: closed is not possible when open
        """
        if not self.allows(step):
            raise ValueError(f"{step.value} is not possible when {self.state.value}")
        after = replace(self, state=LEADS_TO[step])
        if step == EventKind.ACKNOWLEDGED:
            return replace(after, acknowledged_at=self.acknowledged_at or at)
        if step == EventKind.RESOLVED:
            return replace(after, resolved_at=at, resolution=resolution)
        if step == EventKind.CONFIRMED:
            return replace(after, confirmed_at=at)
        if step == EventKind.CLOSED:
            return replace(after, closed_at=at)
        if step in REOPENING:
            count, first = self.reopened_count + 1, self.acknowledged_at
            return Lifecycle(after.state, acknowledged_at=first, reopened_count=count)
        return after


# --- times

PAST_STEPS: Mapping[str, EventKind] = {
    "acknowledged_at": EventKind.ACKNOWLEDGED,
    "resolved_at": EventKind.RESOLVED,
    "confirmed_at": EventKind.CONFIRMED,
    "closed_at": EventKind.CLOSED,
}
"""The steps a complaint that is recorded late may have behind it, by the member that says when."""

END_TIMES: Mapping[str, tuple[str, ...]] = {
    ComplaintState.RESOLVED: ("resolved_at",),
    ComplaintState.CONFIRMED: ("resolved_at", "confirmed_at"),
    ComplaintState.CLOSED: ("resolved_at", "closed_at"),
}
"""The times that a complaint must have behind it in each of `ENDED_STATES`, known or not."""


def end_times(
    state: ComplaintState, times: Mapping[str, datetime | None], changed_at: datetime | None
) -> dict[str, datetime | None]:
    """Give the times of a complaint that its source calls resolved, confirmed or closed: what it leaves out
    is the time of its last change, where that can be, and else unknown (None).

    Args:
        state: one of `ENDED_STATES`.
        times: received_at and the members of `PAST_STEPS`, None where unknown.
        changed_at: when its source changed it last.

    >>> day = datetime(2026, 1, 5)
    >>> end_times(ComplaintState.RESOLVED, {"received_at": day}, day.replace(day=7))["resolved_at"].day
    7
    >>> end_times(ComplaintState.CLOSED, {"received_at": day}, None)["closed_at"] is None
    True
    """
    found = dict(times)
    for member in END_TIMES[state]:
        before = [found[name] for name in ("received_at", *PAST_STEPS) if name != member and found.get(name)]
        fits = changed_at is not None and all(at <= changed_at for at in before if at is not None)
        if found.get(member) is None:
            found[member] = changed_at if fits else None
    return found


def is_time_unknown(state: str, times: Mapping[str, datetime | None]) -> bool:
    """Tell whether a complaint was resolved, confirmed or closed, and nobody knows when.

    >>> is_time_unknown("resolved", {"resolved_at": None}), is_time_unknown("open", {})
    (True, False)
    """
    return any(times[member] is None for member in END_TIMES.get(state, ()))


def is_overtaken(at: datetime, last_step_at: datetime, now: datetime) -> bool:
    """Tell whether a step that is reported for about ``now`` is early only because the clock of who reported
    the step before is ahead of ours: it then takes place with that step.

    >>> from datetime import UTC, timedelta
    >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    >>> is_overtaken(noon, noon + timedelta(minutes=4), noon)
    True
    >>> is_overtaken(noon, noon + timedelta(minutes=4), noon + timedelta(hours=1))
    False
    """
    return last_step_at > now and at >= now - CLOCKS_DIFFER


def step_time(last_step_at: datetime, now: datetime) -> datetime:
    """Give the time of a step that happens ``now``: never before the one it follows, whose clock may be
    ahead of ours."""
    return max(last_step_at, now)


def out_of_order(times: Mapping[str, datetime | None]) -> Iterator[tuple[str, str]]:
    """Find what comes too early among ``times``: received_at and the members of `PAST_STEPS`, None where
    unknown.

    Yields:
        The member, and the one before it that it precedes. Equal times are in order.

    >>> day = datetime(2026, 1, 5)
    >>> list(out_of_order({"received_at": day, "acknowledged_at": None, "resolved_at": day.replace(day=4)}))
    [('resolved_at', 'received_at')]
    """
    before = "received_at"
    latest = times[before]
    for member in PAST_STEPS:
        at = times.get(member)
        if at is None:
            continue
        if latest is not None and at < latest:
            yield member, before
        else:
            before, latest = member, at


# --- the number

NUMBER_ALPHABET = "23456789ACEFHKMPRTY"
"""Characters of complaint numbers: neither those that look alike (0 O, 1 I L, 8 B, 5 S, 2 Z, 6 G, U V) nor
those whose names sound alike or that not everybody names alike (D T, N M, C J, Q, W, X). A prime number of
them, for the check character."""

NUMBER_LENGTH = 8
NUMBERS = len(NUMBER_ALPHABET) ** (NUMBER_LENGTH - 1)
"""How many complaint numbers there are: 893,871,739."""

_BETWEEN = re.compile(r"[\s\u2010-\u2015-]")
_VALUES = {character: value for value, character in enumerate(NUMBER_ALPHABET)}


def make_number(random_bits: int) -> str:
    """Make the complaint number for some random bits: seven characters and a check character, in two groups.

    The check is a weighted sum modulo 19, so that a single wrong character and two swapped ones, wherever
    they stand, never give another number, and other mistakes do once in nineteen times.

    Args:
        random_bits: not negative; 64 bits make all numbers equally likely.

    >>> make_number(20261123093000)
    'FA9C-T7KY'
    """
    rest, characters = random_bits % NUMBERS, ""
    for _ in range(NUMBER_LENGTH - 1):
        rest, value = divmod(rest, len(NUMBER_ALPHABET))
        characters += NUMBER_ALPHABET[value]
    characters += NUMBER_ALPHABET[_check(characters)]
    return f"{characters[:4]}-{characters[4:]}"


def normalise_number(text: str) -> str:
    """Give the one spelling of a complaint number: letter case, blanks and dashes do not matter.

    Raises:
        ValueError: not a complaint number, or one that was misheard.

    >>> normalise_number(" fa9c t7ky")
    'FA9C-T7KY'
    >>> normalise_number("FA9C-T7KE")
    Traceback (most recent call last):
    ValueError: not a complaint number
    """
    characters = _BETWEEN.sub("", text)
    if not characters.isascii():  # upper() turns some other letters into these
        raise ValueError("not a complaint number")
    characters = characters.upper()
    if len(characters) != NUMBER_LENGTH or not set(characters) <= _VALUES.keys():
        raise ValueError("not a complaint number")
    if _VALUES[characters[-1]] != _check(characters[:-1]):
        raise ValueError("not a complaint number")
    return f"{characters[:4]}-{characters[4:]}"


def _check(characters: str) -> int:
    # The check character weighs -1 in the whole sum; the weights 2 to 8 differ from it and each other.
    weighted = sum(weight * _VALUES[character] for weight, character in enumerate(characters, start=2))
    return weighted % len(NUMBER_ALPHABET)
