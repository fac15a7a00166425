"""Many survey responses in one request, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import (
    interaction_body,
    invitation_body,
    question,
    response_body,
    survey_body,
    transaction_body,
)
from starlette.testclient import TestClient
from support import Api, made

PATH = "/v1/survey-responses/batch"


@pytest.fixture(autouse=True)
def survey_id(api: Api) -> str:
    """The survey "delivery"."""
    return str(recorded(api, "surveys", survey_body())["id"])


def recorded(api: Api, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/v1/{resource}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def item(number: int, **members: Any) -> dict[str, Any]:
    """The response R<number> of the customer C-<number>, who is created if missing."""
    named = {"customer": {"system": "crm", "key": f"C-{number}"}, "external_id": f"R{number}"}
    return response_body(**{**named, "create_missing": True, **members})


def stored(api: Api) -> set[str]:
    return {row["external_id"] for row in api.get("/v1/survey-responses?limit=200").json()["data"]}


def customers(api: Api) -> set[str]:
    return {row["external_ids"][0]["key"] for row in api.get("/v1/customers?limit=200").json()["data"]}


OUTSIDE = item(7, answers=[{"question": "recommend", "number": 11}])
UNREADABLE = item(8, answered_at="yesterday")
UNKNOWN = item(9, create_missing=None)


def test_a_good_batch_is_stored_whole_in_the_order_given(api: Api) -> None:
    answer = api.post(PATH, json={"items": [item(2), item(1), item(3, customer=None, create_missing=None)]})
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert [(row["index"], row["response"]["external_id"]) for row in data] == [
        (0, "R2"),
        (1, "R1"),
        (2, "R3"),
    ]
    for row in data:
        assert api.get(f"/v1/survey-responses/{row['response']['id']}").json() == row["response"]
    assert customers(api) == {"C-1", "C-2"}


def test_one_refusal_refuses_all_and_nothing_stays(api: Api) -> None:
    answer = api.post(PATH, json={"items": [item(1), OUTSIDE, UNREADABLE, UNKNOWN]})
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/items/1/answers/0/number", "/items/2/answered_at", "/items/3/customer"]
    assert stored(api) == customers(api) == set()


def test_a_partial_batch_stores_every_good_item(api: Api) -> None:
    recorded(api, "surveys", survey_body(code="closed", is_active=False))
    assert api.post(PATH, json={"items": [item(1)]}).status_code == 201
    items = [
        item(2),
        OUTSIDE,
        UNREADABLE,
        UNKNOWN,
        item(1),
        item(2),
        item(5, survey_code="closed"),
        item(6, survey_code="nothing"),
        item(3),
    ]
    answer = api.post(f"{PATH}?partial=true", json={"items": items})
    assert answer.status_code == 207
    data = answer.json()["data"]
    assert [row["status"] for row in data] == [201, 422, 422, 422, 409, 409, 409, 422, 201]
    assert [row["problem"] and row["problem"]["code"] for row in data] == [
        None,
        "validation_failed",
        "validation_failed",
        "unknown_customer",
        "response_exists",
        "response_exists",
        "survey_inactive",
        "validation_failed",
        None,
    ]
    assert stored(api) == {"R1", "R2", "R3"}
    assert customers(api) == {"C-1", "C-2", "C-3"}


def test_a_batch_may_mix_surveys_and_their_versions(api: Api, survey_id: str) -> None:
    asked = [question("again", "csat", scale={"min": 1, "max": 7})]
    assert api.post(f"/v1/surveys/{survey_id}/versions", json={"questions": asked}).status_code == 201
    recorded(api, "surveys", survey_body(code="other", questions=[question("q", "text")]))
    seven, text = [{"question": "again", "number": 7}], [{"question": "q", "text": "x"}]
    items = [
        item(1, survey_version=1),
        item(2, answers=seven),
        item(3, survey_code=None, survey_id=survey_id, survey_version=2, answers=seven),
        item(4, survey_code="other", answers=text),
        item(5, survey_code="other", survey_version=2, answers=text),
        item(6, survey_version=1, answers=seven),
    ]
    data = api.post(f"{PATH}?partial=true", json={"items": items}).json()["data"]
    assert [row["response"] and row["response"]["survey_version"] for row in data] == [1, 2, 2, 1, None, None]
    problems = [row["problem"]["errors"][0]["pointer"] for row in data[4:]]
    assert problems == ["/survey_version", "/answers/0/question"]


def test_a_batch_across_units_stores_only_what_is_visible(api: Api, api_with: Callable[..., Api]) -> None:
    for number, unit in ((1, "izmir"), (2, "ankara")):
        made(api, unit=unit, external_ids=[{"system": "crm", "key": f"C-{number}"}])
    limited = api_with(units=("izmir",))
    nobodys = item(4, customer=None, create_missing=None)
    answer = limited.post(f"{PATH}?partial=true", json={"items": [item(1), item(2), item(3), nobodys]})
    assert [row["status"] for row in answer.json()["data"]] == [201, 422, 201, 201]
    assert stored(api) == stored(limited) == {"R1", "R3", "R4"}


@pytest.mark.parametrize("items", [[], [item(number) for number in range(1001)], "x", None])
def test_a_batch_has_1_to_1000_items(api: Api, items: Any) -> None:
    assert api.post(PATH, json={"items": items}).status_code == 422
    assert stored(api) == set()


def test_the_number_of_statements_does_not_grow_with_the_batch(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def count(items: list[dict[str, Any]], status: int) -> int:
        statements.clear()
        assert api.post(f"{PATH}?partial=true", json={"items": items}).status_code == status
        return len(statements)

    count([item(0)], 201)  # the first request of a key also notes that it was used
    few, many = range(1, 3), range(1001, 2001)
    assert count([item(n) for n in many], 201) == count([item(n) for n in few], 201)  # new customers
    assert count([item(n) for n in many], 207) == count([item(n) for n in few], 207)  # all stored already

    # Of several surveys, about things of every kind, answering invitations.
    for number in range(20):
        recorded(api, "surveys", survey_body(code=f"s{number}"))
    customer = {"system": "crm", "key": "C-0"}
    calls, buys = (
        [recorded(api, resource, body(customer=customer))["id"] for _ in range(10)]
        for resource, body in (("interactions", interaction_body), ("transactions", transaction_body))
    )

    def about(number: int) -> list[dict[str, Any]]:
        """Items that each answer an invitation of their own."""
        invitations = [
            invitation_body(survey_code=f"s{n % 20}", customer=customer, transaction_id=buys[n % 10])
            if n % 2
            else invitation_body(survey_code=f"s{n % 20}", customer=customer)
            for n in range(number)
        ]
        answer = api.post("/v1/survey-invitations/batch", json={"items": invitations})
        ids = [row["invitation"]["id"] for row in answer.json()["data"]]
        return [
            response_body(
                customer=customer if n % 3 else None,
                survey_code=None,
                invitation_id=ids[n],
                interaction_id=None if n % 2 else calls[n % 10],
            )
            for n in range(number)
        ]

    assert count(about(1000), 201) == count(about(4), 201)
