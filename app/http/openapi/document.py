"""The OpenAPI document: what FastAPI makes of the routes, brought to what linters and clients want."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel

from app.domain.common.access import Actor, Extent
from app.http.openapi import webhooks
from app.http.openapi.components import (
    ACTING_AGENT,
    ALWAYS,
    BY_AGENT,
    ERROR_HEADERS,
    ERRORS,
    EXISTING,
    FIELD_PROBLEM,
    HEADERS,
    JSON,
    PROBLEM,
    PROBLEM_JSON,
    TAG_GROUPS,
    TAGS,
    WITH_BODY,
    Schema,
    header_refs,
)
from app.problem_kinds import PROBLEMS
from app.schemas.common.examples import example, recorded

MERGE_PATCH = "application/merge-patch+json"

_INFO = {
    "description": """What one company knows about its customers, and what it should do to keep them.

**Credentials**: `Authorization: Bearer <API key>`. Each operation lists the scope it needs.

**Who acts**: a key is a system's or an agent's (`vefa keys create --agent`). A system whose key has the scope
`agents:act` names the agent of each request in the header `Vefa-Agent`, by the code in `/v1/agents/{code}`;
one who is unknown or inactive is refused with 403 `unknown_agent`. Events and the audit trail keep both.

**Errors** are problem details (RFC 9457). `code` is stable; titles and details follow Accept-Language
(English, Turkish, Azerbaijani). Each `type` is a page on this server.

**Retries**: send an `Idempotency-Key` with every POST. A repeated request is answered as the first one
was and has no second effect.

**Concurrent changes**: send the `ETag` you read as `If-Match`; 412 means that somebody was faster.

**Lists** come in pages: follow `next_cursor`, or the `Link` header, until `has_more` is false.""",
    "contact": {"name": "Vefa", "url": "https://vefa.example", "email": "api@vefa.example"},
    "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
}
_SERVER = {"url": "/", "description": "This server, local or production", "x-internal": False}
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key as `vefa keys create` prints it: `Authorization: Bearer vefa_live_...`.",
}
_MAX_LENGTHS = {"uuid": 36, "date-time": 64, "date": 10, "time": 32, "duration": 64, "email": 254}
_MAX_LENGTHS |= {"uri": 2083, "uri-reference": 2048, "binary": 2**29}
# Statuses a route may give beside its own; FastAPI knows the schema of one status only.
_SAME_CONTENT = frozenset({200, 201, 207})
_CONDITIONS = ("If-Match", "Idempotency-Key")
"""Headers that operations which may answer 428 require."""
_DATA_MEMBERS = frozenset({"example", "examples", "default", "enum", "const"})
_SCHEMA_KEYWORDS = frozenset(
    {"type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const", "properties", "items"}
)
_ONE_UNIT = Actor("key", frozenset(), units=frozenset({"unit"}))
_INT32 = 2**31 - 1
# What pages and answers to batches hold beside the resources, in their examples.
_PAGE: Schema = {
    "next_cursor": None,
    "has_more": False,
    "total": None,
    "complete_until": "2026-11-23T09:29:01Z",
}
_PAGE |= {"next_after": 4711, "latest": 4711, "complete": True}
_BATCH_ITEM = {"index": 0, "status": 201, "problem": None}


def finish(document: Schema, app: FastAPI) -> Schema:
    """Return FastAPI's ``document`` with everything added that its generator cannot know."""
    document["info"] = {**_INFO, **document["info"]}
    document.setdefault("servers", [_SERVER])
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _put_examples(schemas)
    _list_examples(schemas)
    schemas["Problem"], schemas["FieldProblem"] = PROBLEM, FIELD_PROBLEM
    schemas["ExistingResource"] = EXISTING
    schemas.update(webhooks.schemas())
    document["webhooks"] = webhooks.webhooks()
    components["headers"] = HEADERS
    components["responses"] = {name: _error_response(status) for status, (name, _) in ERRORS.items()}
    components["securitySchemes"] = {"bearerAuth": _BEARER}
    routes = {(route.path_format, method): route for route, method in _documented(app)}
    used_tags: set[str] = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _finish_operation(operation, routes[path, method.upper()])
            used_tags.update(operation.get("tags", ()))
    _drop_unused_components(document)
    document["tags"] = [
        {"name": name, "description": text} for name, text in TAGS.items() if name in used_tags
    ]
    document["x-tagGroups"] = [
        {"name": name, "tags": [tag for tag in tags if tag in used_tags]} for name, tags in TAG_GROUPS.items()
    ]
    for schema in schemas.values():
        _drop_defaults(schema)
        for member in schema.get("properties", {}).values():
            member.pop("x-prefilled", None)  # said of parameters only
    _drop_titles(document)
    for name, schema in schemas.items():
        schema["title"] = name
    _bound(document)
    return document


def _put_examples(schemas: Schema) -> None:
    """Give answers their recorded examples, and requests back the nulls that FastAPI drops from examples."""
    models = [BaseModel]
    while models:
        model = models.pop()
        models += model.__subclasses__()
        extra = model.model_config.get("json_schema_extra")
        if model.__name__ in schemas and isinstance(extra, dict) and "examples" in extra:
            schemas[model.__name__]["examples"] = extra["examples"]
    for name in recorded().keys() & schemas.keys():
        schemas[name]["examples"] = [example(name)]


def _list_examples(schemas: Schema) -> None:
    """Give every page and every answer to a batch an example: a list of one, whose example is known."""
    for schema in schemas.values():
        items = schema.get("properties", {}).get("data", {}).get("items", {})
        if "examples" in schema or "$ref" not in items:
            continue
        one = schemas[items["$ref"].rpartition("/")[2]]
        examples = one.get("examples", ())
        if "problem" in one["properties"]:  # of a batch
            [name] = one["properties"].keys() - _BATCH_ITEM.keys()
            known = next(part["$ref"] for part in one["properties"][name]["anyOf"] if "$ref" in part)
            examples = schemas[known.rpartition("/")[2]].get("examples", ())
            examples = [{**_BATCH_ITEM, name: example} for example in examples]
        others = {name: _PAGE[name] for name in schema["properties"] if name != "data"}
        if examples:
            schema["examples"] = [{"data": [example], **others} for example in examples[:1]]


def _documented(app: FastAPI) -> Iterator[tuple[RouteContext, str]]:
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            for method in route.methods or ():
                yield route, method


def _finish_operation(operation: Schema, route: RouteContext) -> None:
    first, *rest = str(route.name).split("_")
    operation["operationId"] = first + "".join(word.title() for word in rest)
    operation["security"] = [{"bearerAuth": []}]
    scopes = operation.get("x-required-scopes") or sorted(set(_scopes(route.dependant)))
    if extent := _extent(route.dependant):
        operation["x-extent"] = extent.value
    if scopes:
        operation["x-required-scopes"] = scopes
        listed = ", ".join(f"`{scope}`" for scope in scopes)
        needed = f"Required scope: {listed}."
        if extent and not extent.is_open_to(_ONE_UNIT, is_write="GET" not in (route.methods or ())):
            needed = f"Required scope: {listed}, of a key that is not limited to units."
        operation["description"] = f"{operation.get('description', '')}\n\n{needed}".strip()
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        operation["requestBody"].setdefault("required", False)
    for content in body.values():
        content.get("schema", {}).pop("default", None)  # beside a $ref, which client generators cannot take
    if "PATCH" in (route.methods or ()) and JSON in body:
        body[MERGE_PATCH] = body.pop(JSON)  # only one is declared: two break client generators
    shared = ALWAYS | (WITH_BODY if body else frozenset())
    operation["responses"] = _finish_responses(operation["responses"], shared)
    if "GET" not in (route.methods or ()):
        acting = deepcopy(ACTING_AGENT)
        if agent := operation.pop(BY_AGENT, None):
            acting["schema"]["examples"] = [agent]
        operation.setdefault("parameters", []).append(acting)
    for parameter in operation.get("parameters", ()):
        _finish_parameter(parameter, conditions_required="428" in operation["responses"])


def _finish_responses(responses: Schema, shared: frozenset[int]) -> Schema:
    """Return ``responses`` with the shared refusals, each refusal being a reference."""
    content = next((answer["content"] for answer in responses.values() if "content" in answer), None)
    finished = {}
    for status in sorted({int(status) for status in responses} | shared):
        if status in ERRORS:
            finished[str(status)] = {"$ref": f"#/components/responses/{ERRORS[status][0]}"}
            continue
        answer = finished[str(status)] = responses[str(status)]
        answer.setdefault("headers", header_refs())
        if content is not None and status in _SAME_CONTENT:
            answer.setdefault("content", content)
    return finished


def _scopes(dependant: Dependant) -> Iterator[str]:
    """Yield the scopes of every dependency made by ``app.http.call.may``."""
    for dependency in dependant.dependencies:
        yield from (str(scope) for scope in getattr(dependency.call, "scopes", ()))
        yield from _scopes(dependency)


def _extent(dependant: Dependant) -> Extent | None:
    """What the operation reads or changes, as its dependency made by ``app.http.call.may`` declares."""
    declared = (getattr(dependency.call, "extent", None) for dependency in dependant.dependencies)
    return next((extent for extent in declared if extent is not None), None)


def _finish_parameter(parameter: Schema, conditions_required: bool) -> None:
    schema = parameter["schema"]
    options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:  # a parameter cannot be null, only absent
        del schema["anyOf"]
        schema = parameter["schema"] = {**options[0], **schema}
    if schema.get("default") == []:  # goes without saying, and viewers show it oddly
        del schema["default"]
    if "description" in schema:  # where linters and viewers look for it
        parameter.setdefault("description", schema.pop("description"))
    if schema.pop("x-prefilled", parameter["required"]) and schema.get("examples"):
        parameter["example"] = schema["examples"][0]  # what Swagger UI fills in
    if parameter["name"] in _CONDITIONS and conditions_required:
        parameter["required"] = True
        if parameter["name"] == "If-Match":
            parameter["example"] = "*"


def _error_response(status: int) -> Schema:
    content: Schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if status != 422:  # which is the example of the schema
        code, kind = next((code, kind) for code, kind in PROBLEMS.items() if kind.status == status)
        content["example"] = {
            "type": f"/problems/{code}",
            "title": kind.title,
            "status": status,
            "instance": "/v1/customers",
            "code": code,
            "request_id": PROBLEM["examples"][0]["request_id"],
        }
    return {
        "description": ERRORS[status][1],
        "headers": header_refs(*ERROR_HEADERS.get(status, ())),
        "content": {PROBLEM_JSON: content},
    }


def _drop_defaults(schema: Schema) -> None:
    """Say in words what a member of a body is when it is left out: generators take a member with a default
    for one that is always there."""
    for member in schema.get("properties", {}).values():
        default = member.pop("default", None)
        if default not in (None, [], {}):
            text = f"Default: `{default if isinstance(default, str) else json.dumps(default)}`."
            member["description"] = f"{member.get('description', '')}\n\n{text}".strip()


def _drop_titles(node: Any) -> None:
    """Remove the titles that Pydantic makes of members' names, in place: they say nothing, and generators
    take equal ones for one type."""
    if isinstance(node, list):
        for item in node:
            _drop_titles(item)
    elif isinstance(node, dict):
        if isinstance(node.get("title"), str) and node.keys() & _SCHEMA_KEYWORDS:
            del node["title"]
        for name, value in node.items():
            if name not in _DATA_MEMBERS:
                _drop_titles(value)


def _drop_unused_components(document: Schema) -> None:
    """Remove shared responses and headers that no operation refers to: linters count them as flaws."""
    components = document["components"]
    for kind, users in (("responses", ("paths",)), ("headers", ("paths", "components"))):
        text = json.dumps([document[user] for user in users])
        components[kind] = {
            name: value for name, value in components[kind].items() if f'"#/components/{kind}/{name}"' in text
        }


def _bound(node: Any) -> None:
    """Give every string with a format its longest length and every integer its format, in place."""
    if isinstance(node, list):
        for item in node:
            _bound(item)
    elif isinstance(node, dict):
        if node.get("type") == "string" and node.get("format") in _MAX_LENGTHS:
            node.setdefault("maxLength", _MAX_LENGTHS[node["format"]])
        if node.get("type") == "integer":
            most = max(abs(node.get("maximum", 2**63)), abs(node.get("minimum", 0)))
            node.setdefault("format", "int32" if most <= _INT32 else "int64")
        for name, value in node.items():
            if name not in _DATA_MEMBERS:
                _bound(value)
