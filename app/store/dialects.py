"""Everything that differs between SQLite and PostgreSQL: engines, upserts, locks."""

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    exc,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import UserDefinedType

from app.store import private_files
from app.store.transactions import ReadTx, WriteTx


class Secret(Protocol):
    """A text that shows itself to nobody but who asks for it."""

    def get_secret_value(self) -> str:
        """The text."""


class StoreSettings(Protocol):
    """The settings used here; `app.settings.Settings` has them."""

    @property
    def secret(self) -> Secret | None:
        """What the keys of the audit trail are derived from."""

    @property
    def secret_previous(self) -> Sequence[Secret]:
        """Secrets of earlier times."""

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

# A connection over a network that takes nothing for so long is lost: 5 s of silence and three probes, or 10 s
# without the receipt of what was sent. Milliseconds and seconds, as libpq wants them.
_PG_LOST: dict[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# The standard functions wrap these in argument handling that costs more than the work: documents are
# small, many to a page, and were written by the encoder below.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined] # since Python 2.6
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def decoded(document: str | bytes) -> Any:
    """A stored document as Python has it."""
    return _scan(document if isinstance(document, str) else document.decode(), 0)[0]


_JSON = {"json_serializer": _encode, "json_deserializer": decoded}


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

    @event.listens_for(engine, "do_connect")
    def _make(_dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        private_files.make(Path(str(engine.url.database)))

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


class IdArray(bytes):
    """An array of ids in PostgreSQL's binary form: one parameter, which its planner takes for a constant."""


class IdArrayType(UserDefinedType[IdArray]):
    """The type of an `IdArray`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Name the type."""
        return "UUID[]"


def _teach_driver() -> None:
    """Tell psycopg what an `IdArray` is; engines made from then on know it."""
    import psycopg

    class IdArrayDumper(psycopg.adapt.Dumper):
        format = psycopg.pq.Format.BINARY
        oid = 2951

        def dump(self, obj: IdArray) -> IdArray:
            return obj

    psycopg.adapters.register_dumper(IdArray, IdArrayDumper)


def postgres_async_engine(url: str, settings: StoreSettings, *, read_only: bool) -> AsyncEngine:
    """The pool that serves requests' writes, or their reads: in autocommit, and no statement can write."""
    _teach_driver()
    options = _PG_OPTIONS + (" -c default_transaction_read_only=on" if read_only else "")
    return create_async_engine(
        postgres_url(url),
        connect_args={"options": options, "connect_timeout": CONNECT_SECONDS, **_PG_LOST},
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
    _teach_driver()
    return create_engine(
        postgres_url(url),
        connect_args={"options": _PG_JOB_OPTIONS, "connect_timeout": CONNECT_SECONDS, **_PG_LOST},
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_pre_ping=True,  # a job's write is not repeated, so it should not meet a dead connection
        hide_parameters=True,
        **_JSON,
    )


def prober(url: str) -> Callable[[], None]:
    """Engine that opens a new connection for each statement and closes it."""
    parsed = postgres_url(url)
    _, options = parsed.get_dialect()().create_connect_args(parsed)

    def probe() -> None:
        import psycopg

        with psycopg.connect(**{**options, "connect_timeout": 2}, autocommit=True) as connection:
            connection.execute("SELECT 1")

    return probe


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


def is_postgres(tx: ReadTx) -> bool:
    """Whether ``tx`` talks to PostgreSQL."""
    return tx.dialect.name == "postgresql"


def check_foreign_keys(tx: WriteTx) -> None:
    """Make sure on SQLite that every reference has its row; PostgreSQL has checked already.

    Raises:
        RuntimeError: some have not.
    """
    if not is_postgres(tx):
        tables = {row[0] for row in tx.exec_driver_sql("PRAGMA foreign_key_check")}
        if tables:
            raise RuntimeError(f"broken references in {', '.join(sorted(tables))}")


def insert(tx: ReadTx, table: type[Any]) -> postgresql.Insert:
    """INSERT with ON CONFLICT clauses for the database at hand (both dialects share the methods used)."""
    target = cast(Table, table.__table__)
    if is_postgres(tx):
        return postgresql.insert(target)
    return cast(postgresql.Insert, sqlite.insert(target))


def upsert(tx: ReadTx, table: type[Any], keys: Sequence[str], members: Sequence[str]) -> Insert:
    """INSERT that overwrites ``members`` of a row whose ``keys`` exist already."""
    statement = insert(tx, table)
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={name: statement.excluded[name] for name in members}
    )


def among(tx: ReadTx, column: Any, values: Collection[str]) -> ColumnElement[bool]:
    """Whether a text column holds one of ``values``, however many: they travel as one parameter."""
    if is_postgres(tx):
        listed = bindparam(None, list(values), type_=postgresql.ARRAY(Text()))
        return cast("ColumnElement[bool]", column == any_(listed))
    table = func.json_each(json.dumps(list(values), ensure_ascii=False)).table_valued("value")
    return cast("ColumnElement[bool]", column.in_(select(table.c.value)))


def fetch(tx: ReadTx, statement: str, values: Any, **options: Any) -> Sequence[Sequence[Any]]:
    """All rows of a statement in the driver's own words and values; errors are SQLAlchemy's.

    ``values``: by name on PostgreSQL, by place on SQLite. ``options``: of the driver.
    """
    whole = cast("Connection", tx)  # a driver's connection can do everything; this one is only asked to read
    connection: Any = whole.connection.dbapi_connection
    try:
        if isinstance(connection, AdaptedConnection):
            found = connection.run_async(lambda raw: _fetch_async(raw, statement, values, options))
        else:
            found = connection.execute(statement, values, **options).fetchall()
        return cast("Sequence[Sequence[Any]]", found)
    except BaseException as error:
        known: Any = error if isinstance(error, tx.dialect.loaded_dbapi.Error) else None
        lost = not isinstance(error, Exception) or tx.dialect.is_disconnect(known, connection, None)
        if lost:
            whole.invalidate()
        if known is None:
            raise
        raise exc.DBAPIError.instance(
            statement,
            None,
            known,
            tx.dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=tx.dialect,
        ) from error


async def _fetch_async(connection: Any, statement: str, values: Any, options: dict[str, Any]) -> Any:
    return await (await connection.execute(statement, values, **options)).fetchall()


def long_values(tx: ReadTx, statement: Select[bytes]) -> list[bytes]:
    """Read one column of long binary values. PostgreSQL would send them as text, twice as long."""
    if not is_postgres(tx):
        return list(tx.execute(statement).scalars())
    compiled = statement.compile(dialect=tx.dialect)
    return [data for (data,) in fetch(tx, str(compiled), compiled.params, binary=True)]


def advisory_lock(tx: WriteTx, name: str) -> None:
    """Wait for a lock that lives as long as the transaction. SQLite has one writer, so holds it already."""
    if is_postgres(tx):
        tx.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
