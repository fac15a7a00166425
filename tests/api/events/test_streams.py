"""Streams of events: order, resuming, filters, who sees which, bounds, and clients that take nothing."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from listeners import ACTOR, Listener, Served, served
from prometheus_client.registry import REGISTRY
from sqlalchemy import insert, update

from app.domain.common.access import Scope
from app.http import event_stream
from app.schemas.customers.customers import CustomerCreate, CustomerUpdate
from app.services.customers import customers
from app.services.events import streams as service
from app.services.platform import api_keys
from app.settings import Settings
from app.store.events import log as event_log
from app.store.tables import ApiKey, Event
from app.store.types import new_id, now

Listen = Callable[..., Listener]


@pytest.fixture
def service_of_test(settings: Settings) -> Iterator[Served]:
    with served(settings.model_copy(update={"streams_most": 30, "max_requests": 16})) as made:
        yield made


@pytest.fixture
def key(service_of_test: Served) -> Callable[..., str]:
    def make(*scopes: Scope, units: tuple[str, ...] = (), **more: Any) -> str:
        def write(tx: Any) -> str:
            token = api_keys.create(tx, ACTOR, "test", scopes or list(Scope), units=units, **more)
            api_keys.touch(tx, token.split("_")[2])
            return token

        token = service_of_test.store.write_sync(write)
        service_of_test.number()
        return token

    return make


@pytest.fixture
def listen(service_of_test: Served, key: Callable[..., str]) -> Iterator[Listen]:
    """Open a stream, by default with a key that may do all; read its beginning."""
    open_ones: list[Listener] = []
    usual: list[str] = []

    def start(token: str | None = None, **more: Any) -> Listener:
        if token is None and not usual:
            usual.append(key())
        made = Listener(service_of_test.address, token or usual[0], **more)
        open_ones.append(made)
        if made.status == 200:
            assert made.block() is not None
        return made

    yield start
    for one in open_ones:
        one.close()


def customer(made: Served, name: str, unit: str | None = None) -> UUID:
    row = made.store.write_sync(customers.create, ACTOR, CustomerCreate(name=name, unit=unit))
    return UUID(str(row["id"]))


def eventually(true: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def ended(reason: str) -> float:
    return REGISTRY.get_sample_value("vefa_event_streams_ended_total", {"reason": reason}) or 0.0


def test_what_happens_is_told_as_it_is_listed(
    service_of_test: Served, listen: Listen, key: Callable[..., str]
) -> None:
    service_of_test.happen("before")
    token = key()
    stream = listen(token)
    assert stream.answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    assert stream.answer.getheader("cache-control") == "private, no-store, no-transform"
    latest = stream.last_id
    assert latest is not None
    service_of_test.happen("one", "two")
    told = stream.take(2)
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx2.get(f"{service_of_test.address}/v1/events", params={"after": latest}, headers=headers)
    assert told == listed.json()["data"]
    assert stream.sequences == [latest + 1, latest + 2]
    assert stream.last_id == latest + 2


def test_a_lost_stream_goes_on_behind_the_last_id(service_of_test: Served, listen: Listen) -> None:
    stream = listen()
    service_of_test.happen("one")
    stream.take(1)
    stream.close()
    service_of_test.happen("two", "three")
    again = listen(last_event_id=stream.last_id, after=0)  # the header goes before
    service_of_test.happen("four")
    again.take(3)
    first = stream.sequences[0]
    assert again.sequences == [first + 1, first + 2, first + 3]
    from_the_first = listen(after=0, type="customer.updated")
    assert from_the_first.take(4)[0] == stream.received[0]


def test_a_stream_that_lost_its_connection_before_anything_happened_knows_where_to_go_on(
    service_of_test: Served, listen: Listen
) -> None:
    stream = listen()
    stream.close()
    service_of_test.happen("one")
    assert listen(last_event_id=stream.last_id).take(1)[0]["data"]["id"] == "one"


def test_filters_add_up_and_what_is_passed_over_moves_the_position_on(
    service_of_test: Served, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "COMMENT_SECONDS", 0.2)
    one, other = customer(service_of_test, "One"), customer(service_of_test, "Other")
    service_of_test.number()
    stream = listen(customer_id=one, type=["customer.left", "customer.returned"])
    for who in (one, other):
        for kind in ("customer.left", "customer.updated", "customer.returned"):
            service_of_test.happen(str(who), kind=kind, customer_id=who)
    told = stream.take(2)
    assert [(event["type"], event["data"]["customer_id"]) for event in told] == [
        ("customer.left", str(one)),
        ("customer.returned", str(one)),
    ]
    latest = service_of_test.store.read_sync(event_log.last)
    while stream.last_id != latest:
        block = stream.block()
        assert block is not None and "" in block  # noqa: PT018  # a comment
    assert len(stream.received) == 2


def test_the_database_is_asked_once_however_many_listen(service_of_test: Served, listen: Listen) -> None:
    open_ones = [listen() for _ in range(20)]
    service_of_test.happen("warm")
    for stream in open_ones:
        stream.take(1)
    said: list[str] = []
    service_of_test.store.on_statement(said.append)
    service_of_test.happen("one")
    for stream in open_ones:
        stream.take(2)
    reads = [one for one in said if one.lstrip().startswith("SELECT") and "customers.unit" in one]
    assert 1 <= len(reads) <= 6  # one for the event; others for looks of the reader meanwhile
    pages = [one for one in said if "FROM events" in one and "LIMIT" in one and one not in reads]
    assert len(pages) < 20


def test_who_is_limited_to_units_hears_of_their_customers_as_they_are_now(
    service_of_test: Served, listen: Listen, key: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    izmir = customer(service_of_test, "One", unit="izmir")
    ankara = customer(service_of_test, "Other", unit="ankara")
    token = key(*Scope, units=("izmir",))
    stream, whole = listen(token), listen()
    for who in (ankara, izmir):
        service_of_test.happen(str(who), customer_id=who)
    service_of_test.happen("nobody's")
    whole.take(3)
    assert stream.take(1)[0]["data"]["customer_id"] == str(izmir)
    move = CustomerUpdate(unit="izmir")
    service_of_test.store.write_sync(customers.update_one, ACTOR, ankara, move, None)
    service_of_test.happen(str(ankara), customer_id=ankara)
    assert [event["data"]["customer_id"] for event in stream.take(3)[1:]] == [str(ankara)] * 2
    # What is still in memory was read when the customer was of another unit.
    monkeypatch.setattr(service, "UNITS_HOLD_SECONDS", 0.0)
    service_of_test.store.write_sync(customers.update_one, ACTOR, izmir, CustomerUpdate(unit="ankara"), None)
    service_of_test.number()
    assert whole.last_id is not None
    late = listen(token, last_event_id=whole.last_id - 3)
    service_of_test.happen(str(ankara), customer_id=ankara)
    late.take(3)
    assert {event["data"]["customer_id"] for event in late.received} == {str(ankara)}


def test_a_stream_tells_the_types_of_its_scopes(
    service_of_test: Served, listen: Listen, key: Callable[..., str]
) -> None:
    poor = listen(key(Scope.EVENTS_READ, Scope.COMPLAINTS_READ))
    nothing = listen(key(Scope.EVENTS_READ), type="customer.updated", seconds=2)
    service_of_test.happen("one")
    service_of_test.happen("two", kind="complaint.received")
    assert poor.take(1)[0]["type"] == "complaint.received"
    nothing.drain()
    assert nothing.received == []
    assert listen(key(Scope.CUSTOMERS_READ)).status == 403


@pytest.mark.parametrize("how", ["revoked", "expired", "narrowed"])
def test_a_stream_ends_when_its_key_may_not_go_on(
    service_of_test: Served,
    listen: Listen,
    key: Callable[..., str],
    how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "KEYS_EVERY_SECONDS", 0.2)
    token = key()
    changes = {
        "revoked": {"revoked_at": now()},
        "expired": {"expires_at": now() - timedelta(seconds=1)},
        "narrowed": {"scopes": ["events:read"]},
    }[how]
    stream, other = listen(token), listen()
    of_it = update(ApiKey).where(ApiKey.id == token.split("_")[2]).values(changes)
    service_of_test.store.write_sync(lambda tx: tx.execute(of_it))
    stream.drain()
    service_of_test.happen("one")
    other.take(1)
    assert listen(token).status == (200 if how == "narrowed" else 401)


def test_no_more_streams_are_open_than_may_be(service_of_test: Served, listen: Listen) -> None:
    """And open ones are no requests in flight: more are open than requests may be."""
    open_ones = [listen() for _ in range(30)]
    refused = listen()
    assert (refused.status, refused.answer.getheader("retry-after")) == (503, "10")
    problem = refused.problem()
    assert problem["code"] == "too_many_streams"
    assert "30" in problem["detail"]
    assert httpx2.get(f"{service_of_test.address}/v1/events").status_code == 401  # others are answered
    assert REGISTRY.get_sample_value("vefa_event_streams") == 30
    open_ones.pop().close()
    eventually(lambda: len(service_of_test.services.streams) < 30)
    assert listen().status == 200


def test_positions_that_are_no_longer_kept_are_refused(service_of_test: Served, listen: Listen) -> None:
    service_of_test.happen("one", "two", "three")
    store = service_of_test.store
    long_ago = now() - timedelta(days=31)
    store.write_sync(lambda tx: tx.execute(update(Event).values(at=long_ago)))
    assert store.write_sync(event_log.forget, now() - timedelta(days=30), 2) == 2
    for refused in (listen(after=0), listen(last_event_id=1)):
        assert refused.status == 410
        assert refused.problem()["code"] == "events_gone"
    assert listen(after=2).status == 200


@pytest.mark.parametrize(
    ("headers", "query", "pointer"),
    [
        ({"Last-Event-ID": "abc"}, "", "Last-Event-ID"),
        ({"Last-Event-ID": "-1"}, "", "Last-Event-ID"),
        ({}, "type=planet.discovered", "type"),
        ({}, "after=-1", "after"),
        ({}, "seconds=0", "seconds"),
        ({}, "wait=3", "wait"),
    ],
)
def test_what_makes_no_sense_is_refused(
    service_of_test: Served, key: Callable[..., str], headers: dict[str, str], query: str, pointer: str
) -> None:
    headers = {"Authorization": f"Bearer {key()}", **headers}
    answer = httpx2.get(f"{service_of_test.address}/v1/events/stream?{query}", headers=headers)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_head_request_has_no_body_and_no_stream(service_of_test: Served, key: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {key()}"}
    answer = httpx2.head(f"{service_of_test.address}/v1/events/stream", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    eventually(lambda: len(service_of_test.services.streams) == 0)


def many_events(made: Served, count: int, members: int = 1) -> None:
    """Put numbered events straight into the table."""
    last = made.store.read_sync(event_log.last)
    rows = [
        {
            "id": new_id(),
            "at": now(),
            "type": "customer.updated",
            "customer_id": None,
            "object_id": str(uuid4()),
            "data": {"members": ["m" * 100] * members},
            "position": last + place,
        }
        for place in range(1, count + 1)
    ]
    made.store.write_sync(lambda tx: tx.execute(insert(Event), rows))
    made.store.numbered.ring()


def test_a_stream_far_behind_catches_up_in_parts(
    service_of_test: Served, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "KEPT", 100)
    monkeypatch.setattr(service, "PART", 50)
    start = service_of_test.store.read_sync(event_log.last)
    many_events(service_of_test, 1_000)
    stream = listen(after=start, type="customer.updated")
    many_events(service_of_test, 1_000)
    stream.take(2_000)
    assert stream.sequences == sorted(stream.sequences)
    assert len(set(stream.sequences)) == 2_000
    service_of_test.happen("last")
    assert stream.take(2_001)[-1]["data"]["id"] == "last"


def test_who_takes_nothing_is_let_go_of_and_hurts_nobody(
    service_of_test: Served, listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "SLOW_SECONDS", 0.5)
    slow, before = listen(receive_bytes=65_536), ended("client_slow")
    quick = listen()
    reading = threading.Thread(target=quick.take, args=(1_500,))
    reading.start()
    for _ in range(3):
        many_events(service_of_test, 500, members=100)  # 15 MB, more than any socket takes
    reading.join(60)
    assert len(quick.received) == 1_500
    eventually(lambda: ended("client_slow") == before + 1)
    eventually(lambda: len(service_of_test.services.streams) == 1)
    with pytest.raises((AssertionError, ConnectionError, http.client.IncompleteRead)):
        slow.take(1_500)
    assert slow.last_id is not None
    again = listen(last_event_id=slow.last_id)
    again.take(1_500 - len(slow.received))
    assert slow.sequences + again.sequences == quick.sequences


def test_a_stream_is_noted_when_it_begins(service_of_test: Served, listen: Listen) -> None:
    labels = {"method": "GET", "route": "/v1/events/stream", "status": "200"}

    def count() -> float:
        return REGISTRY.get_sample_value("vefa_http_requests_total", labels) or 0.0

    before = count()
    listen()
    eventually(lambda: count() == before + 1)


def test_streams_and_waiting_lists_end_when_the_service_stops(settings: Settings) -> None:
    answers: list[int] = []
    with served(settings) as made:
        token = made.store.write_sync(api_keys.create, ACTOR, "test", list(Scope))
        made.number()
        stream = Listener(made.address, token)
        assert stream.block() is not None
        headers = {"Authorization": f"Bearer {token}"}
        latest = made.store.read_sync(event_log.last)
        asked = {"after": latest, "wait": 20}

        def wait() -> None:
            url = f"{made.address}/v1/events"
            answers.append(httpx2.get(url, params=asked, headers=headers, timeout=60).status_code)

        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.5)
        before = ended("stopping")
    stream.drain()
    waiting.join(20)
    assert answers == [200]
    assert ended("stopping") == before + 1
    stream.close()


def test_the_data_is_one_line_of_json(service_of_test: Served, listen: Listen) -> None:
    stream = listen()
    service_of_test.happen("a\nb\r\n\n: c")
    assert json.loads(json.dumps(stream.take(1)[0]["data"]["id"])) == "a\nb\r\n\n: c"
