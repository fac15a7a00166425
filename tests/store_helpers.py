"""What tests of the store have in common."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, create_engine, select, text

from app.errors import AppError
from app.store import dialects, worker_heartbeats
from app.store.engine import Store
from app.store.tables import Worker

T = TypeVar("T")

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def serving(store: Store, go: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``go`` on an event loop that the store is closed on."""

    async def main() -> T:
        try:
            return await asyncio.wait_for(go(), 60)
        finally:
            await store.close()

    return asyncio.run(main())


def ids(tx: Connection) -> list[str]:
    return list(tx.execute(select(Worker.id).order_by(Worker.id)).scalars())


def beat_and_fail(tx: Connection, worker_id: str) -> None:
    worker_heartbeats.beat(tx, worker_id)
    raise AppError("no")


def beat_slowly(tx: Connection, worker_id: str, begun: threading.Event, seconds: float) -> None:
    worker_heartbeats.beat(tx, worker_id)
    begun.set()
    if dialects.is_postgres(tx):
        tx.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
    else:
        time.sleep(seconds)


@contextmanager
def elsewhere(url: str) -> Iterator[Connection]:
    """A connection that has nothing to do with the store; commits at the end."""
    engine = create_engine(url if url.startswith("sqlite") else dialects.postgres_url(url))
    try:
        with engine.begin() as tx:
            yield tx
    finally:
        engine.dispose()


def hang_up_on_everyone(url: str) -> None:
    """End all connections to a PostgreSQL database."""
    with elsewhere(url) as tx:
        statement = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        tx.execute(text(f"{statement} AND datname = current_database()"))
