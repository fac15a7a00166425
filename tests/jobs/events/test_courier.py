"""Deliveries of webhooks: signed, in order for each key, tried again, and nobody hurt by one who fails."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from conftest import SECRET, empty
from jobs.helpers import ACTOR, until
from pydantic import SecretStr
from receivers import Delivery, Receiver, answer
from sqlalchemy import func, select, update
from standardwebhooks import Webhook, WebhookVerificationError

from app.domain.common.access import Actor, Scope
from app.domain.events import bodies
from app.errors import ConflictError, InvalidError
from app.jobs.events.courier import Courier
from app.jobs.registry import Context
from app.schemas.customers.customers import CustomerCreate, CustomerUpdate
from app.schemas.events.webhook_endpoints import (
    WebhookAttemptQuery,
    WebhookEndpointCreate,
    WebhookPause,
    WebhookRedelivery,
    WebhookResumption,
    WebhookRotation,
)
from app.services.customers import customers
from app.services.events import deliveries, webhook_endpoints
from app.settings import Settings
from app.store import event_sequence
from app.store.audit import keys as audit_keys
from app.store.audit import trail
from app.store.engine import Store
from app.store.events import lanes, log
from app.store.tables import Event, WebhookAttempt, WebhookEndpoint, WebhookParked
from app.store.types import now

TYPES = ["customer.updated"]


class Clock:
    """Real time, moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


class Post:
    """A store with a courier; `close` ends it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings.model_copy(update={"webhook_networks": ("127.0.0.0/8",)})
        self.store = Store(self.settings)
        self.clock = Clock()
        self.courier: Courier | None = None
        self.receivers: list[Receiver] = []

    def start(self) -> None:
        context = Context(self.store, self.settings.company, self.settings)
        self.courier = Courier(context, f"courier-{uuid4()}", clock=self.clock)
        self.courier.start()

    def stop(self) -> None:
        if self.courier is not None:
            self.courier.stop()
            self.courier = None

    def close(self) -> None:
        self.stop()
        for receiver in self.receivers:
            receiver.close()
        self.store.close_sync()

    def endpoint(
        self, respond: Callable[[Delivery], bytes | None] | None = None, actor: Actor = ACTOR, **more: Any
    ) -> tuple[Receiver, dict[str, Any]]:
        receiver = Receiver(respond)
        self.receivers.append(receiver)
        data = WebhookEndpointCreate(url=receiver.url, **{"types": TYPES, **more})
        return receiver, self.store.write_sync(webhook_endpoints.create, actor, data)

    def happen(self, *objects: str, kind: str = "customer.updated") -> list[str]:
        """Let something happen to each object; the public ids of the events, in order."""
        for name in objects:
            self.store.write_sync(trail.record, ACTOR, kind, name, members=["name"])
        self.number()
        newest = select(Event.id).order_by(Event.position.desc()).limit(len(objects))
        found = self.store.read_sync(lambda tx: tx.execute(newest).scalars().all())
        return [bodies.public_id(one) for one in reversed(found)]

    def number(self) -> None:
        keys = audit_keys.of_settings(self.settings)
        assert keys is not None
        while self.store.write_sync(event_sequence.assign, keys, 1_000).count >= 1_000:
            pass
        self.store.numbered.ring()

    def row(self, endpoint: dict[str, Any]) -> dict[str, Any]:
        found = select(WebhookEndpoint.__table__).where(WebhookEndpoint.id == endpoint["id"])
        return self.store.read_sync(lambda tx: dict(tx.execute(found).mappings().one()))

    def count(self, table: Any) -> int:
        return self.store.read_sync(
            lambda tx: tx.execute(select(func.count()).select_from(table)).scalar_one()
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def post(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path, usual_settings: Settings
) -> Iterator[Post]:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
    else:
        shutil.copy(sqlite_template, tmp_path / "vefa.db")
        url = f"sqlite:///{tmp_path / 'vefa.db'}"
    made = Post(usual_settings.model_copy(update={"database_url": url}))
    yield made
    made.close()


def test_deliveries_go_on_after_an_unknown_failure(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    failed, take = [], lanes.take

    def fails_once(*given: Any) -> Any:
        if not failed:
            failed.append(True)
            raise ValueError("planted")
        return take(*given)

    monkeypatch.setattr(lanes, "take", fails_once)
    receiver, _ = post.endpoint()
    post.start()
    post.happen("thing")
    until(lambda: len(receiver.deliveries) == 1)
    assert failed


def test_events_arrive_signed_in_order_and_once(post: Post) -> None:
    receiver, endpoint = post.endpoint(own_headers=[{"name": "X-Tenant", "value": "acme"}])
    post.start()
    sent = post.happen(*(f"thing-{number % 7}" for number in range(60)))
    until(lambda: len(receiver.deliveries) >= 60)
    until(lambda: post.row(endpoint)["position"] == post.store.read_sync(log.last))
    assert sorted(receiver.ids) == sorted(sent)
    for thing in range(7):
        bodies_of_it = [json.loads(one.body) for one in receiver.deliveries]
        order = [one["sequence"] for one in bodies_of_it if one["data"]["id"] == f"thing-{thing}"]
        assert order == sorted(order)
    verifier = Webhook(endpoint["secret"])
    for delivery in receiver.deliveries:
        verifier.verify(delivery.body, delivery.headers)
        assert (delivery.headers["x-tenant"], delivery.headers["content-type"]) == (
            "acme",
            "application/json",
        )
    changed = receiver.deliveries[0].body.replace(b"name", b"nama")
    with pytest.raises(WebhookVerificationError):
        verifier.verify(changed, receiver.deliveries[0].headers)
    assert post.count(WebhookParked) == 0
    until(lambda: post.count(WebhookAttempt) == 60)


def test_a_failed_event_holds_up_its_own_key_only(post: Post) -> None:
    broken = {"on": True}

    def respond(delivery: Delivery) -> bytes:
        bad = broken["on"] and json.loads(delivery.body)["data"]["id"] == "bad"
        return answer(500, b"try 10.1.2.3 later") if bad else answer(200, b"ok")

    receiver, endpoint = post.endpoint(respond)
    post.start()
    first, second, other = post.happen("bad", "bad", "good")
    until(lambda: other in receiver.ids)
    until(lambda: post.count(WebhookParked) == 2)
    third, *_ = post.happen("bad")
    until(lambda: post.count(WebhookParked) == 3)
    assert receiver.ids.count(first) == 1
    assert second not in receiver.ids
    page = post.store.read_sync(
        deliveries.attempts, ACTOR, WebhookAttemptQuery(outcome="failed"), None, endpoint["id"]
    )
    [failed] = page.rows
    assert (failed["status"], failed["answer"], failed["event_id"]) == (500, "try [address] later", first)
    assert failed["next_attempt_at"] is not None
    broken["on"] = False
    post.clock.ahead = timedelta(seconds=6)
    until(lambda: third in receiver.ids)
    mine = [one for one in receiver.ids if one != other]
    assert mine == [first, first, second, third]
    same = [one.body for one in receiver.deliveries if one.event_id == first]
    assert same[0] == same[1]
    until(lambda: post.count(WebhookParked) == 0)


def test_after_the_last_attempt_an_event_is_given_up_and_its_followers_go_on(post: Post) -> None:
    def respond(delivery: Delivery) -> bytes:
        return answer(500) if json.loads(delivery.body)["data"]["version"] is None else answer(204)

    receiver, endpoint = post.endpoint(respond)
    post.store.write_sync(trail.record, ACTOR, TYPES[0], "thing")
    post.store.write_sync(trail.record, ACTOR, TYPES[0], "thing", data={"version": 2})
    post.number()
    post.start()
    until(lambda: post.count(WebhookParked) == 2)
    exhausted = update(WebhookParked).where(WebhookParked.attempts == 1)
    post.store.write_sync(lambda tx: tx.execute(exhausted.values(attempts=9, next_attempt_at=now())))
    until(lambda: len(set(receiver.ids)) == 2)
    until(lambda: post.count(WebhookParked) == 1)
    figures = post.store.read_sync(deliveries.statistics, ACTOR, endpoint["id"])
    assert (figures["given_up"], figures["waiting"], figures["delivered"]) == (1, 0, 1)
    receiver.respond = lambda _delivery: answer(204)
    again = post.store.write_sync(
        deliveries.send_again, ACTOR, endpoint["id"], WebhookRedelivery(given_up=True)
    )
    assert again["events"] == 1
    until(lambda: post.count(WebhookParked) == 0)


def test_410_disables_and_what_was_missed_is_sent_when_it_goes_on(post: Post) -> None:
    receiver, endpoint = post.endpoint(lambda _delivery: answer(410))
    watcher, _ = post.endpoint(types=["webhook.endpoint_disabled"])
    post.start()
    post.happen("one")
    until(lambda: post.row(endpoint)["state"] == "disabled")
    assert post.row(endpoint)["disabled_reason"] == "gone"
    post.number()
    until(lambda: watcher.deliveries)
    assert json.loads(watcher.deliveries[0].body)["data"]["id"] == str(endpoint["id"])
    with pytest.raises(ConflictError):
        post.store.write_sync(deliveries.send_test, ACTOR, endpoint["id"])
    missed = post.happen("two")
    receiver.respond = lambda _delivery: answer(204)
    post.store.write_sync(webhook_endpoints.resume, ACTOR, endpoint["id"], WebhookResumption())
    until(lambda: missed[0] in receiver.ids)


def test_nothing_is_sent_in_a_pause(post: Post) -> None:
    receiver, endpoint = post.endpoint()
    post.store.write_sync(webhook_endpoints.pause, ACTOR, endpoint["id"], WebhookPause())
    post.start()
    missed = post.happen("one", "two")
    time.sleep(2.5)
    assert receiver.connections == 0
    post.store.write_sync(webhook_endpoints.resume, ACTOR, endpoint["id"], WebhookResumption())
    until(lambda: sorted(receiver.ids) == sorted(missed))


def test_a_rotated_secret_signs_beside_the_new_one_for_a_time(post: Post) -> None:
    receiver, endpoint = post.endpoint()
    rotated = post.store.write_sync(webhook_endpoints.rotate, ACTOR, endpoint["id"], WebhookRotation())
    post.start()
    post.happen("one")
    until(lambda: receiver.deliveries)
    for secret in (endpoint["secret"], rotated["secret"]):
        Webhook(secret).verify(receiver.deliveries[0].body, receiver.deliveries[0].headers)


def test_a_test_event_goes_to_the_endpoint_that_asked_and_its_answer_is_shown(post: Post) -> None:
    receiver, endpoint = post.endpoint(lambda _delivery: answer(500, b"no such route"))
    other, _ = post.endpoint()
    post.start()
    sent = post.store.write_sync(deliveries.send_test, ACTOR, endpoint["id"])
    post.number()
    until(lambda: receiver.deliveries)
    told = json.loads(receiver.deliveries[0].body)
    assert (told["type"], receiver.ids) == ("webhook.test", [sent["event_id"]])
    query = WebhookAttemptQuery(event_id=sent["event_id"])

    def shown() -> Any:
        return post.store.read_sync(deliveries.attempts, ACTOR, query, None, endpoint["id"]).rows

    assert until(shown)[0]["answer"] == "no such route"
    assert other.deliveries == []


def test_an_endpoint_of_a_unit_hears_of_its_customers_only(post: Post) -> None:
    limited = Actor("key:izmir", frozenset(Scope), units=frozenset({"izmir"}))
    receiver, _ = post.endpoint(actor=limited, types=["customer.created", "customer.updated"])
    one = post.store.write_sync(customers.create, ACTOR, CustomerCreate(name="One", unit="izmir"))
    other = post.store.write_sync(customers.create, ACTOR, CustomerCreate(name="Other", unit="ankara"))
    post.start()
    post.happen("company-wide")
    until(lambda: receiver.deliveries)
    moved = CustomerUpdate(unit="izmir")
    post.store.write_sync(customers.update_one, ACTOR, other["id"], moved, None)
    post.number()
    until(lambda: len(receiver.deliveries) == 2)
    told = [json.loads(delivery.body) for delivery in receiver.deliveries]
    assert [(event["type"], event["data"]["id"]) for event in told] == [
        ("customer.created", str(one["id"])),
        ("customer.updated", str(other["id"])),
    ]


def test_a_hanging_and_a_refusing_endpoint_hold_nobody_up(post: Post) -> None:
    post.endpoint(lambda _delivery: None)
    refusing, endpoint = post.endpoint(lambda _delivery: answer(503))
    good, _ = post.endpoint()
    post.start()
    sent = post.happen(*(f"thing-{number}" for number in range(100)))
    until(lambda: len(good.deliveries) == 100, 20)
    assert sorted(good.ids) == sorted(sent)
    assert len(refusing.deliveries) < 40, "after some failures it is only tried now and then"
    assert post.row(endpoint)["state"] == "active"


def test_three_days_without_a_success_disable(post: Post) -> None:
    _, endpoint = post.endpoint(lambda _delivery: answer(500))
    post.start()
    post.happen("one")
    until(lambda: post.row(endpoint)["failing_since"] is not None)
    post.clock.ahead = timedelta(days=3, minutes=1)
    until(lambda: post.row(endpoint)["state"] == "disabled")
    assert post.row(endpoint)["disabled_reason"] == "failing"


def test_a_day_without_a_success_is_warned_of_once(post: Post) -> None:
    watcher, _ = post.endpoint(types=["webhook.endpoint_failing"])
    _, endpoint = post.endpoint(lambda _delivery: answer(500))
    post.start()
    post.happen("one")
    until(lambda: post.row(endpoint)["failing_since"] is not None)
    for hours in (25, 26):
        post.clock.ahead = timedelta(hours=hours)
        failed_at = post.row(endpoint)["failed_at"]
        until(lambda: post.row(endpoint)["failed_at"] != failed_at)  # noqa: B023  # called within the round
        post.number()
    until(lambda: watcher.deliveries)
    post.happen("two")
    assert [json.loads(delivery.body)["data"]["id"] for delivery in watcher.deliveries] == [
        str(endpoint["id"])
    ]
    assert post.row(endpoint)["state"] == "active"


def test_what_a_killed_courier_had_on_its_way_is_delivered_by_another(post: Post) -> None:
    """It does not let go of its endpoints; after the lease another takes them."""
    receiver, endpoint = post.endpoint()
    held = update(WebhookEndpoint).values(leased_by="dead", leased_until=now() + timedelta(seconds=3))
    post.store.write_sync(lambda tx: tx.execute(held))
    post.start()
    sent = post.happen("one", "two")
    time.sleep(1.5)
    assert receiver.deliveries == []
    until(lambda: sorted(receiver.ids) == sorted(sent))
    post.stop()
    assert post.row(endpoint)["leased_by"] is None


def test_events_are_sent_again_by_id_and_range(post: Post) -> None:
    receiver, endpoint = post.endpoint()
    post.start()
    sent = post.happen("one", "two", "three")
    until(lambda: len(receiver.deliveries) == 3)
    until(lambda: post.count(WebhookAttempt) == 3)
    ask = deliveries.send_again, ACTOR, endpoint["id"]
    assert post.store.write_sync(*ask, WebhookRedelivery(event_id=sent[1]))["events"] == 1
    until(lambda: receiver.ids.count(sent[1]) == 2)
    last = post.row(endpoint)["position"]
    ranged = WebhookRedelivery(from_position=last - 1, to_position=last)
    assert post.store.write_sync(*ask, ranged)["events"] == 2
    until(lambda: len(receiver.deliveries) == 6)
    unknown = WebhookRedelivery(event_id=bodies.public_id(UUID(int=7)))
    assert post.store.write_sync(*ask, unknown)["events"] == 0
    for wrong in (
        WebhookRedelivery(),
        WebhookRedelivery(from_position=1),
        WebhookRedelivery(event_id=sent[0], given_up=True),
    ):
        with pytest.raises(InvalidError):
            post.store.write_sync(*ask, wrong)


def test_secrets_are_read_after_the_service_got_another_one(post: Post) -> None:
    receiver, endpoint = post.endpoint()
    new = SecretStr("Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i")
    changed = post.settings.model_copy(update={"secret": new, "secret_previous": (SecretStr(SECRET),)})
    post.store.close_sync()
    post.settings, post.store = changed, Store(changed)
    assert post.store.write_sync(webhook_endpoints.seal_again) == 1
    assert post.store.write_sync(webhook_endpoints.seal_again) == 0
    alone = changed.model_copy(update={"secret_previous": ()})
    post.store.close_sync()
    post.settings, post.store = alone, Store(alone)
    post.start()
    post.happen("one")
    until(lambda: receiver.deliveries)
    Webhook(endpoint["secret"]).verify(receiver.deliveries[0].body, receiver.deliveries[0].headers)
