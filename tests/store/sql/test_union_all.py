"""Rows of different tables in one list, on both databases."""

from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from app.store.engine import Store
from app.store.sql.union_all import union_all
from app.store.types import Id, Instant, Key, from_micros, new_id

metadata = MetaData()
calls = Table(
    "stacked_calls",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant),
    Column("agent", Key),
    prefixes=["TEMPORARY"],
)
sales = Table(
    "stacked_sales",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant),
    Column("amount", Integer),
    Column("call_id", Id),
    prefixes=["TEMPORARY"],
)


def test_each_branch_keeps_its_limit_and_lacks_what_only_others_have(store: Store) -> None:
    ids = [new_id() for _ in range(6)]

    def run(tx: Connection) -> list[dict[str, Any]]:
        metadata.create_all(tx)
        try:
            tx.execute(
                insert(calls), [{"id": ids[n], "at": from_micros(n), "agent": f"a{n}"} for n in range(3)]
            )
            sold = [
                {"id": ids[3 + n], "at": from_micros(10 + n), "amount": n, "call_id": ids[0]}
                for n in range(3)
            ]
            tx.execute(insert(sales), sold)
            newest_calls = select(calls).order_by(calls.c.at.desc()).limit(2)
            smallest_sale = select(sales).order_by(sales.c.amount).limit(1)
            rows = union_all([newest_calls, smallest_sale])
            return [dict(row) for row in tx.execute(select(rows).order_by(rows.c.at)).mappings()]
        finally:
            metadata.drop_all(tx)

    assert store.write_sync(run) == [
        {"id": ids[1], "at": from_micros(1), "agent": "a1", "amount": None, "call_id": None},
        {"id": ids[2], "at": from_micros(2), "agent": "a2", "amount": None, "call_id": None},
        {"id": ids[3], "at": from_micros(10), "agent": None, "amount": 0, "call_id": ids[0]},
    ]
