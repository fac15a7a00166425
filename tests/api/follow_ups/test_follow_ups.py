"""Follow-up rules over HTTP: what they open, once a cause, what they leave alone, and what they would do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from factories import complaint_body, interaction_body, response_body, survey_body
from standards_helpers import set_standard
from support import Api, made, pointers, problem

from app.domain.common.access import Actor, Scope
from app.services.follow_ups import cursor, follow_ups
from app.services.promises import ladder as promise_ladder
from app.services.recovery import escalations
from app.store import event_sequence
from app.store.audit import keys as audit_keys
from app.store.engine import Store

RULES = "/v1/follow-up-rules"
NOW = datetime.now(UTC)
LOW: dict[str, Any] = {
    "names": {"en": "Low answer", "tr": "Düşük yanıt"},
    "trigger": "low_answer",
    "answer_index": "nps",
    "at_most_points": 30,
    "subject": "A customer would not recommend us",
    "severity": "high",
}
WORD: dict[str, Any] = {
    "names": {"en": "Lawyer"},
    "trigger": "critical_word",
    "words": ["avukat", "hakem heyeti"],
    "subject": "A customer speaks of a lawyer",
}
CALL = {"action": "promise_call_back", "due_in_seconds": 14_400, "subject": "We call you back"}


@pytest.fixture
def work(store: Store, actor: Actor, settings: Any) -> Any:
    """Do what a worker does: number what was written, and follow."""
    keys = audit_keys.of_settings(settings)
    assert keys is not None

    def act(limit: int = 200) -> None:
        store.write_sync(event_sequence.assign, keys, 10_000)
        while store.read_sync(cursor.is_behind):
            store.write_sync(follow_ups.follow, actor, limit)

    return act


def put(api: Api, code: str, body: dict[str, Any], **members: Any) -> dict[str, Any]:
    answer = api.put(f"{RULES}/{code}", json={**body, **members})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def done(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.get("/v1/follow-ups", params={"sort": "at", **query})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


@pytest.fixture
def customer(api: Api) -> str:
    return str(made(api, "Ayşe Yılmaz")["id"])


@pytest.fixture
def survey(api: Api) -> None:
    assert api.post("/v1/surveys", json=survey_body()).status_code == 201


def answer(api: Api, customer: str | None, number: int, remark: str | None = None, **members: Any) -> str:
    answers: list[dict[str, Any]] = [{"question": "recommend", "number": number}]
    if remark is not None:
        answers.append({"question": "remark", "text": remark})
    body = response_body(customer=None, customer_id=customer, answers=answers, **members)
    answered = api.post("/v1/survey-responses", json=body)
    assert answered.status_code == 201, answered.text
    return str(answered.json()["id"])


@pytest.mark.usefixtures("survey")
def test_a_low_answer_opens_one_complaint_that_names_its_rule(api: Api, customer: str, work: Any) -> None:
    put(api, "low", LOW)
    low = answer(api, customer, 3, unit="izmir", channel="email")
    answer(api, customer, 4)
    answer(api, None, 0)  # nobody's
    work()
    work()
    [one] = done(api)
    assert (one["rule"], one["rule_version"], one["cause_kind"]) == ("low", 1, "response")
    assert (one["cause_id"], one["customer_id"], one["promise_id"]) == (low, customer, None)
    complaint = api.get(f"/v1/complaints/{one['complaint_id']}").json()
    said = ("opened_by_rule", "found_by", "severity", "subject", "unit", "channel", "owner", "source")
    assert [complaint[name] for name in said] == [
        "low",
        "survey_answer",
        "high",
        LOW["subject"],
        "izmir",
        "email",
        "complaints-desk",
        "follow_up_rule",
    ]
    assert api.get("/v1/complaints", params={"opened_by_rule": "low"}).json()["data"] == [complaint]
    assert api.get("/v1/complaints", params={"opened_by_rule": "other"}).json()["data"] == []


@pytest.mark.usefixtures("survey")
def test_the_event_tells_which_rule_it_was(api: Api, customer: str, work: Any) -> None:
    put(api, "low", LOW)
    low = answer(api, customer, 0)
    work()
    work()
    events = api.get("/v1/events", params={"type": "complaint.opened_by_rule"}).json()["data"]
    [told] = [event["data"] for event in events]
    assert (told["rule"], told["cause_kind"], told["cause_id"]) == ("low", "response", low)
    assert told["id"] == done(api)[0]["complaint_id"]
    saved = api.get("/v1/events", params={"type": "follow_up_rule.saved"}).json()["data"]
    assert [event["data"]["id"] for event in saved] == ["low"]


@pytest.mark.usefixtures("survey")
@pytest.mark.parametrize("limit", [1, 200])
def test_words_are_found_in_answers_complaints_and_notes(
    api: Api, customer: str, work: Any, limit: int
) -> None:
    put(api, "lawyer", WORD)
    put(api, "call", WORD, **CALL, found_in=["interaction"])
    response = answer(api, customer, 9, "AVUKAT tutacağım")
    complaint = api.post(
        "/v1/complaints",
        json=complaint_body(customer=None, customer_id=customer, text="Tüketici Hakem Heyeti'ne gideceğim"),
    ).json()["id"]
    note = interaction_body(customer=None, customer_id=customer, notes="avukat dedi")
    contact = api.post("/v1/interactions", json=note).json()["id"]
    work(limit)
    api.patch(f"/v1/interactions/{contact}", json={"notes": "yine avukat dedi"})
    work(limit)
    assert {(one["rule"], one["cause_kind"], one["cause_id"]) for one in done(api)} == {
        ("lawyer", "response", response),
        ("lawyer", "complaint", complaint),
        ("lawyer", "interaction", contact),
        ("call", "interaction", contact),
    }
    assert len(done(api)) == 4
    [promise] = api.get("/v1/promises").json()["data"]
    assert (promise["kind"], promise["text"], promise["interaction_id"]) == (
        "call_back",
        "We call you back",
        contact,
    )
    due = datetime.fromisoformat(promise["due_at"]) - datetime.fromisoformat(promise["made_at"])
    assert due == timedelta(hours=4)
    # What rules opened has the word as well, and opens nothing more.
    opened = api.get("/v1/complaints", params={"opened_by_rule": "lawyer"}).json()["data"]
    assert len(opened) == 3
    assert any("avukat" in (one["text"] or "") for one in opened)


def test_a_standard_broken_for_an_a_customer_is_followed(
    api: Api, customer: str, work: Any, store: Store, actor: Actor
) -> None:
    set_standard(api, target_seconds=1)
    rule = {
        "names": {"en": "Late"},
        "trigger": "broken_standard",
        "metrics": ["resolve"],
        "subject": "Too late",
    }
    put(api, "late", rule)
    put(api, "late-a", rule, tiers=["A"], **CALL)
    body = complaint_body(
        customer=None, customer_id=customer, received_at=(NOW - timedelta(hours=1)).isoformat()
    )
    complaint = api.post("/v1/complaints", json=body).json()["id"]
    store.write_sync(escalations.run, actor, 100)
    work()
    store.write_sync(escalations.run, actor, 100)  # the clock of what was opened
    work()
    assert [(one["rule"], one["cause_id"], one["cause_detail"]) for one in done(api)] == [
        ("late", complaint, "resolve")
    ]


def test_a_broken_promise_is_followed(api: Api, customer: str, work: Any, store: Store, actor: Actor) -> None:
    put(
        api,
        "broken",
        {"names": {"en": "Broken"}, "trigger": "broken_promise", "subject": "We did not keep our word"},
    )
    body = {"customer_id": customer, "kind": "delivery", "text": "Today", "due_in_seconds": 60}
    by_us = api.post("/v1/promises", json=body).json()["id"]
    api.post("/v1/promises", json={**body, "promised_by": "customer"})
    with time_machine.travel(NOW + timedelta(hours=1), tick=True):
        store.write_sync(promise_ladder.run, actor, 100)
        work()
        work()
    assert [(one["cause_kind"], one["cause_id"]) for one in done(api)] == [("promise", by_us)]
    [opened] = api.get("/v1/complaints").json()["data"]
    assert (opened["subject"], opened["text"]) == ("We did not keep our word", "Today")


@pytest.mark.usefixtures("survey")
def test_old_facts_past_events_and_inactive_rules_open_nothing(api: Api, customer: str, work: Any) -> None:
    answer(api, customer, 0)
    put(api, "off", LOW, is_active=False)
    work()
    put(api, "low", LOW, max_age_days=14)
    answer(api, customer, 1, answered_at=(NOW - timedelta(days=15)).isoformat())
    work()
    assert done(api) == []
    young = answer(api, customer, 1, answered_at=(NOW - timedelta(days=13)).isoformat())
    work()
    assert [one["cause_id"] for one in done(api)] == [young]
    put(api, "low", LOW, is_active=False)
    answer(api, customer, 1)
    work()
    assert len(done(api)) == 1


@pytest.mark.usefixtures("survey")
def test_an_owner_who_left_and_a_category_not_used_any_more_do_not_stop_a_rule(
    api: Api, customer: str, work: Any
) -> None:
    api.put("/v1/complaint-categories/spoken", json={"names": {"en": "Spoken"}})
    put(api, "low", LOW, category="spoken")
    api.put("/v1/complaint-categories/spoken", json={"is_active": False})
    answer(api, customer, 0)
    work()
    [one] = done(api)
    complaint = api.get(f"/v1/complaints/{one['complaint_id']}").json()
    assert (complaint["category"], complaint["owner"]) == (None, "complaints-desk")


@pytest.mark.usefixtures("survey")
def test_a_trial_counts_and_changes_nothing(api: Api, customer: str, work: Any) -> None:
    other = str(made(api, "Fatma")["id"])
    lows = [answer(api, who, number) for who, number in ((customer, 0), (customer, 3), (other, 2))]
    answer(api, customer, 9)
    answer(api, customer, 0, answered_at=(NOW - timedelta(days=60)).isoformat())
    put(api, "low", LOW, is_active=False)
    tried = api.post(f"{RULES}/low/trials", json={}).json()
    assert (tried["would_act"], tried["customers"], tried["already"]) == (3, 2, 0)
    assert {one["cause_id"] for one in tried["examples"]} == set(lows)
    work()
    assert (done(api), api.get("/v1/complaints").json()["data"]) == ([], [])
    put(api, "low", LOW)
    answer(api, other, 1)
    work()
    again = api.post(f"{RULES}/low/trials", json={}).json()
    assert (again["would_act"], again["already"]) == (3, 1)
    day = (NOW - timedelta(days=60)).date()
    window = {"from": str(day - timedelta(days=1)), "to": str(day + timedelta(days=2))}
    assert api.post(f"{RULES}/low/trials", json=window).json()["would_act"] == 1


@pytest.mark.usefixtures("survey")
def test_effort_is_low_at_the_hard_end_of_its_scale(api: Api, customer: str, work: Any) -> None:
    questions = [
        {
            "code": "effort",
            "kind": "ces",
            "texts": {"en": "How much effort?"},
            "scale": {"min": 1, "max": 5},
            "reversed": True,
        }
    ]
    assert api.post("/v1/surveys", json=survey_body(code="ease", questions=questions)).status_code == 201
    put(api, "hard", LOW, answer_index="ces", at_most_points=25)
    hard, _easy = (
        api.post(
            "/v1/survey-responses",
            json=response_body(
                survey_code="ease",
                customer=None,
                customer_id=customer,
                answers=[{"question": "effort", "number": number}],
            ),
        ).json()["id"]
        for number in (5, 1)
    )
    work()
    assert [one["cause_id"] for one in done(api)] == [hard]


def test_rules_are_set_read_and_kept_in_versions(api: Api) -> None:
    first = put(api, "low", LOW)
    assert first["version"] == 1
    assert (first["words"], first["max_age_days"], first["action"]) == ([], 14, "open_complaint")
    assert put(api, "low", LOW)["version"] == 1  # nothing changed
    assert put(api, "low", LOW, at_most_points=20)["version"] == 2
    stale = api.put(f"{RULES}/low", json=LOW, headers={"If-Match": '"1"'})
    problem(stale, 412, "precondition_failed")
    assert api.get(f"{RULES}/low").json()["at_most_points"] == 20
    put(api, "lawyer", WORD, is_active=False)
    listed = api.get(RULES, params={"active": "true"}).json()["data"]
    assert [rule["code"] for rule in listed] == ["low"]
    assert [rule["code"] for rule in api.get(RULES, params={"trigger": "critical_word"}).json()["data"]] == [
        "lawyer"
    ]
    problem(api.get(f"{RULES}/nothing"), 404, "not_found")
    problem(api.post(f"{RULES}/nothing/trials", json={}), 404, "not_found")


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"at_most_points": None}, "", "condition_missing"),
        ({"words": ["x"]}, "", "other_trigger"),
        ({"at_most_points": 101}, "/at_most_points", "less_than_equal"),
        ({"due_in_seconds": 60}, "", "other_action"),
        ({**CALL, "due_in_seconds": None, "severity": None}, "", "due_missing"),
        ({**WORD, "words": [], "answer_index": None, "at_most_points": None}, "", "words_missing"),
        ({**WORD, "words": ["..."], "answer_index": None, "at_most_points": None}, "", "no_letters"),
        ({"max_age_days": 0}, "/max_age_days", "greater_than_equal"),
        ({"trigger": "rain"}, "/trigger", "enum"),
    ],
)
def test_what_no_rule_can_be_is_refused(api: Api, members: dict[str, Any], pointer: str, code: str) -> None:
    refused = problem(api.put(f"{RULES}/low", json={**LOW, **members}), 422, "validation_failed")
    assert (pointer, code) in [(one["pointer"], one["code"]) for one in refused["errors"]]
    assert api.get(RULES).json()["data"] == []


def test_an_unknown_owner_is_refused_once_people_are_registered(api: Api) -> None:
    api.put("/v1/units/izmir", json={"names": {"en": "İzmir"}, "kind": "branch"})
    answer = api.put(f"{RULES}/low", json={**LOW, "owner": "nobody"})
    assert pointers(answer) == ["/owner"]
    assert put(api, "low", LOW, owner="izmir")["owner"] == "izmir"


def test_a_trial_of_too_long_a_time_is_refused(api: Api) -> None:
    put(api, "low", LOW)
    for window in ({"from": "2026-01-01", "to": "2026-06-01"}, {"from": "2026-02-01", "to": "2026-01-01"}):
        assert pointers(api.post(f"{RULES}/low/trials", json=window)) == ["/from"]


@pytest.mark.usefixtures("survey")
def test_who_may_what(api: Api, api_with: Any, work: Any) -> None:
    put(api, "low", LOW)
    ankara = str(made(api, "Fatma", unit="ankara")["id"])
    answer(api, ankara, 0)
    work()
    assert len(done(api)) == 1
    assert len(done(api_with(Scope.COMPLAINTS_READ, units=("ankara",)))) == 1
    limited = api_with(Scope.COMPLAINTS_READ, Scope.SETTINGS_READ, Scope.SETTINGS_WRITE, units=("izmir",))
    assert done(limited) == []
    assert limited.get(f"{RULES}/low").status_code == 200
    problem(limited.put(f"{RULES}/low", json=LOW), 403, "limited_to_units")
    problem(limited.post(f"{RULES}/low/trials", json={}), 403, "limited_to_units")
    reader = api_with(Scope.SETTINGS_READ)
    problem(reader.put(f"{RULES}/low", json=LOW), 403, "insufficient_scope")
    problem(reader.post(f"{RULES}/low/trials", json={}), 403, "insufficient_scope")
    problem(reader.get("/v1/follow-ups"), 403, "insufficient_scope")
