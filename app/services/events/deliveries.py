"""What became of deliveries to an endpoint; tests, and sending again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.domain.common.access import Actor
from app.domain.events import bodies
from app.domain.events.bodies import Happened
from app.domain.events.deliveries import EndpointState, Outcome
from app.domain.events.event_types import TEST, visible_types
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.events.webhook_endpoints import (
    WebhookAttemptQuery,
    WebhookRedelivery,
)
from app.services.events import events
from app.services.events.webhook_endpoints import ENDPOINTS
from app.store import dialects
from app.store.audit import trail
from app.store.engine import in_thread_on_sqlite
from app.store.events import log
from app.store.listing import COMPANY_WIDE, Listing, equal, newest_first, where
from app.store.paging import After, Page
from app.store.tables import Event, WebhookAttempt, WebhookEndpoint, WebhookParked
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now
from app.store.visibility import visible_to

MAX_AGAIN = 10_000
"""Events that one request sends again."""

STATISTICS_OF = timedelta(hours=24)
_MAX_TIMES = 10_000


def internal_id(public_id: str) -> UUID:
    """The id of an event as it is stored."""
    return UUID(public_id.removeprefix(bodies.PREFIX))


def attempts(
    tx: ReadTx, actor: Actor, query: WebhookAttemptQuery, after: After | None, endpoint_id: UUID
) -> Page:
    """Read a page of the attempts to deliver to an endpoint, newest first.

    Raises:
        NotFoundError: there is no such endpoint, or the caller may not see it.
    """
    ENDPOINTS.one_or_404(tx, actor, WebhookEndpoint.id == endpoint_id)
    of_it = Listing(
        WebhookAttemptQuery,
        select(WebhookAttempt.__table__).where(WebhookAttempt.endpoint_id == endpoint_id),
        owner=COMPANY_WIDE,
        missing="There is no such attempt.",
        sorts=newest_first(WebhookAttempt.at, WebhookAttempt.id),
        filters=[
            equal(WebhookAttempt.outcome),
            where("event_id", lambda text: WebhookAttempt.event_id == internal_id(text)),
        ],
    )
    return of_it.page(tx, actor, query, after, _shown)


def send_test(tx: WriteTx, actor: Actor, endpoint_id: UUID) -> Row:
    """Let a test event be sent to an endpoint, before whatever waits for it.

    Raises:
        NotFoundError: there is no such endpoint, or the caller may not see it.
        ConflictError: it is paused or disabled.
    """
    endpoint = ENDPOINTS.one_or_404(tx, actor, WebhookEndpoint.id == endpoint_id)
    _check_active(endpoint)
    at, event_id = now(), new_id()
    trail.record_all(tx, actor, TEST, [(str(endpoint_id), None)], outbox=False)
    event: Row = {
        "id": event_id,
        "at": at,
        "type": TEST,
        "customer_id": None,
        "object_id": str(endpoint_id),
        "data": {"members": []},
    }
    tx.execute(insert(Event), [event])
    tx.execute(insert(WebhookParked), [_parked(endpoint_id, event_id, 0, bodies.public_id(event_id), at)])
    public = bodies.public_id(event_id)
    return {
        "id": endpoint_id,
        "event_id": public,
        "href": f"/v1/webhook-endpoints/{endpoint_id}/attempts?event_id={public}",
    }


def send_again(tx: WriteTx, actor: Actor, endpoint_id: UUID, data: WebhookRedelivery) -> Row:
    """Let events be sent again: one, those of a range, or all that were given up.

    Raises:
        NotFoundError: there is no such endpoint, or the caller may not see it.
        ConflictError: it is paused or disabled.
        InvalidError: not exactly one of the ways was said (``one_of``), a range has no end or is empty
            (``range``), or too many events are in it (``too_many_events``).
    """
    endpoint = ENDPOINTS.one_or_404(tx, actor, WebhookEndpoint.id == endpoint_id, lock=True)
    _check_active(endpoint)
    if data.given_up:
        _check_alone(data)
        given_up = WebhookParked.endpoint_id == endpoint_id, WebhookParked.next_attempt_at.is_(None)
        again = update(WebhookParked).where(*given_up).values(attempts=0, next_attempt_at=now())
        count = tx.execute(again).rowcount
    else:
        count = _insert_again(tx, endpoint_id, _wanted(tx, endpoint, data))
    trail.record(tx, actor, "webhook_endpoint.redelivered", endpoint_id, data={"events": count})
    return {"id": endpoint_id, "events": count}


@in_thread_on_sqlite
def statistics(tx: ReadTx, actor: Actor, endpoint_id: UUID) -> Row:
    """Say how deliveries to an endpoint go.

    Raises:
        NotFoundError: there is no such endpoint, or the caller may not see it.
    """
    endpoint = ENDPOINTS.one_or_404(tx, actor, WebhookEndpoint.id == endpoint_id)
    lately = WebhookAttempt.endpoint_id == endpoint_id, WebhookAttempt.at >= now() - STATISTICS_OF
    by_outcome = select(WebhookAttempt.outcome, func.count()).where(*lately)
    counts = {row[0]: row[1] for row in tx.execute(by_outcome.group_by(WebhookAttempt.outcome))}
    latest = select(WebhookAttempt.ms).where(*lately, WebhookAttempt.outcome == Outcome.DELIVERED)
    times = sorted(tx.execute(latest.order_by(WebhookAttempt.at.desc()).limit(_MAX_TIMES)).scalars())
    parked = WebhookParked.endpoint_id == endpoint_id
    waits = WebhookParked.next_attempt_at.is_not(None)
    oldest_and_count = select(func.count(), func.min(WebhookParked.parked_at)).where(parked, waits)
    waiting, oldest = tx.execute(oldest_and_count).one()
    given_up = tx.execute(select(func.count()).where(parked, ~waits).select_from(WebhookParked)).scalar_one()
    return {
        "delivered": counts.get(Outcome.DELIVERED, 0),
        "failed": counts.get(Outcome.FAILED, 0),
        "delivered_p50_ms": _quantile(times, 0.5),
        "delivered_p99_ms": _quantile(times, 0.99),
        "waiting": waiting,
        "given_up": given_up,
        "behind": max(0, log.last(tx) - endpoint["position"]),
        "oldest_waiting_at": oldest,
    }


# --- inside


def _shown(row: Row) -> Row:
    return {**row, "event_id": bodies.public_id(row["event_id"])}


def _check_active(endpoint: Row) -> None:
    if endpoint["state"] != EndpointState.ACTIVE:
        detail = "The endpoint is {state}; let it go on first, with a POST to its resumptions."
        raise ConflictError(detail, code="endpoint_not_active", state=endpoint["state"])


def _check_alone(data: WebhookRedelivery) -> None:
    ways = (
        data.event_id is not None,
        data.from_position is not None or data.to_position is not None,
        data.since is not None or data.until is not None,
        data.given_up,
    )
    if sum(ways) != 1:
        detail = "Say exactly one: event_id, from_position with to_position, since with until, or given_up."
        raise InvalidError(fields=[FieldError("", "one_of", detail)])


def _wanted(tx: WriteTx, endpoint: Row, data: WebhookRedelivery) -> list[Happened]:
    """The events that are to be sent again, as far as the endpoint may read them."""
    _check_alone(data)
    reader = Actor("endpoint", frozenset(endpoint["scopes"]), units=frozenset(endpoint["units"]))
    names = [known.name for known in visible_types(reader, endpoint["types"])]
    found = visible_to(select(*events.COLUMNS), reader, Event.customer_id)
    found = found.where(Event.type.in_(names), Event.position.is_not(None))
    if data.event_id is not None:
        found = found.where(Event.id == internal_id(data.event_id))
    elif data.from_position is not None and data.to_position is not None:
        found = found.where(Event.position >= data.from_position, Event.position <= data.to_position)
    elif data.since is not None and data.until is not None:
        found = found.where(Event.at >= data.since, Event.at < data.until)
    else:
        raise InvalidError(fields=[FieldError("", "range", "A range needs a beginning and an end.")])
    found = found.where(Event.position <= endpoint["position"])  # what lies behind is sent anyway
    rows = tx.execute(found.order_by(Event.position).limit(MAX_AGAIN + 1)).all()
    if len(rows) > MAX_AGAIN:
        detail = "There are more than {count} events in this range; ask for parts of it."
        error = FieldError("", "too_many_events", detail, params={"count": MAX_AGAIN})
        raise InvalidError(fields=[error])
    return [Happened(*row) for row in rows]


def _insert_again(tx: WriteTx, endpoint_id: UUID, found: Sequence[Happened]) -> int:
    at = now()
    rows = [_parked(endpoint_id, one.id, one.sequence, one.order_key, at) for one in found]
    if rows:
        changing = ("attempts", "next_attempt_at")
        tx.execute(dialects.upsert(tx, WebhookParked, ("endpoint_id", "event_id"), changing), rows)
    return len(rows)


def _parked(endpoint_id: UUID, event_id: UUID, position: int, order_key: str, at: datetime) -> Row:
    return {
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "position": position,
        "order_key": order_key,
        "attempts": 0,
        "next_attempt_at": at,
        "parked_at": at,
    }


def _quantile(times: list[int], share: float) -> int | None:
    return times[min(len(times) - 1, int(share * len(times)))] if times else None
