"""Transactions over HTTP, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from factories import transaction_body as transaction
from sqlalchemy import select
from support import Api

from app.domain.common.access import Actor, Scope
from app.schemas.activity.transactions import TransactionCreate
from app.services.activity import transactions
from app.store.engine import Store
from app.store.tables import Transaction

PATH = "/v1/transactions"
NOBODY = str(uuid4())


@pytest.fixture
def customer_id(api: Api) -> str:
    """A customer in the unit izmir, known to the CRM as C-1."""
    body = {"name": "Ayşe", "unit": "izmir", "external_ids": [{"system": "crm", "key": "C-1"}]}
    return str(api.post("/v1/customers", json=body).json()["id"])


def amounting(amount: object, currency: str = "TRY", **members: Any) -> dict[str, Any]:
    return transaction(amount={"amount": amount, "currency": currency}, **members)


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# --- recording and reading


def test_a_transaction_reads_back_as_it_was_recorded(api: Api, customer_id: str) -> None:
    body = transaction(
        source="pos", category="shoes", channel="store", cost={"amount": "8", "currency": "TRY"}
    )
    answer = api.post(PATH, json=body)
    assert answer.status_code == 201
    row = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{row['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert api.get(answer.headers["Location"]).json() == row
    assert row["updated_at"] == row.pop("recorded_at") > "2026"
    assert row == {
        "id": row["id"],
        "customer_id": customer_id,
        "source": "pos",
        "external_id": body["external_id"],
        "kind": "purchase",
        "amount": {"amount": "12.30", "currency": "TRY"},
        "cost": {"amount": "8.00", "currency": "TRY"},
        "occurred_at": "2026-11-23T09:30:00Z",
        "category": "shoes",
        "channel": "store",
        "import_id": None,
        "updated_at": row["updated_at"],
        "version": 1,
    }


def test_the_customer_may_be_named_by_id_or_by_its_key_elsewhere(api: Api, customer_id: str) -> None:
    by_id = api.post(PATH, json=transaction(customer=None, customer_id=customer_id))
    by_key = api.post(PATH, json=transaction())
    assert by_id.json()["customer_id"] == by_key.json()["customer_id"] == customer_id


def test_exactly_one_of_the_two_is_wanted(api: Api, customer_id: str) -> None:
    both = api.post(PATH, json=transaction(customer_id=customer_id))
    neither = api.post(PATH, json=transaction(customer=None))
    missing = api.post(PATH, json=transaction(customer=None, customer_id=customer_id, create_missing=True))
    assert [answer.status_code for answer in (both, neither, missing)] == [422, 422, 422]
    assert both.json()["errors"][0]["detail"] == "Send either customer_id or customer."
    assert everything(api) == []


@pytest.mark.parametrize(
    ("naming", "pointer"),
    [
        ({"customer": {"system": "crm", "key": "C-2"}}, "/customer"),
        ({"customer": None, "customer_id": NOBODY}, "/customer_id"),
    ],
)
def test_an_unknown_customer_is_refused(
    api: Api, customer_id: str, naming: dict[str, Any], pointer: str
) -> None:
    answer = api.post(PATH, json=transaction(**naming))
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_customer")
    assert wrong(answer) == [(pointer, "unknown_customer")]
    assert everything(api) == []


def test_a_transaction_is_recorded_once(api: Api, customer_id: str) -> None:
    body = transaction()
    assert api.post(PATH, json=body).status_code == 201
    again = api.post(PATH, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "transaction_exists")
    assert api.get("/problems/transaction_exists").status_code == 200
    assert api.post(PATH, json={**body, "source": "other"}).status_code == 201
    assert len(everything(api)) == 2


def test_unknown_and_unreadable_ids_are_not_found(api: Api) -> None:
    assert api.get(f"{PATH}/{NOBODY}").status_code == 404
    assert api.get(f"{PATH}/1").status_code == 404


# --- amounts


@pytest.mark.parametrize("kind", ["refund", "cancellation"])
@pytest.mark.parametrize("amount", ["12.30", "-12.30"])
def test_refunds_lower_the_value_whichever_sign_they_come_with(
    api: Api, store: Store, customer_id: str, kind: str, amount: str
) -> None:
    cost = {"amount": amount, "currency": "TRY"}
    row = api.post(PATH, json=amounting(amount, kind=kind, cost=cost)).json()
    assert row["amount"]["amount"] == row["cost"]["amount"] == "12.30"
    effects = select(Transaction.amount_minor, Transaction.cost_minor)
    stored = store.read_sync(lambda tx: tx.execute(effects).one())
    assert tuple(stored) == (-1230, -1230)


@pytest.mark.parametrize("kind", ["purchase", "subscription_charge"])
def test_a_negative_purchase_is_not_guessed_at(api: Api, customer_id: str, kind: str) -> None:
    assert wrong(api.post(PATH, json=amounting("-1", kind=kind))) == [("/amount/amount", "negative_amount")]
    negative = {"amount": "-1", "currency": "TRY"}
    answer = api.post(PATH, json=transaction(kind=kind, cost=negative))
    assert wrong(answer) == [("/cost/amount", "negative_amount")]


@pytest.mark.parametrize(
    ("amount", "currency", "spelt"),
    [("0", "TRY", "0.00"), ("7", "JPY", "7"), ("1.234", "KWD", "1.234"), ("90000000000000.00", "TRY", None)],
)
def test_amounts_are_exact_in_the_currencys_decimals(
    api: Api, customer_id: str, amount: str, currency: str, spelt: str | None
) -> None:
    answer = api.post(PATH, json=amounting(amount, currency))
    assert answer.json()["amount"] == {"amount": spelt or amount, "currency": currency}


@pytest.mark.parametrize(
    ("amount", "currency", "pointer"),
    [
        ("90000000000000.01", "TRY", "/amount/amount"),
        ("999999999999999999", "TRY", "/amount/amount"),
        ("99999999999999999999.99", "TRY", "/amount/amount"),
        ("10.005", "TRY", "/amount/amount"),
        ("10.5", "JPY", "/amount/amount"),
        ("٥", "TRY", "/amount/amount"),
        ("1_0", "TRY", "/amount/amount"),
        ("1e5", "TRY", "/amount/amount"),
        ("1,5", "TRY", "/amount/amount"),
        (" 1", "TRY", "/amount/amount"),
        ("1\n", "TRY", "/amount/amount"),
        ("+1", "TRY", "/amount/amount"),
        ("", "TRY", "/amount/amount"),
        (0.1, "TRY", "/amount/amount"),
        ("1", "ZZZ", "/amount/currency"),
        ("1", "XAU", "/amount/currency"),
        ("1", "try", "/amount/currency"),
    ],
)
def test_amounts_that_are_not_money_are_refused(
    api: Api, customer_id: str, amount: object, currency: str, pointer: str
) -> None:
    answer = api.post(PATH, json=amounting(amount, currency))
    assert answer.status_code == 422
    assert [where for where, _ in wrong(answer)] == [pointer]
    assert everything(api) == []


@pytest.mark.parametrize("amount", [0.1, 10, -5, 1e6])
def test_an_amount_that_is_a_number_is_told_to_be_text(api: Api, customer_id: str, amount: float) -> None:
    [(_, detail)] = [
        (e["pointer"], e["detail"]) for e in api.post(PATH, json=amounting(amount, "TRY")).json()["errors"]
    ]
    assert 'as text, such as "1234.50"' in detail


def test_the_cost_is_in_the_currency_of_the_amount(api: Api, customer_id: str) -> None:
    answer = api.post(PATH, json=transaction(cost={"amount": "1", "currency": "USD"}))
    assert wrong(answer) == [("/cost/currency", "other_currency")]


# --- instants


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-11-23T10:00:00+03:00", "2026-11-23T07:00:00Z"),
        ("2026-11-23T00:30:00-23:59", "2026-11-24T00:29:00Z"),
        ("2026-11-23T10:00:00.123456Z", "2026-11-23T10:00:00.123456Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
    ],
)
def test_instants_are_kept_in_utc(api: Api, customer_id: str, given: str, kept: str) -> None:
    row = api.post(PATH, json=transaction(occurred_at=given)).json()
    assert row["occurred_at"] == kept
    assert api.get(f"{PATH}/{row['id']}").json()["occurred_at"] == kept


@pytest.mark.parametrize(
    "given",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1899-12-31T23:59:59Z",
        "2026-11-23T10:00:00",
        "2026-11-23",
        1700000000,
    ],
)
def test_instants_nobody_means_are_refused(api: Api, customer_id: str, given: object) -> None:
    answer = api.post(PATH, json=transaction(occurred_at=given))
    assert answer.status_code == 422
    assert wrong(answer)[0][0] == "/occurred_at"
    assert everything(api) == []


def test_what_has_not_happened_yet_is_refused(api: Api, customer_id: str) -> None:
    soon, far = (
        (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat(timespec="seconds") for minutes in (4, 7)
    )
    assert wrong(api.post(PATH, json=transaction(occurred_at=far))) == [("/occurred_at", "in_future")]
    batch = {"items": [transaction(), transaction(occurred_at="2060-01-01T00:00:00Z")]}
    assert wrong(api.post(f"{PATH}/batch", json=batch)) == [("/items/1/occurred_at", "in_future")]
    assert everything(api) == []
    turkish = api.post(PATH, json=transaction(occurred_at=far), headers={"Accept-Language": "tr"}).json()
    assert turkish["errors"][0]["detail"] != "Expected an instant that is not in the future."
    assert api.post(PATH, json=transaction(occurred_at=soon)).status_code == 201


# --- missing customers and prospects


def test_a_missing_customer_is_created_when_asked(api: Api) -> None:
    row = api.post(PATH, json=transaction(create_missing=True)).json()
    made = api.get(f"/v1/customers/{row['customer_id']}").json()
    assert made["external_ids"] == [{"system": "crm", "key": "C-1"}]
    assert (made["name"], made["lifecycle"], made["version"]) == (None, "active", 1)
    again = api.post(PATH, json=transaction(create_missing=True)).json()
    assert again["customer_id"] == row["customer_id"]


def test_creating_customers_needs_the_scope_to_write_them(api: Api, api_with: Callable[..., Api]) -> None:
    limited = api_with(Scope.TRANSACTIONS_WRITE)
    answer = limited.post(PATH, json=transaction(create_missing=True))
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    batch = {"items": [transaction(create_missing=True)]}
    assert limited.post(f"{PATH}/batch?partial=true", json=batch).status_code == 403
    assert everything(api) == []
    assert api.get("/v1/customers").json()["data"] == []


def test_a_repeated_transaction_creates_no_customer(api: Api, customer_id: str) -> None:
    body = transaction()
    assert api.post(PATH, json=body).status_code == 201
    other = {**body, "customer": {"system": "crm", "key": "C-9"}, "create_missing": True}
    assert api.post(PATH, json=other).status_code == 409
    assert len(api.get("/v1/customers").json()["data"]) == 1


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [
        ("purchase", "active"),
        ("subscription_charge", "active"),
        ("refund", "prospect"),
        ("cancellation", "prospect"),
    ],
)
def test_a_prospect_who_buys_becomes_active(api: Api, kind: str, becomes: str) -> None:
    prospect = api.post("/v1/customers", json={"name": "Aday", "lifecycle": "prospect"}).json()
    body = transaction(customer=None, customer_id=prospect["id"], kind=kind)
    assert api.post(PATH, json=body).status_code == 201
    after = api.get(f"/v1/customers/{prospect['id']}").json()
    assert after["lifecycle"] == becomes
    assert after["version"] == (2 if becomes == "active" else 1)
    assert (after["updated_at"] > prospect["updated_at"]) == (becomes == "active")


def test_a_customer_who_left_stays_so(api: Api, customer_id: str) -> None:
    departure = {"left_on": "2026-01-05", "reason": "price"}
    assert api.post(f"/v1/customers/{customer_id}/departures", json=departure).status_code == 201
    assert api.post(PATH, json=transaction()).status_code == 201
    assert api.get(f"/v1/customers/{customer_id}").json()["lifecycle"] == "left"


# --- who may see what


def test_reading_and_writing_need_their_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.TRANSACTIONS_READ), api_with(Scope.TRANSACTIONS_WRITE)
    assert reader.post(PATH, json=transaction()).status_code == 403
    assert reader.post(f"{PATH}/batch", json={"items": [transaction()]}).status_code == 403
    assert writer.get(PATH).status_code == 403
    assert writer.get(f"{PATH}/{NOBODY}").status_code == 403


def test_a_key_of_another_unit_sees_nothing_and_cannot_tell(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    row = api.post(PATH, json=transaction()).json()
    own, other = api_with(units=("izmir",)), api_with(units=("ankara", "bursa"))
    assert own.get(f"{PATH}/{row['id']}").json() == row
    assert own.get(PATH).json()["data"] == [row]
    assert own.post(PATH, json=transaction()).status_code == 201

    hidden, missing = other.get(f"{PATH}/{row['id']}"), other.get(f"{PATH}/{NOBODY}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["detail"] == missing.json()["detail"]
    for filters in ({}, {"customer_id": customer_id}, {"external_id": f"api:{row['external_id']}"}):
        assert other.get(PATH, params=filters).json()["data"] == []

    for naming in ({}, {"customer": None, "customer_id": customer_id}):
        foreign = other.post(PATH, json=transaction(**naming))
        assert foreign.json()["code"] == "unknown_customer"
    unknown = other.post(PATH, json=transaction(customer={"system": "crm", "key": "nobody"}))
    assert unknown.json()["errors"][0] == other.post(PATH, json=transaction()).json()["errors"][0]
    assert len(everything(api)) == 2


def test_a_key_of_one_unit_creates_customers_there(api: Api, api_with: Callable[..., Api]) -> None:
    row = api_with(units=("izmir",)).post(PATH, json=transaction(create_missing=True)).json()
    assert api.get(f"/v1/customers/{row['customer_id']}").json()["unit"] == "izmir"


def test_a_key_of_several_units_cannot_say_where(api: Api, api_with: Callable[..., Api]) -> None:
    answer = api_with(units=("izmir", "ankara")).post(PATH, json=transaction(create_missing=True))
    assert wrong(answer) == [("/create_missing", "unclear_unit")]
    assert api.get("/v1/customers").json()["data"] == []


def test_a_key_cannot_take_over_a_customer_of_another_unit(
    api: Api, api_with: Callable[..., Api], customer_id: str
) -> None:
    answer = api_with(units=("ankara",)).post(PATH, json=transaction(create_missing=True))
    assert answer.json()["code"] == "unknown_customer"
    assert [row["id"] for row in api.get("/v1/customers").json()["data"]] == [customer_id]
    assert everything(api) == []


def test_what_a_service_returns_fits_the_schema(store: Store, actor: Actor) -> None:
    body = TransactionCreate.model_validate(transaction(create_missing=True))
    row = store.write_sync(transactions.create, actor, body)
    assert store.read_sync(transactions.get, actor, row["id"]) == row
