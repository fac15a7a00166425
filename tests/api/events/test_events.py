"""Events as they are listed: order, filters, positions, who sees which, and waiting for the next."""

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update
from support import Api, made, pointers, problem

from app.domain.common.access import Scope
from app.services.events import events as service
from app.store import event_sequence
from app.store.audit import keys as audit_keys
from app.store.engine import Store
from app.store.events import log as event_log
from app.store.tables import Event
from app.store.types import now


def store_of(api: Api) -> Store:
    app: Any = api.client.app
    return app.state.services.store  # type: ignore[no-any-return]


def number(api: Api, settings: Any) -> None:
    """Do what a worker does: give positions to all that was written."""
    store, keys = store_of(api), audit_keys.of_settings(settings)
    assert keys is not None
    while store.write_sync(event_sequence.assign, keys, 1_000).count >= 1_000:
        pass
    store.numbered.ring()


def listed(api: Api, **params: Any) -> dict[str, Any]:
    answer = api.get("/v1/events", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_events_are_listed_in_their_order_without_any_value(api: Api, settings: Any) -> None:
    customer = made(api, "Ayşe Yılmaz")
    assert listed(api)["data"] == []  # it has no position yet
    number(api, settings)
    api.patch(f"/v1/customers/{customer['id']}", json={"name": "Ayşe Demir"})
    number(api, settings)
    page = listed(api)
    first, second = page["data"]
    assert (first["type"], second["type"]) == ("customer.created", "customer.updated")
    assert first["data"] == {
        "id": customer["id"],
        "customer_id": customer["id"],
        "members": [],
        "version": 1,
    }
    assert second["data"]["members"] == ["name", "name_key"] or second["data"]["members"] == ["name"]
    assert second["data"]["version"] == 2
    assert "Demir" not in json.dumps(page)
    assert first["sequence"] < second["sequence"] == page["latest"] == page["next_after"]
    assert page["complete"]


def test_a_list_goes_on_behind_the_position_it_names(api: Api, settings: Any) -> None:
    customers = [made(api, f"Customer {number}")["id"] for number in range(5)]
    number(api, settings)
    seen, after, rounds = [], None, 0
    while rounds < 10:
        rounds += 1
        page = listed(api, limit=2, type="customer.created", **({} if after is None else {"after": after}))
        seen += [event["data"]["id"] for event in page["data"]]
        after = page["next_after"]
        if page["complete"]:
            break
    assert seen == customers
    beyond = listed(api, after=10**9)
    assert (beyond["data"], beyond["next_after"], beyond["complete"]) == ([], 10**9, True)


def test_filters_by_type_and_customer_add_up(api: Api, settings: Any) -> None:
    one, other = made(api, "One")["id"], made(api, "Other")["id"]
    for customer_id in (one, other):
        body = {"customer_id": customer_id, "category": "delivery", "subject": "Late", "channel": "phone"}
        api.post("/v1/complaints", json=body)
    number(api, settings)
    found = listed(api, customer_id=one)["data"]
    assert {event["data"]["customer_id"] for event in found} == {one}
    types = ["complaint.received", "customer.created"]
    assert [event["type"] for event in listed(api, type=types[1:], customer_id=other)["data"]] == types[1:]
    assert listed(api, type=["survey.created"])["data"] == []


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"type": "planet.discovered"}, "type"),
        ({"type": "Customer"}, "type"),
        ({"after": -1}, "after"),
        ({"after": "1_0"}, "after"),
        ({"limit": 201}, "limit"),
        ({"wait": 21}, "wait"),
        ({"before": 3}, "before"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(api: Api, params: dict[str, Any], pointer: str) -> None:
    assert pointers(api.get("/v1/events", params=params)) == [pointer]


def test_positions_that_are_no_longer_kept_are_refused(api: Api, settings: Any) -> None:
    for count in range(4):
        made(api, f"Customer {count}")
        number(api, settings)
    store, positions = store_of(api), [event["sequence"] for event in listed(api)["data"]]
    long_ago = now() - timedelta(days=31)
    store.write_sync(lambda tx: tx.execute(update(Event).values(at=long_ago)))
    assert store.write_sync(event_log.forget, now() - timedelta(days=30), 2) == 2
    refused = problem(api.get("/v1/events", params={"after": positions[0] - 1}), 410, "events_gone")
    assert str(positions[1]) in refused["detail"]
    assert [event["sequence"] for event in listed(api, after=positions[1])["data"]] == positions[2:]
    assert [event["sequence"] for event in listed(api)["data"]] == positions[1:]
    while store.write_sync(event_log.forget, now() - timedelta(days=30), 10):
        pass
    assert [event["sequence"] for event in listed(api)["data"]] == positions[3:]  # the last one stays
    made(api, "Next")
    number(api, settings)
    assert listed(api)["latest"] == positions[3] + 1


def test_a_caller_sees_the_types_of_its_scopes_and_the_customers_of_its_units(
    api: Api, api_with: Callable[..., Api], settings: Any
) -> None:
    izmir, ankara = made(api, "One", unit="izmir")["id"], made(api, "Other", unit="ankara")["id"]
    number(api, settings)
    limited = api_with(*Scope, units=("izmir",))
    assert {event["data"]["customer_id"] for event in listed(limited)["data"]} == {izmir}
    assert listed(limited, customer_id=ankara)["data"] == []
    api.patch(f"/v1/customers/{ankara}", json={"unit": "izmir"})
    assert {event["data"]["customer_id"] for event in listed(limited)["data"]} == {izmir, ankara}
    poor = api_with(Scope.EVENTS_READ, Scope.COMPLAINTS_READ)
    assert listed(poor)["data"] == []
    problem(api_with(Scope.CUSTOMERS_READ).get("/v1/events"), 403, "insufficient_scope")
    internal = listed(api, type=["api_key.created"])["data"]
    assert internal
    assert listed(api_with(Scope.EVENTS_READ), type=["api_key.created"])["data"] == []


def test_a_list_looks_through_some_positions_at_once(
    api: Api, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [made(api, f"Customer {count}") for count in range(5)]
    number(api, settings)
    monkeypatch.setattr(service, "MAX_LOOKED_AT", 2)
    start = listed(api)["latest"] - len(customers)
    page = listed(api, after=start, type="survey.created")
    assert (page["data"], page["next_after"], page["complete"]) == ([], start + 2, False)


def test_waiting_ends_with_the_next_event(api: Api, settings: Any) -> None:
    made(api, "One")
    number(api, settings)
    after = listed(api)["latest"]

    def write() -> None:
        time.sleep(0.3)
        store_of(api).write_sync(_write_event)
        number(api, settings)

    thread = threading.Thread(target=write)
    thread.start()
    page = listed(api, after=after, wait=20)
    thread.join()
    assert [event["type"] for event in page["data"]] == ["customer.left"]
    empty = listed(api, after=page["latest"], wait=1)
    assert (empty["data"], empty["complete"]) == ([], True)


def _write_event(tx: Connection) -> None:
    from app.domain.common.access import system
    from app.domain.common.company import Company
    from app.store.audit import trail

    trail.record(tx, system(Company()), "customer.left", "x")


def test_the_catalogue_lists_every_type(api: Api) -> None:
    types = {entry["type"]: entry for entry in api.get("/v1/event-types").json()["data"]}
    assert types["complaint.resolved"]["scope"] == "complaints:read"
    assert types["job.created"]["is_internal"]
