"""The short way from a request to its endpoint.

FastAPI works out anew with every request which route takes it and what that route needs, which costs more
than a read. Here that is worked out once, from the routes as FastAPI knows them. Only requests that are
plainly good take this way: an unknown path, a parameter that does not validate, a body of unstated length
and a route with needs of its own kind all go FastAPI's way, which also says what is wrong. Both ways give
the same answers; a test holds them against each other.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from inspect import iscoroutinefunction
from json import JSONDecodeError
from typing import Any, cast, get_origin, get_type_hints
from urllib.parse import parse_qsl

from fastapi import FastAPI, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel
from starlette.convertors import PathConvertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import AppError
from app.http.bodies import StrictRequest, aside, check_media_type
from app.http.call import StrictRoute, check_conditions, understood_conditions
from app.http.openapi.components import API_PREFIX
from app.http.problems import render
from app.http.request_target import path_values, query_error, takes_list
from app.http.route_template import TEMPLATE
from app.http.validation import refusal

Values = dict[str, Any]
Validate = Callable[..., tuple[Any, list[Any]]]
Caller = Callable[[Request], Awaitable[Any]]


def install(app: FastAPI) -> None:
    """Lead plain requests past FastAPI. Call before `app.http.problems.install`, whose net must be around."""
    app.add_middleware(Direct, owner=app)


class Direct:
    """Sends a request straight to its endpoint, or on to FastAPI."""

    def __init__(self, app: ASGIApp, owner: FastAPI) -> None:
        self._app, self._owner = app, owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        response = await self._answer(scope, receive) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        path = scope["path"]
        # FastAPI's telemetry wants to see for itself which route is taken.
        if not path.startswith(API_PREFIX) or scope.get("root_path") or "fastapi.telemetry" in scope:
            return None
        for route in self._routes.get(_kind(scope["method"], path), ()):
            path_params = route.match(path)
            if path_params is not None:
                return await route.answer(scope, receive, path_params)
        return None

    @cached_property
    def _routes(self) -> Mapping[tuple[str, str, int], list["Route"]]:
        """The routes by what tells most of them apart, each list in FastAPI's order."""
        found: dict[tuple[str, str, int], list[Route]] = {}
        for context in iter_route_contexts(self._owner.routes):
            template = context.path_format
            if template is not None and template.startswith(API_PREFIX):
                route = Route(context)
                for method in context.methods or ():
                    found.setdefault(_kind(method, template), []).append(route)
        return found


def _kind(method: str, path: str) -> tuple[str, str, int]:
    """The method, the resource and the number of steps of ``/v1/<resource>/...``."""
    return method, path.split("/", 3)[2], path.count("/")


class Route:
    """A route of FastAPI's, and what its endpoint is called with."""

    def __init__(self, context: RouteContext) -> None:
        convertors = context.param_convertors
        if any(isinstance(convertor, PathConvertor) for convertor in convertors.values()):
            raise ValueError(f"{context.path}: a parameter must not span steps of a path")
        self._template = context.path_format
        self._regex, self._convertors = context.path_regex, convertors
        self._endpoint: Any = context.endpoint
        self._needs = _Needs.of(context)

    @property
    def is_understood(self) -> bool:
        """Whether requests can be answered here."""
        return self._needs is not None

    def match(self, path: str) -> Values | None:
        """The path's parameters, None if it is not this route's."""
        found = self._regex.match(path)
        if found is None:
            return None
        return {name: self._convertors[name].convert(text) for name, text in found.groupdict().items()}

    async def answer(self, scope: Scope, receive: Receive, path_params: Values) -> Response | None:
        """Answer a request, None if FastAPI should. Nothing of the body has been read then."""
        needs = self._needs
        if needs is None:
            return None
        scope["path_params"], scope["endpoint"], scope[TEMPLATE] = path_params, self._endpoint, self._template
        request = StrictRequest(scope, receive)
        try:
            values = await needs.met(request)
            return None if values is None else await self._endpoint(**values)
        except AppError as error:
            return render(scope, error)


class _Needs:
    """What an endpoint wants to be called with."""

    def __init__(self, dependant: Dependant, query: "_Query | None") -> None:
        [caller] = dependant.dependencies
        self._caller_name, self._caller = str(caller.name), cast("Caller", caller.call)
        self._request_name = dependant.request_param_name
        self._path = [(field.name, field.alias, field.validate) for field in dependant.path_params]
        self._headers = [
            (field.name, field.alias, field.validate, field.default) for field in dependant.header_params
        ]
        self._conditions = understood_conditions(dependant)
        self._query = query
        self._body = dependant.body_params[0] if dependant.body_params else None

    @staticmethod
    def of(context: RouteContext) -> "_Needs | None":
        """The needs of a route, None if they are more than is understood here."""
        dependant: Dependant = context.dependant
        query = _Query.of(dependant.query_params)
        body = [field.field_info for field in dependant.body_params]
        understood = (
            isinstance(context.original_route, StrictRoute)
            and iscoroutinefunction(context.endpoint)
            and issubclass(get_type_hints(context.endpoint).get("return", object), Response)
            and [hasattr(needed.call, "scopes") for needed in dependant.dependencies] == [True]
            and all(field.default is None for field in dependant.header_params)
            and (query is not None or not dependant.query_params)
            and (
                not body
                or ([type(info) for info in body] == [params.Body] and not context._embed_body_fields)
            )
            and not dependant.cookie_params
            and not dependant.http_connection_param_name
            and not dependant.response_param_name
            and not dependant.background_tasks_param_name
            and not dependant.security_scopes_param_name
        )
        return _Needs(dependant, query) if understood else None

    async def met(self, request: StrictRequest) -> Values | None:
        """The arguments, None if FastAPI should look at the request.

        Raises:
            AppError: the caller may not, or the body is wrong.
        """
        length = request.headers.get("content-length")
        if request.method != "GET" and (length is None or (self._body is not None and length == "0")):
            return None
        values: Values = {self._caller_name: await self._caller(request)}
        request.scope["path_params"] = path_values(request.path_params)
        check_conditions(request, self._conditions)
        if self._body is not None:
            check_media_type(request)
        if self._request_name is not None:
            values[self._request_name] = request
        if not self._parameters(request, values):
            return None
        if self._body is not None:
            values[self._body.name] = await _parsed(request, self._body.validate)
        return values

    def _parameters(self, request: Request, values: Values) -> bool:
        """Put all parameters but the body into ``values``; False if one is not good."""
        for name, key, validate in self._path:
            values[name], errors = validate(request.path_params[key])
            if errors:
                return False
        for name, key, validate, default in self._headers:
            given = request.headers.get(key)
            values[name], errors = (default, []) if given is None else validate(given)
            if errors:
                return False
        return self._query is None or self._query.read(request.scope["query_string"], values)


async def _parsed(request: StrictRequest, validate: Validate) -> Any:
    """The validated body.

    Raises:
        AppError: it is not JSON, or not what is declared.
    """
    try:
        document = await request.json()
    except JSONDecodeError:
        raise refusal([{"type": "json_invalid", "loc": ("body",)}]) from None
    size = len(await request.body())
    value, errors = await aside(size, partial(validate, loc=("body",)), document)
    if errors:
        raise refusal(errors)
    return value


class _Query:
    """A query that is one model."""

    def __init__(self, name: str, validate: Validate, keys: dict[str, bool]) -> None:
        self._name, self._validate, self._keys = name, validate, keys
        self._many = frozenset(key for key, is_list in keys.items() if is_list)

    @staticmethod
    def of(fields: list[Any]) -> "_Query | None":
        """The query an endpoint declares, None if it is none or of another kind."""
        model = fields[0].field_info.annotation if len(fields) == 1 else None
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return None
        keys = {}
        for name, field in model.model_fields.items():
            key = field.validation_alias or field.alias or name
            repeatable = get_origin(field.annotation) is list
            if not isinstance(key, str) or (not repeatable and takes_list(field.annotation)):
                return None
            keys[key] = repeatable
        return _Query(fields[0].name, fields[0].validate, keys)

    def read(self, query_string: bytes, values: Values) -> bool:
        """Put the query into ``values``; False if it is not good."""
        given: Values = {}
        if query_string:
            if b"%" in query_string and query_error(query_string, self._many) is not None:
                return False
            for key, text in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
                repeatable = self._keys.get(key)
                if repeatable is None or (key in given and not repeatable):
                    return False
                if repeatable:
                    given.setdefault(key, []).append(text)
                else:
                    given[key] = text
        values[self._name], errors = self._validate(given)
        return not errors
