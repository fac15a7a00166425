"""Files without keys that hold the rows of earlier files again: each sale counts once."""

import gzip
from typing import Any

import factories
import pytest
from import_helpers import (
    RECORD_COLUMNS,
    counts,
    lines,
    mapping,
    record_lines,
    record_mapping,
    record_totals,
    set_up_survey,
    take_in,
    totals,
)
from sqlalchemy import select

from app.domain.common.access import Actor
from app.jobs.imports import file_layout
from app.schemas.surveys.surveys import SurveyVersionCreate
from app.services.surveys import surveys
from app.store.engine import Store
from app.store.tables import Complaint, Survey

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
    monkeypatch.setattr(file_layout, "BATCH_LINES", 2)
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


# --- interactions, complaints and responses

AT = "2026-03-10T12:00:00Z"
RECORDS = [f"x,C{n % 3},2026-03-1{n}T12:00:00Z,{n},Talk {n}," for n in range(5)]
KINDS = ["interactions", "complaints", "responses"]


def keyless_records(kind: str, **members: Any) -> Any:
    columns = record_mapping(kind).columns
    return record_mapping(kind, columns={**columns, "external_id": "=row"}, **members)


def send(store: Store, actor: Actor, kind: str, *rows: str, dry_run: bool = False, **members: Any) -> Any:
    return take_in(store, actor, record_lines(rows), keyless_records(kind, **members), dry_run=dry_run)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dry_run", [False, True])
def test_records_of_a_month_to_date_file_come_once(
    store: Store, actor: Actor, kind: str, dry_run: bool
) -> None:
    set_up_survey(store, actor)
    send(store, actor, kind, *RECORDS[:3])
    row = send(store, actor, kind, *RECORDS, dry_run=dry_run)
    assert (counts(row), row["rows_alike"]) == ((5, 2, 3, 0), 3)
    assert record_totals(store, kind)[0] == (3 if dry_run else 5)
    if not dry_run:
        again = send(store, actor, kind, *reversed(RECORDS))
        assert (counts(again), again["rows_alike"]) == ((5, 0, 5, 0), 5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines_of_batch", [500, 2])
def test_equal_records_count_as_often_as_they_were_brought(
    store: Store, actor: Actor, kind: str, lines_of_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_survey(store, actor)
    monkeypatch.setattr(file_layout, "RECORD_LINES", lines_of_batch)
    assert counts(send(store, actor, kind, *[RECORDS[0]] * 3)) == (3, 3, 0, 0)
    row = send(store, actor, kind, *[RECORDS[0]] * 5, RECORDS[1])
    assert (counts(row), row["rows_alike"]) == ((6, 3, 3, 0), 3)
    assert record_totals(store, kind)[0] == 6


@pytest.mark.parametrize("kind", KINDS)
def test_another_source_and_records_with_keys_are_not_alike(store: Store, actor: Actor, kind: str) -> None:
    set_up_survey(store, actor)
    take_in(store, actor, record_lines(RECORDS[:1]), record_mapping(kind))
    assert send(store, actor, kind, *RECORDS[:2])["rows_stored"] == 2
    row = send(store, actor, kind, *RECORDS[:3], source="other")
    assert (row["rows_stored"], row["rows_alike"]) == (3, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_says_something_else_is_another_record(store: Store, actor: Actor, kind: str) -> None:
    set_up_survey(store, actor)
    send(store, actor, kind, RECORDS[0])
    for other in (f"x,C9,{AT[:8]}10T12:00:00Z,0,Talk 0,", f"x,C0,{AT},0,Talk zero,"):
        row = send(store, actor, kind, other)
        assert (row["rows_stored"], row["rows_alike"]) == (1, 0)


def test_a_complaint_without_a_key_that_was_closed_meanwhile_is_changed(store: Store, actor: Actor) -> None:
    open_ones = [f"x,C1,{AT},1,Late parcel,", f"x,C1,{AT},1,Late parcel,"]
    send(store, actor, "complaints", *open_ones)
    closed = f"x,C1,{AT},1,Late parcel,2026-03-12T12:00:00Z"
    row = send(store, actor, "complaints", closed, open_ones[0])
    assert (counts(row), row["rows_updated"], row["rows_alike"]) == ((2, 0, 1, 0), 1, 1)
    states = select(Complaint.state).order_by(Complaint.state)
    assert store.read_sync(lambda tx: tx.execute(states).scalars().all()) == ["closed", "open"]
    again = send(store, actor, "complaints", open_ones[0], closed, "x,C1,2026-03-20,1,Late parcel,")
    assert (counts(again), again["rows_alike"]) == ((3, 1, 2, 0), 2)


def test_a_new_version_of_the_survey_makes_no_other_answers(store: Store, actor: Actor) -> None:
    set_up_survey(store, actor)
    columns = {**RECORD_COLUMNS["responses"], "external_id": "=row"}
    first = record_mapping("responses", columns={**columns, "survey_version": "=1"})
    take_in(store, actor, record_lines(RECORDS[:2]), first)
    asked = [factories.question(), factories.question("remark", "text")]
    survey_id = store.read_sync(lambda tx: tx.execute(select(Survey.id)).scalar_one())
    version = SurveyVersionCreate.model_validate({"questions": asked})
    store.write_sync(surveys.add_version, actor, survey_id, version, None)
    second = record_mapping("responses", columns={**columns, "survey_version": "=2"})
    assert counts(take_in(store, actor, record_lines(RECORDS[:3]), second)) == (3, 1, 2, 0)


def test_nobodys_calls_are_told_apart_by_all_that_is_said(store: Store, actor: Actor) -> None:
    calls = [f"x,,{AT},{seconds},Talk," for seconds in (5, 6)]
    send(store, actor, "interactions", calls[0])
    row = send(store, actor, "interactions", *calls)
    assert (row["rows_stored"], row["rows_alike"]) == (1, 1)
