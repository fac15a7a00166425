"""What the job of an import does to the store: batch by batch, each in one transaction.

Harmless when repeated: a batch's number must be the import's next one, and moves it in the same
transaction, so that whatever kills the work between two transactions loses nothing and counts nothing
twice.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from app.domain.activity.transactions import LOWERING
from app.domain.common.access import Actor, Scope
from app.domain.common.company import Company
from app.domain.customers.customers import Lifecycle
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refused
from app.domain.imports.sources import LINE_ID
from app.domain.imports.states import OPEN, ImportState, done
from app.domain.imports.targets import PEOPLE, RecordKind
from app.domain.imports.transaction_rows import Rows
from app.errors import ConflictError, NotFoundError
from app.services.customers import external_ids
from app.services.imports import customer_changes, imports, record_batches, sale_updates, surveys
from app.services.imports.people import batches, dry_runs
from app.services.imports.record_requests import KINDS, Items
from app.services.platform import jobs
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.imports import keyless_duplicates, transaction_batches
from app.store.imports.transaction_batches import MatchedRows, Outcome
from app.store.sql import bulk_write
from app.store.tables import Customer, Import, ImportChunk, ImportTrial, Transaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

MAX_REFUSED_KEPT = 100_000
"""Refused rows of a file that are kept with their reasons; further ones are counted. A megabyte of gzip can
hold fifty million, which would fill the disk."""

ANALYZE_FROM = 10_000
"""Stored rows after which the planner is told of them."""

_READ = select(Import.__table__)


# --- reading


@one_statement
def read(tx: ReadTx, import_id: UUID) -> Row:
    """The whole row of an import.

    Raises:
        NotFoundError: it is gone.
    """
    return found(tx, _READ.where(Import.id == import_id))


@one_statement
def read_chunk(tx: ReadTx, import_id: UUID, number: int) -> bytes | None:
    """A piece of an uploaded file; None behind the last."""
    return tx.execute(
        select(ImportChunk.data).where(ImportChunk.import_id == import_id, ImportChunk.number == number)
    ).scalar_one_or_none()


def actor_of(row: Row, company: Company) -> Actor:
    """The caller who sent a file, with the rights its rows are stored with: whether customers may be created
    was asked when the file was accepted."""
    scopes = {Scope.CUSTOMERS_WRITE} if row["mapping"]["create_missing"] else set()
    return Actor(row["created_by"], frozenset(scopes), frozenset(row["units"]), company=company)


def reverser_of(row: Row, asked_by: str, company: Company) -> Actor:
    """The caller who asked to take an import back. Only callers that are not limited see those of others."""
    if asked_by == row["created_by"]:
        return actor_of(row, company)
    return Actor(asked_by, frozenset(), company=company)


# --- storing


def store(tx: WriteTx, actor: Actor, import_id: UUID, raw: RawBatch, rows: Rows | Items) -> Row:
    """Store batch ``raw.index``: its good rows, its refused ones, and the counters that say so.

    Args:
        raw: the batch that ``rows`` were read from.

    Returns:
        The import's row afterwards; as it is when the batch was stored before.

    Raises:
        ConflictError: the import takes no more rows: it was reverted or has ended; or another request
            stored some of them in the meantime.
    """
    row = found(tx, _READ.where(Import.id == import_id).with_for_update())
    if row["state"] not in OPEN:
        raise ConflictError("The import takes no more rows: it is {state}.", state=row["state"])
    if row["next_batch"] != raw.index:
        return row
    kind = RecordKind(row["kind"])
    if isinstance(rows, Items) and kind in PEOPLE:
        take = batches.trial if row["dry_run"] else batches.store
        outcome, created = take(tx, actor, row, rows)
    elif isinstance(rows, Items):
        act = record_batches.trial if row["dry_run"] else record_batches.store
        outcome, created = act(tx, actor, row, rows)
    else:
        outcome, created = _stored(tx, actor, row, rows)
    refused = _of_all_rows(raw, [*rows.refused, *outcome.refused])
    if kept := refused[: max(0, MAX_REFUSED_KEPT - row["rows_refused"])]:
        transaction_batches.refuse(tx, import_id, kept)
    counts = {
        **_counted(raw, rows, outcome, len(refused)),
        "records_stored": outcome.stored,
        "rows_refused": len(refused),
        "rows_rounded": rows.rounded if isinstance(rows, Rows) else 0,
        "rows_alike": outcome.alike,
        "headers_repeated": raw.headers,
        "customers_created": created,
    }
    if row["job_id"] is not None:
        bytes_read = min(raw.bytes_read, row["file_bytes"])
        jobs.progress(tx, row["job_id"], "bytes", bytes_read, row["file_bytes"])
    if outcome.stored + outcome.updated and not row["dry_run"]:
        trail.record(tx, actor, "import.batch_stored", import_id, data={"batch": raw.index, **counts})
    reasons = Counter(row["refused_by_reason"]) + Counter(refusal.code.value for refusal in refused)
    unmatched = Counter(row["words_unmatched"]) + Counter(raw.unmatched)
    return change(
        tx,
        row,
        state=ImportState.RUNNING,
        next_batch=raw.index + 1,
        refused_by_reason=dict(sorted(reasons.items())),
        words_unmatched=dict(sorted(unmatched.items())),
        answers_excluded=_answers_excluded(tx, row, outcome),
        **{name: row[name] + count for name, count in counts.items()},
    )


def finish(tx: WriteTx, actor: Actor, import_id: UUID) -> Row:
    """Note that every row of the file has been taken in; once."""
    row = found(tx, _READ.where(Import.id == import_id).with_for_update())
    if row["state"] not in OPEN:
        return row
    if row["rows_stored"] >= ANALYZE_FROM and not row["dry_run"]:
        kind = RecordKind(row["kind"])
        tables = {RecordKind.TRANSACTIONS: Transaction, **dict.fromkeys(PEOPLE, Customer)}
        bulk_write.analyze(tx, tables[kind] if kind in tables else KINDS[kind].table)
    trail.record(tx, actor, "import.done", import_id)
    return change(tx, row, state=done(row["rows_in"], row["rows_refused"]))


def fail(tx: WriteTx, import_id: UUID, error: str) -> None:
    """Note that the file could not be read on; what is stored stays, and can be reverted."""
    row = found(tx, _READ.where(Import.id == import_id).with_for_update())
    if row["state"] in OPEN:
        change(tx, row, state=ImportState.FAILED, error=error[: jobs.ERROR_CHARS])


def clear(tx: WriteTx, import_id: UUID) -> bool:
    """Delete some of what an ended import has no more use for: the file's chunks, the dry run's notes.

    Returns:
        Whether nothing is left; otherwise call again.
    """
    if imports.delete_chunks(tx, ImportChunk.import_id == import_id):
        return False
    if not customer_changes.clear(tx, import_id) or not dry_runs.clear(tx, import_id):
        return False
    some = select(ImportTrial.key).where(ImportTrial.import_id == import_id).limit(20_000)
    keys = list(tx.execute(some).scalars())
    if keys:
        mine = ImportTrial.import_id == import_id
        tx.execute(delete(ImportTrial).where(mine, dialects.among(tx, ImportTrial.key, keys)))
    return not keys


# --- inside


def _stored(tx: WriteTx, actor: Actor, row: Row, rows: Rows) -> tuple[Outcome, int]:
    """Store the good rows, or in a dry run tell what would become of them; and count new customers."""
    system, source = row["mapping"]["customer_system"], row["mapping"]["source"]
    keys = set(rows.customer_key)
    known = transaction_batches.owners(tx, actor, system, keys)
    ids = {key: customer_id for key, (customer_id, _) in known.items()}
    created = 0
    if len(ids) < len(keys) and row["mapping"]["create_missing"]:
        missing = _really_missing(tx, actor, system, keys - ids.keys())
        if row["dry_run"]:
            created = transaction_batches.try_customers(tx, row["id"], missing)
            ids |= {key: b"new:" + key.encode() for key in missing}
        else:
            made = external_ids.create_for_keys(
                tx, actor, [(system, key) for key in missing], import_id=row["id"]
            )
            created = transaction_batches.created(
                tx, row["id"], system, missing
            )  # others may have been first
            ids |= {key: customer_id.bytes for (_, key), customer_id in made.items()}
    owned, unknown = transaction_batches.owned(rows, ids)
    repeated: set[int] = set()
    if row["mapping"]["columns"]["external_id"] == LINE_ID:
        repeated = keyless_duplicates.find(
            tx, owned, keys=keys, system=system, source=source, import_id=row["id"]
        )
        owned = owned.where([line not in repeated for line in owned.line]) if repeated else owned
    if row["dry_run"]:
        outcome = transaction_batches.trial(tx, owned, source=source, import_id=row["id"])
    else:
        outcome = transaction_batches.store(tx, owned, source=source, import_id=row["id"], at=now())
        prospects = {owner for owner, lifecycle in known.values() if lifecycle == Lifecycle.PROSPECT}
        if outcome.stored and prospects:
            _activate(tx, actor, owned, prospects)
    sale_updates.settle(tx, actor, row, owned, outcome)
    outcome.refused += unknown
    for line in repeated:
        outcome.repeats(line)
    outcome.alike = len(repeated)
    return outcome, created


def _really_missing(tx: ReadTx, actor: Actor, system: str, keys: Collection[str]) -> set[str]:
    """Leave out keys of customers whom the caller may not see."""
    if not actor.is_limited:
        return set(keys)
    everyone = Actor(actor.id, frozenset(), company=actor.company)
    return set(keys) - transaction_batches.owners(tx, everyone, system, keys).keys()


def _activate(tx: WriteTx, actor: Actor, owned: MatchedRows, prospects: Collection[bytes]) -> None:
    buyers = {
        customer
        for customer, kind in zip(owned.customer, owned.values["kind"], strict=True)
        if customer in prospects and kind not in LOWERING
    }
    if buyers:
        external_ids.activate_prospects(tx, actor, [UUID(bytes=customer) for customer in buyers])


def _of_all_rows(raw: RawBatch, refused: Iterable[Refused]) -> list[Refused]:
    """The refused rows of the file, where a refused record may be of several."""
    every = (one._replace(line=line) for one in refused for line in raw.rows_of.get(one.line, (one.line,)))
    return sorted(every)


def _counted(raw: RawBatch, rows: Rows | Items, outcome: Outcome, refused: int) -> dict[str, int]:
    """How many rows of the file were there, and were stored, repeated and updated; a record may be of
    several."""
    repeated, updated, rows_in = outcome.repeated, outcome.updated, rows.rows_in
    if raw.rows_of:
        rows_in += sum(len(lines) - 1 for lines in raw.rows_of.values())
        repeated = sum(len(raw.rows_of[line]) for line in outcome.repeated_lines)
        updated = sum(len(raw.rows_of[line]) for line in outcome.updated_lines)
    return {
        "rows_in": rows_in,
        "rows_stored": rows_in - repeated - updated - refused,
        "rows_repeated": repeated,
        "rows_updated": updated,
    }


def _answers_excluded(tx: ReadTx, row: Row, outcome: Outcome) -> Row:
    """Answers that stored responses were left without, by index and reason."""
    counts: Row = {index: dict(reasons) for index, reasons in row["answers_excluded"].items()}
    if not outcome.bad_answers:
        return counts
    asked = surveys.questions(tx, Mapping.from_dict(row["mapping"]))
    for (question, reason), count in outcome.bad_answers.items():
        for index in surveys.indices_of(asked, question):
            reasons = counts.setdefault(index, {})
            reasons[reason] = reasons.get(reason, 0) + count
    return {index: dict(sorted(counts[index].items())) for index in sorted(counts)}


def found(tx: ReadTx, statement: Any) -> Row:
    row = tx.execute(statement).mappings().first()
    if row is None:
        raise NotFoundError("There is no such import.")
    return dict(row)


def change(tx: WriteTx, row: Row, **changes: Any) -> Row:
    changes["updated_at"] = now()
    tx.execute(update(Import).where(Import.id == row["id"]).values(changes))
    return {**row, **changes}
