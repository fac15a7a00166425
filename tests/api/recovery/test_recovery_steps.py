"""What is done for the customer of a complaint, and what it must show before it closes, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from complaint_lives import agent, category, cause, complaint, history, refusals, take, unit
from support import Api, problem

RECEIVED = "2026-03-02T09:00:00Z"
FIX = {
    "text": "A new kettle was sent.",
    "done_by": "courier",
    "cost": {"amount": "450.00", "currency": "TRY"},
}
PREVENTION = {"text": "Pad every box.", "responsible": "elvin.m", "due_on": "2026-04-01"}
FOUND = {"cause": "packaging", "fault": "us"}
BODIES: dict[str, dict[str, Any]] = {
    "apologies": {"text": "We are sorry."},
    "fixes": FIX,
    "causes": FOUND,
    "preventions": PREVENTION,
}


def shown(api: Api, path: str, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{path}/recovery-steps", params=filters).json()["data"]
    return found


def test_what_is_done_is_kept_with_an_event_each(api: Api) -> None:
    cause(api, "packaging")
    path = complaint(api, received_at=RECEIVED)
    before = api.get(path).json()
    for name, body in BODIES.items():
        answer = take(api, path, name, **body, at="2026-03-03T09:00:00Z")
        assert answer.status_code == 201, answer.text
    row = api.get(path).json()
    assert {name: row[name] for name in ("state", "owner")} == {
        name: before[name] for name in ("state", "owner")
    }
    assert (row["our_fault"], row["version"]) == ("yes", 5)
    steps = shown(api, path)
    assert [step["kind"] for step in steps] == ["apology", "fix", "cause", "prevention"]
    assert {step["at"] for step in steps} == {"2026-03-03T09:00:00Z"}
    apology, fix, found, prevention = steps
    assert (apology["text"], apology["cost"]) == ("We are sorry.", None)
    assert (fix["text"], fix["done_by"], fix["cost"]) == (FIX["text"], "courier", FIX["cost"])
    assert (found["cause"], found["fault"]) == ("packaging", "us")
    assert (prevention["responsible"], prevention["due_on"]) == ("elvin.m", "2026-04-01")
    assert prevention["done_at"] is None
    kinds = ["received", "apologised", "fixed", "cause_found", "prevention_planned"]
    assert [event["kind"] for event in history(api, path)] == kinds
    assert [step["kind"] for step in shown(api, path, kind="fix")] == ["fix"]


@pytest.mark.parametrize(
    ("fault", "our_fault"), [("us", "yes"), ("supplier", "no"), ("customer", "no"), ("nobody", "no")]
)
def test_whose_fault_a_cause_is_tells_whether_it_is_ours(api: Api, fault: str, our_fault: str) -> None:
    cause(api, "packaging")
    path = complaint(api, our_fault="unknown")
    assert take(api, path, "causes", cause="packaging", fault=fault).json()["our_fault"] == our_fault
    assert history(api, path)[-1]["members"] == ["our_fault"]


def test_a_cause_must_be_registered_and_active(api: Api) -> None:
    path = complaint(api)
    cause(api, "old", is_active=False)
    for code, said in (("packaging", "unknown_cause"), ("old", "inactive_cause")):
        refused = take(api, path, "causes", cause=code, fault="us")
        assert (refused.status_code, refusals(refused)) == (422, [("/cause", said)])
    assert (len(history(api, path)), shown(api, path)) == (1, [])


@pytest.mark.parametrize(
    ("cost", "pointer", "code"),
    [
        ({"amount": "-1", "currency": "TRY"}, "/cost/amount", "negative_amount"),
        ({"amount": "1.001", "currency": "TRY"}, "/cost/amount", "amount_range"),
        ({"amount": "1", "currency": "XXX"}, "/cost/currency", "unknown_currency"),
    ],
)
def test_costs_that_cannot_be(api: Api, cost: dict[str, str], pointer: str, code: str) -> None:
    path = complaint(api)
    refused = take(api, path, "fixes", text="x", cost=cost)
    assert (refused.status_code, refusals(refused)) == (422, [(pointer, code)])
    assert shown(api, path) == []


@pytest.mark.parametrize("name", BODIES)
def test_times_that_cannot_be(api: Api, name: str) -> None:
    cause(api, "packaging")
    path = complaint(api, received_at=RECEIVED)
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for at, code in (("2026-03-02T08:59:59Z", "before_received"), (ahead, "in_future")):
        refused = take(api, path, name, **BODIES[name], at=at)
        assert (refused.status_code, refusals(refused)) == (422, [("/at", code)])
    take(api, path, "resolutions", resolution="x")
    assert take(api, path, name, **BODIES[name], at=RECEIVED).status_code == 201  # told of late
    take(api, path, "closings")
    before = api.get(path).json()
    refused = take(api, path, name, **BODIES[name])
    assert (refused.status_code, refusals(refused)) == (422, [("/at", "complaint_closed")])
    assert (api.get(path).json(), len(shown(api, path))) == (before, 1)


def test_a_prevention_is_somebodys_and_is_done_once(api: Api) -> None:
    unit(api, "izmir")
    agent(api, "elvin.m")
    agent(api, "gone", is_active=False)
    path = complaint(api, received_at=RECEIVED)
    wrong = {"izmir": "not_a_person", "gone": "inactive_owner", "nobody": "unknown_owner"}
    for name, code in wrong.items():
        refused = take(api, path, "preventions", **PREVENTION | {"responsible": name})
        assert (refused.status_code, refusals(refused)) == (422, [("/responsible", code)])
    refused = take(api, path, "preventions", **PREVENTION | {"due_on": "2026-03-01"})
    assert refusals(refused) == [("/due_on", "before_received")]
    assert take(api, path, "preventions", **PREVENTION).status_code == 201
    [step] = shown(api, path)
    take(api, path, "resolutions", resolution="x")
    take(api, path, "closings")
    done = f"preventions/{step['id']}/completions"
    assert take(api, path, done, at="2026-03-05T10:00:00Z").status_code == 201
    assert shown(api, path)[0]["done_at"] == "2026-03-05T10:00:00Z"
    problem(take(api, path, done), 409, "prevention_done")
    problem(take(api, path, f"preventions/{uuid4()}/completions"), 404, "not_found")
    other = complaint(api)
    problem(take(api, other, done), 404, "not_found")
    assert [event["kind"] for event in history(api, path)][-1] == "prevention_done"


def test_the_customers_own_word(api: Api) -> None:
    path = complaint(api)
    problem(take(api, path, "answers", answer="confirmed"), 409, "illegal_step")
    take(api, path, "resolutions", resolution="Sent anew.")
    row = take(api, path, "answers", answer="refused", text="It leaks as well.").json()
    assert (row["state"], row["reopened_count"], row["resolved_at"]) == ("in_progress", 1, None)
    take(api, path, "resolutions", resolution="Paid back.")
    row = take(api, path, "answers", answer="confirmed").json()
    assert (row["state"], row["reopened_count"]) == ("confirmed", 1)
    assert row["confirmed_at"] == history(api, path)[-1]["at"]
    problem(take(api, path, "answers", answer="refused"), 409, "illegal_step")
    answers = [(step["answer"], step["text"]) for step in shown(api, path)]
    assert answers == [("refused", "It leaks as well."), ("confirmed", None)]
    row = take(api, path, "closings").json()
    assert (row["state"], row["confirmed_at"] is None) == ("closed", False)
    row = take(api, path, "reopenings", reason="Broken again.").json()
    assert (row["state"], row["confirmed_at"], row["reopened_count"]) == ("in_progress", None, 2)
    kinds = ["received", "resolved", "refused", "resolved", "confirmed", "closed", "reopened"]
    assert [event["kind"] for event in history(api, path)] == kinds
    assert api.get("/v1/complaints?reopened=true").json()["data"][0]["id"] == row["id"]


def test_what_its_category_demands_is_shown_before_it_closes(api: Api) -> None:
    cause(api, "packaging")
    category(api, "delivery", demanded_steps=["answer", "prevention", "cause", "fix", "apology"])
    path = complaint(api, category="delivery")
    take(api, path, "resolutions", resolution="x")
    before = api.get(path).json()
    problem(take(api, path, "closings"), 409, "steps_missing")
    assert api.get("/v1/complaints?steps_missing=true").json()["data"] == [before]
    lacking = ["apologies", "fixes", "causes", "preventions", "answers"]
    for name in list(lacking):
        said = problem(take(api, path, "closings"), 409, "steps_missing")
        assert [error["pointer"] for error in said["errors"]] == [f"/{one}" for one in lacking]
        assert (
            said["errors"][0]["detail"]
            == f"Record it with a POST to {path}/{name} before the complaint is closed."
        )
        body = BODIES.get(name, {"answer": "confirmed"})
        body = body | {"due_on": "2030-01-01"} if name == "preventions" else body
        assert take(api, path, name, **body).status_code == 201
        lacking.remove(name)
    assert api.get("/v1/complaints?steps_missing=true").json()["data"] == []
    assert take(api, path, "closings").status_code == 201
    take(api, path, "reopenings", reason="x")
    take(api, path, "resolutions", resolution="y")
    said = problem(take(api, path, "closings"), 409, "steps_missing")
    assert said["detail"] == "The category delivery demands steps that are not recorded: answer."


def test_the_refusal_is_said_in_the_callers_language(api: Api) -> None:
    category(api, "delivery", demanded_steps=["apology"])
    path = complaint(api, category="delivery")
    take(api, path, "resolutions", resolution="x")
    answer = api.post(f"{path}/closings", json={}, headers={"Accept-Language": "tr"})
    said = problem(answer, 409, "steps_missing")
    assert said["detail"] == "delivery kategorisi kaydedilmemiş adımlar istiyor: apology."


def test_a_step_may_be_meant_for_a_version_and_is_taken_once_with_a_key(api: Api) -> None:
    path = complaint(api)
    stale = api.post(f"{path}/apologies", json={}, headers={"If-Match": '"2"'})
    problem(stale, 412, "precondition_failed")
    first, again = (api.post(f"{path}/apologies", headers={"Idempotency-Key": "a-1"}) for _ in range(2))
    assert (first.status_code, first.content) == (201, again.content)
    assert len(shown(api, path)) == 1
    problem(api.get(f"/v1/complaints/{uuid4()}/recovery-steps"), 404, "not_found")
