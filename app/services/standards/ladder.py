"""The escalation ladder: tells of clocks whose time has come, each thing once."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.standards import clocks as domain
from app.domain.standards.clocks import Notice, NoticeKind, Rung, TellWhom
from app.services.standards import clocks, rules
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.tables import Complaint, ComplaintClock, Unit
from app.store.transactions import ReadTx, Row, WriteTx

ACTIONS = {
    NoticeKind.WARNED: "complaint.standard_warned",
    NoticeKind.BROKEN: "complaint.standard_broken",
    NoticeKind.ESCALATED: "complaint.escalated",
}


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """A complaint that a rung gives to another owner."""

    complaint_id: UUID
    owner: str
    metric: str
    standard: str


@one_statement
def has_due(tx: ReadTx, now: datetime) -> bool:
    """Tell whether any clock has something to tell."""
    statement = select(ComplaintClock.id).where(ComplaintClock.next_at < now).limit(1)
    return tx.execute(statement).first() is not None


def advance(tx: WriteTx, actor: Actor, now: datetime, limit: int) -> tuple[int, list[OwnerChange]]:
    """Tell of up to ``limit`` clocks whose time came before ``now``, those that wait longest first.

    Complaints that another transaction has locked are left for the next time. What is told and that it was
    told are one transaction, so each thing is told once, by however many workers and after any restart.

    Returns:
        How many clocks were dealt with, and which complaints get another owner.
    """
    due = select(ComplaintClock.complaint_id).where(ComplaintClock.next_at < now)
    ids = set(tx.execute(due.order_by(ComplaintClock.next_at).limit(limit)).scalars())
    if not ids:
        return 0, []
    mine = select(Complaint.id).where(Complaint.id.in_(sorted(ids))).with_for_update(skip_locked=True)
    locked = sorted(tx.execute(mine).scalars())
    statement = select(ComplaintClock.__table__).where(ComplaintClock.complaint_id.in_(locked))
    found = tx.execute(statement.where(ComplaintClock.next_at < now).order_by(ComplaintClock.next_at))
    rows = [dict(row) for row in found.mappings()]
    changed, fired = [], []
    for row, rule in zip(rows, rules.rules_of(tx, rows), strict=True):
        clock, notices = domain.fire(clocks.clock_of(row), now, rule)
        changed.append((row, clock))
        fired += [(row, notice) for notice in notices]
    clocks.store(tx, changed)
    return len(rows), _tell(tx, actor, fired)


def _tell(tx: WriteTx, actor: Actor, fired: Sequence[tuple[Row, Notice]]) -> list[OwnerChange]:
    """Write the events, those with the same data together; the owner changes that rungs ask for."""
    together: dict[tuple[str, str], list[tuple[str, UUID]]] = defaultdict(list)
    asks_heads = any(notice.rung is not None and notice.rung.tell is TellWhom.HEAD for _, notice in fired)
    heads = heads_of(tx) if asks_heads else {}
    changes = []
    for row, notice in fired:
        data: Row = {name: row[name] for name in ("metric", "standard", "standard_version")}
        if notice.rung is not None:
            code = whom(actor, row, notice.rung, heads)
            data |= {"rung": notice.number, "tell": notice.rung.tell.value, "code": code}
            if notice.rung.changes_owner and code is not None:
                changes.append(OwnerChange(row["complaint_id"], code, row["metric"], row["standard"]))
        key = ACTIONS[notice.kind], json.dumps(data, ensure_ascii=False)
        together[key].append((str(row["complaint_id"]), row["customer_id"]))
    for (action, data_text), objects in together.items():
        trail.record_all(tx, actor, action, objects, data=json.loads(data_text))
    return changes


def whom(actor: Actor, row: Row, rung: Rung, heads: Mapping[str, str]) -> str | None:
    """The code of whom a rung tells; None where no unit is known or nobody heads it."""
    if rung.tell is TellWhom.OWNER:
        return str(row["owner"])
    if rung.tell is TellWhom.AGENT:
        return rung.code
    unit = rung.code or row["unit"]
    if rung.tell is TellWhom.UNIT:
        return unit or actor.company.complaint_owner
    return None if unit is None else heads.get(unit)


def heads_of(tx: ReadTx) -> dict[str, str]:
    """Who heads each active unit: its own head, else that of the nearest unit above that has one."""
    statement = select(Unit.code, Unit.head, Unit.parent).where(Unit.is_active)
    units = {row.code: row for row in tx.execute(statement)}
    found = {}
    for code, unit in units.items():
        above, seen = unit, {code}
        while above.head is None and above.parent in units.keys() - seen:
            seen.add(above.parent)
            above = units[above.parent]
        if above.head is not None:
            found[code] = above.head
    return found
