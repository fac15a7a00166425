"""JSON bodies: declared as such, bounded before they are looked at, parsed strictly, large ones aside.

One thread works on large bodies, one body at a time: they wait for each other, and nobody else waits for
them. No step of it keeps the interpreter for long: `app.domain.common.json_bounds` bounds what there is to
do.
"""

import asyncio
import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fastapi import Request
from pydantic_core import from_json

from app.domain.common import json_bounds, json_members
from app.domain.common.text import composed
from app.errors import FieldError, InvalidError, MalformedError, MediaTypeError, TooLargeError
from app.http.validation import pointer

R = TypeVar("R")

LARGE_BYTES = 16 * 1024
"""From here on a body is worked on beside the event loop."""

_NOTHING = re.compile(rb"\A(?:\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*\Z")
"""An object without members, which says as little as no body."""

NO_BODY = FieldError("", "missing", "Send a JSON object as the body.")

_thread = ThreadPoolExecutor(1, thread_name_prefix="vefa-bodies")


class StrictRequest(Request):
    """A request whose JSON is parsed strictly: UTF-8, no NaN, no unpaired surrogates, bounded depth and size,
    and no member twice. A byte order mark before it is passed over, and its texts are in one Unicode form."""

    async def json(self) -> Any:
        """The parsed body.

        Raises:
            json.JSONDecodeError: it is not well-formed.
            AppError: it is not UTF-8, holds too much, or an object names a member twice.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = await aside(len(body), parsed, body)
        return self._json

    def replace_json(self, value: Any) -> None:
        """Let `json` give this from now on: a body that has been validated already."""
        self._json = value


_PLACE = re.compile(r"at line ([0-9]+) column ([0-9]+)")


async def aside(size: int, work: Callable[..., R], *args: Any) -> R:
    """Run ``work(*args)`` on a body of ``size`` bytes: here if it is small, else in the thread for large."""
    if size < LARGE_BYTES:
        return work(*args)
    return await asyncio.get_running_loop().run_in_executor(_thread, work, *args)


def parsed(body: bytes) -> Any:
    """Parse a body strictly.

    Raises:
        json.JSONDecodeError: it is not well-formed.
        AppError: it is not UTF-8, holds too much, or an object names a member twice.
    """
    body = body.removeprefix(BOM_UTF8)
    if json_bounds.has_too_many_values(body):
        detail = "A body has at most {count} members and items in all. Send them in several requests."
        raise TooLargeError(detail, count=json_bounds.MAX_VALUES)
    try:
        document = from_json(body, allow_inf_nan=False)
    except ValueError as wrong:
        if b"\0" in body[:4] or not _is_text(body):  # UTF-16 begins with a zero byte, or has one next
            raise MalformedError("The body is not UTF-8. Send JSON in UTF-8.") from None
        detail = "The body is not valid JSON; see line {line}, column {column}."
        where = _PLACE.search(str(wrong))
        raise (
            MalformedError(detail, line=where[1], column=where[2])
            if where
            else json.JSONDecodeError("not well-formed", "", 0)
        ) from None
    crowded = json_bounds.crowded(document)
    if crowded is not None:
        detail, most = "An object has at most {count} members.", {"count": json_bounds.MAX_MEMBERS}
        raise InvalidError(fields=[FieldError(pointer(crowded), "too_many_members", detail, params=most)])
    path = json_members.repeated(body.decode("utf-8"))
    if path is not None:
        detail = "This member is named more than once in the same object."
        raise InvalidError(fields=[FieldError(pointer(path), "repeated_member", detail)])
    return composed(document)


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


async def is_without_body(request: Request) -> bool:
    """Whether nothing was sent, not even a blank; a body of unstated length is read for it."""
    length = request.headers.get("content-length")
    return length == "0" or (length is None and not await request.body())


def telling(body: bytes) -> bytes:
    """The body as it counts where requests are compared: an object without members says nothing.

    >>> telling(b"{ }"), telling(b'{"at": null}')
    (b'', b'{"at": null}')
    """
    return _NOTHING.sub(b"", body)


def check_media_type(request: Request) -> None:
    """Check that a body is declared to be JSON in UTF-8; a patch may be declared as what it is.

    Raises:
        MediaTypeError: it is not.
    """
    media_type, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    media_type = media_type.strip()
    is_patch = request.method == "PATCH" and media_type == "application/merge-patch+json"
    if media_type != "application/json" and not is_patch:
        raise MediaTypeError("Send application/json.")
    if "charset" in parameters and not _is_utf8(parameters):
        raise MediaTypeError("Send the body in UTF-8; Content-Type names another charset.")


def _is_utf8(parameters: str) -> bool:
    """Whether the parameters of a media type name no charset but UTF-8, or ASCII, which is part of it."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        charset = value.strip().strip("\"'").strip().replace("_", "-")
        if name.strip() == "charset" and charset not in _UTF8_NAMES:
            return False
    return True


_UTF8_NAMES = frozenset({"utf-8", "utf8", "utf-8-sig", "unicode-1-1-utf-8", "us-ascii", "ascii", ""})
