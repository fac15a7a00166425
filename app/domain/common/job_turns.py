"""Whose job comes next: slots go round among those who ask and among kinds, and one stays for short jobs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_WAITING = 20
"""Jobs of one API key that may wait at once."""

WAIT_SECONDS = 10
"""Until a caller with so many jobs should ask again."""

SMALL_FILE_BYTES = 1 << 20
"""Text of a file that is taken in within seconds."""

UNPACKED_RATIO = 10
"""Bytes of text that one compressed byte of a table usually becomes."""


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that no worker has begun."""

    id: Any
    asked_by: str
    kind: str
    is_short: bool


def is_short(arguments: Mapping[str, Any]) -> bool:
    """Whether a job surely ends soon: it takes in a small file.

    >>> is_short({"import_id": "...", "text_bytes": 1000}), is_short({"run_id": "..."})
    (True, False)
    """
    size = arguments.get("text_bytes")
    return isinstance(size, int) and size <= SMALL_FILE_BYTES


def long_slots(slots: int) -> int:
    """How many of a worker's slots long jobs may have: all but one, and one at least.

    >>> [long_slots(slots) for slots in (1, 2, 3)]
    [1, 1, 2]
    """
    return max(1, slots - 1)


@dataclass(slots=True)
class Turns:
    """Remembers who was served when: the caller who waits longest is next, within it the kind that does."""

    _served: dict[tuple[str, ...], int] = field(default_factory=dict)
    _count: int = 0

    def next_jobs(self, waiting: Iterable[WaitingJob], free: int, free_for_long: int) -> list[WaitingJob]:
        """Choose up to ``free`` jobs, of which up to ``free_for_long`` are long.

        Args:
            waiting: the oldest first.
            free: slots that are free.
            free_for_long: those of them that long jobs may have.

        Returns:
            The jobs in the order of their turns; each counts as served.
        """
        left = list(waiting)
        chosen: list[WaitingJob] = []
        while len(chosen) < free:
            fitting = [job for job in left if job.is_short or free_for_long > 0]
            if not fitting:
                break
            job = min(fitting, key=self._turn)
            left.remove(job)
            chosen.append(job)
            free_for_long -= not job.is_short
            self._count += 1
            self._served[(job.asked_by,)] = self._served[(job.asked_by, job.kind)] = self._count
        return chosen

    def _turn(self, job: WaitingJob) -> tuple[int, int]:
        return self._served.get((job.asked_by,), 0), self._served.get((job.asked_by, job.kind), 0)
