"""Clocks of complaints over HTTP, on both databases: started, due, paused, met, broken, started again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import complaint_body
from sqlalchemy import Engine, select
from sqlalchemy import event as sql_event
from standards_helpers import CALENDAR, OFFICE, WEEK, clocks_of, set_standard
from support import Api, problem

from app.domain.common.access import Scope, system
from app.domain.common.company import Company
from app.services.recovery import escalations
from app.store.engine import Store
from app.store.tables import Event

MONDAY = "2026-03-02"  # before now, so that steps can be given times


def complain(api: Api, received_at: str = f"{MONDAY}T07:00:00Z", **members: Any) -> str:
    """Record a complaint of a customer who is made if missing; its id."""
    body = complaint_body(received_at=received_at, create_missing=True, **members)
    answer = api.post("/v1/complaints", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def step(api: Api, complaint_id: str, name: str, at: str, **members: Any) -> None:
    answer = api.post(f"/v1/complaints/{complaint_id}/{name}", json={"at": at, **members})
    assert answer.status_code == 201, answer.text


def shown(clock: dict[str, Any], *members: str) -> tuple[Any, ...]:
    return tuple(clock[member] for member in members)


def test_a_company_without_standards_has_no_clocks(api: Api) -> None:
    complaint_id = complain(api)
    step(api, complaint_id, "resolutions", f"{MONDAY}T08:00:00Z", resolution="Done.")
    step(api, complaint_id, "reopenings", f"{MONDAY}T09:00:00Z", reason="No.")
    assert clocks_of(api, complaint_id) == []
    missing = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fff"
    problem(api.get(f"/v1/complaints/{missing}/clocks"), 404, "not_found")


def test_a_clock_from_receipt_to_resolution(api: Api) -> None:
    set_standard(api, warn_share=0.75)
    complaint_id = complain(api)
    [clock] = clocks_of(api, complaint_id)
    assert shown(clock, "number", "metric", "standard", "standard_version") == (1, "resolve", "quick", 1)
    assert shown(clock, "state", "started_at", "due_at", "warn_at") == (
        "running",
        f"{MONDAY}T07:00:00Z",
        f"{MONDAY}T08:00:00Z",
        f"{MONDAY}T07:45:00Z",
    )
    step(api, complaint_id, "resolutions", f"{MONDAY}T08:00:00Z", resolution="Done.")  # exactly when due
    [clock] = clocks_of(api, complaint_id)
    assert shown(clock, "state", "done_at", "taken_seconds") == ("met", f"{MONDAY}T08:00:00Z", 3600.0)
    late = complain(api)
    step(api, late, "resolutions", f"{MONDAY}T08:00:01Z", resolution="Done.")
    [clock] = clocks_of(api, late)
    assert shown(clock, "state", "broken_at", "taken_seconds") == ("broken", f"{MONDAY}T08:00:00Z", 3601.0)


def test_every_metric_of_a_complaint(api: Api) -> None:
    for metric in ("acknowledge", "first_response", "resolve", "close", "prevention", "answer_call"):
        set_standard(api, metric, metric=metric)
    complaint_id = complain(api)
    step(api, complaint_id, "acknowledgements", f"{MONDAY}T07:10:00Z")
    step(api, complaint_id, "resolutions", f"{MONDAY}T07:20:00Z", resolution="Done.")
    step(api, complaint_id, "closings", f"{MONDAY}T07:30:00Z")
    clocks = clocks_of(api, complaint_id)
    assert [shown(clock, "metric", "state", "taken_seconds") for clock in clocks] == [
        ("acknowledge", "met", 600.0),
        ("first_response", "met", 600.0),
        ("resolve", "met", 1200.0),
        ("close", "met", 1800.0),
        ("prevention", "ended", 1800.0),  # the closed case ends it
    ]


def test_the_first_standard_in_order_that_is_for_the_case(api: Api) -> None:
    set_standard(api, "rest", position=90, target_seconds=900)
    set_standard(api, "by_phone", position=20, target_seconds=600, channels=["phone"])
    set_standard(api, "urgent", position=10, target_seconds=60, severities=["critical"], units=["izmir"])
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "rest"),
        ({"channel": "phone"}, "by_phone"),
        ({"channel": "phone", "severity": "critical"}, "by_phone"),
        ({"channel": "phone", "severity": "critical", "unit": "izmir"}, "urgent"),
    ]
    for members, standard in cases:
        [clock] = clocks_of(api, complain(api, **members))
        assert clock["standard"] == standard


def test_a_unit_and_a_category_stand_for_those_below_them(api: Api) -> None:
    names = {"names": {"en": "One"}}
    for path in ("units/turkey", "complaint-categories/late"):
        assert api.put(
            f"/v1/{path}", json={**names, "kind": "branch"} if "unit" in path else names
        ).is_success
    assert api.put("/v1/units/izmir", json={**names, "kind": "branch", "parent": "turkey"}).is_success
    assert api.put("/v1/complaint-categories/lost", json={**names, "parent": "late"}).is_success
    set_standard(api, "late-ones", categories=["late"], position=1)
    set_standard(api, "of-turkey", units=["turkey"], position=2)
    set_standard(api, "rest", position=3)
    cases = [("izmir", "lost"), ("izmir", "rude"), ("baku", "late"), ("baku", "rude")]
    found = [
        clocks_of(api, complain(api, unit=unit, category=category))[0]["standard"] for unit, category in cases
    ]
    assert found == ["late-ones", "of-turkey", "late-ones", "rest"]


def test_business_time_over_lunch_and_a_weekend(api: Api) -> None:
    api.put("/v1/calendars/office", json=CALENDAR)
    set_standard(api, time="business", calendar="office", target_seconds=8 * 3600)
    [clock] = clocks_of(api, complain(api, "2026-03-06T12:00:00Z"))  # Friday, 15:00 in Istanbul
    assert shown(clock, "due_at", "is_business_time") == ("2026-03-09T12:00:00Z", True)  # Monday, 15:00


def test_a_unit_goes_by_its_own_calendar(api: Api) -> None:
    api.put("/v1/calendars/office", json=CALENDAR)
    api.put("/v1/calendars/weekend", json=CALENDAR | {"weekly": WEEK | {"saturday": OFFICE}})
    unit = {"names": {"en": "Shop"}, "kind": "branch", "calendar": "weekend"}
    answer = api.put("/v1/units/shop", json=unit)
    assert answer.status_code == 201, answer.text
    set_standard(api, time="business", calendar="office")
    for name, due in (("shop", "2026-03-07T06:30:00Z"), ("other", "2026-03-09T06:30:00Z")):
        [clock] = clocks_of(api, complain(api, "2026-03-06T14:30:00Z", unit=name))
        assert clock["due_at"] == due
    assert clock["calendar"] == "office"


def test_waiting_for_the_customer_takes_no_time(api: Api) -> None:
    set_standard(api)
    set_standard(api, "quick_ack", metric="acknowledge")
    complaint_id = complain(api)
    step(api, complaint_id, "waits", f"{MONDAY}T07:30:00Z")
    heard, clock = clocks_of(api, complaint_id)
    assert (heard["metric"], heard["state"]) == ("acknowledge", "running")
    assert shown(clock, "state", "paused_at") == ("paused", f"{MONDAY}T07:30:00Z")
    step(api, complaint_id, "starts", f"{MONDAY}T17:30:00Z")
    clock = clocks_of(api, complaint_id)[1]
    assert shown(clock, "paused_at", "paused_seconds", "due_at") == (None, 36_000.0, f"{MONDAY}T18:00:00Z")
    step(api, complaint_id, "resolutions", f"{MONDAY}T17:50:00Z", resolution="Done.")
    clock = clocks_of(api, complaint_id)[1]
    assert shown(clock, "state", "taken_seconds") == ("met", 3000.0)


def test_reopening_starts_a_new_clock_and_keeps_the_old(api: Api) -> None:
    set_standard(api)
    set_standard(api, "closed", metric="close")
    complaint_id = complain(api)
    step(api, complaint_id, "resolutions", f"{MONDAY}T07:20:00Z", resolution="Done.")
    step(api, complaint_id, "reopenings", f"{MONDAY}T09:00:00Z", reason="It broke again.")
    first, closing, again = clocks_of(api, complaint_id)
    assert shown(first, "number", "metric", "state") == (1, "resolve", "met")
    assert shown(closing, "metric", "ended_at") == ("close", None)
    assert shown(again, "number", "metric", "started_at") == (3, "resolve", f"{MONDAY}T09:00:00Z")
    step(api, complaint_id, "resolutions", f"{MONDAY}T09:20:00Z", resolution="Done.")
    step(api, complaint_id, "closings", f"{MONDAY}T10:00:00Z")
    step(api, complaint_id, "reopenings", f"{MONDAY}T11:00:00Z", reason="Again.")
    assert [clock["metric"] for clock in clocks_of(api, complaint_id) if clock["ended_at"] is None] == [
        "resolve",
        "close",
    ]


def test_a_raised_severity_makes_a_new_clock(api: Api) -> None:
    set_standard(api, "rest", position=90)
    set_standard(api, "urgent", position=10, target_seconds=600, severities=["critical"])
    complaint_id = complain(api, datetime.now(UTC).isoformat())
    path = f"/v1/complaints/{complaint_id}"
    assert api.patch(path, json={"severity": "high"}).status_code == 200  # under the same standard
    assert len(clocks_of(api, complaint_id)) == 1
    assert api.patch(path, json={"severity": "critical"}).status_code == 200
    first, second = clocks_of(api, complaint_id)
    assert shown(first, "standard", "state", "severity") == ("rest", "superseded", "normal")
    assert shown(second, "standard", "state", "severity") == ("urgent", "running", "critical")
    assert api.patch(path, json={"severity": "low"}).status_code == 200
    assert len(clocks_of(api, complaint_id)) == 2


def test_a_changed_standard_never_rewrites_clocks(api: Api) -> None:
    set_standard(api)
    complaint_id = complain(api)
    before = clocks_of(api, complaint_id)
    set_standard(api, target_seconds=60)
    assert clocks_of(api, complaint_id) == before
    step(api, complaint_id, "resolutions", f"{MONDAY}T07:50:00Z", resolution="Done.")
    assert clocks_of(api, complaint_id)[0]["state"] == "met"  # within the hour that it had
    assert clocks_of(api, complain(api))[0]["standard_version"] == 2


def test_standards_are_for_clocks_that_start_when_they_are_valid(api: Api) -> None:
    set_standard(api, valid_from=f"{MONDAY}T07:00:00Z")
    assert len(clocks_of(api, complain(api, f"{MONDAY}T07:00:00Z"))) == 1
    assert clocks_of(api, complain(api, f"{MONDAY}T06:59:59Z")) == []
    set_standard(api, is_active=False, valid_from=f"{MONDAY}T09:00:00Z")
    assert len(clocks_of(api, complain(api, f"{MONDAY}T08:59:59Z"))) == 1
    assert clocks_of(api, complain(api, f"{MONDAY}T09:00:00Z")) == []


def test_a_complaint_with_a_past(api: Api) -> None:
    set_standard(api)
    set_standard(api, "heard", metric="first_response")
    past = {"acknowledged_at": f"{MONDAY}T07:05:00Z", "resolved_at": f"{MONDAY}T08:30:00Z"}
    clocks = clocks_of(api, complain(api, **past, resolution="Done."))
    assert [shown(clock, "metric", "state", "done_at") for clock in clocks] == [
        ("first_response", "met", f"{MONDAY}T07:05:00Z"),
        ("resolve", "broken", f"{MONDAY}T08:30:00Z"),
    ]


def test_what_is_due_for_whom(api: Api, api_with: Any) -> None:
    set_standard(api, target_seconds=50 * 366 * 60)
    soon = complain(api, owner="ayse", unit="izmir")
    later = complain(api, f"{MONDAY}T09:00:00Z", owner="ayse")
    other = complain(api, f"{MONDAY}T08:00:00Z", owner="elvin", unit="baki")
    done = complain(api, owner="ayse")
    step(api, done, "resolutions", f"{MONDAY}T07:20:00Z", resolution="Done.")
    waiting = complain(api, owner="ayse")
    step(api, waiting, "waits", f"{MONDAY}T07:20:00Z")

    def listed(client: Api = api, **query: Any) -> list[str]:
        answer = client.get("/v1/work/due", params=query)
        assert answer.status_code == 200, answer.text
        return [row["complaint_id"] for row in answer.json()["data"]]

    assert listed() == [soon, other, later]
    assert listed(agent="ayse") == [soon, later]
    assert listed(unit="baki") == [other]
    assert listed(metric="close") == []
    first = api.get("/v1/work/due", params={"agent": "ayse", "limit": 1}).json()
    assert listed(agent="ayse", cursor=first["next_cursor"]) == [later]
    step(api, soon, "hand-overs", f"{MONDAY}T08:00:00Z", owner="elvin")
    assert listed(agent="elvin") == [soon, other]
    [row] = api.get("/v1/work/due", params={"unit": "baki"}).json()["data"]
    assert shown(row, "owner", "metric", "state", "clock_number") == ("elvin", "resolve", "running", 1)
    problem(api_with(Scope.CUSTOMERS_READ).get("/v1/work/due"), 403, "insufficient_scope")
    assert listed(api_with(units=("izmir",))) == []


def test_the_ladder_tells_each_thing_once(api: Api, store: Store) -> None:
    rungs = [
        {"after_share": 0.5, "tell": "owner"},
        {"past_due_seconds": 0, "tell": "head"},
        {"past_due_seconds": 60, "tell": "agent", "code": "boss", "changes_owner": True},
        {"past_due_seconds": 10**7, "tell": "unit"},
    ]
    assert api.put("/v1/agents/mehmet", json={"name": "Mehmet"}).status_code == 201
    assert api.put("/v1/agents/boss", json={"name": "Boss"}).status_code == 201
    unit = {"names": {"en": "Izmir"}, "kind": "branch", "head": "mehmet"}
    assert api.put("/v1/units/izmir", json=unit).status_code == 201
    api.put("/v1/escalation-rules/usual", json={"names": {"en": "Usual"}, "rungs": rungs})
    set_standard(api, warn_share=0.75, escalation_rule="usual")
    received = datetime.now(UTC) - timedelta(hours=2)
    complaint_id = complain(api, received.isoformat(), unit="izmir")
    actor = system(Company())
    assert [store.write_sync(escalations.run, actor, 10) for _ in range(3)] == [1, 0, 0]
    [clock] = clocks_of(api, complaint_id)
    assert shown(clock, "state", "rungs_fired") == ("broken", 3)
    assert clock["warned_at"] is not None
    told = [row for row in outbox(store) if row["object_id"] == complaint_id]
    standards = [
        (row["type"], row["data"].get("rung"), row["data"].get("tell"), row["data"].get("code"))
        for row in told
        if row["type"] in ("complaint.standard_warned", "complaint.standard_broken", "complaint.escalated")
    ]
    desk = Company().complaint_owner
    assert sorted(standards, key=str) == [
        ("complaint.escalated", 1, "owner", desk),
        ("complaint.escalated", 2, "head", "mehmet"),
        ("complaint.escalated", 3, "agent", "boss"),
        ("complaint.standard_broken", None, None, None),
        ("complaint.standard_warned", None, None, None),
    ]
    assert api.get(f"/v1/complaints/{complaint_id}").json()["owner"] == "boss"
    assert [row["type"] for row in told].count("complaint.handed_over") == 1
    assert api.get("/v1/work/due", params={"agent": "boss"}).json()["data"][0]["state"] == "broken"


def outbox(store: Store) -> list[dict[str, Any]]:
    return store.read_sync(lambda tx: [dict(row) for row in tx.execute(select(Event.__table__)).mappings()])


def test_a_step_reported_late_counts_by_when_it_happened(api: Api, store: Store) -> None:
    set_standard(api)
    complaint_id = complain(api)
    store.write_sync(escalations.run, system(Company()), 10)
    assert clocks_of(api, complaint_id)[0]["state"] == "broken"
    step(api, complaint_id, "resolutions", f"{MONDAY}T07:40:00Z", resolution="Done.")
    assert shown(clocks_of(api, complaint_id)[0], "state", "broken_at") == ("met", None)


def test_a_transfer_takes_the_clocks_along(api: Api, api_with: Any) -> None:
    set_standard(api)
    complaint_id = complain(api)
    other = api.post("/v1/customers", json={"name": "Elvin", "unit": "baki"}).json()["id"]
    answer = api.post(
        f"/v1/complaints/{complaint_id}/transfers", json={"customer_id": other, "reason": "His."}
    )
    assert answer.status_code == 201, answer.text
    [row] = api_with(units=("baki",)).get("/v1/work/due").json()["data"]
    assert (row["complaint_id"], row["customer_id"]) == (complaint_id, other)


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What is executed on any engine meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        seen.append(text)

    sql_event.listen(Engine, "before_cursor_execute", note)
    yield seen
    sql_event.remove(Engine, "before_cursor_execute", note)


def test_statements_of_a_company_without_standards(api: Api, statements: list[str]) -> None:
    """One more read than without clocks when a complaint comes, and one for a step."""
    complaint_id = complain(api)
    assert sum("FROM standards" in text for text in statements) == 1
    assert not any("complaint_clocks" in text for text in statements)
    statements.clear()
    step(api, complaint_id, "resolutions", f"{MONDAY}T08:00:00Z", resolution="Done.")
    assert not any("standards" in text for text in statements)
    assert sum("complaint_clocks" in text for text in statements) == 1
    statements.clear()
    api.post(f"/v1/complaints/{complaint_id}/notes", json={"note": "Nothing."})
    assert not any("complaint_clocks" in text for text in statements)


def test_a_duplicate_has_no_running_clock_and_starts_again_as_a_case_of_its_own(api: Api) -> None:
    set_standard(api)
    set_standard(api, "answered", metric="acknowledge")
    now = datetime.now(UTC).isoformat()
    leading = complain(api, now)
    repeated = complain(api, now, external_id="again")
    step(api, repeated, "acknowledgements", now)
    link = {"leading_complaint_id": leading}
    assert api.post(f"/v1/complaints/{repeated}/duplicate-links", json=link).status_code == 201
    states = [shown(clock, "metric", "state") for clock in clocks_of(api, repeated)]
    assert sorted(states) == [("acknowledge", "met"), ("resolve", "superseded")]
    assert api.post(f"/v1/complaints/{repeated}/duplicate-link-removals", json={}).status_code == 201
    *before, again = clocks_of(api, repeated)
    assert [shown(clock, "metric", "state") for clock in before] == states
    assert shown(again, "metric", "state") == ("resolve", "running")
