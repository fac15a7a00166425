"""SIGTERM with many open streams and a receiver that hangs: the service ends, and nothing is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import SECRET, empty
from jobs.helpers import ACTOR, until
from listeners import Listener
from receivers import Receiver, answer

from app.domain.common.access import Scope
from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
from app.services.events import webhook_endpoints
from app.services.platform import api_keys
from app.settings import Settings
from app.store import schema
from app.store.audit import trail
from app.store.engine import Store

STREAMS = 200
STOP_SECONDS = 20
"""Without ending streams a service waits 25 s for them, and then cuts them."""


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


class Service:
    """``vefa serve``, on PostgreSQL with ``vefa worker`` beside it."""

    def __init__(self, settings: Settings, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}"
        more = {
            "VEFA_DATABASE_URL": settings.database_url,
            "VEFA_SECRET": SECRET,
            "VEFA_WEBHOOK_NETWORKS": "127.0.0.0/8",
            "VEFA_LOG_LEVEL": "WARNING",
        }
        commands = [["serve", "--port", str(port)]]
        commands += [] if settings.is_sqlite else [["worker"]]
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-c", "from app.cli import main; main()", *command],
                env={**os.environ, **more},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for command in commands
        ]
        until(self._answers)

    def _answers(self) -> bool:
        assert self.processes[0].poll() is None, self.processes[0].communicate()
        try:
            return httpx2.get(f"{self.address}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> bytes:
        """Stop it, and say what it logged; fails where it must be killed."""
        said = b""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            said += process.communicate(timeout=STOP_SECONDS)[0]
            assert process.returncode in (0, -signal.SIGTERM), said
        return said

    def kill(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_service_with_streams_and_a_hanging_receiver_stops_and_nothing_is_lost(
    settings_of_drill: Settings,
) -> None:
    store = Store(settings_of_drill)
    token = store.write_sync(api_keys.create, ACTOR, "test", list(Scope))
    hanging = Receiver(lambda _delivery: None)
    made = WebhookEndpointCreate(url=hanging.url, types=["customer.updated"])
    store.write_sync(webhook_endpoints.create, ACTOR, made)
    service = Service(settings_of_drill, free_port())
    listeners: list[Listener] = []

    def happen(*names: str) -> None:
        """In a request, so that the process that serves writes."""
        for name in names:
            store.write_sync(trail.record, ACTOR, "customer.updated", name, members=["name"])

    try:
        listeners += [Listener(service.address, token, type="customer.updated") for _ in range(STREAMS)]
        for listener in listeners:
            assert (listener.status, listener.block()) != (200, None)
        happen("one", "two")
        for listener in listeners:
            listener.take(2)
        until(lambda: hanging.deliveries)
        said = service.stop()
        assert b"Traceback" not in said
        for listener in listeners:
            listener.drain()  # a clean end
            listener.close()
        happen("three", "four")
        hanging.respond = lambda _delivery: answer(204)
        service = Service(settings_of_drill, free_port())
        happen("five")
        for listener in (listeners[0], listeners[-1]):
            again = Listener(service.address, token, last_event_id=listener.last_id, type="customer.updated")
            told: list[Any] = [event["data"]["id"] for event in again.take(3)]
            assert told == ["three", "four", "five"]
            again.close()
        ids = {event["id"] for event in listeners[0].received} | {event["id"] for event in again.received}
        until(lambda: ids <= set(hanging.ids))
        service.stop()
    finally:
        service.kill()
        for listener in listeners:
            listener.close()
        hanging.close()
        store.close_sync()
