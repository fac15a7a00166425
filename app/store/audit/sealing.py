"""Numbering and sealing of the audit trail: what waits gets its position above the head, and the head moves.

All in one transaction, and only one at a time. Nothing that was sealed once is sealed again: the head says
how far the chain goes, and an entry that waits needs the mark of the process that wrote it. One without is
refused: it gets a position below zero, so that it waits no longer and stays to be seen.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from app.domain.common.access import Actor
from app.errors import StartError
from app.store.audit import alarms as audit_alarms
from app.store.audit import head as audit_head
from app.store.audit import rows, seals, trail
from app.store.audit.alarms import Alarm, Kind
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys
from app.store.audit.rows import Entry
from app.store.tables import AuditEntry
from app.store.transactions import ReadTx, WriteTx


@dataclass(slots=True)
class Sealing:
    """What one round did."""

    head: Head | None = None
    """The head afterwards; None while there is none that may be trusted."""
    count: int = 0
    """How many entries were looked at."""
    alarms: list[Alarm] = field(default_factory=list)
    """What was found that nobody has accepted as known."""


def seal_waiting(tx: WriteTx, keys: AuditKeys, limit: int, known: Head | None = None) -> Sealing:
    """Number and seal up to ``limit`` entries; the caller holds `audit_head.lock`.

    Args:
        known: the head after the caller's last round: an older one in its place was put back.
    """
    head = audit_head.read(tx)
    if head is None:
        if audit_head.last_entry(tx)[0]:
            return Sealing(alarms=audit_alarms.note(tx, [Alarm(Kind.NO_HEAD)]))
        head = audit_head.new(keys.current)
    elif not head.is_signed_by(keys.current):
        return Sealing(alarms=audit_alarms.note(tx, [audit_head.untrusted(head, keys)]))
    found = [*put_back(head, known), *_other_end(tx, head)]
    if above := rows.after(tx, head.position, limit):
        done = _settle_above(tx, keys, head, above)
    else:
        done = _seal(tx, keys, head, rows.waiting(tx, limit))
    done.alarms = audit_alarms.note(tx, [*found, *done.alarms])
    return done


def change_secret(tx: WriteTx, keys: AuditKeys, actor: Actor) -> bool:
    """Sign the head with the present secret instead of an earlier one, and say so in the trail.

    Returns:
        False if the present secret has signed it already, or nothing is sealed yet.

    Raises:
        StartError: none of the known secrets has signed it.
    """
    audit_head.lock(tx)
    head = audit_head.read(tx)
    if head is None and not audit_head.last_entry(tx)[0]:
        return False
    if head is None or not head.is_signed_by_any(keys):
        raise StartError("None of the given secrets signed the head of the audit trail.")
    if head.is_signed_by(keys.current):
        return False
    audit_alarms.forget(tx, Kind.OTHER_SECRET)
    trail.record(tx, actor, "audit.secret_changed", keys.current.id, members=[head.secret_id])
    head = audit_head.signed(keys.current, head.store_id, head.position, head.seal)
    seal_all(tx, keys, head, earlier=True)
    return True


def accept(tx: WriteTx, keys: AuditKeys, actor: Actor, alarms: Sequence[Alarm]) -> None:
    """Go on from the trail as it is: note what is known to be wrong, in the trail itself as well, and sign a
    head if there is none that may be trusted."""
    audit_head.lock(tx)
    audit_alarms.note(tx, alarms)
    audit_alarms.accept(tx)
    head = audit_head.read(tx)
    store_id = audit_head.new(keys.current).store_id if head is None else head.store_id
    if head is None or not head.is_signed_by(keys.current):
        head = audit_head.signed(keys.current, store_id, *audit_head.last_entry(tx))
    kinds = sorted({alarm.kind.value for alarm in alarms})
    trail.record(tx, actor, "audit.accepted", str(head.position), members=kinds)
    seal_all(tx, keys, head)


def seal_all(tx: WriteTx, keys: AuditKeys, head: Head, *, earlier: bool = False) -> Head:
    """Seal everything that waits; the caller holds the lock and trusts ``head``."""
    audit_head.write(tx, head)
    while waiting := rows.waiting(tx, 1_000):
        done = _seal(tx, keys, head, waiting, earlier=earlier)
        audit_alarms.note(tx, done.alarms)
        head = done.head or head
    return head


def put_back(head: Head, known: Head | None) -> list[Alarm]:
    """Whether ``head`` is older than one that the trail had."""
    if known is None or known.store_id != head.store_id or known.secret_id != head.secret_id:
        return []
    if head.position > known.position or head == known:
        return []
    return [Alarm(Kind.PUT_BACK, head.position, known.position)]


def _seal(
    tx: WriteTx,
    keys: AuditKeys,
    head: Head,
    waiting: Sequence[Entry],
    *,
    earlier: bool = False,
) -> Sealing:
    """Chain what may be sealed behind the head, and move the head; refuse the rest."""
    position, seal = head.position, head.seal
    placed, refused = [], []
    for entry in waiting:
        if seals.is_marked(keys, entry, earlier=earlier):
            position += 1
            seal = seals.seal(keys.current.seal, seal, position, entry.text)
            placed.append((position, seal, entry.row_id))
        else:
            refused.append(entry)
    rows.place(tx, placed)
    head = audit_head.signed(keys.current, head.store_id, position, seal)
    audit_head.write(tx, head)
    return Sealing(head, len(waiting), _refuse(tx, refused))


def _refuse(tx: WriteTx, entries: Sequence[Entry]) -> list[Alarm]:
    if not entries:
        return []
    lowest = tx.execute(select(func.min(AuditEntry.position))).scalar_one()
    first = min(0, lowest if isinstance(lowest, int) else 0) - 1
    rows.place(tx, [(first - index, entry.seal, entry.row_id) for index, entry in enumerate(entries)])
    return [Alarm(Kind.REFUSED, first - len(entries) + 1, first)]


def _settle_above(tx: WriteTx, keys: AuditKeys, head: Head, above: Sequence[Entry]) -> Sealing:
    """Bring in order what must not be: entries with a position above the head.

    One that the chain links to the one before was sealed by us, so it is the head that was put back: it goes
    forward again. The others are refused.
    """
    linked, previous, expected = head, head.seal, head.position + 1
    for entry in above:
        if entry.position == expected and entry.seal is not None:
            seal = seals.seal(keys.current.seal, previous, expected, entry.text)
            if hmac.compare_digest(seal, entry.seal):
                linked = audit_head.signed(keys.current, head.store_id, expected, seal)
        previous, expected = entry.seal or b"", (entry.position or 0) + 1
    if linked.position == head.position:
        return Sealing(head, len(above), _refuse(tx, above))
    audit_head.write(tx, linked)
    return Sealing(linked, len(above), put_back(head, linked))


def _other_end(tx: ReadTx, head: Head) -> list[Alarm]:
    """Whether the last entry is not the one that the head names."""
    end = rows.at(tx, head.position) if head.position else None
    if not head.position or (end is not None and end.seal == head.seal):
        return []
    kind = Kind.REMOVED if end is None else Kind.UNSEALED if end.seal is None else Kind.CHANGED
    return [Alarm(kind, head.position, head.position)]
