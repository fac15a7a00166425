"""Who asks not to be called is put on the customer's list, however the call comes in; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from factories import interaction_body as call
from sqlalchemy import select
from starlette.testclient import TestClient
from support import Api, made

from app.domain.common.access import Scope
from app.services.customers import shared_opt_outs
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer, Event

PATH = "/v1/interactions"
ASKED = {"disposition": "do_not_call"}


@pytest.fixture
def customer(api: Api) -> dict[str, Any]:
    """A customer known to the CRM as C-1, who does not want letters."""
    known = {"external_ids": [{"system": "crm", "key": "C-1"}], "do_not_contact": ["letter"]}
    return dict(made(api, **known))


def listed(api: Api, customer: dict[str, Any]) -> tuple[list[str], int]:
    row = api.get(f"/v1/customers/{customer['id']}").json()
    return row["do_not_contact"], row["version"]


def test_a_call_that_ends_so_puts_the_customer_on_the_list(
    api: Api, customer: dict[str, Any], store: Store
) -> None:
    answer = api.post(PATH, json=call(**ASKED, direction="outbound"))
    assert (answer.status_code, answer.json()["disposition"]) == (201, "do_not_call")
    assert listed(api, customer) == (["letter", "phone"], 2)
    [found] = api.get("/v1/customers", params={"updated_after": customer["updated_at"]}).json()["data"]
    assert found["do_not_contact"] == ["letter", "phone"]
    assert api.post(PATH, json=call(**ASKED)).status_code == 201
    assert listed(api, customer) == (["letter", "phone"], 2)

    def told(tx: Any) -> Any:
        audit = select(AuditEntry.action, AuditEntry.members).where(AuditEntry.object_id == customer["id"])
        events = select(Event.type, Event.data).where(Event.object_id == customer["id"])
        return tx.execute(audit.order_by(AuditEntry.id)).all(), tx.execute(events.order_by(Event.id)).all()

    audit, events = store.read_sync(told)
    assert audit[1:] == [("customer.updated", ["do_not_contact"])]
    assert events[1:] == [("customer.updated", {"members": ["do_not_contact"]})]


@pytest.mark.parametrize("members", [{"disposition": "declined"}, {}, {**ASKED, "customer": None}])
def test_others_do_not(api: Api, customer: dict[str, Any], members: dict[str, Any]) -> None:
    assert api.post(PATH, json=call(**members)).status_code == 201
    assert listed(api, customer) == (["letter"], 1)


def test_a_key_for_interactions_is_enough(
    api: Api, api_with: Callable[..., Api], customer: dict[str, Any]
) -> None:
    key = api_with(Scope.INTERACTIONS_WRITE)
    assert key.post(PATH, json=call(**ASKED)).status_code == 201
    assert listed(api, customer) == (["letter", "phone"], 2)


def test_a_batch_does_it_for_what_it_stores(api: Api, customer: dict[str, Any]) -> None:
    others = [made(api, external_ids=[{"system": "crm", "key": f"C-{number}"}]) for number in (2, 3)]
    named = [{"customer": {"system": "crm", "key": f"C-{number}"}} for number in range(1, 5)]
    items = [
        call(**named[0], **ASKED),
        call(**named[1], **ASKED),
        call(**named[0], **ASKED),
        call(**named[2], **ASKED, ended_at="2020-01-01T00:00:00Z"),
        call(**named[3], **ASKED, create_missing=True),
    ]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 422
    assert listed(api, customer) == (["letter"], 1)
    rows = api.post(f"{PATH}/batch?partial=true", json={"items": items}).json()["data"]
    assert [row["status"] for row in rows] == [201, 201, 201, 422, 201]
    assert listed(api, customer) == (["letter", "phone"], 2)
    assert [listed(api, other)[0] for other in others] == [["phone"], []]
    assert listed(api, {"id": rows[4]["interaction"]["customer_id"]})[0] == ["phone"]


def test_the_number_of_statements_does_not_grow_with_the_batch(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]

    def count(keys: range) -> int:
        named = [{"system": "crm", "key": f"C-{key}"} for key in keys]
        items = [call(customer=one, create_missing=True, **ASKED) for one in named]
        statements.clear()
        assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
        return len(statements)

    count(range(1))  # the first request of a key also notes that it was used
    assert count(range(1, 3)) == count(range(1000, 2000))


def test_wrapping_up_does_it(api: Api, customer: dict[str, Any]) -> None:
    path = f"{PATH}/{api.post(PATH, json=call()).json()['id']}"
    assert api.patch(path, json=ASKED).status_code == 200
    assert listed(api, customer) == (["letter", "phone"], 2)
    assert api.patch(path, json={"disposition": "other"}).status_code == 200
    assert listed(api, customer) == (["letter", "phone"], 2)


def test_what_the_customer_says_later_stays(api: Api, customer: dict[str, Any]) -> None:
    path = f"{PATH}/{api.post(PATH, json=call(**ASKED)).json()['id']}"
    changed = api.patch(f"/v1/customers/{customer['id']}", json={"do_not_contact": []})
    assert changed.status_code == 200
    assert api.patch(path, json={"notes": "Changed her mind.", **ASKED}).status_code == 200
    assert listed(api, customer) == ([], 3)


def test_who_is_identified_later_is_put_on_it_then(api: Api, customer: dict[str, Any]) -> None:
    path = f"{PATH}/{api.post(PATH, json=call(**ASKED, customer=None)).json()['id']}"
    assert api.patch(path, json={"customer_id": customer["id"]}).status_code == 200
    assert listed(api, customer) == (["letter", "phone"], 2)


def test_calls_at_once_put_the_customer_on_it_once(api: Api, customer: dict[str, Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(PATH, json=call(**ASKED)).status_code, range(16)))
    assert answers == [201] * 16
    assert listed(api, customer) == (["letter", "phone"], 2)


# --- numbers and addresses that several customers have

NUMBER = {"kind": "phone", "value": "0532 123 45 67"}
ADDRESS = {"kind": "email", "value": "family@example.org"}
SHARED = "do_not_contact_shared"


def family(api: Api, **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two customers with one number and one address."""
    points = {"contact_points": [NUMBER, ADDRESS]}
    return made(api, "Ali", **points, **members), made(api, "Veli", **points)


@pytest.mark.parametrize(
    ("wish", "shared"),
    [
        (["phone"], ["phone"]),
        (["email"], ["email"]),
        (["phone", "email"], ["phone", "email"]),
        (["letter"], []),
    ],
)
def test_a_shared_number_tells_that_somebody_else_asked(api: Api, wish: list[str], shared: list[str]) -> None:
    asked, other = family(api, do_not_contact=wish)
    assert other[SHARED] == shared
    path = f"/v1/customers/{other['id']}"
    assert api.get(path).json()[SHARED] == api.get(f"{path}/overview").json()[SHARED] == shared
    listing = {row["id"]: row[SHARED] for row in api.get("/v1/customers").json()["data"]}
    assert listing == {asked["id"]: [], other["id"]: shared}
    popped = api.get("/v1/screen-pop", params={"phone": NUMBER["value"]}).json()
    shown = {
        row["id"]: (row["do_not_contact"], row[SHARED]) for row in [popped["customer"], *popped["candidates"]]
    }
    assert shown == {asked["id"]: (wish, []), other["id"]: ([], shared)}
    changed = api.patch(path, json={"tags": ["x"]}).json()
    assert changed[SHARED] == shared
    alone = api.patch(path, json={"contact_points": []}).json()
    assert alone[SHARED] == []
    [again] = [
        item["customer"][SHARED]
        for item in api.post(
            "/v1/customers/batch", json={"items": [{"name": "Can", "contact_points": [NUMBER, ADDRESS]}]}
        ).json()["data"]
    ]
    assert again == shared


def test_a_call_tells_it_to_the_others_at_once(api: Api, customer: dict[str, Any]) -> None:
    api.patch(f"/v1/customers/{customer['id']}", json={"contact_points": [NUMBER]})
    other = made(api, contact_points=[{"kind": "phone", "value": "+905321234567", "extension": "4"}])
    assert other[SHARED] == []
    assert api.post(PATH, json=call(**ASKED)).status_code == 201
    assert api.get(f"/v1/customers/{other['id']}").json()[SHARED] == ["phone"]
    assert made(api, contact_points=[ADDRESS])[SHARED] == []


def test_a_key_of_another_unit_learns_of_the_wish_but_not_of_whom(
    api: Api, api_with: Callable[..., Api]
) -> None:
    made(api, contact_points=[NUMBER], do_not_contact=["phone"], unit="izmir")
    limited = api_with(units=("baku",))
    ours = made(limited, contact_points=[NUMBER], unit="baku")
    assert ours[SHARED] == ["phone"]
    popped = limited.get("/v1/screen-pop", params={"phone": NUMBER["value"]}).json()
    assert (popped["match"], popped["customer"][SHARED], popped["candidates"]) == ("known", ["phone"], [])


def test_who_asked_can_be_listed(api: Api) -> None:
    phone = made(api, "A", do_not_contact=["phone", "letter"])
    letter = made(api, "B", do_not_contact=["letter"])
    made(api, "C")

    def listing(*channels: str) -> set[str]:
        params = {"do_not_contact": list(channels)}
        return {row["id"] for row in api.get("/v1/customers", params=params).json()["data"]}

    assert listing("phone") == listing("phone", "letter") == {phone["id"]}
    assert listing("letter") == {phone["id"], letter["id"]}
    assert listing("email") == set()
    assert api.get("/v1/customers", params={"do_not_contact": "fax"}).status_code == 422


def test_a_sync_does_not_take_off_what_a_call_told(api: Api, customer: dict[str, Any]) -> None:
    assert api.post(PATH, json=call(**ASKED)).status_code == 201
    path = "/v1/customers/by-external-id/crm/C-1"
    for sent, stays in ([], ["phone"]), (["email"], ["email", "phone"]), (["phone"], ["phone"]):
        answer = api.put(path, json={"do_not_contact": sent})
        assert (answer.status_code, answer.json()["do_not_contact"]) == (200, stays)
    assert (
        api.patch(f"/v1/customers/{customer['id']}", json={"do_not_contact": []}).json()["do_not_contact"]
        == []
    )
    assert api.put(path, json={"do_not_contact": []}).json()["do_not_contact"] == []


def test_a_sync_takes_off_what_no_call_told(api: Api, customer: dict[str, Any]) -> None:
    path = "/v1/customers/by-external-id/crm/C-1"
    assert api.put(path, json={"do_not_contact": ["phone"]}).json()["do_not_contact"] == ["phone"]
    assert api.put(path, json={"do_not_contact": []}).json()["do_not_contact"] == []


def test_reading_takes_no_statement_for_each_row(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]
    for number in range(20):
        made(api, f"A{number}", contact_points=[NUMBER], do_not_contact=["phone"])
    one = made(api, contact_points=[NUMBER])["id"]
    counts = []
    for path in (
        f"/v1/customers/{one}",
        "/v1/customers?limit=2",
        "/v1/customers?limit=20",
        "/v1/screen-pop?phone=05321234567",
    ):
        api.get(path)
        statements.clear()
        assert api.get(path).status_code == 200
        counts.append(len(statements))
    assert counts[1] == counts[2] == counts[0] + 1
    assert counts[3] == counts[0] + 1


def test_shared_numbers_are_looked_up_from_the_customers_own(store: Store) -> None:
    """SQLite once began with every number there is, for each row of a page."""
    statement = select(Customer.id, *shared_opt_outs.COLUMNS)

    def plan(tx: Any) -> list[str]:
        if tx.dialect.name == "postgresql":
            return []
        sql = str(statement.compile(tx, compile_kwargs={"literal_binds": True}))
        return [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()]

    assert not [step for step in store.read_sync(plan) if "lookups" in step and "(kind=?)" in step]
