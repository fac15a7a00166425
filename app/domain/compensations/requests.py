"""Requests for more than somebody may give: their states, exact at every instant, and their deadlines."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestState(StrEnum):
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    """Nobody decided in time."""


class AtDeadline(StrEnum):
    """What happens when nobody of the line has decided in time."""

    FALLBACK = "fallback"
    """The fallback role may decide for as long again."""
    REFUSE = "refuse"
    """The request expires."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when the line decides, until when anybody does, and when the worker has something to do next."""

    due_at: datetime
    expires_at: datetime
    next_at: datetime | None

    def after(self, now: datetime) -> "Deadlines":
        """The same once what was due by ``now`` has been done.

        >>> from datetime import UTC
        >>> due, end = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
        >>> Deadlines(due, end, due).after(due).next_at == end, Deadlines(due, end, end).after(end).next_at
        (True, None)
        """
        return Deadlines(self.due_at, self.expires_at, None if now >= self.expires_at else self.expires_at)


def state_at(stored: str, expires_at: datetime, now: datetime) -> RequestState:
    """Tell the state of a request at an instant, whether the worker has noticed its end or not.

    >>> from datetime import UTC, timedelta
    >>> end = datetime(2026, 3, 2, tzinfo=UTC)
    >>> [state_at("open", end, end - timedelta(seconds=left)).value for left in (1, 0)]
    ['open', 'expired']
    >>> state_at("approved", end, end).value
    'approved'
    """
    if stored == RequestState.OPEN and now >= expires_at:
        return RequestState.EXPIRED
    return RequestState(stored)


def is_with_fallback(due_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Tell whether the time of the line is over and that of the fallback is not."""
    return due_at <= now < expires_at
