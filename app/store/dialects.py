"""Everything that differs between SQLite and PostgreSQL: engines, upserts, locks, what an error means."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, cast

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    delete,
    event,
    exc,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeEngine

from app.errors import UnavailableError
from app.store.types import Id, Instant


class StoreSettings(Protocol):
    """The settings used here; `app.settings.Settings` has them."""

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store."""

    @property
    def read_database_url(self) -> str | None:
        """Replica for reads (PostgreSQL)."""

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is the embedded file."""

    @property
    def sqlite_synchronous(self) -> str:
        """FULL or NORMAL."""

    @property
    def pool_size(self) -> int:
        """PostgreSQL connections per process, for reads and for writes each."""

    @property
    def write_wait_seconds(self) -> float:
        """Longest wait of a request for its turn to write."""


CONNECT_SECONDS = 3
STATEMENT_SECONDS = 30
LOCK_SECONDS = 5

_PG_OPTIONS = (
    f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={LOCK_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={2 * STATEMENT_SECONDS}s"
)
_PG_JOB_OPTIONS = f"-c timezone=UTC -c lock_timeout={LOCK_SECONDS}s"

# PostgreSQL SQLSTATEs after which the same transaction may simply be tried again.
_RETRY = {"40001", "40P01"}
_LOCKED = "55P03"
# SQLSTATE classes that tell of the server's state, not of our statement: connection, resources, object not
# in the needed state (locks), operator intervention (shutdown, timeouts), system errors.
_STATE_CLASSES = {"08", "53", "55", "57", "58"}
# The same of SQLite's primary result codes; its OperationalError alone may also mean a wrong statement.
_SQLITE_STATES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


# The standard functions wrap these in argument handling that costs more than the work: documents are
# small, many to a page, and were written by the encoder below.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined] # since Python 2.6
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _decode(document: str | bytes) -> Any:
    return _scan(document if isinstance(document, str) else document.decode(), 0)[0]


_JSON = {"json_serializer": _encode, "json_deserializer": _decode}


def sqlite_engine(settings: StoreSettings, *, writer: bool, wait_seconds: float | None = None) -> Engine:
    """An engine on the embedded file: read-only connections, or the one that writes.

    ``wait_seconds``: how long to wait for another process's write; default the setting.
    """
    engine = create_engine(
        settings.database_url,
        connect_args={"check_same_thread": False, "timeout": wait_seconds or settings.write_wait_seconds},
        poolclass=QueuePool,
        pool_size=1 if writer else 8,
        max_overflow=0 if writer else 32,
        pool_reset_on_return=None,
        hide_parameters=True,
        **_JSON,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver's own guesses lose updates
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={settings.sqlite_synchronous}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-65536")
        cursor.execute("PRAGMA temp_store=MEMORY")
        if not writer:
            cursor.execute("PRAGMA query_only=ON")
            cursor.execute("PRAGMA mmap_size=268435456")
        cursor.close()

    if writer:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def postgres_url(url: str) -> Any:
    """The URL with the one driver we use."""
    return make_url(url).set(drivername="postgresql+psycopg")


def postgres_async_engine(url: str, settings: StoreSettings, *, read_only: bool) -> AsyncEngine:
    """The pool that serves requests' writes, or their reads: in autocommit, and no statement can write."""
    options = _PG_OPTIONS + (" -c default_transaction_read_only=on" if read_only else "")
    return create_async_engine(
        postgres_url(url),
        connect_args={"options": options, "connect_timeout": CONNECT_SECONDS},
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_reset_on_return="rollback",
        isolation_level="AUTOCOMMIT" if read_only else None,
        hide_parameters=True,
        **_JSON,
    )


def postgres_engine(url: str, settings: StoreSettings) -> Engine:
    """The pool of commands and jobs: no statement timeout, for their statements may be long."""
    return create_engine(
        postgres_url(url),
        connect_args={"options": _PG_JOB_OPTIONS, "connect_timeout": CONNECT_SECONDS},
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_pre_ping=True,  # a job's write is not repeated, so it should not meet a dead connection
        hide_parameters=True,
        **_JSON,
    )


def migration_engine(settings: StoreSettings) -> Engine:
    """One patient connection for migrations, which wait for each other and may take long.

    On SQLite without foreign keys: changing a table there means to copy and drop it, and the drop would
    delete what refers to its rows. Ask `check_foreign_keys` afterwards.
    """
    if settings.is_sqlite:
        engine = sqlite_engine(settings, writer=True, wait_seconds=600.0)

        @event.listens_for(engine, "connect")
        def _unguard(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA foreign_keys=OFF")

        return engine
    return create_engine(
        postgres_url(settings.database_url),
        connect_args={"options": "-c timezone=UTC", "connect_timeout": CONNECT_SECONDS},
        pool_size=1,
        hide_parameters=True,
        **_JSON,
    )


def is_postgres(tx: Connection) -> bool:
    """Whether ``tx`` talks to PostgreSQL."""
    return tx.dialect.name == "postgresql"


def check_foreign_keys(tx: Connection) -> None:
    """Make sure on SQLite that every reference has its row; PostgreSQL has checked already.

    Raises:
        RuntimeError: some have not.
    """
    if not is_postgres(tx):
        tables = {row[0] for row in tx.exec_driver_sql("PRAGMA foreign_key_check")}
        if tables:
            raise RuntimeError(f"broken references in {', '.join(sorted(tables))}")


def insert(tx: Connection, table: type[Any]) -> postgresql.Insert:
    """INSERT with ON CONFLICT clauses for the database at hand (both dialects share the methods used)."""
    target = cast(Table, table.__table__)
    if is_postgres(tx):
        return postgresql.insert(target)
    return cast(postgresql.Insert, sqlite.insert(target))


def upsert(tx: Connection, table: type[Any], keys: Sequence[str], members: Sequence[str]) -> Insert:
    """INSERT that overwrites ``members`` of a row whose ``keys`` exist already."""
    statement = insert(tx, table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in members}
    )


def advisory_lock(tx: Connection, name: str) -> None:
    """Wait for a lock that lives as long as the transaction. SQLite has one writer, so holds it already."""
    if is_postgres(tx):
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter error code, if there is one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def may_retry(error: BaseException) -> bool:
    """Whether the transaction lost a race and would likely succeed if run again."""
    return sqlstate(error) in _RETRY


def is_locked(error: BaseException) -> bool:
    """Whether somebody else held a lock for longer than we wait."""
    return sqlstate(error) == _LOCKED or _sqlite_code(error) == sqlite3.SQLITE_BUSY


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection died under the statement."""
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def translate_error(error: BaseException) -> BaseException:
    """Turn what the database says about its own state into `UnavailableError`; leave the rest alone."""
    if isinstance(error, exc.TimeoutError):
        return UnavailableError("The database is busy.", headers={"Retry-After": "1"})
    if is_disconnect(error) or _is_state(error):
        return UnavailableError("The database cannot answer now.", headers={"Retry-After": "1"})
    return error


def _is_state(error: BaseException) -> bool:
    if (code := _sqlite_code(error)) is not None:
        return code in _SQLITE_STATES
    if (state := sqlstate(error)) is not None:
        return state in _RETRY or state[:2] in _STATE_CLASSES
    return isinstance(error, exc.OperationalError | exc.InterfaceError)  # no answer from the server at all


def _sqlite_code(error: BaseException) -> int | None:
    """SQLite's primary result code; also of the driver's own errors, which the writer may meet."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


_DELETE_CHUNK = 10_000

MANY_ROWS_CACHE = -262_144
"""As SQLite wants it: less than nothing is KiB."""


def delete_many(tx: Connection, table: type[Any], column: Any, values: Sequence[Any]) -> None:
    """Delete the rows whose ``column`` is among ``values``."""
    for start in range(0, len(values), _DELETE_CHUNK):
        tx.execute(delete(table).where(column.in_(values[start : start + _DELETE_CHUNK])))


def upsert_many(
    tx: Connection, table: type[Any], names: Sequence[str], keys: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write many rows fast, overwriting those whose ``keys`` exist. Documents come as JSON text."""
    if is_postgres(tx):
        upsert_raw(tx, table, names, keys, rows)
        return
    target = cast(Table, table.__table__)
    binders = [_binder(tx, target.c[name].type) for name in names]
    bound = ([bind(v) if bind else v for bind, v in zip(binders, row, strict=True)] for row in rows)
    upsert_raw(tx, table, names, keys, bound)


def upsert_raw(
    tx: Connection, table: type[Any], names: Sequence[str], keys: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """`upsert_many` for values as the driver takes them.

    PostgreSQL copies them into a temporary table and merges once; SQLite executes one prepared
    statement per row.
    """
    target = cast(Table, table.__table__)
    listed, conflict = ", ".join(names), ", ".join(keys)
    updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    on_conflict = f"ON CONFLICT ({conflict}) DO UPDATE SET {updates}"
    if not is_postgres(tx):
        marks = ", ".join("?" for _ in names)
        cursor = tx.connection.cursor()
        cursor.executemany(
            f"INSERT INTO {target.name} ({listed}) VALUES ({marks}) {on_conflict}",  # noqa: S608 - our names
            cast("Sequence[Sequence[Any]]", rows),  # the driver takes any iterable
        )
        cursor.close()
        return
    staging = f"staging_{target.name}"
    tx.execute(text(f"CREATE TEMP TABLE {staging} (LIKE {target.name}) ON COMMIT DROP"))
    driver: Any = tx.connection.cursor()
    with driver as cursor, cursor.copy(f"COPY {staging} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    tx.execute(text(f"INSERT INTO {target.name} ({listed}) SELECT {listed} FROM {staging} {on_conflict}"))  # noqa: S608
    tx.execute(text(f"DROP TABLE {staging}"))


def _binder(tx: Connection, kind: TypeEngine[Any]) -> Any:
    return None if isinstance(kind, JSON) else kind.dialect_impl(tx.dialect).bind_processor(tx.dialect)


def among(tx: Connection, column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """Whether a text column holds one of ``values``, however many: they travel as one parameter."""
    if is_postgres(tx):
        listed = bindparam(None, list(values), type_=postgresql.ARRAY(Text()))
        return cast("ColumnElement[bool]", column == any_(listed))
    table = func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value")
    return cast("ColumnElement[bool]", column.in_(select(table.c.value)))


def insert_new(
    tx: Connection,
    table: type[Any],
    columns: Mapping[str, Sequence[Any]],
    shared: Mapping[str, Any],
    keys: Sequence[str],
) -> int:
    """Insert many rows fast, but for those whose ``keys`` exist; only on connections of `Store.write_sync`.

    PostgreSQL copies them into a temporary table and inserts from there, about as fast as COPY itself;
    SQLite executes one prepared statement per row.

    Args:
        columns: column -> values, aligned: ids as 16 bytes, instants as microseconds since 1970.
        shared: further columns whose value is the same in every row, in the same forms.

    Returns:
        How many rows were inserted.
    """
    target = cast(Table, table.__table__)
    rows = zip(*columns.values(), strict=True)
    listed, conflict = ", ".join([*columns, *shared]), ", ".join(keys)
    into = f"INSERT INTO {target.name} ({listed})"
    nothing = f"ON CONFLICT ({conflict}) DO NOTHING"
    if not is_postgres(tx):
        constants = tuple(shared.values())
        marks = ", ".join("?" * (len(columns) + len(shared)))
        given = [row + constants for row in rows] if constants else list(rows)
        return tx.exec_driver_sql(f"{into} VALUES ({marks}) {nothing}", given).rowcount if given else 0
    kinds = {name: _staged_as(tx, target.c[name].type) for name in [*columns, *shared]}
    staging = f"new_{target.name}"
    declared = ", ".join(f"{name} {kinds[name][0]}" for name in columns)
    tx.exec_driver_sql(f"CREATE TEMP TABLE {staging} ({declared}) ON COMMIT DROP")
    _copy(tx, f"COPY {staging} ({', '.join(columns)}) FROM STDIN", rows)
    values = [kinds[name][1].format(name) for name in columns]
    values += [kinds[name][1].format(f"%({name})s::{kinds[name][0]}") for name in shared]
    statement = f"{into} SELECT {', '.join(values)} FROM {staging} {nothing}"  # noqa: S608 - our names
    inserted = tx.exec_driver_sql(statement, dict(shared)).rowcount
    tx.exec_driver_sql(f"DROP TABLE {staging}")
    return inserted


@contextmanager
def room_for_many(tx: Connection) -> Iterator[None]:
    """Let SQLite keep in memory what many changed rows touch: else it writes pages again and again."""
    if is_postgres(tx):
        yield
        return
    [usual] = tx.exec_driver_sql("PRAGMA cache_size").scalars()
    tx.exec_driver_sql(f"PRAGMA cache_size={MANY_ROWS_CACHE}")
    try:
        yield
    finally:
        tx.exec_driver_sql(f"PRAGMA cache_size={usual}")


def analyze(tx: Connection, table: type[Any]) -> None:
    """Let PostgreSQL's planner know that the table has grown; SQLite's does without."""
    if is_postgres(tx):
        tx.exec_driver_sql(f"ANALYZE {cast(Table, table.__table__).name}")


def _staged_as(tx: Connection, kind: TypeEngine[Any]) -> tuple[str, str]:
    """The column type a raw value is copied as, and the expression that makes the real value of it."""
    if isinstance(kind, Id):
        return "bytea", "encode({}, 'hex')::uuid"
    if isinstance(kind, Instant):
        return "bigint", "timestamptz 'epoch' + {} * interval '1 microsecond'"
    return kind.compile(dialect=tx.dialect), "{}"


def _copy(tx: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver = tx.dialect.loaded_dbapi
    cursor: Any = tx.connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            write = copy.write_row
            for row in rows:
                write(row)
    except driver.Error as error:
        lost = tx.dialect.is_disconnect(error, None, None)
        raise exc.DBAPIError.instance(
            statement, None, error, driver.Error, hide_parameters=True, connection_invalidated=lost
        ) from error
