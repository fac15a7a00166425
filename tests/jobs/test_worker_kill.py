"""A killed worker loses nothing: real processes, real kill -9, effects counted in the database."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from jobs.helpers import ACTOR, effects, ended, until
from sqlalchemy import text

from app.services.platform import jobs
from app.settings import Settings
from app.store import worker_heartbeats
from app.store.engine import Store

UNITS = 200
NEVER = 86_400.0
"""Seconds of silence after which a worker's work is taken over, where it is taken over for another reason."""
PATIENCE = 120.0
"""How many seconds are waited for what must happen; how long it takes says nothing."""
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(module_settings: Settings) -> Iterator[Start]:
    """Start a worker process: ``start("a", silence=3)``."""
    running: list[subprocess.Popen[bytes]] = []

    def make(worker_id: str, silence: float = 15.0) -> "subprocess.Popen[bytes]":
        script = Path(__file__).with_name("killable_worker.py")
        arguments = [sys.executable, str(script), module_settings.database_url, worker_id, str(silence)]
        process = subprocess.Popen(arguments, env={**os.environ, "PYTHONWARNINGS": "default"})
        running.append(process)
        return process

    yield make
    for process in running:
        process.kill()
        process.wait()


def ask(store: Store) -> UUID:
    job_id: UUID = store.write_sync(jobs.create, ACTOR, "test-slow", {"units": UNITS})["id"]
    return job_id


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def by_worker(store: Store, job_id: UUID) -> Counter[str]:
    query = text("SELECT worker FROM effects WHERE job = :job")
    found = store.read_sync(lambda tx: tx.execute(query, {"job": str(job_id)}).scalars().all())
    return Counter(found)


def test_a_restarted_worker_goes_on_where_it_was_killed(start: Start, module_store: Store) -> None:
    job_id = ask(module_store)
    for reached in (60, 120):
        worker = start("a")
        until(lambda reached=reached: len(effects(module_store, job_id)) >= reached)
        kill(worker)
    assert module_store.read_sync(jobs.get, ACTOR, job_id)["state"] == "running"
    start("a")
    job = ended(module_store, job_id)
    assert (job["state"], job["done"], job["error"]) == ("done", UNITS, None)
    assert effects(module_store, job_id) == dict.fromkeys(range(UNITS), 1)
    assert len(by_worker(module_store, job_id)) == 3, "each process did a part"


def test_another_worker_takes_over_from_a_killed_one(start: Start, module_store: Store) -> None:
    job_id = ask(module_store)
    first = start("b", silence=NEVER)
    until(lambda: len(effects(module_store, job_id)) >= 60)
    start("c", silence=2.0)  # which is how it finds out
    kill(first)
    job = ended(module_store, job_id)
    assert (job["state"], job["done"]) == ("done", UNITS)
    assert effects(module_store, job_id) == dict.fromkeys(range(UNITS), 1)
    assert {name.split(":")[0] for name in by_worker(module_store, job_id)} == {"b", "c"}
    assert "b" not in module_store.read_sync(
        lambda tx: tx.execute(text("SELECT id FROM workers")).scalars().all()
    ), "forgotten once its work was taken over"


def test_a_stopped_worker_leaves_its_work_to_others_at_once(start: Start, module_store: Store) -> None:
    job_id = ask(module_store)
    first = start("d")
    until(lambda: len(effects(module_store, job_id)) >= 60)
    start("e", silence=NEVER)
    first.send_signal(signal.SIGTERM)
    assert first.wait(PATIENCE) == 0, "a stop is orderly"
    assert ended(module_store, job_id)["state"] == "done", "it said so: nobody waited for its silence"
    assert effects(module_store, job_id) == dict.fromkeys(range(UNITS), 1)
    assert {name.split(":")[0] for name in by_worker(module_store, job_id)} == {"d", "e"}


def test_silence_is_measured_from_the_last_sign_of_life(module_store: Store) -> None:
    module_store.write_sync(worker_heartbeats.beat, "f")
    assert "f" not in module_store.read_sync(worker_heartbeats.silent_workers, timedelta(seconds=NEVER))
    module_store.write_sync(worker_heartbeats.delete_silent, "f", timedelta(seconds=NEVER))
    module_store.write_sync(worker_heartbeats.retire, "f")
    assert "f" in module_store.read_sync(worker_heartbeats.silent_workers, timedelta(seconds=NEVER))
    module_store.write_sync(worker_heartbeats.delete_silent, "f", timedelta(seconds=NEVER))
    assert "f" not in module_store.read_sync(worker_heartbeats.silent_workers, timedelta(0))
