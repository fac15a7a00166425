"""Rows of different tables in one list."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Select, Subquery, cast, null, select


def union_all(branches: Sequence[Select[*tuple[Any, ...]]]) -> Subquery:
    """The rows of all ``branches``, one or more, as one relation.

    Its columns are those of all branches, by name; a branch that lacks one has null there. Columns of the
    same name must be of the same type. Each branch keeps its own ORDER BY and LIMIT, so that what is read
    of a table does not grow with the table; the order of the whole is up to the caller.
    """
    types: dict[str, Any] = {}
    for branch in branches:
        for column in branch.selected_columns:
            types.setdefault(str(column.key), column.type)
    parts = []
    for branch in branches:
        rows = branch.subquery()  # SQLite takes ORDER BY and LIMIT in a part of a UNION only one level down
        columns = (
            rows.c[name] if name in rows.c else cast(null(), kind).label(name) for name, kind in types.items()
        )
        parts.append(select(*columns))
    return sa.union_all(*parts).subquery()
