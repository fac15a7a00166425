"""Contacts named by the caller's number alone, over HTTP and from files; on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import complaint_body, interaction_body
from import_helpers import work_off
from sqlalchemy import select
from support import Api, made, pointers, problem

from app.settings import Settings
from app.store.engine import Store
from app.store.tables import AuditEntry

PATH = "/v1/interactions"
NUMBER = "+905321234567"


def call(api: Api, **members: Any) -> dict[str, Any]:
    body = interaction_body(**members)
    body.pop("customer", None)
    answer = api.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def with_phone(api: Api, *numbers: str, **members: Any) -> dict[str, Any]:
    return made(api, contact_points=[{"kind": "phone", "value": number} for number in numbers], **members)


@pytest.mark.parametrize(
    "text",
    [
        "0532 123 45 67",
        "905321234567",
        f'"Ayşe" <sip:{NUMBER}@pbx;user=phone>',
        "*31#05321234567",
        "tel:+90-532-1234567",
    ],
)
def test_the_only_customer_with_the_number_is_meant(api: Api, text: str) -> None:
    known = with_phone(api, NUMBER)
    stored = call(api, phone=text)
    assert (stored["customer_id"], stored["phone"]) == (known["id"], NUMBER)
    [found] = api.get(PATH, params={"phone": text}).json()["data"]
    assert found["id"] == stored["id"]
    assert api.get(f"/v1/customers/{known['id']}/timeline").json()["data"][0]["id"] == stored["id"]


@pytest.mark.parametrize(
    "text", ["anonymous", "Anonymous", "Gizli Numara", "-", "", "0000", "sip:anonymous@anonymous.invalid"]
)
def test_a_withheld_number_is_nobodys_and_not_kept(api: Api, text: str) -> None:
    with_phone(api, NUMBER)
    stored = call(api, phone=text)
    assert (stored["customer_id"], stored["phone"]) == (None, None)


def test_of_several_customers_none_is_meant(api: Api) -> None:
    for name in ("Ali", "Veli"):
        with_phone(api, NUMBER, name=name)
    assert call(api, phone=NUMBER)["customer_id"] is None
    third = made(api, "Üçüncü")
    assert call(api, phone=NUMBER, customer_id=third["id"])["customer_id"] == third["id"]


@pytest.mark.parametrize(
    ("text", "kept"), [("1001", "1001"), ("sip:204@pbx", "204"), ("442079460958", "442079460958")]
)
def test_other_numbers_are_kept_as_their_digits(api: Api, text: str, kept: str) -> None:
    assert call(api, phone=text)["phone"] == kept
    assert len(api.get(PATH, params={"phone": text}).json()["data"]) == 1


@pytest.mark.parametrize("text", ["Ayşe", "9.05E+11", "0532 123 45 67 / 0533 123 45 67", "O532 123 45 67"])
def test_what_is_no_number_is_refused(api: Api, text: str) -> None:
    body = interaction_body(phone=text)
    assert pointers(api.post(PATH, json=body)) == ["/phone"]
    assert pointers(api.get(PATH, params={"phone": text})) == ["phone"]
    answer = api.post(f"{PATH}/batch?partial=true", json={"items": [body]})
    assert [item["status"] for item in answer.json()["data"]] == [422]


def make(api: Api) -> dict[str, Any]:
    return with_phone(api, "0532 123 45 67")


def make_many(api: Api) -> dict[str, Any]:
    point = {"kind": "phone", "value": NUMBER}
    answer = api.post("/v1/customers/batch", json={"items": [{"name": "A", "contact_points": [point]}]})
    return dict(answer.json()["data"][0]["customer"])


def change(api: Api) -> dict[str, Any]:
    body = {"contact_points": [{"kind": "phone", "value": NUMBER}]}
    return dict(api.request("PATCH", f"/v1/customers/{made(api)['id']}", json=body).json())


def upsert(api: Api) -> dict[str, Any]:
    body = {"name": "A", "contact_points": [{"kind": "phone", "value": NUMBER}]}
    return dict(api.request("PUT", "/v1/customers/by-external-id/crm/1", json=body).json())


@pytest.mark.parametrize("record", [make, make_many, change, upsert])
def test_earlier_calls_become_hers_who_is_recorded_later(
    api: Api, store: Store, record: Callable[[Api], dict[str, Any]]
) -> None:
    asked = call(api, phone="0532 123 45 67", disposition="do_not_call", external_id="a")
    other = call(api, phone="0533 123 45 67", external_id="b")
    hers = record(api)
    assert "phone" in hers["do_not_contact"]
    assert hers == api.get(f"/v1/customers/{hers['id']}").json()
    found = {row["id"]: row for row in api.get(PATH).json()["data"]}
    assert (found[asked["id"]]["customer_id"], found[asked["id"]]["version"]) == (hers["id"], 2)
    assert found[other["id"]]["customer_id"] is None
    audit = select(AuditEntry.members).where(AuditEntry.object_id == asked["id"]).order_by(AuditEntry.id)
    assert store.read_sync(lambda tx: list(tx.execute(audit).scalars())) == [[], ["customer_id"]]


def test_calls_of_a_number_that_two_have_stay_nobodys(api: Api) -> None:
    with_phone(api, NUMBER, name="Ali")
    with_phone(api, NUMBER, name="Veli")
    stored = call(api, phone=NUMBER)
    with_phone(api, NUMBER, name="Can")
    assert api.get(f"{PATH}/{stored['id']}").json()["customer_id"] is None


def test_a_call_that_a_complaint_came_from_is_left_to_people(api: Api) -> None:
    stored = call(api, phone=NUMBER)
    known = made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    assert api.post("/v1/complaints", json=complaint_body(interaction_id=stored["id"])).status_code == 201
    with_phone(api, NUMBER)
    assert api.get(f"{PATH}/{stored['id']}").json()["customer_id"] is None
    assert known["id"]


def test_a_patch_tells_the_number_and_with_it_the_customer(api: Api) -> None:
    known = with_phone(api, NUMBER)
    stored = call(api)
    patched = api.request("PATCH", f"{PATH}/{stored['id']}", json={"phone": "0532 123 45 67"}).json()
    assert (patched["customer_id"], patched["phone"], patched["version"]) == (known["id"], NUMBER, 2)
    other = api.request("PATCH", f"{PATH}/{stored['id']}", json={"phone": "1001"}).json()
    assert (other["customer_id"], other["phone"]) == (known["id"], "1001")
    problem(api.request("PATCH", f"{PATH}/{stored['id']}", json={"phone": "x y"}), 422, "validation_failed")


def test_a_key_of_another_unit_does_not_learn_who_it_is(api: Api, api_with: Callable[..., Api]) -> None:
    with_phone(api, NUMBER, unit="izmir")
    stored = call(api_with(units=("baku",)), phone=NUMBER, unit="baku")
    assert (stored["customer_id"], stored["phone"]) == (None, NUMBER)


def test_a_call_log_without_keys_finds_the_customers(api: Api, store: Store, settings: Settings) -> None:
    known = with_phone(api, NUMBER)
    rows = [
        ("1", "05321234567", known["id"], NUMBER), ("2", "00905321234567", known["id"], NUMBER),
        ("3", f"<sip:{NUMBER}@pbx>", known["id"], NUMBER), ("4", "anonymous", None, None), ("5",
        "", None, None),
        ("6", "1001", None, "1001"), ("7", "0533 123 45 67", None, "+905331234567"),
    ]  # fmt: skip
    text = (
        "id,t,src\n"
        + "".join(f"{key},2026-01-02 10:00,{src}\n" for key, src, *_ in rows)
        + "8,2026-01-02 10:00,Ayşe\n"
    )
    columns = ["external_id=id", "started_at=t", "channel==phone", "direction==inbound", "phone=src"]
    asked = {"kind": "interactions", "source": "log", "column": columns}
    sent = api.post("/v1/imports", params=asked, content=text.encode(), headers={"Content-Type": "text/csv"})
    work_off(store, settings)
    done = api.get(f"/v1/imports/{sent.json()['id']}").json()
    assert (done["rows_stored"], done["rows_refused"]) == (len(rows), 1)
    [refused] = api.get(f"/v1/imports/{done['id']}/refused-rows").json()["data"]
    assert (refused["code"], refused["column"]) == ("phone_unreadable", "phone")
    found = {row["external_id"]: (row["customer_id"], row["phone"]) for row in api.get(PATH).json()["data"]}
    assert found == {key: (owner, phone) for key, _, owner, phone in rows}
