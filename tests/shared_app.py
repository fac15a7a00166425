"""One running application for the tests of a module, as good as new for each of them."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.http.access.admission import Admission
from app.http.access.read_audit import ReadTrail
from app.http.middleware import EdgeMiddleware
from app.main import create_app
from app.settings import Settings
from app.store.engine import Store


class SharedApps:
    """At most one running application for each database, which tests use one after another.

    What an application remembers between requests is made anew for each test: the windows of the rate
    limits and the keys that were valid. One that a test has left in another state than it found it in
    (somebody listens to its statements, its store was closed, something was put in the place of a
    part) is not used again.
    """

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def client(self, settings: Settings) -> TestClient:
        """A client of its own for a test, of the application with these settings."""
        kind = "sqlite" if settings.is_sqlite else "postgresql"
        running = self._running.get(kind)
        if running is None or running.settings != settings or not running.is_as_new():
            self._close(kind)
            running = self._running[kind] = _Running(settings)
        return running.client()

    def settle(self) -> None:
        """End what a test has begun: notes of used keys, and applications that are not as they were."""
        for kind, running in list(self._running.items()):
            if not running.settled():
                self._close(kind)

    def close(self) -> None:
        """Stop all."""
        for kind in list(self._running):
            self._close(kind)

    def _close(self, kind: str) -> None:
        if kind in self._running:
            self._running.pop(kind).close()


class _Running:
    """An application that serves."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._app = create_app(settings)
        self._first = TestClient(self._app, raise_server_exceptions=False)
        self._first.__enter__()
        self._first.get("/v1/nothing")  # builds the layers around it
        self._app.state.services.store.write_sync(lambda tx: None)  # and what commands write with
        self._edge, self._parts = _edge(self._app), self._seen()

    def client(self) -> TestClient:
        """A client whose application has seen no request yet."""
        self._edge._admission = Admission(self.settings)
        made = TestClient(self._app, raise_server_exceptions=False)
        made.portal = self._first.portal
        made._transport = InOneCall(made)
        return made

    def settled(self) -> bool:
        """Wait for what goes on beside requests; whether the application is as it was."""
        if not self.is_as_new():
            return False
        assert self._first.portal is not None
        self._first.portal.call(_settle, self._app)
        return True

    def is_as_new(self) -> bool:
        """Whether it consists of what it consisted of at the beginning, and nobody listens."""
        if self._first.task.done():
            return False
        store: Store = self._app.state.services.store
        reads: ReadTrail = self._app.state.services.reads
        is_open = not (store.is_sqlite and store._writer._closing)
        heard = [engine for engine in _engines(store) if engine.dispatch.before_cursor_execute]
        return is_open and not heard and not reads._waiting and self._seen() == self._parts

    def close(self) -> None:
        self._first.__exit__()

    def _seen(self) -> list[Any]:
        app, services = self._app, self._app.state.services
        parts = [app.middleware_stack, app.routes, services, services.store, services.reads]
        held = [app.state._state, vars(services.store)]
        named = [{name: id(value) for name, value in part.items()} for part in held]
        return [*map(id, parts), len(app.routes), dict(app.dependency_overrides), *named]


def _edge(app: FastAPI) -> EdgeMiddleware:
    """The outermost layer of the service's own."""
    layer: Any = app.middleware_stack
    while not isinstance(layer, EdgeMiddleware):
        layer = layer.app
    return layer


def _engines(store: Store) -> list[Any]:
    if store.is_sqlite:
        return [store._reader.engine, store._writer.engine]
    return [store._reads.engine.sync_engine, store._writes.engine.sync_engine]


async def _settle(app: FastAPI) -> None:
    await asyncio.gather(*app.state.services.background, return_exceptions=True)


class InOneCall(httpx2.BaseTransport):
    """Asks the application in one call to the thread it runs in; Starlette's own way takes five."""

    def __init__(self, client: TestClient) -> None:
        self._portal: Any = client.portal
        self._asgi = httpx2.ASGITransport(
            client.app, raise_app_exceptions=False, client=("testclient", 50000)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request."""
        request.read()
        return self._portal.call(self._answered, request)  # type: ignore[no-any-return]

    async def _answered(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._asgi.handle_async_request(request)
        body = b"".join([part async for part in answer.aiter_raw()])  # as it was sent, perhaps compressed
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=httpx2.ByteStream(body))


def put_back(template: Path, file: Path) -> None:
    """Make a SQLite file as its template is, also while others have it open."""
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(file)) as target:
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target)
