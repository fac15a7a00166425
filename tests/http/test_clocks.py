"""Clocks that are ahead of ours: five minutes for everything that happened, and our time in the refusal."""

import re
from datetime import UTC, datetime, timedelta
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
from support import Api, made, problem

INPUTS = [
    ("transactions", transaction_body, "occurred_at"),
    ("interactions", interaction_body, "started_at"),
    ("interactions", interaction_body, "ended_at"),
    ("complaints", complaint_body, "received_at"),
    ("complaints", complaint_body, "acknowledged_at"),
    ("survey-invitations", invitation_body, "invited_at"),
    ("survey-responses", response_body, "answered_at"),
]
inputs = pytest.mark.parametrize(("resource", "body", "member"), INPUTS, ids=[one[2] for one in INPUTS])


@pytest.fixture(autouse=True)
def company(api: Api) -> None:
    """The customer C-1 of the CRM and the survey "delivery"."""
    made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    api.post("/v1/surveys", json=survey_body())


def ahead(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def earlier(member: str, at: str) -> dict[str, Any]:
    """The members of a record whose ``member`` is ``at``, none of the others later."""
    others = {"ended_at": "started_at", "acknowledged_at": "received_at"}
    return {member: at} | ({others[member]: "2026-02-03T10:00:00Z"} if member in others else {})


@inputs
def test_five_minutes_ahead_are_taken(api: Api, resource: str, body: Any, member: str) -> None:
    answer = api.post(f"/v1/{resource}", json=body(**earlier(member, ahead(minutes=4))))
    assert answer.status_code == 201, answer.text


@inputs
@pytest.mark.parametrize("language", ["en", "tr", "az"])
@pytest.mark.parametrize("span", [{"minutes": 6}, {"hours": 3}, {"days": 400}], ids=str)
def test_what_is_further_ahead_is_refused_with_our_time(
    api: Api, resource: str, body: Any, member: str, language: str, span: dict[str, float]
) -> None:
    given = body(**earlier(member, ahead(**span)))
    answer = api.post(f"/v1/{resource}", json=given, headers={"Accept-Language": language})
    [error] = problem(answer, 422, "validation_failed")["errors"]
    assert (error["pointer"], error["code"]) == (f"/{member}", "in_future")
    [ours] = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", error["detail"])
    assert abs(datetime.fromisoformat(ours) - datetime.now(UTC)) < timedelta(minutes=2)


def test_the_limit_holds_for_each_item_of_a_batch(api: Api) -> None:
    items = [
        transaction_body(external_id=key, occurred_at=ahead(minutes=minutes))
        for key, minutes in (("R-1", -5), ("R-2", 7), ("R-3", 3))
    ]
    refused = problem(api.post("/v1/transactions/batch", json={"items": items}), 422, "validation_failed")
    assert [error["pointer"] for error in refused["errors"]] == ["/items/1/occurred_at"]
    assert api.get("/v1/transactions").json()["data"] == []


def test_a_step_is_refused_with_our_time(api: Api) -> None:
    url = f"/v1/complaints/{api.post('/v1/complaints', json=complaint_body()).json()['id']}"
    answer = api.post(f"{url}/acknowledgements", json={"at": ahead(hours=3)})
    [error] = problem(answer, 422, "validation_failed")["errors"]
    assert error["code"] == "in_future"
    assert f"{datetime.now(UTC):%Y-}" in error["detail"]


@pytest.mark.parametrize(
    ("answered_at", "status"),
    [
        ("2026-03-03T10:00:00Z", 201),
        ("2026-03-03T09:55:00Z", 201),
        ("2026-03-03T09:54:59Z", 422),
        ("2026-03-03T12:54:00+03:00", 422),
        ("2026-03-01T10:00:00Z", 422),
    ],
)
def test_nobody_answers_before_being_asked(api: Api, answered_at: str, status: int) -> None:
    asked = api.post("/v1/survey-invitations", json=invitation_body(invited_at="2026-03-03T10:00:00Z")).json()
    response = {
        "invitation_id": asked["id"],
        "answered_at": answered_at,
        "answers": [{"question": "recommend", "number": 9}],
    }
    answer = api.post("/v1/survey-responses", json=response)
    assert answer.status_code == status
    if status == 422:
        [error] = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/answered_at", "before_invitation")
        invitation = api.get(f"/v1/survey-invitations/{asked['id']}").json()
        assert invitation["answered_at"] is None
        batch = api.post("/v1/survey-responses/batch?partial=true", json={"items": [response]})
        assert batch.status_code == 207
        assert api.get("/v1/survey-responses").json()["data"] == []


def test_an_invitation_of_a_clock_that_is_ahead_can_be_answered_at_once(api: Api) -> None:
    asked = api.post("/v1/survey-invitations", json=invitation_body(invited_at=ahead(minutes=4))).json()
    answers = [{"question": "recommend", "number": 9}]
    response = {"invitation_id": asked["id"], "answered_at": ahead(), "answers": answers}
    assert api.post("/v1/survey-responses", json=response).status_code == 201
