"""Sales under whose keys something is stored already: repeated, corrected where the mapping says so
(``update``), or refused."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update

from app.domain.common.access import Actor
from app.domain.imports.sale_updates import OtherSaleError, changes, restored
from app.domain.imports.source_digests import SALE, merge, newer_members, of_sale, pack
from app.services.activity import transactions
from app.services.customers import external_ids
from app.services.imports import customer_changes
from app.services.imports.customer_changes import Change
from app.store import dialects
from app.store.audit import trail
from app.store.imports import transaction_batches
from app.store.imports.transaction_batches import MatchedRows, Outcome
from app.store.tables import ImportChange, Transaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import from_micros, now, to_micros

AT_ONCE = 500
"""Sales whose change is taken back in one transaction."""

_MARKED_AT_ONCE = 5_000
_NOTED = "said"


def settle(tx: WriteTx, actor: Actor, import_row: Row, rows: MatchedRows, outcome: Outcome) -> None:
    """Judge the rows that are ``outcome.present``. A sale changes at most once in an import: of the rows of a
    key the first counts."""
    mapping, import_id = import_row["mapping"], import_row["id"]
    present = outcome.present
    if not present:
        return
    found = rows.where([line in present for line in rows.line])
    digests = [hashlib.blake2b(repr(said).encode(), digest_size=16).digest() for said in found.row_values()]
    if mapping.get("update", False):
        found, digests = _first_of_key(tx, import_id, found, digests, outcome)
    refused = len(outcome.refused)
    for line in found.line:
        if present[line]:
            outcome.repeats(line)
    differing = found.where([not present[line] for line in found.line])
    if differing.line:
        _judge(tx, actor, import_row, differing, outcome)
    if mapping.get("update", False):
        bad = {one.line for one in outcome.refused[refused:]}
        noted = [
            (key, digest)
            for line, key, digest in zip(found.line, found.external_id, digests, strict=True)
            if line not in bad
        ]
        transaction_batches.note(
            tx, import_id, _NOTED, [key for key, _ in noted], [digest for _, digest in noted]
        )


def restore(tx: WriteTx, actor: Actor, import_id: UUID) -> int:
    """Give some of the sales that an import changed back what they were; returns how many are dealt with."""
    columns = ImportChange.__table__.c
    mine = columns.import_id == import_id, columns.part != ""
    some = select(ImportChange.__table__).where(*mine).order_by(columns.part).limit(AT_ONCE)
    noted = {UUID(row["part"]): row for row in tx.execute(some).mappings()}
    if not noted:
        return 0
    wanted = select(Transaction.__table__).where(Transaction.id.in_(noted)).order_by(Transaction.id)
    pairs = []
    for row in tx.execute(wanted.with_for_update()).mappings():
        change, before = noted[row["id"]], _sale(dict(row))
        known = bytes.fromhex(change["said"]["known"])
        back = restored(before, change["before"], change["after"])
        pairs.append((dict(row), before | back, known, sorted(back)))
    _write(tx, actor, pairs, import_id)
    customer_changes.forget(tx, import_id, [row["part"] for row in noted.values()])
    return len(noted)


# --- inside


def _first_of_key(
    tx: ReadTx, import_id: UUID, rows: MatchedRows, digests: Sequence[bytes], outcome: Outcome
) -> tuple[MatchedRows, list[bytes]]:
    """Leave the first row of each key in the file: a later one that says the same is repeated, another
    refused."""
    seen = transaction_batches.tried(tx, import_id, rows.external_id, _NOTED)
    wanted = []
    for line, key, digest in zip(rows.line, rows.external_id, digests, strict=True):
        before = seen.setdefault(key, digest)
        wanted.append(before is digest)
        if before is digest:
            continue
        if before == digest:
            outcome.repeats(line)
        else:
            outcome.conflicts(line)
    return rows.where(wanted), [digest for digest, first in zip(digests, wanted, strict=True) if first]


def _judge(tx: WriteTx, actor: Actor, import_row: Row, rows: MatchedRows, outcome: Outcome) -> None:
    """Correct the sales that rows differ from, as far as that is wanted and they are the same sales."""
    wanted, import_id = import_row["mapping"].get("update", False), import_row["id"]
    stored = _stored(tx, import_row["mapping"]["source"], rows, lock=wanted and not import_row["dry_run"])
    pairs, journal = [], {}
    for line, key, customer, values in _each(rows):
        row = stored[key]
        sale, known = _sale(row), transactions.source_digests_of(row)
        said = of_sale(customer, values)
        if row["source_said"] is not None and not newer_members(said, known):
            outcome.repeats(line)
            continue
        if not wanted:
            outcome.conflicts(line)
            continue
        try:
            changed = changes(sale, customer, values, known)
        except OtherSaleError as other:
            outcome.conflicts(line, other.target)
            continue
        if not changed and not newer_members(said, known):
            outcome.repeats(line)
            continue
        if changed:
            outcome.updates(line)
            change = Change({"known": known.hex()}, version=row["version"] + 1)
            change.before, change.after = {name: sale[name] for name in changed}, changed
            journal[row["customer_id"], str(row["id"])] = change
        else:
            outcome.repeats(line)
        pairs.append((row, sale | changed, merge(known, pack(said)), sorted(changed)))
    if not import_row["dry_run"]:
        _write(tx, actor, pairs, import_id)
        customer_changes.write(tx, import_id, journal)


def _stored(tx: ReadTx, source: str, rows: MatchedRows, *, lock: bool) -> dict[str, Row]:
    statement = select(Transaction.__table__).where(
        Transaction.source == source, dialects.among(tx, Transaction.external_id, rows.external_id)
    )
    if lock:
        statement = statement.order_by(Transaction.id).with_for_update()
    return {row["external_id"]: dict(row) for row in tx.execute(statement).mappings()}


def _each(rows: MatchedRows) -> list[tuple[int, str, bytes, Row]]:
    columns = [rows.values[name] for name in SALE]
    return [
        (line, key, customer, dict(zip(SALE, values, strict=True)))
        for line, key, customer, *values in zip(
            rows.line, rows.external_id, rows.customer, *columns, strict=True
        )
    ]


def _sale(row: Row) -> Row:
    """A stored transaction as rows of files say it."""
    sale = of_sale(row["customer_id"].bytes, row)
    return sale | {"occurred_at": to_micros(row["occurred_at"])}


def _write(
    tx: WriteTx, actor: Actor, pairs: Sequence[tuple[Row, Row, bytes, list[str]]], import_id: UUID
) -> None:
    """Store sales: each as it was, as it is, what its source has said of it, and the members that changed."""
    if not pairs:
        return
    at = now()
    statement = update(Transaction).where(Transaction.id == bindparam("sale"))
    names = (*SALE, "version", "changed_at", "source_said")
    values: Row = {name: bindparam(f"new_{name}") for name in names}
    tx.execute(statement.values(values), [_bound(*pair, at) for pair in pairs])
    corrected = [pair for pair in pairs if pair[3]]
    owners = sorted({row["customer_id"] for row, *_ in corrected})
    for start in range(0, len(owners), _MARKED_AT_ONCE):
        external_ids.mark_changed(tx, owners[start : start + _MARKED_AT_ONCE], at)
    by_members: dict[tuple[str, ...], list[tuple[str, UUID]]] = defaultdict(list)
    for row, _, _, members in corrected:
        named = tuple(sorted({_MEMBERS.get(name, name) for name in members}))
        by_members[named].append((str(row["id"]), row["customer_id"]))
    for named, objects in by_members.items():
        data = {"import_id": str(import_id)}
        trail.record_all(tx, actor, "transaction.updated", objects, members=named, data=data)


_MEMBERS = {"amount_minor": "amount", "currency": "amount", "cost_minor": "cost"}


def _bound(before: Row, after: Row, stated: bytes, members: list[str], at: datetime) -> Row:
    row = {f"new_{name}": after[name] for name in SALE}
    is_stated = pack(after) == stated
    return row | {
        "sale": before["id"],
        "new_occurred_at": from_micros(after["occurred_at"]),
        "new_version": before["version"] + bool(members),
        "new_changed_at": at if members else before["changed_at"],
        "new_source_said": None if is_stated else stated,
    }
