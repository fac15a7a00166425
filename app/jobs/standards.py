"""What a worker does for service standards: tell of clocks whose time has come."""

from app.domain.common.access import system
from app.jobs.registry import Context
from app.services.recovery import escalations
from app.services.standards import ladder
from app.store.types import now

CLOCKS_AT_ONCE = 200
"""Few enough that no write waits long behind them."""


def escalate(context: Context) -> bool:
    """Go one turn up the ladder; true if more may wait."""
    if not context.store.read_sync(ladder.has_due, now()):
        return False
    actor = system(context.company)
    return context.store.write_sync(escalations.run, actor, CLOCKS_AT_ONCE) >= CLOCKS_AT_ONCE
