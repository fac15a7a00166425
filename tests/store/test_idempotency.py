"""One Idempotency-Key, one effect, one answer: on both databases, between tasks and between processes."""

import asyncio
from datetime import timedelta
from typing import Any

import drills
import pytest
from sqlalchemy import Connection, func, select, text

from app.errors import AppError, ConflictError, InvalidError
from app.settings import Settings
from app.store import dialects, idempotency, worker_heartbeats
from app.store.engine import Store
from app.store.idempotency import Answer, Claim
from app.store.tables import Customer, IdempotencyKey, Worker
from app.store.types import new_id, now

CLAIM = Claim(b"k" * 32, b"body" * 8)


def effects(tx: Connection) -> int:
    return tx.execute(select(func.count()).select_from(Worker)).scalar_one()


def effect(tx: Connection) -> Answer:
    """Something that may happen once; every run would answer differently."""
    worker_id = new_id().hex
    worker_heartbeats.beat(tx, worker_id)
    return Answer(201, worker_id.encode(), {"Location": f"/v1/workers/{worker_id}"})


def slow_effect(tx: Connection) -> Answer:
    if dialects.is_postgres(tx):
        tx.execute(text("SELECT pg_sleep(1.0)"))
    return effect(tx)


def test_the_same_request_again_gets_the_stored_answer(store: Store) -> None:
    first = store.write_sync(idempotency.run_once, CLAIM, effect)
    again = store.write_sync(idempotency.run_once, CLAIM, effect)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers == {**first.headers, "Idempotency-Replayed": "true"}
    assert store.read_sync(effects) == 1


def test_another_body_under_the_same_key_is_refused(store: Store) -> None:
    store.write_sync(idempotency.run_once, CLAIM, effect)
    with pytest.raises(InvalidError) as refused:
        store.write_sync(idempotency.run_once, Claim(CLAIM.key, b"else" * 8), effect)
    assert refused.value.code == "idempotency_key_reused"
    assert store.read_sync(effects) == 1


def test_a_refused_request_is_not_stored(store: Store) -> None:
    def refuse(tx: Connection) -> Answer:
        effect(tx)
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        store.write_sync(idempotency.run_once, CLAIM, refuse)
    assert store.read_sync(effects) == 0
    assert "Idempotency-Replayed" not in store.write_sync(idempotency.run_once, CLAIM, effect).headers


def test_an_answer_without_a_body_is_replayed_as_such(store: Store) -> None:
    store.write_sync(idempotency.run_once, CLAIM, lambda _tx: Answer(204, b""))
    again = store.write_sync(idempotency.run_once, CLAIM, effect)
    assert (again.status, again.body) == (204, b"")


def test_keys_are_kept_for_two_days(store: Store) -> None:
    store.write_sync(idempotency.run_once, CLAIM, effect)
    store.write_sync(idempotency.run_once, Claim(b"o" * 32, CLAIM.fingerprint), effect)

    def age(tx: Connection) -> int:
        old = IdempotencyKey.__table__.update().where(IdempotencyKey.key == b"o" * 32)
        tx.execute(old.values(created_at=now() - idempotency.KEEP - timedelta(seconds=1)))
        return idempotency.forget_old(tx)

    assert timedelta(hours=24) <= idempotency.KEEP
    assert store.write_sync(age) == 1
    assert "Idempotency-Replayed" in store.write_sync(idempotency.run_once, CLAIM, effect).headers


def test_a_hundred_duplicates_at_once_over_two_stores_have_one_effect(
    store: Store, settings: Settings
) -> None:
    other = Store(settings)

    async def go() -> list[Answer]:
        stores = [store, other] * 50
        try:
            return await asyncio.gather(*(one.write(idempotency.run_once, CLAIM, effect) for one in stores))
        finally:
            await other.close()
            await store.close()

    answers = asyncio.run(go())
    assert len({(answer.status, answer.body, answer.headers["Location"]) for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert store.read_sync(effects) == 1


def test_a_duplicate_in_flight_waits_and_replays(store: Store) -> None:
    async def go() -> list[Answer]:
        try:
            return await asyncio.gather(
                *(store.write(idempotency.run_once, CLAIM, slow_effect) for _ in range(2))
            )
        finally:
            await store.close()

    first, second = asyncio.run(go())
    assert first.body == second.body
    assert store.read_sync(effects) == 1


def test_a_duplicate_of_a_request_that_fails_in_flight_does_it_itself(store: Store) -> None:
    def fail(tx: Connection) -> Answer:
        slow_effect(tx)
        raise AppError("no")

    async def go() -> list[Any]:
        try:
            first = asyncio.create_task(store.write(idempotency.run_once, CLAIM, fail))
            await asyncio.sleep(0.1)
            second = store.write(idempotency.run_once, CLAIM, effect)
            return await asyncio.gather(first, second, return_exceptions=True)
        finally:
            await store.close()

    failed, done = asyncio.run(go())
    assert isinstance(failed, AppError)
    assert done.status == 201
    assert "Idempotency-Replayed" not in done.headers
    assert store.read_sync(effects) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite's duplicates queue up
def test_a_duplicate_that_waits_longer_than_the_lock_timeout_is_409(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dialects.LOCK_SECONDS == 5
    options = dialects._PG_OPTIONS.replace("lock_timeout=5s", "lock_timeout=200ms")
    monkeypatch.setattr(dialects, "_PG_OPTIONS", options)
    hasty = Store(settings)

    async def go() -> tuple[Any, Any]:
        try:
            first = asyncio.create_task(hasty.write(idempotency.run_once, CLAIM, slow_effect))
            await asyncio.sleep(0.2)
            with pytest.raises(ConflictError) as refused:
                await hasty.write(idempotency.run_once, CLAIM, effect)
            return refused.value, await first
        finally:
            await hasty.close()

    refusal, done = asyncio.run(go())
    assert (refusal.status, refusal.code) == (409, "idempotency_in_flight")
    assert refusal.headers["Retry-After"]
    assert done.status == 201
    assert hasty.read_sync(effects) == 1
    hasty.close_sync()


def test_duplicates_in_two_processes_have_one_effect(store: Store, database_url: str) -> None:
    answers = drills.in_processes(2, drills.duplicates, database_url, 50, "Once Only")
    assert len({answer for of_process in answers for answer in of_process}) == 1
    assert [len(of_process) for of_process in answers] == [50, 50]
    names = store.read_sync(lambda tx: list(tx.execute(select(Customer.name)).scalars()))
    assert names == ["Once Only"]
