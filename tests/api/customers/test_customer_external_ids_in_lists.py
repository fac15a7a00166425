"""Lists of records by the key that a customer has in another system, on both databases."""

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from factories import (
    complaint_body,
    interaction_body,
    invitation_body,
    response_body,
    survey_body,
    transaction_body,
)
from support import Api, made

LISTS: dict[str, Callable[..., dict[str, Any]]] = {
    "/v1/complaints": complaint_body,
    "/v1/interactions": interaction_body,
    "/v1/transactions": transaction_body,
    "/v1/survey-responses": response_body,
    "/v1/survey-invitations": invitation_body,
}
MEMBER = "customer_external_id"


@pytest.fixture(params=LISTS)
def path(request: pytest.FixtureRequest, api: Api) -> str:
    """A list, and a survey that can be answered."""
    if "survey" in request.param:
        assert api.post("/v1/surveys", json=survey_body()).status_code == 201
    return str(request.param)


def recorded(api: Api, path: str, customer_id: str, **members: Any) -> str:
    """The id of a record of a customer."""
    answer = api.post(path, json=LISTS[path](customer=None, customer_id=customer_id, **members))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def found(api: Api, path: str, **params: Any) -> list[str]:
    answer = api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def with_keys(api: Api, *keys: str, **members: Any) -> str:
    pairs = [key.partition(":") for key in keys]
    external_ids = [{"system": system, "key": key} for system, _, key in pairs]
    return str(made(api, external_ids=external_ids, **members)["id"])


def test_records_are_found_by_any_key_of_their_customer(api: Api, path: str) -> None:
    ayse = with_keys(api, "crm:C-1", "shop:2026/17", "erp:A:B")
    mehmet = with_keys(api, "crm:C-2", "shop:C-1")
    own, other = recorded(api, path, ayse), recorded(api, path, mehmet)
    for key in ("crm:C-1", "shop:2026/17", "erp:A:B", "crm: C-1 ", "crm :C-1"):
        assert found(api, path, **{MEMBER: key}) == [own]
    for key in ("crm:C-2", "shop:C-1"):
        assert found(api, path, **{MEMBER: key}) == [other]
    assert found(api, path, **{MEMBER: "crm:C-1", "customer_id": ayse}) == [own]


def test_a_key_that_nobody_has_finds_nothing_as_an_unknown_id_does(api: Api, path: str) -> None:
    ayse = with_keys(api, "crm:C-1")
    recorded(api, path, ayse)
    for key in ("crm:C-2", "CRM:C-1", "crm:c-1", "erp:C-1"):
        assert found(api, path, **{MEMBER: key}) == []
    # Filters add up: nobody has both.
    assert found(api, path, **{MEMBER: "crm:C-1", "customer_id": made(api, "Mehmet")["id"]}) == []
    for key in ("C-1", "crm:", ":C-1", "crm:C\n1"):
        assert api.get(path, params={MEMBER: key}).status_code == 422


def test_a_key_is_one_in_both_unicode_forms(api: Api, path: str) -> None:
    key = "şube:ÇAĞ-1"
    own = recorded(api, path, with_keys(api, unicodedata.normalize("NFD", key)))
    for form in ("NFC", "NFD"):
        assert found(api, path, **{MEMBER: unicodedata.normalize(form, key)}) == [own]


def test_who_sees_other_units_only_cannot_tell_whether_a_key_is_used(
    api: Api, api_with: Callable[..., Api], path: str
) -> None:
    ayse = with_keys(api, "crm:C-1", unit="izmir")
    own = recorded(api, path, ayse)
    izmir, ankara = api_with(units=("izmir",)), api_with(units=("ankara",))
    assert found(izmir, path, **{MEMBER: "crm:C-1"}) == [own]
    hidden = ankara.get(path, params={MEMBER: "crm:C-1"}).json()
    missing = ankara.get(path, params={MEMBER: "crm:C-9"}).json()
    hidden.pop("complete_until", None)
    missing.pop("complete_until", None)
    assert hidden == missing == {"data": [], "next_cursor": None, "has_more": False}


def test_its_pages_follow_each_other(api: Api, path: str) -> None:
    ayse, mehmet = with_keys(api, "crm:C-1"), with_keys(api, "crm:C-2")
    own = [recorded(api, path, customer_id) for customer_id in (ayse, mehmet) * 3][::2]
    seen: list[str] = []
    following = f"{path}?{MEMBER}=crm%3AC-1&limit=1"
    while following:
        answer = api.get(following)
        seen += [row["id"] for row in answer.json()["data"]]
        following = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert sorted(seen) == sorted(own)
    cursor = api.get(path, params={MEMBER: "crm:C-1", "limit": 1}).json()["next_cursor"]
    other = api.get(path, params={MEMBER: "crm:C-2", "cursor": cursor})
    assert (other.status_code, other.json()["code"]) == (422, "invalid_cursor")
