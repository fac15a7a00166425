"""What an import can be in."""

from enum import StrEnum


class ImportState(StrEnum):
    """uploading -> waiting -> running -> done, done_with_refusals or failed; then perhaps reverting ->
    reverted.

    An import is cancelled when its job was before it began.
    """

    UPLOADING = "uploading"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DONE_WITH_REFUSALS = "done_with_refusals"
    """More than half of the rows were refused."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERTING = "reverting"
    REVERTED = "reverted"


OPEN = frozenset({ImportState.WAITING, ImportState.RUNNING})
"""There are rows to come."""

ENDED = frozenset({ImportState.DONE, ImportState.DONE_WITH_REFUSALS, ImportState.FAILED})
"""There are no rows to come, and it can be reverted."""


def done(rows_in: int, rows_refused: int) -> ImportState:
    """The state of an import whose file was read to its end.

    >>> done(4, 2).value, done(4, 3).value, done(0, 0).value
    ('done', 'done_with_refusals', 'done')
    """
    return ImportState.DONE_WITH_REFUSALS if 2 * rows_refused > rows_in else ImportState.DONE
