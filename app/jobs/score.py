"""Scoring runs: read the facts, apply the rules, store the scores."""

from uuid import UUID

from sqlalchemy import Connection

from app.domain.access import Actor, system
from app.domain.company import Company
from app.errors import AppError
from app.jobs.registry import Context, Row, register
from app.services import value_tiers
from app.store.engine import Store


def score(store: Store, actor: Actor, run_id: UUID) -> None:
    """Compute a run from beginning to end. Doing it again changes nothing.

    Facts are read from a snapshot and the rules applied without holding a transaction; the result is
    stored in one.

    Raises:
        AppError: the run could not be computed; it is marked failed.
    """
    try:
        facts = store.read_sync(value_tiers.read_facts, actor, run_id)
        result = value_tiers.compute(facts, actor.company)
    except ValueError as error:
        store.write_sync(value_tiers.fail, actor, run_id, str(error))
        raise AppError("The values cannot be added up: {reason}.", reason=str(error)) from error
    store.write_sync(value_tiers.save, actor, run_id, result)


def _fail(tx: Connection, job: Row, error: str) -> None:
    value_tiers.fail(tx, system(Company()), UUID(job["arguments"]["run_id"]), error)


@register("scoring", failed=_fail)
def advance(context: Context, job: Row, _n: int) -> bool:
    """Compute the run a job is about, in one unit."""
    score(context.store, system(context.company), UUID(job["arguments"]["run_id"]))
    return True
