"""Couriers that are killed while they deliver: nothing is lost, bytes stay the same, new events in order."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import SECRET, empty
from jobs.helpers import ACTOR, until
from receivers import Receiver

from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
from app.services.events import webhook_endpoints
from app.settings import Settings
from app.store import event_sequence, schema
from app.store.audit import keys as audit_keys
from app.store.audit import trail
from app.store.engine import Store

KILLS = int(os.environ.get("VEFA_COURIER_KILLS", "3"))
EVENTS_A_KILL = 150
KEYS = 12
MOST_TWICE = 32 + 200
"""Deliveries of an endpoint that a kill may repeat: those on their way and those not written."""


@pytest.fixture(params=["sqlite", "postgresql"])
def settings_of_drill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        empty(url)
    else:
        url = f"sqlite:///{tmp_path / 'vefa.db'}"
        schema.upgrade(Settings(database_url=url))
    yield Settings(database_url=url, secret=SECRET)
    if request.param == "postgresql":
        empty(url)


def started(settings: Settings, name: str) -> "subprocess.Popen[str]":
    script = str(Path(__file__).with_name("killable_courier.py"))
    process = subprocess.Popen(
        [sys.executable, script, settings.database_url, SECRET, name], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def test_every_event_reaches_every_endpoint_in_spite_of_kills(settings_of_drill: Settings) -> None:
    store, keys = Store(settings_of_drill), audit_keys.of_settings(settings_of_drill)
    assert keys is not None
    receivers = [Receiver() for _ in range(2)]
    for receiver in receivers:
        made = WebhookEndpointCreate(url=receiver.url, types=["customer.updated"])
        # written past the check of the address, which knows only the networks of the couriers
        store.write_sync(webhook_endpoints.create, ACTOR, made)
    couriers = [started(settings_of_drill, f"courier-{number}") for number in range(2)]
    chance, count = random.Random(7), 0  # noqa: S311  # when to kill
    try:
        for kill in range(KILLS):
            for _ in range(EVENTS_A_KILL):
                store.write_sync(trail.record, ACTOR, "customer.updated", f"thing-{count % KEYS}")
                count += 1
            while store.write_sync(event_sequence.assign, keys, 1_000).count >= 1_000:
                pass
            time.sleep(chance.uniform(0.2, 2.0))
            couriers[kill % 2].kill()
            couriers[kill % 2].communicate()
            couriers[kill % 2] = started(settings_of_drill, f"courier-again-{kill}")
        for receiver in receivers:
            until(lambda: len(set(receiver.ids)) == count, 180)  # noqa: B023  # called within the round
    finally:
        for courier in couriers:
            courier.kill()
            courier.communicate()
        for receiver in receivers:
            receiver.close()
        store.close_sync()
    for receiver in receivers:
        bodies: dict[str, set[bytes]] = {}
        newest: Counter[str] = Counter()
        for delivery in receiver.deliveries:
            is_new = delivery.event_id not in bodies
            bodies.setdefault(delivery.event_id, set()).add(delivery.body)
            told = json.loads(delivery.body)
            key, sequence = told["data"]["id"], told["sequence"]
            if is_new:
                assert sequence > newest[key], "an older event came first after a newer one"
                newest[key] = sequence
        assert all(len(same) == 1 for same in bodies.values())
        assert len(receiver.deliveries) - count <= KILLS * MOST_TWICE
