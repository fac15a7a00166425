"""Too much is refused at once: the outermost layer bounds the requests in flight by how long they wait.

It saves the service from answering everybody too late: a refusal costs a tenth of an answer, and who is let
in waits little. Without it, all wait ten seconds when twice as much is asked as can be answered. As in CoDel
(RFC 8289) a wait counts only when it lasts: when even the shortest wait of `WINDOW` is above the target, the
bound falls by a quarter, else it rises by a tenth. Reads and writes have a bound each, for writes may wait
where reads need not. Of a refused request method and path are read, its language and its id.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from math import inf

import structlog
from prometheus_client import Counter
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.request_ids import request_id
from app.problem_kinds import PROBLEMS
from app.texts import negotiate, translate

WINDOW = 0.1
"""Seconds of which the shortest wait counts."""

A_ROUND = 8
"""Requests begun in one round of the event loop, which then sees who else has come."""

FOR_A_NEWCOMER = 0.01
"""Seconds of a round for which one follows in which no request begins. The event loop connects one newcomer a
round, also who asks for health: behind rounds of heavy requests they would wait for seconds."""

MOST_EMPTY = 100

LEAST = 16
"""Requests that are let in however long they wait: a few slow ones are no overload."""

PLACE = "place"
"""Where in the state of a request its `Place` is."""

ALWAYS_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOG_SECONDS = 1.0
_CODE, _KIND = "unavailable", PROBLEMS["unavailable"]
_HEADERS = [
    (b"content-type", b"application/problem+json"),
    (b"retry-after", b"1"),
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Accept-Language"),
]
_refusals = Counter("vefa_http_overload_refusals_total", "Requests refused since others wait too long.")
_log = structlog.get_logger("vefa.http")


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


class Place:
    """The place of a request among those in flight. An answer that goes on for hours leaves it early."""

    __slots__ = ("_lane",)

    def __init__(self, lane: Lane) -> None:
        self._lane: Lane | None = lane
        lane.in_flight += 1

    def leave(self) -> None:
        """Count no more; harmless when it was left already."""
        if self._lane is not None:
            self._lane.in_flight -= 1
            self._lane = None


class OverloadMiddleware:
    """Lets a request in, or refuses it."""

    def __init__(
        self, app: ASGIApp, most: int, target: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app, self._clock = app, clock
        self.reads, self.writes = Lane(most, target), Lane(most, target)
        self._queue: deque[tuple[float, asyncio.Future[None]]] = deque()
        self._left, self._has_round = A_ROUND, False
        self._empty, self._round_at = 0, 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refused, self._logged_at = 0, -inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] in ALWAYS_OPEN:
            await self.app(scope, receive, send)
            return
        lane = self.reads if scope["method"] in _READS else self.writes
        came = self._clock()
        if lane.is_full:
            self._note(scope, self._queue[0][0] if self._queue else came)
            await self._refuse(scope, send)
            return
        place = scope.setdefault("state", {})[PLACE] = Place(lane)
        try:
            await self._turn(came)
            self._note(scope, came)
            await self.app(scope, receive, send)
        finally:
            place.leave()

    async def _turn(self, came: float) -> None:
        """Wait until this round of the event loop, or a later one, begins with another request."""
        loop = asyncio.get_running_loop()
        if not self._has_round or loop is not self._loop:  # a loop that ended may have left a round open
            self._has_round, self._left, self._round_at = True, A_ROUND, came
            self._loop, self._empty = loop, 0
            loop.call_soon(self._round, loop)
        if self._left:
            self._left -= 1
        else:
            turn = loop.create_future()
            self._queue.append((came, turn))
            await turn

    def _round(self, loop: asyncio.AbstractEventLoop) -> None:
        began, self._round_at = self._round_at, self._clock()
        if self._empty:
            self._empty -= 1
        else:
            self._empty = min(MOST_EMPTY, int((self._round_at - began) / FOR_A_NEWCOMER))
        self._left = 0 if self._empty else A_ROUND
        self._has_round = bool(self._queue) or bool(self._empty)
        while self._queue and self._left:
            _, turn = self._queue.popleft()
            if not turn.done():
                self._left -= 1
                turn.set_result(None)
        if self._has_round:
            loop.call_soon(self._round, loop)

    def _note(self, scope: Scope, came: float) -> None:
        """Note a wait in the queue, or the longer one at the database, as it is now."""
        now = self._clock()
        services = getattr(scope["app"].state, "services", None)
        reads, writes = (0.0, 0.0) if services is None else services.store.waits()
        self.reads.note(max(now - came, reads), now)
        self.writes.note(max(now - came, writes), now)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        _refusals.inc()
        self._refused += 1
        if (now := self._clock()) - self._logged_at >= _LOG_SECONDS:
            _log.warning(
                "overloaded", refused=self._refused, reads=self.reads.bound, writes=self.writes.bound
            )
            self._refused, self._logged_at = 0, now
        language, given = None, b""
        for name, value in scope["headers"]:
            if name == b"accept-language":
                language = value.decode("latin-1")
            elif name == b"x-request-id":
                given = value
        own_headers, beginning = _prepared(negotiate(language))
        named = request_id(given)
        body = b"%b%b}" % (beginning, json.dumps(named).encode())
        headers = [*own_headers, (b"content-length", b"%d" % len(body)), (b"x-request-id", named.encode())]
        await send({"type": "http.response.start", "status": _KIND.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


@cache
def _prepared(language: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """What refusals in a language have in common: headers, and the body up to the id of the request."""
    members = {
        "type": f"/problems/{_CODE}",
        "title": translate(_KIND.title, language),
        "status": _KIND.status,
        "detail": translate(
            "More is asked than can be answered in time. Nothing was done; try again.", language
        ),
        "code": _CODE,
        "request_id": "",
    }
    beginning = json.dumps(members).encode().removesuffix(b'""}')
    return [*_HEADERS, (b"content-language", language.encode())], beginning
