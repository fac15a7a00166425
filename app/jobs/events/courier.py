"""The courier of a worker: holds endpoints by lease and delivers events to them, beside all other work."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from app.errors import UnavailableError
from app.integrations import webhook_sender
from app.integrations.webhook_sender import WebhookSender
from app.jobs.events.event_reader import EventReader
from app.jobs.events.lane import Lane, Office, Sender
from app.jobs.registry import Context
from app.store.events import lanes, sealed
from app.store.types import now

LEASE = timedelta(seconds=15)
LOOK_SECONDS = 1.0
"""Between looks for endpoints, and for events that no ring told of."""
MAX_LANES = 100
_JOIN_SECONDS = 5.0

_log = structlog.get_logger("vefa.webhooks")


class Courier:
    """Delivers from a thread of its own with an event loop.

    Args:
        name: unique among couriers that live; goes into leases.
        clock: what time it is.
        sender: by default one to where the settings allow.
        lease: for how long an endpoint stays with a courier that says nothing.
    """

    def __init__(
        self,
        context: Context,
        name: str,
        *,
        clock: Callable[[], datetime] = now,
        sender: Sender | None = None,
        lease: timedelta = LEASE,
    ) -> None:
        self._context, self._name, self._clock, self._sender = context, name, clock, sender
        self._lease = lease
        self._thread = threading.Thread(target=self._run, name="vefa-courier", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._stopping = False
        self._lanes: dict[Lane, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin; returns at once."""
        self._forget = self._context.store.numbered.add(self.wake)
        self._thread.start()

    def wake(self) -> None:
        """Look for events now; from any thread."""
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(wake.set)

    def stop(self) -> None:
        """End: what is on its way may end, what came of it is written, and the endpoints are let go."""
        self._stopping = True
        self._forget()
        self.wake()
        self._thread.join(_JOIN_SECONDS)

    # --- inside

    def _run(self) -> None:
        """Work until it is stopped; after a failure nobody expected, begin again with the same leases."""
        while not self._stopping:
            self._lanes = {}
            try:
                asyncio.run(self._work())
                return
            except Exception as error:
                _log.error("courier_failed", exception=type(error).__qualname__, exc_info=True)
                time.sleep(LOOK_SECONDS)

    async def _work(self) -> None:
        seal = sealed.of_settings(self._context.settings)
        if seal is None:
            return
        sender = self._sender or WebhookSender(self._context.settings.webhook_rules)
        try:
            await self._deliver(seal, sender)
        finally:
            if isinstance(sender, WebhookSender):
                await sender.close()

    async def _deliver(self, seal: sealed.Seal, sender: Sender) -> None:
        """Look for endpoints and events until it is stopped."""
        loop, wake = self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        store = self._context.store
        office = Office(
            self._name,
            store,
            self._context.company,
            seal,
            EventReader(store),
            sender,
            webhook_sender.headers_of,
            self._clock,
        )
        looked_at = 0.0
        while not self._stopping:
            wake.clear()
            try:
                if loop.time() >= looked_at + LOOK_SECONDS:
                    looked_at = loop.time()
                    await self._look_for_endpoints(office)
                if self._lanes:
                    await office.reader.look()
            except UnavailableError as error:
                _log.warning("courier_waits_for_database", detail=error.detail)
            for lane in self._lanes:
                lane.changed.set()
            left = looked_at + LOOK_SECONDS - loop.time()
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), max(0.01, left))
        await self._end(office)

    async def _look_for_endpoints(self, office: Office) -> None:
        """Renew the leases, take endpoints that are free, and let go of those that are not ours any more."""
        store, at = office.store, self._clock()
        for lane in [lane for lane, task in self._lanes.items() if task.done()]:
            error = self._lanes.pop(lane).exception()
            if error is not None:
                _log.error("webhook_lane_failed", exception=type(error).__qualname__, exc_info=error)
        if not self._lanes and not await asyncio.to_thread(
            store.read_sync, lanes.any_to_take, self._name, at
        ):
            return
        rows = await asyncio.to_thread(store.write_sync, lanes.take, self._name, at, self._lease, MAX_LANES)
        held = {row["id"]: row for row in rows}
        await office.reader.look_back()
        await office.reader.look()
        for lane in self._lanes:
            row = held.pop(lane.id, None)
            if row is None:
                lane.stop()
            else:
                lane.update(row)
        for row in held.values():
            lane = Lane(office, row)
            self._lanes[lane] = asyncio.create_task(lane.run())

    async def _end(self, office: Office) -> None:
        for lane in self._lanes:
            lane.stop()
        if self._lanes:
            await asyncio.wait(self._lanes.values(), timeout=_JOIN_SECONDS)
        with suppress(UnavailableError):
            await asyncio.to_thread(office.store.write_sync, lanes.release, self._name)
