"""Who is calling? Over HTTP, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import record_rows as rows
from support import Api, made, phone, pointers, problem, selects

from app.domain.common.access import Actor, Scope
from app.store.engine import Store
from app.store.tables import Complaint, Interaction

URL = "/v1/screen-pop"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOBODY = {"match": "none", "customer": None, "candidates": [], "has_more_candidates": False}
SCOPES = (Scope.CUSTOMERS_READ, Scope.INTERACTIONS_READ, Scope.COMPLAINTS_READ)


@pytest.fixture
def customer(api: Api) -> dict[str, Any]:
    """A customer with a number, an address and a key."""
    points = [phone("0532 123 45 67"), {"kind": "email", "value": "Ayse.Yilmaz@example.com"}]
    return made(api, unit="izmir", contact_points=points, external_ids=[{"system": "crm", "key": "C 1:ş"}])


def pop(api: Api, **params: Any) -> dict[str, Any]:
    answer = api.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


# --- one customer


@pytest.mark.parametrize(
    "asked",
    [
        {"phone": "0532 123 45 67"},
        {"phone": "+90 (532) 123-45-67"},
        {"phone": "00905321234567"},
        {"phone": "5321234567"},
        {"phone": "sip:+905321234567@pbx.example"},
        {"phone": "０５３２1234567"},
        {"email": "ayse.yilmaz@EXAMPLE.com"},
        {"email": " AYSE.YILMAZ@example.com "},
        {"external_id": "crm:C 1:ş"},
    ],
)
def test_a_customer_is_known_by_any_spelling(
    api: Api, customer: dict[str, Any], asked: dict[str, str]
) -> None:
    made(api, "Somebody Else", contact_points=[phone("0532 123 45 68")])
    found = pop(api, **asked)
    glance = api.get(f"/v1/customers/{customer['id']}/overview").json()
    assert found == {"match": "known", "customer": glance, "candidates": [], "has_more_candidates": False}
    assert glance["id"] == customer["id"]


@pytest.mark.parametrize("spelling", ["+905321234567", "+994501234567", "+4930123456"])
def test_a_plus_that_was_not_escaped_is_understood(api: Api, spelling: str) -> None:
    row = made(api, contact_points=[phone(spelling)])
    answer = api.get(f"{URL}?phone={spelling}")  # in a query + is a blank
    assert (answer.json()["match"], answer.json()["customer"]["id"]) == ("known", row["id"])


@pytest.mark.usefixtures("customer")
@pytest.mark.parametrize(
    "asked",
    [
        {"phone": "0532 999 99 99"},
        {"phone": "anonymous"},
        {"phone": "Restricted"},
        {"phone": ""},
        {"phone": " "},
        {"phone": "112"},
        {"phone": "ı̇" * 20},
        {"email": "nobody@example.com"},
        {"email": "not an address"},
        {"email": ""},
        {"external_id": "crm:C-2"},
        {"external_id": "shop:C 1:ş"},
    ],
)
def test_nobody_is_no_error(api: Api, asked: dict[str, str]) -> None:
    assert pop(api, **asked) == NOBODY


def test_a_social_handle_or_a_word_is_neither_number_nor_address(api: Api) -> None:
    handle = {"kind": "social", "value": "ayse@example.com", "network": "instagram"}
    made(api, "05321234567", contact_points=[handle], tags=["05321234567"])
    assert pop(api, phone="05321234567") == NOBODY
    assert pop(api, email="ayse@example.com") == NOBODY


# --- several customers


@pytest.fixture
def family(api: Api) -> list[UUID]:
    """Nine customers with the same number, in the order they were recorded."""
    points = [phone("0232 123 45 67")]
    return [UUID(made(api, f"Yılmaz {number}", contact_points=points)["id"]) for number in range(9)]


def called(store: Store, actor: Actor, customer_id: UUID, at: datetime) -> None:
    store.write_sync(rows.store, actor, Interaction, [rows.interaction(customer_id, at)])


def test_of_several_the_likeliest_comes_first(
    api: Api, store: Store, actor: Actor, family: list[UUID]
) -> None:
    called(store, actor, family[4], NOON)
    called(store, actor, family[5], NOON + timedelta(days=1))
    called(store, actor, family[5], NOON - timedelta(days=9))
    store.write_sync(rows.score, actor, family[7], tier="B", value_minor=500)
    store.write_sync(rows.score, actor, family[8], tier="A", value_minor=900)
    store.write_sync(rows.score, actor, family[2], tier=None, value_minor=None, churn_level="watch")
    expected = [family[number] for number in (5, 4, 8, 7, 0, 1, 2, 3, 6)]
    found = pop(api, phone="+902321234567")
    assert (found["match"], found["has_more_candidates"]) == ("maybe", True)
    assert found["customer"] == api.get(f"/v1/customers/{expected[0]}/overview").json()
    assert [entry["id"] for entry in found["candidates"]] == [str(one) for one in expected[1:6]]
    assert found["candidates"][0] == {
        "id": str(family[4]),
        "kind": "person",
        "name": "Yılmaz 4",
        "unit": None,
        "tier": None,
        "do_not_contact": [],
        "do_not_contact_shared": [],
        "last_contact_at": "2026-03-10T12:00:00Z",
    }
    assert found["candidates"][1]["tier"] == "A"
    assert found["candidates"][1]["last_contact_at"] is None


def test_six_candidates_are_all_there_are(api: Api) -> None:
    for number in range(6):
        made(api, f"Yılmaz {number}", contact_points=[{"kind": "email", "value": "ev@example.com"}])
    found = pop(api, email="ev@example.com")
    assert (len(found["candidates"]), found["has_more_candidates"]) == (5, False)


# --- what is refused, and who may see what


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"phone": "0532 123 45 67", "email": "a@example.com"},
        {"email": "a@example.com", "external_id": "crm:1"},
        {"phone": "", "email": "", "external_id": "crm:1"},
    ],
)
def test_exactly_one_thing_must_be_known_of_the_caller(api: Api, params: dict[str, str]) -> None:
    answer = api.get(URL, params=params, headers={"Accept-Language": "tr"})
    [wrong] = problem(answer, 422, "validation_failed")["errors"]
    assert wrong["code"] == "exactly_one"
    assert wrong["detail"].endswith("yalnızca birini verin.")


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"phone": "0" * 255}, "phone"),
        ({"phone": "0532\x00"}, "phone"),
        ({"phone": "0532\n123"}, "phone"),
        ({"email": "a" * 500 + "@b.co"}, "email"),
        ({"email": "a\x7f@example.com"}, "email"),
        ({"external_id": "C-1"}, "external_id"),
        ({"external_id": "crm:"}, "external_id"),
        ({"external_id": "crm:" + "x" * 300}, "external_id"),
        ({"phone": "1", "limit": "2"}, "limit"),
    ],
)
def test_what_cannot_be_a_question_is_refused(api: Api, params: dict[str, str], pointer: str) -> None:
    assert pointers(api.get(URL, params=params)) == [pointer]


def test_customers_of_other_units_are_no_candidates(
    api: Api, api_with: Callable[..., Api], customer: dict[str, Any]
) -> None:
    number = {"phone": "0532 123 45 67"}
    other = made(api, "Bakı", unit="baki", contact_points=[phone("0532 123 45 67")])
    assert pop(api, **number)["match"] == "maybe"
    izmir = api_with(*SCOPES, units=("izmir",))
    assert (pop(izmir, **number)["match"], pop(izmir, **number)["customer"]["id"]) == (
        "known",
        customer["id"],
    )
    assert pop(api_with(*SCOPES, units=("baki", "ankara")), **number)["customer"]["id"] == other["id"]
    for asked in (number, {"email": "ayse.yilmaz@example.com"}, {"external_id": "crm:C 1:ş"}):
        assert pop(api_with(*SCOPES, units=("ankara",)), **asked) == NOBODY


def test_it_takes_three_statements_and_the_key_is_one_of_them(
    api: Api, store: Store, actor: Actor, family: list[UUID]
) -> None:
    called(store, actor, family[3], NOON)
    store.write_sync(rows.store, actor, Complaint, [rows.complaint(family[3], NOON)])
    counted = selects(api)
    found = pop(api, phone="0232 123 45 67")
    assert (found["customer"]["open_complaints_count"], len(found["candidates"])) == (1, 5)
    assert len(counted) == 3
    counted.clear()
    pop(api, phone="withheld")
    assert len(counted) == 1


# --- the number in a body


@pytest.mark.parametrize(
    "asked",
    [
        {"phone": "+90 (532) 123-45-67"},
        {"email": " AYSE.YILMAZ@example.com "},
        {"external_id": "crm:C 1:ş"},
        {"phone": "withheld"},
    ],
)
def test_a_number_in_the_body_gives_the_same_answer(
    api: Api, customer: dict[str, Any], asked: dict[str, str]
) -> None:
    answer = api.post(URL, json=asked, headers={"Accept-Language": "tr"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == api.get(URL, params=asked, headers={"Accept-Language": "tr"}).json()
    assert answer.headers["content-language"] == "tr"


def test_a_body_must_say_who_exactly_once(api: Api) -> None:
    for body in ({}, {"phone": "1", "email": "a@example.com"}):
        problem(api.post(URL, json=body), 422, "validation_failed")
    assert pointers(api.post(URL, json={"phone": "1", "number": "2"})) == ["/number"]
