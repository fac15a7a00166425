"""Small periodic duties of every worker. Each is harmless when several workers do it at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog
from dbos import DBOS

from app.domain.common.access import system
from app.errors import UnavailableError
from app.jobs import compensations, follow_ups, promises, recovery, standards
from app.jobs.audit_trail import AuditTrail
from app.jobs.registry import Context
from app.services.recovery import auto_close, releases
from app.store import idempotency
from app.store.events import lanes
from app.store.events import log as event_log
from app.store.sql import statistics
from app.store.types import now

KEEP_WORKFLOWS = timedelta(days=7)
KEEP_DELIVERED = timedelta(days=7)
KEEP_FAILED = timedelta(days=30)
"""For how long attempts to deliver webhooks are kept."""
_MAX_WORKFLOWS = 500
_NOTHING_SECONDS = 60.0
_MAX_FORGOTTEN = 1_000

HURRY_SECONDS = 0.05
"""After a duty was done and before it is done again, however much it is hurried."""

_log = structlog.get_logger("vefa.jobs")


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do every ``seconds``; ``act`` returns True if there is more to do right away."""

    name: str
    seconds: float
    act: Callable[[Context], bool]


def forget_idempotency_keys(context: Context) -> bool:
    """Delete answers kept for repeated requests when their time is over."""
    context.store.write_sync(idempotency.forget_old)
    return False


def forget_events(context: Context) -> bool:
    """Delete events whose time is over."""
    before = now() - timedelta(days=context.settings.events_keep_days)
    count = context.store.write_sync(event_log.forget, before, _MAX_FORGOTTEN)
    if count:
        context.store.write_sync(lanes.drop_lost)
    return count == _MAX_FORGOTTEN


def forget_attempts(context: Context) -> bool:
    """Delete attempts to deliver webhooks whose time is over."""
    at = now()
    before = at - KEEP_DELIVERED, at - KEEP_FAILED
    return context.store.write_sync(lanes.forget_attempts, *before, _MAX_FORGOTTEN) >= _MAX_FORGOTTEN


def forget_workflows(_context: Context) -> bool:
    """Delete what DBOS remembers of workflows that ended long ago; the jobs themselves stay."""
    ended = DBOS.list_workflows(
        completed_before=(now() - KEEP_WORKFLOWS).isoformat(),
        limit=_MAX_WORKFLOWS,
        load_input=False,
        load_output=False,
    )
    if ended:
        DBOS.delete_workflows([workflow.workflow_id for workflow in ended])
    return len(ended) == _MAX_WORKFLOWS


def settle_strays(context: Context) -> bool:
    """Bring jobs in order that DBOS no longer works on."""
    recovery.settle_strays(context.store)
    return False


def deactivate_ended(context: Context) -> bool:
    """Make persons inactive whose last day is over, and hand over what they own; a few at a time."""
    more: bool = context.store.write_sync(releases.deactivate_ended, system(context.company))
    return more


class Statistics:
    """Takes the statistics SQLite plans by, one table after the other, so that writes wait for none long."""

    def __init__(self) -> None:
        self._outdated: list[str] = []

    def take(self, context: Context) -> bool:
        """Take those of one table that has none of its present size, or find out which have not."""
        store = context.store
        if not self._outdated:
            self._outdated = store.write_sync(statistics.outdated)
        else:
            store.write_sync(statistics.take, self._outdated.pop())
            if not self._outdated:
                store.renew_readers()
        return bool(self._outdated)


class AutoClose:
    """Closes resolved complaints of which nothing was heard for long enough, some at a time."""

    def __init__(self) -> None:
        self._after: auto_close.Place | None = None

    def close(self, context: Context) -> bool:
        """Look at some of them; True while the pass over all of them is not over."""
        days, actor = context.settings.complaint_auto_close_days, system(context.company)
        looked = context.store.write_sync(auto_close.close_silent, actor, now(), days, self._after)
        self._after = looked.after
        return looked.after is not None


def every_duty() -> tuple[Duty, ...]:
    """The duties of one worker."""
    trail = AuditTrail()
    return (
        Duty("positions", 1.0, trail.seal),
        Duty("audit_witness", 1.0, trail.look),
        Duty("audit_check", 2.0, trail.check),
        Duty("standards", 2.0, standards.escalate),
        Duty("follow_ups", 2.0, follow_ups.follow),
        Duty("compensations", 2.0, compensations.expire),
        Duty("promises", 2.0, promises.remind),
        Duty("strays", 60.0, settle_strays),
        Duty("agents", 60.0, deactivate_ended),
        Duty("statistics", 600.0, Statistics().take),
        Duty("idempotency_keys", 3600.0, forget_idempotency_keys),
        Duty("events", 600.0, forget_events),
        Duty("webhook_attempts", 600.0, forget_attempts),
        Duty("workflows", 3600.0, forget_workflows),
        Duty("auto_close", 900.0, AutoClose().close),
    )


class Schedule:
    """Does every duty when its time has come.

    Raises:
        ValueError: ``off`` names a duty there is not.
    """

    def __init__(
        self, context: Context, off: tuple[str, ...] = (), duties: tuple[Duty, ...] | None = None
    ) -> None:
        duties = every_duty() if duties is None else duties
        unknown = set(off) - {duty.name for duty in duties}
        if unknown:
            raise ValueError(f"there is no duty {', '.join(sorted(unknown))}")
        self._context = context
        self._due = {duty: 0.0 for duty in duties if duty.name not in off}
        self._ended: dict[Duty, float] = {}
        self._hurried: set[str] = set()

    def hurry(self, name: str) -> None:
        """Let a duty be done at once, or `HURRY_SECONDS` after it was done last; from any thread."""
        self._hurried.add(name)

    def run_due(self) -> float:
        """Do what is due, and return the seconds until the next duty."""
        for duty in self._due:
            if monotonic() >= self._next_at(duty):
                self._hurried.discard(duty.name)  # before: what is hurried meanwhile counts for the next time
                more = self._run(duty)
                self._ended[duty] = monotonic()
                self._due[duty] = self._ended[duty] + (0.0 if more else duty.seconds)
        if not self._due:
            return _NOTHING_SECONDS
        return max(0.0, min(map(self._next_at, self._due)) - monotonic())

    def _next_at(self, duty: Duty) -> float:
        due = self._due[duty]
        return min(due, self._ended.get(duty, 0.0) + HURRY_SECONDS) if duty.name in self._hurried else due

    def _run(self, duty: Duty) -> bool:
        try:
            return duty.act(self._context)
        except UnavailableError as error:
            _log.warning("duty_waits_for_database", duty=duty.name, detail=error.detail)
        except Exception as error:
            _log.error("duty_failed", duty=duty.name, exception=type(error).__qualname__)
        return False
