"""The numbered events, read in their order; and what is no longer kept of them.

Positions count from 1 without gaps. The earliest are deleted when their time is over, the last one never,
because the next position follows from it.
"""

from datetime import datetime

from sqlalchemy import delete, func, select

from app.domain.events.bodies import Happened
from app.domain.events.event_types import DEMO_MADE
from app.store.tables import Customer, Event
from app.store.transactions import ReadTx, WriteTx

_EVENT = (Event.id, Event.position, Event.type, Event.at, Event.object_id, Event.customer_id, Event.data)
_IS_KEPT_FOR_A_TIME = (Event.position.is_not(None), Event.type != DEMO_MADE)
_FIRST = select(Event.position).where(*_IS_KEPT_FOR_A_TIME).order_by(Event.position).limit(1)
_LAST = select(func.max(Event.position))


def first(tx: ReadTx) -> int:
    """The earliest position from which on every event is kept; 1 while there are none."""
    return tx.execute(_FIRST).scalar_one_or_none() or 1


def last(tx: ReadTx) -> int:
    """The latest position; 0 while there is none."""
    return tx.execute(_LAST).scalar_one_or_none() or 0


def tail(tx: ReadTx, after: int, most: int) -> list[tuple[Happened, str | None]]:
    """Read the next events behind a position, each with the unit that its customer is of now."""
    found = (
        select(*_EVENT, Customer.unit)
        .join(Customer, Customer.id == Event.customer_id, isouter=True)
        .where(Event.position > after)
        .order_by(Event.position)
        .limit(most)
    )
    return [(Happened(*row[:-1]), row[-1]) for row in tx.execute(found).all()]


def forget(tx: WriteTx, before: datetime, limit: int) -> int:
    """Delete up to ``limit`` of the earliest events, as long as they happened ``before``.

    Returns:
        How many were deleted.
    """
    earliest = select(Event.position, Event.at).where(*_IS_KEPT_FOR_A_TIME)
    rows = tx.execute(earliest.order_by(Event.position).limit(limit)).all()
    end, until = last(tx), 0
    for position, at in rows:
        if at is None or position is None or at >= before or position >= end:
            break
        until = position
    if not until:
        return 0
    return tx.execute(delete(Event).where(Event.position <= until, Event.type != DEMO_MADE)).rowcount
