"""Many past contract terms in one request, on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select
from support import Api, made, problem

from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import AuditEntry, ContractTerms

URL = "/v1/customers"
PATH = f"{URL}/contract-terms/batch"
CONTRACT = {"started_on": "2025-03-01", "ends_on": "2026-02-28", "notice_given_on": None}
RENEWED = {**CONTRACT, "ends_on": "2027-02-28"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 5, 4, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def rows(api: Api) -> list[dict[str, Any]]:
    """Three customers C-0 to C-2; the last one is under no contract today."""
    keys = [[{"system": "crm", "key": f"C-{number}"}] for number in range(3)]
    contracts = [{"contract": RENEWED}, {"contract": RENEWED}, {}]
    return [made(api, external_ids=key, **more) for key, more in zip(keys, contracts, strict=True)]


def item(number: int, known_on: str = "2025-03-01", contract: Any = CONTRACT, **more: Any) -> dict[str, Any]:
    named = {"customer": {"system": "crm", "key": f"C-{number}"}}
    return {**named, "known_on": known_on, "contract": contract, **more}


def versions(api: Api, row: dict[str, Any]) -> list[tuple[str, Any]]:
    found = api.get(f"{URL}/{row['id']}/contract-terms").json()["data"]
    return [(one["known_on"], one["contract"]) for one in found]


def test_a_good_batch_is_recorded_whole_in_the_order_given(api: Api, rows: list[dict[str, Any]]) -> None:
    by_id = {"customer": None, "customer_id": rows[0]["id"]}
    items = [item(1), item(0, "2026-02-28", RENEWED), item(0, **by_id), item(2)]
    sent = [{name: value for name, value in one.items() if value is not None} for one in items]
    answer = api.post(PATH, json={"items": sent})
    assert answer.status_code == 201
    data = answer.json()["data"]
    owners = [rows[number]["id"] for number in (1, 0, 0, 2)]
    assert [(one["index"], one["status"], one["contract_terms"]["customer_id"]) for one in data] == [
        (index, 201, owner) for index, owner in enumerate(owners)
    ]
    assert versions(api, rows[0]) == [
        ("2026-05-04", RENEWED),
        ("2026-02-28", RENEWED),
        ("2025-03-01", CONTRACT),
    ]
    assert versions(api, rows[1]) == [("2026-05-04", RENEWED), ("2025-03-01", CONTRACT)]
    assert versions(api, rows[2]) == [("2026-05-04", None), ("2025-03-01", CONTRACT)]
    assert [api.get(f"{URL}/{row['id']}").json() for row in rows] == rows
    first = api.get(f"{URL}/{rows[1]['id']}/contract-terms").json()["data"][1]
    assert first == data[0]["contract_terms"]


REFUSED = [
    item(9),
    item(1, "2026-05-05"),
    item(1, "2026-05-04"),
    item(0, "2025-02-30"),
    item(1, contract={"started_on": "2025-03-01", "ends_on": "2025-02-28"}),
    item(0, contract=None),
]
"""Beside a good ``item(0)``."""


def test_one_refusal_refuses_all_and_nothing_stays(api: Api, rows: list[dict[str, Any]]) -> None:
    answer = api.post(PATH, json={"items": [item(0), *REFUSED]})
    errors = problem(answer, 422, "validation_failed")["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/items/1/customer", "unknown_customer"),
        ("/items/2/known_on", "in_future"),
        ("/items/3/known_on", "not_past"),
        ("/items/4/known_on", "date_from_datetime_parsing"),
        ("/items/5/contract/ends_on", "before_start"),
        ("/items/6", "repeated"),
    ]
    assert [len(versions(api, row)) for row in rows] == [1, 1, 0]


def test_a_partial_batch_records_every_good_item(api: Api, rows: list[dict[str, Any]]) -> None:
    answer = api.post(f"{PATH}?partial=true", json={"items": [item(0), *REFUSED, item(2)]})
    assert answer.status_code == 207
    data = answer.json()["data"]
    assert [one["status"] for one in data] == [201, *[422] * 6, 201]
    assert [one["problem"] and one["problem"]["code"] for one in data] == [
        None,
        "unknown_customer",
        *["validation_failed"] * 5,
        None,
    ]
    assert [len(versions(api, row)) for row in rows] == [2, 1, 2]


def test_a_repetition_changes_nothing_and_another_past_replaces_it(
    api: Api, store: Store, rows: list[dict[str, Any]]
) -> None:
    body, key = {"items": [item(0), item(2)]}, {"Idempotency-Key": "one"}
    first = api.post(PATH, json=body, headers=key)
    again = api.post(PATH, json=body, headers=key)
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")
    assert api.post(PATH, json=body).json() == first.json()
    told = select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "contract_terms.set")
    assert store.read_sync(lambda tx: tx.execute(told).scalar_one()) == 2
    assert api.post(PATH, json={"items": [item(0, contract=None)]}).status_code == 201
    assert versions(api, rows[0]) == [("2026-05-04", RENEWED), ("2025-03-01", None)]
    today = item(1, "2026-05-04", RENEWED)
    assert api.post(PATH, json={"items": [today]}).status_code == 201  # it says what is known already


def test_the_number_of_statements_does_not_depend_on_the_number_of_items(
    api: Api, store: Store, rows: list[dict[str, Any]]
) -> None:
    counts = []
    for days in (range(1, 3), range(3, 28)):
        statements: list[str] = []
        store.on_statement(statements.append)
        items = [item(number, f"2025-04-{day:02}") for day in days for number in range(3)]
        assert api.post(PATH, json={"items": items}).status_code == 201
        counts.append(len(statements))
    assert counts[1] <= counts[0]


def test_customers_of_other_units_are_unknown(api: Api, api_with: Callable[..., Api], store: Store) -> None:
    made(api, contract=RENEWED, unit="izmir", external_ids=[{"system": "crm", "key": "C-0"}])
    other = api_with(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE, units=["ankara"])
    [wrong] = problem(other.post(PATH, json={"items": [item(0)]}), 422, "validation_failed")["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/items/0/customer", "unknown_customer")
    assert api_with(Scope.CUSTOMERS_READ).post(PATH, json={"items": [item(0)]}).status_code == 403
    count = select(func.count()).select_from(ContractTerms)
    assert store.read_sync(lambda tx: tx.execute(count).scalar_one()) == 1


@pytest.mark.parametrize("items", [[], [item(0)] * 1001, [{**item(0), "customer_id": None, "plan": "x"}]])
def test_what_is_no_batch_is_refused(api: Api, items: list[Any]) -> None:
    assert api.post(PATH, json={"items": items}).status_code == 422


def test_an_item_names_one_customer(api: Api, rows: list[dict[str, Any]]) -> None:
    both = item(0, customer_id=rows[0]["id"])
    answer = api.post(PATH, json={"items": [both, {"known_on": "2025-03-01", "contract": None}]})
    errors = problem(answer, 422, "validation_failed")["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/items/0", "one_customer"),
        ("/items/1", "one_customer"),
    ]
