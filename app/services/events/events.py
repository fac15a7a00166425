"""Read what happened, in its order: the catalogue of types, and the events that a caller may see."""

from collections.abc import Collection

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.events import bodies
from app.domain.events.bodies import Happened
from app.domain.events.event_types import BY_NAME, EVENT_TYPES, EventType, visible_types
from app.errors import FieldError, GoneError, InvalidError
from app.schemas.events.events import EventQuery, EventStreamQuery
from app.store.engine import in_thread_on_sqlite
from app.store.events import log as event_log
from app.store.tables import Event
from app.store.transactions import ReadTx, Row
from app.store.visibility import visible_to

MAX_LOOKED_AT = 20_000
"""Positions that one request looks through; a list then goes on behind them."""

COLUMNS = (Event.id, Event.position, Event.type, Event.at, Event.object_id, Event.customer_id, Event.data)
"""What `Happened` is made of."""


def types() -> Row:
    """The catalogue of types."""
    return {"data": [_shown(known) for known in EVENT_TYPES]}


@in_thread_on_sqlite
def page(tx: ReadTx, actor: Actor, query: EventQuery) -> Row:
    """Read the events behind a position that the caller may see and that match every filter.

    Raises:
        InvalidError: there is no such type (``unknown_type``).
        GoneError: events behind the position are no longer kept (``events_gone``).
    """
    check_types(query.type, "type", "query")
    names = [known.name for known in visible_types(actor, query.type)]
    first, latest = event_log.first(tx), event_log.last(tx)
    after = first - 1 if query.after is None else query.after
    _check_kept(first, after)
    if after >= latest or not names:
        return {"data": [], "next_after": max(after, latest), "latest": latest, "complete": True}
    end = latest if query.customer_id is not None else min(latest, after + MAX_LOOKED_AT)
    found = visible_to(select(*COLUMNS), actor, Event.customer_id).where(
        Event.position > after, Event.position <= end, Event.type.in_(names)
    )
    if query.customer_id is not None:
        found = found.where(Event.customer_id == query.customer_id)
    rows = tx.execute(found.order_by(Event.position).limit(query.limit)).all()
    is_full = len(rows) == query.limit
    next_after = rows[-1].position if is_full else end
    data = [shown(Happened(*row)) for row in rows]
    return {"data": data, "next_after": next_after, "latest": latest, "complete": next_after == latest}


def beginning(tx: ReadTx, query: EventStreamQuery) -> int:
    """The position behind which a stream begins: the one it names, else the latest.

    Raises:
        InvalidError: there is no such type (``unknown_type``).
        GoneError: events behind the position are no longer kept (``events_gone``).
    """
    check_types(query.type, "type", "query")
    if query.after is None:
        return event_log.last(tx)
    _check_kept(event_log.first(tx), query.after)
    return query.after


def _check_kept(first: int, after: int) -> None:
    if after < first - 1:
        detail = "Events are kept from position {first} on; go on with after={after}."
        raise GoneError(detail, code="events_gone", first=first, after=first - 1)


def shown(event: Happened) -> Row:
    """An event as `EventRead` wants it."""
    return {"id": bodies.public_id(event.id), **bodies.document(event), "timestamp": event.at}


def check_types(names: Collection[str], pointer: str, location: str) -> None:
    """Check that there are such types.

    Raises:
        InvalidError: there are not (``unknown_type``).
    """
    if any(name not in BY_NAME for name in names):
        detail = "There is no such type of event; GET /v1/event-types lists them."
        raise InvalidError(fields=[FieldError(pointer, "unknown_type", detail, location)])


def is_worth_waiting(page: Row) -> bool:
    """Whether a list is empty and nothing more is there to be looked through."""
    return not page["data"] and page["complete"]


def _shown(known: EventType) -> Row:
    members = [{"name": name, "kind": kind} for name, kind in known.data.items()]
    return {
        "type": known.name,
        "about": known.about,
        "scope": known.scope,
        "is_internal": known.is_internal,
        "since": known.since,
        "data": members,
    }
