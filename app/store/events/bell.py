"""Wakes those who wait for events, when some were written and when some were numbered.

Within a process by `Ring`; between processes on PostgreSQL by LISTEN and NOTIFY. A write itself sends no
NOTIFY, because commits that do wait for each other: the process sends one for all its writes of a while.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sqlalchemy import text

from app.errors import AppError, UnavailableError
from app.store import dialects
from app.store.dialects import StoreSettings
from app.store.events.ring import Ring
from app.store.job_notifications import JobListener
from app.store.transactions import WriteTx

WRITTEN = "vefa_events_written"
NUMBERED = "vefa_events_numbered"

POLL_SECONDS = 1.0
"""Longest wait of somebody whom no bell reaches."""

_NOTIFY_EVERY_SECONDS = 0.05
_LISTEN_SECONDS = 10.0


def notify(tx: WriteTx, channel: str) -> None:
    """Tell listeners in all processes when ``tx`` commits; nothing on SQLite."""
    if dialects.is_postgres(tx):
        tx.execute(text(f"NOTIFY {channel}"))


async def tell_of_writes(ring: Ring, tell: Callable[[], Awaitable[None]]) -> None:
    """Call ``tell`` soon after each ring, but not too often; for ever."""
    loop, written = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(written.set)

    with ring.calling(wake):
        while True:
            await written.wait()
            written.clear()
            with suppress(AppError):  # the database is busy or gone: workers look by themselves as well
                await tell()
            await asyncio.sleep(_NOTIFY_EVERY_SECONDS)


class EventBell:
    """Lets requests wait until events were numbered.

    On PostgreSQL a thread listens, from when somebody first waits.
    """

    def __init__(self, ring: Ring, settings: StoreSettings) -> None:
        self._ring, self._settings = ring, settings
        self._rounds = 0
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._forget = self._ring.add(self._count)

    @property
    def rounds(self) -> int:
        """How often it rang; to be read before one looks for events, and given to `after`."""
        return self._rounds

    async def after(self, rounds: int, seconds: float) -> None:
        """Wait until it has rung since it had rung ``rounds`` times, ``seconds`` at most."""
        if self._thread is None and not self._settings.is_sqlite:
            self._thread = threading.Thread(target=self._listen, name="vefa-events", daemon=True)
            self._thread.start()
        loop, rung = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(rung.set)

        with self._ring.calling(wake):
            if self._rounds == rounds and not self.is_closed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), min(seconds, POLL_SECONDS))

    @property
    def is_closed(self) -> bool:
        """Whether nobody should wait any more: the process stops."""
        return self._closing.is_set()

    def close(self) -> None:
        """Let nobody wait any more, and stop listening; the thread ends by itself."""
        self._closing.set()
        self._forget()
        self._ring.ring()

    def _count(self) -> None:
        self._rounds += 1

    def _listen(self) -> None:
        listener = JobListener(self._settings, (NUMBERED,))
        while not self._closing.is_set():
            try:
                if listener.wait(_LISTEN_SECONDS):
                    self._ring.ring()
            except UnavailableError:
                self._closing.wait(POLL_SECONDS)
        listener.close()
