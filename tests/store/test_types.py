"""What goes into a column comes out of it, alike on both databases."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import StatementError

from app.store.engine import Store
from app.store.tables import Event, IdempotencyKey
from app.store.types import from_micros, new_id, now, to_micros

quickly = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2080, 1, 1), timezones=OFFSETS)  # noqa: DTZ001
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def event(**members: Any) -> dict[str, Any]:
    return {"id": new_id(), "at": now(), "type": "test", "object_id": "-", "data": {}, **members}


def stored(store: Store, row: dict[str, Any]) -> Any:
    """The row as it comes back."""

    def round_trip(tx: Connection) -> Any:
        tx.execute(insert(Event), [row])
        return tx.execute(select(Event.__table__).where(Event.id == row["id"])).one()

    return store.write_sync(round_trip)


@quickly
@given(INSTANTS)
def test_instants_keep_their_microseconds_and_come_back_in_utc(store: Store, at: datetime) -> None:
    found = stored(store, event(at=at)).at
    assert found == at
    assert found.utcoffset() == timedelta(0)
    assert found.microsecond == at.microsecond


@given(INSTANTS)
def test_microseconds_since_1970_and_back(at: datetime) -> None:
    assert from_micros(to_micros(at)) == at


def test_instants_are_compared_and_sorted_as_instants(store: Store) -> None:
    first = datetime(2026, 3, 10, 23, 59, 59, 999_999, tzinfo=UTC)
    second = datetime(2026, 3, 11, 3, 0, 0, 0, tzinfo=timezone(timedelta(hours=3)))  # 1 µs later
    assert second - first == timedelta(microseconds=1)
    for at in (second, first):
        stored(store, event(at=at))

    def found(tx: Connection) -> tuple[list[datetime], int]:
        later = tx.execute(select(Event.id).where(Event.at > first)).all()
        return list(tx.execute(select(Event.at).order_by(Event.at)).scalars()), len(later)

    assert store.read_sync(found) == ([first, second], 1)


def test_an_instant_without_a_zone_is_a_programming_error(store: Store) -> None:
    with pytest.raises(StatementError, match="needs a time zone"):
        stored(store, event(at=datetime(2026, 3, 10)))  # noqa: DTZ001


def test_ids_come_back_as_they_are_and_sort_by_the_time_they_were_made(store: Store) -> None:
    made = [new_id() for _ in range(20)]
    for customer_id in reversed(made):
        assert stored(store, event(id=customer_id, customer_id=customer_id)).customer_id == customer_id
    assert {one.version for one in made} == {7}
    assert store.read_sync(lambda tx: list(tx.execute(select(Event.id).order_by(Event.id)).scalars())) == made


@quickly
@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_json_keeps_the_order_of_members_and_the_spelling_of_numbers(
    store: Store, data: dict[str, Any]
) -> None:
    # Compared as text: to Python 1 == 1.0 == True, and dicts are equal in any order.
    assert json.dumps(stored(store, event(data=data)).data) == json.dumps(data)


def test_nothing_is_null_and_not_the_json_null(store: Store) -> None:
    key = {"key": b"k" * 32, "fingerprint": b"f" * 32, "created_at": now(), "headers": None}

    def count(tx: Connection) -> int:
        tx.execute(insert(IdempotencyKey), [key])
        return len(tx.execute(select(IdempotencyKey.key).where(IdempotencyKey.headers.is_(None))).all())

    assert store.write_sync(count) == 1
