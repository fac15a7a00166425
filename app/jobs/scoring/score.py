"""Scoring runs: read the facts, apply the rules, store the scores."""

import os
from collections.abc import Callable
from uuid import UUID

from app.domain.common.access import Actor, system
from app.domain.common.company import Company
from app.errors import AppError, UnavailableError
from app.jobs.registry import Context, register
from app.services.platform import jobs
from app.services.scoring import run
from app.store.engine import Store
from app.store.scoring import run_results
from app.store.sql import statistics
from app.store.tables import CustomerScore
from app.store.transactions import Row, WriteTx

# SciPy loads its matrix library with the first fit. Its threads would wait for each other over 4 x 4 numbers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

TRIES = 3
"""How often facts are read again because some were deleted in the meantime."""


def _quiet(_stage: str) -> None:
    pass


def score(store: Store, actor: Actor, run_id: UUID, on_stage: Callable[[str], None] = _quiet) -> None:
    """Compute a run from beginning to end. Doing it again changes nothing.

    Facts are read from a snapshot and the rules applied without holding a transaction; the result is
    stored in one, so that a stage that fails leaves everything as it was.

    Args:
        store: where.
        actor: who asks for it.
        run_id: which run.
        on_stage: called with each of `run.STAGES` before it begins.

    Raises:
        AppError: the run could not be computed; it is marked failed, and says in which stage.
    """
    stage = ""

    def begin(name: str) -> None:
        nonlocal stage
        stage = name
        on_stage(name)

    try:
        for _ in range(TRIES):
            begin("facts")
            given = store.read_sync(run.read, actor, run_id)
            result = run.compute(given, begin)
            begin("save")
            packed = run_results.packed(result.columns)  # begun before the write, which others wait for
            if store.write_sync(run.save, actor, given, result, packed) is not None:
                _take_statistics(store)
                return
        raise AppError("Facts were deleted while the run read them; start it again.")
    except UnavailableError:
        raise  # the database is away: the run is computed when it is back
    except AppError as error:
        _fail_at(store, actor, run_id, stage, error.detail or error.code)
        raise
    except ValueError as error:
        _fail_at(store, actor, run_id, stage, str(error))
        raise AppError("The values cannot be added up: {reason}.", reason=str(error)) from error
    except Exception:
        _fail_at(store, actor, run_id, stage, "internal error")
        raise


def _take_statistics(store: Store) -> None:
    """Let SQLite know how many scores there are: it would sort all customers for each list by value until the
    duty that takes statistics comes by."""
    table = CustomerScore.__tablename__
    if store.is_sqlite and table in store.write_sync(statistics.outdated):
        store.write_sync(statistics.take, table)
        store.renew_readers()


def _fail_at(store: Store, actor: Actor, run_id: UUID, stage: str, error: str) -> None:
    store.write_sync(run.fail, actor, run_id, f"{stage}: {error}")


def _fail(tx: WriteTx, job: Row, error: str) -> None:
    run.fail(tx, system(Company()), UUID(job["arguments"]["run_id"]), error)


@register("scoring", failed=_fail)
def advance(context: Context, job: Row, _n: int) -> bool:
    """Compute the run a job is about, in one unit."""

    def on_stage(stage: str) -> None:
        done = run.STAGES.index(stage)
        context.store.write_sync(jobs.progress, job["id"], stage, done, len(run.STAGES))

    score(context.store, system(context.company), UUID(job["arguments"]["run_id"]), on_stage)
    return True
