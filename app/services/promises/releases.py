"""What somebody has promised goes to a queue when they stop; with a complaint or a contact that is moved to
another customer, its promises go as well."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.promises.promises import PromiseEventKind
from app.services.promises import promises
from app.store.audit import trail
from app.store.tables import Promise, PromiseEvent
from app.store.transactions import Row, WriteTx
from app.store.types import now

AT_ONCE = 500
"""Promises that are handed over together: what somebody owns is never in memory as a whole."""


def release(tx: WriteTx, actor: Actor, owner: str, queue: str, note: str | None = None) -> int:
    """Hand over every promise of ``owner`` that was neither kept nor cancelled to a queue, and return how
    many these were. Locks them, `AT_ONCE` at a time; five statements for each so many."""
    at, released = now(), 0
    mine = Promise.owner == owner, Promise.ended_at.is_(None)
    some = select(Promise.__table__).where(*mine).order_by(Promise.id).limit(AT_ONCE).with_for_update()
    changes = {"owner": queue, "owner_kind": OwnerKind.QUEUE}
    while owner != queue:
        rows = [dict(row) for row in tx.execute(some).mappings()]
        after = _store(tx, actor, rows, changes, PromiseEventKind.HANDED_OVER, at, note)
        for row in after:
            data = {"state": row["state"], "promised_by": row["promised_by"], "kind": row["kind"]}
            action, whose = "promise.handed_over", row["customer_id"]
            trail.record(tx, actor, action, row["id"], customer_id=whose, members=["owner"], data=data)
        released += len(rows)
        if len(rows) < AT_ONCE:
            break
    return released


def move(
    tx: WriteTx,
    actor: Actor,
    customer_id: UUID,
    at: datetime,
    note: str,
    *,
    complaint_ids: Sequence[UUID] = (),
    interaction_id: UUID | None = None,
) -> None:
    """Give the promises that came from these complaints or this contact their new customer, with all that
    happened to them; one statement where there are none."""
    sources: list[Any] = [Promise.complaint_id.in_(complaint_ids)] if complaint_ids else []
    if interaction_id is not None:
        sources.append(Promise.interaction_id == interaction_id)
    theirs = select(Promise.__table__).where(or_(*sources), Promise.customer_id != customer_id)
    rows = [dict(row) for row in tx.execute(theirs.with_for_update()).mappings()]
    if not rows:
        return
    kind, changes = PromiseEventKind.TRANSFERRED, {"customer_id": customer_id}
    _store(tx, actor, rows, changes, kind, at, note)
    of_them = PromiseEvent.promise_id.in_([row["id"] for row in rows])
    tx.execute(update(PromiseEvent).where(of_them).values(customer_id=customer_id))
    for row in rows:
        data = {"from_customer_id": str(row["customer_id"]), "to_customer_id": str(customer_id)}
        action, members = "promise.transferred", ["customer_id"]
        trail.record(tx, actor, action, row["id"], customer_id=customer_id, members=members, data=data)


def _store(
    tx: WriteTx,
    actor: Actor,
    rows: Sequence[Row],
    changes: Row,
    kind: PromiseEventKind,
    at: datetime,
    note: str | None,
) -> list[Row]:
    """Store the same changes of locked promises, each with its event; how they are now, with ``state``."""
    if not rows:
        return []
    renewed = update(Promise).where(Promise.id.in_([row["id"] for row in rows]))
    tx.execute(renewed.values(**changes, version=Promise.version + 1, updated_at=at))
    after: list[Row] = []
    for row in rows:
        new: Row = {**row, **changes, "version": row["version"] + 1, "updated_at": at}
        event: Any = promises.event(actor, new, kind, max(at, row["made_at"]), note=note)
        after.append({**new, "event": event, "state": event["state"]})
    tx.execute(insert(PromiseEvent), [row["event"] for row in after])
    return after
