"""Receivers of events: make, change, pause and remove them, and give them another secret.

An endpoint reads on behalf of the key that made it: it has that key's scopes and units, and a key that is
limited sees only endpoints of its own units.
"""

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, cast, delete, func, insert, select, update

from app.domain.common.access import Actor
from app.domain.events import deliveries
from app.domain.events.deliveries import EndpointState
from app.domain.events.event_types import visible_types
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.events.webhook_endpoints import (
    MAX_ENDPOINTS,
    WebhookEndpointCreate,
    WebhookEndpointQuery,
    WebhookEndpointRead,
    WebhookEndpointUpdate,
    WebhookPause,
    WebhookResumption,
    WebhookRotation,
)
from app.services.events import events
from app.services.platform.changes import begin
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.events import log, sealed
from app.store.listing import Listing, equal, newest_first
from app.store.paging import After, Page
from app.store.tables import WebhookEndpoint
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now


def _of_units(statement: Select[Any], actor: Actor) -> Select[Any]:
    """A limited caller sees the endpoints that it or another key of exactly its units made."""
    if not actor.is_limited:
        return statement
    units = json.dumps(sorted(actor.units), ensure_ascii=False, separators=(",", ":"))  # as it is stored
    return statement.where(cast(WebhookEndpoint.units, Text) == units)


ENDPOINTS = Listing(
    WebhookEndpointQuery,
    select(WebhookEndpoint.__table__),
    owner=_of_units,
    missing="There is no such endpoint.",
    sorts=newest_first(WebhookEndpoint.created_at, WebhookEndpoint.id),
    filters=[equal(WebhookEndpoint.state)],
)
shape = shaper(WebhookEndpointRead)


@one_statement
def get(tx: ReadTx, actor: Actor, endpoint_id: UUID) -> Row:
    """Read one endpoint.

    Raises:
        NotFoundError: there is none, or the caller may not see it.
    """
    return shape(ENDPOINTS.one_or_404(tx, actor, WebhookEndpoint.id == endpoint_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: WebhookEndpointQuery, after: After | None) -> Page:
    """Read a page of endpoints, newest first."""
    return ENDPOINTS.page(tx, actor, query, after, shape)


def create(tx: WriteTx, actor: Actor, data: WebhookEndpointCreate, *, endpoint_id: UUID | None = None) -> Row:
    """Make an endpoint, which is sent what happens from now on. Whether its address may be called is checked
    by the caller of this function.

    Returns:
        The endpoint with its ``secret``.

    Raises:
        InvalidError: a type is unknown (``unknown_type``), or the key may not read it (``type_not_allowed``).
        ConflictError: there are as many endpoints as may be (``too_many_endpoints``).
    """
    _check_types(actor, data.types)
    dialects.advisory_lock(tx, "vefa-webhook-endpoints")
    if tx.execute(select(func.count()).select_from(WebhookEndpoint)).scalar_one() >= MAX_ENDPOINTS:
        detail = "There are {count} endpoints already; remove one first."
        raise ConflictError(detail, code="too_many_endpoints", count=MAX_ENDPOINTS)
    at, row_id, secret = now(), endpoint_id or new_id(), secrets.token_bytes(deliveries.SECRET_BYTES)
    row: Row = {
        "id": row_id,
        "version": 1,
        "url": data.url,
        "description": data.description,
        "types": _distinct(data.types),
        "ordering": data.ordering,
        "state": EndpointState.ACTIVE,
        "disabled_reason": None,
        "scopes": sorted(actor.scopes),
        "units": sorted(actor.units),
        "secret": sealed.of_transaction(tx).close(secret, row_id.bytes),
        "previous_secret": None,
        "previous_until": None,
        **_headers(tx, row_id, data),
        "created_by": actor.id,
        "created_at": at,
        "updated_at": at,
        "position": log.last(tx),
        "lost": 0,
        "leased_by": None,
        "leased_until": None,
        "succeeded_at": None,
        "failing_since": None,
        "failed_at": None,
    }
    tx.execute(insert(WebhookEndpoint), [row])
    trail.record(tx, actor, "webhook_endpoint.created", row_id)
    return {**shape(row), "secret": deliveries.secret_text(secret)}


def update_one(
    tx: WriteTx, actor: Actor, endpoint_id: UUID, data: WebhookEndpointUpdate, if_match: str | None
) -> Row:
    """Change an endpoint; members that were not sent stay.

    Raises:
        NotFoundError, PreconditionFailedError: as in `begin`.
        InvalidError: as in `create`.
    """
    change = begin(tx, actor, ENDPOINTS, WebhookEndpoint, endpoint_id, if_match)
    sent = data.model_dump(include=data.model_fields_set - {"own_headers"})
    if "types" in sent:
        _check_types(actor, data.types)
        sent["types"] = _distinct(data.types)
    changes = change.differing(sent)
    if "own_headers" in data.model_fields_set:
        changes |= _headers(tx, endpoint_id, data)
    return shape(change.store("webhook_endpoint.updated", changes) if changes else change.before)


def pause(
    tx: WriteTx, actor: Actor, endpoint_id: UUID, _data: WebhookPause, if_match: str | None = None
) -> Row:
    """Send nothing more until `resume`.

    Raises:
        ConflictError: it is paused or disabled already.
    """
    change = begin(tx, actor, ENDPOINTS, WebhookEndpoint, endpoint_id, if_match)
    if change.before["state"] != EndpointState.ACTIVE:
        raise ConflictError("The endpoint is {state} already.", state=change.before["state"])
    return shape(change.store("webhook_endpoint.paused", {"state": EndpointState.PAUSED}))


def resume(
    tx: WriteTx, actor: Actor, endpoint_id: UUID, data: WebhookResumption, if_match: str | None = None
) -> Row:
    """Go on after a pause, or after the endpoint was disabled, with what was missed or without.

    Raises:
        ConflictError: it is active.
    """
    change = begin(tx, actor, ENDPOINTS, WebhookEndpoint, endpoint_id, if_match)
    if change.before["state"] == EndpointState.ACTIVE:
        raise ConflictError("The endpoint is {state} already.", state=change.before["state"])
    changes: Row = {
        "state": EndpointState.ACTIVE,
        "disabled_reason": None,
        "failing_since": None,
        "failed_at": None,
    }
    if data.skip_missed:
        changes["position"] = log.last(tx)
    return shape(change.store("webhook_endpoint.resumed", changes))


def rotate(
    tx: WriteTx, actor: Actor, endpoint_id: UUID, data: WebhookRotation, if_match: str | None = None
) -> Row:
    """Give an endpoint another secret; the present one signs as well for a time.

    Returns:
        The endpoint with its ``secret``.
    """
    change = begin(tx, actor, ENDPOINTS, WebhookEndpoint, endpoint_id, if_match)
    secret = secrets.token_bytes(deliveries.SECRET_BYTES)
    keeps = data.keep_hours > 0
    until = change.recorded_at + timedelta(hours=data.keep_hours) if keeps else None
    changes = {
        "secret": sealed.of_transaction(tx).close(secret, endpoint_id.bytes),
        "previous_secret": change.before["secret"] if keeps else None,
        "previous_until": until,
    }
    after = change.store("webhook_endpoint.rotated", changes, members=["secret"])
    return {**shape(after), "secret": deliveries.secret_text(secret)}


def remove(tx: WriteTx, actor: Actor, endpoint_id: UUID, if_match: str | None) -> None:
    """Remove an endpoint and what waits for it; the attempts stay for their time."""
    begin(tx, actor, ENDPOINTS, WebhookEndpoint, endpoint_id, if_match)
    tx.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
    trail.record(tx, actor, "webhook_endpoint.deleted", endpoint_id)


def open_secrets(seal: sealed.Seal, row: Row, at: Any) -> list[bytes]:
    """The secrets that sign for an endpoint at an instant, the present one first.

    Raises:
        UnreadableError: they were sealed with a secret that is not known.
    """
    found = [seal.open(row["secret"], row["id"].bytes)]
    if row["previous_secret"] is not None and row["previous_until"] > at:
        found.append(seal.open(row["previous_secret"], row["id"].bytes))
    return found


def open_headers(seal: sealed.Seal, row: Row) -> dict[str, str]:
    """The headers of an endpoint's own.

    Raises:
        UnreadableError: they were sealed with a secret that is not known.
    """
    if row["headers"] is None:
        return {}
    return dict(json.loads(seal.open(row["headers"], row["id"].bytes)))


def seal_again(tx: WriteTx) -> int:
    """Seal the secrets of all endpoints with the present secret of the service; returns of how many.

    Raises:
        UnreadableError: one was sealed with a secret that is not known.
    """
    seal, count = sealed.of_transaction(tx), 0
    for row in tx.execute(select(WebhookEndpoint.__table__).with_for_update()).mappings().all():
        names = [name for name in ("secret", "previous_secret", "headers") if row[name] is not None]
        if all(seal.is_current(row[name]) for name in names):
            continue
        about = row["id"].bytes
        values = {name: seal.close(seal.open(row[name], about), about) for name in names}
        tx.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == row["id"]).values(values))
        count += 1
    return count


# --- inside


def _check_types(actor: Actor, names: Sequence[str]) -> None:
    events.check_types(names, "/types", "body")
    allowed = {known.name for known in visible_types(actor, names)} if names else set()
    if not allowed.issuperset(names):
        detail = "The key may not read one of these types; GET /v1/event-types says which scope each needs."
        raise InvalidError(fields=[FieldError("/types", "type_not_allowed", detail)])


def _distinct(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _headers(tx: WriteTx, row_id: UUID, data: WebhookEndpointCreate | WebhookEndpointUpdate) -> Row:
    given = {header.name: header.value for header in data.own_headers or ()}
    value = None
    if given:
        value = sealed.of_transaction(tx).close(json.dumps(given).encode(), row_id.bytes)
    return {"headers": value, "header_names": list(given)}
