"""Replays: compute a past run once more, store how it compares."""

from uuid import UUID

from app.domain.common.access import Actor, system
from app.jobs.registry import Context, register
from app.services.scoring import replays
from app.store.engine import Store
from app.store.transactions import Row, WriteTx


def run(store: Store, actor: Actor, replay_id: UUID) -> None:
    """Compute a replay from beginning to end. Doing it again changes nothing.

    All is read from one snapshot, and the rules applied without holding a transaction.
    """
    given = store.read_sync(replays.read, actor, replay_id)
    store.write_sync(replays.save, actor, replay_id, replays.compute(given))


def _fail(tx: WriteTx, job: Row, error: str) -> None:
    replays.fail(tx, UUID(job["arguments"]["replay_id"]), error)


@register(replays.JOB, failed=_fail)
def advance(context: Context, job: Row, _n: int) -> bool:
    """Compute the replay a job is about, in one unit."""
    run(context.store, system(context.company), UUID(job["arguments"]["replay_id"]))
    return True
