"""What every route starts with: the caller, checked, and the door to the store."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Depends, Header, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from app.domain.common import etags
from app.domain.common.access import Actor, Extent, Scope
from app.domain.common.company import Company
from app.domain.imports import mapping
from app.errors import (
    FieldError,
    ForbiddenError,
    InvalidError,
    UnauthenticatedError,
)
from app.http.access.read_audit import ReadTrail
from app.http.bodies import (
    LARGE_BYTES,
    NO_BODY,
    StrictRequest,
    aside,
    check_media_type,
    is_without_body,
    telling,
)
from app.http.cursors import Cursors, listing_of
from app.http.replies import Reply, dump_page
from app.http.request_target import path_values, query_error, repeatable
from app.http.route_template import route_template
from app.http.validation import pointer, refusal
from app.schemas.common.base import PageOf, Paging
from app.services.events.streams import EventStreams
from app.services.platform import rights
from app.store import idempotency
from app.store.engine import Store
from app.store.events.bell import EventBell
from app.store.idempotency import Answer, Claim
from app.store.paging import WRITE_SETTLES, After, Page
from app.store.transactions import ReadTx, WriteTx
from app.store.types import now
from app.texts import negotiate

P = ParamSpec("P")
Q = TypeVar("Q", bound=Paging)
R = TypeVar("R")

IDEMPOTENCY_KEY = r"^[\x21-\x7e]{1,255}$"


Inspect = Callable[[bytes, mapping.Mapping, bool], object]
"""Looks at a file's beginning (or all of it) before it is taken in; raises `AppError` if it is unusable."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the application was composed of; lives in ``app.state.services``."""

    store: Store
    company: Company
    cursors: Cursors
    inspect: Inspect
    reads: ReadTrail
    bell: EventBell
    streams: EventStreams
    check_webhook_url: Callable[[str], Awaitable[None]]
    """Raises `app.domain.events.webhook_urls.RefusedUrlError` for an address that must not be called."""
    background: set[asyncio.Task[None]] = field(default_factory=set)

    def stop_waiting(self) -> None:
        """End what goes on for as long as the service runs: streams, and requests that wait for events."""
        self.streams.close()
        self.bell.close()


@dataclass(slots=True)
class Call:
    """One authorised request: who calls, and how to run a use case for it."""

    request: Request
    services: Services
    actor: Actor
    content: bytes | None = None
    """Stands for the body, where that was read as a stream, under an Idempotency-Key."""

    @property
    def language(self) -> str:
        """The best language of ours for the caller."""
        return negotiate(self.request.headers.get("accept-language"))

    async def read(
        self, fn: Callable[Concatenate[ReadTx, Actor, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run the read ``fn(tx, actor, *args)``."""
        return await self.services.store.read(fn, self.actor, *args, **kwargs)

    async def get(
        self,
        reply: Reply[R],
        fn: Callable[Concatenate[ReadTx, Actor, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """Answer with what ``fn`` reads; 304 when the caller has this version already."""
        found = await self.read(fn, *args, **kwargs)
        if self.services.reads.is_on:
            await self._note_read({}, found)
        answer = reply(found)
        tag = answer.headers.get("ETag")
        given = self.request.headers.get("if-none-match")
        if tag is not None and given is not None and etags.names(given, tag.strip('"')):
            return Response(status_code=304, headers=answer.headers)
        return _response(answer)

    async def page(
        self,
        model: type[PageOf],
        fn: Callable[Concatenate[ReadTx, Actor, Q, After | None, P], Page],
        query: Q,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """Answer with the page ``fn(tx, actor, query, after, *args)`` reads."""
        path = _path(self.request)
        asked = query.model_dump(mode="json", exclude_defaults=True)
        listing = listing_of(path, asked)
        cursors = self.services.cursors
        in_address = self.request.method == "GET"
        complete_until = now() - WRITE_SETTLES
        try:
            after: After | None = cursors.decode(listing, query.cursor) if query.cursor is not None else None
            page = await self.read(fn, query, after, *args, **kwargs)
        except InvalidError as error:
            raise error if in_address else _of_body(error) from None
        if self.services.reads.is_on:
            await self._note_read(asked, page)
        following = cursors.encode(listing, page.after) if page.after is not None else None
        body = {
            "data": page.rows,
            "next_cursor": following,
            "has_more": following is not None,
            "total": page.total,
            "complete_until": complete_until,
        }
        headers = {}
        if following is not None and in_address:
            params = urlencode({**_spelt(asked), "cursor": following}, doseq=True)
            headers["Link"] = f'<{path}?{params}>; rel="next"'
        return Response(dump_page(model, body, page), media_type="application/json", headers=headers)

    async def _note_read(self, asked: Mapping[str, Any], found: Any) -> None:
        scope = self.request.scope
        name = scope["endpoint"].__name__
        await self.services.reads.note(self.actor, name, scope["path_params"], asked, found)

    async def write(
        self,
        reply: Reply[R],
        fn: Callable[Concatenate[WriteTx, Actor, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Response:
        """Run the write ``fn(tx, actor, *args)``; under an Idempotency-Key at most once, ever."""
        actor = self.actor
        claim = await self._claim()

        def act(tx: WriteTx) -> Answer:
            return reply(fn(tx, actor, *args, **kwargs))

        store = self.services.store
        answer = await (store.write(act) if claim is None else store.write(idempotency.run_once, claim, act))
        return _response(answer)

    async def _claim(self) -> Claim | None:
        request = self.request
        key = request.headers.get("idempotency-key")
        if key is None or request.method != "POST":  # other methods may be repeated anyway
            return None
        route = f"{request.method} {route_template(request.scope)}"
        named = f"{self.actor.id}\0{route}\0{key}".encode()
        target = f"{_path(request)}?{request.url.query}\0".encode()
        if self.actor.agent is not None:  # the same for another person is another request
            target += f"{self.actor.agent}\0".encode()
        body = telling(await request.body()) if self.content is None else self.content
        return Claim(hashlib.sha256(named).digest(), hashlib.sha256(target + body).digest())


def require_scopes(*scopes: Scope, extent: Extent) -> Callable[..., Coroutine[Any, Any, Call]]:
    """A dependency that lets in callers who hold every scope and may reach ``extent``, as a `Call`.

    Raises (when called):
        UnauthenticatedError: no valid credential.
        ForbiddenError: it lacks a scope; or it is limited to units, and this is the whole company's
            (``limited_to_units``).
    """

    async def call(request: Request) -> Call:
        services: Services = request.app.state.services
        actor = caller(request)
        rights.require(actor, *scopes)
        if not extent.is_open_to(actor, is_write=request.method not in READING):
            raise ForbiddenError(rights.LIMITED, code="limited_to_units")
        return Call(request, services, actor)

    call.scopes, call.extent = scopes, extent  # type: ignore[attr-defined]
    return call


READING = frozenset({"GET", "HEAD"})


def caller(request: Request) -> Actor:
    """The caller whose key `app.http.access.admission` has checked.

    Raises:
        UnauthenticatedError: no valid credential.
    """
    known: Actor | None = getattr(request.state, "actor", None)
    if known is None:
        raise UnauthenticatedError("Send a valid API key as a bearer token.")
    return known


class StrictRoute(APIRoute):
    """A route that checks the caller before anything else, refuses bodies that are not declared to be
    JSON, and parses JSON strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler over a `StrictRequest`."""
        handler = super().get_route_handler()
        # FastAPI itself would read the body first, and tell strangers what is wrong with it.
        calls = [one.call for one in self.dependant.dependencies]
        checks = [call for call in calls if call is not None and hasattr(call, "scopes")]
        body = self.body_field
        required = body if body is not None and body.field_info.is_required() else None
        many = repeatable(self.dependant.query_params)
        has_query = bool(self.dependant.query_params)
        conditions = understood_conditions(self.dependant)

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            for check in checks:
                await check(request)
            request.scope["path_params"] = path_values(request.path_params)
            check_conditions(request, conditions)
            if has_query and (error := query_error(request.scope["query_string"], many)):
                raise error
            # Nothing sent needs no Content-Type either, and most clients then send none.
            if body is not None and not await is_without_body(request):
                check_media_type(request)
                with suppress(json.JSONDecodeError):  # which FastAPI reports, with what else is wrong
                    await request.json()
                    await self._validate_large(request, len(await request.body()))
            elif required is not None:
                missing = required.validate({}, loc=("body",))[1]
                raise refusal(missing) if missing else InvalidError(fields=[NO_BODY])
            return await handler(request)

        return strict

    async def _validate_large(self, request: StrictRequest, size: int) -> None:
        """Validate a large body beside the event loop; FastAPI then finds it done.

        Raises:
            AppError: the body is not what is declared.
        """
        if size < LARGE_BYTES or self.body_field is None or self._embed_body_fields:
            return
        validate = partial(self.body_field.validate, loc=("body",))
        value, errors = await aside(size, validate, await request.json())
        if errors:
            raise refusal(errors)
        request.replace_json(value)


_CONDITIONS = frozenset({"if-match", "if-none-match", "if-unmodified-since"})


def understood_conditions(dependant: Dependant) -> frozenset[str]:
    """Return which conditions an endpoint takes, in lower case."""
    return _CONDITIONS & {field.alias.lower() for field in dependant.header_params}


def check_conditions(request: Request, understood: Collection[str]) -> None:
    """Check that a change is made under no condition that its endpoint would pass over.

    A read ignores what it does not understand, as RFC 9110 wants.

    Raises:
        InvalidError: it is.
    """
    if request.method in ("GET", "HEAD"):
        return
    present = {name for name, _ in request.scope["headers"] if name.startswith(b"if-")}
    for name in sorted(_CONDITIONS - set(understood)):
        if name.encode() in present:
            detail = (
                "This operation takes If-Match with the ETag you read instead."
                if "if-match" in understood
                else "This operation takes no such condition; leave the header out."
            )
            raise InvalidError(fields=[FieldError(name.title(), "not_understood", detail, "header")])


def _of_body(error: InvalidError) -> InvalidError:
    """The refusal of query members, for a search whose members came in the body."""
    fields = [replace(field, pointer=pointer([field.pointer]), location="body") for field in error.fields]
    refused = InvalidError(error.detail, code=error.code, fields=fields)
    refused.params = error.params
    return refused


def _path(request: Request) -> str:
    """The path as it was sent, percent-encoded."""
    raw: bytes | None = request.scope.get("raw_path")
    return quote(request.scope["path"]) if raw is None else raw.decode("latin-1")


def _spelt(query: Mapping[str, Any]) -> dict[str, Any]:
    """Query members as a client writes them: booleans as JSON does."""
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}


def _response(answer: Answer) -> Response:
    headers: Mapping[str, str] = answer.headers
    if answer.status == 204:
        return Response(status_code=204, headers=dict(headers))
    return Response(answer.body, answer.status, headers=dict(headers), media_type="application/json")


# Anything that fits into a header: proxies and old clients change tags, and a read must not fail of it.
_ANY_TAGS: dict[str, Any] = {"maxLength": 32768, "pattern": r"^[^\x00]*$"}

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='ETag (`"3"`) of the version the change is for, or `*` for any that is there; else 412.',
        json_schema_extra=_ANY_TAGS,
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="ETag the client has; 304 if it is still the present one.",
        json_schema_extra=_ANY_TAGS,
    ),
]
IfAbsent = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="`*`: only if there is none yet, else 412. An ETag: only if that is not the present one.",
        json_schema_extra=_ANY_TAGS,
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Unique for each intended effect; a repetition replays the first answer. Kept 48 h.",
        max_length=255,
        pattern=IDEMPOTENCY_KEY,
        examples=["8e03978e-40d5-43e8-bc93-6894a57f9324"],
    ),
]


def requires(*scopes: Scope, extent: Extent) -> Any:
    """``Depends`` on `require_scopes`: ``Annotated[Call, requires(Scope.CUSTOMERS_READ,
    extent=Extent.BY_CUSTOMER)]``."""
    return Depends(require_scopes(*scopes, extent=extent))
