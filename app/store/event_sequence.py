"""The global order of events and audit entries, given after commit.

Rows commit without a position. One job numbers what has become visible, in order of ``(at, id)``, behind
what is numbered already: a transaction that commits late gets a later position, and a reader who
remembers the last position it saw misses nothing. Audit entries are sealed as they are numbered
(`app.store.audit.sealing`).
"""

from contextlib import suppress

from sqlalchemy import func, select

from app.errors import AppError
from app.store import dialects
from app.store.audit import head, sealing
from app.store.audit import keys as audit_keys
from app.store.audit.alarm_log import AlarmLog
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys
from app.store.audit.sealing import Sealing
from app.store.dialects import StoreSettings
from app.store.engine import Store, one_statement
from app.store.events import bell as event_bell
from app.store.tables import AuditEntry, Event
from app.store.transactions import ReadTx, WriteTx

_HAS_UNNUMBERED = select(  # built once: it runs every second
    select(Event.id).where(Event.position.is_(None)).exists()
    | select(AuditEntry.id).where(AuditEntry.position.is_(None)).exists()
)
_AT_ONCE_AT_END = 1_000
_MAX_ROUNDS_AT_END = 20
_WAITING = "SELECT id FROM events WHERE position IS NULL ORDER BY at, id LIMIT {0}"
_NUMBER = "UPDATE events SET position = {0} WHERE id = {0}"


@one_statement
def has_unnumbered(tx: ReadTx) -> bool:
    """Whether any row waits for its position."""
    return bool(tx.execute(_HAS_UNNUMBERED).scalar_one())


def assign(tx: WriteTx, keys: AuditKeys, limit: int, known: Head | None = None) -> Sealing:
    """Number up to ``limit`` events and as many audit entries, and seal the entries.

    Only one transaction does it at a time; others wait for it.

    Args:
        known: the head of the audit trail after the caller's last round.

    Returns:
        What was done; its count is that of events or of entries, the larger one: less than ``limit`` means
        that nothing was left.
    """
    head.lock(tx)
    count = _number_events(tx, limit)
    if count:
        event_bell.notify(tx, event_bell.NUMBERED)
    done = sealing.seal_waiting(tx, keys, limit, known)
    done.count = max(done.count, count)
    return done


def finish(store: Store, settings: StoreSettings) -> None:
    """Seal what waits before a process ends, so that what it wrote does not lie unsealed while nobody looks.

    Only where it has written something itself, and as much as takes no long time.
    """
    keys = audit_keys.of_settings(settings)
    if keys is None or store.witness.is_idle:
        return
    with suppress(AppError):  # the database is gone; the next worker seals
        for _ in range(_MAX_ROUNDS_AT_END):
            if store.write_sync(assign, keys, _AT_ONCE_AT_END).count < _AT_ONCE_AT_END:
                break
        AlarmLog().tell(store.write_sync(store.witness.look))


def _number_events(tx: WriteTx, limit: int) -> int:
    mark = "%s" if dialects.is_postgres(tx) else "?"
    found = tx.exec_driver_sql(_WAITING.format(mark), (limit,)).scalars().all()
    if found:
        last = tx.execute(select(func.max(Event.position))).scalar_one() or 0
        numbered = [(last + 1 + index, row_id) for index, row_id in enumerate(found)]
        tx.exec_driver_sql(_NUMBER.format(mark), numbered)
    return len(found)
