"""What an import can be in."""

from enum import StrEnum


class ImportState(StrEnum):
    """uploading -> waiting -> running -> done or failed; then perhaps reverting -> reverted.

    An import is cancelled when its job was before it began.
    """

    UPLOADING = "uploading"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REVERTING = "reverting"
    REVERTED = "reverted"


OPEN = frozenset({ImportState.WAITING, ImportState.RUNNING})
"""There are rows to come."""
