"""What a job can be in, and how far it is."""

from enum import StrEnum


class JobState(StrEnum):
    """waiting -> running -> done or failed; waiting -> cancelled."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


def progress_percent(state: JobState, done: int, total: int | None) -> float | None:
    """How much of the work is behind us, 0..100 with one decimal; None when the total is unknown.

    Rounded down, so that 100 means that nothing is left to do.

    >>> progress_percent(JobState.RUNNING, 1999, 2000)
    99.9
    >>> progress_percent(JobState.RUNNING, 5, None) is None
    True
    """
    if state == JobState.DONE:
        return 100.0
    if not total:
        return None
    return min(done * 1000 // total, 1000) / 10
