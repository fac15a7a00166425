"""Storing a batch of interactions, complaints or responses of an import, and trying what would come of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, Refused
from app.domain.imports.targets import LINKED_SOURCE, LINKS
from app.errors import AppError, ConflictError
from app.services.imports import keyless_duplicates, record_updates
from app.services.imports.record_requests import KINDS, Items, Kind, reason
from app.services.imports.record_updates import RowDigests
from app.store import dialects
from app.store.engine import dry_run
from app.store.imports import transaction_batches
from app.store.imports.transaction_batches import Outcome
from app.store.tables import Base, Complaint, Interaction, Transaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.visibility import visible_to

Results = list[Row | AppError]

_LINKED: dict[str, Any] = {
    "interaction_id": Interaction,
    "complaint_id": Complaint,
    "transaction_id": Transaction,
}
_KEYS = {member: key for key, member in LINKS.items()}


def store(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Record the rows of a batch, and change the records that they have something new of.

    Args:
        import_row: the whole row of the import.

    Returns:
        What became of them, and how many customers were created for them.

    Raises:
        ConflictError: another request stored some of them in the meantime; repeat the batch.
    """
    mapping, import_id = Mapping.from_dict(import_row["mapping"]), import_row["id"]
    rows, outcome = _link(tx, actor, mapping, rows)
    alike = keyless_duplicates.find(tx, import_id, mapping, rows)
    keys = _keys(rows)
    before = _created(tx, import_id, mapping, keys)
    _record(tx, actor, import_row, mapping, rows, outcome)
    outcome.alike = len(alike.intersection(outcome.repeated_lines))
    return outcome, len(_created(tx, import_id, mapping, keys)) - len(before)


def trial(tx: WriteTx, actor: Actor, import_row: Row, rows: Items) -> tuple[Outcome, int]:
    """Tell what `store` would do, counting what earlier batches of the same dry run would have stored: the
    rows are recorded, and that is undone."""
    mapping, import_id = Mapping.from_dict(import_row["mapping"]), import_row["id"]
    rows, outcome = _link(tx, actor, mapping, rows)
    alike = keyless_duplicates.find(tx, import_id, mapping, rows)
    with dry_run(tx):
        first, counted = _record(tx, actor, import_row, mapping, rows, outcome)
        created = _created(tx, import_id, mapping, _keys(rows))
    record_updates.note(tx, import_id, first, counted, outcome)
    outcome.alike = len(alike.intersection(outcome.repeated_lines))
    return outcome, transaction_batches.try_customers(tx, import_id, created)


# --- inside


def _record(
    tx: WriteTx, actor: Actor, import_row: Row, mapping: Mapping, rows: Items, outcome: Outcome
) -> tuple[Items, list[RowDigests]]:
    """Record rows; gives the first of each key, and what they say."""
    kind, import_id = KINDS[mapping.kind], import_row["id"]
    counted = [RowDigests.of(item) for item in rows.items]
    first, counted = record_updates.first_of_key(tx, import_id, rows, counted, outcome)
    new, new_counted = record_updates.settle(tx, actor, import_row, first, counted, outcome)
    results = kind.create_many(tx, actor, new.items, import_id=import_id)
    _count(outcome, kind, new, results)
    made = [(row["id"], one) for row, one in zip(results, new_counted, strict=True) if isinstance(row, dict)]
    record_updates.keep(tx, mapping.kind, [id_ for id_, _ in made], [one for _, one in made])
    record_updates.note(tx, import_id, first, counted, outcome)
    return first, counted


def _link(tx: ReadTx, actor: Actor, mapping: Mapping, rows: Items) -> tuple[Items, Outcome]:
    """Give the items the ids of the records they name by external id, one statement for each kind of these;
    rows that name what is not there are refused. Where the file names no customers, rows get the records'."""
    outcome, source = Outcome(), mapping.constant(LINKED_SOURCE) or mapping.source
    names_customers = "customer_key" in mapping.columns
    for member, table in _LINKED.items():
        named = {linked[member] for linked in rows.linked if member in linked}
        if not named:
            continue
        found = _find(tx, actor, table, source, named)
        kept = Items([], [], [], rows.refused, rows.rows_in)
        for line, item, linked in zip(rows.line, rows.items, rows.linked, strict=True):
            if member in linked and linked[member] not in found:
                outcome.refused.append(Refused(line, Refusal.UNKNOWN_RECORD, _KEYS[member]))
                continue
            if member in linked:
                record_id, customer_id = found[linked[member]]
                setattr(item, member, record_id)
                if not names_customers:
                    item.customer_id = customer_id
            kept.line.append(line)
            kept.items.append(item)
            kept.linked.append(linked)
        rows = kept
    return rows, outcome


def _find(
    tx: ReadTx, actor: Actor, table: type[Base], source: str, keys: set[str]
) -> dict[str, tuple[UUID, UUID | None]]:
    """Id and customer of the records of ``source`` with these external ids, as far as the caller may see
    them."""
    columns = table.__table__.c
    named = dialects.among(tx, columns.external_id, keys)
    statement = select(columns.external_id, columns.id, columns.customer_id).where(columns.source == source)
    found = tx.execute(visible_to(statement.where(named), actor, columns.customer_id, columns.get("unit")))
    return {row.external_id: (row.id, row.customer_id) for row in found}


def _keys(rows: Items) -> set[str]:
    return {item.customer.key for item in rows.items if item.customer is not None}


def _created(tx: ReadTx, import_id: UUID, mapping: Mapping, keys: set[str]) -> set[str]:
    """The keys of the customers that the import has created."""
    if not mapping.create_missing or not keys:
        return set()
    return transaction_batches.created_keys(tx, import_id, mapping.customer_system, keys)


def _count(outcome: Outcome, kind: Kind, rows: Items, results: Results) -> None:
    for line, item, result in zip(rows.line, rows.items, results, strict=True):
        if isinstance(result, dict):
            outcome.stored += 1
            bad = [answer for answer in getattr(item, "answers", ()) if answer.excluded is not None]
            outcome.bad_answers.update((answer.question, answer.excluded.value) for answer in bad)
        elif isinstance(result, ConflictError) and result.code == kind.exists:
            outcome.repeats(line)
        else:
            outcome.refused.append(Refused(line, *reason(item, result)))
