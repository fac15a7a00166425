"""Prepared reads give what SQLAlchemy gives, and fail as it fails, on both databases."""

import asyncio
from typing import Any

import factories
import pytest
from sqlalchemy import Connection, bindparam, exc, func, literal_column, select
from store_helpers import hang_up_on_everyone, only_postgres, serving

from app.domain.common.access import Actor
from app.errors import UnavailableError
from app.store.engine import Store, one_statement
from app.store.sql.prepared_select import PreparedSelect, Row
from app.store.tables import Customer

CUSTOMER = PreparedSelect(select(Customer.__table__).where(Customer.id == bindparam("customer_id")).limit(2))
ONE = PreparedSelect(select(literal_column("1").label("one")))


@one_statement
def one(tx: Connection) -> list[Row]:
    return ONE.rows(tx, {})


def test_rows_are_as_sqlalchemy_makes_them(store: Store, actor: Actor) -> None:
    full = {
        "name": "Ayşe",
        "tags": ["vip"],
        "attributes": {"n": 1.5},
        "customer_since_on": "2024-09-01",
        "contract": {"started_on": "2025-03-01"},
        "contact_points": [{"kind": "phone", "value": "0532 123 45 67"}],
    }
    for customer_id in (
        store.write_sync(factories.customer, actor, **full),
        store.write_sync(factories.customer, actor),
    ):

        def both(tx: Connection, values: Row) -> tuple[Any, Any]:
            found = tx.execute(CUSTOMER.statement, values).all()
            return [row._asdict() for row in found], CUSTOMER.rows(tx, values)

        ordinary, prepared = store.read_sync(both, {"customer_id": customer_id})
        assert len(ordinary) == 1
        assert prepared == ordinary
        assert [type(value) for value in prepared[0].values()] == [type(v) for v in ordinary[0].values()]


def test_commands_and_requests_read_alike(store: Store) -> None:
    assert store.read_sync(one) == [{"one": 1}]
    assert serving(store, lambda: store.read(one)) == [{"one": 1}]


def test_listeners_hear_of_prepared_reads(store: Store) -> None:
    assert serving(store, lambda: store.read(one)) == [{"one": 1}]
    told: list[str] = []
    store.on_statement(told.append)
    assert serving(store, lambda: store.read(one)) == [{"one": 1}]
    assert told == ["SELECT 1 AS one"]


def test_errors_are_sqlalchemys(store: Store) -> None:
    wrong = PreparedSelect(select(literal_column("no_such_column")))

    async def go() -> None:
        for _ in range(2):
            with pytest.raises(exc.DBAPIError) as caught:
                await store.read(lambda tx: wrong.rows(tx, {}))
            assert not caught.value.connection_invalidated
            assert await store.read(one) == [{"one": 1}]

    serving(store, go)


@only_postgres
def test_what_the_server_refuses_for_its_own_reasons_is_503(store: Store) -> None:
    slow = PreparedSelect(select(func.pg_sleep(5).label("slept")))

    def read(tx: Connection) -> None:
        tx.exec_driver_sql("SET statement_timeout = 50")
        slow.rows(tx, {})

    async def go() -> None:
        with pytest.raises(UnavailableError):
            await store.read(read)

    serving(store, go)


@only_postgres
def test_lost_connections_cost_nothing(store: Store, database_url: str) -> None:
    async def go() -> None:
        await asyncio.gather(*(store.read(one) for _ in range(3)))
        hang_up_on_everyone(database_url)
        assert await store.read(one) == [{"one": 1}]

    serving(store, go)


@only_postgres
def test_a_read_that_is_given_up_leaves_no_connection_in_use(store: Store) -> None:
    slow = PreparedSelect(select(func.pg_sleep(5).label("slept")))

    async def go() -> None:
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(store.read(lambda tx: slow.rows(tx, {})), 0.1)
            assert await store.read(one) == [{"one": 1}]

    serving(store, go)
