"""Refusals and failures answer problem details in the language and without the data of the caller."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core._pydantic_core import list_all_errors
from sample_app import sample_app
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from app.errors import ConflictError, FieldError, InvalidError, NotFoundError, UnavailableError
from app.http.problems import problem
from app.http.validation import MESSAGES, pointer, refusal

SECRET = "0555 123 45 67"
router = APIRouter(prefix="/trouble")


class Phone(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["phone", "email"]
    value: Annotated[str, Field(max_length=5)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    contact_points: Annotated[list[Phone], Field(max_length=500)] = []
    a: int = 0
    own: str = ""

    @field_validator("own")
    @classmethod
    def check(cls, value: str) -> str:
        if value == "known":
            raise ValueError("Expected a day in the past.")
        if value == "custom":
            raise PydanticCustomError("special", "Expected a day in the future.")
        if value:
            raise ValueError(f"{value} is not allowed")
        return value


class Filter(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: Annotated[int, Field(ge=1)] = 1


@router.post("/body")
async def body(body: Body) -> None: ...


@router.get("/query")
async def query(query: Annotated[Filter, Query()]) -> None: ...


@router.get("/raise/{what}")
async def fail(what: str, request: Request) -> Response:
    if what == "conflict":
        raise ConflictError("Expected at most {max_length} items.", max_length=3)
    if what == "fields":
        raise InvalidError(fields=[FieldError("/a", "odd", "Expected {ge} or more.", params={"ge": 7})])
    if what == "unavailable":
        raise UnavailableError
    if what == "waiting":
        raise UnavailableError(headers={"Retry-After": "7"})
    if what == "http":
        raise HTTPException(418, SECRET)
    if what == "stream":
        return StreamingResponse(broken_stream())
    raise RuntimeError(SECRET)


async def broken_stream() -> Any:
    yield b"begun"
    raise RuntimeError(SECRET)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(sample_app(router)) as client:
        yield client


def errors(response: Any) -> dict[str, str]:
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    return {error["pointer"]: error["code"] for error in response.json()["errors"]}


def test_a_problem_has_all_members(client: TestClient) -> None:
    response = client.get("/v1/trouble/raise/conflict", headers={"X-Request-Id": "abc"})
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["content-language"] == "en"
    assert "Accept-Language" in response.headers["vary"]
    assert response.json() == {
        "type": "/problems/conflict",
        "title": "Conflict with the current state",
        "status": 409,
        "detail": "Expected at most 3 items.",
        "instance": "/v1/trouble/raise/conflict",
        "code": "conflict",
        "request_id": "abc",
    }


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("tr", "Mevcut durumla çelişiyor"),
        ("az-AZ", "Hazırkı vəziyyətlə ziddiyyət var"),
        ("de", "Conflict with the current state"),
    ],
)
def test_texts_follow_the_language_and_the_code_does_not(
    client: TestClient, language: str, title: str
) -> None:
    response = client.get("/v1/trouble/raise/conflict", headers={"Accept-Language": language})
    assert response.json()["title"] == title
    assert response.json()["code"] == "conflict"
    assert response.content.isascii()


def test_instance_is_the_path_without_the_query(client: TestClient) -> None:
    response = client.get("/v1/nothing/ə b/%2F?phone=" + SECRET)
    assert response.json()["instance"] == "/v1/nothing/%C9%99%20b/%2F"


def test_body_errors_point_at_members(client: TestClient) -> None:
    body = {"contact_points": [{"kind": "fax", "value": SECRET}], "a": "x", "b/c~d": 1}
    response = client.post("/v1/trouble/body", json=body)
    assert errors(response) == {
        "/contact_points/0/kind": "literal_error",
        "/contact_points/0/value": "string_too_long",
        "/a": "int_parsing",
        "/b~1c~0d": "extra_forbidden",
    }
    assert {error["location"] for error in response.json()["errors"]} == {"body"}
    assert response.json()["errors"][0]["detail"] == "Expected one of: 'phone', 'email'."
    assert SECRET not in response.text


def test_query_errors_name_the_parameter(client: TestClient) -> None:
    response = client.get("/v1/trouble/query?limit=0&limmit=3")
    assert errors(response) == {"limit": "greater_than_equal", "limmit": "extra_forbidden"}
    assert response.json()["errors"][0]["location"] == "query"
    assert response.json()["errors"][0]["detail"] == "Expected 1 or more."


def test_validators_may_say_only_what_the_catalogue_knows(client: TestClient) -> None:
    """A message found in the catalogue was written by us; any other may hold the value."""
    details = {}
    for value in ("known", "custom", SECRET):
        response = client.post("/v1/trouble/body", json={"own": value}, headers={"Accept-Language": "tr"})
        details[value] = response.json()["errors"][0]["detail"]
        assert SECRET not in response.text
    assert details["known"] == "Geçmiş bir gün bekleniyor."
    assert details["custom"] == "Gelecek bir gün bekleniyor."
    assert details[SECRET] == "Değer geçerli değil."


def test_hostile_member_names_are_cut_and_cleaned(client: TestClient) -> None:
    name = "\x1b[31m\u2028" + "x" * 10_000
    response = client.post("/v1/trouble/body", json={name: 1})
    assert len(response.content) < 1500
    assert response.json()["errors"][0]["pointer"].startswith("/\ufffd[31m\ufffdxxx")


def test_an_unpaired_surrogate_is_not_a_500(client: TestClient) -> None:
    content = b'{"contact_points": [{"kind": "\\ud800", "value": "\\ud800"}], "\\udfff": 1}'
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/trouble/body", content=content, headers=headers)
    assert response.status_code == 422
    assert response.content.isascii()


def test_at_most_100_errors_are_listed(client: TestClient) -> None:
    response = client.post("/v1/trouble/body", json={"contact_points": [{}] * 300})
    assert len(response.json()["errors"]) == 100
    first = "/contact_points/0/kind: This member is required."
    assert response.json()["detail"] == f"{first} Further errors: 599."


@pytest.mark.parametrize(
    ("language", "content", "detail"),
    [
        ("en", {"a": "x"}, "/a: Expected a whole number."),
        ("tr", {"a": "x", "own": "known"}, "/a: Tam sayı bekleniyor. Diğer hatalar: 1."),
        ("az", {"contact_points": [{}]}, "/contact_points/0/kind: Bu sahə mütləqdir. Digər xətalar: 1."),
        ("en", [], "Expected an object."),
        ("en", {"b": SECRET}, "/b: Unknown member."),
    ],
)
def test_the_detail_says_what_is_wrong_first(
    client: TestClient, language: str, content: object, detail: str
) -> None:
    response = client.post("/v1/trouble/body", json=content, headers={"Accept-Language": language})
    assert (response.status_code, response.json()["detail"]) == (422, detail)
    assert SECRET not in response.text


def test_the_detail_names_a_parameter_and_stays_short(client: TestClient) -> None:
    assert client.get("/v1/trouble/query?limit=0").json()["detail"] == "limit: Expected 1 or more."
    long = client.post("/v1/trouble/body", json={"x" * 10_000: 1, "y" * 10_000: 1}).json()["detail"]
    assert len(long) < 2000
    assert long.endswith("Further errors: 1.")


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        (("one",), "'one'"),
        (("one", "two"), "'one', 'two'"),
        (("one", "two", "three"), "'one', 'two', 'three'"),
        (("one", "this or that"), "'one', 'this or that'"),
        (("this or that", "one"), "'this or that', 'one'"),
        (("this or that",), "'this or that'"),
        ((1, 2, 3), "1, 2, 3"),
    ],
)
def test_allowed_values_are_listed_without_a_word_of_english(values: tuple[Any, ...], listed: str) -> None:
    for language, begin in {"en": "Expected", "tr": "Şunlardan biri bekleniyor", "az": "Bunlardan"}.items():
        with pytest.raises(ValidationError) as caught:
            TypeAdapter(Literal[values]).validate_python(SECRET)
        [row] = problem(refusal(caught.value.errors(), "body"), language)["errors"]  # type: ignore[misc]
        assert row["detail"].startswith(begin)
        assert row["detail"].endswith(f": {listed}.")


@pytest.mark.parametrize("language", ["tr", "az"])
def test_no_error_of_pydantic_is_said_in_english(language: str) -> None:
    """Tried with the example each error has in pydantic itself."""
    english = re.compile(r"(?i)\b(or|and|expected|should|input|value|valid|must|least|most|the|is|of)\b")
    for kind in list_all_errors():
        if kind["type"] == "json_invalid":  # is 400 and names no member
            continue
        error = {"type": kind["type"], "loc": ("a",), "ctx": kind["example_context"] or {}, "msg": SECRET}
        [row] = problem(refusal([error], "body"), language)["errors"]  # type: ignore[misc]
        assert not english.search(row["detail"]), (kind["type"], row["detail"])
        assert "{" not in row["detail"], kind["type"]


def test_a_detail_is_at_most_2000_characters() -> None:
    for count in (1, 150):
        error = InvalidError(fields=[FieldError("/" + "a" * 600, "odd", "b" * 5000)] * count)
        detail = str(problem(error)["detail"])
        assert len(detail) <= 2000
        assert detail.endswith("Further errors: 149.") == (count > 1)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b'{"a":', b"[" * 100_000])
def test_what_is_not_json_is_refused(client: TestClient, content: bytes) -> None:
    response = client.post("/v1/trouble/body", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) in {
        (400, "malformed_request"),
        (422, "validation_failed"),  # an empty body: the member is missing
    }


@pytest.mark.parametrize("media_type", ["text/plain", "image/png", "application/xml", "multipart/form-data"])
def test_another_media_type_is_415(client: TestClient, media_type: str) -> None:
    response = client.post("/v1/trouble/body", content=b"\xff{}", headers={"Content-Type": media_type})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_field_errors_of_services_are_rendered(client: TestClient) -> None:
    response = client.get("/v1/trouble/raise/fields", headers={"Accept-Language": "az"})
    assert response.json()["errors"] == [
        {"pointer": "/a", "location": "body", "code": "odd", "detail": "Ən azı 7 olmalıdır."}
    ]
    assert response.json()["detail"] == "/a: Ən azı 7 olmalıdır."


def test_404_and_405_are_problems(client: TestClient) -> None:
    missing = client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = client.put("/v1/customers/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, HEAD, PATCH"
    assert client.put("/v1/customers").headers["allow"] == "GET, HEAD, POST"
    assert client.request("FOO", "/v1/customers").status_code == 405
    assert client.get("/v1/customers/").status_code == 404


def test_503_says_when_to_come_back(client: TestClient) -> None:
    assert client.get("/v1/trouble/raise/unavailable").headers["retry-after"] == "1"
    response = client.get("/v1/trouble/raise/waiting")
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")


def test_a_framework_error_without_code_of_ours_is_still_a_problem(client: TestClient) -> None:
    response = client.get("/v1/trouble/raise/http")
    assert (response.status_code, response.json()["code"]) == (418, "malformed_request")
    assert SECRET not in response.text


def test_an_unhandled_exception_answers_and_is_logged_without_data(client: TestClient) -> None:
    with capture_logs() as logs:
        response = client.get(f"/v1/trouble/raise/{SECRET}?phone={SECRET}", headers={"X-Request-Id": "abc"})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    failure = next(entry for entry in logs if entry["event"] == "unhandled_exception")
    assert failure["request_id"] == "abc"
    assert failure["route"] == "/v1/trouble/raise/{what}"
    assert failure["exception"] == "builtins.RuntimeError"
    assert any("test_problems" in frame for frame in failure["frames"])
    assert SECRET not in json.dumps(logs)
    assert client.get("/v1/customers").status_code == 200


def test_an_answer_that_breaks_off_is_not_repaired(client: TestClient) -> None:
    """Nothing is appended to a stream that fails; the server closes the connection."""
    with capture_logs() as logs:
        response = client.get("/v1/trouble/raise/stream")
    assert response.content == b"begun"
    assert any(entry["event"] == "unhandled_exception" for entry in logs)


def test_a_problem_of_a_batch_item_has_no_request_members() -> None:
    assert problem(NotFoundError(), "tr") == {
        "type": "/problems/not_found",
        "title": "Böyle bir kaynak yok",
        "status": 404,
        "code": "not_found",
    }


def test_errors_of_a_body_parsed_by_hand() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Body).validate_python({"a": "x"})
    error = refusal(caught.value.errors(), "body")
    assert (error.status, error.fields[0].pointer, error.fields[0].detail) == (
        422,
        "/a",
        MESSAGES["int_parsing"],
    )
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Body).validate_json(b"{")
    assert refusal(caught.value.errors(), "body").status == 400


def test_pointers_are_bounded() -> None:
    assert pointer([]) == ""
    assert len(pointer(["x" * 300] * 10)) == 512
