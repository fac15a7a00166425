"""Keyset pages: stable under inserts, as fast on the last page as on the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, false, or_, tuple_

After = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column the list is sorted by. Where it is nullable, nulls come last in either direction."""

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

    ``keys`` must end with a unique column, and their columns must be selected. One statement.
    """
    statement = statement.order_by(*[part for key in keys for part in _order(key)])
    if after is not None:
        statement = statement.where(_behind(keys, after))
    found: Sequence[RowMapping] = tx.execute(statement.limit(limit + 1)).mappings().all()
    rows = [dict(row) for row in found[:limit]]
    if len(found) <= limit:
        return Page(rows, None)
    last = found[limit - 1]
    return Page(rows, tuple(last[key.column.key] for key in keys))


def _order(key: SortKey) -> list[ColumnElement[Any]]:
    column = key.column.desc() if key.descending else key.column.asc()
    # "IS NULL" first instead of NULLS LAST: an index on the column can still serve non-null keys.
    return [key.column.is_(None), column] if key.nullable else [column]


def _behind(keys: Sequence[SortKey], after: After) -> ColumnElement[bool]:
    """Rows strictly behind ``after``.

    One row comparison where all keys run the same way, which an index serves directly; spelt out otherwise.
    """
    columns, directions = [key.column for key in keys], {key.descending for key in keys}
    if len(directions) == 1 and not any(key.nullable for key in keys):
        return tuple_(*columns) < after if directions == {True} else tuple_(*columns) > after
    alternatives: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, value in zip(keys, after, strict=True):
        alternatives.append(and_(*same, _beyond(key, value)))
        same.append(key.column.is_(None) if value is None else key.column == value)
    return or_(*alternatives)


def _beyond(key: SortKey, value: Any) -> ColumnElement[bool]:
    if value is None:
        return false()  # nulls are last: nothing lies beyond them but equal nulls
    beyond = key.column < value if key.descending else key.column > value
    return or_(beyond, key.column.is_(None)) if key.nullable else beyond
