"""What events cost on their way out: ``python -m benchmarks.webhooks clients``, ``backlog`` or ``streams``.

``clients`` posts the same signed bytes with aiohttp and with httpx2 in turns and prints the CPU time of each.
``backlog`` delivers a backlog of events to ten receivers, log and cursor included, and holds it against a
bare loop of the same sender and a bare loop of aiohttp alone. Receivers run in a process of their own; CPU
time is that of the other one. ``streams`` opens idle streams to a served process, and sends one event to all.
"""

import argparse
import asyncio
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import uuid4

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.http import connection_limit
from app.services.platform import api_keys
from app.settings import Settings
from app.store import schema
from app.store.engine import Store

ROUNDS = 5
SECRET = "Gq7vR2mZpX9cLwT4bYsK8dNhJ3fUeA6i"  # noqa: S105  # of the benchmark
RECEIVERS = 10
BODY = (
    b'{"type":"customer.updated","timestamp":"2026-11-23T12:10:00.000000Z","sequence":4711,"data":{"id":"x"}}'
)


def receive(count: int, ready: Connection) -> None:
    """Serve ``count`` receivers that answer 204, until killed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
                await reader.readexactly(int(length))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def act() -> None:
        servers = [await asyncio.start_server(serve, "127.0.0.1", 0) for _ in range(count)]
        ready.send([server.sockets[0].getsockname()[1] for server in servers])
        await asyncio.Event().wait()

    asyncio.run(act())


def receivers() -> tuple[Any, list[str]]:
    """Start receivers in another process; the process and their addresses."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=receive, args=(RECEIVERS, theirs), daemon=True
    )
    process.start()
    return process, [f"http://127.0.0.1:{port}/hook" for port in ours.recv()]


async def with_sender(urls: list[str], count: int) -> float:
    """CPU seconds of a post with the sender of the service."""
    from app.domain.events.webhook_urls import Rules
    from app.integrations.webhook_sender import WebhookSender, headers_of
    from app.store.types import now

    sender = WebhookSender(Rules(networks=("127.0.0.0/8",)))
    secret = [b"x" * 32]

    async def post(url: str, own: int) -> None:
        for _ in range(own):
            answer = await sender.send(url, headers_of(secret, "evt_x", now(), BODY), BODY)
            assert answer.is_delivered, answer

    own = count // len(urls)
    await asyncio.gather(*(post(url, 10) for url in urls))
    began = time.process_time()
    await asyncio.gather(*(post(url, own) for url in urls))
    spent = time.process_time() - began
    await sender.close()
    return spent / (own * len(urls))


async def with_aiohttp(urls: list[str], count: int) -> float:
    """CPU seconds of a post with aiohttp alone: the same bytes, signed once, and nothing checked."""
    import aiohttp

    from app.integrations.webhook_sender import headers_of
    from app.store.types import now

    headers = headers_of([b"x" * 32], "evt_x", now(), BODY)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post(url: str, own: int) -> None:
            for _ in range(own):
                async with session.post(url, data=BODY, headers=headers) as answer:
                    assert answer.status == 204

        own = count // len(urls)
        await asyncio.gather(*(post(url, 10) for url in urls))
        began = time.process_time()
        await asyncio.gather(*(post(url, own) for url in urls))
        return (time.process_time() - began) / (own * len(urls))


async def with_httpx2(urls: list[str], count: int) -> float:
    """CPU seconds of a post with httpx2."""
    import httpx2

    from app.integrations.webhook_sender import headers_of
    from app.store.types import now

    secret = [b"x" * 32]
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as client:

        async def post(url: str, own: int) -> None:
            for _ in range(own):
                answer = await client.post(
                    url, content=BODY, headers=headers_of(secret, "evt_x", now(), BODY)
                )
                assert answer.status_code == 204

        own = count // len(urls)
        await asyncio.gather(*(post(url, 10) for url in urls))
        began = time.process_time()
        await asyncio.gather(*(post(url, own) for url in urls))
        return (time.process_time() - began) / (own * len(urls))


def clients(count: int) -> None:
    """Compare the clients, in turns."""
    process, urls = receivers()
    spent: dict[str, list[float]] = {"aiohttp": [], "httpx2": []}
    for _ in range(ROUNDS):
        spent["aiohttp"].append(asyncio.run(with_sender(urls, count)))
        spent["httpx2"].append(asyncio.run(with_httpx2(urls, count)))
    process.kill()
    for name, seconds in spent.items():
        each = ", ".join(f"{one * 1000:.3f}" for one in seconds)
        print(f"{name}: {statistics.median(seconds) * 1000:.3f} ms of CPU a post ({each})")


def backlog(events: int, rounds: int) -> None:
    """Deliver a backlog on SQLite, in turns with the bare loops."""
    for _ in range(rounds):
        process, urls = receivers()
        bare = asyncio.run(with_sender(urls, 5_000))
        alone = asyncio.run(with_aiohttp(urls, 5_000))
        spent, seconds = _deliver(urls, events)
        process.kill()
        deliveries = events * len(urls)
        print(
            f"{events} events, {deliveries} deliveries: {deliveries / seconds:.0f}/s, "
            f"{spent / deliveries * 1000:.3f} ms of CPU each; "
            f"bare loop of the sender {bare * 1000:.3f} ms, share {bare * deliveries / spent:.2f}; "
            f"aiohttp alone {alone * 1000:.3f} ms, share {alone * deliveries / spent:.2f}",
            flush=True,
        )


def _deliver(urls: list[str], events: int) -> tuple[float, float]:
    from sqlalchemy import func, insert, select

    from app.jobs.events.courier import Courier
    from app.jobs.registry import Context
    from app.schemas.events.webhook_endpoints import WebhookEndpointCreate
    from app.services.events import webhook_endpoints
    from app.store.tables import Event, WebhookEndpoint
    from app.store.types import new_id, now

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'vefa.db'}",
            secret=SECRET,
            webhook_networks=("127.0.0.0/8",),
        )
        schema.upgrade(settings)
        store = Store(settings)
        actor = system(settings.company)
        for url in urls:
            made = WebhookEndpointCreate(url=url, types=["customer.updated"])
            store.write_sync(webhook_endpoints.create, actor, made)
        at = now()
        rows = [
            {
                "id": new_id(),
                "at": at,
                "type": "customer.updated",
                "customer_id": uuid4() if number % 3 else None,
                "object_id": str(uuid4()),
                "data": {"members": ["name"], "version": 2},
                "position": number + 1,
            }
            for number in range(events)
        ]
        store.write_sync(lambda tx: tx.execute(insert(Event), rows))
        courier = Courier(Context(store, settings.company, settings), "benchmark")
        began, cpu = time.monotonic(), time.process_time()
        courier.start()
        slowest = select(func.min(WebhookEndpoint.position))
        while store.read_sync(lambda tx: tx.execute(slowest).scalar_one()) < events:
            time.sleep(0.1)
        spent, seconds = time.process_time() - cpu, time.monotonic() - began
        courier.stop()
        store.close_sync()
        return spent, seconds


def streams(count: int, rounds: int) -> None:
    """Open idle streams to a served process: its memory, and how long an event takes to reach all."""
    connection_limit.raise_descriptor_limit()
    with tempfile.TemporaryDirectory() as folder, _served(Path(folder), count) as (pid, port, token):
        asyncio.run(_listen(pid, port, token, count, rounds))


@contextmanager
def _served(folder: Path, most: int) -> Iterator[tuple[int, int, str]]:
    url = f"sqlite:///{folder / 'vefa.db'}"
    schema.upgrade(Settings(database_url=url))
    store = Store(Settings(database_url=url, secret=SECRET))
    token = store.write_sync(api_keys.create, system(Company()), "benchmark", list(Scope))
    store.close_sync()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = {"VEFA_DATABASE_URL": url, "VEFA_SECRET": SECRET, "VEFA_STREAMS_MOST": str(most)}
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
    environment = {**os.environ, **more, "VEFA_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield process.pid, port, token
    finally:
        process.terminate()
        began = time.monotonic()
        process.wait(60)
        print(f"the process ended {time.monotonic() - began:.1f} s after SIGTERM, {most} streams open")


async def _listen(pid: int, port: int, token: str, count: int, rounds: int) -> None:
    await _until_ready(port)
    await _write(port, token)
    await asyncio.sleep(5)  # what the first requests need, and the worker inside
    before = _resident_mb(pid)
    readers = [await _stream(port, token) for _ in range(count)]
    await asyncio.sleep(10)
    print(f"{count} idle streams: {before:.0f} MB before, {_resident_mb(pid) - before:.1f} MB more")
    for _ in range(rounds):
        began = time.monotonic()
        waiting = [asyncio.create_task(_event(reader)) for reader, _ in readers]
        await _write(port, token)
        answered = time.monotonic()
        await asyncio.gather(*waiting)
        print(
            f"an event on all {count} streams {time.monotonic() - answered:.2f} s after the write's answer, "
            f"which took {answered - began:.2f} s"
        )


async def _until_ready(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return


async def _write(port: int, token: str) -> None:
    """Record a customer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = b'{"name": "Ayse"}'
    head = f"POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    writer.write(
        f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 201"), answer
    writer.close()


async def _stream(port: int, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /v1/events/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200")
    await reader.readuntil(b"retry: 3000\n\n")
    return reader, writer


async def _event(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b'"customer.created"')


def _resident_mb(pid: int) -> float:
    [line] = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("clients", "backlog", "streams"))
    parser.add_argument("--count", type=int, default=None, help="posts, events of the backlog, or streams")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(sys.argv[1:])
    if given.what == "clients":
        clients(given.count or 3_000)
    elif given.what == "backlog":
        backlog(given.count or 100_000, given.rounds)
    else:
        streams(given.count or 1_000, given.rounds)


if __name__ == "__main__":
    main()
