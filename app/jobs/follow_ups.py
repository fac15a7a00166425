"""What a worker does for follow-up rules: look at the events that came since the last look."""

from app.domain.common.access import system
from app.jobs.registry import Context
from app.services.follow_ups import cursor, follow_ups

EVENTS_AT_ONCE = 200
"""Few enough that no write waits long behind what they lead to."""


def follow(context: Context) -> bool:
    """Act on the next events; true if more wait."""
    if not context.store.read_sync(cursor.is_behind):
        return False
    actor = system(context.company)
    more: bool = context.store.write_sync(follow_ups.follow, actor, EVENTS_AT_ONCE)
    return more
