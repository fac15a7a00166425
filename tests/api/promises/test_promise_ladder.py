"""What is due, who is warned of it and who gets it, over HTTP, on both databases."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from factories import complaint_body, promise_body
from promise_helpers import history, promised, step, store_of, work
from sqlalchemy import select
from standards_helpers import CALENDAR, set_standard
from support import Api, made, pointers

from app.domain.common.access import Scope
from app.store.tables import Event

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
RUNGS = [
    {"after_share": 0.9, "tell": "owner"},
    {"past_due_seconds": 0, "tell": "unit"},
    {"past_due_seconds": 3600, "tell": "agent", "code": "boss", "changes_owner": True},
]


@pytest.fixture
def clock(api: Api) -> Iterator[Any]:
    """The clock, which stands at noon until it is moved; a standard with a ladder warns of promises."""
    with time_machine.travel(NOON, tick=False) as traveller:
        rule = {"names": {"en": "Usual"}, "rungs": RUNGS}
        assert api.put("/v1/escalation-rules/usual", json=rule).status_code == 201
        set_standard(api, metric="promise", warn_share=0.5, escalation_rule="usual", target_seconds=7200)
        yield traveller


def said(api: Api, promise: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What the events say of a promise, in the order in which it was said."""
    statement = select(Event.type, Event.data).where(Event.object_id == promise["id"]).order_by(Event.id)
    rows = store_of(api).read_sync(lambda tx: tx.execute(statement).all())
    return [(row.type, row.data.get("rung"), row.data.get("code")) for row in rows]


def test_each_rung_is_climbed_once(api: Api, clock: Any) -> None:
    promise = promised(api, due_in_seconds=3600, owner="ayse.k", unit="izmir")
    assert (promise["standard"], promise["warn_at"]) == ("quick", f"{NOON + 30 * MINUTE:%Y-%m-%dT%H:%M:%SZ}")
    seen = []
    for minutes in (29, 31, 40, 55, 61, 100, 121, 500):
        clock.move_to(NOON + minutes * MINUTE)
        work(api)
        work(api)
        seen.append(len(said(api, promise)))
    assert seen == [1, 2, 2, 3, 5, 5, 7, 7]
    assert said(api, promise) == [
        ("promise.made", None, None),
        ("promise.warned", None, None),
        ("promise.escalated", 1, "ayse.k"),
        ("promise.broken", None, None),
        ("promise.escalated", 2, "izmir"),
        ("promise.escalated", 3, "boss"),
        ("promise.handed_over", None, None),
    ]
    read = api.get(f"/v1/promises/{promise['id']}").json()
    assert (read["owner"], read["state"], read["warned_at"] is not None) == ("boss", "overdue", True)
    assert [event["kind"] for event in history(api, promise)] == ["made", "broken", "handed_over"]


def test_many_turns_at_once_leave_one_event_each(api: Api, clock: Any) -> None:
    made_now = [promised(api, due_in_seconds=60) for _ in range(5)]
    clock.move_to(NOON + HOUR)
    while work(api):
        pass
    counted = Counter(event for one in made_now for event in [(one["id"], *said) for said in said(api, one)])
    assert set(counted.values()) == {1}
    assert sum(kind == "promise.broken" for _, kind, *_ in counted) == 5


def test_a_move_that_counts_begins_the_ladder_again(api: Api, clock: Any) -> None:
    promise = promised(api, due_in_seconds=3600)
    clock.move_to(NOON + 50 * MINUTE)
    work(api)
    moved = step(api, promise, "moves", due_in_seconds=3600, customer_agreed=True)
    assert (moved["warned_at"], moved["warn_at"]) == (None, f"{NOON + 80 * MINUTE:%Y-%m-%dT%H:%M:%SZ}")
    clock.move_to(NOON + 81 * MINUTE)
    work(api)
    types = [kind for kind, *_ in said(api, promise)]
    assert types == ["promise.made", "promise.warned", "promise.moved", "promise.warned"]
    clock.move_to(NOON + 112 * MINUTE)
    work(api)
    step(api, promise, "fulfilments", at=f"{NOON + 109 * MINUTE:%Y-%m-%dT%H:%M:%SZ}")
    clock.move_to(NOON + 10 * HOUR)
    assert work(api) == 0


def test_a_promise_without_a_date_has_that_of_its_standard(api: Api, clock: Any) -> None:
    given = promise_body(due_in_seconds=None, create_missing=True)
    promise = api.post("/v1/promises", json=given).json()
    assert promise["due_at"] == f"{NOON + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    set_standard(api, metric="promise", target_seconds=7200, units=["izmir"])
    assert pointers(api.post("/v1/promises", json=given | {"external_id": "x"})) == ["/due_at"]
    set_standard(api, "visits", metric="promise", target_seconds=60, categories=["visit"])
    visit = promised(api, kind="visit", due_in_seconds=None)
    assert (visit["standard"], visit["due_at"]) == ("visits", f"{NOON + MINUTE:%Y-%m-%dT%H:%M:%SZ}")


def test_warnings_count_the_time_of_the_calendar(api: Api, clock: Any) -> None:
    assert api.put("/v1/calendars/office", json=CALENDAR).status_code == 201
    promise = promised(api, due_in_seconds=4 * 3600, calendar="office")  # three hours today, one tomorrow
    assert promise["warn_at"] == f"{NOON + 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"


def test_promises_are_due_beside_complaints(api: Api, api_with: Callable[..., Api], clock: Any) -> None:
    set_standard(api, "solve", metric="resolve", target_seconds=3600)
    body = complaint_body(create_missing=True, owner="ayse.k")
    complaint = api.post("/v1/complaints", json=body).json()
    first = promised(api, due_in_seconds=1800, owner="ayse.k", unit="izmir")
    last = promised(api, due_in_seconds=5400, owner="ayse.k")
    done = promised(api, due_in_seconds=60, owner="ayse.k")
    step(api, done, "fulfilments")
    clock.move_to(NOON + 40 * MINUTE)

    def due(client: Api = api, **query: Any) -> list[tuple[str, str]]:
        rows = client.get("/v1/work/due", params=query).json()["data"]
        return [(row["promise_id"] or row["complaint_id"], row["state"]) for row in rows]

    expected = [(first["id"], "broken"), (complaint["id"], "running"), (last["id"], "running")]
    assert due(agent="ayse.k") == due() == expected
    assert due(unit="izmir") == expected[:1]
    assert due(metric="promise") == [expected[0], expected[2]]
    assert due(metric="resolve") == expected[1:2]
    assert due(agent="elvin.m") == []
    cursor, seen = None, []
    for _ in expected:
        page = api.get("/v1/work/due", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["promise_id"] or row["complaint_id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == ([one for one, _ in expected], None)
    assert due(api_with(Scope.COMPLAINTS_READ)) == expected[1:2]
    assert due(api_with(units=("ankara",))) == []
    [row] = api.get("/v1/work/due", params={"unit": "izmir"}).json()["data"]
    assert (row["metric"], row["text"], row["standard"]) == ("promise", "We call back.", "quick")


def test_what_somebody_promised_is_handed_over_with_their_other_work(api: Api, clock: Any) -> None:
    unit = {"names": {"en": "İzmir"}, "kind": "branch"}
    assert api.put("/v1/units/izmir", json=unit).status_code == 201
    person = {"name": "Ayşe", "unit": "izmir"}
    assert api.put("/v1/agents/ayse.k", json=person).status_code == 201
    promise = promised(api, owner="ayse.k")
    assert promise["owner_kind"] == "agent"
    kept = promised(api, owner="ayse.k")
    step(api, kept, "fulfilments")
    assert pointers(api.post("/v1/promises", json=promise_body(owner="nobody"))) == ["/owner"]
    ended = api.post("/v1/agents/ayse.k/deactivations", json={"note": "Left."})
    assert ended.status_code == 201, ended.text
    assert (ended.json()["handed_over_promises"], ended.json()["queue"]) == (1, "izmir")
    read = api.get(f"/v1/promises/{promise['id']}").json()
    assert (read["owner"], read["owner_kind"], read["version"]) == ("izmir", "queue", 2)
    assert api.get(f"/v1/promises/{kept['id']}").json()["owner"] == "ayse.k"
    assert history(api, promise)[-1]["note"] == "Left."
    address = f"/v1/promises/{promise['id']}/hand-overs"
    assert pointers(api.post(address, json={"owner": "ayse.k"})) == ["/owner"]


@pytest.mark.parametrize("source", ["complaints", "interactions"])
def test_promises_go_with_what_they_came_from(api: Api, source: str) -> None:
    whose, other = made(api)["id"], made(api, unit="baki")["id"]
    body: dict[str, Any] = {"customer_id": whose}
    if source == "complaints":
        body |= {"subject": "Late"}
    else:
        body |= {"channel": "phone", "direction": "inbound", "started_at": "2026-03-01T10:00:00Z"}
    record = api.post(f"/v1/{source}", json=body).json()
    promise = promised(api, customer_id=whose, **{f"{source[:-1]}_id": record["id"]})
    alone = promised(api, customer_id=whose)
    moved = api.post(f"/v1/{source}/{record['id']}/transfers", json={"customer_id": other, "reason": "His."})
    assert moved.status_code == 201, moved.text
    read = api.get(f"/v1/promises/{promise['id']}").json()
    assert (read["customer_id"], read["version"]) == (other, 2)
    assert [event["kind"] for event in history(api, promise)] == ["made", "transferred"]
    assert api.get(f"/v1/promises/{alone['id']}").json() == alone
