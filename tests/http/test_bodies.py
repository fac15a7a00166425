"""Large and crowded bodies: refused before they cost anything, and worked on beside the event loop."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from factories import transaction_body
from support import Api, made, pointers, problem

from app.domain.common.json_bounds import MAX_MEMBERS, MAX_VALUES
from app.http import bodies

JSON = {"Content-Type": "application/json"}
ENDPOINTS = [
    ("POST", "/v1/customers"),
    ("PUT", "/v1/customers/by-external-id/crm/A-1"),
    ("POST", "/v1/customers/batch"),
    ("POST", "/v1/transactions/batch?partial=true"),
    ("POST", "/v1/exchange-rates/batch"),
    ("POST", "/v1/surveys"),
    ("PUT", "/v1/import-mappings/shop"),
    ("POST", "/v1/scoring-runs"),
]
Send = Callable[[Api, str, str, str], Any]


def plainly(api: Api, method: str, path: str, text: str) -> Any:
    return api.request(method, path, headers=JSON, content=text.encode())


def in_chunks(api: Api, method: str, path: str, text: str) -> Any:
    """Without a Content-Length."""

    def chunks() -> Iterator[bytes]:
        content = text.encode()
        yield from (content[at : at + 65_536] for at in range(0, len(content), 65_536))

    return api.request(method, path, headers=JSON, content=chunks())


WAYS = pytest.mark.parametrize("send", [plainly, in_chunks])


def unknown(count: int) -> str:
    return "{" + ",".join(f'"k{number}":1' for number in range(count)) + "}"


@WAYS
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_more_members_than_any_body_has_are_refused(api: Api, method: str, path: str, send: Send) -> None:
    answer = send(api, method, path, unknown(MAX_VALUES + 1))
    assert "At most" not in problem(answer, 413, "body_too_large")["title"]
    assert answer.json()["detail"] == (
        "A body has at most 100000 members and items in all. Send them in several requests."
    )
    assert api.get("/v1/customers").json()["data"] == []


@WAYS
def test_more_members_than_any_object_has_are_refused(api: Api, send: Send) -> None:
    text = f'{{"name": "A", "attributes": {unknown(MAX_MEMBERS + 1)}}}'
    answer = send(api, "POST", "/v1/customers", text)
    assert problem(answer, 422, "validation_failed")["errors"] == [
        {
            "pointer": "/attributes",
            "location": "body",
            "code": "too_many_members",
            "detail": "An object has at most 200 members.",
        }
    ]


@WAYS
def test_as_many_members_as_an_object_may_have_are_named_one_by_one(api: Api, send: Send) -> None:
    answer = send(api, "POST", "/v1/customers", unknown(MAX_MEMBERS))
    body = problem(answer, 422, "validation_failed")
    assert len(body["errors"]) == 100
    assert body["detail"] == "/name: This member is required. Further errors: 200."


def test_a_batch_tells_a_hundred_faults_in_full_and_one_of_each_later_item(api: Api) -> None:
    made(api, external_ids=[{"system": "crm", "key": "A-1"}])
    good = transaction_body(customer={"system": "crm", "key": "A-1"})
    wrong = {**good, **{f"k{number}": 1 for number in range(40)}}
    items = [wrong] * 4 + [good]
    whole = api.post("/v1/transactions/batch", json={"items": items})
    body = problem(whole, 422, "validation_failed")
    assert (len(body["errors"]), body["errors"][0]["pointer"]) == (100, "/items/0/k0")
    assert body["detail"] == "/items/0/k0: Unknown member. Further errors: 159."
    answer = api.post("/v1/transactions/batch?partial=true", json={"items": items})
    assert answer.status_code == 207
    problems = [item["problem"] for item in answer.json()["data"]]
    assert [len(each["errors"]) for each in problems[:4]] == [40, 40, 20, 1]
    assert [each["detail"] for each in problems[:4]] == ["/k0: Unknown member. Further errors: 39."] * 4
    assert problems[4] is None


def test_a_batch_counts_its_own_faults_only(api: Api) -> None:
    """Not those of the batch before it in the same thread."""
    wrong = {f"k{number}": 1 for number in range(60)}
    for _ in range(3):
        answer = api.post("/v1/transactions/batch?partial=true", json={"items": [wrong]})
        assert len(answer.json()["data"][0]["problem"]["errors"]) >= 60


def test_a_list_that_is_stored_whole_is_not_examined_after_a_hundred_faults(api: Api) -> None:
    wrong = {"currency": "USD", "on": "2026-01-05", "rate": "1", **{f"k{n}": 1 for n in range(150)}}
    answer = api.post("/v1/exchange-rates/batch", json={"items": [wrong] * 500})
    body = problem(answer, 422, "validation_failed")
    assert pointers(answer)[0] == "/items/0/k0"
    assert body["detail"] == "/items/0/k0: Unknown member. Further errors: 648."


@WAYS
def test_others_are_answered_while_a_large_body_is_worked_on(
    api: Api, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, answered = threading.Event(), threading.Event()
    parsed = bodies.parsed

    def slowly(body: bytes) -> Any:
        at_work.set()
        assert answered.wait(60), "nobody else was answered meanwhile"
        return parsed(body)

    monkeypatch.setattr(bodies, "parsed", slowly)
    text = '{"name": "A", "colour": "%s"}' % ("x" * bodies.LARGE_BYTES)
    answers: list[Any] = []
    sender = threading.Thread(target=lambda: answers.append(send(api, "POST", "/v1/customers", text)))
    sender.start()
    assert at_work.wait(60)
    assert api.get("/v1/customers").status_code == 200
    answered.set()
    sender.join()
    assert pointers(answers[0]) == ["/colour"]


@WAYS
def test_a_large_good_batch_is_stored(api: Api, send: Send) -> None:
    items = ",".join(f'{{"name": "Ayşe {number}"}}' for number in range(1_000))
    answer = send(api, "POST", "/v1/customers/batch", f'{{"items": [{items}]}}')
    assert answer.status_code == 201
    assert answer.json()["data"][999]["customer"]["name"] == "Ayşe 999"


@WAYS
def test_a_large_body_with_one_fault_is_told_where(api: Api, send: Send) -> None:
    items = ",".join(['{"name": "Ayşe"}'] * 999 + ['{"nmae": "Ayşe"}'])
    answer = send(api, "POST", "/v1/customers/batch", f'{{"items": [{items}]}}')
    assert pointers(answer) == ["/items/999/name", "/items/999/nmae"]
    assert api.get("/v1/customers").json()["data"] == []
