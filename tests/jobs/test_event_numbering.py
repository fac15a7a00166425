"""Events get their positions soon after the write that leaves them, not at the next turn of a duty."""

import statistics
import threading
import time
from uuid import uuid4

import pytest
from jobs.helpers import ACTOR

from app.jobs import schedule
from app.jobs.registry import Context
from app.jobs.schedule import Duty, Schedule
from app.jobs.worker import Worker
from app.settings import Settings
from app.store.audit import trail
from app.store.engine import Store
from app.store.events import bell as event_bell
from app.store.events import log as event_log
from app.store.events.ring import Ring

WRITES = 15


def test_a_write_is_numbered_at_once(module_settings: Settings, module_store: Store) -> None:
    """As `vefa serve` on SQLite, where both share a store, and as two processes on PostgreSQL."""
    worker = Worker(module_settings, module_store if module_settings.is_sqlite else None)
    worker.start()
    waits = []
    try:
        for _ in range(WRITES):
            time.sleep(0.3)  # idle again
            before = module_store.read_sync(event_log.last)
            began = time.monotonic()
            module_store.write_sync(_write)
            if not module_settings.is_sqlite:
                module_store.write_sync(event_bell.notify, event_bell.WRITTEN)
            while module_store.read_sync(event_log.last) == before:
                assert time.monotonic() < began + 20
                time.sleep(0.005)
            waits.append(time.monotonic() - began)
    finally:
        worker.stop()
    assert statistics.median(waits) < 0.3, waits


def _write(tx: object) -> None:
    trail.record(tx, ACTOR, "customer.left", str(uuid4()))  # type: ignore[arg-type]


def test_a_hurried_duty_is_done_before_its_time_but_not_again_and_again(
    module_settings: Settings, module_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(schedule, "monotonic", lambda: clock[0])
    done: list[float] = []

    def act(_context: Context) -> bool:
        done.append(clock[0])
        return False

    context = Context(module_store, module_settings.company, module_settings)
    mine = Schedule(context, duties=(Duty("mine", 10.0, act),))
    assert mine.run_due() == 10.0
    mine.hurry("mine")
    mine.hurry("of nobody")
    assert mine.run_due() == pytest.approx(schedule.HURRY_SECONDS)
    clock[0] += schedule.HURRY_SECONDS
    assert mine.run_due() == 10.0
    assert done == [100.0, clock[0]]


def test_a_ring_calls_those_who_are_there() -> None:
    ring, calls = Ring(), []
    ring.ring()
    with ring.calling(lambda: calls.append(threading.get_ident())):
        ring.ring()
    ring.ring()
    assert calls == [threading.get_ident()]
