"""The append-only trail and the outbox: what every write leaves behind, in its own transaction.

Neither holds personal data: ids, codes and the names of changed members only. Their global order
(``position``) is given after commit by one job, because giving it inside the write would put every
write in one queue. Until then an entry bears the mark of the process that wrote it (`app.store.audit.seals`).
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.domain.common.access import Actor
from app.store.audit import keys, rows, seals, witness
from app.store.tables import AuditEntry, Event
from app.store.transactions import WriteTx
from app.store.types import new_id, now, to_micros

_INSERT_AUDIT = insert(AuditEntry)
_INSERT_EVENT = insert(Event)


def record(
    tx: WriteTx,
    actor: Actor,
    action: str,
    object_id: UUID | str,
    *,
    customer_id: UUID | None = None,
    members: Iterable[str] = (),
    data: dict[str, Any] | None = None,
) -> None:
    """Note that ``actor`` did ``action`` (``customer.created``) to an object, and tell the outbox.

    ``members`` are names of changed members, never their values. ``data`` are further ids and counts
    for the event's readers.
    """
    record_all(tx, actor, action, [(str(object_id), customer_id)], members=members, data=data)


def record_all(
    tx: WriteTx,
    actor: Actor,
    action: str,
    objects: Iterable[tuple[str, UUID | None]],
    *,
    members: Iterable[str] = (),
    data: dict[str, Any] | None = None,
    outbox: bool = True,
) -> None:
    """`record` for several objects at once: ``(object id, customer id)`` pairs, two statements in all.

    Without ``outbox`` only the trail hears of it: for what changed nothing.
    """
    at, names, more = now(), sorted(members), data or {}
    micros, key = to_micros(at), keys.mark_key(tx.get_execution_options())
    actor_id = actor.id if key is not None else actor.id + seals.UNMARKED
    agent = actor.agent if key is not None else None
    audit, events, ids = [], [], []
    for object_id, customer_id in objects:
        entry_id = new_id()
        ids.append(entry_id)
        text = rows.text_of(entry_id.hex, micros, actor_id, actor.request_id, action, object_id, names, agent)
        audit.append(
            {
                "id": entry_id,
                "at": at,
                "actor_id": actor_id,
                "agent": agent,
                "request_id": actor.request_id,
                "action": action,
                "object_id": object_id,
                "members": names,
                "seal": None if key is None else seals.mark(key, text),
            }
        )
        events.append(
            {
                "id": new_id(),
                "at": at,
                "type": action,
                "customer_id": customer_id,
                "object_id": object_id,
                "agent": actor.agent,
                "data": {"members": names, **more},
            }
        )
    if audit:
        tx.execute(_INSERT_AUDIT, audit)
        witness.wrote(tx, ids)
        if outbox:
            tx.execute(_INSERT_EVENT, events)
