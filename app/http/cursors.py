"""Sealed cursors: a place in one list, under its filters and its order.

A cursor repeats the last row's sort value, which may be a name: it is encrypted, so that nobody reads
it in an address or a log. AES-SIV (RFC 5297) gives the same cursor for the same place, as ETags of
pages need, and no two places share one.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from app.errors import FieldError, InvalidError
from app.store.paging import After
from app.store.types import from_micros, to_micros


class Cursors:
    """Makes and reads cursors with a key derived from the service's secret."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESSIV(hashlib.sha512(b"vefa-cursor:" + secret.encode()).digest())

    def encode(self, listing: str, after: After) -> str:
        """The cursor for the place behind ``after`` in ``listing`` (`listing_of`)."""
        payload = json.dumps([_tagged(value) for value in after], separators=(",", ":")).encode()
        sealed = self._cipher.encrypt(payload, [listing.encode()])
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def decode(self, listing: str, cursor: str) -> After:
        """The place a cursor names.

        Raises:
            InvalidError: not made by this service for this list, filters and order (``invalid_cursor``).
        """
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            payload = self._cipher.decrypt(sealed, [listing.encode()])
        except (ValueError, InvalidTag):
            raise _invalid() from None
        return tuple(_untagged(value) for value in json.loads(payload))


def listing_of(path: str, query: Mapping[str, Any]) -> str:
    """What a cursor belongs to: a list's path with its filters and order, without the page itself."""
    filters = {key: value for key, value in query.items() if key not in ("cursor", "limit", "include")}
    return path + "?" + json.dumps(filters, sort_keys=True, default=str)


def _tagged(value: Any) -> Any:
    if isinstance(value, UUID):
        return {"u": value.hex}
    if isinstance(value, date) and not hasattr(value, "hour"):
        return {"d": value.isoformat()}
    return {"i": to_micros(value)} if hasattr(value, "hour") else value


def _untagged(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(tag, held)] = value.items()
    return UUID(held) if tag == "u" else date.fromisoformat(held) if tag == "d" else from_micros(held)


def _invalid() -> InvalidError:
    wrong = FieldError("cursor", "invalid_cursor", "This is not a cursor of this list.", location="query")
    return InvalidError(code="invalid_cursor", fields=[wrong])
