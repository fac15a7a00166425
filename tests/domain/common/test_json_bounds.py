"""How many members and items a document has is judged from its bytes, whatever stands in its texts."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common import json_bounds
from app.domain.common.json_bounds import crowded, has_too_many_values

TEXTS = st.text(alphabet='ab,"\\[]{}:\u00e7\n')
DOCUMENTS = st.recursive(
    st.none() | st.integers() | TEXTS,
    lambda part: st.lists(part) | st.dictionaries(TEXTS, part),
)


def marks(document: Any) -> int:
    """Brackets and commas that a document is written with."""
    if not isinstance(document, list | dict):
        return 0
    parts = document.values() if isinstance(document, dict) else document
    return 1 + max(0, len(document) - 1) + sum(map(marks, parts))


@given(DOCUMENTS, st.booleans())
def test_what_stands_in_texts_is_not_counted(document: Any, is_ascii: bool) -> None:
    body = json.dumps(document, ensure_ascii=is_ascii).encode()
    expected = marks(document)
    assert not has_too_many_values(body, maximum=expected)
    if expected:
        assert has_too_many_values(body, maximum=expected - 1)


@pytest.mark.parametrize("count", [json_bounds.MAX_VALUES - 1, json_bounds.MAX_VALUES])
def test_the_bound_itself(count: int) -> None:
    """The list's own bracket counts as the first item; with that of the object it is one more."""
    items = ",".join("1" * count)
    assert has_too_many_values(b'{"items":[' + items.encode() + b"]}") == (count == json_bounds.MAX_VALUES)


def test_a_long_text_of_commas_is_one_value() -> None:
    assert not has_too_many_values(json.dumps({"text": ',\\"' * json_bounds.MAX_VALUES}).encode())


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"a": 1, "b": 2, "c": 3}, ()),
        ({"a": 1, "b": 2}, None),
        ([1, 2, 3, 4], None),
        ("abc", None),
        ({"items": [1, {"a": {}}, {"x": {"a": 1, "b": 2, "c": 3}}]}, ("items", 2, "x")),
    ],
)
def test_the_first_object_with_too_many_members(document: Any, path: tuple[str | int, ...] | None) -> None:
    assert crowded(document, maximum=2) == path
