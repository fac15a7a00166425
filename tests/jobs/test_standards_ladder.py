"""The escalation ladder across workers that are killed: each thing is told exactly once."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import factories
import pytest
from jobs.helpers import ACTOR, until
from sqlalchemy import func, select
from standards_helpers import LONG_AGO, STANDARD

from app.schemas.recovery.complaints import ComplaintCreate
from app.schemas.standards.escalation_rules import EscalationRulePut
from app.schemas.standards.standards import StandardPut
from app.services.recovery import complaints
from app.services.standards import escalation_rules, standards
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Event
from app.store.types import now

COMPLAINTS = 250  # more than one turn deals with
PATIENCE = 240.0
RUNGS = [
    {"past_due_seconds": 0, "tell": "owner"},
    {"past_due_seconds": 4, "tell": "unit"},
    {"past_due_seconds": 8, "tell": "agent", "code": "boss", "changes_owner": True},
]
KINDS = ("complaint.standard_broken", "complaint.escalated", "complaint.handed_over")
Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(module_settings: Settings) -> Iterator[Start]:
    """Start a worker process."""
    running: list[subprocess.Popen[bytes]] = []

    def make(worker_id: str) -> "subprocess.Popen[bytes]":
        script = Path(__file__).with_name("killable_worker.py")
        arguments = [sys.executable, str(script), module_settings.database_url, worker_id, "15"]
        process = subprocess.Popen(arguments, env={**os.environ, "PYTHONWARNINGS": "default"})
        running.append(process)
        return process

    yield make
    for process in running:
        process.kill()
        process.wait()


def kill(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def set_up(store: Store) -> None:
    """A standard of one second with a ladder, and complaints that are all received now."""
    rule = EscalationRulePut.model_validate({"names": {"en": "Usual"}, "rungs": RUNGS})
    store.write_sync(escalation_rules.put, ACTOR, "usual", rule, None)
    body = {**STANDARD, "target_seconds": 1, "escalation_rule": "usual", "valid_from": LONG_AGO}
    store.write_sync(standards.put, ACTOR, "quick", StandardPut.model_validate(body), None)
    customer_id = store.write_sync(factories.customer, ACTOR)
    item: dict[str, Any] = {"customer_id": customer_id, "subject": "Late", "received_at": now().isoformat()}
    items = [ComplaintCreate.model_validate({**item, "external_id": str(n)}) for n in range(COMPLAINTS)]
    store.write_sync(complaints.create_many, ACTOR, items)


def count(store: Store) -> int:
    """How many things were told."""
    statement = select(func.count()).where(Event.type.in_(KINDS))
    return int(store.read_sync(lambda tx: tx.execute(statement).scalar_one()))


def told(store: Store) -> Counter[tuple[str, str, Any]]:
    """How often each thing was told: of which complaint, what, by which rung."""
    statement = select(Event.object_id, Event.type, Event.data).where(Event.type.in_(KINDS))
    rows = store.read_sync(lambda tx: tx.execute(statement).all())
    return Counter((row.object_id, row.type, row.data.get("rung")) for row in rows)


def test_each_rung_fires_once_across_workers_that_are_killed(start: Start, module_store: Store) -> None:
    set_up(module_store)
    things = COMPLAINTS * (1 + len(RUNGS) + 1)
    first, second = start("a"), start("b")
    for share, new in ((0.1, "c"), (0.4, "d")):
        until(lambda share=share: count(module_store) >= share * things, PATIENCE)
        kill(first)
        first, second = second, start(new)
    until(lambda: count(module_store) >= things, PATIENCE)
    kill(first)
    counted = told(module_store)
    assert set(counted.values()) == {1}
    assert len(counted) == things
    assert Counter((kind, rung) for _, kind, rung in counted) == {
        ("complaint.standard_broken", None): COMPLAINTS,
        **{("complaint.escalated", number): COMPLAINTS for number in (1, 2, 3)},
        ("complaint.handed_over", None): COMPLAINTS,
    }
