"""Promises over HTTP, on both databases: made, kept, late, moved, cancelled, broken by the clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from factories import complaint_body, interaction_body, promise_body
from promise_helpers import history, promised, step, work
from standards_helpers import CALENDAR
from support import Api, made, pointers, problem

from app.domain.common.access import Scope

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)  # a Tuesday, 15:00 in Istanbul
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOBODY = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7fff"


@pytest.fixture
def clock(api: Api) -> Iterator[Any]:
    """The clock, which stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_promise_is_made_and_kept_on_time(api: Api, clock: Any) -> None:
    promise = promised(api, owner="ayse.k", unit="izmir", channel="phone")
    assert promise["state"] == "open"
    assert promise["due_at"] == text(NOON + DAY)
    assert (promise["owner"], promise["owner_kind"], promise["unit"]) == ("ayse.k", "agent", "izmir")
    clock.move_to(NOON + DAY)  # the very instant
    kept = step(api, promise, "fulfilments", note="She has it.")
    assert (kept["state"], kept["is_broken"], kept["kept_at"]) == ("kept", False, text(NOON + DAY))
    assert kept["version"] == 2
    events = history(api, promise)
    assert [(event["kind"], event["state"]) for event in events] == [("made", "open"), ("kept", "kept")]
    assert events[1]["note"] == "She has it."
    assert api.get(f"/v1/promises/{promise['id']}").json() == kept
    problem(api.get(f"/v1/promises/{NOBODY}"), 404, "not_found")
    problem(api.get(f"/v1/promises/{NOBODY}/events"), 404, "not_found")


def test_an_open_promise_is_broken_by_the_clock_and_late_if_kept_afterwards(api: Api, clock: Any) -> None:
    promise = promised(api)
    assert work(api) == 0
    clock.move_to(NOON + DAY + timedelta(seconds=1))
    read = api.get(f"/v1/promises/{promise['id']}").json()
    assert (read["state"], read["is_broken"], read["version"]) == ("overdue", True, 1)  # before any worker
    assert work(api) == 1
    assert work(api) == 0
    late = step(api, promise, "fulfilments")
    assert (late["state"], late["is_broken"], late["version"]) == ("late", True, 3)
    assert [(event["kind"], event["state"]) for event in history(api, promise)] == [
        ("made", "open"),
        ("broken", "overdue"),
        ("kept", "late"),
    ]


def test_a_late_step_says_itself_that_it_was_broken_before(api: Api, clock: Any) -> None:
    promise = promised(api)
    clock.move_to(NOON + 2 * DAY)
    assert step(api, promise, "fulfilments")["version"] == 3
    assert [event["kind"] for event in history(api, promise)] == ["made", "broken", "kept"]
    types = [event["type"] for event in api.get("/v1/events?limit=200").json()["data"]]
    assert types.count("promise.broken") <= 1
    assert work(api) == 0


def test_what_was_kept_in_time_and_recorded_late_was_kept(api: Api, clock: Any) -> None:
    promise = promised(api)
    clock.move_to(NOON + 2 * DAY)
    work(api)
    kept = step(api, promise, "fulfilments", at=text(NOON + HOUR))
    assert (kept["state"], kept["is_broken"]) == ("kept", False)


@pytest.mark.parametrize(
    ("promised_by", "by", "late", "state", "is_broken"),
    [
        ("us", "us", False, "cancelled_by_us", True),
        ("us", "customer", False, "cancelled_by_customer", False),
        ("us", "us", True, "cancelled_by_us", True),
        ("us", "customer", True, "abandoned", True),
        ("customer", "customer", False, "cancelled_by_customer", True),
        ("customer", "us", False, "cancelled_by_us", False),
        ("customer", "us", True, "abandoned", True),
    ],
)
def test_cancellations(
    api: Api, clock: Any, promised_by: str, by: str, late: bool, state: str, is_broken: bool
) -> None:
    promise = promised(api, promised_by=promised_by)
    clock.move_to(NOON + (2 * DAY if late else HOUR))
    cancelled = step(api, promise, "cancellations", by=by)
    assert (cancelled["state"], cancelled["is_broken"]) == (state, is_broken)
    assert cancelled["cancelled_by"] == by
    assert ("broken" in [event["kind"] for event in history(api, promise)]) == late


def test_a_move_counts_only_if_the_customer_agreed_before_the_old_date(api: Api, clock: Any) -> None:
    promise = promised(api)
    later, latest = text(NOON + 2 * DAY), text(NOON + 3 * DAY)
    agreed = step(api, promise, "moves", due_at=later, customer_agreed=True)
    assert (agreed["due_at"], agreed["planned_at"], agreed["moved_count"]) == (later, None, 1)
    unasked = step(api, promise, "moves", due_at=latest, customer_agreed=False)
    assert (unasked["due_at"], unasked["planned_at"], unasked["moved_count"]) == (later, latest, 2)
    moves = [event for event in history(api, promise) if event["kind"] == "moved"]
    told = [(one["old_due_at"], one["new_due_at"], one["customer_agreed"]) for one in moves]
    assert told == [(text(NOON + DAY), later, True), (later, latest, False)]
    clock.move_to(NOON + 2 * DAY + HOUR)
    assert api.get(f"/v1/promises/{promise['id']}").json()["state"] == "overdue"
    too_late = step(api, promise, "moves", due_at=latest, customer_agreed=True)
    assert (too_late["due_at"], too_late["state"]) == (later, "overdue")
    told_late = step(api, promise, "moves", due_at=latest, customer_agreed=True, at=text(NOON + DAY))
    assert (told_late["due_at"], told_late["state"]) == (latest, "open")


def test_a_promise_that_is_finished_takes_no_step(api: Api, clock: Any) -> None:
    promise = promised(api)
    step(api, promise, "fulfilments")
    address = f"/v1/promises/{promise['id']}"
    for name, body in {
        "fulfilments": {},
        "cancellations": {"by": "us"},
        "moves": {"due_in_seconds": 60, "customer_agreed": True},
        "hand-overs": {"owner": "elvin.m"},
    }.items():
        problem(api.post(f"{address}/{name}", json=body), 409, "promise_finished")
    assert api.get(address).json()["version"] == 2


def test_steps_mind_the_version_and_the_time(api: Api, clock: Any) -> None:
    promise = promised(api)
    address = f"/v1/promises/{promise['id']}"
    stale = api.post(f"{address}/fulfilments", json={}, headers={"If-Match": '"7"'})
    problem(stale, 412, "precondition_failed")
    assert pointers(api.post(f"{address}/fulfilments", json={"at": text(NOON - HOUR)})) == ["/at"]
    assert pointers(api.post(f"{address}/fulfilments", json={"at": text(NOON + HOUR)})) == ["/at"]
    assert pointers(api.post(f"{address}/moves", json={"customer_agreed": True})) == [""]
    past = {"due_at": text(NOON - HOUR), "customer_agreed": True}
    assert pointers(api.post(f"{address}/moves", json=past)) == ["/due_at"]
    same = {"due_at": promise["due_at"], "customer_agreed": True}
    assert pointers(api.post(f"{address}/moves", json=same)) == ["/due_at"]
    assert api.get(address).json() == promise
    given = {"Idempotency-Key": "k-1", "If-Match": '"1"'}
    first = api.post(f"{address}/fulfilments", json={}, headers=given)
    again = api.post(f"{address}/fulfilments", json={}, headers=given)
    assert (first.status_code, first.content) == (201, again.content)
    assert first.headers["ETag"] == '"2"'


def test_hand_over(api: Api, clock: Any) -> None:
    promise = promised(api, owner="ayse.k")
    handed = step(api, promise, "hand-overs", owner="elvin.m", unit="baki", note="Nearer.")
    assert (handed["owner"], handed["unit"], handed["agent"]) == ("elvin.m", "baki", None)
    address = f"/v1/promises/{promise['id']}/hand-overs"
    problem(api.post(address, json={"owner": "elvin.m", "unit": "baki"}), 409, "conflict")


def test_due_in_business_time(api: Api, clock: Any) -> None:
    assert api.put("/v1/calendars/office", json=CALENDAR).status_code == 201
    promise = promised(api, due_in_seconds=4 * 3600, calendar="office")
    assert promise["due_at"] == text(NOON + 19 * HOUR)  # three hours today from 15:00, one tomorrow
    unknown = promise_body(calendar="moon", create_missing=True)
    assert pointers(api.post("/v1/promises", json=unknown)) == ["/calendar"]


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"due_in_seconds": None}, "/due_at"),
        ({"due_in_seconds": None, "due_at": "2026-03-10T12:00:00Z"}, "/due_at"),
        ({"due_in_seconds": 60, "due_at": "2026-03-11T12:00:00Z"}, ""),
        ({"due_in_seconds": 60, "made_at": "2026-03-10T11:00:00Z"}, "/due_in_seconds"),
        ({"due_in_seconds": None, "calendar": "office", "due_at": "2026-03-11T12:00:00Z"}, ""),
        ({"due_in_seconds": 0}, "/due_in_seconds"),
        ({"kind": ""}, "/kind"),
        ({"text": None}, "/text"),
        ({"promised_by": "nobody"}, "/promised_by"),
        ({"customer": None, "create_missing": None}, ""),
        ({"complaint_id": NOBODY}, "/complaint_id"),
        ({"interaction_id": NOBODY}, "/interaction_id"),
        ({"made_at": "2026-03-11T12:00:00Z"}, "/made_at"),
    ],
)
def test_what_cannot_be_is_refused(api: Api, clock: Any, members: dict[str, Any], pointer: str) -> None:
    body = promise_body(**{"create_missing": True, **members})
    assert pointers(api.post("/v1/promises", json=body)) == [pointer]
    assert api.get("/v1/promises").json()["data"] == []
    assert api.get("/v1/customers").json()["data"] == []


def test_nothing_is_recorded_twice(api: Api) -> None:
    promise = promised(api, external_id="P-1")
    again = promise_body(external_id="P-1")
    found = problem(api.post("/v1/promises", json=again), 409, "promise_exists")
    assert found["existing"]["id"] == promise["id"]
    unknown = promise_body(customer={"system": "crm", "key": "C-9"})
    problem(api.post("/v1/promises", json=unknown), 422, "unknown_customer")


def test_a_promise_takes_what_its_source_says(api: Api) -> None:
    person = made(api)["id"]
    body = interaction_body(customer=None, customer_id=person, agent="ayse.k", unit="izmir")
    contact = api.post("/v1/interactions", json=body).json()
    promise = promised(api, customer_id=None, interaction_id=contact["id"])
    assert (promise["customer_id"], promise["channel"]) == (person, "phone")
    assert (promise["agent"], promise["owner"], promise["unit"]) == ("ayse.k", "ayse.k", "izmir")
    nobodys = api.post("/v1/interactions", json=interaction_body(customer=None, customer_id=None)).json()
    body = promise_body(customer=None, interaction_id=nobodys["id"])
    assert pointers(api.post("/v1/promises", json=body)) == ["/customer_id"]
    other = promise_body(interaction_id=contact["id"], customer={"system": "crm", "key": "new"})
    other["create_missing"] = True
    assert pointers(api.post("/v1/promises", json=other)) == ["/interaction_id"]


def test_promises_are_made_with_a_contact_or_not_at_all(
    api: Api, api_with: Callable[..., Api], clock: Any
) -> None:
    given = {"kind": "call_back", "text": "We call back.", "due_in_seconds": 60}
    body = interaction_body(
        create_missing=True, agent="ayse.k", started_at=text(NOON), promises=[given, given]
    )
    contact = api.post("/v1/interactions", json=body)
    assert contact.status_code == 201, contact.text
    assert "promises" not in contact.json()
    found = api.get(f"/v1/promises?interaction_id={contact.json()['id']}").json()["data"]
    assert [(one["owner"], one["channel"]) for one in found] == [("ayse.k", "phone")] * 2
    bad = {**body, "external_id": "c-2", "promises": [given, {**given, "due_at": text(NOON)}]}
    assert pointers(api.post("/v1/interactions", json=bad)) == ["/promises/1"]
    bad["promises"][1] = {**given, "due_in_seconds": None, "due_at": text(NOON)}
    assert pointers(api.post("/v1/interactions", json=bad)) == ["/promises/1/due_at"]
    assert len(api.get("/v1/interactions").json()["data"]) == 1
    unable = api_with(Scope.INTERACTIONS_WRITE)
    problem(unable.post("/v1/interactions", json={**body, "external_id": "c-3"}), 403, "insufficient_scope")
    assert len(api.get("/v1/interactions").json()["data"]) == 1
    address = f"/v1/interactions/{contact.json()['id']}"
    wrapped = api.patch(address, json={"wrap_seconds": 30, "promises": [given]})
    assert wrapped.status_code == 200, wrapped.text
    assert len(api.get(f"/v1/promises?interaction_id={contact.json()['id']}").json()["data"]) == 3
    assert api.patch(address, json={"promises": [given]}).json() == wrapped.json()


def test_a_promise_is_a_step_of_a_complaint(api: Api, api_with: Callable[..., Api], clock: Any) -> None:
    body = complaint_body(create_missing=True, unit="izmir", channel="email")
    complaint = api.post("/v1/complaints", json=body).json()
    address = f"/v1/complaints/{complaint['id']}"
    given = {"kind": "refund", "text": "The money is back.", "due_in_seconds": 60, "owner": "ayse.k"}
    after = api.post(f"{address}/promises", json=given, headers={"If-Match": '"1"'})
    assert (after.status_code, after.json()["version"], after.json()["state"]) == (201, 2, "open")
    [promise] = api.get(f"/v1/promises?complaint_id={complaint['id']}").json()["data"]
    assert (promise["customer_id"], promise["channel"]) == (complaint["customer_id"], "email")
    assert (promise["unit"], promise["owner"], promise["made_at"]) == ("izmir", "ayse.k", text(NOON))
    last = api.get(f"{address}/events").json()["data"][-1]
    assert (last["kind"], last["note"]) == ("promised", "The money is back.")
    problem(
        api.post(f"{address}/promises", json=given, headers={"If-Match": '"1"'}), 412, "precondition_failed"
    )
    past = {**given, "due_in_seconds": None, "due_at": text(NOON)}
    assert pointers(api.post(f"{address}/promises", json=past)) == ["/due_at"]
    problem(
        api_with(Scope.COMPLAINTS_WRITE).post(f"{address}/promises", json=given), 403, "insufficient_scope"
    )
    assert api.get(address).json()["version"] == 2


def test_the_list(api: Api, clock: Any) -> None:
    first = promised(api, owner="ayse.k", unit="izmir", kind="refund", due_in_seconds=3600, external_id="P-1")
    second = promised(api, owner="elvin.m", unit="baki", promised_by="customer", kind="payment")
    third = promised(api, owner="ayse.k", due_in_seconds=2 * 86_400)
    clock.move_to(NOON + 2 * HOUR)
    step(api, third, "fulfilments")

    def ids(**query: Any) -> list[str]:
        return [one["id"] for one in api.get("/v1/promises", params=query).json()["data"]]

    one, two, three = first["id"], second["id"], third["id"]
    assert ids() == [one, two, three]
    assert ids(sort="-due_at") == [three, two, one]
    assert ids(sort="updated_at")[-1] == three
    assert ids(owner="ayse.k") == [one, three]
    assert ids(unit="baki") == [two]
    assert ids(kind="refund") == [one]
    assert ids(promised_by="customer") == [two]
    assert ids(state="overdue") == [one]
    assert ids(state=["open", "kept"]) == [two, three]
    assert ids(state=["late", "cancelled_by_us", "cancelled_by_customer", "abandoned"]) == []
    assert ids(due_from=second["due_at"]) == [two, three]
    assert ids(due_before=second["due_at"]) == [one]
    assert ids(customer_id=first["customer_id"]) == [one, two, three]
    assert ids(customer_external_id="crm:C-1") == [one, two, three]
    assert ids(external_id="api:P-1") == [one]
    assert ids(updated_after=text(NOON + HOUR)) == [three]
    assert ids(complaint_id=NOBODY) == ids(interaction_id=NOBODY) == []


def test_rights_and_units(api: Api, api_with: Callable[..., Api]) -> None:
    izmir = promised(api, customer_id=made(api, unit="izmir")["id"])
    reader = api_with(Scope.PROMISES_READ)
    assert reader.get(f"/v1/promises/{izmir['id']}").status_code == 200
    problem(reader.post("/v1/promises", json=promise_body()), 403, "insufficient_scope")
    problem(api_with(Scope.COMPLAINTS_READ).get("/v1/promises"), 403, "insufficient_scope")
    stranger = api_with(units=("ankara",))
    problem(stranger.get(f"/v1/promises/{izmir['id']}"), 404, "not_found")
    problem(stranger.get(f"/v1/promises/{izmir['id']}/events"), 404, "not_found")
    problem(stranger.post(f"/v1/promises/{izmir['id']}/fulfilments", json={}), 404, "not_found")
    assert stranger.get("/v1/promises").json()["data"] == []
    its = api_with(units=("izmir",))
    assert [one["id"] for one in its.get("/v1/promises").json()["data"]] == [izmir["id"]]
    wrong = its.post(f"/v1/promises/{izmir['id']}/hand-overs", json={"owner": "a", "unit": "ankara"})
    assert pointers(wrong) == ["/unit"]
    assert api.get(f"/v1/promises/{izmir['id']}").json() == izmir
