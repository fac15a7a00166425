"""Clients of streams of events over real sockets, for tests."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.domain.common.access import system
from app.domain.common.company import Company
from app.http.call import Services
from app.http.connection_limit import Limits
from app.http.server import make_server
from app.main import create_app
from app.settings import Settings
from app.store import event_sequence
from app.store.audit import keys as audit_keys
from app.store.audit import trail

ACTOR = system(Company())


class Listener:
    """One stream, read when asked. ``received`` are the events, ``last_id`` the last position it knows."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        last_event_id: int | None = None,
        receive_bytes: int | None = None,
        **params: Any,
    ) -> None:
        where = urlsplit(address)
        assert where.hostname is not None
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.connection.connect()
        if receive_bytes is not None:
            import socket

            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        path = f"/v1/events/stream?{urlencode(params, doseq=True)}"
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.received: list[dict[str, Any]] = []
        self.blocks = 0
        self.last_id: int | None = None

    @property
    def sequences(self) -> list[int]:
        return [event["sequence"] for event in self.received]

    def problem(self) -> dict[str, Any]:
        return dict(json.loads(self.answer.read()))

    def block(self) -> Mapping[str, str] | None:
        """The next block; None at the end of the stream. Comments have the name ``""``."""
        found: dict[str, str] = {}
        while line := self.answer.readline():
            if line == b"\n":
                self.blocks += 1
                if "id" in found:
                    self.last_id = int(found["id"])
                if "data" in found:
                    self.received.append(json.loads(found["data"]))
                return found
            name, _, value = line.decode().rstrip("\n").partition(":")
            found[name] = value.removeprefix(" ")
        return None

    def take(self, count: int) -> list[dict[str, Any]]:
        """Read until so many events were received in all."""
        while len(self.received) < count:
            assert self.block() is not None, f"it ended after {len(self.received)} events"
        return self.received

    def drain(self) -> None:
        """Read to the end; fails where that is not a clean one."""
        while self.block() is not None:
            pass

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


class Served:
    """A service that listens in this process, without a worker."""

    def __init__(self, address: str, services: Services, settings: Settings) -> None:
        self.address, self.services, self.store = address, services, services.store
        self._settings = settings

    def happen(self, *objects: str, kind: str = "customer.updated", **more: Any) -> None:
        """Let something happen to each object, and number it."""
        for name in objects:
            self.store.write_sync(trail.record, ACTOR, kind, name, members=["name"], **more)
        self.number()

    def number(self) -> None:
        number(self.services, self._settings)


def number(services: Services, settings: Settings) -> None:
    """Do what a worker does: give positions to all that was written."""
    keys = audit_keys.of_settings(settings)
    assert keys is not None
    while services.store.write_sync(event_sequence.assign, keys, 1_000).count >= 1_000:
        pass
    services.store.numbered.ring()


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """Serve in a thread."""
    app = create_app(settings)
    services: Services = app.state.services
    server = make_server(app, port=0, limits=Limits(), log_level="critical", on_stop=services.stop_waiting)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", services, settings)
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "it did not stop"
