"""Storing a batch of rows about customers, and trying what would come of it."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from app.domain.common.access import Actor
from app.domain.imports.targets import RecordKind
from app.services.imports.people import (
    contract_statements,
    contract_terms,
    customers,
    departures,
    dry_runs,
)
from app.services.imports.record_requests import Items
from app.store.engine import dry_run
from app.store.imports.transaction_batches import Outcome
from app.store.transactions import Row, WriteTx

_STORE: Mapping[RecordKind, Callable[[Connection, Actor, Row, Items], tuple[Outcome, int]]] = {
    RecordKind.CUSTOMERS: customers.store,
    RecordKind.CONTRACT_TERMS: contract_terms.store,
    RecordKind.DEPARTURES: departures.store,
}


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Store the rows of a batch.

    Args:
        import_row: the whole row of the import.

    Returns:
        What became of them, and how many customers were made.

    Raises:
        ConflictError: another request gave a key away in the meantime; repeat the batch.
    """
    is_snapshot = bool(import_row["mapping"].get("snapshot_on"))
    act = contract_statements.store if is_snapshot else _STORE[RecordKind(import_row["kind"])]
    return act(tx, actor, import_row, rows)


def trial(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Tell what `store` would do, after what earlier batches of the same dry run would have done: the rows
    are stored, and that is undone."""
    with dry_run(tx):
        dry_runs.restore(tx, actor, import_row["id"], rows)
        outcome, created = store(tx, actor, import_row, rows)
        states = dry_runs.gather(tx, import_row["id"])
    dry_runs.keep(tx, import_row["id"], states)
    return outcome, created
