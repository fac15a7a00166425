"""What the address of a request says: steps of its path and parameters of its query, read strictly.

Servers decode ``%FE``, which is no UTF-8, to the replacement character, and ``%2F`` to a slash that then
separates steps. Either way a request would be about something else than its sender meant.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args, get_origin
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel

from app.errors import AppError, FieldError, InvalidError
from app.texts import clean

_SLASH = "\udc2f"
_BROKEN = "\udc25"
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NOT_UTF8 = "Expected percent-encoded UTF-8, such as %C5%9F for ş; a percent sign itself is written %25."
_REPEATED = "This parameter takes one value and is sent more than once."


def routed_path(raw_path: bytes) -> str:
    """Return a path as routes match it: an encoded slash separates nothing, and what is no UTF-8 stays apart.

    Both are kept as unpaired surrogates, which no UTF-8 decodes to; `path_values` reads them.

    >>> routed_path(b"/v1/keys/a%2Fb") == "/v1/keys/a" + chr(0xDC2F) + "b"
    True
    """
    return "/".join(map(_step, raw_path.split(b"/")))


def _step(raw: bytes) -> str:
    if b"%" not in raw:
        return raw.decode("utf-8", "surrogateescape")
    text = unquote_to_bytes(raw).decode("utf-8", "surrogateescape").replace("/", _SLASH)
    return text + _BROKEN if _BAD_ESCAPE.search(raw) else text


def path_values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a path that was matched by `routed_path`, as text without surrogates.

    Raises:
        InvalidError: one is not percent-encoded UTF-8.
    """
    values = dict(params)
    for name, value in params.items():
        if isinstance(value, str) and not value.isascii():
            values[name] = text = value.replace(_SLASH, "/")
            if any("\ud800" <= char <= "\udfff" for char in text):
                raise InvalidError(fields=[FieldError(name, "not_utf8", _NOT_UTF8, "path")])
    return values


def query_error(query_string: bytes, many: Collection[str]) -> AppError | None:
    """Return what is wrong with a query before its values are looked at, None if nothing is.

    Args:
        many: the parameters that may be sent more than once.
    """
    wrong: list[FieldError] = []
    seen: set[str] = set()
    for piece in query_string.split(b"&"):
        raw_name, _, raw_value = piece.partition(b"=")
        if not piece or not raw_name:
            continue
        name, is_named = _text(raw_name)
        # A per cent sign at the very end can only mean itself.
        if not (is_named and _text(raw_value.removesuffix(b"%"))[1]):
            wrong.append(FieldError(clean(name), "not_utf8", _NOT_UTF8, "query"))
        elif name in seen and name not in many:
            wrong.append(FieldError(clean(name), "repeated", _REPEATED, "query"))
        seen.add(name)
    return InvalidError(fields=wrong[:100]) if wrong else None


def _text(raw: bytes) -> tuple[str, bool]:
    """The decoded text, and whether it was well-formed."""
    if b"%" not in raw and raw.isascii():
        return raw.decode(), True
    data = unquote_to_bytes(raw.replace(b"+", b" "))
    try:
        return data.decode("utf-8"), _BAD_ESCAPE.search(raw) is None
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace"), False


def repeatable(fields: Iterable[Any]) -> frozenset[str]:
    """Return the names of FastAPI's query parameters that take a list, those of a model included."""
    found: set[str] = set()
    for field in fields:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found.update(
                str(info.validation_alias or info.alias or name)
                for name, info in annotation.model_fields.items()
                if takes_list(info.annotation)
            )
        elif takes_list(annotation):
            found.add(field.alias)
    return frozenset(found)


def takes_list(annotation: Any) -> bool:
    """Tell whether an annotation is a list, or may be one."""
    return annotation is list or get_origin(annotation) is list or any(map(takes_list, get_args(annotation)))
