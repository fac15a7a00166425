"""A refusal with 409 names what is in the way, where the caller may see it, on both databases."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from factories import complaint_body, interaction_body, invitation_body, response_body, survey_body
from starlette.testclient import TestClient
from support import Api, made, problem

CUSTOMERS = "/v1/customers"
KEYS = [{"system": "crm", "key": "C-1"}, {"system": "shop", "key": "2026/17"}]
MEASUREMENT = {
    "competitor": "Yuva",
    "index": "csat",
    "value": 0.8,
    "n": 300,
    "source": "panel",
    "external_id": "W-1",
    "measured_on": "2026-01-10",
}


def existing(answer: Any, code: str) -> dict[str, str] | None:
    """What a refusal says is in the way."""
    found: dict[str, str] | None = problem(answer, 409, code).get("existing")
    return found


def named(path: str, row: dict[str, Any]) -> dict[str, str]:
    return {"id": row["id"], "href": f"{path}/{row['id']}"}


def recorded(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


# --- external ids


@pytest.mark.parametrize("way", ["post", "put", "patch"])
def test_who_has_an_external_id_is_named(api: Api, way: str) -> None:
    owner, other = made(api, external_ids=KEYS), made(api, "Mehmet")
    for external_ids in (KEYS[:1], KEYS[1:], [{"system": "new", "key": "1"}, KEYS[1]]):
        body = {"name": "Third", "external_ids": external_ids}
        path = {
            "post": CUSTOMERS,
            "put": f"{CUSTOMERS}/by-external-id/crm/C-2",
            "patch": f"{CUSTOMERS}/{other['id']}",
        }[way]
        answer = getattr(api, way)(path, json=body)
        assert existing(answer, "external_id_taken") == named(CUSTOMERS, owner)
        assert api.get(named(CUSTOMERS, owner)["href"]).json()["id"] == owner["id"]
    assert len(api.get(CUSTOMERS).json()["data"]) == 2
    assert api.get(f"{CUSTOMERS}/{other['id']}").json() == other


@pytest.mark.parametrize("way", ["post", "put", "patch"])
def test_a_customer_whom_the_caller_may_not_see_is_not_named(
    api: Api, api_with: Callable[..., Api], way: str
) -> None:
    made(api, external_ids=KEYS[:1], unit="izmir")
    ankara = api_with(units=("ankara",))
    seen = made(ankara, "Mehmet", unit="ankara", external_ids=KEYS[1:])
    path = {
        "post": CUSTOMERS,
        "put": f"{CUSTOMERS}/by-external-id/crm/C-2",
        "patch": f"{CUSTOMERS}/{made(ankara, unit='ankara')['id']}",
    }[way]

    def refused(external_ids: list[dict[str, str]]) -> dict[str, str] | None:
        body = {"name": "Third", "unit": "ankara", "external_ids": external_ids}
        answer = getattr(ankara, way)(path, json=body)
        return existing(answer, "external_id_taken")

    assert refused(KEYS[:1]) is None
    assert refused(KEYS[1:]) == named(CUSTOMERS, seen)
    assert refused(KEYS) == named(CUSTOMERS, seen)  # the first of them that may be seen


def test_each_item_of_a_batch_names_who_is_in_its_way(api: Api) -> None:
    first, second = made(api, external_ids=KEYS[:1]), made(api, "Mehmet", external_ids=KEYS[1:])
    free = [{"system": "crm", "key": "C-3"}]
    items = [
        {"name": "A", "external_ids": KEYS[1:]},
        {"name": "B", "external_ids": free},
        {"name": "C", "external_ids": KEYS[:1]},
        {"name": "D", "external_ids": free},
    ]
    answer = api.post(f"{CUSTOMERS}/batch?partial=true", json={"items": items})
    assert answer.status_code == 207
    problems = [row["problem"] for row in answer.json()["data"]]
    assert [one and one.get("existing") for one in problems] == [
        named(CUSTOMERS, second),
        None,
        named(CUSTOMERS, first),
        None,  # another item of the same request
    ]
    whole = api.post(f"{CUSTOMERS}/batch", json={"items": [{"name": "E"}, items[0]]})
    assert existing(whole, "external_id_taken") == named(CUSTOMERS, second)
    whole = api.post(f"{CUSTOMERS}/batch", json={"items": [items[2], items[0]]})
    assert existing(whole, "external_id_taken") is None  # several are in the way


def test_refused_items_cost_no_further_statements(api: Api, client: TestClient) -> None:
    statements: list[str] = []
    client.app.state.services.store.on_statement(statements.append)  # type: ignore[attr-defined]
    counts = []
    for number in (1, 20):
        keys = [[{"system": "crm", "key": f"{number}-{item}"}] for item in range(number)]
        for external_ids in keys:
            made(api, external_ids=external_ids)
        items = [{"name": "A", "external_ids": external_ids} for external_ids in keys]
        statements.clear()
        assert api.post(f"{CUSTOMERS}/batch?partial=true", json={"items": items}).status_code == 207
        counts.append(len(statements))
    assert counts[0] == counts[1]


# --- others


def test_the_survey_that_has_a_code_is_named(api: Api) -> None:
    survey = recorded(api, "/v1/surveys", survey_body())
    answer = api.post("/v1/surveys", json=survey_body())
    assert existing(answer, "survey_exists") == named("/v1/surveys", survey)


def test_the_measurement_that_has_an_external_id_is_named(api: Api) -> None:
    path = "/v1/competitor-measurements"
    row = recorded(api, path, MEASUREMENT)
    assert existing(api.post(path, json=MEASUREMENT), "measurement_exists") == named(path, row)
    items = [{**MEASUREMENT, "external_id": "W-2"}] * 2 + [MEASUREMENT]
    answer = api.post(f"{path}/batch?partial=true", json={"items": items})
    problems = [one["problem"] for one in answer.json()["data"]]
    assert [one and one.get("existing") for one in problems] == [None, None, named(path, row)]


def test_the_response_that_an_invitation_has_is_named(api: Api, api_with: Callable[..., Api]) -> None:
    made(api, external_ids=KEYS[:1], unit="izmir")
    recorded(api, "/v1/surveys", survey_body())
    path = "/v1/survey-responses"
    invitation = recorded(api, "/v1/survey-invitations", invitation_body())
    body = response_body(survey_code=None, customer=None, invitation_id=invitation["id"])
    response = recorded(api, path, body)
    assert existing(api.post(path, json=body), "invitation_answered") == named(path, response)
    izmir = api_with(units=("izmir",))
    assert existing(izmir.post(path, json=body), "invitation_answered") == named(path, response)
    answer = api_with(units=("ankara",)).post(path, json=body)
    assert "existing" not in problem(answer, 422, "validation_failed")


def test_the_interaction_that_a_complaint_moves_with_is_named(api: Api) -> None:
    made(api, external_ids=KEYS[:1])
    interaction = recorded(api, "/v1/interactions", interaction_body())
    complaint = recorded(api, "/v1/complaints", complaint_body(interaction_id=interaction["id"]))
    move = {"customer_id": made(api, "Mehmet")["id"], "reason": "Wrong person"}
    answer = api.post(f"/v1/complaints/{complaint['id']}/transfers", json=move)
    assert existing(answer, "moves_with_interaction") == named("/v1/interactions", interaction)


def test_the_complaint_that_keeps_an_interaction_from_a_customer_is_named(
    api: Api, api_with: Callable[..., Api]
) -> None:
    made(api, external_ids=KEYS[:1], unit="izmir")
    body = interaction_body(customer=None, unit="ankara")
    interaction = recorded(api, "/v1/interactions", body)
    complaint = recorded(api, "/v1/complaints", complaint_body(interaction_id=interaction["id"]))
    patch = {"customer_id": made(api, "Mehmet", unit="ankara")["id"]}
    path = f"/v1/interactions/{interaction['id']}"
    assert existing(api.patch(path, json=patch), "conflict") == named("/v1/complaints", complaint)
    hidden = api_with(units=("ankara",)).patch(path, json=patch)
    assert existing(hidden, "conflict") is None


def test_what_is_in_nobodys_way_is_not_named(api: Api) -> None:
    row = made(api, external_ids=KEYS[:1])
    answer = api.post(f"{CUSTOMERS}/{row['id']}/returns")
    assert existing(answer, "conflict") is None
    missing = api.post(f"{CUSTOMERS}/{uuid4()}/returns")
    assert "existing" not in problem(missing, 404, "not_found")
