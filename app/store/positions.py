"""The global order of events and audit entries, given after commit, and the seal of the audit trail.

Rows commit without a position. One job numbers what has become visible, in order of ``(at, id)``, behind
what is numbered already: a transaction that commits late gets a later position, and a reader who
remembers the last position it saw misses nothing.

Audit entries are chained as they are numbered: ``seal = HMAC-SHA256(key, previous seal + the entry)``,
so a changed, removed or inserted entry breaks the chain there. Cutting off the end is not seen; keep the
last position elsewhere (`vefa audit verify` prints it) to notice that.
"""

import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from app.store import dialects
from app.store.engine import single
from app.store.tables import AuditEntry, Event
from app.store.types import to_micros

_FIRST_SEAL = bytes(32)
_VERIFY_BATCH = 5_000
_HAS_NEWS = select(  # built once: it runs every second
    select(Event.id).where(Event.position.is_(None)).exists()
    | select(AuditEntry.id).where(AuditEntry.position.is_(None)).exists()
)


def seal_key(secret: str) -> bytes:
    """The key of the audit seal, derived from the service's secret."""
    return hashlib.sha256(b"vefa-audit:" + secret.encode()).digest()


@single
def has_news(tx: Connection) -> bool:
    """Whether any row waits for its position."""
    return bool(tx.execute(_HAS_NEWS).scalar_one())


def assign(tx: Connection, key: bytes, limit: int) -> int:
    """Number up to ``limit`` events and as many audit entries, and seal the entries.

    Only one transaction does it at a time; others wait for it.

    Returns:
        How many rows were numbered; less than ``limit`` means that nothing was left.
    """
    dialects.advisory_lock(tx, "vefa-positions")
    return max(_number_events(tx, limit), _number_audit(tx, key, limit))


def verify(tx: Connection, key: bytes) -> int | None:
    """Recompute the audit chain from its beginning.

    Returns:
        The first position that is missing or whose entry is not what was sealed; None if all is well.
    """
    previous, position = _FIRST_SEAL, 0
    while True:
        rows = tx.execute(
            select(AuditEntry.__table__)
            .where(AuditEntry.position > position)
            .order_by(AuditEntry.position)
            .limit(_VERIFY_BATCH)
        ).all()
        for row in rows:
            position += 1
            expected = _seal(key, previous, row, position)
            if row.position != position or not hmac.compare_digest(row.seal or b"", expected):
                return position
            previous = expected
        if len(rows) < _VERIFY_BATCH:
            return None


def _number_events(tx: Connection, limit: int) -> int:
    found = tx.execute(_unnumbered(Event, Event.id, limit=limit)).all()
    if found:
        first = _last(tx, Event) + 1
        numbered = [{"row_id": row.id, "at_position": first + index} for index, row in enumerate(found)]
        place = update(Event).where(Event.id == bindparam("row_id"))
        tx.execute(place.values(position=bindparam("at_position")), numbered)
    return len(found)


def _number_audit(tx: Connection, key: bytes, limit: int) -> int:
    found = tx.execute(_unnumbered(AuditEntry, *AuditEntry.__table__.columns, limit=limit)).all()
    if not found:
        return 0
    position = _last(tx, AuditEntry)
    seal = _FIRST_SEAL
    if position:
        seal = tx.execute(select(AuditEntry.seal).where(AuditEntry.position == position)).scalar_one() or b""
    sealed = []
    for row in found:
        position += 1
        seal = _seal(key, seal, row, position)
        sealed.append({"row_id": row.id, "at_position": position, "with_seal": seal})
    tx.execute(
        update(AuditEntry)
        .where(AuditEntry.id == bindparam("row_id"))
        .values(position=bindparam("at_position"), seal=bindparam("with_seal")),
        sealed,
    )
    return len(found)


def _unnumbered(table: type[Any], *columns: Any, limit: int) -> Any:
    return select(*columns).where(table.position.is_(None)).order_by(table.at, table.id).limit(limit)


def _last(tx: Connection, table: type[Any]) -> int:
    return int(tx.execute(select(func.coalesce(func.max(table.position), 0))).scalar_one())


def _seal(key: bytes, previous: bytes, row: Any, position: int) -> bytes:
    """The seal of an entry: every column of it, in one unambiguous spelling."""
    entry = [
        position,
        row.id.hex,
        to_micros(row.at),
        row.actor_id,
        row.request_id,
        row.action,
        row.object_id,
        row.members,
    ]
    return hmac.digest(key, previous + json.dumps(entry, separators=(",", ":")).encode(), "sha256")
