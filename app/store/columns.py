"""Arrays as compressed bytes, for results that are read whole or not at all."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


def pack(columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Named arrays as one compressed NumPy archive (no pickles).

    >>> unpack(pack({"n": np.array([1, 2])}))["n"].tolist()
    [1, 2]
    """
    buffer = BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **dict(columns))
    return buffer.getvalue()


def unpack(data: bytes) -> Columns:
    """What `pack` was given."""
    with np.load(BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def joined(parts: list[Columns]) -> Columns:
    """Parts of the same columns as one, in order; empty for no parts."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
