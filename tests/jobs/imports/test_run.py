"""Taking files in, on both databases: every row counted once, whatever happens in between."""

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from import_helpers import Row, begin, counts, lines, many, mapping, refused, take_in, totals
from sqlalchemy import select, update

from app.domain.common.access import Actor
from app.domain.imports.states import ImportState
from app.errors import ConflictError
from app.jobs import registry
from app.jobs.imports import file_layout
from app.jobs.imports import run as work
from app.jobs.imports.text_decoding import ImportFileError
from app.jobs.registry import Context
from app.services.imports import imports
from app.services.platform import jobs
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer, Event, Import, ImportChunk, ImportTrial, Transaction


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> int:
    """Files come in batches of ten lines."""
    monkeypatch.setattr(file_layout, "BATCH_LINES", 10)
    return 10


def stored(store: Store) -> list[Any]:
    found = store.read_sync(
        lambda tx: tx.execute(select(Transaction.__table__).order_by(Transaction.external_id)).all()
    )
    return list(found)


def row_of(store: Store, import_id: UUID) -> Row:
    found = store.read_sync(
        lambda tx: tx.execute(select(Import.__table__).where(Import.id == import_id)).mappings().one()
    )
    return dict(found)


# --- what is stored


def test_a_row_becomes_a_transaction_of_the_customer_with_its_key(store: Store, actor: Actor) -> None:
    read = mapping(
        columns={
            "external_id": "no",
            "customer_key": "who",
            "kind": "kind",
            "amount": "sum",
            "currency": "cur",
            "occurred_at": "at",
            "category": "cat",
            "channel": "=store",
            "cost": "cost",
        },
        create_missing=True,
    )
    header = "no,who,kind,sum,cur,at,cat,cost"
    file = f"{header}\nR1,Ç-1,refund,12.30,EUR,2026-03-10 12:00:00.000001,ayakkabı,5\n".encode()
    row = take_in(store, actor, file, read)
    [one] = stored(store)
    [customer] = store.read_sync(lambda tx: tx.execute(select(Customer.id, Customer.external_ids)).all())
    assert one.customer_id == customer.id
    assert customer.external_ids == [{"system": "crm", "key": "Ç-1"}]
    assert (one.source, one.external_id, one.kind, one.currency) == ("pos", "R1", "refund", "EUR")
    assert (one.amount_minor, one.cost_minor, one.category, one.channel) == (-1230, -500, "ayakkabı", "store")
    assert one.occurred_at == datetime(2026, 3, 10, 12, 0, 0, 1, tzinfo=UTC)
    assert (one.import_id, one.id.version) == (row["id"], 7)
    assert row["created_at"] <= one.recorded_at


def test_every_row_is_stored_repeated_or_refused(store: Store, actor: Actor, small_batches: int) -> None:
    rows = [f"T{n},C{n % 3},{n}.50,2026-03-10T12:00:00Z" for n in range(25)]
    rows[3] = "T3,,1,2026-03-10T12:00:00Z"
    rows[7] = "T7,C1,much,2026-03-10T12:00:00Z"
    rows[20] = rows[1]  # the same again, in another batch
    rows[21] = "T2,C0,99,2026-03-10T12:00:00Z"  # another purchase under a key that is taken
    row = take_in(store, actor, lines(rows))
    assert counts(row) == (25, 21, 1, 3)
    assert row["refused_by_reason"] == {
        "amount_unreadable": 1,
        "conflicting_duplicate": 1,
        "customer_missing": 1,
    }
    assert refused(store, actor, row) == [
        (5, "customer_missing"),
        (9, "amount_unreadable"),
        (23, "conflicting_duplicate"),
    ]
    assert (row["state"], row["next_batch"], row["customers_created"]) == ("done", 3, 3)
    assert totals(store)[0] == 21


def test_the_same_file_again_changes_nothing(store: Store, actor: Actor) -> None:
    file = many(50)
    take_in(store, actor, file)
    before = stored(store)
    again = take_in(store, actor, file)
    assert counts(again) == (50, 0, 50, 0)
    assert again["customers_created"] == 0
    assert stored(store) == before


def test_a_row_that_contradicts_what_is_stored_is_refused(store: Store, actor: Actor) -> None:
    take_in(store, actor, lines(["T1,C1,5,2026-03-10T12:00:00Z", "T2,C1,5,2026-03-10T12:00:00Z"]))
    before = stored(store)
    other = [
        "T1,C1,5.01,2026-03-10T12:00:00Z",
        "T2,C2,5,2026-03-10T12:00:00Z",
        "T3,C1,5,2026-03-10T12:00:00Z",
    ]
    row = take_in(store, actor, lines(other))
    assert counts(row) == (3, 1, 0, 2)
    assert refused(store, actor, row) == [(2, "conflicting_duplicate"), (3, "conflicting_duplicate")]
    assert [one for one in stored(store) if one.external_id != "T3"] == before


def test_unknown_customers_are_refused_unless_they_are_to_be_created(store: Store, actor: Actor) -> None:
    take_in(store, actor, many(2, customers=2))
    row = take_in(store, actor, many(4, customers=4, start=4), mapping())
    assert counts(row) == (4, 2, 0, 2)
    assert refused(store, actor, row) == [(4, "unknown_customer"), (5, "unknown_customer")]
    row = take_in(store, actor, many(4, customers=4, start=4))
    assert counts(row) == (4, 2, 2, 0)
    assert row["customers_created"] == 2


def test_a_prospect_who_buys_becomes_active(store: Store, actor: Actor) -> None:
    take_in(store, actor, many(2, customers=2))

    def make_prospects(tx: Any) -> None:
        tx.execute(update(Customer).values(lifecycle="prospect"))

    store.write_sync(make_prospects)
    read = mapping(kind_rules=["id=R1:refund"])
    take_in(store, actor, lines(["P1,C0,5,2026-03-10T12:00:00Z", "R1,C1,5,2026-03-10T12:00:00Z"]), read)
    found = store.read_sync(lambda tx: tx.execute(select(Customer.external_ids, Customer.lifecycle)).all())
    assert {row.external_ids[0]["key"]: row.lifecycle for row in found} == {"C0": "active", "C1": "prospect"}


def test_a_caller_limited_to_units_buys_for_their_customers_only(store: Store, actor: Actor) -> None:
    take_in(store, actor, many(2, customers=2))
    limited = Actor("key:izmir", actor.scopes, units=frozenset({"izmir"}), company=actor.company)
    row = take_in(store, limited, many(3, customers=3, start=9))
    assert refused(store, actor, row) == [(2, "unknown_customer"), (3, "unknown_customer")]
    assert (row["rows_stored"], row["customers_created"]) == (1, 1)
    dry = take_in(store, limited, many(3, customers=3, start=9), dry_run=True)
    assert (counts(dry), dry["customers_created"]) == ((3, 0, 1, 2), 0)
    units = store.read_sync(lambda tx: tx.execute(select(Customer.unit)).scalars().all())
    assert sorted(units, key=str) == [None, None, "izmir"]


def test_a_batch_leaves_one_audit_row_and_one_event(store: Store, actor: Actor, small_batches: int) -> None:
    row = take_in(store, actor, many(29))
    for table, action in ((AuditEntry, AuditEntry.action), (Event, Event.type)):
        found = store.read_sync(
            lambda tx, table=table, action=action: (
                tx.execute(select(action).where(table.object_id == str(row["id"])).order_by(table.id))
                .scalars()
                .all()
            )
        )
        assert list(found) == ["import.accepted", *["import.batch_stored"] * 3, "import.done"]


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_agree_with_a_plain_reckoning(
    store: Store, actor: Actor, small_batches: int, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - the same files every time
    known: dict[str, tuple[str, str]] = {}
    for _ in range(3):
        rows, expected = [], [0, 0]
        for _ in range(rng.randrange(1, 45)):
            key, who, amount = f"T{rng.randrange(30)}", f"C{rng.randrange(3)}", str(rng.randrange(1, 3))
            rows.append(f"{key},{who},{amount},2026-03-10T12:00:00Z")
            expected[known.setdefault(key, (who, amount)) == (who, amount)] += 1
        before = totals(store)[0]
        file = lines(rows)
        dry = take_in(store, actor, file, dry_run=True)
        row = take_in(store, actor, file)
        fresh = len(known) - before
        assert counts(row) == (len(rows), fresh, expected[True] - fresh, expected[False])
        assert counts(dry) == counts(row)
        assert refused(store, actor, dry) == refused(store, actor, row)
        assert totals(store)[0] == len(known)


# --- dry runs


def test_a_dry_run_counts_the_same_and_stores_nothing(store: Store, actor: Actor, small_batches: int) -> None:
    rows = [f"T{n},C{n % 7},{n}.50,2026-03-10T12:00:00Z" for n in range(40)]
    rows[30] = rows[2]
    rows[31] = "T4,C1,99,2026-03-10T12:00:00Z"
    rows[32] = "T32,,1,2026-03-10T12:00:00Z"
    take_in(store, actor, lines(rows[5:8]))
    before = totals(store)
    dry = take_in(store, actor, lines(rows), dry_run=True)
    assert totals(store) == before
    assert store.read_sync(lambda tx: tx.execute(select(ImportTrial)).all()) == []
    real = take_in(store, actor, lines(rows))
    assert counts(dry) == counts(real) == (40, 34, 4, 2)
    assert dry["customers_created"] == real["customers_created"] == 4
    assert refused(store, actor, dry) == refused(store, actor, real)
    with pytest.raises(ConflictError):
        store.write_sync(imports.revert, actor, dry["id"])


# --- killed and resumed


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_killed_import_goes_on_where_it_was(
    store: Store, actor: Actor, small_batches: int, after: int, dry_run: bool
) -> None:
    file, read = many(49), mapping(create_missing=True)
    row = begin(store, actor, file, read, dry_run=dry_run)

    def die(row: Row, _bytes: int) -> None:
        if row["next_batch"] > after:
            raise Killed

    with pytest.raises(Killed):
        work.run(store, actor, row["id"], file, die)
    assert row_of(store, row["id"])["next_batch"] == after + 1
    assert store.read_sync(imports.find_unfinished, row["file_sha256"], read, dry_run) == row["id"]
    assert store.read_sync(imports.find_unfinished, row["file_sha256"], read, not dry_run) is None
    assert store.read_sync(imports.find_unfinished, row["file_sha256"], mapping(), dry_run) is None
    seen = []
    row = work.run(store, actor, row["id"], file, lambda row, _bytes: seen.append(row["next_batch"]))
    assert seen == list(range(after + 2, 6))
    assert counts(row) == (49, 49, 0, 0)
    assert row["customers_created"] == 5
    assert totals(store)[0] == (0 if dry_run else 49)
    assert store.read_sync(imports.find_unfinished, row["file_sha256"], read, dry_run) is None


def test_two_that_work_on_the_same_import_count_each_batch_once(
    store: Store, actor: Actor, small_batches: int
) -> None:
    file = many(49)
    row = begin(store, actor, file, mapping(create_missing=True))

    def another(now: Row, _bytes: int) -> None:
        if now["next_batch"] == 2:
            work.run(store, actor, row["id"], file, lambda _row, _bytes: None)

    with pytest.raises(ConflictError):  # the other one has ended it
        work.run(store, actor, row["id"], file, another)
    assert counts(row_of(store, row["id"])) == (49, 49, 0, 0)
    assert totals(store)[0] == 49


def test_a_command_killed_by_the_system_loses_nothing(
    settings: Settings, store: Store, actor: Actor, tmp_path: Path
) -> None:
    path = tmp_path / "big.csv.gz"
    path.write_bytes(gzip.compress(many(120_000, customers=50), 1))
    command = [
        sys.executable, "-c", "from app.cli import main; main()", "import", "transactions", str(path),
        "--column", "external_id=id", "--column", "customer_key=who", "--column", "amount=sum",
        "--column", "occurred_at=at", "--currency", "TRY", "--source", "pos", "--create-missing",
    ]  # fmt: skip
    environment = {**os.environ, "VEFA_DATABASE_URL": settings.database_url}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while (
        not (found := store.read_sync(lambda tx: tx.execute(select(Import.next_batch)).scalars().all()))
        or found[0] < 2
    ):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [row] = store.read_sync(imports.page, actor, imports.ImportQuery(), None).rows
    assert row["state"] == ImportState.RUNNING
    assert 20_000 <= row["rows_in"] < 120_000
    assert totals(store)[0] == row["rows_stored"] == row["rows_in"]
    output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert f"going on with import {row['id']}" in output.stderr
    assert "120,000 rows in = 120,000 stored + 0 repeated + 0 refused" in output.stdout
    assert totals(store)[0] == 120_000


def test_a_file_that_breaks_off_keeps_what_was_stored(store: Store, actor: Actor, small_batches: int) -> None:
    rng = random.Random(1)  # noqa: S311 - the same file every time
    rows = [f"T{n},C1,{rng.randrange(10**9)},2026-03-10T12:00:00Z" for n in range(200_000)]
    broken = gzip.compress(lines(rows), 1)[:-2000]
    row = begin(store, actor, broken, mapping(create_missing=True))

    def stop(now: Row, _bytes: int) -> None:
        if now["next_batch"] == 3:
            raise Killed

    with pytest.raises(Killed):
        work.run(store, actor, row["id"], broken, stop)

    def skip(tx: Any) -> None:
        tx.execute(update(Import).where(Import.id == row["id"]).values(next_batch=19_000))

    store.write_sync(skip)
    with pytest.raises(ImportFileError):
        work.run(store, actor, row["id"], broken, lambda _row, _bytes: None)
    after = row_of(store, row["id"])
    assert (after["state"], after["error"]) == ("failed", "The gzip data end too early.")
    assert totals(store)[0] == after["rows_stored"]
    revert(store, actor, row["id"])
    assert totals(store) == (0, 0, 0)


# --- as a job


def upload(store: Store, actor: Actor, file: bytes, size: int = 1000, **members: Any) -> Row:
    """Send a file as the API does."""
    begun = store.write_sync(imports.begin, actor, mapping(create_missing=True, **members))
    for number, start in enumerate(range(0, len(file), size)):
        store.write_sync(imports.append_chunk, begun["id"], number, file[start : start + size])
    row: Row = store.write_sync(imports.close_upload, actor, begun["id"], file_layout.digest(file), len(file))
    return row


def work_off(store: Store, settings: Settings, actor: Actor, job_id: UUID) -> int:
    """Do a job's units as a worker does; returns how many there were."""
    registry.load()
    context = Context(store, settings.company, settings)
    job = store.write_sync(jobs.start, job_id)
    assert job is not None
    unit = 0
    while not registry.KINDS[job["kind"]].advance(context, job, unit):
        unit += 1
    store.write_sync(jobs.finish, job_id)
    return unit + 1


def revert(store: Store, actor: Actor, import_id: UUID) -> None:
    store.write_sync(imports.revert, actor, import_id)
    work.run_reversal(store, actor, import_id)


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_job_takes_an_upload_in_unit_by_unit(
    store: Store,
    settings: Settings,
    actor: Actor,
    small_batches: int,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
) -> None:
    monkeypatch.setattr(work, "UNIT_SECONDS", seconds)
    file = gzip.compress(many(95))
    row = upload(store, actor, file, size=100)
    assert row["state"] == ImportState.WAITING
    units = work_off(store, settings, actor, row["job_id"])
    assert units == (11 if seconds == 0 else 1)
    after = row_of(store, row["id"])
    assert (after["state"], counts(after)) == ("done", (95, 95, 0, 0))
    assert store.read_sync(lambda tx: tx.execute(select(ImportChunk.number)).all()) == []
    job = store.read_sync(jobs.get, actor, row["job_id"])
    assert (job["done"], job["total"], job["href"]) == (len(file), len(file), f"/v1/imports/{row['id']}")


def test_another_worker_goes_on_with_a_job(
    store: Store, settings: Settings, actor: Actor, small_batches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "UNIT_SECONDS", 0.0)
    row = upload(store, actor, many(45))
    context = Context(store, settings.company, settings)
    job = store.write_sync(jobs.start, row["job_id"])
    assert job is not None
    assert work.advance(context, job, 0) is False
    assert work.advance(context, job, 1) is False
    work._readers.clear()  # the worker died
    while not work.advance(context, job, 1):
        pass
    assert counts(row_of(store, row["id"])) == (45, 45, 0, 0)
    assert work.advance(context, job, 9) is True  # once more is harmless
    assert counts(row_of(store, row["id"])) == (45, 45, 0, 0)
    assert work._readers == {}


def test_a_failed_job_fails_its_import(store: Store, actor: Actor, settings: Settings) -> None:
    row = upload(store, actor, many(5))
    registry.load()
    job = store.write_sync(jobs.start, row["job_id"])
    failed = registry.KINDS["imports"].failed
    assert failed is not None
    store.write_sync(failed, job, "The gzip data are damaged.")
    after = row_of(store, row["id"])
    assert (after["state"], after["error"]) == ("failed", "The gzip data are damaged.")


# --- taken back


def test_a_reverted_import_leaves_what_others_brought(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.imports.reversals.DELETED_AT_ONCE", 7)
    first = take_in(store, actor, many(20, customers=10))
    second = take_in(store, actor, many(30, customers=12, start=100))
    assert second["customers_created"] == 2

    def edit(tx: Any) -> None:
        tx.execute(update(Customer).where(Customer.created_by_import_id == second["id"]).values(version=2))

    revert(store, actor, first["id"])
    assert row_of(store, first["id"])["state"] == ImportState.REVERTED
    assert {one.import_id for one in stored(store)} == {second["id"]}
    assert totals(store)[::2] == (30, 12)  # every customer of the first bought in the second as well
    store.write_sync(edit)
    revert(store, actor, second["id"])
    assert totals(store)[::2] == (0, 2)  # they were changed by somebody
    with pytest.raises(ConflictError):
        store.write_sync(imports.revert, actor, second["id"])


def test_reverting_removes_customers_that_have_nothing_else(
    store: Store, settings: Settings, actor: Actor
) -> None:
    take_in(store, actor, many(3, customers=3))
    row = take_in(store, actor, many(20, customers=10, start=100))
    assert totals(store)[::2] == (23, 10)
    job_id = store.write_sync(imports.revert, actor, row["id"])["job_id"]
    assert row_of(store, row["id"])["state"] == ImportState.REVERTING
    work_off(store, settings, actor, job_id)
    assert totals(store)[::2] == (3, 3)
    again = take_in(store, actor, many(20, customers=10, start=100))
    assert (counts(again), again["customers_created"]) == ((20, 20, 0, 0), 7)


def test_an_import_whose_reversal_began_takes_no_more_rows(
    store: Store, actor: Actor, small_batches: int
) -> None:
    file = many(49)
    row = begin(store, actor, file, mapping(create_missing=True))

    def take_back(now: Row, _bytes: int) -> None:
        if now["next_batch"] == 2:
            revert(store, actor, row["id"])

    with pytest.raises(ConflictError):
        work.run(store, actor, row["id"], file, take_back)
    assert totals(store) == (0, 0, 0)


# --- real files

ONLINE_RETAIL = {
    "columns": {
        "external_id": "InvoiceNo",
        "customer_key": "customer_id",
        "amount": "amount",
        "currency": "=GBP",
        "occurred_at": "invoice_datetime",
    },
    "kind_rules": ["InvoiceNo^C:cancellation"],
    "source": "online_retail",
    "customer_system": "online_retail",
    "time_zone": "Europe/London",
    "create_missing": True,
    "grouping": False,
}
CDNOW = {
    "columns": {
        "external_id": "=row",
        "customer_key": "#1",
        "amount": "#5",
        "currency": "=USD",
        "occurred_at": "#3",
    },
    "header": False,
    "delimiter": "whitespace",
    "source": "cdnow",
    "customer_system": "cdnow",
    "create_missing": True,
}


def test_online_retail(store: Store, actor: Actor, reference_data: Path) -> None:
    file = (reference_data / "online_retail_invoices.csv.gz").read_bytes()
    read = mapping(**ONLINE_RETAIL)
    row = take_in(store, actor, file, read)
    assert counts(row) == (25_900, 22_190, 0, 3_710)
    assert row["refused_by_reason"] == {"customer_missing": 3_710}
    assert totals(store)[::2] == (22_190, 4_372)
    assert counts(take_in(store, actor, file, read)) == (25_900, 0, 22_190, 3_710)
    assert totals(store)[::2] == (22_190, 4_372)


def test_cdnow(store: Store, actor: Actor, reference_data: Path) -> None:
    row = take_in(store, actor, (reference_data / "cdnow_sample.txt").read_bytes(), mapping(**CDNOW))
    assert counts(row) == (6_919, 6_919, 0, 0)
    assert totals(store)[::2] == (6_919, 2_357)


# --- side by side


def test_imports_of_the_same_rows_side_by_side_store_each_once(
    store: Store, actor: Actor, small_batches: int
) -> None:
    rows = [f"T{n},C{n % 40},{n}.50,2026-03-10T12:00:00Z" for n in range(200)]
    files = [lines(rows), lines(reversed(rows)), lines(rows[100:] + rows[:100])]
    with ThreadPoolExecutor(len(files)) as pool:
        done = list(pool.map(lambda file: take_in(store, actor, file), files))
    assert [row["rows_refused"] for row in done] == [0, 0, 0]
    assert sum(row["rows_stored"] for row in done) == 200
    assert sum(row["rows_repeated"] for row in done) == 400
    assert sum(row["customers_created"] for row in done) == 40
    assert totals(store)[::2] == (200, 40)
