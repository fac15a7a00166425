"""A killed worker loses nothing: its work goes to a living one."""

from datetime import timedelta
from uuid import UUID

import structlog
from dbos import DBOS
from sqlalchemy import select, update

from app.domain.common.jobs import JobState
from app.jobs import state_format, workflows
from app.store import worker_heartbeats
from app.store.engine import Store
from app.store.tables import Job
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

_STRAY_AGE = timedelta(minutes=1)
_MAX_STRAYS = 500
_LIVE = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
_UNENDED = Job.state.in_((JobState.WAITING, JobState.RUNNING))

_log = structlog.get_logger("vefa.jobs")


def take_over(store: Store, own_id: str, silence: timedelta) -> list[str]:
    """Take over the work of workers not heard of for longer than ``silence``.

    Any number of workers may do this at once: DBOS moves each workflow once, and a worker that was only
    slow loses it at its next step. The heartbeat goes last, so that a crash in between leaves the work
    to be found again.

    Returns:
        The ids of these workers.
    """
    found = [
        worker_id
        for worker_id in store.read_sync(worker_heartbeats.silent_workers, silence)
        if worker_id != own_id
    ]
    for worker_id in found:
        moved = DBOS._recover_pending_workflows([worker_id])  # private in 3.4: the version is pinned
        store.write_sync(worker_heartbeats.delete_silent, worker_id, silence)
        _log.info("worker_taken_over", worker_id=worker_id, jobs=len(moved))
    return found


def settle_strays(store: Store) -> int:
    """Bring jobs in order that were handed over but that DBOS no longer works on.

    A job whose workflow is unknown (its state was lost, or the store restored from a backup) waits again,
    as does one whose state is no JSON: planted, or written by a version that pickled. One whose workflow
    ended without a word, or was given up after too many starts, fails.

    Returns:
        How many there were.
    """
    candidates = store.read_sync(_handed_over)
    if not candidates:
        return 0
    by_workflow = {workflows.workflow_id(job["id"]): job for job in candidates}
    known = DBOS.list_workflows(workflow_ids=list(by_workflow), load_input=False, load_output=False)
    states = {workflow.workflow_id: workflow.status for workflow in known}
    ended = [name for name, status in states.items() if status not in _LIVE]
    refused = _forget_refused(ended)
    lost = [job["id"] for name, job in by_workflow.items() if name not in states or name in refused]
    waiting = store.write_sync(_wait_again, lost) if lost else 0
    failed = sum(
        store.write_sync(workflows.fail, by_workflow[name], workflows.INTERNAL_ERROR)
        for name in ended
        if name not in refused
    )
    if waiting or failed:
        _log.warning("stray_jobs", waiting_again=waiting, failed=failed)
    return waiting + failed


def _forget_refused(ended: list[str]) -> set[str]:
    """Remove the workflows whose state is no JSON, so that their jobs can begin again."""
    if not ended:
        return set()
    found = DBOS.list_workflows(workflow_ids=ended)
    refused = [workflow.workflow_id for workflow in found if state_format.is_refused(workflow)]
    if refused:
        DBOS.delete_workflows(refused)
        _log.warning("job_state_discarded", reason=state_format.REFUSED, jobs=len(refused))
    return set(refused)


def _handed_over(tx: ReadTx) -> list[Row]:
    found = tx.execute(
        select(Job.__table__)
        .where(_UNENDED, Job.handed_over_at < now() - _STRAY_AGE)
        .order_by(Job.created_at)
        .limit(_MAX_STRAYS)
    )
    return [dict(row) for row in found.mappings()]


def _wait_again(tx: WriteTx, job_ids: list[UUID]) -> int:
    again = {"state": JobState.WAITING, "handed_over_at": None}
    return tx.execute(update(Job).where(Job.id.in_(job_ids), _UNENDED).values(**again)).rowcount
