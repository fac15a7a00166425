"""The OpenAPI document of a sample app has what the linters and clients want."""

import json
import os
import subprocess
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sample_app import sample_app

from app.http.openapi.operations import changed, created, install_openapi, needs, paged, read, responses

LINT = Path(__file__).parents[2] / ".ci" / "lint-openapi"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(json.dumps(sample_app().openapi()))


def operation(
    document: dict[str, Any], method: str, path: str = "/v1/customers/{thing_id}"
) -> dict[str, Any]:
    return document["paths"][path][method]


def test_operation_ids_are_the_functions_in_camel_case(document: dict[str, Any]) -> None:
    ids = {op["operationId"] for path in document["paths"].values() for op in path.values()}
    assert ids == {"listThings", "createThing", "getThing", "updateThing", "deleteThing", "exportThing"}


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("get", "/v1/customers", "200 400 401 403 406 414 422 429 431 500 503"),
        ("post", "/v1/customers", "201 400 401 403 406 409 413 414 415 422 429 431 500 503"),
        ("get", "/v1/customers/{thing_id}", "200 304 400 401 403 404 406 414 422 429 431 500 503"),
        (
            "patch",
            "/v1/customers/{thing_id}",
            "200 400 401 403 404 406 409 412 413 414 415 422 428 429 431 500 503",
        ),
        ("delete", "/v1/customers/{thing_id}", "204 400 401 403 404 406 412 414 422 429 431 500 503"),
        ("post", "/v1/customers/{thing_id}/exports", "202 400 401 403 404 406 409 414 422 429 431 500 503"),
    ],
)
def test_every_operation_tells_all_its_answers(
    document: dict[str, Any], method: str, path: str, statuses: str
) -> None:
    answers = operation(document, method, path)["responses"]
    assert " ".join(answers) == statuses
    for status, answer in answers.items():
        if int(status) >= 400:
            assert list(answer) == ["$ref"]
            name = answer["$ref"].removeprefix("#/components/responses/")
            shared = document["components"]["responses"][name]
            assert "application/problem+json" in shared["content"]
            assert "X-Request-Id" in shared["headers"]
        else:
            assert "RateLimit" in answer["headers"]


def test_success_headers(document: dict[str, Any]) -> None:
    assert {"ETag", "Location", "Idempotency-Replayed"} <= operation(document, "post", "/v1/customers")[
        "responses"
    ]["201"]["headers"].keys()
    assert "Link" in operation(document, "get", "/v1/customers")["responses"]["200"]["headers"]
    assert "ETag" in operation(document, "get")["responses"]["304"]["headers"]
    assert "WWW-Authenticate" in document["components"]["responses"]["Unauthenticated"]["headers"]
    assert "Retry-After" in document["components"]["responses"]["RateLimited"]["headers"]


def test_patch_declares_merge_patch_alone(document: dict[str, Any]) -> None:
    assert list(operation(document, "patch")["requestBody"]["content"]) == ["application/merge-patch+json"]


def test_if_match_is_required_where_428_is_possible(document: dict[str, Any]) -> None:
    def if_match(method: str) -> dict[str, Any]:
        return next(p for p in operation(document, method)["parameters"] if p["name"] == "If-Match")

    assert if_match("patch")["required"]
    assert not if_match("delete")["required"]
    assert "anyOf" not in if_match("delete")["schema"]


def test_scopes_and_security_are_told(document: dict[str, Any]) -> None:
    export = operation(document, "post", "/v1/customers/{thing_id}/exports")
    assert export["security"] == [{"bearerAuth": []}]
    assert export["x-required-scopes"] == ["customers:read", "jobs:read"]
    assert export["description"].endswith("Required scope: `customers:read`, `jobs:read`.")


def test_scopes_are_read_from_the_dependency() -> None:
    def dependency() -> None: ...

    dependency.scopes = ("customers:read",)  # type: ignore[attr-defined]
    router = APIRouter(prefix="/scoped")

    @router.get("", summary="S", responses=read())
    async def get_scoped(call: Annotated[None, Depends(dependency)]) -> None:
        """S."""

    document = sample_app(router).openapi()
    assert operation(document, "get", "/v1/scoped")["x-required-scopes"] == ["customers:read"]


def test_other_successes_share_the_schema() -> None:
    router = APIRouter(prefix="/many")

    @router.post(
        "", status_code=201, response_model=dict[str, str], summary="S", responses=created(batch=True)
    )
    async def create_many() -> None:
        """S."""

    @router.put("", response_model=dict[str, str], summary="S", responses=changed(upsert=True))
    async def put_one() -> None:
        """S."""

    path = sample_app(router).openapi()["paths"]["/v1/many"]
    assert path["post"]["responses"]["207"]["content"] == path["post"]["responses"]["201"]["content"]
    assert "ETag" not in path["post"]["responses"]["201"]["headers"]
    assert path["put"]["responses"]["201"]["content"] == path["put"]["responses"]["200"]["content"]


def test_an_error_nobody_described_is_refused_at_once() -> None:
    with pytest.raises(KeyError):
        responses(418)


def test_fastapis_own_document_must_be_off() -> None:
    with pytest.raises(ValueError, match="openapi_url=None"):
        install_openapi(FastAPI())


def lint(document: dict[str, Any], directory: Path) -> subprocess.CompletedProcess[str]:
    file = directory / "openapi.json"
    file.write_text(json.dumps(document))
    return subprocess.run([LINT, file], capture_output=True, text=True, timeout=300)


needs_linters = pytest.mark.skipif(
    not (LINT.parent / "node_modules").is_dir() and not os.environ.get("CI"),
    reason="unproved: run .ci/lint-openapi once to install the linters",
)


@needs_linters
def test_the_linters_find_nothing(document: dict[str, Any], tmp_path: Path) -> None:
    result = lint(document, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


@needs_linters
@pytest.mark.parametrize("flaw", ["unbounded string", "no 401", "unsecured", "broken reference"])
def test_the_linters_find_a_planted_flaw(document: dict[str, Any], tmp_path: Path, flaw: str) -> None:
    document = json.loads(json.dumps(document))
    if flaw == "unbounded string":
        del document["components"]["schemas"]["Thing"]["properties"]["name"]["maxLength"]
    elif flaw == "no 401":
        del operation(document, "delete")["responses"]["401"]
    elif flaw == "unsecured":
        operation(document, "delete")["security"] = []
    else:
        operation(document, "delete")["responses"]["404"] = {"$ref": "#/components/responses/Nothing"}
    assert lint(document, tmp_path).returncode == 1


def test_needs_states_scopes() -> None:
    assert needs("a:read") == {"openapi_extra": {"x-required-scopes": ["a:read"]}}
    assert 200 in paged()
