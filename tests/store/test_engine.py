"""The door to the database: what an answered write means, on both databases."""

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import factories
import pytest
from conftest import SECRET
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from store_helpers import (
    beat_and_fail,
    beat_slowly,
    elsewhere,
    ids,
    only_postgres,
    only_sqlite,
    serving,
)

from app.domain.common.access import Actor
from app.errors import AppError, PreconditionFailedError, UnavailableError
from app.schemas.customers.customers import CustomerUpdate
from app.services.customers import customers
from app.services.platform.preconditions import etag
from app.settings import Settings
from app.store import dialects, sqlite_writer, worker_heartbeats
from app.store.engine import Store, one_statement
from app.store.tables import CustomerExternalId, Worker
from app.store.types import new_id

LOCK_WAIT = 0.3


async def together(store: Store, *writes: tuple[Any, ...]) -> list[Any]:
    """The outcomes of writes that wait together, so that they share a commit on SQLite."""
    begun, release = threading.Event(), threading.Event()

    def blocking(tx: Connection) -> None:
        worker_heartbeats.beat(tx, "first")
        begun.set()
        release.wait(10)

    if not store.is_sqlite:  # there each has a transaction of its own
        return await asyncio.gather(*(store.write(*write) for write in writes), return_exceptions=True)
    first = asyncio.create_task(store.write(blocking))
    await asyncio.to_thread(begun.wait)
    tasks = [asyncio.create_task(store.write(*write)) for write in writes]
    await asyncio.sleep(0)
    release.set()
    return await asyncio.gather(first, *tasks, return_exceptions=True)


@pytest.fixture
def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store whose writes wait 0.3 s only for their turn."""
    options = dialects._PG_OPTIONS.replace("lock_timeout=5s", "lock_timeout=300ms")
    assert options != dialects._PG_OPTIONS
    monkeypatch.setattr(dialects, "_PG_OPTIONS", options)
    made = Store(settings.model_copy(update={"write_wait_seconds": LOCK_WAIT}))
    yield made
    made.close_sync()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else is writing: the whole file on SQLite, the row ``w`` on PostgreSQL."""
    with elsewhere(url) as tx:
        if url.startswith("sqlite"):
            tx.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            tx.execute(select(Worker.id).where(Worker.id == "w").with_for_update()).all()
        yield


# --- an answered write


def test_a_write_is_committed_before_its_caller_goes_on(store: Store, database_url: str) -> None:
    async def go() -> None:
        for number in range(20):
            await store.write(worker_heartbeats.beat, f"{number:02}")
            with elsewhere(database_url) as tx:
                assert len(ids(tx)) == number + 1

    serving(store, go)


def test_a_failing_write_undoes_itself_and_nobody_elses(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "MAX_BATCH_SECONDS", 10)
    begins: list[str] = []
    store.on_statement(lambda statement: begins.append(statement) if statement.startswith("BEGIN") else None)

    async def go() -> list[Any]:
        return await together(
            store, (worker_heartbeats.beat, "a"), (beat_and_fail, "b"), (worker_heartbeats.beat, "c")
        )

    outcomes = serving(store, go)
    assert [type(outcome) for outcome in outcomes[-3:]] == [type(None), AppError, type(None)]
    assert [name for name in store.read_sync(ids) if name != "first"] == ["a", "c"]
    if store.is_sqlite:
        assert begins.count("BEGIN IMMEDIATE") == 1


def test_a_failing_command_undoes_itself(store: Store) -> None:
    store.write_sync(worker_heartbeats.beat, "a")
    with pytest.raises(AppError, match="no"):
        store.write_sync(beat_and_fail, "b")
    assert store.read_sync(ids) == ["a"]


def test_no_update_is_lost_between_fifty_clients(store: Store, actor: Actor) -> None:
    customer_id = store.write_sync(factories.customer, actor, attributes={"n": 0})

    async def client() -> int:
        successes = 0
        for _ in range(40):
            row = await store.read(customers.get, actor, customer_id)
            change = CustomerUpdate(attributes={"n": row["attributes"]["n"] + 1})
            await asyncio.sleep(0)
            try:
                await store.write(customers.update_one, actor, customer_id, change, etag(row["version"]))
                successes += 1
            except PreconditionFailedError:
                pass
        return successes

    async def go() -> int:
        return sum(await asyncio.gather(*(client() for _ in range(50))))

    successes = serving(store, go)
    row = store.read_sync(customers.get, actor, customer_id)
    assert successes >= 40
    assert (row["attributes"]["n"], row["version"]) == (successes, successes + 1)


# --- trouble at BEGIN and COMMIT


def test_a_write_that_waits_too_long_is_refused_and_later_ones_work(
    impatient: Store, database_url: str
) -> None:
    impatient.write_sync(worker_heartbeats.beat, "w")

    async def go() -> None:
        with locked(database_url):
            began = time.monotonic()
            refused = await asyncio.gather(
                *(impatient.write(worker_heartbeats.beat, "w") for _ in range(80)), return_exceptions=True
            )
            assert time.monotonic() - began < 80 * LOCK_WAIT, "they waited one after the other"
        assert {type(error) for error in refused} == {UnavailableError}
        assert [error.headers for error in refused if isinstance(error, AppError)] == [
            {"Retry-After": "1"}
        ] * 80
        await impatient.write(worker_heartbeats.beat, "later")

    serving(impatient, go)
    assert impatient.read_sync(ids) == ["later", "w"]


@only_sqlite
def test_a_command_waits_for_its_turn_as_long_as_it_takes(impatient: Store, database_url: str) -> None:
    with locked(database_url):
        thread = threading.Thread(target=impatient.write_sync, args=(worker_heartbeats.beat, "patient"))
        thread.start()
        time.sleep(3 * LOCK_WAIT)
        assert thread.is_alive()
    thread.join(timeout=5)
    assert impatient.read_sync(ids) == ["patient"]


@only_sqlite
def test_a_request_does_not_wait_for_a_stuck_writer(impatient: Store) -> None:

    async def go() -> None:
        begun, release = threading.Event(), threading.Event()

        def stuck(tx: Connection) -> None:
            worker_heartbeats.beat(tx, "stuck")
            begun.set()
            release.wait(60)

        first = asyncio.create_task(impatient.write(stuck))
        await asyncio.to_thread(begun.wait)
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            await impatient.write(worker_heartbeats.beat, "withdrawn")
        assert time.monotonic() - began > LOCK_WAIT * 0.9
        assert not first.done()  # it has begun, so its outcome is waited for
        release.set()
        await first

    serving(impatient, go)
    assert impatient.read_sync(ids) == ["stuck"]


@only_postgres
def test_a_write_does_not_wait_for_ever_for_a_connection(settings: Settings) -> None:
    narrow = Store(settings.model_copy(update={"write_wait_seconds": LOCK_WAIT, "pool_size": 1}))

    async def go() -> None:
        begun = threading.Event()
        first = asyncio.create_task(narrow.write(beat_slowly, "w", begun, 3 * LOCK_WAIT))
        await asyncio.to_thread(begun.wait)
        with pytest.raises(UnavailableError):
            await narrow.write(worker_heartbeats.beat, "refused")
        waiting = [asyncio.create_task(narrow.write(worker_heartbeats.beat, name)) for name in "ab"]
        await asyncio.sleep(0)
        await first
        await asyncio.gather(*waiting, return_exceptions=True)
        await narrow.write(worker_heartbeats.beat, "later")

    serving(narrow, go)
    assert {"later", "w"} <= set(narrow.read_sync(ids))
    assert "refused" not in narrow.read_sync(ids)
    narrow.close_sync()


@only_sqlite
def test_a_failed_commit_is_told_to_everyone_in_it_and_the_thread_lives_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "MAX_BATCH_SECONDS", 10)

    def breaks_at_commit(tx: Connection) -> None:
        tx.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.execute(insert(CustomerExternalId).values(system="crm", key="1", customer_id=new_id()))

    async def go() -> list[Any]:
        outcomes = await together(
            store, (worker_heartbeats.beat, "a"), (breaks_at_commit,), (worker_heartbeats.beat, "b")
        )
        await store.write(worker_heartbeats.beat, "later")
        return outcomes

    outcomes = serving(store, go)
    assert all(isinstance(outcome, DBAPIError) for outcome in outcomes)
    assert store.read_sync(ids) == ["later"]


def test_a_database_that_cannot_be_opened_is_503_until_it_can(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "later" / "vefa.db"
    store = Store(Settings(database_url=f"sqlite:///{path}", secret=SECRET))

    async def go() -> None:
        refused = await asyncio.gather(
            *(store.write(worker_heartbeats.beat, str(number)) for number in range(3)), return_exceptions=True
        )
        assert {type(error) for error in refused} == {UnavailableError}
        with pytest.raises(UnavailableError):
            await store.read(ids)
        path.parent.mkdir()
        shutil.copy(sqlite_template, path)
        await store.write(worker_heartbeats.beat, "a")
        assert await store.read(ids) == ["a"]

    serving(store, go)


def test_a_wrong_statement_is_not_called_unavailable(store: Store) -> None:
    def wrong(tx: Connection) -> None:
        tx.execute(text("SELECT * FROM no_such_table"))

    for door in (store.read_sync, store.write_sync):
        with pytest.raises(DBAPIError):
            door(wrong)


# --- reads


def test_a_read_of_several_statements_sees_one_snapshot(store: Store, database_url: str) -> None:
    def twice(tx: Connection) -> list[int]:
        counts = [tx.execute(select(func.count()).select_from(Worker)).scalar_one()]
        with elsewhere(database_url) as other:
            worker_heartbeats.beat(other, f"w{new_id()}")
        return [*counts, tx.execute(select(func.count()).select_from(Worker)).scalar_one()]

    async def go() -> list[int]:
        return await store.read(twice)

    assert serving(store, go) == [0, 0]
    assert store.read_sync(twice) == [1, 1]
    assert len(store.read_sync(ids)) == 2


@pytest.mark.parametrize("mark", [one_statement, lambda fn: fn])
def test_a_read_cannot_write(store: Store, mark: Callable[[Any], Any]) -> None:
    @mark
    def read_that_writes(tx: Connection) -> None:
        worker_heartbeats.beat(tx, "w")

    async def go() -> None:
        with pytest.raises(DBAPIError):
            await store.read(read_that_writes)

    serving(store, go)
    with pytest.raises(DBAPIError):
        store.read_sync(read_that_writes)
    assert store.read_sync(ids) == []


# --- callers that hang up, and orderly stops


def test_a_begun_write_is_finished_though_its_caller_hangs_up(store: Store) -> None:
    async def go() -> None:
        begun = threading.Event()
        caller = asyncio.create_task(store.write(beat_slowly, "w", begun, 0.3))
        await asyncio.to_thread(begun.wait)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller

    serving(store, go)  # closes the store, which waits for what has begun
    assert store.read_sync(ids) == ["w"]


def test_closing_finishes_what_is_waiting(store: Store) -> None:
    async def go() -> None:
        begun = threading.Event()
        first = asyncio.create_task(store.write(beat_slowly, "0", begun, 0.2))
        await asyncio.to_thread(begun.wait)
        rest = [
            asyncio.create_task(store.write(worker_heartbeats.beat, str(number))) for number in range(1, 6)
        ]
        await asyncio.sleep(0.05)
        await store.close()
        await asyncio.wait_for(asyncio.gather(first, *rest), timeout=1)
        if store.is_sqlite:
            with pytest.raises(UnavailableError):
                await store.write(worker_heartbeats.beat, "too late")

    serving(store, go)
    assert store.read_sync(ids) == list("012345")


# --- SQLite only


def test_the_file_survives_power_loss_as_the_settings_say(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "vefa.db")

    def pragmas(tx: Connection) -> tuple[Any, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return tuple(tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names)

    for synchronous, level in (("FULL", 2), ("NORMAL", 1)):
        url = f"sqlite:///{tmp_path / 'vefa.db'}"
        store = Store(Settings(database_url=url, sqlite_synchronous=synchronous, secret=SECRET))
        assert store.write_sync(pragmas) == ("wal", level, 1)
        store.close_sync()
    assert sqlite3.connect(tmp_path / "vefa.db").execute("PRAGMA journal_mode").fetchone() == ("wal",)


@only_sqlite
def test_the_log_is_moved_into_the_file_after_many_rows(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_writer, "CHECKPOINT_ROWS", 100)
    file = Path(database_url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    for number in range(99):
        store.write_sync(worker_heartbeats.beat, f"worker-{number}")
    assert file.read_bytes() == before
    for number in range(99, 201):
        store.write_sync(worker_heartbeats.beat, f"worker-{number}")
    deadline = time.monotonic() + 10
    while b"worker-98" not in file.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.01)
