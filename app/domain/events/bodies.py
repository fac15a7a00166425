"""The body of an event as it leaves the service: ids, codes and names of members, never a value."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.events.event_types import BY_NAME

MAX_BYTES = 20_000
"""Of a body."""
MAX_MEMBERS = 100
_MAX_CHARS = 100
PREFIX = "evt_"


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as it was recorded; ``sequence`` is its position, from 1."""

    id: UUID
    sequence: int
    type: str
    at: datetime
    object_id: str
    customer_id: UUID | None
    data: Mapping[str, Any]

    @property
    def order_key(self) -> str:
        """What events must keep their order for: the customer where there is one, else the object."""
        return self.object_id if self.customer_id is None else str(self.customer_id)


def public_id(event_id: UUID) -> str:
    """The id under which receivers know an event.

    >>> public_id(UUID("01930a3e-2f6b-7c11-9a52-0d9c1f8f7e10"))
    'evt_01930a3e2f6b7c119a520d9c1f8f7e10'
    """
    return PREFIX + event_id.hex


def document(event: Happened) -> dict[str, Any]:
    """Give what receivers learn of an event, the same at every time.

    Members that the type does not declare are left out; at most 100 names of changed members are listed,
    each cut after 100 characters, so that no body is larger than 20 kB.
    """
    kind = BY_NAME[event.type]
    stored = event.data
    version = stored.get("version", 1 if kind.is_new else None)
    data = {
        "id": event.object_id[:_MAX_CHARS],
        "customer_id": None if event.customer_id is None else str(event.customer_id),
        "members": [str(name)[:_MAX_CHARS] for name in stored.get("members", ())[:MAX_MEMBERS]],
        "version": version,
        **{name: stored[name] for name in kind.data if name in stored},
    }
    at = event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"type": event.type, "timestamp": at, "sequence": event.sequence, "data": data}


def body(event: Happened) -> bytes:
    """Give the bytes that are signed and sent: `document` as JSON, in ASCII."""
    return json.dumps(document(event), separators=(",", ":")).encode()
