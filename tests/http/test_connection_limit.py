"""More connections than there may be: newcomers are served, and those that nobody waits for go."""

import asyncio
import contextlib
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app import logs
from app.cli.commands import app as cli
from app.http import connection_limit
from app.http.connection_limit import Connections, Limits, Stage, fitting, raise_descriptor_limit
from app.http.server import make_server
from app.settings import Settings

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CLOSE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
MOST = 20


async def answer(scope: Any, receive: Any, send: Any) -> None:
    """Read the body; /slow waits for `GO`; /big has 50 MB."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message["more_body"]
    if scope["path"] == "/slow":
        await asyncio.to_thread(GO.wait)
    body = b"x" * 50_000_000 if scope["path"] == "/big" else b"done"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


GO = threading.Event()


@contextmanager
def running(limits: Limits) -> Iterator[Callable[[], socket.socket]]:
    """A server in a thread; gives a function that connects to it."""
    GO.clear()
    server = make_server(answer, port=0, limits=limits, log_level="critical")
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield lambda: socket.create_connection(address, timeout=30)
    finally:
        GO.set()
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@pytest.fixture
def connect() -> Iterator[Callable[[], socket.socket]]:
    limits = Limits(
        connections=MOST, head_seconds=60, body_seconds=60, keep_alive_seconds=60, shutdown_seconds=1
    )
    with running(limits) as function:
        yield function


@pytest.fixture
def clients() -> Iterator[list[socket.socket]]:
    opened: list[socket.socket] = []
    yield opened
    for client in opened:
        client.close()


def rest(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := client.recv(65536):
            received += chunk
    return received


def ask(connect: Callable[[], socket.socket]) -> bytes:
    with connect() as client:
        client.sendall(CLOSE)
        return rest(client)


def closed(clients: list[socket.socket]) -> int:
    """How many of the clients were cut off or have got something to read."""
    poll = select.poll()
    for client in clients:
        poll.register(client, select.POLLIN | select.POLLHUP)
    return len(poll.poll(0))


def test_the_oldest_half_heads_make_room(
    connect: Callable[[], socket.socket], clients: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limit, "YOUNG_SECONDS", 0.0)
    for _ in range(3 * MOST):
        clients.append(connect())
        clients[-1].sendall(b"GET / HT")
    for _ in range(10):
        assert ask(connect).startswith(b"HTTP/1.1 200")
    assert all(rest(client) == b"" for client in clients[: 2 * MOST])
    assert closed(clients[2 * MOST + 10 :]) == 0


def test_idle_connections_make_room(
    connect: Callable[[], socket.socket], clients: list[socket.socket]
) -> None:
    for _ in range(3 * MOST):
        clients.append(connect())
        clients[-1].sendall(GET)
        assert clients[-1].recv(1000).endswith(b"done")
    assert all(rest(client) == b"" for client in clients[: 2 * MOST])
    clients[-1].sendall(GET)
    assert clients[-1].recv(1000).endswith(b"done")


def test_a_half_head_on_an_idle_connection_is_a_half_head(
    connect: Callable[[], socket.socket], clients: list[socket.socket]
) -> None:
    for _ in range(MOST):
        clients.append(connect())
        clients[-1].sendall(GET)
        assert clients[-1].recv(1000).endswith(b"done")
        clients[-1].sendall(b"GET / HT")
    for _ in range(3):
        assert ask(connect).startswith(b"HTTP/1.1 200")


def test_bodies_that_do_not_come_make_room(
    connect: Callable[[], socket.socket], clients: list[socket.socket]
) -> None:
    for _ in range(2 * MOST):
        clients.append(connect())
        clients[-1].sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
    assert ask(connect).startswith(b"HTTP/1.1 200")
    clients[-1].sendall(b"cde")
    assert clients[-1].recv(1000).endswith(b"done")


def test_answers_that_nobody_takes_make_room(
    connect: Callable[[], socket.socket], clients: list[socket.socket]
) -> None:
    for _ in range(MOST):
        clients.append(connect())
        clients[-1].sendall(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        assert clients[-1].recv(100).startswith(b"HTTP/1.1 200")
    for _ in range(3):
        assert ask(connect).startswith(b"HTTP/1.1 200")


def test_who_is_served_is_never_cut_off_and_the_newcomer_is_refused(
    connect: Callable[[], socket.socket], clients: list[socket.socket]
) -> None:
    for _ in range(MOST - 1):
        clients.append(connect())
        clients[-1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert ask(connect).startswith(b"HTTP/1.1 200"), "all the others are being served by now"
    clients.append(connect())
    clients[-1].sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    refused = b""
    while not refused:  # until the last of them is being served, too
        with connect() as client:
            refused = rest(client)
    assert refused.startswith(b"HTTP/1.1 503")
    assert b"content-type: application/problem+json" in refused
    assert b"retry-after: 1" in refused
    GO.set()
    assert all(rest(client).endswith(b"done") for client in clients)


SERVE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 1024))
from app.http.connection_limit import fitting, raise_descriptor_limit
from app.http.connection_limit import Limits
from app.http.server import serve

async def app(scope, receive, send):
    if scope["type"] == "http":
        with open("/dev/null"):
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
            await send({"type": "http.response.body", "body": b"done"})

most = fitting(1000, raise_descriptor_limit(), 40)
serve(app, port=int(sys.argv[1]), limits=Limits(connections=most, shutdown_seconds=1), log_level="critical")
"""


def test_1100_half_heads_under_1024_descriptors_cut_nobody_else_off() -> None:
    if raise_descriptor_limit() < 1500:
        pytest.skip("unproved: this process may not open enough sockets")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(address[1])], stderr=subprocess.DEVNULL)
    clients: list[socket.socket] = []

    def connect() -> socket.socket:
        return socket.create_connection(address, timeout=10)

    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                kept = connect()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        kept.close()
        for number in range(2200):
            clients.append(connect())
            clients[-1].sendall(b"GET / HT")
            if number % 50 == 0:
                assert ask(connect).endswith(b"done"), f"after {number} half heads"
            if len(clients) > 1100:
                clients.pop(0).close()
        assert ask(connect).endswith(b"done")
    finally:
        for client in clients:
            client.close()
        process.kill()
        process.wait()


class Fake:
    """A connection that notes whether it was dropped."""

    def __init__(self, *, is_slow: bool = True) -> None:
        self.is_slow = is_slow
        self.dropped = False

    def drop(self) -> None:
        self.dropped = True


def test_who_goes_first() -> None:
    connections = Connections(6)
    by_stage = {stage: Fake() for stage in Stage}
    for stage, connection in by_stage.items():
        assert connections.opened(connection)
        connections.moved(connection, stage)
    gone = []
    for _ in range(5):
        newcomer = Fake()
        assert connections.opened(newcomer)
        connections.moved(newcomer, Stage.BUSY)
        gone += [stage for stage, one in by_stage.items() if one.dropped and stage not in gone]
    young_head_after_idle = [Stage.CLOSING, Stage.IDLE, Stage.HEAD, Stage.BODY, Stage.STALLED]
    assert gone == young_head_after_idle
    assert not connections.opened(Fake())
    assert not by_stage[Stage.BUSY].dropped
    assert len(connections) == 6


def test_an_old_half_head_goes_before_idle_ones_and_a_body_that_comes_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_limit, "YOUNG_SECONDS", -1.0)
    connections = Connections(3)
    head, idle, coming = Fake(), Fake(), Fake(is_slow=False)
    for connection, stage in ((idle, Stage.IDLE), (head, Stage.HEAD), (coming, Stage.BODY)):
        connections.opened(connection)
        connections.moved(connection, stage)
    for _ in range(2):
        newcomer = Fake()
        assert connections.opened(newcomer)
        connections.moved(newcomer, Stage.BUSY)
        assert head.dropped
    assert idle.dropped
    assert not connections.opened(Fake())
    assert not coming.dropped


def test_what_is_closed_makes_room_and_is_unknown_afterwards() -> None:
    connections = Connections(1)
    first = Fake()
    assert connections.opened(first)
    connections.closed(first)
    connections.closed(first)
    connections.moved(first, Stage.IDLE)
    assert len(connections) == 0
    assert connections.opened(Fake())


@pytest.mark.parametrize(
    ("most", "descriptors", "database", "connections"),
    [(1000, 1024, 40, 856), (1000, 1 << 20, 40, 1000), (1000, 128, 40, 16), (100_000, 65_536, 400, 65_008)],
)
def test_descriptors_are_left_for_the_database(
    most: int, descriptors: int, database: int, connections: int
) -> None:
    assert fitting(most, descriptors, database) == connections


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 300));"
        "from app.http.connection_limit import raise_descriptor_limit as r; print(r(), r(), "
        "resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "300 300 (300, 300)"
    assert raise_descriptor_limit() >= resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_the_commands_leave_descriptors_for_the_database(
    command: str, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vefa.db"
    file.write_bytes(sqlite_template.read_bytes())
    monkeypatch.setenv("VEFA_DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("VEFA_SECRET", "The tests' own secret, 0123456789 abcdefgh".replace(" ", "-"))
    monkeypatch.setattr(connection_limit, "raise_descriptor_limit", lambda: 1024)
    monkeypatch.setattr(logs, "configure", lambda level: None)  # loggers would keep it for later tests
    asked: dict[str, Any] = {}
    monkeypatch.setattr("app.http.server.serve", lambda _app, **options: asked.update(options))
    more = ["--file", str(tmp_path / "demo.db"), "--customers", "1"] if command == "demo" else []
    result = CliRunner().invoke(cli, [command, *more])
    assert result.exit_code == 0, result.output
    assert asked["limits"].connections == 1024 - 128 - 4 * Settings().pool_size
