"""From waiting rows to running workflows."""

from app.domain.common.job_turns import Turns
from app.jobs import workflows
from app.services.platform import jobs
from app.store.engine import Store
from app.store.transactions import WriteTx

MAX_WAITING_READ = 200
"""Jobs handed over in one go, at most."""


def hand_over(store: Store, free: int, free_for_long: int | None = None, turns: Turns | None = None) -> int:
    """Start workflows for waiting jobs, by turns.

    The workflow is made before the row is marked: a crash in between hands the job over again, which is
    harmless. Several workers on PostgreSQL take different jobs.

    Args:
        store: where they wait.
        free: most jobs to take; callers pass the number of free slots, so that what one worker cannot
            begin stays for the others.
        free_for_long: how many of them may be long; all by default.
        turns: whose turn it was when, for this worker.

    Returns:
        How many jobs were taken.
    """
    free = min(free, MAX_WAITING_READ)
    if free <= 0:
        return 0
    if not store.is_sqlite:
        return store.write_sync(_hand_over_locked, free, free_for_long, turns)
    # One process has one dispatcher: no lock needed, and the writer need not wait for DBOS's commits.
    waiting = store.read_sync(jobs.waiting, free, free_for_long, turns)
    for job_id in waiting:
        workflows.begin(job_id)
    if waiting:
        store.write_sync(jobs.mark_handed_over, waiting)
    return len(waiting)


def _hand_over_locked(tx: WriteTx, free: int, free_for_long: int | None, turns: Turns | None) -> int:
    waiting = jobs.waiting(tx, free, free_for_long, turns)
    for job_id in waiting:
        workflows.begin(job_id)
    if waiting:
        jobs.mark_handed_over(tx, waiting)
    return len(waiting)
