"""The whole audit trail looked at once: its head, its chain, what stands beside it, a copy of the head."""

from dataclasses import dataclass, field

from app.store.audit import alarms as audit_alarms
from app.store.audit import head as audit_head
from app.store.audit import rows, seals
from app.store.audit.alarms import Alarm, Kind
from app.store.audit.head import Head
from app.store.audit.keys import AuditKeys
from app.store.audit.rows import Entry
from app.store.audit.verification import Walk, ends_otherwise
from app.store.transactions import ReadTx

_MAX_LISTED = 10_000


@dataclass(slots=True)
class Report:
    """What was found."""

    head: Head | None
    last: int
    """The position up to which entries are or should be sealed."""
    waiting: int
    """Entries that have no position yet."""
    alarms: list[Alarm] = field(default_factory=list)
    refused: list[Entry] = field(default_factory=list)
    """Entries without a mark of ours, some of them."""


def verify(tx: ReadTx, keys: AuditKeys, copy: Head | None = None) -> Report:
    """Read the whole trail again, in bounded memory.

    Args:
        copy: a head of earlier, kept outside.
    """
    head = audit_head.read(tx)
    last = audit_head.last_entry(tx)[0]
    if head is not None and head.is_signed_by_any(keys):
        last = head.position
    report = Report(head, last, audit_head.waiting(tx))
    wanted = frozenset(one.position for one in (head, copy) if one is not None)
    walk = Walk(keys.chain, last, wanted, head)
    walk.run(tx)
    report.alarms += _of_head(head, last, keys)
    if walk.used or not any(alarm.kind is Kind.OTHER_SECRET for alarm in report.alarms):
        report.alarms += [*walk.alarms, *ends_otherwise(walk)]  # else nothing can be said of the entries
    if head is not None:
        report.alarms += [
            Alarm(Kind.ABOVE, one.position or 0, one.position or 0)
            for one in rows.after(tx, last, _MAX_LISTED)
        ]
    if copy is not None:
        report.alarms += _of_copy(head, copy, walk)
    _add_refused(tx, keys, report)
    report.alarms += audit_alarms.unaccepted_beside(tx, report.alarms)
    return report


def _of_head(head: Head | None, last: int, keys: AuditKeys) -> list[Alarm]:
    if head is None:
        return [Alarm(Kind.NO_HEAD)] if last else []
    return [] if head.is_signed_by(keys.current) else [audit_head.untrusted(head, keys)]


def _of_copy(head: Head | None, copy: Head, walk: Walk) -> list[Alarm]:
    if head is not None and head.store_id != copy.store_id:
        return [Alarm(Kind.OTHER_STORE)]
    if copy.position > walk.last:
        return [Alarm(Kind.REMOVED, walk.last + 1, copy.position, "The copy of the head names them.")]
    is_named = any(alarm.first <= copy.position <= alarm.last for alarm in walk.alarms)
    if copy.position and walk.seals.get(copy.position) != copy.seal and not is_named:
        return [
            Alarm(Kind.PUT_BACK, copy.position, copy.position, "The copy of the head has another seal there.")
        ]
    return []


def _add_refused(tx: ReadTx, keys: AuditKeys, report: Report) -> None:
    refused = rows.refused(tx, _MAX_LISTED)
    if refused:
        positions = [one.position or 0 for one in refused]
        report.alarms.append(Alarm(Kind.REFUSED, min(positions), max(positions)))
    unmarked = [
        one
        for one in rows.waiting(tx, _MAX_LISTED)
        if report.head is not None and not seals.is_marked(keys, one, earlier=True)
    ]
    if unmarked:
        report.alarms.append(Alarm(Kind.REFUSED, remark=f"{len(unmarked):,} of them still wait."))
    report.refused = [*refused, *unmarked]
