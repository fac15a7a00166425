"""A sale is corrected, and an edited order is told apart from one that is delivered twice."""

from typing import Any

import pytest
from support import Api, made, pointers, problem

PATH = "/v1/transactions"


def sent(customer_id: str, **members: Any) -> dict[str, Any]:
    body = {
        "customer_id": customer_id,
        "source": "shop",
        "external_id": "O-1",
        "kind": "purchase",
        "amount": {"amount": "100.00", "currency": "TRY"},
        "occurred_at": "2026-11-20T10:00:00Z",
        "category": "shoes",
        "channel": "app",
    }
    return {**body, **members}


@pytest.fixture
def customer_id(api: Api) -> str:
    return str(made(api)["id"])


@pytest.fixture
def sale(api: Api, customer_id: str) -> dict[str, Any]:
    return dict(api.post(PATH, json=sent(customer_id)).json())


@pytest.mark.parametrize(
    ("patch", "becomes"),
    [
        ({"amount": {"amount": "80.00", "currency": "TRY"}}, {}),
        ({"amount": {"amount": "80", "currency": "EUR"}}, {"amount": {"amount": "80.00", "currency": "EUR"}}),
        ({"kind": "refund"}, {}),
        ({"occurred_at": "2025-11-20T10:00:00Z"}, {}),
        ({"category": None, "channel": None}, {}),
        ({"cost": {"amount": "60.00", "currency": "TRY"}}, {}),
    ],
)
def test_a_member_is_corrected_and_the_others_stay(
    api: Api, sale: dict[str, Any], patch: dict[str, Any], becomes: dict[str, Any]
) -> None:
    answer = api.patch(f"{PATH}/{sale['id']}", json=patch)
    assert answer.status_code == 200, answer.text
    changed = {"version": 2, "updated_at": answer.json()["updated_at"]}
    assert answer.json() == {**sale, **patch, **becomes, **changed}
    assert answer.headers["ETag"] == '"2"'
    assert api.get(f"{PATH}/{sale['id']}").json() == answer.json()


def test_what_changes_nothing_leaves_the_version(api: Api, sale: dict[str, Any]) -> None:
    assert api.patch(f"{PATH}/{sale['id']}", json={"category": "shoes"}).json() == sale


@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"amount": {"amount": "-5.00", "currency": "TRY"}}, "/amount/amount"),
        ({"amount": {"amount": "5.001", "currency": "TRY"}}, "/amount/amount"),
        ({"cost": {"amount": "5.00", "currency": "EUR"}}, "/cost/currency"),
        ({"amount": None}, "/amount"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "/occurred_at"),
        ({"external_id": "O-2"}, "/external_id"),
    ],
)
def test_a_wrong_correction_changes_nothing(
    api: Api, sale: dict[str, Any], patch: dict[str, Any], pointer: str
) -> None:
    assert pointers(api.patch(f"{PATH}/{sale['id']}", json=patch)) == [pointer]
    assert api.get(f"{PATH}/{sale['id']}").json() == sale


def test_a_correction_of_another_version_is_refused(api: Api, sale: dict[str, Any]) -> None:
    stale = api.patch(f"{PATH}/{sale['id']}", {"If-Match": '"9"'}, json={"category": "boots"})
    problem(stale, 412, "precondition_failed")


def test_the_same_sale_again_names_the_stored_one(api: Api, customer_id: str, sale: dict[str, Any]) -> None:
    again = problem(api.post(PATH, json=sent(customer_id)), 409, "transaction_exists")
    assert again["existing"] == {"id": sale["id"], "href": f"{PATH}/{sale['id']}"}


@pytest.mark.parametrize(
    ("members", "differ"),
    [
        ({"amount": {"amount": "90.00", "currency": "TRY"}}, ["/amount/amount"]),
        ({"amount": {"amount": "100.00", "currency": "EUR"}}, ["/amount/currency"]),
        ({"occurred_at": "2026-11-20T10:00:01Z", "category": None}, ["/occurred_at", "/category"]),
        ({"kind": "cancellation"}, ["/kind", "/amount/amount"]),
    ],
)
def test_an_edited_order_names_the_stored_one_and_what_differs(
    api: Api, customer_id: str, sale: dict[str, Any], members: dict[str, Any], differ: list[str]
) -> None:
    edited = problem(api.post(PATH, json=sent(customer_id, **members)), 409, "transaction_differs")
    assert [error["pointer"] for error in edited["errors"]] == differ
    assert edited["existing"]["id"] == sale["id"]
    assert api.get(f"{PATH}/{sale['id']}").json() == sale


def test_so_does_an_item_of_a_batch(api: Api, customer_id: str, sale: dict[str, Any]) -> None:
    items = [sent(customer_id), sent(customer_id, category="boots"), sent(customer_id, external_id="O-2")]
    answer = api.post(f"{PATH}/batch", params={"partial": "true"}, json={"items": items})
    codes = [row["problem"] and row["problem"]["code"] for row in answer.json()["data"]]
    assert (answer.status_code, codes) == (207, ["transaction_exists", "transaction_differs", None])


def test_who_may_not_see_the_stored_one_does_not_learn_which_it_is(
    api: Api, api_with: Any, sale: dict[str, Any]
) -> None:
    mine = made(api, unit="izmir")["id"]
    limited = api_with(units=("izmir",))
    refused = problem(limited.post(PATH, json=sent(mine)), 409, "transaction_exists")
    assert "existing" not in refused
