"""From waiting rows to running workflows."""

from sqlalchemy import Connection

from app.jobs import workflows
from app.services import jobs
from app.store.engine import Store

MOST = 200
"""Jobs handed over in one go, at most."""


def hand_over(store: Store, limit: int) -> int:
    """Start workflows for the oldest waiting jobs.

    The workflow is made before the row is marked: a crash in between hands the job over again, which is
    harmless. Several workers on PostgreSQL take different jobs.

    Args:
        limit: most jobs to take; callers pass the number of free slots, so that what one worker cannot
            begin stays for the others.

    Returns:
        How many jobs were taken.
    """
    limit = min(limit, MOST)
    if limit <= 0:
        return 0
    if not store.is_sqlite:
        return store.write_sync(_hand_over_locked, limit)
    # One process has one dispatcher: no lock needed, and the writer need not wait for DBOS's commits.
    waiting = store.read_sync(jobs.waiting, limit)
    for job_id in waiting:
        workflows.begin(job_id)
    if waiting:
        store.write_sync(jobs.mark_handed_over, waiting)
    return len(waiting)


def _hand_over_locked(tx: Connection, limit: int) -> int:
    waiting = jobs.waiting(tx, limit)
    for job_id in waiting:
        workflows.begin(job_id)
    if waiting:
        jobs.mark_handed_over(tx, waiting)
    return len(waiting)
