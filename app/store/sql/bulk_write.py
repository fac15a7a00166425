"""Many rows at once, the fastest way of each database: COPY on PostgreSQL, a prepared statement on SQLite."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import JSON, Table, delete, exc, text
from sqlalchemy.types import TypeEngine

from app.store.dialects import is_postgres
from app.store.transactions import ReadTx, WriteTx
from app.store.types import Id, Instant

_DELETE_CHUNK = 10_000

MANY_ROWS_CACHE = -262_144
"""As SQLite wants it: less than nothing is KiB."""


def delete_many(tx: WriteTx, table: type[Any], column: Any, values: Sequence[Any]) -> None:
    """Delete the rows whose ``column`` is among ``values``."""
    for start in range(0, len(values), _DELETE_CHUNK):
        tx.execute(delete(table).where(column.in_(values[start : start + _DELETE_CHUNK])))


def upsert_many(
    tx: WriteTx, table: type[Any], names: Sequence[str], keys: Sequence[str], rows: Iterable[Sequence[Any]]
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
    tx: WriteTx, table: type[Any], names: Sequence[str], keys: Sequence[str], rows: Iterable[Sequence[Any]]
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
    tx.execute(text(f"CREATE TEMP TABLE {staging} (LIKE {target.name} INCLUDING DEFAULTS) ON COMMIT DROP"))
    driver: Any = tx.connection.cursor()
    with driver as cursor, cursor.copy(f"COPY {staging} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    tx.execute(text(f"INSERT INTO {target.name} ({listed}) SELECT {listed} FROM {staging} {on_conflict}"))  # noqa: S608
    tx.execute(text(f"DROP TABLE {staging}"))


def insert_new(
    tx: WriteTx,
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
def larger_page_cache(tx: WriteTx) -> Iterator[None]:
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


def analyze(tx: WriteTx, table: type[Any]) -> None:
    """Let PostgreSQL's planner know that the table has grown; SQLite's does without."""
    if is_postgres(tx):
        tx.exec_driver_sql(f"ANALYZE {cast(Table, table.__table__).name}")


def _binder(tx: ReadTx, kind: TypeEngine[Any]) -> Any:
    return None if isinstance(kind, JSON) else kind.dialect_impl(tx.dialect).bind_processor(tx.dialect)


def _staged_as(tx: ReadTx, kind: TypeEngine[Any]) -> tuple[str, str]:
    """The column type a raw value is copied as, and the expression that makes the real value of it."""
    if isinstance(kind, Id):
        return "bytea", "encode({}, 'hex')::uuid"
    if isinstance(kind, Instant):
        return "bigint", "timestamptz 'epoch' + {} * interval '1 microsecond'"
    return kind.compile(dialect=tx.dialect), "{}"


def _copy(tx: WriteTx, statement: str, rows: Iterable[Sequence[Any]]) -> None:
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
