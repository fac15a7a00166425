"""Columns as bytes: what goes in comes out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.store.sql import column_codec

KINDS = {
    "number": (np.int64, st.integers(-(2**63), 2**63 - 1)),
    "small": (np.int32, st.integers(-200, 200)),
    "share": (np.float64, st.floats()),
    "flag": (np.bool_, st.booleans()),
    "letter": ("U1", st.sampled_from(["A", "ş", ""])),
    "id": ("S16", st.binary(min_size=16, max_size=16)),
}


@given(st.data(), st.integers(0, 5), st.booleans())
def test_what_is_packed_is_unpacked(data: st.DataObject, size: int, same: bool) -> None:
    given_columns = {}
    for name, (dtype, values) in KINDS.items():
        drawn = data.draw(st.lists(values, min_size=size, max_size=size))
        given_columns[name] = np.array(drawn[:1] * size if same else drawn, dtype=dtype)
    packed = column_codec.pack(given_columns)
    found = column_codec.unpack([packed, packed])
    assert found.keys() == given_columns.keys()
    for name, column in given_columns.items():
        twice = np.concatenate([column, column])
        assert found[name].dtype == column.dtype
        assert found[name].tobytes() == twice.tobytes()


def test_only_what_is_wanted_is_unpacked() -> None:
    packed = column_codec.pack({"a": np.arange(3), "b": np.arange(3.0), "c": np.ones(3)})
    assert {name: column.tolist() for name, column in column_codec.unpack([packed], {"b", "x"}).items()} == {
        "b": [0.0, 1.0, 2.0]
    }
    assert column_codec.unpack([]) == {}
