"""RFC 9457 problem details for everything that is refused or goes wrong.

``install(app)`` makes every error of an app answer as ``application/problem+json``; ``render``
builds one answer for code that runs outside the routes (the edge). Nothing a caller sent is
repeated, but for the path in ``instance`` and the names of unknown members.
"""

import json
import re
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import (
    AppError,
    MalformedError,
    MediaTypeError,
    MethodNotAllowedError,
    NotFoundError,
)
from app.http.route_template import route_template
from app.http.validation import MAX_LISTED, refusal
from app.problem_kinds import PROBLEMS
from app.texts import LANGUAGES, catalogue, clean, negotiate, translate

MEDIA_TYPE = "application/problem+json"
_MAX_INSTANCE_CHARS = 2048
_MAX_DETAIL_CHARS = 2000
_MAX_FIRST_CHARS = 1900
_MORE = "Further errors: {count}."
_ENCODED_SLASH = "An encoded slash (%2F) stands only inside a key; write / between the steps of a path."
_PATH_SAFE = "/%-._~:@!$&'()*+,;="
# The first code of a status stands for what has none of its own.
_CODE_OF_STATUS = {kind.status: code for code, kind in reversed(PROBLEMS.items())}
_DEFAULT_HEADERS = {401: ("WWW-Authenticate", 'Bearer realm="vefa"'), 503: ("Retry-After", "1")}
_log = structlog.get_logger("vefa.http")


def render(scope: Scope, error: AppError) -> Response:
    """Return the problem details of ``error`` in the language of the request. Never raises.

    Titles and details follow Accept-Language; ``code`` never changes. 401 and 503 get
    WWW-Authenticate and Retry-After unless the error brings its own.
    """
    language = negotiate(_header(scope, b"accept-language"))
    # json.dumps escapes to ASCII, so that an unpaired surrogate cannot break the answer.
    body = json.dumps(problem(error, language, scope)).encode()
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    if default := _DEFAULT_HEADERS.get(error.status):
        headers[default[0]] = default[1]
    return Response(body, error.status, headers={**headers, **error.headers}, media_type=MEDIA_TYPE)


def problem(error: AppError, language: str = "en", scope: Scope | None = None) -> dict[str, object]:
    """Return the members of one problem; also used for the failed items of a batch (no ``scope``)."""
    page = error.code if error.code in PROBLEMS else _code_of(error.status)
    members: dict[str, object] = {
        "type": f"/problems/{page}",
        "title": translate(PROBLEMS[page].title, language),
        "status": error.status,
    }
    if detail := _detail(error, language):
        members["detail"] = detail
    if scope is not None:
        members["instance"] = _instance(scope)
    members["code"] = error.code
    request_id = scope.get("state", {}).get("request_id") if scope is not None else None
    if request_id:
        members["request_id"] = request_id
    if error.existing is not None:
        members["existing"] = _reference(error.existing)
    if error.fields:
        members["errors"] = [
            {
                "pointer": field.pointer,
                "location": field.location,
                "code": field.code,
                "detail": translate(field.detail, language, **field.params),
                **({} if field.existing is None else {"existing": _reference(field.existing)}),
            }
            for field in error.fields[:MAX_LISTED]
        ]
    return members


def _reference(existing: tuple[str, str]) -> dict[str, str]:
    return dict(zip(("id", "href"), existing, strict=True))


def _detail(error: AppError, language: str) -> str | None:
    """Give the error's own detail, else what is wrong with its first field and how many more there are."""
    if error.detail:
        return translate(error.detail, language, **error.params)
    if not error.fields:
        return None
    first = error.fields[0]
    wrong = translate(first.detail, language, **first.params)
    # Put together here and not by a placeholder: a value in a placeholder is cut at 200 characters.
    said = f"{clean(first.pointer)}: {wrong}" if first.pointer else wrong
    count = error.params.get("count", len(error.fields))
    more = count - 1 if isinstance(count, int) else 0
    said = f"{said[:_MAX_FIRST_CHARS]} {translate(_MORE, language, count=more)}" if more else said
    return said[:_MAX_DETAIL_CHARS]


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with problem details. Call once, before `app.http.middleware.install`."""
    for language in LANGUAGES:
        catalogue(language)  # a catalogue that cannot be read must fail now, not inside an error
    app.add_exception_handler(AppError, _on_app_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_middleware(CatchAllErrors)


class CatchAllErrors:
    """Answer 500 for whatever nobody caught, and do not raise again.

    Starlette's own handler re-raises, upon which uvicorn drops the kept-alive connection without
    a word. The log gets the type and the lines passed, not the message: it may hold a value.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer it here if that fails before an answer has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            return
        except Exception as exc:
            _log_failure(scope, exc)
            # An answer already begun cannot be taken back: returning leaves it incomplete, and the
            # server closes the connection, which tells the client.
            if not started:
                await render(scope, AppError())(scope, receive, send)


async def _on_app_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, AppError)  # noqa: S101 - registered for this class only
    return render(request.scope, exc)


async def _on_validation_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - registered for this class only
    errors = exc.errors()
    if any(tuple(error["loc"]) == ("body",) for error in errors) and not _sends_json(request.scope):
        return render(request.scope, MediaTypeError())
    return render(request.scope, refusal(errors))


async def _on_http_exception(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for this class only
    scope = request.scope
    if exc.status_code < 400:
        return Response(status_code=exc.status_code, headers=exc.headers)
    if exc.status_code == 404:
        has_slash = b"%2f" in (scope.get("raw_path") or b"").lower()
        return render(scope, MalformedError(_ENCODED_SLASH) if has_slash else NotFoundError())
    if exc.status_code == 405:
        return render(scope, MethodNotAllowedError(headers={"Allow": ", ".join(allowed_methods(scope))}))
    error = AppError(code=_code_of(exc.status_code), headers=exc.headers)
    error.status = exc.status_code
    return render(scope, error)


def allowed_methods(scope: Scope) -> list[str]:
    """Return the methods some route of the app answers on this path, sorted; HEAD wherever GET is."""
    routes = _methods_by_path(scope["app"])
    found = {method for pattern, methods in routes if pattern.match(scope["path"]) for method in methods}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)


def _methods_by_path(app: FastAPI) -> Iterator[tuple[re.Pattern[str], set[str]]]:
    # iter_route_contexts sees through FastAPI's _IncludedRouter; app.routes alone would miss nearly all.
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, Mount):
            yield route.path_regex, {"GET"}  # static files
        elif route.methods:
            yield route.path_regex, route.methods


def _code_of(status: int) -> str:
    return _CODE_OF_STATUS.get(status) or ("malformed_request" if status < 500 else "internal_error")


def _instance(scope: Scope) -> str:
    path = quote(scope.get("raw_path") or scope["path"].encode("utf-8", "replace"), safe=_PATH_SAFE)
    whole = re.sub("%.?$", "", path[:_MAX_INSTANCE_CHARS])
    return re.sub("%(?![0-9A-Fa-f]{2})", "%25", whole)


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def _sends_json(scope: Scope) -> bool:
    media_type = (_header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    return media_type == "application/json" or re.fullmatch(r"application/.+\+json", media_type) is not None


def _log_failure(scope: Scope, exc: Exception) -> None:
    _log.error(
        "unhandled_exception",
        request_id=scope.get("state", {}).get("request_id"),
        method=scope["method"],
        route=route_template(scope),
        exception=f"{type(exc).__module__}.{type(exc).__qualname__}",
        frames=[f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(exc.__traceback__)[-20:]],
    )
