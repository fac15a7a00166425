"""Digests of what a source said of a record, by which later files show what is new."""

import hashlib
import struct
from collections.abc import Collection, Mapping
from typing import Any
from zlib import crc32

SALE = ("kind", "amount_minor", "currency", "occurred_at", "category", "channel", "cost_minor")
"""What a source says of a sale besides whose it is; ``occurred_at`` in microseconds since 1970."""

_ENTRY = struct.Struct(">I8s")


def pack(members: Mapping[str, Any]) -> bytes:
    """Digests of the members that a source says something of; 12 bytes each.

    >>> len(pack({"topic": "delivery", "agent": None}))
    12
    """
    digests = {
        crc32(name.encode()): hashlib.blake2b(repr(value).encode(), digest_size=8).digest()
        for name, value in members.items()
        if value is not None
    }
    return b"".join(_ENTRY.pack(*entry) for entry in sorted(digests.items()))


def of_sale(customer: bytes, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a source says of a sale: the 16 bytes of its customer's id, and `SALE`."""
    return {"customer": customer, **{name: values[name] for name in SALE}}


def merge(before: bytes | None, packed: bytes) -> bytes:
    """Digests of what a source has said in all: where it said something of a member twice, the later.

    >>> merge(pack({"topic": "a", "agent": "x"}), pack({"topic": "b"})) == pack({"topic": "b", "agent": "x"})
    True
    """
    entries = dict(_ENTRY.iter_unpack(before or b"")) | dict(_ENTRY.iter_unpack(packed))
    return b"".join(_ENTRY.pack(*entry) for entry in sorted(entries.items()))


def only(packed: bytes, names: Collection[str]) -> bytes:
    """Digests of some members.

    >>> only(pack({"topic": "a", "agent": "x"}), ["agent"]) == pack({"agent": "x"})
    True
    """
    wanted = {crc32(name.encode()) for name in names}
    return b"".join(_ENTRY.pack(*entry) for entry in _ENTRY.iter_unpack(packed) if entry[0] in wanted)


def unheard(members: Mapping[str, Any], before: bytes | None) -> set[str]:
    """The members of which a source has said nothing yet, and says something now.

    >>> unheard({"topic": "a", "agent": "x", "notes": None}, pack({"topic": "b"}))
    {'agent'}
    """
    known = {name for name, _ in _ENTRY.iter_unpack(before or b"")}
    return {
        name for name, value in members.items() if value is not None and crc32(name.encode()) not in known
    }


def newer_members(members: Mapping[str, Any], before: bytes | None) -> set[str]:
    """The members of which a source says something else than before, or says something for the first time.

    >>> before = pack({"topic": "b", "agent": "x", "notes": "n"})
    >>> newer_members({"topic": "a", "agent": "x", "notes": None}, before)
    {'topic'}
    """
    if before is None:
        return {name for name, value in members.items() if value is not None}
    known = set(_ENTRY.iter_unpack(before))
    stated = (name for name, value in members.items() if value is not None)
    return {name for name in stated if not set(_ENTRY.iter_unpack(pack({name: members[name]}))) <= known}
