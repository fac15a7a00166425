"""Pydantic's errors as our own: a pointer, a stable code and a message that never repeats the input."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.errors import AppError, FieldError, InvalidError, MalformedError
from app.http.pattern_texts import expectation
from app.texts import clean, is_known

MAX_LISTED = 100
_MAX_POINTER_CHARS = 512
_MAX_CODE_CHARS = 64
_LOCATIONS = frozenset({"body", "query", "path", "header", "cookie"})

# Only what the contract itself says may fill a placeholder: bounds, allowed values, formats.
# Left out on purpose: ctx members made from the input (`error`, `tag`, `actual_length`, `tz_actual`).
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
_DIGITS = ("max_digits", "decimal_places", "whole_digits")
_CHOICES = ("expected", "expected_tags", "expected_version", "expected_schemes")
_OURS = ("now",)
# Pydantic joins the last two of several choices in English.
_LAST_OR = re.compile(r"(?<=['\w]) or (?=(?:'[^']*'|[^\s']+)$)")
_SAFE_PARAMS = frozenset([*_BOUNDS, *_DIGITS, *_CHOICES, *_OURS])

_NUMBER = "Expected a number."
_INTEGER = "Expected a whole number."
_DATE = "Expected a date such as 2026-11-30."
_INSTANT = "Expected an RFC 3339 date and time with an offset, such as 2026-11-30T09:00:00Z."
_UTF8 = "Expected valid Unicode text."
_TOO_BIG = "The number is too large."
_TIME = "Expected a time of day such as 09:00:00."
_DURATION = "Expected an ISO 8601 duration such as P30D."
_OBJECT = "Expected an object."
_LIST = "Expected a list."
_URL = "Expected a URL."
_UUID = "Expected a UUID."
_BOOL = "Expected true or false."
_WRONG = "The value is not valid."

MESSAGES: Mapping[str, str] = {
    "missing": "This member is required.",
    "missing_argument": "This member is required.",
    "extra_forbidden": "Unknown member.",
    "unexpected_keyword_argument": "Unknown member.",
    "invalid_key": "Expected text as the key.",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "none_required": "Expected null.",
    "greater_than": "Expected more than {gt}.",
    "greater_than_equal": "Expected {ge} or more.",
    "less_than": "Expected less than {lt}.",
    "less_than_equal": "Expected {le} or less.",
    "multiple_of": "Expected a multiple of {multiple_of}.",
    "finite_number": "Expected a finite number.",
    "too_short": "Expected at least {min_length} items.",
    "too_long": "Expected at most {max_length} items.",
    "string_type": "Expected text.",
    "string_sub_type": "Expected text.",
    "string_unicode": _UTF8,
    "string_too_short": "Expected at least {min_length} characters.",
    "string_too_long": "Expected at most {max_length} characters.",
    "string_not_ascii": "Expected ASCII characters only.",
    "enum": "Expected one of: {expected}.",
    "literal_error": "Expected one of: {expected}.",
    "bool_type": _BOOL,
    "bool_parsing": _BOOL,
    "int_type": _INTEGER,
    "int_parsing": _INTEGER,
    "int_from_float": _INTEGER,
    "int_parsing_size": _TOO_BIG,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_digits": "Expected at most {max_digits} digits.",
    "decimal_max_places": "Expected at most {decimal_places} decimal places.",
    "decimal_whole_digits": "Expected at most {whole_digits} digits before the decimal point.",
    "bytes_type": "Expected text.",
    "bytes_too_short": "Expected at least {min_length} characters.",
    "bytes_too_long": "Expected at most {max_length} characters.",
    "bytes_invalid_encoding": _UTF8,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_past": "Expected a day in the past.",
    "date_future": "Expected a day in the future.",
    "time_type": _TIME,
    "time_parsing": _TIME,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_naive": _INSTANT,
    "timezone_aware": _INSTANT,
    "timezone_offset": _INSTANT,
    "datetime_past": "Expected an instant in the past.",
    "in_future": "Expected an instant that is not in the future; our clock reads {now}.",
    "datetime_future": "Expected an instant in the future.",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "union_tag_invalid": "Expected one of: {expected_tags}.",
    "union_tag_not_found": "The member that tells the kind is missing.",
    "url_type": _URL,
    "url_parsing": _URL,
    "url_syntax_violation": _URL,
    "url_scheme": "Expected a URL with one of these schemes: {expected_schemes}.",
    "url_too_long": "Expected at most {max_length} characters.",
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": "Expected a UUID of version {expected_version}.",
    "other_trigger": "Leave out {member}: it does not go with this trigger.",
    "other_action": "Leave out {member}: it does not go with this action.",
    "recursion_loop": "The value is nested too deeply.",
}
"""Message id per error type. Types not listed here read "The value is not valid." """


def pointer(parts: Iterable[object]) -> str:
    """Return an RFC 6901 JSON Pointer, cleaned and cut at 512 characters.

    >>> pointer(["contact_points", 0, "a/b"])
    '/contact_points/0/a~1b'
    """
    escaped = (clean(str(part)).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join(f"/{part}" for part in escaped)[:_MAX_POINTER_CHARS]


def refusal(
    errors: Sequence[Mapping[str, Any]], location: str | None = None, *, count: int | None = None
) -> AppError:
    """Return the `AppError` that answers Pydantic's ``errors()``.

    Args:
        errors: as given by ``ValidationError.errors()`` or FastAPI; inputs and messages are not used.
        location: where the value came from ("body", "query", ...); None when each error's ``loc``
            starts with it, as FastAPI's do.
        count: how many errors there are, where ``errors`` are only some of them.

    Returns:
        `MalformedError` (400) if the body is not JSON, else `InvalidError` (422) listing at most
        100 fields; its parameter ``count`` says how many there are.

    >>> refusal([{"type": "missing", "loc": ("name",)}], "body").fields[0].pointer
    '/name'
    """
    for error in errors:
        if error["type"] == "json_invalid":
            return MalformedError("The body is not valid JSON.")
    return InvalidError(
        fields=[field_error(error, location) for error in errors[:MAX_LISTED]],
        count=len(errors) if count is None else count,
    )


def field_error(error: Mapping[str, Any], location: str | None = None) -> FieldError:
    """Return one of Pydantic's errors without its input. See `refusal` for ``location``."""
    loc = tuple(error["loc"])
    if location is None:
        location, loc = (str(loc[0]), loc[1:]) if loc and loc[0] in _LOCATIONS else ("body", loc)
    name = pointer(loc) if location == "body" else clean(str(loc[0]) if loc else "")
    detail, params = _detail(error)
    return FieldError(name, str(error["type"])[:_MAX_CODE_CHARS], detail, location, params)


def _detail(error: Mapping[str, Any]) -> tuple[str, dict[str, object]]:
    """Choose the message: ours by type, else the validator's own words if the catalogue knows them.

    A message found word for word in the catalogue was written by us and holds nobody's data;
    schemas may therefore ``raise ValueError("...")`` with any text that has a translation.
    """
    context = error.get("ctx") or {}
    params = {name: value for name, value in context.items() if name in _SAFE_PARAMS}
    for name in params.keys() & set(_CHOICES):
        params[name] = _LAST_OR.sub(", ", str(params[name]))
    if error["type"] == "string_pattern_mismatch":
        return expectation(context.get("pattern")), {}
    if message := MESSAGES.get(error["type"]):
        return message, params
    own = str(context.get("error", "")) if error["type"] == "value_error" else str(error.get("msg", ""))
    return (own if is_known(own) else _WRONG), params
