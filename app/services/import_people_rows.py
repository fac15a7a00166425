"""Storing a batch of rows about customers, and trying what would come of it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy import Connection

from app.domain.access import Actor
from app.domain.import_targets import RecordKind
from app.services import import_customers, import_departures, import_terms
from app.services.import_items import Items
from app.store import bulk
from app.store.bulk import Outcome
from app.store.engine import undone

_STORE: Mapping[RecordKind, Callable[[Connection, Actor, UUID, Items], tuple[Outcome, int]]] = {
    RecordKind.CUSTOMERS: import_customers.store,
    RecordKind.CONTRACT_TERMS: import_terms.store,
    RecordKind.DEPARTURES: import_departures.store,
}


def store(
    tx: Connection, actor: Actor, import_id: UUID, kind: RecordKind, rows: Items
) -> tuple[Outcome, int]:
    """Store the rows of a batch.

    Returns:
        What became of them, and how many customers were made.

    Raises:
        ConflictError: another request gave a key away in the meantime; repeat the batch.
    """
    return _STORE[kind](tx, actor, import_id, rows)


def trial(
    tx: Connection, actor: Actor, import_id: UUID, kind: RecordKind, rows: Items
) -> tuple[Outcome, int]:
    """Tell what `store` would do: the rows are stored, and that is undone. What earlier batches of the same
    dry run would have stored counts as stored: the next batch repeats it."""
    with undone(tx):
        outcome, created = store(tx, actor, import_id, kind, rows)
        names = import_customers.names_of_new(tx, import_id) if created else []
    again = len(names) - bulk.try_customers(tx, import_id, names)
    outcome.stored -= again
    outcome.repeated += again
    return outcome, created - again
