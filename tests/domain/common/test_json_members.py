"""Members that are named twice, and where the first of them lies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.common.json_members import repeated


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": 1, "a": 2}', ("a",)),
        ('[{"a": 1}, {"a": 1, "b": {"c": 1, "c": 1}}]', (1, "b", "c")),
        ('{"a": {"x": 1, "x": 2}, "a": 3}', ("a", "x")),
        ('{"": 1, "": 2}', ("",)),
        ('{"a": NaN, "\\u0061": 1e999}', ("a",)),
        ('{"\\u015f": 1, "s\\u0327": 2}', ("s\u0327",)),
        (f'{{"a": {"9" * 5000}, "a": 1}}', ("a",)),
        ('{"a": 1, "A": 2, "a ": 3}', None),
        ('{"a": {"a": {"a": 1}}}', None),
        ("[]", None),
        ("1", None),
    ],
)
def test_the_first_member_that_is_named_again(text: str, path: tuple[str | int, ...] | None) -> None:
    assert repeated(text) == path


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
        ),
    )
)
def test_nothing_is_repeated_in_what_a_serialiser_writes(value: object) -> None:
    assert repeated(json.dumps(value)) is None
