"""Sales that a source sends again with other values: refused, or corrected by ``update``; and taken back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from import_helpers import lines, mapping, refused, take_in
from sqlalchemy import func, select

from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.schemas.activity.transactions import TransactionUpdate
from app.schemas.recovery.transfers import TransferCreate
from app.services.activity import transactions
from app.services.imports import imports
from app.services.recovery import transfers
from app.services.scoring import run_facts
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer, Event, ImportChange, Transaction

Row = dict[str, Any]
AT = "2026-03-10T12:00:00Z"
COLUMNS = {
    "external_id": "id",
    "customer_key": "who",
    "amount": "sum",
    "currency": "=TRY",
    "occurred_at": "at",
}


def send(
    store: Store, actor: Actor, *rows: str, update: bool = True, dry_run: bool = False, **more: Any
) -> Row:
    members = {"create_missing": True, "update": update, **more}
    return take_in(store, actor, lines(rows), mapping(**members), dry_run=dry_run)


def tally(row: Row) -> tuple[int, int, int, int]:
    """Rows stored, updated, repeated and refused."""
    return row["rows_stored"], row["rows_updated"], row["rows_repeated"], row["rows_refused"]


def sales(store: Store) -> list[Row]:
    statement = select(Transaction.__table__).order_by(Transaction.external_id)
    return [dict(row) for row in store.read_sync(lambda tx: tx.execute(statement).mappings().all())]


def amounts(store: Store) -> list[int]:
    return [row["amount_minor"] for row in sales(store)]


def revert(store: Store, actor: Actor, row: Row) -> None:
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])


def correct(store: Store, actor: Actor, sale: Row, **members: Any) -> None:
    data = TransactionUpdate.model_validate(members)
    store.write_sync(transactions.update_one, actor, sale["id"], data, None)


@pytest.fixture(params=[20_000, 1])
def _batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rows in one batch, or each in one of its own."""
    monkeypatch.setattr(file_layout, "BATCH_LINES", request.param)


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.usefixtures("_batches")
def test_of_one_key_the_first_row_of_the_file_counts(store: Store, actor: Actor, dry_run: bool) -> None:
    send(store, actor, f"1,A,10,{AT}", f"2,A,20,{AT}", f"3,A,30,{AT}")
    again = [
        f"1,A,11,{AT}",  # corrected
        f"1,A,11,{AT}",  # the same once more
        f"1,A,10,{AT}",  # says what is stored, and not what the file said
        f"2,A,20,{AT}",  # as it is stored
        f"2,A,21,{AT}",
        f"4,A,40,{AT}",  # new
        f"4,A,41,{AT}",
        f"4,A,40,{AT}",
    ]
    row = send(store, actor, *again, dry_run=dry_run)
    assert tally(row) == (1, 1, 3, 3)
    assert refused(store, actor, row) == [(line, "conflicting_duplicate") for line in (4, 6, 8)]
    assert amounts(store) == ([1000, 2000, 3000] if dry_run else [1100, 2000, 3000, 4000])


def test_without_the_flag_other_values_are_refused_and_the_refusal_names_it(
    store: Store, actor: Actor
) -> None:
    send(store, actor, f"1,A,10,{AT}", update=False)
    row = send(store, actor, f"1,A,11,{AT}", update=False)
    assert tally(row) == (0, 0, 0, 1)
    [one] = store.read_sync(imports.refused_after, actor, row["id"], 0, 10)
    assert "update=true" in one["detail"].format(**one["values"], column=one["column"])
    assert amounts(store) == [1000]


def test_a_sale_to_somebody_else_is_another_sale(store: Store, actor: Actor) -> None:
    send(store, actor, f"1,A,10,{AT}")
    row = send(store, actor, f"1,B,11,{AT}", f"2,A,20,{AT}")
    assert tally(row) == (1, 0, 0, 1)
    [one] = store.read_sync(imports.refused_after, actor, row["id"], 0, 10)
    assert one["column"] == "customer_key"
    assert "update" not in one["detail"]
    assert amounts(store) == [1000, 2000]


def test_every_value_is_corrected_with_a_trace(store: Store, actor: Actor) -> None:
    columns = {
        **COLUMNS,
        "currency": "cur",
        "kind": "kind",
        "category": "cat",
        "channel": "ch",
        "cost": "cost",
    }
    head = "id,who,sum,at,cur,kind,cat,ch,cost\n"
    read = mapping(columns=columns, create_missing=True, update=True)
    take_in(store, actor, f"{head}1,A,10,{AT},TRY,purchase,toys,web,4\n".encode(), read)
    [before] = sales(store)
    row = take_in(store, actor, f"{head}1,A,7,2026-03-11T12:00:00Z,EUR,refund,books,app,3\n".encode(), read)
    assert tally(row) == (0, 1, 0, 0)
    [after] = sales(store)
    wanted = (
        "kind",
        "amount_minor",
        "currency",
        "occurred_at",
        "category",
        "channel",
        "cost_minor",
        "version",
    )
    at = datetime(2026, 3, 11, 12, tzinfo=UTC)
    assert [after[name] for name in wanted] == ["refund", -700, "EUR", at, "books", "app", -300, 2]
    assert after["import_id"] == before["import_id"]
    assert after["changed_at"] is not None
    members = ["amount", "category", "channel", "cost", "kind", "occurred_at"]
    entry = select(AuditEntry.members).where(AuditEntry.action == "transaction.updated")
    assert store.read_sync(lambda tx: tx.execute(entry).scalars().all()) == [members]
    event = select(Event.object_id, Event.customer_id, Event.data).where(Event.type == "transaction.updated")
    [told] = store.read_sync(lambda tx: tx.execute(event).all())
    assert (told.object_id, told.customer_id) == (str(after["id"]), after["customer_id"])
    assert told.data["import_id"] == str(row["id"])
    revert(store, actor, row)
    [back] = sales(store)
    names = wanted[:-1]
    assert [back[name] for name in names] == [before[name] for name in names]
    assert tally(take_in(store, actor, f"{head}1,A,10,{AT},TRY,purchase,toys,web,4\n".encode(), read))[2] == 1


def test_what_a_row_leaves_out_stays(store: Store, actor: Actor) -> None:
    columns = {**COLUMNS, "category": "cat"}
    file = f"id,who,sum,at,cat\n1,A,10,{AT},toys\n".encode()
    take_in(store, actor, file, mapping(columns=columns, create_missing=True))
    assert tally(send(store, actor, f"1,A,10,{AT}")) == (0, 0, 1, 0)
    assert tally(send(store, actor, f"1,A,12,{AT}")) == (0, 1, 0, 0)
    [sale] = sales(store)
    assert (sale["category"], sale["amount_minor"]) == ("toys", 1200)


@pytest.mark.parametrize("update", [True, False])
def test_a_correction_made_here_stays_until_the_source_says_something_new(
    store: Store, actor: Actor, update: bool
) -> None:
    send(store, actor, f"1,A,10,{AT}", update=update)
    [sale] = sales(store)
    correct(store, actor, sale, amount={"amount": "15.00", "currency": "TRY"})
    assert tally(send(store, actor, f"1,A,10,{AT}", f"2,A,20,{AT}", update=update)) == (1, 0, 1, 0)
    assert amounts(store) == [1500, 2000]
    row = send(store, actor, "1,A,10,2026-03-12T12:00:00Z", update=update)
    assert tally(row) == ((0, 1, 0, 0) if update else (0, 0, 0, 1))
    assert amounts(store) == [1500, 2000]
    row = send(store, actor, "1,A,11,2026-03-12T12:00:00Z", update=update)
    assert amounts(store) == ([1100, 2000] if update else [1500, 2000])


def test_a_sale_that_was_moved_stays_with_its_customer(store: Store, actor: Actor) -> None:
    send(store, actor, f"1,A,10,{AT}", f"2,B,20,{AT}")
    one, two = sales(store)
    moved = TransferCreate(customer_id=two["customer_id"], reason="Wrong account")
    store.write_sync(transfers.move_transaction, actor, one["id"], moved)
    assert tally(send(store, actor, f"1,A,10,{AT}", f"3,B,5,{AT}")) == (1, 0, 1, 0)
    assert tally(send(store, actor, f"1,B,12,{AT}")) == (0, 1, 0, 0)
    row = send(store, actor, f"1,A,13,{AT}")
    assert tally(row) == (0, 0, 0, 1)
    assert sales(store)[0]["customer_id"] == two["customer_id"]


def test_a_reversal_leaves_what_was_changed_since(store: Store, actor: Actor) -> None:
    send(store, actor, *(f"{n},A,1{n},{AT}" for n in range(4)))
    row = send(store, actor, *(f"{n},A,2{n},{AT}" for n in range(4)), f"9,A,99,{AT}")
    assert tally(row) == (1, 4, 0, 0)
    correct(store, actor, sales(store)[0], amount={"amount": "50.00", "currency": "TRY"})
    correct(store, actor, sales(store)[1], category="toys")
    revert(store, actor, row)
    found = sales(store)
    assert [sale["amount_minor"] for sale in found] == [5000, 1100, 1200, 1300]
    assert found[1]["category"] == "toys"
    left = store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(ImportChange)).scalar_one())
    assert left == 0
    assert tally(send(store, actor, *(f"{n},A,2{n},{AT}" for n in range(4)))) == (0, 4, 0, 0)


def test_the_rows_of_a_group_are_counted_as_updated(store: Store, actor: Actor) -> None:
    grouped: Row = {"group_by": "id", "columns": {n: s for n, s in COLUMNS.items() if n != "external_id"}}
    send(store, actor, f"1,A,10,{AT}", f"1,A,5,{AT}", **grouped)
    row = send(store, actor, f"1,A,10,{AT}", f"1,A,6,{AT}", f"1,A,1,{AT}", **grouped)
    assert (tally(row), row["records_stored"]) == ((0, 3, 0, 0), 0)
    assert amounts(store) == [1700]


def test_scoring_reads_a_corrected_sale_again(store: Store, actor: Actor) -> None:
    send(store, actor, f"1,A,10,{AT}", f"2,B,20,{AT}")
    first = store.read_sync(run_facts.read, RunSpec(date(2026, 4, 1), Parameters("TRY"), actor.company))
    versions = select(Customer.version).order_by(Customer.id)
    row = send(store, actor, f"1,A,11,{AT}", f"2,B,20,{AT}")
    assert sorted(store.read_sync(lambda tx: tx.execute(versions).scalars().all())) == [1, 2]
    second = store.read_sync(run_facts.read, RunSpec(date(2026, 4, 1), Parameters("TRY"), actor.company))
    assert any((first.columns[name] != second.columns[name]).any() for name in first.columns)
    revert(store, actor, row)
    assert sorted(store.read_sync(lambda tx: tx.execute(versions).scalars().all())) == [1, 3]
