"""Files without keys that hold the rows of earlier files again: each sale counts once."""

import gzip
from typing import Any

import pytest
from import_helpers import counts, lines, mapping, take_in, totals

from app.domain.access import Actor
from app.jobs import import_files
from app.store.engine import Store

ROWS = [f"x,M1,{amount},2026-01-0{day}" for day, amount in ((2, "10.00"), (3, "20.00"), (4, "30.00"))]


def keyless(**members: Any) -> Any:
    columns = {
        "external_id": "=row",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
    }
    return mapping(columns=columns, create_missing=True, **members)


def test_a_month_to_date_file_brings_only_what_is_new(store: Store, actor: Actor) -> None:
    for count in (1, 2, 3):
        row = take_in(store, actor, lines(ROWS[:count]), keyless())
        assert counts(row) == (count, 1, count - 1, 0)
        assert row["rows_alike"] == count - 1
    assert totals(store) == (3, 6000, 1)


@pytest.mark.parametrize(
    "again",
    [
        lambda file: file.replace(b"\n", b"\r\n"),
        lambda file: gzip.compress(file, 9),
        lambda file: gzip.compress(file, 1),
        lambda file: b"\xef\xbb\xbf" + file,
        lambda file: file.replace(b"10.00", b"10.0"),
        lambda file: file + b"\n",
    ],
)
def test_a_file_saved_in_another_way_brings_nothing(store: Store, actor: Actor, again: Any) -> None:
    file = lines(ROWS)
    take_in(store, actor, file, keyless())
    row = take_in(store, actor, again(file), keyless())
    assert (counts(row), row["rows_alike"]) == ((3, 0, 3, 0), 3)
    assert totals(store)[1] == 6000


def test_equal_sales_of_one_file_all_count(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "BATCH_LINES", 2)
    assert counts(take_in(store, actor, lines([ROWS[0]] * 3), keyless())) == (3, 3, 0, 0)
    row = take_in(store, actor, lines([ROWS[0]] * 5 + ROWS[1:]), keyless())
    assert (counts(row), row["rows_alike"]) == ((7, 4, 3, 0), 3)
    assert totals(store) == (7, 5 * 1000 + 5000, 1)


@pytest.mark.parametrize(
    ("row", "source"),
    [
        ("x,M2,10.00,2026-01-02", "pos"),
        ("x,M1,10.01,2026-01-02", "pos"),
        ("x,M1,10.00,2026-01-02 00:00:01", "pos"),
        ("x,M1,10.00,2026-01-02", "other-till"),
    ],
)
def test_what_differs_is_another_sale(store: Store, actor: Actor, row: str, source: str) -> None:
    take_in(store, actor, lines(ROWS), keyless())
    found = take_in(store, actor, lines([row]), keyless(source=source))
    assert (counts(found), found["rows_alike"]) == ((1, 1, 0, 0), 0)


def test_sales_with_keys_of_their_own_are_not_looked_at(store: Store, actor: Actor) -> None:
    take_in(store, actor, lines(["A1,M1,10.00,2026-01-02"]), mapping(create_missing=True))
    assert counts(take_in(store, actor, lines(ROWS), keyless())) == (3, 3, 0, 0)


def test_a_dry_run_tells_the_same_and_stores_nothing(store: Store, actor: Actor) -> None:
    take_in(store, actor, lines(ROWS[:2]), keyless())
    for _ in range(2):
        row = take_in(store, actor, lines(ROWS), keyless(), dry_run=True)
        assert (counts(row), row["rows_alike"]) == ((3, 1, 2, 0), 2)
    assert totals(store)[0] == 2
