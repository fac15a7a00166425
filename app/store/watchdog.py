"""Notice that a PostgreSQL server hangs: it keeps its connections open and answers nothing on any of them.

A stopped process or a pulled cable gives no error, so whoever waits for an answer would wait for ever; and a
limit on the time of a statement cannot tell a server that hangs from one that works for long. So while
something has waited for `QUIET_SECONDS`, a new connection is tried in a thread. If it gets no answer within
`PROBE_SECONDS`, all that wait are given up, and what comes is refused at once, until one is answered again.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from app.errors import UnavailableError

QUIET_SECONDS: Final = 1.0
"""What has been answered within this time is not looked at. With `PROBE_SECONDS` it stays under 3 s."""
PROBE_SECONDS: Final = 1.2
LOOK_SECONDS: Final = 0.25
STUCK_SECONDS: Final = 60.0
"""One use of a connection that takes longer is given up, though the server answers others: its own statements
are limited to half of that, so its connection or its process is dead."""


class Waiting:
    """Something that waits for the server: for its ``connection`` to answer, or within an asyncio timeout."""

    __slots__ = ("connection", "limit", "since")

    def __init__(self, since: float) -> None:
        self.since = since
        self.connection: Any = None
        self.limit: asyncio.Timeout | None = None

    def give_up(self, at: float) -> None:
        """Make it fail now."""
        if self.limit is not None:
            self.limit.reschedule(at)
        elif self.connection is not None:
            with suppress(Exception):  # given back meanwhile
                cut(self.connection.sync_connection.connection.driver_connection)


def cut(driver_connection: Any) -> None:
    """End a connection of psycopg under the statement that waits on it, in whatever thread; it fails at once.

    To cancel it instead would ask the server, which does not answer.
    """
    with suppress(Exception), socket.socket(fileno=os.dup(driver_connection.pgconn.socket)) as same:
        same.shutdown(socket.SHUT_RDWR)  # unless it was closed meanwhile


class Watchdog:
    """Watches over what waits for one server, in one event loop.

    Args:
        probe: connects anew and is answered, or raises; called in a thread.
        on_hang: called when the server begins to hang.
    """

    def __init__(self, probe: Callable[[], None], on_hang: Callable[[], None] = lambda: None) -> None:
        self._probe, self._on_hang = probe, on_hang
        self._waiting: set[Waiting] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._asked: _Asked | None = None
        self.hangs = False
        """Whether the server hangs, as far as is known."""

    def begin(self) -> Waiting:
        """Note that something begins to wait; to be passed to `end`.

        Raises:
            UnavailableError: the server hangs.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._start_over(loop)
        if self.hangs:
            raise hanging()
        one = Waiting(loop.time())
        self._waiting.add(one)
        if self._timer is None:
            self._timer = loop.call_later(QUIET_SECONDS, self._look)
        return one

    def end(self, one: Waiting) -> None:
        """Note that it waits no longer."""
        self._waiting.discard(one)

    @contextmanager
    def limited(self) -> Iterator[asyncio.Timeout]:
        """Watch over what happens within; to be entered as an asyncio timeout inside."""
        one = self.begin()
        one.limit = asyncio.timeout(None)
        try:
            yield one.limit
        except TimeoutError:
            if one.limit.expired():
                raise hanging() from None
            raise
        finally:
            self.end(one)

    def stop(self) -> None:
        """Watch no longer, until something begins to wait again."""
        self._start_over(None)

    # --- inside

    def _start_over(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._loop, self._timer, self._asked, self.hangs = loop, None, None, False
        self._waiting.clear()

    def _look(self) -> None:
        """Look at what waits, again and again while anything does or the server hangs."""
        assert self._loop is not None  # noqa: S101 - set by whoever set the timer
        now = self._loop.time()
        if self._asked is not None:
            self._judge(self._asked, now)
        if self._asked is None and (self.hangs or self._longest(now) >= QUIET_SECONDS):
            self._asked = _Asked(self._probe, now)
        for one in [one for one in self._waiting if now - one.since > STUCK_SECONDS and one.limit is None]:
            one.give_up(now)
        again = self._waiting or self.hangs or self._asked is not None
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look) if again else None

    def _longest(self, now: float) -> float:
        return max((now - one.since for one in self._waiting), default=0.0)

    def _judge(self, asked: "_Asked", now: float) -> None:
        if asked.answered.is_set():
            self._asked, self.hangs = None, False
        elif now - asked.since >= PROBE_SECONDS:
            self._asked = None
            if not self.hangs:
                self.hangs = True
                self._on_hang()
            for one in list(self._waiting):
                one.give_up(now)


class _Asked:
    """A probe that is under way; an error is an answer, too."""

    def __init__(self, probe: Callable[[], None], since: float) -> None:
        self.since = since
        self.answered = threading.Event()
        threading.Thread(target=self._run, args=(probe,), daemon=True).start()

    def _run(self, probe: Callable[[], None]) -> None:
        with suppress(Exception):
            probe()
        self.answered.set()


def hanging() -> UnavailableError:
    """What is said to those who ask a server that hangs."""
    return UnavailableError("The database cannot answer now.", headers={"Retry-After": "1"})
