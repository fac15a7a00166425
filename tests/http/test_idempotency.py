"""Idempotency-Key over HTTP: one key, one effect, one answer, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from factories import complaint_body
from starlette.testclient import TestClient
from support import Api, Contract, made, pointers, problem

from app.main import create_app
from app.settings import Settings

URL = "/v1/customers"
KEY = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
BODY = {"name": "Ayşe Yılmaz"}
RETURNS: list[dict[str, Any]] = [{}, {"json": {}}]


def number_of_customers(api: Api) -> int:
    return int(api.get(URL, params={"include": "total", "limit": 1}).json()["total"])


def test_a_repeated_request_is_answered_as_the_first_and_has_no_effect(api: Api) -> None:
    first = api.post(URL, json=BODY, headers=KEY)
    again = api.post(URL, json=BODY, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert number_of_customers(api) == 1


def test_the_replay_is_the_answer_of_then_not_the_state_of_now(api: Api) -> None:
    first = api.post(URL, json=BODY, headers=KEY)
    api.patch(f"{URL}/{first.json()['id']}", json={"name": "Changed"})
    assert api.post(URL, json=BODY, headers=KEY).content == first.content


def test_the_key_with_another_request_is_refused(api: Api) -> None:
    api.post(URL, json=BODY, headers=KEY)
    problem(api.post(URL, json={"name": "Other"}, headers=KEY), 422, "idempotency_key_reused")
    assert number_of_customers(api) == 1


def test_a_key_belongs_to_one_credential_and_one_operation(api: Api, api_with: Callable[..., Api]) -> None:
    first, second = (made(api, name)["id"] for name in ("First", "Second"))
    departure = {"left_on": "2026-03-01", "reason": "price"}
    assert api.post(URL, json=BODY, headers=KEY).status_code == 201
    assert api_with().post(URL, json=BODY, headers=KEY).headers.get("Idempotency-Replayed") is None
    answer = api.post(f"{URL}/{first}/departures", json=departure, headers=KEY)
    assert answer.status_code == 201
    replayed = api.post(f"{URL}/{first}/departures", json=departure, headers=KEY)
    assert (replayed.status_code, replayed.content) == (201, answer.content)  # not 409: it has left already
    # The same operation on another customer is another request.
    answer = api.post(f"{URL}/{second}/departures", json=departure, headers=KEY)
    problem(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize("step", ["acknowledgements", "starts"])
def test_no_body_and_an_empty_object_are_one_request(api: Api, step: str) -> None:
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    url = f"/v1/complaints/{api.post('/v1/complaints', json=complaint_body()).json()['id']}/{step}"
    as_json = {**KEY, "Content-Type": "application/json"}
    first = api.post(url, headers=KEY)
    assert first.status_code == 201
    for content in (b"{}", b" { }\r\n", b"\xef\xbb\xbf{\t}"):
        again = api.post(url, content=content, headers=as_json)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
    assert api.post(url, headers=KEY).content == first.content
    problem(api.post(url, json={"at": "2026-11-30T00:00:00Z"}, headers=KEY), 422, "idempotency_key_reused")


def test_an_empty_object_and_no_body_are_one_request(api: Api) -> None:
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    url = f"/v1/complaints/{api.post('/v1/complaints', json=complaint_body()).json()['id']}/starts"
    first = api.post(url, json={}, headers=KEY)
    assert (first.status_code, api.post(url, headers=KEY).content) == (201, first.content)
    customer = f"{URL}/{made(api)['id']}"
    left = api.post(f"{customer}/departures", json={"left_on": "2026-03-01", "reason": "price"})
    assert left.status_code == 201
    back = [api.post(f"{customer}/returns", headers={"Idempotency-Key": "b"}, **sent) for sent in RETURNS]
    assert {answer.content for answer in back} == {back[0].content}
    assert back[0].status_code == 201


def test_batches_are_replayed_with_their_refusals(api: Api) -> None:
    sent = {"json": {"items": [BODY, {}]}, "headers": KEY}
    first = api.post(f"{URL}/batch?partial=true", **sent)
    again = api.post(f"{URL}/batch?partial=true", **sent)
    assert (first.status_code, again.status_code, again.content) == (207, 207, first.content)
    problem(api.post(f"{URL}/batch", **sent), 422, "idempotency_key_reused")
    assert number_of_customers(api) == 1


def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    made(api, external_ids=[{"system": "crm", "key": "1"}])
    taken = {**BODY, "external_ids": [{"system": "crm", "key": "1"}]}
    for _ in range(2):
        problem(api.post(URL, json=taken, headers=KEY), 409, "external_id_taken")
        assert pointers(api.post(URL, json={}, headers=KEY)) == ["/name"]
    assert api.post(URL, json=BODY, headers=KEY).headers.get("Idempotency-Replayed") is None
    assert number_of_customers(api) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é".encode()])
def test_a_key_is_1_to_255_visible_characters(api: Api, key: Any) -> None:
    assert pointers(api.post(URL, json=BODY, headers={"Idempotency-Key": key})) == ["Idempotency-Key"]
    assert number_of_customers(api) == 0


def test_reads_and_patches_take_no_key(api: Api) -> None:
    path = f"{URL}/{made(api)['id']}"
    for tag in ("a", "b"):
        answer = api.patch(path, json={"tags": [tag]}, headers=KEY)
        assert answer.json()["tags"] == [tag]
        assert "Idempotency-Replayed" not in answer.headers
        assert api.get(path, headers=KEY).json()["tags"] == [tag]


def test_a_hundred_duplicates_at_once_over_two_applications(
    api: Api, settings: Settings, contract: Contract
) -> None:
    with TestClient(create_app(settings)) as other_client:
        other = Api(other_client, "", contract)
        other.headers = api.headers
        for one in (api, other):
            number_of_customers(
                one
            )  # FastAPI makes its routes at the first request, which two threads may not
        with ThreadPoolExecutor(20) as pool:
            sends = [
                pool.submit((api, other)[number % 2].post, URL, json=BODY, headers=KEY)
                for number in range(100)
            ]
            answers = [send.result() for send in sends]
    assert {answer.status_code for answer in answers} == {201}
    assert len({(answer.content, answer.headers["ETag"]) for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert number_of_customers(api) == 1
