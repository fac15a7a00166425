"""The escalation ladder of promises: tells of those that come near their due time or are past it, each thing
once. It goes by the rules of standards and calls whom these say (`app.services.standards.ladder`)."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from app.domain.common.access import Actor
from app.domain.promises.promises import PromiseEventKind, PromiseState
from app.domain.standards import clocks as domain
from app.domain.standards.clocks import Notice, NoticeKind, TellWhom
from app.errors import ConflictError, InvalidError
from app.schemas.promises.events import PromiseHandOver
from app.services.promises import due_times, promises, steps
from app.services.standards import ladder
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.tables import Promise, PromiseEvent
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

ACTIONS = {
    NoticeKind.WARNED: "promise.warned",
    NoticeKind.BROKEN: "promise.broken",
    NoticeKind.ESCALATED: "promise.escalated",
}
_CHANGED = ("warned_at", "broken_at", "next_rung", "next_at", "version", "updated_at")
_UPDATE = (
    update(Promise)
    .where(Promise.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED})
)


@one_statement
def has_due(tx: ReadTx, at: datetime) -> bool:
    """Tell whether any promise has something to tell."""
    return tx.execute(select(Promise.id).where(Promise.next_at < at).limit(1)).first() is not None


def run(tx: WriteTx, actor: Actor, limit: int) -> int:
    """Tell of up to ``limit`` promises whose time has come, those that wait longest first, and hand over
    where a rung says so. One whose new owner may not own it stays where it is.

    Promises that another transaction has locked are left for the next time. What is told and that it was
    told are one transaction, so each thing is told once, by however many workers and after any restart.

    Returns:
        How many promises were dealt with.
    """
    at = now()
    due = select(Promise.__table__).where(Promise.next_at < at).order_by(Promise.next_at).limit(limit)
    rows = [dict(row) for row in tx.execute(due.with_for_update(skip_locked=True)).mappings()]
    fired: list[tuple[Row, Notice]] = []
    changed, broken = [], []
    for row, rule in zip(rows, due_times.rules_of(tx, rows), strict=True):
        clock, notices = domain.fire(due_times.clock_of(row), at, rule)
        after = {**row, **due_times.clock_columns(clock)}
        if any(notice.kind is NoticeKind.BROKEN for notice in notices):
            after |= {"version": row["version"] + 1, "updated_at": at}
            broken.append(_broken(actor, after))
        changed.append({"row_id": row["id"], **{f"new_{name}": after[name] for name in _CHANGED}})
        fired += [(after, notice) for notice in notices]
    if changed:
        tx.execute(_UPDATE, changed)
    if broken:
        tx.execute(insert(PromiseEvent), broken)
    _tell(tx, actor, fired)
    return len(rows)


def _broken(actor: Actor, row: Row) -> Row:
    event = promises.event(actor, row, PromiseEventKind.BROKEN, row["due_at"])
    return event | {"state": PromiseState.OVERDUE}


def _tell(tx: WriteTx, actor: Actor, fired: Sequence[tuple[Row, Notice]]) -> None:
    """Write the events, those with the same data together; hand over what rungs ask for."""
    together: dict[tuple[str, str], list[tuple[str, Any]]] = defaultdict(list)
    asks_heads = any(notice.rung is not None and notice.rung.tell is TellWhom.HEAD for _, notice in fired)
    heads = ladder.heads_of(tx) if asks_heads else {}
    changes = []
    for row, notice in fired:
        is_due = notice.kind is NoticeKind.WARNED
        data = promises.event_data(row, PromiseState.OPEN if is_due else PromiseState.OVERDUE)
        if notice.kind is NoticeKind.BROKEN:
            data["version"] = row["version"]
        if notice.rung is not None:
            data["state"] = (PromiseState.OVERDUE if row["broken_at"] else PromiseState.OPEN).value
            code = ladder.whom(actor, row, notice.rung, heads)
            data |= {"rung": notice.number, "tell": notice.rung.tell.value, "code": code}
            if notice.rung.changes_owner and code is not None:
                changes.append((row, code))
        key = ACTIONS[notice.kind], json.dumps(data, ensure_ascii=False)
        together[key].append((str(row["id"]), row["customer_id"]))
    for (action, data_text), objects in together.items():
        trail.record_all(tx, actor, action, objects, data=json.loads(data_text))
    for row, owner in changes:
        given = PromiseHandOver(owner=owner, note=f"Escalated: {row['standard']}.")
        try:
            steps.hand_over(tx, actor, row["id"], given)
        except (ConflictError, InvalidError):
            continue
