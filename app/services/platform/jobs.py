"""Take on work nobody waits for, follow it, and keep its state.

A use case writes a job in its own transaction and nothing else; `app.jobs` does the work. The
functions under "for the workers" move a job through its states; each is harmless when repeated.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Update, and_, func, insert, literal, select, update

from app.domain.common.access import Actor
from app.domain.common.job_turns import MAX_WAITING, WAIT_SECONDS, Turns, WaitingJob, is_short
from app.domain.common.jobs import JobState, progress_percent
from app.errors import ConflictError, RateLimitError
from app.schemas.common.jobs import JobQuery
from app.store import dialects, job_notifications
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import Listing, any_of, equal, newest_first
from app.store.paging import After, Page
from app.store.tables import Job
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

ERROR_CHARS = 1000
"""Longer texts of what went wrong are cut."""

LOOKED_AT = 2_000
"""Waiting jobs among which turns are given, the oldest."""

_READ = select(Job.__table__)
IS_WAITING = and_(Job.handed_over_at.is_(None), Job.state == JobState.WAITING)
"""Whether no worker has begun a job."""

# Built once: idle workers run it several times a second, and building costs half of running it.
_WAITING = (
    select(Job.id, Job.created_by, Job.kind, Job.arguments)
    .where(IS_WAITING)
    .order_by(Job.created_at, Job.id)
    .limit(LOOKED_AT)
)


def _limited(statement: Select[Any], actor: Actor) -> Select[Any]:
    """A caller who sees only some customers sees only the jobs it asked for itself."""
    return statement.where(Job.created_by == actor.id) if actor.is_limited else statement


JOBS = Listing(
    JobQuery,
    _READ,
    owner=_limited,
    missing="There is no such job.",
    sorts=newest_first(Job.created_at, Job.id),
    filters=[equal(Job.kind), any_of(Job.state)],
)


# --- for callers


def create(tx: WriteTx, actor: Actor, kind: str, arguments: Row, *, result: Row | None = None) -> Row:
    """Take on a job of ``kind`` (a name in `app.jobs.registry.KINDS`); it waits until a worker is free.

    Args:
        arguments: what the work needs, as JSON without personal data.
        result: what is known of the outcome already; ``{"href": "/v1/..."}`` names the resource it makes.

    Raises:
        RateLimitError: as many jobs of this caller wait as may.
    """
    check_may_wait(tx, actor)
    row: Row = {
        "id": new_id(),
        "kind": kind,
        "arguments": arguments,
        "state": JobState.WAITING,
        "stage": None,
        "done": 0,
        "total": None,
        "result": result,
        "error": None,
        "handed_over_at": None,
        "created_at": now(),
        "started_at": None,
        "ended_at": None,
        "created_by": actor.id,
    }
    tx.execute(insert(Job).values(row))
    trail.record(tx, actor, "job.created", row["id"])
    job_notifications.notify(tx)
    return _shape(row)


def check_may_wait(tx: WriteTx, actor: Actor) -> None:
    """Check that another job of this caller may wait; the service's own always may.

    Raises:
        RateLimitError: as many wait as may.
    """
    if not actor.is_key:
        return
    one_at_a_time(tx, actor)
    mine = select(func.count()).where(IS_WAITING, Job.created_by == actor.id)
    if tx.execute(mine).scalar_one() >= MAX_WAITING:
        detail = "{count} of your jobs wait already. Ask again when one has begun, or cancel one."
        headers = {"Retry-After": str(WAIT_SECONDS)}
        raise RateLimitError(detail, code="too_many_waiting_jobs", headers=headers, count=MAX_WAITING)


def one_at_a_time(tx: WriteTx, actor: Actor) -> None:
    """Let requests of this caller for jobs wait for each other until the transaction ends."""
    dialects.advisory_lock(tx, f"vefa-jobs-of-{actor.id}")


@one_statement
def get(tx: ReadTx, actor: Actor, job_id: UUID) -> Row:
    """Read one job.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return _shape(JOBS.one_or_404(tx, actor, Job.id == job_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: JobQuery, after: After | None) -> Page:
    """Read a page of jobs, newest first."""
    return JOBS.page(tx, actor, query, after, _shape)


def cancel(tx: WriteTx, actor: Actor, job_id: UUID) -> Row:
    """Give up a job that no worker has begun.

    Raises:
        NotFoundError: as in `get`.
        ConflictError: it is running or has ended.
    """
    at = now()
    cancelled = (
        update(Job)
        .where(Job.id == job_id, Job.state == JobState.WAITING, *_visible(actor))
        # Marked as handed over as well: there is nothing left for the dispatcher.
        .values(state=JobState.CANCELLED, ended_at=at, handed_over_at=_first(Job.handed_over_at, at))
    )
    row = _change(tx, cancelled)
    if row is None:
        found = get(tx, actor, job_id)
        raise ConflictError("Only a waiting job can be cancelled; this one is {state}.", state=found["state"])
    trail.record(tx, actor, "job.cancelled", job_id)
    return _shape(row)


# --- for the workers


def waiting(
    tx: ReadTx, free: int, free_for_long: int | None = None, turns: Turns | None = None
) -> list[UUID]:
    """Choose up to ``free`` jobs that have not been handed over, by turns; see `Turns.next_jobs`.

    On PostgreSQL they stay locked until the transaction ends, and another dispatcher skips them.
    """
    turns, left_for_long = turns or Turns(), free if free_for_long is None else free_for_long
    rows = tx.execute(_WAITING).all()
    candidates = [WaitingJob(row.id, row.created_by, row.kind, is_short(row.arguments)) for row in rows]
    chosen: list[UUID] = []
    while candidates and len(chosen) < free:
        found = turns.next_jobs(candidates, free - len(chosen), left_for_long)
        ids = [job.id for job in found]
        if not ids:
            break
        locked = select(Job.id).where(Job.id.in_(ids), IS_WAITING).with_for_update(skip_locked=True)
        ours = set(tx.execute(locked).scalars())
        chosen += [job.id for job in found if job.id in ours]
        left_for_long -= sum(job.id in ours and not job.is_short for job in found)
        candidates = [job for job in candidates if job.id not in ids]
    return chosen


def is_short_job(tx: ReadTx, job_id: UUID) -> bool:
    """Whether a job surely ends soon; one that is unknown does."""
    arguments = tx.execute(select(Job.arguments).where(Job.id == job_id)).scalar_one_or_none()
    return arguments is None or is_short(arguments)


def mark_handed_over(tx: WriteTx, job_ids: Sequence[UUID]) -> None:
    """Note that workflows exist for these jobs."""
    tx.execute(update(Job).where(Job.id.in_(job_ids)).values(handed_over_at=now()))


def start(tx: WriteTx, job_id: UUID) -> Row | None:
    """Begin a job, or go on with one whose worker died.

    Returns:
        The whole row, or None if there is nothing to do: cancelled, ended or unknown.
    """
    return _change(
        tx,
        _unless_ended(job_id).values(
            state=JobState.RUNNING, started_at=_first(Job.started_at, now()), error=None
        ),
    )


def progress(tx: WriteTx, job_id: UUID, stage: str | None, done: int, total: int | None) -> None:
    """Note how far a job is: ``done`` of ``total`` units of ``stage`` (at most 64 characters)."""
    tx.execute(_unless_ended(job_id).values(stage=stage, done=done, total=total))


def finish(tx: WriteTx, job_id: UUID, result: dict[str, Any] | None = None) -> None:
    """End a job well. ``result`` None keeps what `create` said; a job that has ended stays as it is."""
    more = {} if result is None else {"result": result}
    tx.execute(_unless_ended(job_id).values(state=JobState.DONE, ended_at=now(), **more))


def fail(tx: WriteTx, job_id: UUID, error: str) -> bool:
    """End a job badly; ``error`` is for callers, so it must hold nothing secret.

    Returns:
        Whether it had not ended before.
    """
    ending = {"state": JobState.FAILED, "ended_at": now(), "error": error[:ERROR_CHARS]}
    return tx.execute(_unless_ended(job_id).values(**ending)).rowcount > 0


# --- inside


def _visible(actor: Actor) -> list[ColumnElement[bool]]:
    """A caller who sees only some customers sees only the jobs it asked for itself."""
    return [Job.created_by == actor.id] if actor.is_limited else []


def _first(column: Any, otherwise: datetime) -> ColumnElement[datetime]:
    """The instant in the column, or another one where there is none."""
    return func.coalesce(column, literal(otherwise, column.type))


def _unless_ended(job_id: UUID) -> Update:
    return update(Job).where(Job.id == job_id, Job.state.in_((JobState.WAITING, JobState.RUNNING)))


def _change(tx: WriteTx, statement: Update) -> Row | None:
    row = tx.execute(statement.returning(*Job.__table__.columns)).mappings().first()
    return None if row is None else dict(row)


def _shape(row: Row) -> Row:
    """A row as `JobRead` wants it."""
    href = (row["result"] or {}).get("href")
    percent = progress_percent(JobState(row["state"]), row["done"], row["total"])
    return {**row, "href": href, "progress_percent": percent}
