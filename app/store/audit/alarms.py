"""What is wrong with the audit trail, by kind, and the note of it that workers leave in the database."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import delete, func, select, update

from app.store import dialects
from app.store.tables import AuditAlarm
from app.store.transactions import ReadTx, WriteTx
from app.store.types import now


class Kind(StrEnum):
    """A way in which the trail is not what was sealed."""

    CHANGED = "changed"
    """An entry, or its seal, is not what was sealed at its position."""
    MOVED = "moved"
    """An entry stands at another position than the one it was sealed at."""
    REMOVED = "removed"
    """No entry has this position, though one was sealed there."""
    UNSEALED = "unsealed"
    """An entry below the head has no seal."""
    TWICE = "twice"
    """Several entries have this position."""
    REFUSED = "refused"
    """An entry without the mark of a process that has the secret; it got no position."""
    LOST = "lost"
    """Entries were removed before they were sealed; the head was at this position."""
    ABOVE = "above"
    """An entry has a position above the head and a seal that is none."""
    PUT_BACK = "put_back"
    """The head is older than one this trail had."""
    NO_HEAD = "no_head"
    """Entries were sealed, but the head that signs for them is gone."""
    FORGED_HEAD = "forged_head"
    """The head bears no valid signature."""
    OTHER_SECRET = "other_secret"  # noqa: S105 - a kind of alarm
    """The head was signed with another secret than the present one."""
    OTHER_STORE = "other_store"
    """The copy of a head is of another store."""


_OF_ENTRIES = {Kind.CHANGED, Kind.MOVED, Kind.REMOVED, Kind.UNSEALED, Kind.TWICE}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One finding; positions are 0 where it concerns none."""

    kind: Kind
    first: int = 0
    last: int = 0
    remark: str = ""
    """More about it, for people."""
    is_accepted: bool = False
    """Whether the database says that somebody accepted it as known."""

    def is_part_of(self, other: "Alarm") -> bool:
        """Whether the other one says the same of these positions, or something better, and perhaps more."""
        if {self.kind, other.kind} <= _OF_ENTRIES:
            last = other.first if other.kind is Kind.MOVED else other.last
            return other.first <= self.first and (self.last <= last or self.kind is Kind.MOVED)
        return self.kind is other.kind and other.first <= self.first and self.last <= other.last


def note(tx: WriteTx, alarms: Iterable[Alarm]) -> list[Alarm]:
    """Store findings; returns them with whether somebody has accepted them as known."""
    keys = ["kind", "first_position", "last_position"]
    columns = [AuditAlarm.__table__.c[name] for name in keys]
    wanted = {(alarm.kind.value, alarm.first, alarm.last): alarm for alarm in alarms}
    if not wanted:
        return []
    rows = [{**dict(zip(keys, key, strict=True)), "found_at": now()} for key in wanted]
    tx.execute(dialects.insert(tx, AuditAlarm).on_conflict_do_nothing(index_elements=keys), rows)
    accepted = set(map(tuple, tx.execute(select(*columns).where(AuditAlarm.accepted_at.is_not(None)))))
    return [replace(alarm, is_accepted=key in accepted) for key, alarm in wanted.items()]


def accept(tx: WriteTx) -> None:
    """Mark every stored finding as known."""
    tx.execute(update(AuditAlarm).where(AuditAlarm.accepted_at.is_(None)).values(accepted_at=now()))


def forget(tx: WriteTx, kind: Kind) -> None:
    """Delete the findings of a kind, so that the next one is reported again."""
    tx.execute(delete(AuditAlarm).where(AuditAlarm.kind == kind.value))


def unaccepted_beside(tx: ReadTx, found: Iterable[Alarm]) -> list[Alarm]:
    """Stored findings that nobody has accepted as known and that are not part of ``found``."""
    known = list(found)
    stored = select(AuditAlarm).where(AuditAlarm.accepted_at.is_(None)).order_by(AuditAlarm.found_at)
    alarms = [
        Alarm(
            Kind(row.kind), row.first_position, row.last_position, f"Noted on {row.found_at:%Y-%m-%d %H:%M}Z."
        )
        for row in tx.execute(stored.with_only_columns(*AuditAlarm.__table__.columns))
        if row.kind in set(Kind)
    ]
    return [alarm for alarm in alarms if not any(alarm.is_part_of(one) for one in known)]


def unaccepted(tx: ReadTx) -> int:
    """How many findings are stored that nobody has accepted as known."""
    count = select(func.count()).select_from(AuditAlarm).where(AuditAlarm.accepted_at.is_(None))
    return int(tx.execute(count).scalar_one())
