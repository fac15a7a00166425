"""The log of events as all lanes of a courier read it: each part once, and each body made once."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property

from app.domain.events import bodies
from app.domain.events.bodies import Happened
from app.store.engine import Store
from app.store.events import lanes, log

PART = 500
"""Positions of a part."""
MAX_PARTS = 64


class Prepared:
    """An event with what is sent of it."""

    def __init__(self, event: Happened) -> None:
        self.event = event
        self.order_key = event.order_key

    @cached_property
    def body(self) -> bytes:
        """The bytes that are signed and sent."""
        return bodies.body(self.event)


@dataclass(slots=True)
class _Part:
    events: list[Prepared] = field(default_factory=list)
    until: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class EventReader:
    """Reads from the event loop of a courier; the database in threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts: OrderedDict[int, _Part] = OrderedDict()
        self.first, self.latest = 1, 0

    async def look(self) -> None:
        """Find out how far the log goes now."""
        self.latest = await asyncio.to_thread(self._store.read_sync, log.last)

    async def look_back(self) -> None:
        """Find out where the log begins now."""
        self.first = await asyncio.to_thread(self._store.read_sync, log.first)

    async def read(self, after: int) -> tuple[list[Prepared], int]:
        """Read on behind a position.

        Returns:
            Some of the events, in their order, and the position up to which they were read.
        """
        number = after // PART
        part = self._parts.get(number)
        if part is None:
            part = self._parts[number] = _Part(until=number * PART)
            while len(self._parts) > MAX_PARTS:
                self._parts.popitem(last=False)
        self._parts.move_to_end(number)
        end = min((number + 1) * PART, self.latest)
        async with part.lock:
            if part.until < end:
                found = await asyncio.to_thread(self._store.read_sync, lanes.read_events, part.until, end)
                part.events += map(Prepared, found)
                part.until = end
        return [one for one in part.events if one.event.sequence > after], part.until
