"""Drills with jobs and compressed files: how long a file of one row waits. See `benchmarks.abuse`."""

import gzip
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.abused_service import Service

BACKTESTS = 150
BOMBS = 20
BOMB_BYTES = 60 << 20
PATIENCE_SECONDS = 300
_COLUMNS = ("external_id", "customer_key", "amount", "occurred_at")
_FILE = "&".join(f"column={name}%3D{name}" for name in _COLUMNS) + "&currency=TRY&create_missing=true"
_ROW = f"{','.join(_COLUMNS)}\nR-1,A-1,12.30,2026-05-01\n"


def backtests(service: Service) -> str:
    """150 different backtests in a burst; then another caller's file of one row."""

    def ask(number: int) -> int:
        wanted = {"cut_on": f"2026-{1 + number % 8:02d}-{1 + number // 8:02d}", "horizon_days": 30}
        return service.send("POST", "/v1/backtests", json.dumps(wanted).encode())[0]

    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(ask, range(BACKTESTS)))
    seconds = time.perf_counter() - began
    return f"{BACKTESTS} backtests in {seconds:.1f} s: {dict(answers)}; {_one_row(service)}"


def bombs(service: Service) -> str:
    """Files of some 61 KB that are 60 MiB of line ends, each a little different; then a file of one row."""

    def upload(number: int) -> int:
        packed = gzip.compress(b"\n" * (BOMB_BYTES + number))
        path = f"/v1/imports?source=drill&{_FILE}"
        return service.send("POST", path, packed, content_type="text/csv", content_encoding="gzip")[0]

    answers = Counter(map(upload, range(BOMBS)))
    return f"{BOMBS} files that become 60 MiB: {dict(answers)}; {_one_row(service)}"


def _one_row(service: Service) -> str:
    """How long another caller's file of one row takes from its upload to its end."""
    key = f"Bearer {service.bystander_key}"
    began = time.perf_counter()
    path = f"/v1/imports?source=till&{_FILE}"
    status, body = service.send("POST", path, _ROW.encode(), authorization=key, content_type="text/csv")
    if status != 202:
        return f"a file of one row: {status}"
    href = f"/v1/jobs/{json.loads(body)['job_id']}"
    while time.perf_counter() - began < PATIENCE_SECONDS:
        job = json.loads(service.send("GET", href, authorization=key)[1])
        if job["state"] not in ("waiting", "running"):
            return f"a file of one row: {job['state']} after {time.perf_counter() - began:.1f} s"
        time.sleep(0.1)
    return f"a file of one row: not done after {PATIENCE_SECONDS} s"


DRILLS = {"jobs-backtests": backtests, "jobs-bombs": bombs}
