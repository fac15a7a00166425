"""Can the store do its work?"""

from typing import Any

from sqlalchemy import text

from app.store import dialects, schema
from app.store.transactions import WriteTx

_SQLITE_LEVELS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def check(tx: WriteTx) -> dict[str, Any]:
    """Read back the database's revision and its durability setting.

    Raises:
        UnavailableError: the database does not answer.
    """
    if dialects.is_postgres(tx):
        durability = tx.execute(text("SHOW synchronous_commit")).scalar_one()
        database = "postgresql"
    else:
        durability = _SQLITE_LEVELS[tx.execute(text("PRAGMA synchronous")).scalar_one()]
        database = "sqlite"
    return {"status": "ok", "database": database, "revision": schema.current(tx), "durability": durability}
