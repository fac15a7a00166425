"""Rows of files without keys that say what rows of earlier files said, which held the days before already."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import or_, select

from app.store import dialects
from app.store.imports import transaction_batches
from app.store.imports.transaction_batches import MatchedRows
from app.store.tables import CustomerExternalId, Transaction
from app.store.transactions import ReadTx, WriteTx
from app.store.types import from_micros, to_micros

OF_LINE = re.compile(r"[0-9a-f]{12}:[0-9]+")
"""An external id made of a file's digest and a line."""

_SAME = ("kind", "amount_minor", "currency", "occurred_at")

Statement = tuple[object, ...]
"""Customer, kind, amount, currency and time of a transaction."""


def find(
    tx: WriteTx, rows: MatchedRows, *, keys: Collection[str], system: str, source: str, import_id: UUID
) -> set[int]:
    """Find the rows that earlier files of ``source``, as poor in keys, have brought already, each as often as
    they did: of three equal sales in this file and two in those before, two are found.

    What is found is noted, so that later batches of the import go on counting.

    Args:
        rows: with external ids made of lines.
        keys: of their customers in ``system``.

    Returns:
        Their lines.
    """
    if not rows.line:
        return set()
    before = _brought_before(tx, rows, keys, system, source, import_id)
    if not before:
        return set()
    said = [tuple(row) for row in zip(rows.customer, *(rows.values[name] for name in _SAME), strict=True)]
    wanted = {row: before[row] for row in said if row in before}
    noted = transaction_batches.tried(
        tx, import_id, [_note(row, n) for row, count in wanted.items() for n in range(count)], "alike"
    )
    counted = Counter(
        {row: sum(_note(row, n) in noted for n in range(count)) for row, count in wanted.items()}
    )
    lines, notes = set(), []
    for line, row in zip(rows.line, said, strict=True):
        if counted[row] < wanted.get(row, 0):
            notes.append(_note(row, counted[row]))
            counted[row] += 1
            lines.add(line)
    transaction_batches.note(tx, import_id, "alike", notes)
    return lines


# --- inside


def _brought_before(
    tx: ReadTx, rows: MatchedRows, keys: Collection[str], system: str, source: str, import_id: UUID
) -> Counter[Statement]:
    """How often each sale of these customers in this time was stored by earlier files without keys."""
    times: Sequence[int] = rows.values["occurred_at"]
    columns = [getattr(Transaction, name) for name in _SAME]
    statement = (
        select(Transaction.external_id, transaction_batches.id_bytes(tx, Transaction.customer_id), *columns)
        .join(CustomerExternalId, CustomerExternalId.customer_id == Transaction.customer_id)
        .where(CustomerExternalId.system == system, dialects.among(tx, CustomerExternalId.key, keys))
        .where(Transaction.source == source)
        .where(Transaction.occurred_at.between(from_micros(min(times)), from_micros(max(times))))
        .where(or_(Transaction.import_id.is_(None), Transaction.import_id != import_id))
    )
    own_file = rows.external_id[0].partition(":")[0]
    found: Counter[Statement] = Counter()
    for external_id, *values, occurred_at in tx.execute(statement):
        if OF_LINE.fullmatch(external_id) and not external_id.startswith(own_file):
            found[(*values, to_micros(occurred_at))] += 1
    return found


def _note(stated: Statement, number: int) -> str:
    return f"{hashlib.blake2b(repr(stated).encode(), digest_size=16).hexdigest()}:{number}"
