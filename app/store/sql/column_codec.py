"""Arrays as compressed bytes, for results that are read whole or not at all.

`pack` writes a line of JSON that describes the columns, and then their bytes one after the other: whole
numbers in the fewest bytes that hold them, first bytes of all values first, which compresses better and
faster. Values that are all the same are stored once. Compared with Blosc2 in
docs/decisions/0035-run-spec-and-score-columns.md.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

_NARROW = tuple(np.iinfo(kind) for kind in ("i1", "i2", "i4"))


def pack(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Named arrays of one dimension, of numbers or of texts and bytes of fixed width, as bytes.

    >>> unpack([pack({"n": np.array([1, 2]), "same": np.array(["A", "A"])})])
    {'n': array([1, 2]), 'same': array(['A', 'A'], dtype='<U1')}
    """
    described, parts, squeeze = [], [], zstandard.ZstdCompressor(level=1)
    for name, column in columns.items():
        kept = _narrowed(column)
        is_same = column.size > 1 and kept[1:].tobytes() == kept[:-1].tobytes()
        data = squeeze.compress(_by_place(kept[:1] if is_same else kept))
        described.append([name, column.dtype.str, kept.dtype.str, column.size, is_same, len(data)])
        parts.append(data)
    return b"\n".join([json.dumps(described).encode(), b"".join(parts)])


def unpack(parts: Iterable[bytes], names: Collection[str] | None = None) -> Columns:
    """What `pack` was given, or those ``names`` of it that are there: parts of the same columns, joined.

    Columns whose values are all the same take no memory, and cannot be written to.
    """
    pieces: dict[str, list[NDArray[Any]]] = {}
    dtypes: dict[str, str] = {}
    for data in parts:
        for name, dtype, piece in _pieces(data, names):
            pieces.setdefault(name, []).append(piece)
            dtypes[name] = dtype
    return {name: _joined(pieces[name], np.dtype(dtype)) for name, dtype in dtypes.items()}


def _joined(pieces: list[NDArray[Any]], dtype: np.dtype[Any]) -> NDArray[Any]:
    first = pieces[0][:1]
    if all(piece.strides == (0,) and piece[:1].tobytes() == first.tobytes() for piece in pieces):
        return np.broadcast_to(first.astype(dtype), sum(piece.size for piece in pieces))
    return np.concatenate(pieces, dtype=dtype)


def _pieces(data: bytes, names: Collection[str] | None) -> Iterator[tuple[str, str, NDArray[Any]]]:
    start, squeezed = data.index(b"\n") + 1, zstandard.ZstdDecompressor()
    for name, dtype, kept, size, is_same, length in json.loads(data[:start]):
        if names is None or name in names:
            column = _from_places(squeezed.decompress(data[start : start + length]), np.dtype(kept))
            yield name, dtype, np.broadcast_to(column, size) if is_same else column
        start += length


def _narrowed(column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind != "i" or not column.size:
        return column
    low, high = int(column.min()), int(column.max())
    for kind in _NARROW:
        if kind.min <= low and high <= kind.max:
            return column.astype(kind.dtype, copy=False)
    return column


def _by_place(column: NDArray[Any]) -> bytes:
    """The first byte of every value, then the second of every value, and so on."""
    flat = np.ascontiguousarray(column).view(np.uint8)
    return flat.reshape(column.size, column.dtype.itemsize).T.tobytes()


def _from_places(data: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
    places = np.frombuffer(data, dtype=np.uint8).reshape(dtype.itemsize, -1)
    return np.ascontiguousarray(places.T).view(dtype).ravel()
