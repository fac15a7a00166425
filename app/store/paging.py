"""Keyset pages: stable under inserts, as fast on the last page as on the first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Tuple, and_, tuple_

from app.store.transactions import ReadTx

After = tuple[Any, ...]

WRITE_SETTLES = timedelta(seconds=60)
"""No write transaction lives longer, so changes older than this are all visible."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column the list is sorted by. A nullable one comes first; nulls come last in either direction.

    ``computed``: it is not a column but an expression, with a label and an index; comes first.
    ``same``: a column that equals this one wherever the first is not null, and stands in one index with it.
    No index serves an order by columns of two tables.
    """

    column: Any
    descending: bool = False
    nullable: bool = False
    computed: bool = False
    same: Any = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page; ``after`` continues behind the last row, None on the last page."""

    rows: list[dict[str, Any]]
    after: After | None
    total: int | None = None
    is_final: bool = False
    """The rows are as they shall be sent: nothing has to be left out, and `orjson` can write them."""


def fetch(
    tx: ReadTx,
    statement: Select[Any],
    keys: Sequence[SortKey],
    *,
    limit: int,
    after: After | None = None,
) -> Page:
    """Run ``statement`` for the page of ``limit`` rows that follows ``after``.

    ``keys`` must all run the same way and end with a unique column, and their columns must be selected. One
    statement; where the first column is nullable another one for the pages that reach its nulls. Together
    they could not be served by an index.
    """
    first, *others = keys
    if not first.nullable:
        rows = _rows(tx, statement, keys, limit + 1, after)
    elif after is not None and after[0] is None:
        rows = _rows(tx, statement.where(first.column.is_(None)), others, limit + 1, after[1:])
    else:
        beside = [key if key.same is None else replace(key, column=key.same) for key in keys]
        rows = _rows(tx, statement.where(first.column.is_not(None)), beside, limit + 1, after)
        if len(rows) <= limit:
            rows += _rows(tx, statement.where(first.column.is_(None)), others, limit + 1 - len(rows), None)
    return cut(rows, keys, limit)


def cut(rows: list[dict[str, Any]], keys: Sequence[SortKey], limit: int) -> Page:
    """The page of ``limit`` of these rows; one more says that there is a next one."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], tuple(rows[limit - 1][key.column.key] for key in keys))


def _rows(
    tx: ReadTx, statement: Select[Any], keys: Sequence[SortKey], limit: int, after: After | None
) -> list[dict[str, Any]]:
    found = ordered(statement, keys, after).limit(limit)
    return [dict(row) for row in tx.execute(found).mappings()]


def ordered(statement: Select[Any], keys: Sequence[SortKey], after: After | Tuple | None) -> Select[Any]:
    """The statement in this order, of what lies behind ``after`` only."""
    found = statement.order_by(*[key.column.desc() if key.descending else key.column for key in keys])
    return found if after is None else found.where(_behind(keys, after))


def _behind(keys: Sequence[SortKey], after: Any) -> ColumnElement[bool]:
    """Rows strictly behind ``after``: one row comparison, which an index serves directly."""
    columns, first = tuple_(*[key.column for key in keys]), keys[0]
    behind: ColumnElement[bool] = columns < after if first.descending else columns > after
    if not first.computed:
        return behind
    # SQLite looks up no row comparison that begins with an expression, but does the expression by itself.
    return and_(behind, first.column <= after[0] if first.descending else first.column >= after[0])
