"""Who stops owns nothing any more: complaints go to queues, each with an event, on both databases."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from factories import complaint_body
from sqlalchemy import Connection, func, insert, select, update
from support import Api, problem

from app.domain.common.access import Actor
from app.errors import AppError
from app.jobs.registry import Context
from app.jobs.schedule import deactivate_ended
from app.schemas.people.agents import AgentDeactivation
from app.schemas.people.units import UnitPut
from app.schemas.recovery.events import ComplaintHandOver
from app.services.recovery import owners, releases
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Agent, Complaint, ComplaintEvent, Event
from app.store.types import new_id, now

DESK = "complaints-desk"
CREATED = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}


def unit(api: Api, code: str, **members: Any) -> dict[str, Any]:
    answer = api.put(f"/v1/units/{code}", json={"names": {"en": code}, "kind": "team", **members})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def agent(api: Api, code: str, **members: Any) -> dict[str, Any]:
    answer = api.put(f"/v1/agents/{code}", json={"name": code, **members})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def complaint(api: Api, owner: str, *taken: str) -> str:
    """A complaint of an owner, after some steps; its path."""
    made = api.post("/v1/complaints", json=complaint_body(**CREATED, owner=owner))
    assert made.status_code == 201, made.text
    path = f"/v1/complaints/{made.json()['id']}"
    for step in taken:
        body = {"resolution": "Done."} if step == "resolutions" else {}
        assert api.post(f"{path}/{step}", json=body).status_code == 201
    return path


def test_what_somebody_owns_goes_to_the_queue_of_their_unit(api: Api, store: Store) -> None:
    unit(api, "izmir")
    agent(api, "deniz.u", unit="izmir")
    unit(api, "izmir", head="deniz.u")
    agent(api, "gul.e", unit="izmir")
    fresh, resolved = complaint(api, "deniz.u"), complaint(api, "deniz.u", "resolutions")
    closed = complaint(api, "deniz.u", "resolutions", "closings")
    other = complaint(api, "gul.e")
    before = api.get(fresh).json()
    answer = api.post("/v1/agents/deniz.u/deactivations", json={"note": "On leave."})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["handed_over_complaints"], said["queue"], said["headless_units"]) == (2, "izmir", ["izmir"])
    assert (said["is_active"], said["version"], answer.headers["ETag"]) == (False, 2, '"2"')
    owners = [api.get(path).json()["owner"] for path in (fresh, resolved, closed, other)]
    assert owners == ["izmir", "izmir", "deniz.u", "gul.e"]
    assert api.get(fresh).json() == before | {
        "owner": "izmir",
        "version": 2,
        "updated_at": api.get(fresh).json()["updated_at"],
    }
    last = api.get(f"{fresh}/events").json()["data"][-1]
    said = {name: last[name] for name in ("number", "kind", "state", "owner", "note", "members")}
    assert said == {
        "number": 2,
        "kind": "handed_over",
        "state": "open",
        "owner": "izmir",
        "note": "On leave.",
        "members": ["owner"],
    }
    told = select(Event.object_id, Event.data).where(Event.type == "complaint.handed_over")
    found = store.read_sync(lambda tx: {row[0]: row[1]["state"] for row in tx.execute(told)})
    assert found == {fresh.rpartition("/")[2]: "open", resolved.rpartition("/")[2]: "resolved"}
    assert api.get("/v1/units/izmir").json()["head"] is None
    again = api.post("/v1/agents/deniz.u/deactivations").json()
    assert (again["handed_over_complaints"], again["version"]) == (0, 2)
    problem(api.post("/v1/agents/nobody/deactivations"), 404, "not_found")
    stale = api.post("/v1/agents/gul.e/deactivations", headers={"If-Match": '"9"'})
    problem(stale, 412, "precondition_failed")


def test_the_nearest_active_unit_takes_it_else_the_desk(api: Api) -> None:
    unit(api, "country")
    unit(api, "izmir", parent="country")
    unit(api, "returns", parent="izmir")
    for code in ("a", "b"):
        agent(api, code, unit="returns")
    agent(api, "c")
    unit(api, "izmir", is_active=False)
    unit(api, "returns", is_active=False)
    paths = [complaint(api, "a"), complaint(api, "b"), complaint(api, "c")]
    assert api.post("/v1/agents/a/deactivations").json()["queue"] == "country"
    unit(api, "country", is_active=False)
    assert agent(api, "b", is_active=False)["handed_over_complaints"] == 1
    assert api.post("/v1/agents/c/deactivations").json()["queue"] == DESK
    assert [api.get(path).json()["owner"] for path in paths] == [DESK, DESK, DESK]  # a's went on from country


def test_the_queue_of_a_unit_goes_with_it(api: Api) -> None:
    unit(api, "izmir")
    unit(api, "returns", parent="izmir")
    path = complaint(api, "returns")
    assert unit(api, "returns", kind="branch")["handed_over_complaints"] == 0
    assert unit(api, "returns", is_active=False)["handed_over_complaints"] == 1
    assert api.get(path).json()["owner"] == "izmir"
    assert unit(api, "izmir", is_active=False)["handed_over_complaints"] == 1
    assert api.get(path).json()["owner"] == DESK


def test_a_last_day_that_is_over_is_a_deactivation(api: Api) -> None:
    agent(api, "a")
    path = complaint(api, "a")
    assert agent(api, "a", active_until_on="2026-01-31")["handed_over_complaints"] == 1
    assert api.get(path).json()["owner"] == DESK


def test_a_worker_deactivates_whose_last_day_is_over(
    api: Api, store: Store, settings: Settings, actor: Actor
) -> None:
    today = actor.company.day_of(now())
    unit(api, "izmir")
    agent(api, "a", unit="izmir", active_until_on=str(today))
    agent(api, "b", unit="izmir", active_until_on=str(today))
    path = complaint(api, "a")
    context = Context(store, settings.company, settings)
    assert deactivate_ended(context) is False
    assert api.get("/v1/agents/a").json()["is_active"] is True
    past = update(Agent).where(Agent.code == "a").values(active_until_on=today - timedelta(days=1))
    store.write_sync(lambda tx: tx.execute(past))
    for _ in range(2):
        assert deactivate_ended(context) is False
    assert [api.get(f"/v1/agents/{code}").json()["is_active"] for code in "ab"] == [False, True]
    assert api.get(path).json()["owner"] == "izmir"
    assert [one["actor_id"] for one in api.get(f"{path}/events").json()["data"]][1:] == ["system"]


def many(tx: Connection, customer_id: UUID, owner: str, count: int) -> None:
    """So many open complaints of an owner, with the event that each was received."""
    shared = {
        "version": 1, "customer_id": customer_id, "source": "bulk", "subject": "x", "severity": "normal",
        "our_fault": "unknown", "state": "open", "owner": owner, "received_at": factories.NOON,
        "reopened_count": 0, "recorded_at": factories.NOON, "updated_at": factories.NOON,
    }  # fmt: skip
    rows = [{**shared, "id": new_id(), "number": f"B{place}"} for place in range(count)]
    tx.execute(insert(Complaint), rows)
    event = {
        "number": 1, "customer_id": customer_id, "kind": "received", "state": "open", "owner": owner,
        "actor_id": "system", "at": factories.NOON, "recorded_at": factories.NOON, "data": {},
    }  # fmt: skip
    tx.execute(insert(ComplaintEvent), [{**event, "complaint_id": row["id"]} for row in rows])


def test_ten_thousand_are_handed_over_a_few_at_a_time(
    api: Api, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent(api, "a")
    customer_id = store.write_sync(factories.customer, actor)
    store.write_sync(many, customer_id, "a", 1_203)
    sizes: list[int] = []
    hand_over = releases._hand_over

    def counted(tx: Any, actor: Actor, rows: Any, *more: Any) -> None:
        sizes.append(len(rows))
        hand_over(tx, actor, rows, *more)

    monkeypatch.setattr(releases, "_hand_over", counted)
    released = store.write_sync(releases.deactivate_agent, actor, "a", AgentDeactivation())
    assert (released["handed_over_complaints"], sizes) == (1_203, [500, 500, 203])
    owned = select(Complaint.owner, Complaint.version, func.count()).group_by(
        Complaint.owner, Complaint.version
    )
    assert store.read_sync(lambda tx: [tuple(row) for row in tx.execute(owned)]) == [(DESK, 2, 1_203)]
    events = select(func.count()).where(ComplaintEvent.kind == "handed_over", ComplaintEvent.number == 2)
    assert store.read_sync(lambda tx: tx.execute(events).scalar_one()) == 1_203


def test_hand_overs_that_meet_a_deactivation_leave_nothing_with_the_inactive(
    api: Api, store: Store, actor: Actor
) -> None:
    unit(api, "izmir")
    agent(api, "a", unit="izmir")
    ids = [UUID(complaint(api, "izmir").rpartition("/")[2]) for _ in range(12)]

    def hand_over(tx: Connection, complaint_id: UUID) -> None:
        owners.hand_over(tx, actor, complaint_id, ComplaintHandOver(owner="a"))

    done: list[str] = []

    def give(complaint_id: UUID) -> None:
        try:
            store.write_sync(hand_over, complaint_id)
            done.append("given")
        except AppError as error:
            done.append(error.fields[0].code)

    def stop() -> None:
        store.write_sync(releases.deactivate_agent, actor, "a", AgentDeactivation())
        done.append("stopped")

    tasks = [threading.Thread(target=give, args=(one,)) for one in ids]
    tasks.insert(6, threading.Thread(target=stop))
    for task in tasks:
        task.start()
    for task in tasks:
        task.join(60)
    assert len(done) == 13
    assert set(done) <= {"given", "stopped", "inactive_owner"}
    whose = select(Complaint.owner).where(Complaint.id.in_(ids))
    assert store.read_sync(lambda tx: set(tx.execute(whose).scalars())) == {"izmir"}


def test_two_who_stop_at_once(api: Api, store: Store, actor: Actor) -> None:
    unit(api, "izmir")
    for code in "ab":
        agent(api, code, unit="izmir")
    paths = [complaint(api, code) for code in "ababab"]
    acts = [
        lambda: store.write_sync(releases.deactivate_agent, actor, "a", AgentDeactivation()),
        lambda: store.write_sync(releases.put_unit, actor, "izmir", UnitPut(is_active=False), None),
        lambda: store.write_sync(releases.deactivate_agent, actor, "b", AgentDeactivation()),
    ]
    tasks = [threading.Thread(target=act) for act in acts]
    for task in tasks:
        task.start()
    for task in tasks:
        task.join(60)
    assert {api.get(path).json()["owner"] for path in paths} == {DESK}
