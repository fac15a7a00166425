"""Incidents, at which something went wrong for many customers."""

from datetime import datetime
from enum import StrEnum


class IncidentState(StrEnum):
    """How far an incident has come: it goes on, it is over, or everything about it is done."""

    RUNNING = "running"
    ENDED = "ended"
    CLOSED = "closed"


def state_of(ended_at: datetime | None, closed_at: datetime | None) -> IncidentState:
    """Tell how far an incident has come.

    >>> noon = datetime(2026, 11, 23, 12)
    >>> [state_of(*times).value for times in ((None, None), (noon, None), (noon, noon))]
    ['running', 'ended', 'closed']
    """
    if closed_at is not None:
        return IncidentState.CLOSED
    return IncidentState.RUNNING if ended_at is None else IncidentState.ENDED
