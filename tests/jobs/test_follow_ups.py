"""Follow-up rules across workers that are killed: each cause is followed exactly once."""

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

from app.schemas.follow_ups.rules import FollowUpRulePut
from app.schemas.surveys.responses import SurveyResponseCreate
from app.services.follow_ups import rules
from app.services.surveys import responses
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Complaint, Event, FollowUp
from app.store.types import now

ANSWERS = 700  # more than three turns deal with
PATIENCE = 240.0
LOW = {
    "names": {"en": "Low"},
    "trigger": "low_answer",
    "answer_index": "nps",
    "at_most_points": 30,
    "subject": "A low answer",
}
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
    """Two rules, and answers that both of them follow."""
    for code in ("low", "low-too"):
        store.write_sync(rules.put, ACTOR, code, FollowUpRulePut.model_validate(LOW), None)
    store.write_sync(factories.survey, ACTOR)
    customer_id = store.write_sync(factories.customer, ACTOR)
    body = factories.response_body(
        customer=None,
        customer_id=customer_id,
        answered_at=now().isoformat(),
        answers=[{"question": "recommend", "number": 1}],
    )
    items = [
        SurveyResponseCreate.model_validate({**body, "external_id": str(number)}) for number in range(ANSWERS)
    ]
    store.write_sync(responses.create_many, ACTOR, items)


def count(store: Store) -> int:
    """How many causes were followed."""
    return int(store.read_sync(lambda tx: tx.execute(select(func.count(FollowUp.id))).scalar_one()))


def rows(store: Store, statement: Any) -> list[Any]:
    return list(store.read_sync(lambda tx: tx.execute(statement).all()))


def test_each_cause_is_followed_once_across_workers_that_are_killed(
    start: Start, module_store: Store
) -> None:
    set_up(module_store)
    things = 2 * ANSWERS
    first, second = start("a"), start("b")
    for share, new in ((0.1, "c"), (0.5, "d")):
        until(lambda share=share: count(module_store) >= share * things, PATIENCE)
        kill(first)
        first, second = second, start(new)
    until(lambda: count(module_store) >= things, PATIENCE)
    kill(first)
    kill(second)
    followed = Counter(
        (row.rule, row.cause_id) for row in rows(module_store, select(FollowUp.rule, FollowUp.cause_id))
    )
    assert set(followed.values()) == {1}
    assert len(followed) == things
    opened = rows(module_store, select(Complaint.id, Complaint.opened_by_rule))
    assert Counter(row.opened_by_rule for row in opened) == {"low": ANSWERS, "low-too": ANSWERS}
    told = rows(module_store, select(Event.object_id).where(Event.type == "complaint.opened_by_rule"))
    assert sorted(row.object_id for row in told) == sorted(str(row.id) for row in opened)
