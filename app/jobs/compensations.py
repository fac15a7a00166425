"""What a worker does for compensations: hand requests to the fallback, and let them expire."""

from app.domain.common.access import system
from app.jobs.registry import Context
from app.services.compensations import requests
from app.store.types import now

REQUESTS_AT_ONCE = 200
"""Few enough that no write waits long behind them."""


def expire(context: Context) -> bool:
    """Deal with requests whose time has come; true if more may wait."""
    if not context.store.read_sync(requests.has_due, now()):
        return False
    actor = system(context.company)
    return context.store.write_sync(requests.advance, actor, now(), REQUESTS_AT_ONCE) >= REQUESTS_AT_ONCE
