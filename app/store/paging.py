"""Keyset pages: stable under inserts, as fast on the last page as on the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, tuple_

After = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column the list is sorted by. A nullable one comes first; nulls come last in either direction."""

    column: Any
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page; ``after`` continues behind the last row, None on the last page."""

    rows: list[dict[str, Any]]
    after: After | None
    total: int | None = None


def fetch(
    tx: Connection,
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
        rows = _rows(tx, statement.where(first.column.is_not(None)), keys, limit + 1, after)
        if len(rows) <= limit:
            rows += _rows(tx, statement.where(first.column.is_(None)), others, limit + 1 - len(rows), None)
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], tuple(rows[limit - 1][key.column.key] for key in keys))


def _rows(
    tx: Connection, statement: Select[Any], keys: Sequence[SortKey], most: int, after: After | None
) -> list[dict[str, Any]]:
    ordered = statement.order_by(*[key.column.desc() if key.descending else key.column for key in keys])
    if after is not None:
        ordered = ordered.where(_behind(keys, after))
    return [dict(row) for row in tx.execute(ordered.limit(most)).mappings()]


def _behind(keys: Sequence[SortKey], after: After) -> ColumnElement[bool]:
    """Rows strictly behind ``after``: one row comparison, which an index serves directly."""
    columns = tuple_(*[key.column for key in keys])
    return columns < after if keys[0].descending else columns > after
