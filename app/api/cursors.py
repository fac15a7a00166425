"""Signed opaque cursors: a place in one list, under its filters and its order."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from app.errors import FieldError, InvalidError
from app.store.paging import After
from app.store.types import from_micros, to_micros

_MAC_BYTES = 16


class Cursors:
    """Makes and reads cursors with a key derived from the service's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"vefa-cursor:" + secret.encode()).digest()

    def encode(self, listing: str, after: After) -> str:
        """The cursor for the place behind ``after`` in ``listing`` (`listing_of`)."""
        payload = json.dumps([_tagged(value) for value in after], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(listing, payload) + payload).rstrip(b"=").decode()

    def decode(self, listing: str, cursor: str) -> After:
        """The place a cursor names.

        Raises:
            InvalidError: not made by this service for this list, filters and order (``invalid_cursor``).
        """
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raise _invalid() from None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(listing, payload)):
            raise _invalid()
        return tuple(_untagged(value) for value in json.loads(payload))

    def _mac(self, listing: str, payload: bytes) -> bytes:
        return hmac.digest(self._key, listing.encode() + b"\0" + payload, "sha256")[:_MAC_BYTES]


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
