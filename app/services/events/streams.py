"""Open streams of events: one reader of a process reads what is new for all of them.

The reader keeps the latest events in memory, and each stream takes from there what its caller may see; the
database is asked once, however many listen. A stream that is further behind reads pages as lists do, a few
streams at a time, until it has come near. Nothing is kept for a client that does not take what it is sent.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import cached_property
from itertools import islice
from math import inf
from time import monotonic
from typing import Any

import structlog

from app.domain.common.access import Actor
from app.domain.events.bodies import Happened
from app.domain.events.event_types import visible_types
from app.errors import GoneError, UnavailableError
from app.schemas.common.base import serializer
from app.schemas.events.events import EventQuery, EventRead, EventStreamQuery
from app.services.events import events
from app.services.platform import api_keys
from app.store.engine import Store, in_thread_on_sqlite
from app.store.events import log
from app.store.events.bell import EventBell
from app.store.transactions import ReadTx, Row

KEPT = 2_000
"""Latest events in memory."""
PART = 500
"""Events read at once."""
SENT_BYTES = 32_000
"""After which no further event is added to what is sent at once."""
PAGE = 100
"""Events of a page, for a stream that is behind."""
PAGES_AT_ONCE = 4
"""Streams of a process that read pages at the same time."""
KEYS_EVERY_SECONDS = 5.0
"""Between looks whether the keys of open streams are still valid."""
UNITS_HOLD_SECONDS = 1.0
"""For how long it is believed which unit a customer was of when an event was read."""
RETRY_AFTER_SECONDS = 10
_BREATH_SECONDS = 0.02

Frame = Callable[[int, bytes], bytes]
"""Gives what is sent of an event: its position, and its JSON."""

_log = structlog.get_logger("vefa.streams")


class Ending(StrEnum):
    """Why a stream has ended."""

    CLIENT_GONE = "client_gone"
    CLIENT_SLOW = "client_slow"
    """It did not take what it was sent."""
    TIME_OVER = "time_over"
    """It was asked for so many seconds."""
    KEY_INVALID = "key_invalid"
    """The key was revoked or has expired, or the person that it is bound to may not act any more."""
    RIGHTS_CHANGED = "rights_changed"
    """The key has other scopes or units than when the stream began."""
    EVENTS_GONE = "events_gone"
    """It was so far behind that events it had not read are no longer kept."""
    STOPPING = "stopping"
    """The service stops."""
    FAILED = "failed"


class Ready:
    """An event as streams tell it, and the unit that its customer was of when it was read."""

    def __init__(self, event: Happened, unit: str | None, frame: Frame) -> None:
        self.event, self.unit, self._frame = event, unit, frame
        self.read_at = monotonic()

    @cached_property
    def sent(self) -> bytes:
        """What is sent of it."""
        return self._frame(self.event.sequence, _json(events.shown(self.event)))


class EventStreams:
    """The open streams of a process. Lives in the event loop of the service.

    Args:
        most: streams that may be open.
        frame: how an event is sent.
    """

    def __init__(self, store: Store, bell: EventBell, most: int, frame: Frame) -> None:
        self.store, self.frame, self.most = store, frame, most
        self._bell = bell
        self._open: set[Stream] = set()
        self._reading: asyncio.Task[None] | None = None
        self._closed = False
        self.catching_up = asyncio.Semaphore(PAGES_AT_ONCE)
        self._latest: list[Ready] = []
        self._start, self._until = inf, 0

    def __len__(self) -> int:
        return len(self._open)

    async def prepare(self, actor: Actor, query: EventStreamQuery) -> "Stream":
        """Make a stream; it counts and is fed within `opened`.

        Raises:
            UnavailableError: as many are open as may be (``too_many_streams``), or the service stops.
            InvalidError, GoneError: as in `events.beginning`.
        """
        self._check_room()
        position = await self.store.read(events.beginning, query)
        self._check_room()
        return Stream(self, actor, query, position)

    @contextmanager
    def opened(self, stream: "Stream") -> Iterator[None]:
        """Count and feed a stream within the block."""
        self._open.add(stream)
        if self._closed:
            stream.end(Ending.STOPPING)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read(), name="vefa-event-streams")
        try:
            yield
        finally:
            self._open.discard(stream)

    def close(self) -> None:
        """End all streams, and let no others begin."""
        self._closed = True
        for stream in self._open:
            stream.end(Ending.STOPPING)

    def behind(self, position: int, actor: Actor) -> Iterable[Ready] | None:
        """What is in memory behind a position; None where the database must be asked: not all of it is there,
        or the caller sees only some customers, and it was too long ago that their units were read."""
        if position < self._start:
            return None
        first = bisect_right(self._latest, position, key=lambda one: one.event.sequence)
        if first == len(self._latest):
            return ()
        if actor.is_limited and monotonic() - self._latest[first].read_at > UNITS_HOLD_SECONDS:
            return None
        return islice(self._latest, first, None)

    async def finish(self) -> None:
        """Wait until nothing is read any more; after `close`."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    # --- inside

    def _check_room(self) -> None:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        if self._closed:
            raise UnavailableError("The service stops.", headers=headers)
        if len(self._open) >= self.most:
            detail = "This process holds {count} streams open, as many as it may."
            raise UnavailableError(detail, code="too_many_streams", headers=headers, count=self.most)

    async def _read(self) -> None:
        """Read what is new, as long as a stream is open."""
        keys_at = monotonic() + KEYS_EVERY_SECONDS
        try:
            while self._open and not self._closed:
                rounds, is_more = self._bell.rounds, False
                try:
                    is_more = await self._read_on()
                    if monotonic() >= keys_at:
                        keys_at = monotonic() + KEYS_EVERY_SECONDS
                        await self._check_keys()
                except UnavailableError as error:
                    _log.warning("streams_wait_for_database", detail=error.detail)
                if is_more:
                    await asyncio.sleep(_BREATH_SECONDS)
                else:
                    await self._bell.after(rounds, KEYS_EVERY_SECONDS)
        except Exception as error:
            _log.error("streams_failed", exception=type(error).__qualname__, exc_info=True)
            for stream in self._open:
                stream.end(Ending.FAILED)
        finally:
            self._reading, self._latest = None, []
            self._start, self._until = inf, 0

    async def _read_on(self) -> bool:
        """Read a part; whether there may be more."""
        if self._start == inf:
            self._start = self._until = await self.store.read(log.last)
            found = []
        else:
            found = await self.store.read(_tail, self._until, PART)
            if not found:
                return False
            self._latest += [Ready(event, unit, self.frame) for event, unit in found]
            self._until = self._latest[-1].event.sequence
            if len(self._latest) > KEPT:
                self._start = self._latest[-KEPT - 1].event.sequence
                del self._latest[:-KEPT]
        for stream in self._open:
            stream.changed.set()
        return len(found) == PART

    async def _check_keys(self) -> None:
        """End the streams of keys that are not valid any more, or have other rights."""
        by_key: dict[str, list[Stream]] = {}
        for stream in self._open:
            if stream.actor.is_key:
                by_key.setdefault(stream.actor.id.removeprefix("key:"), []).append(stream)
        if not by_key:
            return
        company = next(iter(by_key.values()))[0].actor.company
        rights = await self.store.read(api_keys.rights_now, list(by_key), company)
        for key_id, streams in by_key.items():
            for stream in streams:
                if key_id not in rights:
                    stream.end(Ending.KEY_INVALID)
                elif rights[key_id] != (stream.actor.scopes, stream.actor.units):
                    stream.end(Ending.RIGHTS_CHANGED)


class Stream:
    """What one client listens to: everything behind ``position`` that it may see and asked for."""

    def __init__(self, streams: EventStreams, actor: Actor, query: EventStreamQuery, position: int) -> None:
        self.actor, self.position = actor, position
        self.changed = asyncio.Event()
        self.ending: Ending | None = None
        self.on_end: Callable[[], None] | None = None
        """Called at the end: lets go of a client that does not take what it is sent."""
        self._streams, self._query = streams, query
        self._types = {known.name for known in visible_types(actor, query.type)}
        self._ends_at = inf if query.seconds is None else monotonic() + query.seconds

    def end(self, ending: Ending) -> None:
        """Tell nothing more."""
        if self.ending is None:
            self.ending = ending
            self.changed.set()
            if self.on_end is not None:
                self.on_end()

    async def read(self, seconds: float) -> bytes | None:
        """Give what is to be sent next.

        Returns:
            Nothing (``b""``) when nothing has come for so many seconds; None at the end.
        """
        until = monotonic() + seconds
        while self.ending is None:
            self.changed.clear()
            found = self._streams.behind(self.position, self.actor)
            part = await self._from_page() if found is None else self._from_memory(found)
            if part:
                return part
            left = min(until, self._ends_at) - monotonic()
            if left <= 0 and self._ends_at <= monotonic():
                self.end(Ending.TIME_OVER)
            elif left <= 0:
                return b""
            elif part is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self.changed.wait()
        return None

    def _from_memory(self, behind: Iterable[Ready]) -> bytes:
        found, size = [], 0
        for one in behind:
            self.position = one.event.sequence
            if self._is_for_it(one):
                found.append(one.sent)
                size += len(one.sent)
                if size >= SENT_BYTES:
                    break
        return b"".join(found)

    async def _from_page(self) -> bytes | None:
        """The next page; None where there is more behind one that has nothing."""
        if not self._types:
            return b""
        asked = {"type": self._query.type, "customer_id": self._query.customer_id, "limit": PAGE}
        query = EventQuery(after=self.position, **asked)
        try:
            async with self._streams.catching_up:
                page = await self._streams.store.read(events.page, self.actor, query)
        except GoneError:
            self.end(Ending.EVENTS_GONE)
            return b""
        except UnavailableError:
            return b""
        moved = page["next_after"] > self.position
        self.position = page["next_after"]
        frame = self._streams.frame
        sent = b"".join(frame(row["sequence"], _json(row)) for row in page["data"])
        return sent if sent or not moved else None

    def _is_for_it(self, one: Ready) -> bool:
        event, actor = one.event, self.actor
        if event.type not in self._types or self._query.customer_id not in (None, event.customer_id):
            return False
        if actor.customer_id is not None and event.customer_id != actor.customer_id:
            return False
        return not actor.units or (event.customer_id is not None and one.unit in actor.units)


@in_thread_on_sqlite
def _tail(tx: ReadTx, after: int, most: int) -> list[tuple[Happened, str | None]]:
    return log.tail(tx, after, most)


def _json(shown: Row) -> bytes:
    found: Any = serializer(EventRead).to_json(shown, warnings=False)
    return bytes(found)
