"""What every operation has in common, proved on each of them; and that the proof notices what it should."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import SECRET
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient
from support import Api, Contract, problem

from app.domain.common.access import Scope
from app.http.call import StrictRoute
from app.main import create_app
from app.settings import Settings

HTTP = ("get", "post", "put", "patch", "delete")
Operation = tuple[str, str, dict[str, Any]]


def documented() -> list[Operation]:
    """``(METHOD, path, operation)`` of the whole document."""
    paths = create_app(Settings(secret=SECRET)).openapi()["paths"]
    return [
        (method.upper(), path, operations[method])
        for path, operations in paths.items()
        for method in HTTP
        if method in operations
    ]


def served() -> Iterator[tuple[str, str, Any]]:
    """``(METHOD, path, route)`` of every route that FastAPI would run, seen through included routers."""
    for route in iter_route_contexts(create_app(Settings(secret=SECRET)).routes):
        if isinstance(route.original_route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                yield method, str(route.path_format), route


OPERATIONS = documented()
CLOSED = [operation for operation in OPERATIONS if operation[1].startswith("/v1/")]


def filled(path: str, operation: dict[str, Any]) -> str:
    """The path with the documented example of each parameter."""
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            schema = parameter["schema"]
            examples = parameter.get("examples") or schema.get("examples")
            example = examples[0] if isinstance(examples, list) else parameter.get("example")
            assert example is not None, f"{operation['operationId']}: {parameter['name']} has no example"
            path = path.replace(f"{{{parameter['name']}}}", str(example))
    assert "{" not in path
    return path


def test_what_is_served_is_what_is_documented() -> None:
    walked = {(method, path) for method, path, _ in served()}
    assert walked == {(method, path) for method, path, _ in OPERATIONS}
    assert len(CLOSED) > 10


def test_every_operation_says_what_it_does() -> None:
    for method, path, operation in OPERATIONS:
        where = f"{method} {path}"
        assert operation["summary"], where
        assert len(operation["description"].partition("Required scope")[0].strip()) > 15, where
        assert operation["operationId"][0].islower(), where
        assert operation["operationId"].isalnum(), where
        assert len(operation["tags"]) == 1, where
        assert "500" in operation["responses"], where
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{where}: {parameter['name']}"
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_route_below_v1_checks_its_caller_first() -> None:
    for _, path, route in served():
        assert not path.startswith("/v1/") or isinstance(route.original_route, StrictRoute), path


def test_every_operation_wants_a_credential_and_exactly_the_scopes_it_documents(
    client: TestClient, api_with: Callable[..., Api], contract: Contract
) -> None:
    keys: dict[frozenset[Scope], Api] = {}

    def with_scopes(scopes: set[Scope]) -> Api:
        known = frozenset(scopes)
        if known not in keys:
            keys[known] = api_with(*scopes)
        return keys[known]

    stranger = Api(client, "vefa_live_0123456789ab_" + "x" * 40, contract)
    for method, path, operation in CLOSED:
        url = filled(path, operation)
        needed = {Scope(scope) for scope in operation["x-required-scopes"]}
        assert needed, f"{method} {path}"
        # Nothing else is looked at before the caller: not the query, nor the body, nor whether it exists.
        wrong = {
            "params": {"no_such_member": "1"},
            "content": b"\xff{",
            "headers": {"Content-Type": "text/plain"},
        }
        answer = stranger.request(method, url, **wrong)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        for scope in needed:
            refused = problem(
                with_scopes(set(Scope) - {scope}).request(method, url, **wrong), 403, "insufficient_scope"
            )
            assert scope.value in refused["detail"]
        enough = with_scopes(needed).request(method, url, **wrong)
        assert enough.status_code not in (401, 403), f"{method} {path} needs more than it documents"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic dXNlcjpwdw==", "vefa_live_0123456789ab_xxx", "Bearer vefa_live_é"],
)
def test_what_is_no_credential_is_401(client: TestClient, header: str) -> None:
    answer = client.get("/v1/customers", headers={"Authorization": header.encode()})
    problem(answer, 401, "unauthenticated")


def test_methods_and_paths_that_are_not_served(api: Api) -> None:
    for method, path, status in (
        ("DELETE", "/v1/customers", 405),
        ("PUT", "/v1/customers/batch", 405),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/customers/", 404),
    ):
        answer = api.request(method, path)
        assert answer.status_code == status
        if status == 405:
            assert method not in answer.headers["Allow"].split(", ")
            assert answer.headers["Allow"]


# --- the proof itself


GOOD = {
    "data": [],
    "next_cursor": None,
    "has_more": False,
    "total": None,
    "complete_until": "2026-11-23T09:30:00Z",
}
PROBLEM = {"type": "/problems/not_found", "title": "No such resource", "status": 404, "code": "not_found"}


def check(contract: Contract, status: int = 200, media_type: str = "application/json", **more: Any) -> None:
    body = more.pop("body", GOOD)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": media_type, **more}
    contract.check("GET", "/v1/customers", status, headers, content)


def test_a_good_answer_passes_the_contract(contract: Contract) -> None:
    check(contract)
    check(contract, 422, "application/problem+json; charset=utf-8", body={**PROBLEM, "status": 422})


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 201},
        {"status": 404, "media_type": "application/problem+json", "body": PROBLEM},
        {"media_type": "text/html"},
        {"body": {key: value for key, value in GOOD.items() if key != "has_more"}},
        {"body": {**GOOD, "has_more": "no"}},
        {"body": {**GOOD, "complete_until": "yesterday"}},
        {"body": {**GOOD, "data": [{"id": "1"}]}},
        {"body": b"{"},
        {"body": b'{"data": [], "next_cursor": NaN}'},
        {"status": 422, "media_type": "application/problem+json", "body": {"detail": "no"}},
        {"link": "not a link\n"},
    ],
)
def test_an_answer_that_is_not_as_declared_is_noticed(contract: Contract, answer: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(contract, **answer)
