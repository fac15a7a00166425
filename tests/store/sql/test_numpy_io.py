"""Columns in bulk on both databases: ids, instants and local days as Python has them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from sqlalchemy import Connection, select

from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.common.days import day_shifts, local_days
from app.store.engine import Store
from app.store.sql import numpy_io
from app.store.sql.local_days import local_day
from app.store.tables import Customer, Transaction
from app.store.types import to_micros

# Every hour and some odd seconds of days on which clocks change somewhere, and of days long ago.
STARTS = [
    datetime(1912, 6, 1, tzinfo=UTC),
    datetime(1969, 12, 30, tzinfo=UTC),
    datetime(2007, 3, 10, tzinfo=UTC),
    datetime(2015, 10, 24, tzinfo=UTC),
    datetime(2015, 11, 7, tzinfo=UTC),
    datetime(2016, 3, 26, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
]


def seed(tx: Connection, actor: Actor) -> list[datetime]:
    owner = factories.customer(tx, actor)
    instants = [
        start + timedelta(hours=hour, microseconds=edge)
        for start in STARTS
        for hour in range(72)
        for edge in (-1, 0, 1_234_567)
    ]
    for at in instants:
        factories.purchases(tx, actor, owner, [1], at=at)
    return instants


@pytest.mark.parametrize(
    "zone", ["Europe/Istanbul", "Asia/Baku", "America/New_York", "America/St_Johns", "UTC"]
)
def test_local_days_in_sql_are_those_in_python(store: Store, actor: Actor, zone: str) -> None:
    instants = store.write_sync(seed, actor)
    company = Company(time_zone=zone)
    shifts = day_shifts(min(instants), max(instants), company)

    def days(tx: Connection) -> list[Any]:
        at, day = numpy_io.micros(tx, Transaction.occurred_at), local_day(tx, Transaction.occurred_at, shifts)
        return numpy_io.read(tx, select(at, day).order_by(Transaction.occurred_at), [np.int64, np.int64])

    micros, found = store.read_sync(days)
    assert micros.tolist() == sorted(to_micros(at) for at in instants)
    assert found.tolist() == local_days(micros, company).tolist()


def test_ids_survive_the_journey(store: Store, actor: Actor) -> None:
    made = [store.write_sync(factories.customer, actor, f"Customer {number}") for number in range(20)]
    made.append(UUID("01930a3e-2f6b-7c11-9a52-0d9c1f8f0000"))  # ends in zero bytes, and is nobody's
    ids = numpy_io.id_array([one.bytes for one in sorted(made)])
    assert numpy_io.raw_ids(ids) == sorted(made)

    def known(tx: Connection, wanted: numpy_io.Ids) -> list[UUID]:
        statement = select(numpy_io.raw_id(tx, Customer.id)).where(numpy_io.id_in(tx, Customer.id, wanted))
        return numpy_io.raw_ids(numpy_io.read(tx, statement.order_by(Customer.id), ["S16"])[0])

    assert store.read_sync(known, ids) == sorted(made[:20])
    assert store.read_sync(known, ids[3:7]) == [one for one in sorted(made)[3:7] if one in made[:20]]
    assert store.read_sync(known, ids[:0]) == []


def test_dates_are_numbers_of_days(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customer, actor, "Born", born_on="1969-12-31")
    store.write_sync(factories.customer, actor, "Unknown")

    def days(tx: Connection) -> list[Any]:
        statement = select(numpy_io.days(tx, Customer.born_on, -99)).order_by(Customer.created_at)
        return numpy_io.read(tx, statement, [np.int64])

    assert store.read_sync(days)[0].tolist() == [-1, -99]
