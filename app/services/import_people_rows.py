"""Storing a batch of rows about customers, and trying what would come of it."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from app.domain.access import Actor
from app.domain.import_targets import RecordKind
from app.services import import_customers, import_departures, import_people_trials, import_terms
from app.services.import_items import Items
from app.store.bulk import Outcome
from app.store.engine import undone

Row = dict[str, Any]

_STORE: Mapping[RecordKind, Callable[[Connection, Actor, Row, Items], tuple[Outcome, int]]] = {
    RecordKind.CUSTOMERS: import_customers.store,
    RecordKind.CONTRACT_TERMS: import_terms.store,
    RecordKind.DEPARTURES: import_departures.store,
}


def store(tx: Connection, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Store the rows of a batch.

    Args:
        import_row: the whole row of the import.

    Returns:
        What became of them, and how many customers were made.

    Raises:
        ConflictError: another request gave a key away in the meantime; repeat the batch.
    """
    return _STORE[RecordKind(import_row["kind"])](tx, actor, import_row, rows)


def trial(tx: Connection, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Tell what `store` would do, after what earlier batches of the same dry run would have done: the rows
    are stored, and that is undone."""
    with undone(tx):
        import_people_trials.restore(tx, actor, import_row["id"], rows)
        outcome, created = store(tx, actor, import_row, rows)
        states = import_people_trials.gather(tx, import_row["id"])
    import_people_trials.keep(tx, import_row["id"], states)
    return outcome, created
