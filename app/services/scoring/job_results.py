"""Resources that a job computes: taken on with their job, ended once."""

from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, select, update

from app.domain.common.access import Actor
from app.domain.common.jobs import JobState
from app.services.platform import jobs
from app.store.tables import Job
from app.store.transactions import Row, WriteTx
from app.store.types import now


def state_of(table: Any) -> ColumnElement[Any]:
    """How far one has come; `Job` must be joined, for a job that is cancelled cancels what it was to make."""
    return case((Job.state == JobState.CANCELLED, "cancelled"), else_=table.state)


def waiting_twin(tx: WriteTx, actor: Actor, table: Any, **wanted: Any) -> Row | None:
    """Find what the same API key asked for in the same words, and what no worker has begun.

    Args:
        tx: a transaction; other requests of the caller for jobs wait for its end.
        actor: who asks.
        table: of the resource.
        wanted: what was asked for, by column.

    Returns:
        The row, None if there is none or the service itself asks.
    """
    if not actor.is_key:
        return None
    jobs.one_at_a_time(tx, actor)
    mine = (
        select(table.__table__)
        .join(Job, Job.id == table.job_id)
        .where(jobs.IS_WAITING, Job.created_by == actor.id)
        .order_by(Job.created_at)
    )
    rows = (dict(row) for row in tx.execute(mine).mappings())
    return next((row for row in rows if all(_alike(row[name], wanted[name]) for name in wanted)), None)


def _alike(stored: Any, wanted: Any) -> bool:
    return stored == wanted or dumps(stored, default=str) == dumps(wanted, default=str)


def enqueue(
    tx: WriteTx, actor: Actor, table: Any, resource_id: UUID, *, kind: str, argument: str, href: str
) -> UUID:
    """Write the job that is going to compute one.

    Args:
        tx: a transaction.
        actor: who asks for it.
        table: of the resource.
        resource_id: which one.
        kind: of the job.
        argument: the job's argument that names the resource.
        href: where the resource is read.

    Returns:
        The id of the job.
    """
    job = jobs.create(tx, actor, kind, {argument: str(resource_id)}, result={"href": href})
    tx.execute(update(table).where(table.id == resource_id).values(job_id=job["id"]))
    return UUID(str(job["id"]))


def finish(tx: WriteTx, table: Any, resource_id: UUID, result: Row) -> bool:
    """Store the result, once; gives whether this was the time."""
    done = {"state": "done", "result": result, "ended_at": now()}
    wanted = update(table).where(table.id == resource_id, table.state == "waiting")
    return tx.execute(wanted.values(done)).rowcount > 0


def fail(tx: WriteTx, table: Any, resource_id: UUID, error: str) -> None:
    """Note that it could not be computed."""
    failed = {"state": "failed", "error": error[: jobs.ERROR_CHARS], "ended_at": now()}
    wanted = update(table).where(table.id == resource_id, table.state == "waiting")
    tx.execute(wanted.values(failed))
