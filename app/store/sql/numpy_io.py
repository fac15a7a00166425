"""Rows to and from NumPy columns, never row objects.

Customer ids are NumPy ``S16`` arrays of the 16 bytes of the UUID, which sort as UUIDs do. ``S`` drops
trailing zero bytes on the way out, so they are always turned back through `raw_ids`.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    LargeBinary,
    any_,
    cast,
    extract,
    false,
    func,
    literal,
    select,
    type_coerce,
)

from app.store import dialects
from app.store.transactions import ReadTx
from app.store.types import Id

Ids = NDArray[np.bytes_]
IntArray = NDArray[np.int64]

ID = np.dtype("S16")
ROWS_AT_ONCE = 50_000


def id_array(ids: Sequence[bytes]) -> Ids:
    """Sixteen-byte ids as an array."""
    return np.frombuffer(b"".join(ids), dtype=ID)


def raw_ids(ids: Ids) -> list[UUID]:
    """The UUIDs of an id array."""
    return [UUID(bytes=raw) for raw in id_bytes(ids)]


def driver_ids(tx: ReadTx, ids: Ids) -> list[Any]:
    """The ids as the driver takes them fastest."""
    if not dialects.is_postgres(tx):
        return id_bytes(ids)
    text = np.ascontiguousarray(ids).tobytes().hex()
    return [text[start : start + 32] for start in range(0, len(text), 32)]


def id_bytes(ids: Ids) -> list[bytes]:
    """The sixteen bytes of each id."""
    data = np.ascontiguousarray(ids).tobytes()
    return [data[start : start + 16] for start in range(0, len(data), 16)]


def read(tx: ReadTx, statement: Any, dtypes: Sequence[DTypeLike]) -> list[NDArray[Any]]:
    """Run a query and return its columns, of these types.

    Values come as the driver gives them: select ids as `raw_id`, instants as `micros`, and no nulls. In
    columns of type object equal texts are one object.
    """
    kinds = [np.dtype(dtype) for dtype in dtypes]
    parts: list[list[NDArray[Any]]] = [[] for _ in kinds]
    texts: dict[str, str] = {}
    result = tx.execute(statement)
    cursor: Any = result.cursor
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        for part, kind, values in zip(parts, kinds, zip(*rows, strict=True), strict=True):
            if kind == ID:
                part.append(id_array(values))
            elif kind.hasobject:
                part.append(np.array([texts.setdefault(text, text) for text in values], dtype=kind))
            else:
                part.append(np.array(values, dtype=kind))
    result.close()
    return [
        np.concatenate(part) if part else np.empty(0, dtype=kind)
        for part, kind in zip(parts, kinds, strict=True)
    ]


def factorize(values: NDArray[Any]) -> tuple[IntArray, list[Any]]:
    """Number the distinct values in the order they first appear in.

    >>> factorize(np.array(["b", "a", "b"], dtype=object))[1]
    ['b', 'a']
    """
    codes: dict[Any, int] = {}
    numbers = (codes.setdefault(value, len(codes)) for value in values.tolist())
    return np.fromiter(numbers, dtype=np.int64, count=values.size), list(codes)


def raw_id(tx: ReadTx, column: Any) -> Any:
    """The id as 16 raw bytes on both databases."""
    return func.uuid_send(column) if dialects.is_postgres(tx) else type_coerce(column, LargeBinary())


def micros(tx: ReadTx, column: Any, absent: int | None = None) -> Any:
    """The instant as microseconds since 1970 UTC on both databases; ``absent`` stands for null."""
    if dialects.is_postgres(tx):
        number: Any = cast(extract("epoch", column) * 1_000_000, BigInteger)
    else:
        number = type_coerce(column, BigInteger())
    return number if absent is None else func.coalesce(number, absent)


def days(tx: ReadTx, column: Any, absent: int) -> Any:
    """The date as days since 1970-01-01 on both databases; ``absent`` stands for null."""
    if dialects.is_postgres(tx):
        number: Any = column - func.to_date("1970-01-01", "YYYY-MM-DD")
    else:
        number = cast(func.julianday(column) - 2_440_587.5, BigInteger)
    return func.coalesce(type_coerce(number, BigInteger()), absent)


def id_in(tx: ReadTx, column: Any, ids: Ids) -> ColumnElement[bool]:
    """Whether an id column holds one of ``ids``, however many: they travel as one parameter."""
    if not ids.size:
        return false()
    if dialects.is_postgres(tx):
        found: ColumnElement[bool] = column == any_(literal(_pg_array(ids), dialects.IdArrayType()))
        return found
    places = select(literal(1).label("at")).cte(recursive=True)
    places = places.union_all(select(places.c.at + 16).where(places.c.at + 16 < 16 * ids.size))
    data = literal(np.ascontiguousarray(ids).tobytes(), LargeBinary())
    one = type_coerce(func.substr(data, places.c.at, 16), Id())
    within: ColumnElement[bool] = column.in_(select(one))
    return within


_PG_UUID = 2950


def _pg_array(ids: Ids) -> dialects.IdArray:
    """PostgreSQL's binary form: dimensions, nulls, type, count, first place; then each id after its size."""
    rows = np.empty(ids.size, dtype=[("size", ">i4"), ("id", ID)])
    rows["size"], rows["id"] = ID.itemsize, ids
    return dialects.IdArray(np.array([1, 0, _PG_UUID, ids.size, 1], dtype=">i4").tobytes() + rows.tobytes())
