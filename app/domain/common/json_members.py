"""Members that a JSON document names twice: parsers keep one of the two values in silence."""

import json
from typing import Any

from app.domain.common.text import composed

Path = tuple[str | int, ...]


def repeated(text: str) -> Path | None:
    """Return where the first member lies that an object of ``text`` names again, None if there is none.

    Names are compared as they read, whatever escapes, Unicode form and invisible characters they are written
    in. Cost: linear in the length; ``text`` must be well-formed JSON of bounded depth.

    >>> repeated('{"amount": 1, "lines": [{"sku": "a"}, {"sku": "b", "sk\\\\u0075": "c"}]}')
    ('lines', 1, 'sku')
    >>> repeated('{"amount": 1, "lines": [{"sku": "a"}, {"sku": "b"}]}') is None
    True
    """
    found = False

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal found
        found = found or len(_names(pairs)) != len(pairs)

    _read(text, look)
    if not found:
        return None
    return _first(_read(text, _Object))


class _Object(list[tuple[str, Any]]):
    """The members of an object in their order, repetitions included."""


def _read(text: str, hook: Any) -> Any:
    # Numbers stay text: their values do not matter, and Python limits the digits it converts.
    return json.loads(text, object_pairs_hook=hook, parse_int=str, parse_float=str)


def _names(pairs: list[tuple[str, Any]]) -> set[str]:
    return {name if name.isascii() else composed(name) for name, _ in pairs}


def _first(value: Any) -> Path | None:
    if isinstance(value, _Object):
        seen: set[str] = set()
        for name, member in value:
            if composed(name) in seen:
                return (name,)
            seen.add(composed(name))
            if deeper := _first(member):
                return (name, *deeper)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if deeper := _first(item):
                return (index, *deeper)
    return None
