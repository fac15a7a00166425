"""Backtests: read the past, forecast it again, store how the forecast did."""

from uuid import UUID

from app.domain.common.access import Actor, system
from app.jobs.registry import Context, register
from app.services.scoring import backtests
from app.store.engine import Store
from app.store.transactions import Row, WriteTx


def run(store: Store, actor: Actor, backtest_id: UUID) -> None:
    """Compute a backtest from beginning to end. Doing it again changes nothing.

    The customers are read from one snapshot, and the rules applied without holding a transaction.
    """
    given = store.read_sync(backtests.read, actor, backtest_id)
    store.write_sync(backtests.save, actor, backtest_id, backtests.compute(given))


def _fail(tx: WriteTx, job: Row, error: str) -> None:
    backtests.fail(tx, UUID(job["arguments"]["backtest_id"]), error)


@register(backtests.JOB, failed=_fail)
def advance(context: Context, job: Row, _n: int) -> bool:
    """Compute the backtest a job is about, in one unit."""
    run(context.store, system(context.company), UUID(job["arguments"]["backtest_id"]))
    return True
