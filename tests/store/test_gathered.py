"""Rows that wait go before whatever else is sent, with the commit at the latest; after a rollback never."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, func, select
from store_helpers import elsewhere, only_postgres, serving

from app.errors import ConflictError
from app.store import gathered, worker_heartbeats
from app.store.engine import Store, dry_run, in_savepoint
from app.store.sql.prepared_select import PreparedSelect
from app.store.tables import Event, Worker
from app.store.types import new_id, now

ONE = PreparedSelect(select(Event.id).where(Event.type == bindparam("type")))


def happen(tx: Connection, kind: str) -> None:
    row = {"id": new_id(), "at": now(), "type": kind, "customer_id": None, "object_id": "1", "data": {}}
    gathered.insert(tx, Event, [row])


def kinds(tx: Any) -> list[str]:
    return list(tx.execute(select(Event.type).order_by(Event.type)).scalars())


def write(store: Store, act: Callable[[Connection], Any]) -> Any:
    """As a request writes."""
    return serving(store, lambda: store.write(act))


@pytest.fixture(params=["request", "command"])
def run(request: pytest.FixtureRequest, store: Store) -> Callable[[Callable[[Connection], Any]], Any]:
    """Runs a use case as requests and as commands do."""
    return store.write_sync if request.param == "command" else lambda act: write(store, act)


Run = Callable[[Callable[[Connection], Any]], Any]


def test_what_waits_is_committed(run: Run, store: Store) -> None:
    run(lambda tx: [happen(tx, "a"), happen(tx, "b")])
    assert store.read_sync(kinds) == ["a", "b"]


def test_every_way_to_read_finds_it(run: Run) -> None:
    def act(tx: Connection) -> list[Any]:
        found: list[Any] = []
        happen(tx, "core")
        found.append(kinds(tx))
        happen(tx, "prepared")
        found.append(len(ONE.rows(tx, {"type": "prepared"})))
        happen(tx, "raw")
        found.append(tx.exec_driver_sql("SELECT count(*) FROM events").scalar_one())
        return found

    assert run(act) == [["core"], 1, 3]


def test_what_was_refused_leaves_nothing(run: Run, store: Store) -> None:
    def refused(tx: Connection) -> None:
        happen(tx, "a")
        worker_heartbeats.beat(tx, "w")
        happen(tx, "b")
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        run(refused)
    assert store.read_sync(kinds) == []
    assert store.read_sync(lambda tx: tx.execute(select(Worker.id)).all()) == []


@only_postgres
def test_who_uses_the_connection_next_sends_nothing_of_a_write_that_failed(store: Store) -> None:
    def refused(tx: Connection) -> None:
        happen(tx, "a")
        raise ConflictError("no")

    for _ in range(3):
        with pytest.raises(ConflictError):
            store.write_sync(refused)
        assert store.read_sync(kinds) == []


def test_a_savepoint_holds_what_was_inserted_within(run: Run, store: Store) -> None:
    def act(tx: Connection) -> None:
        def fail() -> None:
            with in_savepoint(tx):
                happen(tx, "undone")
                kinds(tx)
                happen(tx, "undone as well")
                raise ConflictError("no")

        happen(tx, "before")
        with pytest.raises(ConflictError):
            fail()
        with in_savepoint(tx):
            happen(tx, "kept")
        with dry_run(tx):
            happen(tx, "tried")
            assert "tried" in kinds(tx)
            happen(tx, "tried as well")
        happen(tx, "last")

    run(act)
    assert store.read_sync(kinds) == ["before", "kept", "last"]


def test_rows_are_taken_as_they_are_when_they_are_inserted(run: Run, store: Store) -> None:
    def act(tx: Connection) -> None:
        row = {"id": new_id(), "at": now(), "type": "a", "customer_id": None, "object_id": "1", "data": {}}
        gathered.insert(tx, Event, [row])
        row["type"], row["id"] = "b", new_id()
        gathered.insert(tx, Event, [row])

    run(act)
    assert store.read_sync(kinds) == ["a", "b"]


def test_many_rows_do_not_wait(run: Run, store: Store) -> None:
    def act(tx: Connection) -> None:
        for _ in range(3):
            rows = [
                {"id": new_id(), "at": now(), "type": "a", "customer_id": None, "object_id": "1", "data": {}}
                for _ in range(gathered.MAX_WAITING_ROWS // 2 + 1)
            ]
            gathered.insert(tx, Event, rows)

    run(act)
    assert len(store.read_sync(kinds)) == 3 * (gathered.MAX_WAITING_ROWS // 2 + 1)


@only_postgres
def test_one_statement_is_all_that_is_sent(store: Store, database_url: str) -> None:
    told: list[str] = []
    store.on_statement(told.append)

    def act(tx: Connection) -> None:
        ONE.rows(tx, {"type": "a"})
        happen(tx, "a")
        worker = {"id": "w", "started_at": now(), "seen_at": now()}
        gathered.insert(tx, Worker, [worker])
        assert tx.connection.driver_connection.pgconn.transaction_status == 0  # idle

    write(store, act)
    assert [statement.split()[0] for statement in told] == ["SELECT", "WITH"]
    with elsewhere(database_url) as tx:
        assert kinds(tx) == ["a"]


@only_postgres
def test_a_transaction_begins_with_the_first_statement_that_may_need_it(store: Store) -> None:
    def act(tx: Connection) -> list[int]:
        status = []
        driver: Any = tx.connection.driver_connection
        tx.execute(select(func.count()).select_from(Event).where(Event.type == "a"))
        status.append(driver.pgconn.transaction_status)
        happen(tx, "a")
        worker_heartbeats.beat(tx, "w")
        status.append(driver.pgconn.transaction_status)
        return status

    assert write(store, act) == [2, 2]  # in a transaction


@only_postgres
def test_a_lock_of_the_first_statement_holds_until_the_commit(store: Store) -> None:
    store.write_sync(worker_heartbeats.beat, "w")

    async def go() -> list[str]:
        order: list[str] = []

        def slowly(tx: Connection) -> None:
            tx.execute(select(Worker.id).where(Worker.id == "w").with_for_update())
            order.append("first has it")
            tx.exec_driver_sql("SELECT pg_sleep(0.5)")
            order.append("first is done")

        def other(tx: Connection) -> None:
            tx.execute(select(Worker.id).where(Worker.id == "w").with_for_update())
            order.append("second has it")

        first = asyncio.create_task(store.write(slowly))
        await asyncio.sleep(0.2)
        await asyncio.gather(first, store.write(other))
        return order

    assert serving(store, go) == ["first has it", "first is done", "second has it"]


def test_a_prepared_read_takes_no_lock(store: Store) -> None:
    if store.is_sqlite:  # which knows no such lock, so SQLAlchemy leaves the words out
        return
    locking = PreparedSelect(select(Worker.id).with_for_update(read=True))
    with pytest.raises(ValueError, match="no locks"):
        store.read_sync(lambda tx: locking.rows(tx, {}))
