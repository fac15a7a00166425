"""Many transactions in one request, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import transaction_body
from starlette.testclient import TestClient
from support import Api

PATH = "/v1/transactions/batch"


def item(number: int, **members: Any) -> dict[str, Any]:
    """The purchase T<number> by the customer C-<number>, who is created if missing."""
    named = {"customer": {"system": "crm", "key": f"C-{number}"}, "external_id": f"T{number}"}
    return transaction_body(**{**named, "create_missing": True, **members})


def customer(api: Api, identity: dict[str, str], **members: Any) -> dict[str, Any]:
    answer = api.post("/v1/customers", json={"name": "Ayşe", "external_ids": [identity], **members})
    assert answer.status_code == 201
    row: dict[str, Any] = answer.json()
    return row


def stored(api: Api) -> set[str]:
    return {row["external_id"] for row in api.get("/v1/transactions?limit=200").json()["data"]}


def customers(api: Api) -> set[str]:
    return {row["external_ids"][0]["key"] for row in api.get("/v1/customers?limit=200").json()["data"]}


BAD = item(7, amount={"amount": "1.005", "currency": "TRY"})
UNREADABLE = item(8, occurred_at="yesterday")
UNKNOWN = item(9, create_missing=False)


def test_a_good_batch_is_stored_whole_in_the_order_given(api: Api) -> None:
    answer = api.post(PATH, json={"items": [item(2), item(1), item(3)]})
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert [(row["index"], row["status"], row["transaction"]["external_id"]) for row in data] == [
        (0, 201, "T2"),
        (1, 201, "T1"),
        (2, 201, "T3"),
    ]
    assert [api.get(f"/v1/transactions/{row['transaction']['id']}").json() for row in data] == [
        row["transaction"] for row in data
    ]
    assert customers(api) == {"C-1", "C-2", "C-3"}


def test_one_refusal_refuses_all_and_nothing_stays(api: Api) -> None:
    answer = api.post(PATH, json={"items": [item(1), BAD, UNREADABLE, UNKNOWN]})
    assert answer.status_code == 422
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/items/1/amount/amount", "/items/2/occurred_at", "/items/3/customer"]
    assert stored(api) == set()
    assert customers(api) == set()


def test_a_partial_batch_stores_every_good_item(api: Api) -> None:
    assert api.post(PATH, json={"items": [item(1)]}).status_code == 201
    items = [item(2), BAD, UNREADABLE, UNKNOWN, item(1), item(2), item(3)]
    answer = api.post(f"{PATH}?partial=true", json={"items": items})
    assert answer.status_code == 207
    data = answer.json()["data"]
    assert [row["status"] for row in data] == [201, 422, 422, 422, 409, 409, 201]
    codes = [row["problem"]["code"] if row["problem"] else None for row in data]
    assert codes == [
        None,
        "validation_failed",
        "validation_failed",
        "unknown_customer",
        "transaction_exists",
        "transaction_exists",
        None,
    ]
    assert stored(api) == {"T1", "T2", "T3"}
    assert customers(api) == {"C-1", "C-2", "C-3"}


def test_a_repeated_transaction_refuses_a_whole_batch(api: Api) -> None:
    assert api.post(PATH, json={"items": [item(1), item(1)]}).status_code == 409
    assert stored(api) == set()
    assert customers(api) == set()


def test_an_item_refused_leaves_its_external_id_to_a_later_one(api: Api) -> None:
    again = item(9)
    answer = api.post(f"{PATH}?partial=true", json={"items": [UNKNOWN, again]})
    assert [row["status"] for row in answer.json()["data"]] == [422, 201]


def test_a_refused_item_creates_no_customer(api: Api) -> None:
    assert api.post(PATH, json={"items": [item(1)]}).status_code == 201
    repeated = item(1, customer={"system": "crm", "key": "C-99"})
    assert api.post(f"{PATH}?partial=true", json={"items": [repeated, item(2)]}).status_code == 207
    assert customers(api) == {"C-1", "C-2"}


def test_both_spellings_of_customers_and_several_systems_in_one_batch(api: Api) -> None:
    known = [customer(api, {"system": system, "key": "1"})["id"] for system in ("crm", "shop", "pos")]
    items = [
        {**item(number), "customer": {"system": system, "key": "1"}, "create_missing": False}
        for number, system in enumerate(("crm", "shop", "pos"))
    ]
    by_id = item(3, customer=None, customer_id=known[0], create_missing=None)
    answer = api.post(PATH, json={"items": [*items, by_id]})
    assert [row["transaction"]["customer_id"] for row in answer.json()["data"]] == [*known, known[0]]


def test_prospects_who_buy_become_active(api: Api) -> None:
    for number in (1, 2):
        customer(api, {"system": "crm", "key": f"C-{number}"}, lifecycle="prospect")
    items = [item(1), item(2, kind="refund")]
    assert api.post(PATH, json={"items": items}).status_code == 201
    data = api.get("/v1/customers").json()["data"]
    lifecycles = {row["external_ids"][0]["key"]: row["lifecycle"] for row in data}
    assert lifecycles == {"C-1": "active", "C-2": "prospect"}


def test_a_batch_across_units_stores_only_what_is_visible(api: Api, api_with: Callable[..., Api]) -> None:
    for number, unit in ((1, "izmir"), (2, "ankara")):
        customer(api, {"system": "crm", "key": f"C-{number}"}, unit=unit)
    limited = api_with(units=("izmir",))
    answer = limited.post(f"{PATH}?partial=true", json={"items": [item(1), item(2), item(3)]})
    assert [row["status"] for row in answer.json()["data"]] == [201, 422, 201]
    assert stored(api) == {"T1", "T3"}
    assert stored(limited) == {"T1", "T3"}


@pytest.mark.parametrize("items", [[], [item(number) for number in range(1001)], "x", None])
def test_a_batch_has_1_to_1000_items(api: Api, items: Any) -> None:
    assert api.post(PATH, json={"items": items}).status_code == 422
    assert stored(api) == set()


def test_a_batch_under_an_idempotency_key_happens_once(api: Api) -> None:
    headers = {"Idempotency-Key": "night-2026-11-23"}
    first = api.post(PATH, json={"items": [item(1), item(2)]}, headers=headers)
    again = api.post(PATH, json={"items": [item(1), item(2)]}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"


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
    known_few = [item(n, external_id=f"U{n}", kind="refund") for n in few]
    known_many = [item(n, external_id=f"U{n}", kind="refund") for n in many]
    assert count(known_many, 201) == count(known_few, 201)  # known customers
    assert count(known_many, 207) == count(known_few, 207)  # all stored already
