"""Reads of nearly every request, worked out once.

SQLAlchemy finds the compiled form of a statement, the types of its parameters and the shape of its rows
again at every execution, which costs more than a small read itself. A `PreparedSelect` statement keeps them.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Float, Select
from sqlalchemy.types import TypeEngine

from app.store import dialects
from app.store.transactions import ReadTx, Row

Convert = Callable[[Any], Any]


class PreparedSelect:
    """A SELECT that is executed often. All its parameters are `bindparam`, none of them expanding.

    Args:
        statement: what is prepared, for those who want to add to it.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._forms: dict[str, _Form] = {}

    def rows(self, tx: ReadTx, values: Mapping[str, Any]) -> list[Row]:
        """All rows, with what SQLAlchemy would make of their values."""
        if cast(
            "Connection", tx
        ).dispatch.before_cursor_execute:  # who listens to statements hears of them from SQLAlchemy itself
            return [row._asdict() for row in tx.execute(self.statement, values).all()]
        dialect = tx.dialect
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self.statement, dialect)
        return form.rows(tx, values)


class _Form:
    """The statement in the words of one dialect, and how its values are converted."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # an SQLCompiler
        self._text = str(compiled)
        self._order = compiled.positiontup  # None where parameters go by name
        bound = {name: parameter.type.dialect_impl(dialect) for name, parameter in compiled.binds.items()}
        self._to = _conversions({name: kind.bind_processor(dialect) for name, kind in bound.items()})
        given = {name: one for name, one in compiled.binds.items() if not one.required}  # such as a LIMIT
        self._fixed = {name: one.effective_value for name, one in given.items()}
        columns = {str(one.key): one.type.dialect_impl(dialect) for one in statement.selected_columns}
        self._names = tuple(columns)
        self._from = _conversions({name: _converted(kind, dialect) for name, kind in columns.items()})

    def rows(self, tx: ReadTx, values: Mapping[str, Any]) -> list[Row]:
        given = {**self._fixed, **values}
        for name, convert in self._to:
            given[name] = convert(given[name])
        sent = given if self._order is None else [given[name] for name in self._order]
        names, conversions = self._names, self._from
        found = []
        for raw in dialects.fetch(tx, self._text, sent):
            row = dict(zip(names, raw, strict=True))
            for name, convert in conversions:
                row[name] = convert(row[name])
            found.append(row)
        return found


def _converted(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    if isinstance(kind, Float) and not kind.asdecimal:
        return None  # both drivers return a float; SQLAlchemy would ask for the column's type on the wire
    return kind.result_processor(dialect, None)


def _conversions(processors: Mapping[str, Convert | None]) -> list[tuple[str, Convert]]:
    return [(name, convert) for name, convert in processors.items() if convert is not None]
