"""What a process remembers of the entries it wrote until they are sealed.

An entry that waits for its seal is held by nothing: whoever removes it then leaves no hole in the chain. So
each process keeps the ids of what it committed and looks whether they come to be sealed. One that is gone is
an alarm.
"""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from threading import Lock
from uuid import UUID

from sqlalchemy import Connection

from app.store.audit import alarms as audit_alarms
from app.store.audit import head as audit_head
from app.store.audit import rows
from app.store.audit.alarms import Alarm, Kind
from app.store.transactions import WriteTx

MAX_REMEMBERED = 200_000
"""Entries of one process that wait; while nobody seals, the earliest beyond are forgotten."""

_AT_ONCE = 1_000
_MAX_ROUNDS = 50
_MAX_ALARMS = 100
_WRITTEN = "audit_entries_written"


class Witness:
    """The entries that one process has committed and not seen sealed.

    Args:
        tell: called after each commit that leaves entries.
    """

    def __init__(self, tell: Callable[[], None] | None = None) -> None:
        self._tell = tell
        self._waiting: deque[UUID] = deque()
        self._lock = Lock()
        self._alarms: dict[Alarm, None] = {}

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to look for, and nothing to tell."""
        return not self._waiting and not self._alarms

    def committed(self, tx: Connection) -> None:
        """Remember what was written in a transaction that has just been committed."""
        if ids := tx.info.pop(_WRITTEN, None):
            with self._lock:
                self._waiting.extend(ids)
                while len(self._waiting) > MAX_REMEMBERED:
                    self._waiting.popleft()
            if self._tell is not None:
                self._tell()

    def look(self, tx: WriteTx) -> list[Alarm]:
        """Look for what was written: forget what is sealed, and note as an alarm what is gone.

        Returns:
            The alarms of this process that nobody has accepted as known.
        """
        for _ in range(_MAX_ROUNDS):
            if not self._look_at_some(tx):
                break
        return audit_alarms.note(tx, self._alarms)

    def _look_at_some(self, tx: WriteTx) -> bool:
        """Look at the earliest; True if none of them waits any more, and there are others."""
        with self._lock:
            ids = list(islice(self._waiting, _AT_ONCE))
        if not ids:
            return False
        found = rows.positions(tx, ids)
        waiting = [one for one in ids if one in found and found[one] is None]
        if len(found) < len(set(ids)) and len(self._alarms) < _MAX_ALARMS:
            head = audit_head.read(tx)
            position = 0 if head is None else head.position
            self._alarms[Alarm(Kind.LOST, position, position)] = None
        with self._lock:
            for _ in ids:
                if self._waiting:
                    self._waiting.popleft()
            self._waiting.extendleft(reversed(waiting))
        return not waiting and len(ids) == _AT_ONCE


def begin(tx: Connection) -> None:
    """Forget what an earlier transaction of this connection wrote and did not commit."""
    tx.info.pop(_WRITTEN, None)


def wrote(tx: Connection, ids: Iterable[UUID]) -> None:
    """Note entries that are written in a transaction."""
    tx.info.setdefault(_WRITTEN, []).extend(ids)


def count(tx: Connection) -> int:
    """How many entries a transaction has written so far."""
    return len(tx.info.get(_WRITTEN, ()))


def undo(tx: Connection, written: int) -> None:
    """Forget what was written after the first ``written``, because it was rolled back."""
    del tx.info.get(_WRITTEN, [])[written:]
