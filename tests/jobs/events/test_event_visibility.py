"""Who sees what, over all types of events and all ways out: webhooks, lists and streams."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from jobs.helpers import until
from listeners import ACTOR, Listener, Served, served
from receivers import Receiver

from app.domain.common.access import Actor, Scope
from app.domain.events.event_types import DEMO_MADE, EVENT_TYPES, TEST
from app.jobs.events.courier import Courier
from app.jobs.registry import Context
from app.schemas.customers.customers import CustomerCreate
from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
from app.services.customers import customers
from app.services.events import webhook_endpoints
from app.services.platform import api_keys
from app.settings import Settings
from app.store.audit import trail

NAMES = [known.name for known in EVENT_TYPES if known.name not in (DEMO_MADE, TEST)]
AT_ONCE = 50
"""Types that a list or a stream may name."""
PARTS = [NAMES[start : start + AT_ONCE] for start in range(0, len(NAMES), AT_ONCE)]


@pytest.fixture
def company(settings: Settings) -> Iterator["Walk"]:
    settings = settings.model_copy(update={"webhook_networks": ("127.0.0.0/8",)})
    with served(settings) as made:
        yield Walk(made, settings)


class Walk:
    """A service with two customers of two units, and events of every type about them and about nobody."""

    def __init__(self, made: Served, settings: Settings) -> None:
        self.made, self.settings = made, settings
        self.own = self._customer("One", "izmir")
        self.foreign = self._customer("Other", "ankara")

    def _customer(self, name: str, unit: str) -> UUID:
        row = self.made.store.write_sync(customers.create, ACTOR, CustomerCreate(name=name, unit=unit))
        return UUID(str(row["id"]))

    def key(self, *scopes: Scope, units: tuple[str, ...] = ()) -> str:
        token = self.made.store.write_sync(api_keys.create, ACTOR, "test", scopes or list(Scope), units=units)
        self.made.store.write_sync(api_keys.touch, token.split("_")[2])
        self.made.number()
        return token

    def happen(self) -> None:
        def write(tx: Any) -> None:
            for name in NAMES:
                for who in (self.foreign, self.own, None):
                    trail.record(tx, ACTOR, name, f"{name}-of-{who}", customer_id=who)

        self.made.store.write_sync(write)
        self.made.number()

    def listed(self, token: str, after: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        headers = {"Authorization": f"Bearer {token}"}
        for part in PARTS:
            position, complete = after, False
            while not complete:
                asked = {"after": position, "type": part, "limit": 200}
                url = f"{self.made.address}/v1/events"
                page = httpx2.get(url, params=asked, headers=headers).json()
                found += page["data"]
                position, complete = page["next_after"], page["complete"]
        return found

    def latest(self) -> int:
        headers = {"Authorization": f"Bearer {self.key()}"}
        latest: int = httpx2.get(f"{self.made.address}/v1/events?limit=1", headers=headers).json()["latest"]
        return latest


def heard(events: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return sorted((event["type"], event["data"]["customer_id"]) for event in events)


def test_a_unit_hears_of_its_own_customers_and_of_nobody_else(company: Walk) -> None:
    token, whole = company.key(*Scope, units=("izmir",)), company.key()
    reader = Actor("key:reader", frozenset(Scope), units=frozenset({"izmir"}))
    receivers = [Receiver() for _ in PARTS]
    store = company.made.store
    for receiver, part in zip(receivers, PARTS, strict=True):
        store.write_sync(
            webhook_endpoints.create, reader, WebhookEndpointCreate(url=receiver.url, types=part)
        )
    courier = Courier(Context(store, company.settings.company, company.settings), "courier")
    courier.start()
    after = company.latest()
    live = [Listener(company.made.address, token, after=after, type=part) for part in PARTS]
    for stream in live:
        assert stream.block() is not None
    try:
        company.happen()
        own = sorted((name, str(company.own)) for name in NAMES)
        assert heard(company.listed(token, after)) == own
        late = [Listener(company.made.address, token, last_event_id=after, type=part) for part in PARTS]
        for streams in (live, late):
            for stream, part in zip(streams, PARTS, strict=True):
                stream.take(len(part))
            assert heard([event for stream in streams for event in stream.received]) == own
        for stream in late:
            stream.close()
        for receiver, part in zip(receivers, PARTS, strict=True):
            until(lambda: len(receiver.deliveries) >= len(part))  # noqa: B023  # called within the round
        bodies = [httpx2.Response(200, content=one.body).json() for one in _all(receivers)]
        assert heard(bodies) == own
        everything = company.listed(whole, after)
        assert len(everything) == 3 * len(NAMES)  # nobody's and the others' are there, for others
    finally:
        courier.stop()
        for stream in live:
            stream.close()
        for receiver in receivers:
            receiver.close()


def _all(receivers: list[Receiver]) -> Iterator[Any]:
    for receiver in receivers:
        yield from receiver.deliveries


def test_a_key_hears_of_the_types_of_its_scopes_by_list_and_stream(company: Walk) -> None:
    after = company.latest()
    company.happen()
    for scope in sorted({known.scope for known in EVENT_TYPES}):
        token = company.key(Scope.EVENTS_READ, scope)
        readable = {known.name for known in EVENT_TYPES if known.scope is scope and known.name in NAMES}
        listed = company.listed(token, after)
        named = {event["type"] for event in listed}
        assert named - readable <= {"api_key.created"}
        assert readable <= named
        for part in PARTS:
            wanted = [event for event in listed if event["type"] in part]
            stream = Listener(company.made.address, token, after=after, type=part, seconds=60)
            stream.take(len(wanted))
            assert stream.received == wanted
            stream.close()
