"""Batches of customers, and how many statements requests cost, on both databases."""

from typing import Any

import pytest
from support import Api, made, phone, pointers, problem

URL = "/v1/customers"
GOOD = {"name": "Good"}


def names(api: Api) -> list[str]:
    return [row["name"] for row in api.get(URL, params={"sort": "created_at"}).json()["data"]]


def batch(api: Api, items: list[Any], **params: str) -> Any:
    return api.post(f"{URL}/batch", json={"items": items}, params=params)


# --- whole


def test_a_good_batch_is_stored_whole_and_in_order(api: Api) -> None:
    answer = batch(api, [{"name": f"Customer {number}", "tags": ["x"]} for number in range(150)])
    results = answer.json()["data"]
    assert answer.status_code == 201
    assert [result["index"] for result in results] == list(range(150))
    assert {(result["status"], result["problem"]) for result in results} == {(201, None)}
    assert results[7]["customer"] == api.get(f"{URL}/{results[7]['customer']['id']}").json()
    assert len(api.get(URL, params={"limit": 200, "tag": "x"}).json()["data"]) == 150


def test_one_refused_item_refuses_all(api: Api) -> None:
    made(api, "Owner", external_ids=[{"system": "crm", "key": "1"}])
    wrong = [{"name": ""}, {"name": "x", "contact_points": [phone("12")]}, "text", {"name": "x", "typo": 1}]
    refused = pointers(batch(api, [GOOD, *wrong, GOOD]))
    assert refused == ["/items/1/name", "/items/2/contact_points/0/value", "/items/3", "/items/4/typo"]
    taken = {"name": "x", "external_ids": [{"system": "crm", "key": "1"}]}
    answer = problem(batch(api, [GOOD, taken]), 409, "external_id_taken")
    assert [error["pointer"] for error in answer["errors"]] == ["/items/1"]
    assert names(api) == ["Owner"]


@pytest.mark.parametrize("items", [[], [GOOD] * 1001])
def test_a_batch_has_1_to_1000_items(api: Api, items: list[Any]) -> None:
    assert pointers(batch(api, items)) == ["/items"]
    assert names(api) == []


# --- partial


def test_a_partial_batch_stores_the_good_and_tells_of_each_refused(api: Api) -> None:
    made(api, "Owner", external_ids=[{"system": "crm", "key": "1"}])
    items = [
        GOOD,
        {"name": ""},
        {"name": "Taken", "external_ids": [{"system": "crm", "key": "1"}]},
        {"name": "First", "external_ids": [{"system": "crm", "key": "2"}]},
        {"name": "Second", "external_ids": [{"system": "crm", "key": "2"}]},
        {"name": "Unreadable", "contact_points": [phone("12")]},
    ]
    answer = batch(api, items, partial="true")
    results = answer.json()["data"]
    assert answer.status_code == 207
    assert [result["status"] for result in results] == [201, 422, 409, 201, 409, 422]
    assert [result["problem"] and result["problem"]["code"] for result in results] == [
        None,
        "validation_failed",
        "external_id_taken",
        None,
        "external_id_taken",
        "validation_failed",
    ]
    assert results[1]["problem"]["errors"][0]["pointer"] == "/name"
    assert [result["customer"] is None for result in results] == [False, True, True, False, True, True]
    assert names(api) == ["Owner", "Good", "First"]


def test_a_partial_batch_without_a_refusal_is_201_and_with_nothing_else_is_207(api: Api) -> None:
    assert batch(api, [GOOD], partial="true").status_code == 201
    assert batch(api, [{}], partial="true").status_code == 207
    assert names(api) == ["Good"]


@pytest.mark.parametrize("partial", ["yes", "1", "True", ""])
def test_partial_is_true_or_false(api: Api, partial: str) -> None:
    assert pointers(batch(api, [GOOD], partial=partial)) == ["partial"]


def test_problems_of_items_are_in_the_language_of_the_request(api: Api) -> None:
    answer = api.post(
        f"{URL}/batch?partial=true", json={"items": [{}]}, headers={"Accept-Language": "tr"}
    ).json()
    assert answer["data"][0]["problem"]["errors"][0]["detail"] != "This member is required."
    assert answer["data"][0]["problem"]["code"] == "validation_failed"


# --- what requests cost


@pytest.fixture
def statements(api: Api) -> list[str]:
    """Every statement from now on, in order; BEGIN is none."""
    api.get(URL)  # notes the first use of the key
    made: list[str] = []
    api.client.portal.call(_settled, api)
    api.client.app.state.services.store.on_statement(
        lambda statement: None if statement.startswith("BEGIN") else made.append(statement)
    )
    return made


async def _settled(api: Api) -> None:
    """Wait for what a request left behind."""
    for task in list(api.client.app.state.services.background):
        await task


def cost(statements: list[str], answer: Any) -> int:
    """How many statements the last request took."""
    assert answer.status_code in (200, 201), answer.text
    number = len(statements)
    statements.clear()
    return number


def customer(number: int, points: int = 3) -> dict[str, Any]:
    return {
        "name": f"Ayşe {number} Yılmaz",
        "contact_points": [phone(f"0532 {number:03} {point:02} 00") for point in range(10, 10 + points)],
        "external_ids": [{"system": f"s{number % 7}", "key": str(number)}],
        "tags": ["vip"],
    }


def test_reading_takes_one_statement_or_two_and_one_for_the_key(api: Api, statements: list[str]) -> None:
    row = made(api, **customer(0))
    statements.clear()
    assert cost(statements, api.get(f"{URL}/{row['id']}")) == 2
    assert cost(statements, api.get(f"{URL}/by-external-id/s0/0")) == 2
    for number in range(1, 4):
        made(api, **customer(number))
    statements.clear()
    for params in ({}, {"limit": 2}, {"tag": "vip", "tier": "none"}):
        assert cost(statements, api.get(URL, params=params)) == 3
    # A search counts first whether many are found.
    assert cost(statements, api.get(URL, params={"q": "ayse", "tag": "vip"})) == 4
    # A page asks once who shares a number. Customers without the figure come last, by a statement more.
    assert cost(statements, api.get(URL, params={"sort": "-value"})) == 4
    assert cost(statements, api.get(URL, params={"include": "total"})) == 4


def test_writing_costs_the_same_however_much_is_said_of_a_customer(api: Api, statements: list[str]) -> None:
    small = cost(statements, api.post(URL, json=customer(0, points=1)))
    large = cost(statements, api.post(URL, json=customer(1, points=20)))
    assert small == large <= 9
    row = api.get(f"{URL}/by-external-id/s1/1").json()
    statements.clear()
    assert cost(statements, api.patch(f"{URL}/{row['id']}", json=customer(1, points=20))) <= 8


def test_a_batch_costs_the_same_however_long_it_is(api: Api, statements: list[str]) -> None:
    short = cost(statements, batch(api, [customer(number) for number in range(2)]))
    long = cost(statements, batch(api, [customer(number) for number in range(2, 102)]))
    assert short == long <= 9
