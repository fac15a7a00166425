"""What the job of a reversal does to the store: some rows at a time, each time in one transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, insert, select, update

from app.domain.common.access import Actor
from app.domain.imports.states import ImportState
from app.domain.imports.targets import PEOPLE, RecordKind
from app.domain.recovery.complaints import EventKind
from app.services.imports import batches, sale_updates, source_digests
from app.services.imports.people import reversals
from app.services.recovery import complaints
from app.store.audit import trail
from app.store.tables import (
    Base,
    Compensation,
    CompensationRequest,
    Complaint,
    ComplaintEvent,
    Customer,
    Import,
    Interaction,
    SurveyInvitation,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import Row, WriteTx
from app.store.types import now
from app.store.visibility import visible_to

DELETED_AT_ONCE = 5_000
"""Transactions and customers deleted in one transaction."""

RECORDS_AT_ONCE = 1_000
"""Other records deleted in one transaction; they have events or answers, which go with them."""

_TABLES: dict[RecordKind, type[Base]] = {
    RecordKind.TRANSACTIONS: Transaction,
    RecordKind.INTERACTIONS: Interaction,
    RecordKind.COMPLAINTS: Complaint,
    RecordKind.RESPONSES: SurveyResponse,
}
_NAMED_BY = {
    RecordKind.TRANSACTIONS: "transaction_id",
    RecordKind.INTERACTIONS: "interaction_id",
    RecordKind.COMPLAINTS: "complaint_id",
}
"""The member by which invitations and responses say that they are about a record."""

_MINE: tuple[Any, ...] = (
    Transaction,
    Interaction,
    Complaint,
    Compensation,
    CompensationRequest,
    SurveyInvitation,
    SurveyResponse,
)
"""What a customer may have."""


def revert(tx: WriteTx, actor: Actor, import_id: UUID) -> bool:
    """Delete some of the import's records, or when none are left some of its customers.

    Returns:
        Whether nothing was left; the import then is reverted.
    """
    row = batches.found(tx, select(Import.__table__).where(Import.id == import_id).with_for_update())
    if row["state"] != ImportState.REVERTING:
        return True
    kind = RecordKind(row["kind"])
    if kind in PEOPLE:
        return _revert_people(tx, actor, kind, row)
    records, restored, people = _delete_records(tx, actor, kind, import_id), 0, 0
    if not records and kind is RecordKind.TRANSACTIONS:
        restored = sale_updates.restore(tx, actor, import_id)
    if not records + restored:
        people = tx.execute(delete(Customer).where(Customer.id.in_(_bare(import_id)))).rowcount
    if records + restored + people:
        data = {kind.value: records, "restored": restored, "customers": people}
        trail.record(tx, actor, "import.batch_reverted", import_id, data=data)
        return False
    trail.record(tx, actor, "import.reverted", import_id)
    batches.change(tx, row, state=ImportState.REVERTED)
    return True


# --- inside


def _revert_people(tx: WriteTx, actor: Actor, kind: RecordKind, row: Row) -> bool:
    found = reversals.revert(tx, actor, kind, row["id"])
    if found is None and not source_digests.take_back(tx, row["id"]):
        return False
    if found is None:
        trail.record(tx, actor, "import.reverted", row["id"])
        batches.change(tx, row, state=ImportState.REVERTED)
        return True
    changes, gone, kept = found
    data = {kind.value: changes, "customers": gone, "customers_kept": kept}
    trail.record(tx, actor, "import.batch_reverted", row["id"], data=data)
    batches.change(tx, row, customers_kept=row["customers_kept"] + kept)
    return False


def _delete_records(tx: WriteTx, actor: Actor, kind: RecordKind, import_id: UUID) -> int:
    columns = _TABLES[kind].__table__.c
    most = DELETED_AT_ONCE if kind is RecordKind.TRANSACTIONS else RECORDS_AT_ONCE
    # What has been moved to a customer of another unit since is no longer this caller's to delete.
    mine = visible_to(
        select(columns.id).where(columns.import_id == import_id),
        actor,
        columns.customer_id,
        columns.get("unit"),
    )
    ids = tx.execute(mine.limit(most)).scalars().all()
    if ids:
        _unlink(tx, actor, kind, ids)
        tx.execute(delete(_TABLES[kind]).where(columns.id.in_(ids)))
    return len(ids)


def _unlink(tx: WriteTx, actor: Actor, kind: RecordKind, ids: Sequence[UUID]) -> None:
    """Let nothing that stays name what goes."""
    member = _NAMED_BY.get(kind)
    if member is None:
        return
    for table in (SurveyInvitation, SurveyResponse):
        named = table.__table__.c[member]
        tx.execute(update(table).where(named.in_(ids)).values({member: None}))
    if kind is not RecordKind.INTERACTIONS:
        return
    at = now()
    changed = (
        update(Complaint)
        .where(Complaint.interaction_id.in_(ids))
        .values(interaction_id=None, version=Complaint.version + 1, updated_at=at)
        .returning(*Complaint.__table__.columns)
    )
    rows = [dict(row) for row in tx.execute(changed).mappings()]
    if rows:
        statements = [
            complaints.event(actor, row, EventKind.CHANGED, at, members=["interaction_id"]) for row in rows
        ]
        tx.execute(insert(ComplaintEvent), statements)
        objects = [(str(row["id"]), row["customer_id"]) for row in rows]
        trail.record_all(tx, actor, "complaint.changed", objects, members=["interaction_id"])


def _bare(import_id: UUID) -> Any:
    """Customers that were never changed and have nothing, created by this import or by one reverted before,
    when they still had something of this one."""
    reverted = select(Import.id).where((Import.id == import_id) | (Import.state == ImportState.REVERTED))
    nothing = (~exists().where(table.customer_id == Customer.id) for table in _MINE)
    return (
        select(Customer.id)
        .where(Customer.created_by_import_id.in_(reverted), Customer.version == 1, *nothing)
        .limit(DELETED_AT_ONCE)
    )
