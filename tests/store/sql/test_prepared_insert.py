"""Prepared inserts store what SQLAlchemy stores, on both databases."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Table, delete, exc, insert, select

from app.domain.customers.customers import Lifecycle
from app.store import gathered
from app.store.engine import Store
from app.store.sql.prepared_insert import FEW_ROWS
from app.store.tables import AuditEntry, Base, Customer, CustomerLookup, Event, IdempotencyKey
from app.store.transactions import Row
from app.store.types import new_id

AT = datetime(2026, 11, 30, 9, 0, 0, 123_456, tzinfo=UTC)


def customer(**members: Any) -> Row:
    """A row with every column of a customer."""
    empty = dict.fromkeys(column.key for column in Customer.__table__.c)
    documents = {"do_not_contact": [], "contact_points": [], "external_ids": [], "tags": [], "attributes": {}}
    required = {"kind": "person", "name_key": "", "lifecycle": Lifecycle.ACTIVE, "version": 1}
    instants = {"id": new_id(), "created_at": AT, "updated_at": AT}
    return {**empty, **documents, **required, **instants, **members}


def entry(**members: Any) -> Row:
    given = {"id": new_id(), "at": AT, "actor_id": "key:a", "request_id": None, "action": "a.b"}
    return {**given, "object_id": "1", "members": ["name"], "seal": bytes(range(32)), **members}


FULL = customer(
    name="Ayşe %s ? 'Y' \"ı\" \\ {x,y} 🎉",
    name_key="ayse",
    born_on=date(1990, 2, 28),
    preferred_hours={"from": "09:00", "to": "18:00", "days": [1, 2.5, None, True]},
    tags=["vip", "{a,b}", 'say "hi"', "back\\slash", ""],
    attributes={"n": 1.5, "yes": True, "null": None, "ş": "ğ\n\t"},
)
EXAMPLES: list[tuple[type[Base], list[Row]]] = [
    (Customer, [FULL]),
    (Customer, [customer(version=index, name=None if index % 2 else "NULL") for index in range(FEW_ROWS)]),
    (Customer, [FULL, *(customer(version=index) for index in range(FEW_ROWS * 3))]),
    (Customer, [customer() for _ in range(FEW_ROWS + 1)]),  # columns in which all is null
    (AuditEntry, [entry(), entry(seal=None, members=[])]),
    (AuditEntry, [entry(seal=None if index % 3 else b"\x00\xff'\\") for index in range(FEW_ROWS * 2)]),
    (
        IdempotencyKey,
        [
            {
                **{"key": b"k" * 32, "fingerprint": b"\x00" * 32, "created_at": AT, "status": 201},
                **{"headers": {"ETag": '"1"'}, "body": b'{"a":"\\u0000"}'},
            }
        ],
    ),
]


@pytest.mark.parametrize(("table", "rows"), EXAMPLES)
def test_rows_are_stored_as_sqlalchemy_stores_them(store: Store, table: type[Base], rows: list[Row]) -> None:
    target = table.__table__
    assert isinstance(target, Table)

    def stored(tx: Connection) -> list[Any]:
        found = tx.execute(select(target).order_by(*target.primary_key)).all()
        raw = tx.exec_driver_sql(f"SELECT * FROM {target.name} ORDER BY 1").all()  # noqa: S608
        tx.execute(delete(target))
        return [found, raw]

    def both(tx: Connection) -> tuple[Any, Any]:
        tx.execute(insert(target), rows)
        ordinary = stored(tx)
        gathered.insert(tx, table, rows)
        return ordinary, stored(tx)

    ordinary, prepared = store.write_sync(both)
    assert len(ordinary[0]) == len(rows)
    assert prepared == ordinary


def test_tables_that_refer_to_each_other_go_together(store: Store) -> None:
    row = customer()
    found = {"kind": "word", "value": "a", "customer_id": row["id"]}

    def store_both(tx: Connection) -> None:
        gathered.insert(tx, Customer, [row])
        gathered.insert(tx, CustomerLookup, [found, {**found, "value": "b"}])
        gathered.insert(tx, Event, [])

    store.write_sync(store_both)
    assert store.read_sync(lambda tx: len(tx.execute(select(CustomerLookup.value)).all())) == 2


@pytest.mark.parametrize("count", [1, FEW_ROWS + 1])
def test_errors_are_sqlalchemys_and_nothing_is_stored(store: Store, count: int) -> None:
    def twice(tx: Connection) -> None:
        gathered.insert(tx, Event, [_event()])
        gathered.insert(tx, Customer, [FULL] * 2 + [customer() for _ in range(count)])

    with pytest.raises(exc.IntegrityError):
        store.write_sync(twice)
    for table in (Customer, Event):
        read = select(table.__table__)
        assert store.read_sync(lambda tx, read=read: tx.execute(read).all()) == []


def _event() -> Row:
    return {"id": new_id(), "at": AT, "type": "a", "customer_id": None, "object_id": "1", "data": {}}
