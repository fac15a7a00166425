"""Rows of files without keys that are about records which earlier files without keys brought already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import or_, select

from app.domain.imports.mapping import Mapping as FileMapping
from app.domain.imports.source_digests import only
from app.domain.imports.sources import LINE_ID
from app.domain.imports.targets import RecordKind
from app.services.imports.record_requests import KINDS, Items
from app.services.imports.record_updates import RowDigests
from app.store.imports import transaction_batches
from app.store.imports.keyless_duplicates import OF_LINE
from app.store.transactions import ReadTx, WriteTx

_OCCURRED: Mapping[RecordKind, str] = {
    RecordKind.INTERACTIONS: "started_at",
    RecordKind.COMPLAINTS: "received_at",
    RecordKind.RESPONSES: "answered_at",
}
_SAME_COMPLAINT = frozenset({"customer", "customer_id", "received_at", "subject"})
"""What tells complaints apart: their other members change while they are worked on."""


def find(tx: WriteTx, import_id: UUID, mapping: FileMapping, rows: Items) -> set[int]:
    """Find the rows that say what rows of earlier files of the source said, as poor in keys, and give their
    items the external ids of those records: each record to one row. A complaint may say more than it did.

    What is found is noted, so that later batches of the import go on counting.

    Returns:
        Their lines.
    """
    if mapping.columns["external_id"] != LINE_ID or not rows.items:
        return set()
    said = [RowDigests.of(item).packed for item in rows.items]
    before = _brought_before(tx, import_id, mapping, rows, said)
    if not before:
        return set()
    taken = set(transaction_batches.tried(tx, import_id, list(before), "alike"))
    found: dict[int, str] = {}
    # Those that say the very same first, so that no other row takes their record.
    views = (_whole, _complaint) if mapping.kind is RecordKind.COMPLAINTS else (_whole,)
    for view in views:
        free: dict[bytes, list[str]] = defaultdict(list)
        for external_id, packed in before.items():
            if external_id not in taken:
                free[view(packed)].append(external_id)
        for line, packed in zip(rows.line, said, strict=True):
            if line not in found and (left := free.get(view(packed))):
                found[line] = left.pop(0)
                taken.add(found[line])
    for line, item in zip(rows.line, rows.items, strict=True):
        if line in found:
            item.external_id = found[line]
    transaction_batches.note(tx, import_id, "alike", sorted(found.values()))
    return set(found)


# --- inside


def _whole(packed: bytes) -> bytes:
    return packed


def _complaint(packed: bytes) -> bytes:
    return only(packed, _SAME_COMPLAINT)


def _brought_before(
    tx: ReadTx, import_id: UUID, mapping: FileMapping, rows: Items, stated: Sequence[bytes]
) -> dict[str, bytes]:
    """What earlier files without keys said of records of the same times, by external id, the oldest first."""
    columns = KINDS[mapping.kind].table.__table__.c
    occurred = columns[_OCCURRED[mapping.kind]]
    times = {getattr(item, occurred.key) for item in rows.items}
    statement = (
        select(columns.external_id, columns.source_said)
        .where(columns.source == mapping.source, occurred.in_(times))
        .where(or_(columns.import_id.is_(None), columns.import_id != import_id))
        .order_by(columns.id)
    )
    if mapping.kind is RecordKind.COMPLAINTS:
        statement = statement.where(columns.source_said.is_not(None))
    else:
        statement = statement.where(columns.source_said.in_(set(stated)))
    own_file = rows.items[0].external_id.partition(":")[0]
    return {
        external_id: packed
        for external_id, packed in tx.execute(statement)
        if external_id and OF_LINE.fullmatch(external_id) and not external_id.startswith(own_file)
    }
