"""The life of a promise: open until it is kept, cancelled, or broken because its time is over."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Promiser(StrEnum):
    """Who has promised, or who cancels."""

    US = "us"
    """The company, to its customer."""
    CUSTOMER = "customer"
    """The customer, to the company: to pay, to return something."""


class PromiseState(StrEnum):
    """How a promise stands. It is in exactly one of these at any instant."""

    OPEN = "open"
    """Not kept yet, and not past due."""
    OVERDUE = "overdue"
    """Past due and not kept: broken by the clock."""
    KEPT = "kept"
    """Kept by its due time, that instant included."""
    LATE = "late"
    """Kept, but after its due time: broken."""
    CANCELLED_BY_US = "cancelled_by_us"
    """Cancelled by the company: broken if the company had promised it."""
    CANCELLED_BY_CUSTOMER = "cancelled_by_customer"
    """Cancelled by the customer: broken if the customer had promised it."""
    ABANDONED = "abandoned"
    """Cancelled after its due time by whom it was made to: broken, and not wanted any more."""


class PromiseEventKind(StrEnum):
    """What can happen to a promise."""

    MADE = "made"
    KEPT = "kept"
    MOVED = "moved"
    CANCELLED = "cancelled"
    BROKEN = "broken"
    """Its due time passed before it was kept."""
    HANDED_OVER = "handed_over"
    TRANSFERRED = "transferred"
    """It went to another customer, with the complaint or contact that it came from."""


UNFINISHED = frozenset({PromiseState.OPEN, PromiseState.OVERDUE})
"""States in which every step is possible; in the others none is."""


@dataclass(frozen=True, slots=True)
class Promise:
    """How far a promise has come.

    Args:
        promised_by: who promised.
        due_at: by when, as far as it was agreed; that instant included.
        planned_at: when it is meant to be kept instead, which was not agreed in time; None: by ``due_at``.
        kept_at: when it was kept; None: not yet.
        cancelled_at: when it was cancelled; None: it was not.
        cancelled_by: who cancelled it; goes with ``cancelled_at``.
    """

    promised_by: Promiser
    due_at: datetime
    planned_at: datetime | None = None
    kept_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: Promiser | None = None

    def state(self, now: datetime) -> PromiseState:
        """Say how it stands at ``now``.

        >>> from datetime import UTC, timedelta
        >>> noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
        >>> promise, second = Promise(Promiser.US, noon), timedelta(seconds=1)
        >>> promise.state(noon).value, promise.state(noon + second).value
        ('open', 'overdue')
        >>> promise.keep(noon + second).state(noon).value
        'late'
        """
        if self.kept_at is not None:
            return PromiseState.KEPT if self.kept_at <= self.due_at else PromiseState.LATE
        if self.cancelled_at is not None:
            if self.cancelled_by is not self.promised_by and self.cancelled_at > self.due_at:
                return PromiseState.ABANDONED
            by_us = self.cancelled_by is Promiser.US
            return PromiseState.CANCELLED_BY_US if by_us else PromiseState.CANCELLED_BY_CUSTOMER
        return PromiseState.OPEN if now <= self.due_at else PromiseState.OVERDUE

    def keep(self, at: datetime) -> "Promise":
        """Give the promise once it was kept."""
        return replace(self, kept_at=at)

    def cancel(self, at: datetime, by: Promiser) -> "Promise":
        """Give the promise once ``by`` has cancelled it."""
        return replace(self, cancelled_at=at, cancelled_by=by)

    def move(self, due_at: datetime, at: datetime, *, is_agreed: bool) -> "Promise":
        """Give the promise once it was moved ``at``. The new date counts if the other side agreed by the old
        one; otherwise the old one goes on to count, and the new one is only when it is meant to be kept.

        >>> from datetime import UTC, timedelta
        >>> noon, day = datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(days=1)
        >>> promise = Promise(Promiser.US, noon)
        >>> promise.move(noon + day, noon - day, is_agreed=True).due_at - noon == day
        True
        >>> unasked, late = (promise.move(noon + day, noon + wait, is_agreed=late) for late, wait in
        ...     ((False, -day), (True, day)))
        >>> unasked.due_at == late.due_at == noon, unasked.planned_at - noon == day
        (True, True)
        """
        if is_agreed and at <= self.due_at:
            return replace(self, due_at=due_at, planned_at=None)
        return replace(self, planned_at=due_at)


_CANCELLED: Mapping[PromiseState, Promiser] = {
    PromiseState.CANCELLED_BY_US: Promiser.US,
    PromiseState.CANCELLED_BY_CUSTOMER: Promiser.CUSTOMER,
}


def is_broken(state: PromiseState, promised_by: Promiser) -> bool:
    """Tell whether a promise is broken: past due, kept too late, or cancelled by who made it.

    >>> is_broken(PromiseState.CANCELLED_BY_US, Promiser.US), is_broken(PromiseState.KEPT, Promiser.US)
    (True, False)
    >>> is_broken(PromiseState.CANCELLED_BY_US, Promiser.CUSTOMER)
    False
    """
    if state in _CANCELLED:
        return _CANCELLED[state] is promised_by
    return state in (PromiseState.OVERDUE, PromiseState.LATE, PromiseState.ABANDONED)
