"""Rows that wait for the next statement of their transaction, or for its end, and go together.

To PostgreSQL each statement is a journey, and so are BEGIN and COMMIT. A new customer is a row, its index
rows, an audit entry and an event: gathered they are one statement, which happens whole or not at all, and
if nothing else needs a transaction there is none around it. Without it each `insert` would send its rows at
once; SQLite, where there is no journey, does so.

The rule that makes it safe: **whatever else is sent goes after what waits**. `before_statement` hears of
every statement of the connection, whoever sends it, and sends first what waits. So each statement finds
what was inserted before it, a savepoint holds what was inserted within it, and only what nothing followed
waits for the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.store import dialects
from app.store.sql import prepared_insert
from app.store.sql.prepared_insert import Part
from app.store.transactions import WriteTx

MAX_WAITING_ROWS = 4_000
_WAITING = "rows_gathered"


def listen(engine: Engine) -> None:
    """Let transactions of a PostgreSQL engine gather."""
    event.listen(engine, "before_cursor_execute", before_statement)


@contextmanager
def gathering(tx: WriteTx) -> Iterator[None]:
    """Gather in a transaction of PostgreSQL; at the end send what waits, or forget it if the block fails."""
    waiting: list[Part] = []
    tx.info[_WAITING] = waiting
    try:
        yield
        send(tx, is_last=True)
    finally:
        waiting.clear()  # so that whoever uses the connection next sends nothing of ours


def insert(tx: WriteTx, table: type[Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows of a table before the next statement, and before the commit. All have the same members.

    What they hold is taken now, however they are changed afterwards.
    """
    if not rows:
        return
    form = prepared_insert.form_of(table.__table__, tuple(rows[0]), tx.dialect)
    part = form, [form.values(row) for row in rows]
    waiting: list[Part] | None = tx.info.get(_WAITING) if dialects.is_postgres(tx) else None
    if waiting is None:
        prepared_insert.send(tx, [part])
        return
    waiting.append(part)
    if sum(len(values) for _, values in waiting) > MAX_WAITING_ROWS:
        send(tx)


def send(tx: WriteTx, *, is_last: bool = False) -> None:
    """Send what waits. ``is_last``: nothing follows, so that one statement needs no transaction around it."""
    waiting: list[Part] | None = tx.info.get(_WAITING) if dialects.is_postgres(tx) else None
    if not waiting:
        return
    parts = list(waiting)
    waiting.clear()
    if not is_last:
        dialects.begin_if_none(tx)
    prepared_insert.send(tx, parts)


def waits(tx: WriteTx, table: type[Any]) -> bool:
    """Whether rows of a table wait."""
    return any(form.table is table.__table__ for form, _ in tx.info.get(_WAITING, ()))


def replace(tx: WriteTx, table: type[Any], row: Mapping[str, Any]) -> None:
    """Put a row in the place of those of its table that wait."""
    waiting: list[Part] = tx.info[_WAITING]
    form = prepared_insert.form_of(table.__table__, tuple(row), tx.dialect)
    part = form, [form.values(row)]
    waiting[:] = [part if one.table is table.__table__ else (one, values) for one, values in waiting]


def drop(tx: WriteTx) -> None:
    """Forget what waits, because what it belongs to is rolled back."""
    if waiting := tx.info.get(_WAITING):
        waiting.clear()


def before_statement(
    tx: WriteTx, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool
) -> None:
    """Send what waits, and begin the transaction; a read that is prepared takes no lock and needs none."""
    waiting = tx.info.get(_WAITING)
    if waiting:
        send(tx)
    elif waiting is not None and context is not None:
        dialects.begin_if_none(tx)
