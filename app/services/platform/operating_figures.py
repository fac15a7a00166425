"""Operating figures for monitoring: jobs, the current run, the outbox. Counts only, no personal data."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.domain.common.jobs import JobState
from app.domain.events.deliveries import EndpointState
from app.store.audit import alarms as audit_alarms
from app.store.audit import head as audit_head
from app.store.events import log as event_log
from app.store.tables import Event, Job, ScoringRun, WebhookEndpoint
from app.store.transactions import ReadTx
from app.store.types import now

_JOBS = select(Job.state, func.count()).group_by(Job.state)
_OLDEST = select(func.min(Job.created_at)).where(Job.handed_over_at.is_(None), Job.state == JobState.WAITING)
_ENDPOINTS = select(WebhookEndpoint.state, func.count()).group_by(WebhookEndpoint.state)
_CURRENT = select(ScoringRun.created_at).where(ScoringRun.is_current)
_WAITING = select(func.count()).select_from(Event).where(Event.position.is_(None))


@dataclass(frozen=True, slots=True)
class Figures:
    """What `read` finds. Ages are seconds; None where there is nothing to have an age."""

    jobs: dict[str, int]
    """How many jobs there are, by state; every state is there."""
    oldest_waiting_job_seconds: float | None
    current_run_age_seconds: float | None
    """Since the current scoring run was begun."""
    outbox_length: int
    """Events in the outbox: those with a position that are kept, and those that wait for one."""
    outbox_waiting: int
    """Events that wait for their position; what a reader of the outbox does not see yet."""
    webhook_endpoints: dict[str, int]
    """How many receivers of events there are, by state; every state is there."""
    audit_sealed: int
    """Entries of the audit trail up to its head; they never become fewer."""
    audit_waiting: int
    """Entries of the audit trail that wait for their seal."""
    audit_alarms: int
    """What workers found wrong with the audit trail, and nobody has accepted as known."""


def read(tx: ReadTx) -> Figures:
    """Read the figures; ten statements, each answered from an index or a small table.

    Raises:
        UnavailableError: the database does not answer.
    """
    at = now()
    counts = {str(state): count for state, count in tx.execute(_JOBS)}
    endpoints = {str(state): count for state, count in tx.execute(_ENDPOINTS)}
    waiting = int(tx.execute(_WAITING).scalar_one())
    head = audit_head.read(tx)
    return Figures(
        jobs={state.value: counts.get(state.value, 0) for state in JobState},
        oldest_waiting_job_seconds=_age(at, tx.execute(_OLDEST).scalar_one_or_none()),
        current_run_age_seconds=_age(at, tx.execute(_CURRENT).scalar_one_or_none()),
        outbox_length=waiting + event_log.last(tx) - event_log.first(tx) + 1,
        outbox_waiting=waiting,
        webhook_endpoints={state.value: endpoints.get(state.value, 0) for state in EndpointState},
        audit_sealed=0 if head is None else head.position,
        audit_waiting=audit_head.waiting(tx),
        audit_alarms=audit_alarms.unaccepted(tx),
    )


def _age(at: datetime, since: datetime | None) -> float | None:
    return None if since is None else max(0.0, (at - since).total_seconds())
