"""What only PostgreSQL does: races lost, deadlocks, connections that die."""

import asyncio

import pytest
from conftest import SECRET
from sqlalchemy import Connection, text
from store_helpers import hang_up_on_everyone, ids, only_postgres, serving

from app.errors import UnavailableError
from app.settings import Settings
from app.store import dialects, worker_heartbeats
from app.store.engine import WRITE_TRIES, Store


@only_postgres
def test_a_deadlock_is_tried_again(store: Store) -> None:
    tries: list[str] = []

    def both(tx: Connection, first: str, second: str) -> None:
        tries.append(first)
        worker_heartbeats.beat(tx, first)
        tx.execute(text("SELECT pg_sleep(0.2)"))
        worker_heartbeats.beat(tx, second)

    for worker_id in ("a", "b"):
        store.write_sync(worker_heartbeats.beat, worker_id)

    async def go() -> None:
        await asyncio.gather(store.write(both, "a", "b"), store.write(both, "b", "a"))

    serving(store, go)
    assert len(tries) > 2  # the loser ran again, and both succeeded


@only_postgres
def test_a_race_lost_again_and_again_is_503(store: Store) -> None:
    tries = 0

    def always_loses(tx: Connection) -> None:
        nonlocal tries
        tries += 1
        tx.execute(text("DO $$ BEGIN RAISE serialization_failure; END $$"))

    async def go() -> None:
        with pytest.raises(UnavailableError):
            await store.write(always_loses)

    serving(store, go)
    assert tries == WRITE_TRIES
    with pytest.raises(UnavailableError):
        store.write_sync(always_loses)
    assert tries == 2 * WRITE_TRIES


@only_postgres
def test_lost_connections_cost_a_read_nothing_and_a_write_one_refusal(
    store: Store, database_url: str
) -> None:
    async def go() -> None:
        await asyncio.gather(*(store.write(worker_heartbeats.beat, name) for name in "abc"))
        await asyncio.gather(*(store.read(ids) for _ in range(3)))
        hang_up_on_everyone(database_url)
        assert await store.read(ids) == ["a", "b", "c"]
        with pytest.raises(UnavailableError) as refused:
            await store.write(worker_heartbeats.beat, "lost")
        assert refused.value.headers == {"Retry-After": "1"}
        await asyncio.gather(*(store.write(worker_heartbeats.beat, name) for name in "def"))
        assert await store.read(ids) == list("abcdef")

    store.write_sync(worker_heartbeats.beat, "a")
    serving(store, go)
    hang_up_on_everyone(database_url)
    store.write_sync(worker_heartbeats.beat, "g")  # commands test a connection before they use it
    assert store.read_sync(ids) == list("abcdefg")


def test_no_connection_is_503_with_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "CONNECT_SECONDS", 1)
    nowhere = Store(Settings(database_url="postgresql://nobody@127.0.0.1:9/none", secret=SECRET))

    async def go() -> None:
        for door in (nowhere.read, nowhere.write):
            with pytest.raises(UnavailableError) as refused:
                await door(ids)
            assert refused.value.headers == {"Retry-After": "1"}

    serving(nowhere, go)
