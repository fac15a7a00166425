"""What a dry run of rows about customers has come to so far: kept from batch to batch, and put in place for
as long as a batch is tried."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, LargeBinary, delete, insert, select

from app.domain.common.access import Actor
from app.domain.customers.customers import contact_key
from app.services.customers import customers
from app.services.imports.people.rows import StatedRow
from app.services.imports.record_requests import Items
from app.store import dialects
from app.store.tables import (
    Base,
    ContractStatement,
    ContractTerms,
    Customer,
    CustomerExternalId,
    CustomerLookup,
    ImportChange,
    ImportTrialName,
    ImportTrialPerson,
    SourceStatement,
)
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import Id, Instant

CLEARED_AT_ONCE = 5_000

_TABLES: tuple[type[Base], ...] = (
    Customer,
    ImportChange,
    SourceStatement,
    ContractTerms,
    ContractStatement,
)
"""What a row about a customer reads and writes, besides what makes customers findable."""


def restore(tx: WriteTx, actor: Actor, import_id: UUID, rows: Items) -> None:
    """Let the customers that rows may be about be what earlier batches would have made of them."""
    names = {name for stated in rows.items for name in _names_of(stated)}
    if not names:
        return
    mine = ImportTrialName.import_id == import_id, dialects.among(tx, ImportTrialName.name, names)
    found = set(tx.execute(select(ImportTrialName.customer_id).where(*mine)).scalars())
    if not found:
        return
    theirs = ImportTrialPerson.import_id == import_id, ImportTrialPerson.customer_id.in_(found)
    states = tx.execute(select(ImportTrialPerson.state).where(*theirs)).scalars().all()
    for index in (CustomerLookup, CustomerExternalId):
        tx.execute(delete(index).where(index.customer_id.in_(found)))
    for table in _TABLES:
        columns = table.__table__.c
        restored = [_read(columns, row) for state in states for row in state[table.__tablename__]]
        if table is Customer:
            members = [column.key for column in columns if column.key != "id"]
            tx.execute(dialects.upsert(tx, Customer, ["id"], members), restored)
            customers.index(tx, actor, restored)
            continue
        tx.execute(delete(table).where(columns.customer_id.in_(found), *_of(table, import_id)))
        if restored:
            tx.execute(insert(table), restored)


def gather(tx: ReadTx, import_id: UUID) -> dict[UUID, Row]:
    """What the customers of a batch have become."""
    noted = select(ImportChange.customer_id).where(ImportChange.import_id == import_id)
    ids = set(tx.execute(noted).scalars())
    states: dict[UUID, Row] = {
        customer_id: {table.__tablename__: [] for table in _TABLES} for customer_id in ids
    }
    if not ids:
        return states
    for table in _TABLES:
        columns = table.__table__.c
        owner = columns.id if table is Customer else columns.customer_id
        statement = select(table.__table__).where(owner.in_(ids), *_of(table, import_id))
        for row in tx.execute(statement).mappings():
            customer_id = row["id"] if table is Customer else row["customer_id"]
            states[customer_id][table.__tablename__].append({n: _spelled(v) for n, v in row.items()})
    return states


def keep(tx: WriteTx, import_id: UUID, states: dict[UUID, Row]) -> None:
    """Keep that for later batches."""
    if not states:
        return
    people = [
        {"import_id": import_id, "customer_id": customer_id, "state": state}
        for customer_id, state in sorted(states.items())
    ]
    tx.execute(dialects.upsert(tx, ImportTrialPerson, ["import_id", "customer_id"], ["state"]), people)
    names = [
        {"import_id": import_id, "customer_id": customer_id, "name": name}
        for customer_id, state in sorted(states.items())
        for row in state[Customer.__tablename__]
        for name in sorted(_names(row["external_ids"], row["contact_points"]))
    ]
    if names:
        tx.execute(dialects.insert(tx, ImportTrialName).on_conflict_do_nothing(), names)


def clear(tx: WriteTx, import_id: UUID) -> bool:
    """Delete some of it when the dry run has ended.

    Returns:
        Whether nothing is left; otherwise call again.
    """
    some = select(ImportTrialPerson.customer_id).where(ImportTrialPerson.import_id == import_id)
    found = tx.execute(some.limit(CLEARED_AT_ONCE)).scalars().all()
    if found:
        for table in (ImportTrialName, ImportTrialPerson):
            mine = table.import_id == import_id, table.customer_id.in_(found)
            tx.execute(delete(table).where(*mine))
    return not found


# --- inside


def _of(table: type[Base], import_id: UUID) -> Sequence[Any]:
    return (ImportChange.import_id == import_id,) if table is ImportChange else ()


def _names_of(stated: StatedRow) -> Iterable[str]:
    item = stated.item
    if hasattr(item, "customer"):
        return _names([item.customer.model_dump()], [])
    keys = [{"system": system, "key": key} for system, key in stated.keys]
    points = item.model_dump(include={"contact_points"}).get("contact_points") or []
    return _names(keys, points)


def _names(keys: Sequence[Row], points: Sequence[Row]) -> set[str]:
    found = {f"{entry['system']}:{entry['key']}" for entry in keys}
    for point in points:
        kind = str(point["kind"])
        found.add(f"{kind}\n{contact_key(kind, point['value'], point.get('network'))}")
    return found


def _spelled(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _read(columns: Any, row: Row) -> Row:
    return {name: None if value is None else _value(columns[name].type, value) for name, value in row.items()}


def _value(kind: Any, value: Any) -> Any:
    if isinstance(kind, Id):
        return UUID(value)
    if isinstance(kind, Instant):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return bytes.fromhex(value) if isinstance(kind, LargeBinary) else value
