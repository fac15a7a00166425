"""Files that only the user of the service may read and write."""

import os
from contextlib import suppress
from pathlib import Path

MODE = 0o600


def make(path: Path) -> None:
    """Make an empty file with `MODE`, unless there is one. SQLite gives its log and index the file's mode.

    Where it cannot be made nothing is said: SQLite, which opens it next, says why.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE))
