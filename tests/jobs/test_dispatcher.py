"""From a waiting row to finished work, on a running worker."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from dbos import DBOS
from jobs.helpers import ACTOR, effects, ended, have_effect, until
from sqlalchemy import select, update

from app.domain.common.jobs import JobState
from app.errors import ConflictError, UnavailableError
from app.jobs import dispatcher, recovery, registry, schedule, workflows
from app.jobs.registry import Context, Row
from app.jobs.worker import Timing, Worker, WorkerRefusedError
from app.services.platform import jobs
from app.settings import Settings
from app.store import types
from app.store.engine import Store
from app.store.tables import Job

gate = threading.Event()
at_work: list[int] = []


def units(context: Context, job: Row, n: int) -> bool:
    """As many units as asked for, each with one effect."""
    total = job["arguments"]["units"]
    have_effect(context.store, job["id"], n)
    context.store.write_sync(jobs.progress, job["id"], "units", n + 1, total)
    return n + 1 == total


def refuses(_context: Context, _job: Row, _n: int) -> bool:
    raise ConflictError("The {thing} is taken.", thing="door")


def breaks(_context: Context, _job: Row, _n: int) -> bool:
    raise KeyError("a secret of Ayşe")


def told_of_failure(tx: Any, job: Row, error: str) -> None:
    jobs.progress(tx, job["id"], "told", 0, None)  # has no effect: the job has ended
    tx.execute(update(Job).where(Job.id == job["id"]).values(result={"told": error}))


def waits(_context: Context, _job: Row, _n: int) -> bool:
    at_work.append(1)
    gate.wait(20)
    at_work.pop()
    return True


attempts: list[int] = []


def finds_database_gone(_context: Context, _job: Row, _n: int) -> bool:
    attempts.append(1)
    if len(attempts) < 3:
        raise UnavailableError("The database cannot answer now.")
    return True


def answers(context: Context, job: Row, _n: int) -> bool:
    context.store.write_sync(jobs.finish, job["id"], {"href": "/v1/answers/42", "answer": 42})
    return True


KINDS = {
    "test-units": registry.Kind(units),
    "test-refuses": registry.Kind(refuses),
    "test-breaks": registry.Kind(breaks, told_of_failure),
    "test-waits": registry.Kind(waits),
    "test-gone": registry.Kind(finds_database_gone),
    "test-answers": registry.Kind(answers),
}


@pytest.fixture(scope="module")
def worker(module_settings: Settings, module_store: Store) -> Iterator[Worker]:
    registry.KINDS.update(KINDS)
    made = Worker(module_settings, module_store, Timing(poll=0.05, heartbeat=0.5))
    made.start()
    yield made
    assert made.stop()
    for name in KINDS:
        del registry.KINDS[name]


@pytest.fixture(autouse=True)
def _running(worker: Worker) -> Iterator[None]:
    gate.clear()
    yield
    gate.set()


def ask(store: Store, kind: str, **arguments: Any) -> UUID:
    job_id: UUID = store.write_sync(jobs.create, ACTOR, kind, arguments)["id"]
    return job_id


def test_a_job_is_worked_off_unit_by_unit(module_store: Store) -> None:
    job_id = ask(module_store, "test-units", units=5)
    job = ended(module_store, job_id)
    assert effects(module_store, job_id) == dict.fromkeys(range(5), 1)
    assert (job["state"], job["stage"], job["done"], job["total"]) == ("done", "units", 5, 5)
    assert job["progress_percent"] == 100.0
    assert job["created_at"] <= job["started_at"] <= job["ended_at"]
    assert job["error"] is None


def test_a_unit_may_say_what_came_of_it(module_store: Store) -> None:
    job = ended(module_store, ask(module_store, "test-answers"))
    assert (job["state"], job["href"], job["result"]["answer"]) == ("done", "/v1/answers/42", 42)


def test_a_refusal_fails_the_job_with_its_text(module_store: Store) -> None:
    job = ended(module_store, ask(module_store, "test-refuses"))
    assert (job["state"], job["error"]) == ("failed", "The door is taken.")


def test_an_unexpected_error_says_nothing_and_is_told_to_its_kind(module_store: Store) -> None:
    job = ended(module_store, ask(module_store, "test-breaks"))
    assert (job["state"], job["error"]) == ("failed", "internal error")
    assert job["result"] == {"told": "internal error"}
    assert job["stage"] is None


def test_an_unknown_kind_fails(module_store: Store) -> None:
    job = ended(module_store, ask(module_store, "test-unheard-of"))
    assert (job["state"], job["error"]) == ("failed", "no worker knows this kind of job")


def test_a_unit_waits_for_the_database_to_come_back(module_store: Store) -> None:
    attempts.clear()
    assert ended(module_store, ask(module_store, "test-gone"))["state"] == "done"
    assert len(attempts) == 3


def test_no_more_jobs_run_at_once_than_there_are_slots(module_store: Store) -> None:
    waiting = [ask(module_store, "test-waits") for _ in range(5)]
    until(lambda: len(at_work) == 2)
    time.sleep(0.4)
    assert len(at_work) == 2
    states = [module_store.read_sync(jobs.get, ACTOR, job_id)["state"] for job_id in waiting]
    assert states == ["running", "running", "waiting", "waiting", "waiting"]
    gate.set()
    assert {ended(module_store, job_id)["state"] for job_id in waiting} == {"done"}


def test_a_short_job_does_not_wait_behind_long_ones(module_store: Store) -> None:
    waiting = [ask(module_store, "test-waits") for _ in range(4)]
    until(lambda: len(at_work) == 2)
    short = ask(module_store, "test-units", units=1, text_bytes=1_000)
    assert ended(module_store, short)["state"] == "done"
    assert len(at_work) == 2
    states = [module_store.read_sync(jobs.get, ACTOR, job_id)["state"] for job_id in waiting]
    assert sorted(states) == ["running", "running", "waiting", "waiting"]
    gate.set()
    for job_id in waiting:
        ended(module_store, job_id)


def test_a_cancelled_job_never_runs(module_store: Store) -> None:
    blockers = [ask(module_store, "test-waits") for _ in range(2)]
    until(lambda: len(at_work) == 2)
    job_id = ask(module_store, "test-units", units=1)
    assert module_store.write_sync(jobs.cancel, ACTOR, job_id)["state"] == "cancelled"
    gate.set()
    for blocker in blockers:
        ended(module_store, blocker)
    ended(module_store, ask(module_store, "test-units", units=1))
    assert not effects(module_store, job_id)
    assert module_store.read_sync(jobs.get, ACTOR, job_id)["state"] == "cancelled"


def test_handing_over_twice_is_handing_over_once(module_store: Store) -> None:
    again = update(Job).values(handed_over_at=None, state=JobState.WAITING)
    job_id = ask(module_store, "test-units", units=3)
    ended(module_store, job_id)
    module_store.write_sync(lambda tx: tx.execute(again.where(Job.id == job_id)))
    handed_over = select(Job.handed_over_at).where(Job.id == job_id)
    until(lambda: module_store.read_sync(lambda tx: tx.execute(handed_over).scalar_one()))
    assert effects(module_store, job_id) == {0: 1, 1: 1, 2: 1}


def test_dispatchers_of_several_workers_take_different_jobs(module_store: Store) -> None:
    if module_store.is_sqlite:
        pytest.skip("SQLite has one dispatcher")
    blockers = [ask(module_store, "test-waits") for _ in range(2)]
    until(lambda: len(at_work) == 2)
    mine = [ask(module_store, "test-units", units=1) for _ in range(3)]

    def both(tx: Any) -> tuple[list[UUID], list[UUID]]:
        return jobs.waiting(tx, 2), module_store.write_sync(jobs.waiting, 10)

    first, second = module_store.write_sync(both)
    assert (first, second) == (mine[:2], mine[2:])
    gate.set()
    for job_id in blockers + mine:
        ended(module_store, job_id)


def test_a_job_whose_workflow_was_lost_waits_again(module_store: Store) -> None:
    job_id = ask(module_store, "test-units", units=2)
    ended(module_store, job_id)
    DBOS.delete_workflow(workflows.workflow_id(job_id))
    long_ago = types.now() - timedelta(hours=1)
    lost = update(Job).values(state=JobState.RUNNING, handed_over_at=long_ago, ended_at=None)
    module_store.write_sync(lambda tx: tx.execute(lost.where(Job.id == job_id)))
    assert recovery.settle_strays(module_store) == 1
    assert ended(module_store, job_id)["state"] == "done"
    assert effects(module_store, job_id) == {0: 1, 1: 1}


def test_a_job_whose_workflow_ended_without_a_word_fails(module_store: Store) -> None:
    job_id = ask(module_store, "test-breaks")
    ended(module_store, job_id)
    until(lambda: DBOS.get_workflow_status(workflows.workflow_id(job_id)).status == "SUCCESS")
    long_ago = types.now() - timedelta(hours=1)
    stray = update(Job).values(state=JobState.RUNNING, handed_over_at=long_ago, result=None)
    module_store.write_sync(lambda tx: tx.execute(stray.where(Job.id == job_id)))
    assert recovery.settle_strays(module_store) == 1
    job = module_store.read_sync(jobs.get, ACTOR, job_id)
    assert (job["state"], job["result"]) == ("failed", {"told": "internal error"})


def test_workflows_that_ended_long_ago_are_forgotten(
    module_settings: Settings, module_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = ask(module_store, "test-units", units=1)
    ended(module_store, job_id)
    name = workflows.workflow_id(job_id)
    until(lambda: DBOS.get_workflow_status(name).status == "SUCCESS")
    context = Context(module_store, module_settings.company, module_settings)
    schedule.forget_workflows(context)
    assert DBOS.get_workflow_status(name) is not None
    monkeypatch.setattr(schedule, "KEEP_WORKFLOWS", timedelta(seconds=-5))
    schedule.forget_workflows(context)
    assert DBOS.get_workflow_status(name) is None
    assert module_store.read_sync(jobs.get, ACTOR, job_id)["state"] == "done"


def test_nothing_is_taken_without_a_free_slot(module_store: Store) -> None:
    assert dispatcher.hand_over(module_store, 0) == 0


def test_a_second_worker_with_the_same_id_is_refused(module_settings: Settings, module_store: Store) -> None:
    with pytest.raises(WorkerRefusedError, match="test-worker"):
        Worker(module_settings, module_store).start()


def test_a_worker_without_a_secret_is_refused(module_settings: Settings, module_store: Store) -> None:
    with pytest.raises(WorkerRefusedError, match="VEFA_SECRET"):
        Worker(module_settings.model_copy(update={"secret": None}), module_store)
