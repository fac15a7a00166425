"""Helpers tests import by name."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs
from starlette.testclient import TestClient

PROBLEM_JSON = "application/problem+json"
# The answer to a method that is no operation, so that none declares it.
UNDECLARED = {405}
_PROBLEM = {"$ref": "#/components/schemas/Problem"}

Schema = dict[str, Any]


class Contract:
    """The OpenAPI document, as what every answer is held against.

    ``seen`` counts the answers checked, by operationId and status.
    """

    def __init__(self, document: Schema) -> None:
        self.document = document
        self.seen: dict[tuple[str, int], int] = {}
        self._paths: dict[int, list[tuple[re.Pattern[str], Schema]]] = {}  # by their number of steps
        for path, operations in document["paths"].items():
            self._paths.setdefault(path.count("/"), []).append((_pattern(path), operations))
        self._validators: dict[int, tuple[Schema, Any]] = {}  # by the id() of a schema in the document

    def operation(self, method: str, path: str) -> Schema | None:
        """The operation that answers ``method`` on ``path``; fixed paths come before templates."""
        wanted = "get" if method.lower() == "head" else method.lower()
        for pattern, operations in self._paths.get(path.count("/"), []):
            if wanted in operations and pattern.fullmatch(path):
                return dict(operations[wanted])
        return None

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Hold one answer against the document.

        Raises:
            AssertionError: the status, the media type, a header or the body is not as declared.
        """
        operation = self.operation(method, path.partition("?")[0])
        media_type = headers.get("content-type", "").partition(";")[0]
        if operation is None or status in UNDECLARED:
            if path.startswith("/v1/"):
                assert (status >= 400, media_type) == (True, PROBLEM_JSON)
                self._validate("Problem", _PROBLEM, body)
            return
        name = operation["operationId"]
        assert str(status) in operation["responses"], f"{name}: {status} is not declared"
        answer = self._resolve(operation["responses"][str(status)])
        self.seen[name, status] = self.seen.get((name, status), 0) + 1
        for header, declared in answer.get("headers", {}).items():
            if header.lower() in headers:
                self._check_header(name, header, self._resolve(declared)["schema"], headers[header.lower()])
        if method.upper() == "HEAD" or "content" not in answer:
            assert body == b"", f"{name} {status}: no body is declared"
            return
        assert media_type in answer["content"], f"{name} {status}: {media_type} is not declared"
        if media_type.endswith("json"):
            schema = answer["content"][media_type]["schema"]
            self._validate(f"{name} {status}", schema, body)

    def _validate(self, name: str, schema: Schema, body: bytes) -> None:
        value = strict_json(body)
        found = self._validator(schema).iter_errors(value)
        errors = [f"{error.instance_path}: {error.message}" for error in found]
        assert not errors, f"{name}: {errors}"

    def _validator(self, schema: Schema) -> Any:
        known = self._validators.get(id(schema))
        if known is None:
            made = jsonschema_rs.Draft202012Validator(self._whole(schema), validate_formats=True)
            known = self._validators[id(schema)] = (schema, made)  # kept, so that the id stays its own
        return known[1]

    def _whole(self, schema: Schema) -> Schema:
        """The schema with the components it needs: a validator keeps a copy of all that it is given, and all
        components in each were 300 MB more after a hundred kinds of answers."""
        needed: Schema = {}
        left: list[Any] = [schema]
        while left:
            part = left.pop()
            if isinstance(part, dict):
                name = str(part.get("$ref", "")).removeprefix("#/components/schemas/")
                if name in self.document["components"]["schemas"] and name not in needed:
                    needed[name] = self.document["components"]["schemas"][name]
                    left.append(needed[name])
                left += part.values()
            elif isinstance(part, list):
                left += part
        return {**schema, "components": {"schemas": needed}}

    def _check_header(self, name: str, header: str, schema: Schema, value: str) -> None:
        typed = int(value) if schema["type"] == "integer" else value
        assert self._validator(schema).is_valid(typed), f"{name}: {header} is not as declared: {value}"

    def _resolve(self, part: Schema) -> Schema:
        if "$ref" not in part:
            return part
        found: Any = self.document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)


def strict_json(body: bytes) -> Any:
    """The JSON of an answer, strictly: UTF-8, no NaN, no member twice."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(body.decode(), object_pairs_hook=once, parse_constant=refuse)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))


class Api:
    """A test client that sends one API key and holds every answer against the OpenAPI document."""

    def __init__(self, client: TestClient, token: str, contract: Contract) -> None:
        self.client = client
        self.contract = contract
        self.headers = {"Authorization": f"Bearer {token}"}

    def request(self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        """Send a request; `AssertionError` if the answer is not as documented."""
        answer = self.client.request(method, path, headers={**self.headers, **(headers or {})}, **more)
        self.contract.check(method, path, answer.status_code, answer.headers, answer.content)
        return answer

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if method not in ("get", "head", "post", "put", "patch", "delete", "options"):
            raise AttributeError(method)

        def call(path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
            return self.request(method.upper(), path, headers, **more)

        return call


def made(api: Api, name: str = "Ayşe Yılmaz", **members: Any) -> dict[str, Any]:
    """A customer that was recorded."""
    answer = api.post("/v1/customers", json={"name": name, **members})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """The problem an answer is, which must be this one."""
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return dict(answer.json())


def pointers(answer: Any) -> list[str]:
    """Which members a 422 complains about."""
    return [error["pointer"] for error in problem(answer, 422, "validation_failed")["errors"]]


def phone(value: str, **members: Any) -> dict[str, Any]:
    """A contact point of a customer."""
    return {"kind": "phone", "value": value, **members}


def selects(api: Api) -> list[str]:
    """A list that every SELECT the service executes from now on is added to."""
    found: list[str] = []
    app: Any = api.client.app
    app.state.services.store.on_statement(
        lambda statement: found.append(statement) if statement.startswith("SELECT") else None
    )
    return found
