"""Responses to invitations over HTTP, on both databases: each invitation is answered once."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import interaction_body, invitation_body, survey_body, transaction_body
from factories import response_body as response
from support import Api, made, problem

PATH = "/v1/survey-responses"
NINE = {"question": "recommend", "number": 9}
ABOUT = {"channel": "phone", "agent": "ayse.k", "unit": "izmir", "phase": "after", "category": "shoes"}


@pytest.fixture(autouse=True)
def customer_id(api: Api) -> str:
    """The customer C-1 of the CRM."""
    return str(made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"])


@pytest.fixture(autouse=True)
def survey_id(api: Api) -> str:
    """The survey "delivery"."""
    return str(recorded(api, "surveys", survey_body())["id"])


def recorded(api: Api, resource: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"/v1/{resource}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def invited(api: Api, **members: Any) -> dict[str, Any]:
    return recorded(api, "survey-invitations", invitation_body(**members))


def to(invitation: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A response to an invitation that repeats nothing the invitation says, but for ``members``."""
    return {"invitation_id": invitation["id"], "answers": [NINE], **members}


def everything(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(PATH, params={"limit": 200}).json()["data"]
    return found


def wrong(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_a_response_takes_from_its_invitation_what_it_leaves_out(
    api: Api, customer_id: str, survey_id: str
) -> None:
    buy = recorded(api, "transactions", transaction_body(channel="store", category="bags"))
    invitation = invited(api, transaction_id=buy["id"], agent="ayse.k", unit="izmir", phase="after")
    row = recorded(api, "survey-responses", to(invitation, agent="ali.v"))
    assert {member: row[member] for member in ABOUT} == {
        "channel": "store",
        "agent": "ali.v",
        "unit": "izmir",
        "phase": "after",
        "category": "bags",
    }
    assert (row["customer_id"], row["survey_id"]) == (customer_id, survey_id)
    assert (row["invitation_id"], row["transaction_id"]) == (invitation["id"], buy["id"])
    after = api.get(f"/v1/survey-invitations/{invitation['id']}").json()
    assert after == {**invitation, "answered_at": row["answered_at"]}


def test_what_it_says_again_must_be_the_same(api: Api, customer_id: str, survey_id: str) -> None:
    other = recorded(api, "surveys", survey_body(code="other"))["id"]
    second = made(api, "Mehmet", external_ids=[{"system": "crm", "key": "C-2"}])["id"]
    call, buy = (
        recorded(api, "interactions", interaction_body())["id"],
        recorded(api, "transactions", transaction_body())["id"],
    )
    invitation = invited(api, interaction_id=call)
    for members, pointer in (
        ({"survey_id": other}, "/survey_id"),
        ({"survey_code": "other"}, "/survey_code"),
        ({"customer_id": second}, "/customer_id"),
        ({"customer": {"system": "crm", "key": "C-2"}}, "/customer"),
        ({"customer": {"system": "crm", "key": "C-3"}, "create_missing": True}, "/customer"),
        ({"transaction_id": buy}, "/transaction_id"),
    ):
        assert wrong(api.post(PATH, json=to(invitation, **members))) == [(pointer, "contradicts_invitation")]
    assert everything(api) == []
    assert len(api.get("/v1/customers").json()["data"]) == 2
    same = {"survey_id": survey_id, "customer_id": customer_id, "interaction_id": call}
    row = recorded(api, "survey-responses", to(invitation, **same))
    assert row["interaction_id"] == call


def test_an_anonymous_invitation_about_a_customers_call_is_not_anothers(api: Api, customer_id: str) -> None:
    second = made(api, "Mehmet")["id"]
    call = recorded(api, "interactions", interaction_body())["id"]
    invitation = invited(api, customer=None, interaction_id=call)
    refused = api.post(PATH, json=to(invitation, customer_id=second))
    assert wrong(refused) == [("/interaction_id", "other_customer")]
    assert api.get(f"/v1/survey-invitations/{invitation['id']}").json() == invitation
    row = recorded(api, "survey-responses", to(invitation, customer_id=customer_id))
    assert (row["customer_id"], row["interaction_id"]) == (customer_id, call)


def test_what_an_invitation_is_about_need_not_be_seen_by_who_records_its_response(
    api: Api, api_with: Callable[..., Api]
) -> None:
    call = recorded(api, "interactions", interaction_body(customer=None, unit="baki"))["id"]
    invitation = invited(api, customer=None, interaction_id=call, unit="izmir")
    izmir = api_with(units=("izmir",))
    assert izmir.get(f"/v1/interactions/{call}").status_code == 404
    assert wrong(izmir.post(PATH, json=to(invitation, interaction_id=call))) == [
        ("/interaction_id", "unknown_interaction")
    ]
    row = recorded(izmir, "survey-responses", to(invitation))
    assert (row["interaction_id"], row["unit"], row["channel"]) == (call, "izmir", "phone")


def test_an_invitation_about_nothing_leaves_that_open(api: Api) -> None:
    call = recorded(api, "interactions", interaction_body())["id"]
    row = recorded(api, "survey-responses", to(invited(api), interaction_id=call))
    assert (row["interaction_id"], row["channel"]) == (call, "phone")


def test_who_answers_an_anonymous_invitation_may_say_who_it_is(api: Api, customer_id: str) -> None:
    anonymous, named = (
        recorded(api, "survey-responses", to(invited(api, customer=None), **members))
        for members in ({}, {"customer_id": customer_id})
    )
    assert (anonymous["customer_id"], named["customer_id"]) == (None, customer_id)


def test_an_invitation_is_answered_once(api: Api) -> None:
    invitation = invited(api)
    first = recorded(api, "survey-responses", to(invitation))
    problem(api.post(PATH, json=to(invitation)), 409, "invitation_answered")
    assert api.get("/problems/invitation_answered").status_code == 200
    assert everything(api) == [first]


def test_a_refused_response_leaves_its_invitation_open(api: Api) -> None:
    invitation = invited(api)
    refused = to(invitation, answers=[{"question": "recommend", "number": 11}])
    assert wrong(api.post(PATH, json=refused)) == [("/answers/0/number", "outside_scale")]
    assert api.get(f"/v1/survey-invitations/{invitation['id']}").json() == invitation
    recorded(api, "survey-responses", response(external_id="F-1"))
    problem(api.post(PATH, json=to(invitation, external_id="F-1")), 409, "response_exists")
    assert api.get(f"/v1/survey-invitations/{invitation['id']}").json() == invitation
    recorded(api, "survey-responses", to(invitation))


@pytest.mark.parametrize(
    ("answered_at", "status"),
    [
        ("2026-03-02T11:59:59.999999Z", 201),
        ("2026-03-02T15:00:00+03:00", 409),
        ("2026-03-03T00:00:00Z", 409),
    ],
)
def test_what_counts_is_when_it_was_answered(api: Api, answered_at: str, status: int) -> None:
    invitation = invited(api, invited_at="2026-03-01T12:00:00Z", expires_at="2026-03-02T12:00:00Z")
    answer = api.post(PATH, json=to(invitation, answered_at=answered_at))
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["code"] == "invitation_expired"
        assert api.get("/problems/invitation_expired").status_code == 200
    assert len(everything(api)) == (status == 201)


def test_a_survey_out_of_use_takes_no_response_to_its_invitations(api: Api, survey_id: str) -> None:
    invitation = invited(api)
    assert api.patch(f"/v1/surveys/{survey_id}", json={"is_active": False}).status_code == 200
    problem(api.post(PATH, json=to(invitation)), 409, "survey_inactive")


def test_an_invitation_twice_in_a_batch_is_answered_once(api: Api) -> None:
    one, two = invited(api), invited(api)
    items = [
        to(one, answers=[{"question": "recommend", "number": 11}]),
        to(one, external_id="F-1"),
        to(two),
        to(one),
        to(two),
    ]
    problem(api.post(f"{PATH}/batch", json={"items": items[1:]}), 409, "invitation_answered")
    assert everything(api) == []
    assert api.get(f"/v1/survey-invitations/{one['id']}").json() == one
    answer = api.post(f"{PATH}/batch?partial=true", json={"items": items})
    assert [row["status"] for row in answer.json()["data"]] == [422, 201, 201, 409, 409]
    assert {row["invitation_id"] for row in everything(api)} == {one["id"], two["id"]}
    assert all(row["answered_at"] for row in api.get("/v1/survey-invitations").json()["data"])
