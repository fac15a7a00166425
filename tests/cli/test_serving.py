"""``vefa serve`` on SQLite: requests and jobs in one process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.services.platform import api_keys
from app.settings import Settings
from app.store.engine import Store

PATIENCE = 60.0
Served = tuple["subprocess.Popen[bytes]", str]
Serve = Callable[[], Served]


@pytest.fixture
def serve(sqlite_template: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start services on one file, all with the same worker id; gives the process and its address."""
    (tmp_path / "vefa.db").write_bytes(sqlite_template.read_bytes())
    begun: list[subprocess.Popen[bytes]] = []
    more = {
        "VEFA_DATABASE_URL": f"sqlite:///{tmp_path / 'vefa.db'}",
        "VEFA_SECRET": "a-secret-of-the-tests-with-40-CHARACTERS",
        "VEFA_WORKER_ID": "one-and-only",
    }

    def start() -> Served:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)]
        begun.append(subprocess.Popen(command, env={**os.environ, **more}, stdout=subprocess.PIPE))
        return begun[-1], f"http://127.0.0.1:{port}"

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def eventually(ask: Callable[[], Any]) -> Any:
    """What ``ask`` gives once it gives something; no connection is nothing."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if found := ask():
                return found
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError("not in time")


def test_jobs_are_worked_off_and_who_cannot_do_so_does_not_serve(serve: Serve, tmp_path: Path) -> None:
    process, address = serve()
    eventually(lambda: httpx2.get(f"{address}/readyz").status_code == 200)
    store = Store(Settings(database_url=f"sqlite:///{tmp_path / 'vefa.db'}"))
    token = store.write_sync(api_keys.create, system(Company()), "test", list(Scope))
    store.close_sync()
    with httpx2.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        run = client.post("/v1/scoring-runs", json={})
        assert run.status_code == 202, run.text
        eventually(lambda: client.get(run.headers["Location"]).json()["state"] == "done")

    second, _ = serve()
    said, _ = second.communicate(timeout=PATIENCE)
    assert b"worker_not_started" in said
    assert b"one-and-only" in said
    assert second.returncode == -signal.SIGTERM

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGTERM
