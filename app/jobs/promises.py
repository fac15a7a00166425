"""What a worker does for promises: warn of those that come near their due time, and mark those past it."""

from app.domain.common.access import system
from app.jobs.registry import Context
from app.services.promises import ladder
from app.store.types import now

PROMISES_AT_ONCE = 200
"""Few enough that no write waits long behind them."""


def remind(context: Context) -> bool:
    """Go one turn up the ladder; true if more may wait."""
    if not context.store.read_sync(ladder.has_due, now()):
        return False
    actor = system(context.company)
    return context.store.write_sync(ladder.run, actor, PROMISES_AT_ONCE) >= PROMISES_AT_ONCE
