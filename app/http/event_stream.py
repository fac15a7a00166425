"""Server-sent events (WHATWG HTML, 9.2): an answer that goes on until somebody ends it."""

import asyncio
from contextlib import suppress
from time import monotonic

import structlog
from fastapi.sse import format_sse_event
from prometheus_client import Counter, Gauge
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.http.access.overload import PLACE
from app.services.events.streams import Ending, EventStreams, Stream

MEDIA_TYPE = "text/event-stream"
COMMENT_SECONDS = 15.0
"""Between comments while nothing happens, so that nobody on the way takes the connection for dead."""
RETRY_SECONDS = 3
"""After which a client that lost its stream asks again."""
SLOW_SECONDS = 10.0
"""A client that takes nothing for so long is let go of."""
LAST_SECONDS = 1.0
"""For how long the end of a stream may take."""
CUT = "cut"
"""Where in the state of a request the server puts what cuts its connection."""

_HEADERS = {
    "Cache-Control": "private, no-store, no-transform",  # what is compressed on the way would come late
    "X-Accel-Buffering": "no",
}
_open = Gauge("vefa_event_streams", "Streams of events that are open.")
_ended = Counter("vefa_event_streams_ended_total", "Streams of events that have ended.", ("reason",))
_log = structlog.get_logger("vefa.streams")


def frame(position: int, json: bytes) -> bytes:
    r"""An event as it is sent.

    >>> frame(7, b'{"type":"customer.left"}')
    b'data: {"type":"customer.left"}\nid: 7\n\n'
    """
    return format_sse_event(data_str=json.decode(), id=str(position))


def beginning(position: int) -> bytes:
    r"""What a stream begins with: after how long to ask again, and from where.

    >>> beginning(6)
    b'id: 6\nretry: 3000\n\n'
    """
    return format_sse_event(retry=RETRY_SECONDS * 1000, id=str(position))


def comment(position: int) -> bytes:
    r"""A sign of life, with how far the stream has come: also what its client did not ask for moves it on.

    >>> comment(9)
    b': \nid: 9\n\n'
    """
    return format_sse_event(comment="", id=str(position))


class EventStreamResponse(Response):
    """The answer that tells a stream.

    It begins with ``retry`` and an ``id`` without data, so that a client knows from where to go on although
    nothing has happened yet; comments tell later positions. It does not count among requests in flight, and
    nothing is kept for a client that takes nothing: after `SLOW_SECONDS` its connection is cut.
    """

    media_type = MEDIA_TYPE

    def __init__(self, streams: EventStreams, stream: Stream) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._streams, self._stream = streams, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the stream gives until it ends or the client is gone."""
        state, stream, began = scope["state"], self._stream, monotonic()
        if (place := state.get(PLACE)) is not None:
            place.leave()
        with self._streams.opened(stream), _open.track_inprogress():
            listening = asyncio.create_task(_until_gone(receive, stream))
            try:
                head = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **head})
                if not await self._tell(send) and (cut := state.get(CUT)) is not None:
                    cut()
                    await asyncio.wait([listening], timeout=LAST_SECONDS)
            finally:
                listening.cancel()
                ending = stream.ending or Ending.FAILED
                _ended.labels(ending).inc()
                _log.info("stream_ended", reason=ending, seconds=round(monotonic() - began, 1))

    async def _tell(self, send: Send) -> bool:
        """Send the stream to its end; whether the client took it all."""
        stream = self._stream
        part: bytes | None = beginning(stream.position)
        while part is not None:
            if not await self._take(send, part or comment(stream.position)):
                return False
            part = await stream.read(COMMENT_SECONDS)
        return await self._take(send, b"", is_last=True)

    async def _take(self, send: Send, part: bytes, *, is_last: bool = False) -> bool:
        """Send a part; whether the client took what came before it in time."""
        stream, loop = self._stream, asyncio.get_running_loop()

        def hurry() -> None:
            if not limit.expired():
                limit.reschedule(loop.time() + LAST_SECONDS)

        try:
            async with asyncio.timeout(LAST_SECONDS if is_last else SLOW_SECONDS) as limit:
                stream.on_end = hurry
                await send({"type": "http.response.body", "body": part, "more_body": not is_last})
        except TimeoutError:
            stream.end(Ending.CLIENT_SLOW)
            return False
        finally:
            stream.on_end = None
        return True


async def _until_gone(receive: Receive, stream: Stream) -> None:
    with suppress(HTTPException):  # it sends a body that is too large
        while (await receive())["type"] != "http.disconnect":
            pass
    stream.end(Ending.CLIENT_GONE)
