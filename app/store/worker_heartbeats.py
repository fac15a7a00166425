"""Which workers run, and when they were last heard of."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from app.store import dialects
from app.store.engine import one_statement
from app.store.tables import Worker
from app.store.transactions import ReadTx, WriteTx
from app.store.types import from_micros, now


def beat(tx: WriteTx, worker_id: str) -> None:
    """Note that a worker is alive."""
    at = now()
    statement = dialects.upsert(tx, Worker, ["id"], ["seen_at"])
    tx.execute(statement, {"id": worker_id, "started_at": at, "seen_at": at})


@one_statement
def silent_workers(tx: ReadTx, silence: timedelta) -> list[str]:
    """Workers not heard of for longer than ``silence``."""
    return list(tx.execute(select(Worker.id).where(Worker.seen_at < now() - silence)).scalars())


def delete_silent(tx: WriteTx, worker_id: str, silence: timedelta) -> None:
    """Delete a worker that is still silent; one that has come back to life stays."""
    tx.execute(delete(Worker).where(Worker.id == worker_id, Worker.seen_at < now() - silence))


def retire(tx: WriteTx, worker_id: str) -> None:
    """Note that a worker has stopped for good, so that others take its work over at once."""
    tx.execute(update(Worker).where(Worker.id == worker_id).values(seen_at=from_micros(0)))
