"""What a courier reads and writes for one endpoint: its lease, its cursor, what is parked, attempts.

A *lane* is an endpoint that a courier holds. All that came of some deliveries is written in one transaction,
in which the cursor moves as well; who has lost the lease writes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, or_, select, update

from app.domain.events.bodies import Happened
from app.domain.events.deliveries import EndpointState
from app.store import dialects
from app.store.tables import Customer, Event, WebhookAttempt, WebhookEndpoint, WebhookParked
from app.store.transactions import ReadTx, Row, WriteTx

_EVENT = (Event.id, Event.position, Event.type, Event.at, Event.object_id, Event.customer_id, Event.data)
_EARLIER = WebhookParked.__table__.alias("earlier")


@dataclass(slots=True)
class Results:
    """What came of deliveries to one endpoint.

    ``parked`` are rows of `WebhookParked` that are new or changed; ``settled`` are ids of events that were
    parked and are delivered.
    """

    position: int
    attempts: list[Row] = field(default_factory=list)
    parked: list[Row] = field(default_factory=list)
    settled: list[UUID] = field(default_factory=list)
    endpoint: Row = field(default_factory=dict)
    """Further columns of the endpoint."""

    @property
    def rows(self) -> int:
        """How many rows it takes to write it."""
        return len(self.attempts) + len(self.parked) + len(self.settled)


def take(tx: WriteTx, courier: str, at: datetime, lease: timedelta, most: int) -> list[Row]:
    """Take endpoints that nobody holds, and renew the lease of those that the courier holds.

    Returns:
        The rows of all it holds now.
    """
    mine = (WebhookEndpoint.leased_by == courier) & (WebhookEndpoint.state == EndpointState.ACTIVE)
    free = or_(WebhookEndpoint.leased_until.is_(None), WebhookEndpoint.leased_until < at)
    wanted = select(WebhookEndpoint.id).where(WebhookEndpoint.state == EndpointState.ACTIVE, or_(mine, free))
    ids = tx.execute(wanted.limit(most).with_for_update(skip_locked=True)).scalars().all()
    if not ids:
        return []
    held = {"leased_by": courier, "leased_until": at + lease}
    tx.execute(update(WebhookEndpoint).where(WebhookEndpoint.id.in_(ids)).values(held))
    rows = tx.execute(select(WebhookEndpoint.__table__).where(WebhookEndpoint.id.in_(ids))).mappings()
    return [dict(row) for row in rows]


def any_to_take(tx: ReadTx, courier: str, at: datetime) -> bool:
    """Whether there is an endpoint that nobody else holds."""
    free = or_(
        WebhookEndpoint.leased_until.is_(None),
        WebhookEndpoint.leased_until < at,
        WebhookEndpoint.leased_by == courier,
    )
    found = select(exists().where(WebhookEndpoint.state == EndpointState.ACTIVE, free))
    return bool(tx.execute(found).scalar_one())


def release(tx: WriteTx, courier: str) -> None:
    """Let go of all endpoints, so that another courier takes them at once."""
    mine = update(WebhookEndpoint).where(WebhookEndpoint.leased_by == courier)
    tx.execute(mine.values(leased_by=None, leased_until=None))


def write(tx: WriteTx, courier: str, endpoint_id: UUID, results: Results) -> bool:
    """Write what came of deliveries, and move the cursor.

    Returns:
        Whether the courier still held the endpoint; otherwise nothing was written.
    """
    held = update(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.leased_by == courier
    )
    moved = held.values(position=_later(tx, results.position), **results.endpoint)
    if not tx.execute(moved).rowcount:
        return False
    if results.settled:
        tx.execute(
            delete(WebhookParked).where(
                WebhookParked.endpoint_id == endpoint_id, WebhookParked.event_id.in_(results.settled)
            )
        )
    if results.parked:
        names = list(results.parked[0])
        keys = ("endpoint_id", "event_id")
        changing = [name for name in names if name not in (*keys, "parked_at")]
        tx.execute(dialects.upsert(tx, WebhookParked, keys, changing), results.parked)
    if results.attempts:
        tx.execute(insert(WebhookAttempt), results.attempts)
    return True


def _later(tx: WriteTx, position: int) -> Any:
    """The larger of the stored position and ``position``: a resumption may have moved it on."""
    largest = func.greatest if dialects.is_postgres(tx) else func.max
    return largest(WebhookEndpoint.position, position)


def read_events(tx: ReadTx, after: int, end: int) -> list[Happened]:
    """The events behind ``after`` up to ``end``, in their order."""
    found = select(*_EVENT).where(Event.position > after, Event.position <= end).order_by(Event.position)
    return [Happened(*row) for row in tx.execute(found).all()]


def read_due(tx: ReadTx, endpoint_id: UUID, at: datetime, most: int, *, in_order: bool) -> list[Row]:
    """Parked events whose time has come, the longest waiting first; ``in_order`` only the first of each key.

    Returns:
        ``event`` (`Happened`), ``attempts`` and ``order_key``.
    """
    due = (
        select(*_EVENT, WebhookParked.attempts, WebhookParked.order_key)
        .join(Event, Event.id == WebhookParked.event_id)
        .where(
            WebhookParked.endpoint_id == endpoint_id,
            WebhookParked.next_attempt_at <= at,
            Event.position.is_not(None),
        )
    )
    if in_order:
        earlier = exists().where(
            _EARLIER.c.endpoint_id == endpoint_id,
            _EARLIER.c.order_key == WebhookParked.order_key,
            _EARLIER.c.next_attempt_at.is_not(None),
            _EARLIER.c.position < WebhookParked.position,
        )
        due = due.where(~earlier)
    rows = tx.execute(due.order_by(WebhookParked.next_attempt_at, WebhookParked.position).limit(most)).all()
    return [{"event": Happened(*row[:7]), "attempts": row[7], "order_key": row[8]} for row in rows]


def waiting_keys(tx: ReadTx, endpoint_id: UUID) -> set[str]:
    """The keys of parked events that are still to be delivered."""
    found = select(WebhookParked.order_key).where(
        WebhookParked.endpoint_id == endpoint_id, WebhookParked.next_attempt_at.is_not(None)
    )
    return set(tx.execute(found.distinct()).scalars())


def drop_lost(tx: WriteTx) -> int:
    """Delete parked rows whose event is no longer kept; returns how many."""
    gone = ~exists().where(Event.id == WebhookParked.event_id)
    return tx.execute(delete(WebhookParked).where(gone)).rowcount


def customers_of_units(tx: ReadTx, customer_ids: Collection[UUID], units: Sequence[str]) -> set[UUID]:
    """Which of these customers are of one of the units now."""
    found = select(Customer.id).where(Customer.id.in_(customer_ids), Customer.unit.in_(units))
    return set(tx.execute(found).scalars())


def forget_attempts(tx: WriteTx, delivered_before: datetime, failed_before: datetime, most: int) -> int:
    """Delete up to ``most`` attempts of either outcome whose time is over; returns how many."""
    count = 0
    for outcome, before in (("delivered", delivered_before), ("failed", failed_before)):
        old = select(WebhookAttempt.id).where(WebhookAttempt.outcome == outcome, WebhookAttempt.at < before)
        count += tx.execute(delete(WebhookAttempt).where(WebhookAttempt.id.in_(old.limit(most)))).rowcount
    return count
