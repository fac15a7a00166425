"""Keyset pages against a plain Python sort, in either direction, the first key null or not."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from app.store.engine import Store
from app.store.paging import SortKey, fetch
from app.store.types import Id, Instant, Key, from_micros, new_id

rows_table = Table(
    "paged_rows",
    MetaData(),
    Column("id", Id, primary_key=True),
    Column("number", Integer),
    Column("name", Key),
    Column("at", Instant),
    prefixes=["TEMPORARY"],
)
WORDS = st.sampled_from(["", "a", "B", "b", "ab", "ç", "ı", "i", "ə", "Z", "\uffff", "\U0001f600"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(-2, 2),
            "name": st.none() | WORDS,
            "at": st.none() | st.integers(-2, 2).map(from_micros),
        }
    ),
    max_size=15,
)
KEYS = st.none() | st.sampled_from(["number", "name", "at"])
Order = Sequence[tuple[str, bool]]


def as_sorted(rows: list[dict[str, Any]], order: Order) -> list[dict[str, Any]]:
    """Sorted by each key in turn, nulls last in either direction, as the list promises."""
    for name, descending in reversed(order):  # sorts are stable, in reverse too
        known = [row for row in rows if row[name] is not None]
        unknown = [row for row in rows if row[name] is None]
        rows = sorted(known, key=lambda row: row[name], reverse=descending) + unknown
    return rows


def walk(tx: Connection, order: Order, limit: int, *, between: Any = lambda: None) -> list[list[Any]]:
    """The ids on each page, from the first to the last."""
    keys = [
        SortKey(rows_table.c[name], descending=descending, nullable=name != "id")
        for name, descending in order
    ]
    pages, after = [], None
    while True:
        page = fetch(tx, select(rows_table), keys, limit=limit, after=after)
        pages.append([row["id"] for row in page.rows])
        if page.after is None:
            return pages
        after = page.after
        between()


def with_rows(store: Store, rows: list[dict[str, Any]], check: Any) -> None:
    """Run ``check(tx)`` over a temporary table of ``rows``."""

    def run(tx: Connection) -> None:
        rows_table.create(tx)
        try:
            if rows:
                tx.execute(insert(rows_table), rows)
            check(tx)
        finally:
            rows_table.drop(tx)

    store.write_sync(run)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, KEYS, st.booleans(), st.integers(1, 6))
def test_the_pages_together_are_the_sorted_list(
    store: Store, given_rows: list[dict[str, Any]], key: str | None, descending: bool, limit: int
) -> None:
    order = [(name, descending) for name in (key, "id") if name is not None]
    rows = [{"id": new_id(), **row} for row in given_rows]

    def check(tx: Connection) -> None:
        pages = walk(tx, order, limit)
        assert [one for page in pages for one in page] == [row["id"] for row in as_sorted(rows, order)]
        assert all(len(page) == limit for page in pages[:-1])
        assert len(pages) == max(
            1, -(-len(rows) // limit)
        )  # a full last page is not followed by an empty one

    with_rows(store, rows, check)


@pytest.mark.parametrize(
    "order",
    [[("number", True), ("id", True)], [("number", False), ("id", False)], [("id", False)], [("id", True)]],
)
def test_rows_that_come_in_between_neither_hide_nor_repeat_others(store: Store, order: Order) -> None:
    rows = [{"id": new_id(), "number": number % 3, "name": None, "at": None} for number in range(10)]

    def check(tx: Connection) -> None:
        added = 0

        def someone_adds_rows() -> None:
            nonlocal added
            if added < 3:  # at the end of the list they would make it endless
                added += 1
                more = [
                    {"id": new_id(), "number": number, "name": None, "at": None} for number in (0, 2, None)
                ]
                tx.execute(insert(rows_table), more)

        pages = walk(tx, order, 2, between=someone_adds_rows)
        seen = [one for page in pages for one in page]
        assert added == 3
        assert len(seen) == len(set(seen))
        assert {row["id"] for row in rows} <= set(seen)

    with_rows(store, rows, check)
