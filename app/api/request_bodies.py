"""Whether a request has a body, and of which media type."""

import re

from starlette.requests import Request

from app.errors import FieldError, MediaTypeError

_NOTHING = re.compile(rb"\A(?:\xef\xbb\xbf)?[ \t\r\n]*\{[ \t\r\n]*\}[ \t\r\n]*\Z")
"""An object without members, which says as little as no body."""

NO_BODY = FieldError("", "missing", "Send a JSON object as the body.")


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
