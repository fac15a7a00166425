"""Inserts of nearly every write, worked out once.

They save most of what SQLAlchemy spends on an INSERT, which finds the compiled form, the types of its
values and their order again with every execution; and on PostgreSQL rows of several tables are one
statement, which is one journey instead of one for each table. Without them ``tx.execute(insert(table),
rows)`` for each table stores the same rows.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

from sqlalchemy import Dialect, FromClause, String, Table
from sqlalchemy.types import JSON

from app.store import dialects
from app.store.transactions import WriteTx

Values = list[Any]
"""Values of a row as the driver takes them, in the order of the columns."""

FEW_ROWS = 8
"""Rows of a table that PostgreSQL gets one by one; more go as one array for each column."""


class InsertForm:
    """An INSERT of some columns of a table in the words of one dialect, and how its values are converted."""

    def __init__(self, target: FromClause, members: tuple[str, ...], dialect: Dialect) -> None:
        self.table = target
        kinds = [target.c[name].type.dialect_impl(dialect) for name in members]
        self._members = [(name, _converter(kind, dialect)) for name, kind in zip(members, kinds, strict=True)]
        named = ", ".join(dialect.identifier_preparer.quote(name) for name in members)
        self._into = f"INSERT INTO {cast('Table', target).name} ({named})"
        self.for_each_row = f"{self._into} VALUES ({', '.join('?' * len(members))})"
        self._types = [kind.compile(dialect=dialect).split(" COLLATE ")[0] for kind in kinds]

    def values(self, row: Mapping[str, Any]) -> Values:
        """The values of a row that has exactly these members."""
        return [row[name] if convert is None else convert(row[name]) for name, convert in self._members]

    def with_values(self, count: int) -> str:
        """The statement of PostgreSQL for so many rows."""
        if count > FEW_ROWS:
            arrays = ", ".join(f"%s::{kind}[]" for kind in self._types)
            return f"{self._into} SELECT * FROM unnest({arrays})"  # noqa: S608 - our names
        row = f"({', '.join(f'%s::{kind}' for kind in self._types)})"
        return f"{self._into} VALUES {', '.join([row] * count)}"


Part = tuple[InsertForm, list[Values]]
"""Rows of one table."""


@cache
def form_of(table: FromClause, members: tuple[str, ...], dialect: Dialect) -> InsertForm:
    """The form of rows with these members."""
    return InsertForm(table, members, dialect)


def send(tx: WriteTx, parts: Sequence[Part]) -> None:
    """Store rows of several tables, on PostgreSQL in one statement; they may refer to each other."""
    if not dialects.is_postgres(tx):
        for form, rows in parts:
            dialects.execute_many(tx, form.for_each_row, rows)
        return
    given: Values = []
    for _, rows in parts:
        if len(rows) > FEW_ROWS:
            given.extend(map(list, zip(*rows, strict=True)))
        else:
            given.extend(value for row in rows for value in row)
    shapes = tuple((form, min(len(rows), FEW_ROWS + 1)) for form, rows in parts)
    dialects.execute(tx, _statement(shapes), given)


@lru_cache(maxsize=256)
def _statement(shapes: tuple[tuple[InsertForm, int], ...]) -> str:
    *first, last = [form.with_values(count) for form, count in shapes]
    named = ", ".join(f"part_{index} AS ({one})" for index, one in enumerate(first))
    return f"WITH {named} {last}" if first else last


def _converter(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, JSON):
        return _document
    if isinstance(kind, String):
        return _text
    return cast("Callable[[Any], Any] | None", kind.bind_processor(dialect))


def _document(value: Any) -> str | None:
    return None if value is None else dialects.encoded(value)


def _text(value: str | None) -> str | None:
    """A member of an enumeration is a text, which the driver would not see in an array."""
    return value if value is None or type(value) is str else str.__str__(value)
