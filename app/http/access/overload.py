"""Too much is refused at once: the outermost layer bounds the requests in flight by how long they wait.

It saves the service from answering everybody too late: a refusal costs a tenth of an answer, and whoever is
let in waits little. Without it a caller who sends twice what can be answered waits ten seconds and more, and
so does everybody else. As in CoDel (RFC 8289) a wait counts only when it lasts: when even the shortest wait
of `WINDOW` is above the target, the bound falls by a quarter, else it rises by a tenth. Reads and writes have
a bound each, for writes may wait where reads need not. Of a refused request only method and path are read.
"""

import asyncio
import json
import time
from collections.abc import Callable
from math import inf
from typing import Protocol

import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import PROBLEMS

WINDOW = 0.1
"""Seconds of which the shortest wait counts."""

LEAST = 16
"""Requests that are let in however long they wait: a few slow ones are no overload."""

ALWAYS_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOG_SECONDS = 1.0
_KIND, _CODE = PROBLEMS["unavailable"], "unavailable"
_DETAIL = "More is asked than can be answered in time. Nothing was done; try again."
_MEMBERS = {"title": _KIND.title, "status": _KIND.status, "detail": _DETAIL, "code": _CODE}
_BODY = json.dumps({"type": f"/problems/{_CODE}", **_MEMBERS}).encode()
_HEADERS = [
    (b"content-type", b"application/problem+json"),
    (b"content-length", b"%d" % len(_BODY)),
    (b"content-language", b"en"),
    (b"retry-after", b"1"),
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
]
_refusals = Counter("vefa_http_overload_refusals_total", "Requests refused since others wait too long.")
_log = structlog.get_logger("vefa.http")


class OverloadSettings(Protocol):
    """The settings used here; `app.settings.Settings` has them."""

    @property
    def max_requests(self) -> int:
        """Most requests in flight, reads and writes each."""

    @property
    def wait_target_seconds(self) -> float:
        """The wait that must not last."""


class Lane:
    """Requests of one kind in flight, and how many may be."""

    def __init__(self, most: int, target: float) -> None:
        self.in_flight = 0
        self.bound = self._most = most
        self._target = target
        self._ends, self._shortest, self._peak = -inf, inf, 0

    @property
    def is_full(self) -> bool:
        """Whether no more are let in."""
        return self.in_flight >= self.bound

    def note(self, waited: float, at: float) -> None:
        """Take a wait that was measured at an instant, and move the bound where a window has ended."""
        if at >= self._ends:
            windows = 0 if self._ends == -inf else int((at - self._ends) / WINDOW) + 1
            if windows and self._shortest > self._target:
                self.bound = max(LEAST, min(self.bound, self._peak) * 3 // 4)
                windows -= 1
            for _ in range(min(windows, 100)):  # also those in which nobody asked for anything
                self.bound = min(self._most, self.bound + self.bound // 10 + 1)
            self._ends, self._shortest, self._peak = at + WINDOW, inf, 0
        self._shortest = min(self._shortest, waited)
        self._peak = max(self._peak, self.in_flight)


class OverloadMiddleware:
    """Lets a request in, or refuses it."""

    def __init__(
        self, app: ASGIApp, settings: OverloadSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self._clock = app, clock
        self.reads = Lane(settings.max_requests, settings.wait_target_seconds)
        self.writes = Lane(settings.max_requests, settings.wait_target_seconds)
        self._is_measuring = False
        self._refused, self._logged_at = 0, -inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_OPEN:
            await self.app(scope, receive, send)
            return
        self._measure(scope)
        lane = self.reads if scope["method"] in _READS else self.writes
        if lane.is_full:
            await self._refuse(scope, send)
            return
        lane.in_flight += 1
        try:
            await asyncio.sleep(0)  # so that all that have come are counted before the first is answered
            await self.app(scope, receive, send)
        finally:
            lane.in_flight -= 1

    def _measure(self, scope: Scope) -> None:
        """Find out how long one round of the event loop takes: nobody who comes meanwhile is answered sooner.

        Writes, and on PostgreSQL reads as well, may then wait for their turn at the database.
        """
        if self._is_measuring:
            return
        self._is_measuring = True
        loop = asyncio.get_running_loop()
        services = getattr(scope["app"].state, "services", None)

        def begin() -> None:
            loop.call_soon(end, self._clock())

        def end(began: float) -> None:
            self._is_measuring = False
            now = self._clock()
            reads, writes = (0.0, 0.0) if services is None else services.store.waits()
            self.reads.note(max(now - began, reads), now)
            self.writes.note(max(now - began, writes), now)

        loop.call_soon(begin)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        _refusals.inc()
        self._refused += 1
        now = self._clock()
        if now - self._logged_at >= _LOG_SECONDS:
            _log.warning(
                "overloaded", refused=self._refused, reads=self.reads.bound, writes=self.writes.bound
            )
            self._refused, self._logged_at = 0, now
        await send({"type": "http.response.start", "status": _KIND.status, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else _BODY})
