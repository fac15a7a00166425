"""What happens to every request before a route sees it, and to every answer after.

One pure-ASGI layer, because each layer costs: request id, rate limit, size limits, HEAD, negotiation
of the media type, security headers, CORS, metrics and the access log. Works on raw header bytes.
"""

import re
import time
from collections.abc import Callable, Collection, Mapping, MutableMapping
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol

import structlog
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.domain.common.text import composed, composed_path, composed_query
from app.errors import (
    AppError,
    HeadersTooLargeError,
    MalformedError,
    MediaTypeError,
    NotAcceptableError,
    TooLargeError,
    UriTooLongError,
)
from app.http import request_ids
from app.http.access.admission import Admission, AdmissionSettings
from app.http.access.authentication import AGENT_HEADER, read_credential
from app.http.access.cors import Cors
from app.http.access.overload import OverloadMiddleware
from app.http.access.proxies import trust
from app.http.access.rate_limits import peer_address
from app.http.metrics import REFUSED, metrics_page, observe
from app.http.openapi.components import API_PREFIX
from app.http.problems import render
from app.http.request_target import routed_path
from app.http.route_template import TEMPLATE, route_for, route_template

IMPORTS_PREFIX = "/v1/imports"
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_TARGET_BYTES = 16 * 1024

_OWN_MEDIA_TYPE = ("/v1/exports",)  # their answers are not JSON: the routes negotiate themselves
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?")
_VERSIONS = frozenset({"1.0", "1.1", "2", "3"})  # our parser takes "0.9" and "2.0", and reads them as 1.1
_ONCE = (b"host", b"authorization", AGENT_HEADER, b"content-type", b"idempotency-key", b"transfer-encoding")
_TAG_LISTS = (b"if-match", b"if-none-match")
_SECURITY_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_EVENT_STREAM = (b"content-type", b"text/event-stream; charset=utf-8")
_NO_STORE = (b"cache-control", b"private, no-store")
_log = structlog.get_logger("vefa.http")

Head = Mapping[bytes, bytes]
RawHeaders = list[tuple[bytes, bytes]]


class EdgeSettings(AdmissionSettings, Protocol):
    """The settings used here; `app.settings.Settings` has them."""

    @property
    def max_body_bytes(self) -> int:
        """Largest request body but for imports."""

    @property
    def max_import_bytes(self) -> int:
        """Largest import upload."""

    @property
    def max_requests(self) -> int:
        """Most requests in flight, reads and writes each."""

    @property
    def wait_target_seconds(self) -> float:
        """The wait for a turn that must not last."""

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Origins allowed to call from a browser."""

    @property
    def pages_off(self) -> Collection[str]:
        """Pages to leave out; ``metrics`` is served here."""

    @property
    def trusted_proxies(self) -> tuple[str, ...]:
        """Addresses and networks whose X-Forwarded-For is believed."""


def install(app: FastAPI, settings: EdgeSettings) -> None:
    """Put the edge around ``app``, the bound on requests outermost, and serve ``/metrics``.

    Call after `app.http.problems.install`.
    """
    app.add_middleware(EdgeMiddleware, settings=settings)
    trust(app, settings.trusted_proxies)
    app.add_middleware(OverloadMiddleware, most=settings.max_requests, target=settings.wait_target_seconds)
    if "metrics" not in settings.pages_off:
        app.add_api_route("/metrics", metrics_page, include_in_schema=False)


class EdgeMiddleware:
    """The outermost layer but for overload. ``scope["state"]["request_id"]`` is set for everything inside."""

    def __init__(self, app: ASGIApp, settings: EdgeSettings) -> None:
        self._app = app
        self._settings = settings
        self._cors = Cors(settings.cors_origins)
        self._has_cors = bool(settings.cors_origins)
        self._admission = Admission(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        head = dict(reversed(scope["headers"]))  # of repeated headers the first wins, as in Starlette
        if len(head) != len(scope["headers"]):
            scope["headers"] = _joined(scope["headers"])
        request_id = request_ids.request_id(head.get(b"x-request-id", b""))
        bind_contextvars(request_id=request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        _compose(scope)
        method, path = scope["method"], scope["path"]

        def note() -> None:
            seconds = time.perf_counter() - began
            template = route_template(scope)
            observe(method, template, answer.status, seconds)
            log = _log.warning if answer.status in REFUSED else _log.info
            log(
                "request",
                method=method,
                route=template,
                status=answer.status,
                ms=round(seconds * 1000, 2),
                peer=peer_address(scope.get("client")),
                **_key_named(scope),
            )

        answer = _Answer(send, path.startswith(API_PREFIX), method == "HEAD", note)
        answer.extra = [(b"x-request-id", request_id.encode()), *_SECURITY_HEADERS]
        if answer.headless:
            scope = {**scope, "method": "GET"}  # a copy: the server must still know that it is HEAD
        if self._has_cors:
            answer.vary_origin = True
            answer.extra += self._cors.headers(head)
        try:
            await self._route(scope, receive, answer, head)
        finally:
            answer.note()

    async def _route(self, scope: Scope, receive: Receive, answer: "_Answer", head: Head) -> None:
        """Answer a preflight or a refusal, else hand over to the routes."""
        preflight = self._cors.preflight(head) if scope["method"] == "OPTIONS" else None
        if preflight is not None:
            answer.extra += preflight
            await Response(status_code=204)(scope, receive, answer.send)
            return
        path, state = scope["path"], scope["state"]
        is_import = path.startswith(IMPORTS_PREFIX)
        max_bytes = self._settings.max_import_bytes if is_import else self._settings.max_body_bytes
        wrong_head = _oversized_head(scope) or _wrong_head(scope, head)
        state["credential"] = credential = None if wrong_head else read_credential(head)
        wrong = wrong_head or _wrong_content(head, path, is_import) or _oversized_body(head, max_bytes)
        admitted = await self._admission.admit(scope, credential, wrong=wrong is not None)
        state["actor"] = admitted.actor
        answer.extra += admitted.headers
        error = wrong_head or admitted.error or wrong
        if error is not None:
            scope[TEMPLATE] = route_for(scope)
            await render(scope, error)(scope, receive, answer.send)
            return
        if b"content-length" not in head:
            receive = _counted(receive, max_bytes)
        await self._app(scope, receive, answer.send)


class _Answer:
    """Adds the headers every answer has, leaves the body out for HEAD, and notes the answer once: at its end,
    a stream of events when it begins."""

    __slots__ = ("_complete", "_note", "_send", "api", "extra", "headless", "status", "vary_origin")

    def __init__(self, send: Send, api: bool, headless: bool, note: Callable[[], None]) -> None:
        self._send, self.api, self.headless = send, api, headless
        self._note: Callable[[], None] | None = note
        self.extra: RawHeaders = []
        self.status = 0
        self.vary_origin = False
        self._complete = False

    def note(self) -> None:
        """Count and log the answer, unless it was."""
        if self._note is not None:
            self._note()
            self._note = None

    async def send(self, message: Message) -> None:
        """Pass one ASGI message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if _EVENT_STREAM in message.get("headers", ()):
                self.note()
            message["headers"] = self._headers(message)
        elif self.headless:
            if self._complete:
                return
            # Ends the answer at once: the server then reports a disconnect, which stops a stream.
            self._complete = True
            message = {"type": "http.response.body", "body": b""}
        await self._send(message)

    def _headers(self, message: MutableMapping[str, Any]) -> RawHeaders:
        headers: RawHeaders = [*message.get("headers", ()), *self.extra]
        names = {name for name, _ in headers}
        if b"content-security-policy" not in names:
            headers.append(_CONTENT_POLICY)
        varies = []
        if self.api:
            varies.append(b"Authorization")
            if b"cache-control" not in names:
                headers.append(_NO_STORE)
        if self.vary_origin:
            varies.append(b"Origin")
        if varies:
            if b"vary" in names:
                varies = [value for name, value in headers if name == b"vary"] + varies
                headers = [header for header in headers if header[0] != b"vary"]
            headers.append((b"vary", b", ".join(varies)))
        return headers


def _compose(scope: Scope) -> None:
    """Give path and query in one Unicode form, as bodies are, and the path as routes match it."""
    scope["query_string"] = composed_query(scope["query_string"])
    if not scope["path"].isascii():
        scope["path"] = composed(scope["path"])
        if scope.get("raw_path"):
            scope["raw_path"] = composed_path(scope["raw_path"])
    raw_path = scope.get("raw_path")
    if raw_path and b"%" in raw_path and scope["path"].startswith(API_PREFIX):
        scope["path"] = routed_path(raw_path)


def _key_named(scope: Scope) -> dict[str, str]:
    """The id of the API key, as ``key`` once it was checked, as ``claimed_key`` where it was not."""
    state = scope["state"]
    if state.get("actor") is not None:
        return {"key": state["actor"].id.removeprefix("key:")}
    credential = state.get("credential")
    return {} if credential is None else {"claimed_key": credential.id}


def _oversized_head(scope: Scope) -> AppError | None:
    headers = scope["headers"]
    size = sum(map(len, chain.from_iterable(headers)))
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        detail = "At most {count} headers of {size} bytes in all."
        return HeadersTooLargeError(detail, count=MAX_HEADERS, size=MAX_HEADER_BYTES)
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        return UriTooLongError("At most {size} bytes.", size=MAX_TARGET_BYTES)
    return None


def _joined(headers: RawHeaders) -> RawHeaders:
    """The headers, with lists of entity tags that are spread over several in one."""
    tags = {name: [value for key, value in headers if key == name] for name in _TAG_LISTS}
    several = {name: b", ".join(values) for name, values in tags.items() if len(values) > 1}
    return [header for header in headers if header[0] not in several] + list(several.items())


def _wrong_head(scope: Scope, head: Head) -> AppError | None:
    """Refuse what two programs on the way could read differently (RFC 9112, 3.2)."""
    host = head.get(b"host")
    if host is None and scope.get("http_version") == "1.1":
        return MalformedError("Send exactly one Host header.")
    if host is not None and not _HOST.fullmatch(host):
        return MalformedError("The Host header is no host name, with or without a port.")
    if scope.get("http_version") not in _VERSIONS:
        return MalformedError("Send HTTP/1.1.")
    if head.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        return MalformedError("Send the body with Content-Length, or with Transfer-Encoding: chunked alone.")
    if len(head) == len(scope["headers"]):
        return None
    names = [name for name, _ in scope["headers"]]
    for name in _ONCE:
        if names.count(name) > 1:
            return MalformedError("The header {header} is sent more than once.", header=name.decode())
    return None


_REPORTS = ("standards", "recovery", "compensations", "promises", "failures")
_NOT_JSON = (
    "/refused-rows.csv",
    "/events/stream",
    *(f"/insights/{report}.csv" for report in _REPORTS),
)


def _wrong_content(head: Head, path: str, is_import: bool) -> AppError | None:
    encoding = head.get(b"content-encoding")
    if encoding is not None and not is_import and encoding.strip().lower() != b"identity":
        headers = {"Accept-Encoding": "identity"}
        return MediaTypeError("Send the body without Content-Encoding.", headers=headers)
    accept = head.get(b"accept")
    if accept is None or accept == b"*/*" or accept == b"application/json" or not path.startswith(API_PREFIX):
        return None
    if path.startswith(_OWN_MEDIA_TYPE) or path.endswith(_NOT_JSON) or _accepts_json(accept):
        return None
    return NotAcceptableError()


def _oversized_body(head: Head, max_bytes: int) -> AppError | None:
    length = head.get(b"content-length")
    if length is None:
        return None
    if not length.isdigit():
        return MalformedError("Content-Length is not a number.")
    if len(length) < 20 and int(length) <= max_bytes:
        return None
    # The rest of the body is not read, so that the connection cannot be used again.
    return TooLargeError("At most {size} bytes.", headers={"Connection": "close"}, size=max_bytes)


def _counted(receive: Receive, max_bytes: int) -> Receive:
    """Refuse a body without Content-Length as soon as it is too large."""
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            # FastAPI turns any other exception raised while it reads the body into 400.
            raise HTTPException(413, headers={"Connection": "close"})
        return message

    return counting


@lru_cache(maxsize=256)
def _accepts_json(accept: bytes) -> bool:
    """Tell whether an Accept header admits JSON; one that names no media range at all does."""
    qualities: dict[bytes, bool] = {}
    for member in accept[:2000].lower().split(b","):
        media, _, parameters = member.partition(b";")
        media = media.strip()
        if b"/" in media:
            wanted = not re.search(rb"(?:^|;)\s*q=0(?:\.0*)?\s*(?:;|$)", parameters)
            qualities[media] = wanted or qualities.get(media, False)
    if not qualities:
        return True
    # The most specific range that fits decides.
    for media in (b"application/json", b"application/problem+json", b"application/*", b"*/*"):
        if media in qualities:
            return qualities[media]
    return False
