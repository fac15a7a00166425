# ruff: noqa: S608  # the names of tables and columns are written here
"""Job state is data: a pickle planted in any column that DBOS reads does not run, and stops nothing."""

import base64
import os
import pickle
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from dbos import DBOS
from dbos._serialization import DBOSDefaultSerializer
from jobs.helpers import ACTOR, effects, ended, have_effect, until
from sqlalchemy import Engine, create_engine, text, update

from app.domain.common.jobs import JobState
from app.jobs import recovery, registry, state_format, workflows
from app.jobs.registry import Context, Row
from app.jobs.worker import Timing, Worker
from app.services.platform import jobs
from app.settings import Settings
from app.store import dialects, types
from app.store.engine import Store
from app.store.tables import Job

FORMATS = ["py_pickle", None, "portable_json", "custom_serializer"]
COLUMNS = [
    ("workflow_status", "inputs"),
    ("workflow_status", "output"),
    ("workflow_status", "error"),
    ("workflow_input", "inputs"),
    ("workflow_output", "output"),
    ("workflow_output", "error"),
    ("operation_outputs", "output"),
    ("operation_outputs", "error"),
    ("notifications", "message"),
    ("workflow_events", "value"),
    ("workflow_events_history", "value"),
    ("streams", "value"),
    ("workflow_schedules", "context"),
]
"""Every column of DBOS that holds a serialized value."""
ADDED = ["notifications", "workflow_events", "workflow_events_history", "streams", "workflow_schedules"]
"""Tables in which our own jobs have no rows."""


class Planted:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return os.mkdir, (str(self.path),)

    def text(self) -> str:
        return base64.b64encode(pickle.dumps(self)).decode()


def unit(context: Context, job: Row, n: int) -> bool:
    have_effect(context.store, job["id"], n)
    return n == 1


@pytest.fixture(scope="module")
def state(module_settings: Settings) -> Iterator[Engine]:
    """The database that DBOS keeps its state in."""
    path = module_settings.sqlite_path
    url = f"sqlite:///{workflows.state_file(path)}" if path else None
    engine = create_engine(url or dialects.postgres_url(module_settings.database_url))
    yield engine
    engine.dispose()


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    made = Planted(tmp_path / "ran")
    yield made
    assert not made.path.exists(), "the planted pickle ran"


@pytest.fixture(scope="module")
def start(module_settings: Settings, module_store: Store) -> Iterator[Callable[[], Worker]]:
    """Start a worker in place of the one that runs: ``start()``."""
    registry.KINDS["test-unit"] = registry.Kind(unit)
    running: list[Worker] = []

    def again() -> Worker:
        stop()
        running.append(Worker(module_settings, module_store, Timing(poll=0.05, heartbeat=0.5)))
        running[-1].start()
        return running[-1]

    def stop() -> None:
        for worker in running:
            assert worker.stop()
        running.clear()

    yield again
    stop()
    del registry.KINDS["test-unit"]


@pytest.fixture(scope="module")
def worker(start: Callable[[], Worker]) -> Worker:
    """A running worker, for tests that need no other."""
    return start()


def table(state: Engine, name: str) -> str:
    return name if state.dialect.name == "sqlite" else f"dbos.{name}"


def run(state: Engine, statement: str, **values: Any) -> int:
    with state.begin() as tx:
        return tx.execute(text(statement), values).rowcount


def stored_formats(state: Engine) -> set[str]:
    with state.connect() as tx:
        tables = [table(state, name) for name in ("workflow_status", "operation_outputs")]
        found = [tx.execute(text(f"SELECT DISTINCT serialization FROM {name}")).scalars() for name in tables]
        return {each for formats in found for each in formats}


def ask(store: Store) -> UUID:
    job_id: UUID = store.write_sync(jobs.create, ACTOR, "test-unit", {})["id"]
    return job_id


def plant(state: Engine, name: str, column: str, value: str, kind: str | None, workflow: str) -> None:
    """Put the value where DBOS looks for what it serialized."""
    at, of = table(state, name), "WHERE workflow_uuid = :workflow"
    if name in ("workflow_status", "workflow_input", "workflow_output", "operation_outputs"):
        typed = table(state, name if name == "operation_outputs" else "workflow_status")
        changed = run(state, f"UPDATE {at} SET {column} = :value {of}", value=value, workflow=workflow)
        assert changed, "there is a row to plant it in"
        run(state, f"UPDATE {typed} SET serialization = :kind {of}", kind=kind, workflow=workflow)
        if column == "error":
            run(state, f"UPDATE {at} SET output = NULL {of}", workflow=workflow)
        return
    rows: dict[str, dict[str, Any]] = {
        "notifications": {
            "destination_uuid": workflow,
            "topic": "topic",
            "message_uuid": str(uuid.uuid4()),
            "created_at_epoch_ms": 1,
        },
        "workflow_events": {"workflow_uuid": workflow, "key": "key"},
        "workflow_events_history": {"workflow_uuid": workflow, "key": "key", "function_id": 1},
        "streams": {"workflow_uuid": workflow, "key": "key", "offset": 0, "function_id": 1},
        "workflow_schedules": {
            "schedule_id": str(uuid.uuid4()),
            "schedule_name": "planted",
            "workflow_name": "run_job",
            "schedule": "* * * * * *",
        },
    }
    row = {**rows[name], column: value}
    if name != "workflow_schedules":
        row["serialization"] = kind
    names = ", ".join(f'"{each}"' for each in row)
    run(state, f"INSERT INTO {at} ({names}) VALUES ({', '.join(f':{each}' for each in row)})", **row)


def read_everything(workflow: str) -> None:
    """Ask DBOS for all it can be asked for."""
    reads: list[Callable[[], Any]] = [
        lambda: DBOS.list_workflows(),
        lambda: DBOS.list_queued_workflows(),
        lambda: DBOS.list_workflow_steps(workflow),
        lambda: DBOS.get_workflow_status(workflow),
        lambda: DBOS.retrieve_workflow(workflow).get_result(polling_interval_sec=0.01),
        lambda: DBOS.get_event(workflow, "key", 0),
        lambda: DBOS.get_all_events(workflow),
        lambda: list(DBOS.read_stream(workflow, "key")),
        lambda: DBOS.list_schedules(),
        lambda: DBOS.get_schedule("planted"),
    ]
    for read in reads:
        with suppress(Exception):
            read()


def test_what_is_stored_is_json(state: Engine, module_store: Store, worker: Worker) -> None:
    ended(module_store, ask(module_store))
    assert stored_formats(state) == {"portable_json"}


# A thread of DBOS, which looks for schedules that nobody made, may meet the planted one and end of it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("name", "column"), COLUMNS)
def test_a_planted_pickle_does_not_run_when_dbos_reads_it(
    name: str,
    column: str,
    state: Engine,
    planted: Planted,
    module_store: Store,
    worker: Worker,
) -> None:
    job_id = ask(module_store)
    assert ended(module_store, job_id)["state"] == "done"
    workflow = workflows.workflow_id(job_id)
    until(lambda: DBOS.get_workflow_status(workflow).status == "SUCCESS")
    for kind in FORMATS:
        plant(state, name, column, planted.text(), kind, workflow)
        read_everything(workflow)
        for added in ADDED:
            run(state, f"DELETE FROM {table(state, added)}")


BEFORE = {
    "inputs of a workflow": ("workflow_status", "inputs", "py_pickle", "PENDING"),
    "inputs at their old place": ("workflow_status", "inputs", "py_pickle", "PENDING"),
    "inputs without a format": ("workflow_input", "inputs", None, "PENDING"),
    "inputs in the queue": ("workflow_input", "inputs", "py_pickle", "ENQUEUED"),
    "what a step gave": ("operation_outputs", "output", "py_pickle", "PENDING"),
    "what a step failed with": ("operation_outputs", "error", "py_pickle", "PENDING"),
}


def test_jobs_with_pickled_state_begin_again_at_the_next_start(
    state: Engine, planted: Planted, module_store: Store, start: Callable[[], Worker]
) -> None:
    worker = start()
    job_ids = {case: ask(module_store) for case in BEFORE}
    for job_id in job_ids.values():
        ended(module_store, job_id)
        name = workflows.workflow_id(job_id)
        until(lambda name=name: DBOS.get_workflow_status(name).status == "SUCCESS")
    assert worker.stop()
    for case, (name, column, kind, status) in BEFORE.items():
        workflow = workflows.workflow_id(job_ids[case])
        if name == "workflow_status":
            run(state, f"DELETE FROM {table(state, 'workflow_input')} WHERE workflow_uuid = :w", w=workflow)
        run(
            state,
            f"UPDATE {table(state, 'workflow_status')}"
            " SET status = :status, output = NULL, completed_at = NULL,"
            " queue_name = CASE WHEN :status = 'ENQUEUED' THEN '_dbos_internal_queue' END"
            " WHERE workflow_uuid = :workflow",
            status=status,
            workflow=workflow,
        )
        run(state, f"DELETE FROM {table(state, 'workflow_output')} WHERE workflow_uuid = :w", w=workflow)
        plant(state, name, column, planted.text(), kind, workflow)
    long_ago = types.now() - timedelta(hours=1)
    begun = update(Job).values(state=JobState.RUNNING, handed_over_at=long_ago, ended_at=None)
    module_store.write_sync(lambda tx: tx.execute(begun.where(Job.id.in_(job_ids.values()))))
    start()

    def settled() -> bool:
        recovery.settle_strays(module_store)
        states = [module_store.read_sync(jobs.get, ACTOR, job_id)["state"] for job_id in job_ids.values()]
        return set(states) == {"done"}

    until(settled)
    for case, job_id in job_ids.items():
        assert effects(module_store, job_id) == {0: 1, 1: 1}, case


def test_a_pickle_is_refused_with_a_clear_text() -> None:
    with pytest.raises(state_format.PickledStateError, match="pickled job state is refused"):
        DBOSDefaultSerializer.deserialize(base64.b64encode(pickle.dumps({})).decode())
