"""Statistics that SQLite plans by: it takes none by itself, where PostgreSQL does.

Without them it takes the first index that seems to fit, which in a table of many rows may be the worst.
"""

from sqlalchemy import text

from app.store import dialects
from app.store.tables import Base
from app.store.transactions import WriteTx

FROM_ROWS = 1_000
"""Smaller tables are read in a moment in any way."""

LOOKED_AT = 1_000
"""Entries of an index that are looked at: they tell nearly what all would."""

GROWTH = 4
"""A table is looked at again when it is so many times as large, or as small, as it was then."""


def outdated(tx: WriteTx) -> list[str]:
    """Name the tables of a SQLite file that have no statistics, or those of another size."""
    if dialects.is_postgres(tx):
        return []
    known: dict[str, int] = {}
    if tx.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")).first():
        rows = tx.execute(text("SELECT tbl, stat FROM sqlite_stat1 WHERE stat IS NOT NULL"))
        known = {name: int(stat.split()[0]) for name, stat in rows}
    return [
        table
        for table in sorted(Base.metadata.tables)
        if (size := _size(tx, table)) >= FROM_ROWS
        and not size / GROWTH <= known.get(table, 0) <= size * GROWTH
    ]


def take(tx: WriteTx, table: str) -> None:
    """Take the statistics of one table. Connections that are open elsewhere go on without them."""
    tx.exec_driver_sql(f"PRAGMA analysis_limit={LOOKED_AT}")
    tx.exec_driver_sql(f"ANALYZE {table}")


def _size(tx: WriteTx, table: str) -> int:
    """About how many rows: the number of the last, which is found at once."""
    return int(tx.exec_driver_sql(f"SELECT max(rowid) FROM {table}").scalar_one() or 0)  # noqa: S608 - ours
