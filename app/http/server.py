"""The HTTP server: uvicorn with httptools, made to survive slow and hostile clients.

uvicorn by itself waits for ever for the rest of a request and takes heads of any size. What is
refused here never reaches the application; the answers are problem details in English.
"""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any, ClassVar

import httptools
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.http.connection_limit import Connections, Limits, Stage
from app.problem_kinds import PROBLEMS

_OFFERS = frozenset({b"upgrade", b"http2-settings"})


class _HeadTooLargeError(Exception):
    """The head passed its limit inside a parser callback."""


class GuardedProtocol(HttpToolsProtocol):
    """One client connection, with deadlines.

    One timer guards what the client owes next, a head or more of a body; a request that arrives in
    one piece sets none. A second one guards that it takes what it is sent.
    """

    limits: ClassVar[Limits] = Limits()
    others: ClassVar[Connections]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False  # ours is written at the edge; uvicorn's cannot print every path
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._in_body = False
        self._head_bytes = 0
        self._head_ended = False
        self._body_bytes = 0
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for a head."""
        super().connection_made(transport)
        self._wait(self.limits.head_seconds, self._head_overdue)
        if not self.others.opened(self):
            self._refuse("unavailable")
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        self.others.closed(self)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the client was refused already; then wait for what is missing."""
        if self._refused:
            return
        self._head_ended = self._in_body  # what ends a body is no head
        self._feed(data)
        if self._refused or self.transport.is_closing():
            return
        if self._in_body:
            if self._deadline is None:
                self._wait(self.limits.body_seconds, self._body_overdue)
            return
        if not self._head_ended:
            # Headers are counted when complete; this bounds a single endless one.
            self._head_bytes += len(data)
            if self._head_bytes > 2 * self.limits.head_bytes:
                self._refuse("headers_too_large")
                return
        if not self._in_flight:
            self.others.moved(self, Stage.HEAD)
        if self._deadline is None and (self._head_bytes or not self._in_flight):
            self._wait(self.limits.head_seconds, self._head_overdue)

    def _feed(self, data: bytes) -> None:
        """Feed the parser. An offer to change the protocol is ignored, as RFC 9110, 7.8 allows.

        httptools passes over the body of a request with such an offer and takes what follows for the other
        protocol. So its head is read once more, without the offer, by a parser that knows nothing of it.
        """
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = self._head_without_offer() + data[offer.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
                continue
            except httptools.HttpParserInvalidURLError:
                self.send_400_response("The address holds characters that must be percent-encoded as UTF-8.")
            except httptools.HttpParserError:
                self.send_400_response("")
            return

    @property
    def _is_offer(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _head_without_offer(self) -> bytes:
        lines = [
            b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        ]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(one for one in options if one.lower() not in _OFFERS)
            if name not in _OFFERS and (value or name != b"connection"):
                lines.append(name + b": " + value)
        self._head_bytes = 0
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def on_url(self, url: bytes) -> None:
        """Count the target."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; drop trailers, which would change the headers of a request being served."""
        if self._in_body:
            return
        self._count_head(len(name) + len(value) + 4)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there, the body may follow."""
        if self._is_offer:
            return
        self._stop_waiting()
        self._in_body, self._head_ended = True, True
        self.others.moved(self, Stage.BODY)
        self._head_bytes = self._body_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note the progress."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Nothing more is owed: now it is our turn."""
        if not self._in_body:  # the head of an offer, which is read once more
            return
        self._stop_waiting()
        self._in_body = False
        self.others.moved(self, Stage.BUSY)
        super().on_message_complete()
        if self.cycle.response_complete:  # answered before the body was read, which suspended keep-alive
            self.others.moved(self, Stage.IDLE)
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """Throw the rest of an unread body away for a moment, then cut the connection."""
        super().on_response_complete()
        if not (self._in_flight or self._in_body or self._write_deadline):
            self.others.moved(self, Stage.IDLE)
        if self._in_body and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._wait(self.limits.linger_seconds, self.transport.close)

    def pause_writing(self) -> None:
        """The client takes nothing at the moment."""
        super().pause_writing()
        self.others.moved(self, Stage.STALLED)
        if self._write_deadline is None:
            self._write_deadline = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client takes its answer again."""
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
            self.others.moved(self, Stage.BUSY if self._in_flight else Stage.IDLE)
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser cannot read."""
        if not self._refused:
            self._refuse("malformed_request", msg)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.scope["state"]["cut"] = self.transport.abort
        cycle.transport = _LingeringTransport(self)
        super()._start_asgi_task(cycle, app)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            self._refuse("headers_too_large")
            raise _HeadTooLargeError

    def _wait(self, seconds: float, overdue: Callable[[], None]) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(seconds, overdue)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    @property
    def _in_flight(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _head_overdue(self) -> None:
        self._deadline = None
        if self._in_flight:  # the next request, sent ahead; its time begins when this one is answered
            self._wait(self.limits.head_seconds, self._head_overdue)
        elif self._head_bytes:
            self._refuse("request_timeout")
        else:
            self.transport.close()  # nothing was ever asked

    def _body_overdue(self) -> None:
        progress, self._body_bytes = self._body_bytes, 0
        cycle = self.cycle
        ours = self.flow.read_paused or cycle.waiting_for_100_continue
        if ours or progress >= self.limits.body_bytes:
            self._wait(self.limits.body_seconds, self._body_overdue)
            return
        if cycle.response_started:
            self.transport.close()
        else:
            self._refuse("request_timeout")

    def _refuse(self, code: str, detail: str = "") -> None:
        """Answer with a problem without asking the application, and close."""
        self._refused = True
        self._stop_waiting()
        if self._in_flight:
            cycle = self.cycle
            if cycle.response_started:
                self.transport.close()
                return
            cycle.disconnected = True  # the application, waiting for the body, learns it now
            cycle.message_event.set()
        kind = PROBLEMS[code]
        members = {"type": f"/problems/{code}", "title": kind.title, "status": kind.status, "code": code}
        if detail:
            members["detail"] = detail
        body = json.dumps(members).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
            *([(b"retry-after", b"1")] if kind.status == 503 else []),
        ]
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[kind.status] + head + b"\r\n" + body)
        self.close_softly()

    def close_softly(self) -> None:
        """Say that nothing more will come, and throw away what the client still sends before closing."""
        if self.transport.is_closing():
            return
        self._refused = True
        self.others.moved(self, Stage.CLOSING)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._wait(self.limits.linger_seconds, self.transport.close)

    @property
    def is_slow(self) -> bool:
        """Whether little of the body has come since the last look at it."""
        return self._body_bytes < self.limits.body_bytes

    def drop(self) -> None:
        """Close at once, to make room."""
        self._refused = True
        self._stop_waiting()
        if self._write_deadline is None:
            self.transport.close()
        else:
            self.transport.abort()  # closing would wait until what it does not take is written

    @property
    def body_unfinished(self) -> bool:
        """Whether the client is still sending a body."""
        return self._in_body


class _LingeringTransport:
    """What a request writes to: closes softly while the client is still sending."""

    __slots__ = ("_protocol", "is_closing", "write")

    def __init__(self, protocol: GuardedProtocol) -> None:
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        """Close now, or after the rest of the body was thrown away."""
        if self._protocol.body_unfinished:
            self._protocol.close_softly()
        else:
            self._protocol.transport.close()


Application = ASGIApp | Callable[[], ASGIApp] | str


def make_server(
    app: Application,
    *,
    factory: bool = False,
    host: str = "127.0.0.1",
    port: int = 8000,
    limits: Limits | None = None,
    log_level: str = "info",
    on_ready: Callable[[], None] | None = None,
    on_stop: Callable[[], None] | None = None,
) -> uvicorn.Server:
    """Return a server that is not running yet; see `serve`."""
    limits = limits or Limits()
    guards = {"limits": limits, "others": Connections(limits.connections)}
    protocol = type("Protocol", (GuardedProtocol,), guards)
    config = uvicorn.Config(
        app,
        factory=factory,
        host=host,
        port=port,
        loop="uvloop",
        http=protocol,
        ws="none",
        access_log=False,
        log_config=None,
        log_level=log_level.lower(),
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.shutdown_seconds,
    )
    return _Server(config, on_ready, on_stop)


class _Server(uvicorn.Server):
    """A server that says when it listens, and when it begins to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None] | None,
        on_stop: Callable[[], None] | None,
    ) -> None:
        super().__init__(config)
        self._on_ready, self._on_stop = on_ready, on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._on_stop is not None:
            self._on_stop()
        await super().shutdown(sockets)


def serve(app: Application, **options: Any) -> None:
    """Serve ``app`` until SIGTERM or SIGINT; requests in flight finish, for at most 25 seconds.

    Args:
        app: the application, a function that makes it (``factory=True``), or ``"module:attribute"``.
        options: those of `make_server`: ``factory``, ``host``, ``port`` (0 takes a free one),
            ``limits``, ``log_level`` (of uvicorn), ``on_ready`` (called once, when it listens), ``on_stop``
            (called once, before requests in flight are waited for: ends those that go on for ever).
    """
    make_server(app, **options).run()
