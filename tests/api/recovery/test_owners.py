"""Who answers for a complaint: persons and queues, on both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from complaint_lives import agent, category, complaint, history, refusals, take, unit
from import_helpers import take_in
from support import Api, problem

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.errors import InvalidError
from app.schemas.recovery.complaints import ComplaintCreate
from app.services.recovery import complaints
from app.store.engine import Store

DESK = "complaints-desk"


@pytest.fixture
def people(api: Api) -> Api:
    """Ayşe and Deniz of the unit izmir, Gül of none."""
    unit(api, "izmir")
    agent(api, "ayse.k", unit="izmir")
    agent(api, "deniz.u", unit="izmir")
    agent(api, "gul.e")
    return api


def owner(api: Api, path: str) -> tuple[str, str, bool]:
    row = api.get(path).json()
    return row["owner"], row["owner_kind"], row["accepted_at"] is not None


def test_where_nobody_is_registered_anybody_may_own(api: Api) -> None:
    path = complaint(api, owner="somebody")
    assert owner(api, path) == ("somebody", "agent", False)
    assert take(api, path, "hand-overs", owner="else").status_code == 201
    assert owner(api, path) == ("else", "agent", False)
    assert take(api, path, "hand-overs", owner=DESK).status_code == 201
    assert owner(api, path) == (DESK, "queue", False)


def test_who_is_registered_and_active_may_own(people: Api) -> None:
    assert owner(people, complaint(people, owner="ayse.k")) == ("ayse.k", "agent", False)
    assert owner(people, complaint(people, owner="izmir")) == ("izmir", "queue", False)
    path = complaint(people)
    assert owner(people, path) == (DESK, "queue", False)
    agent(people, "gone", is_active=False)
    for name, code in (("nobody", "unknown_owner"), ("gone", "inactive_owner")):
        refused = take(people, path, "hand-overs", owner=name)
        assert (refused.status_code, refusals(refused)) == (422, [("/owner", code)])
    batch = {
        "items": [
            {"subject": "x", "owner": name, "customer": {"system": "crm", "key": "C-1"}}
            for name in ("ayse.k", "nobody", "gone")
        ]
    }
    answer = people.post("/v1/complaints/batch?partial=true", json=batch).json()["data"]
    assert [one["complaint"] is not None for one in answer] == [True, False, False]
    assert len(history(people, path)) == 1


def test_a_file_keeps_the_owners_and_categories_it_names(people: Api, store: Store, actor: Actor) -> None:
    category(people, "old", is_active=False)
    body = {"customer": {"system": "crm", "key": "C-9"}, "create_missing": True, "subject": "x"}
    item = ComplaintCreate.model_validate({**body, "owner": "nobody", "category": "old"})
    [refused] = store.write_sync(complaints.create_many, actor, [item])
    assert isinstance(refused, InvalidError)
    assert [error.pointer for error in refused.fields] == ["/category", "/owner"]
    columns = {
        name: name for name in ("external_id", "customer_key", "received_at", "subject", "owner", "category")
    }
    read = {"kind": "complaints", "source": "desk", "customer_system": "crm", "time_zone": "UTC"}
    mapping = Mapping.from_dict({**read, "create_missing": True, "columns": columns})
    file = ",".join(columns) + "\n1,C-9,2026-03-10,x,nobody,old\n2,C-9,2026-03-10,x,izmir,\n"
    assert take_in(store, actor, file.encode(), mapping)["rows_refused"] == 0
    found = people.get("/v1/complaints?customer_external_id=crm:C-9").json()["data"]
    assert sorted((row["owner"], row["owner_kind"], row["category"]) for row in found) == [
        ("izmir", "queue", None),
        ("nobody", "agent", "old"),
    ]


def test_who_records_what_they_own_has_accepted_it(people: Api) -> None:
    path = complaint(people, owner="ayse.k")
    assert owner(people, path)[2] is False
    body = {"customer": {"system": "crm", "key": "C-1"}, "subject": "x", "owner": "ayse.k"}
    own = people.post("/v1/complaints", json=body, headers={"Vefa-Agent": "ayse.k"}).json()
    assert own["accepted_at"] == own["recorded_at"]


def test_a_hand_over_is_accepted_by_the_person_it_names(people: Api) -> None:
    path = complaint(people)
    take(people, path, "hand-overs", owner="ayse.k")
    problem(take(people, path, "acceptances"), 403, "agent_needed")
    problem(take(people, path, "acceptances", by="gul.e"), 409, "not_yours")
    problem(take(people, path, "acceptances", by="nobody"), 403, "unknown_agent")
    assert owner(people, path) == ("ayse.k", "agent", False)
    accepted = take(people, path, "acceptances", by="ayse.k")
    assert accepted.status_code == 201
    assert owner(people, path) == ("ayse.k", "agent", True)
    problem(take(people, path, "acceptances", by="ayse.k"), 409, "already_accepted")
    problem(take(people, path, "returns", by="ayse.k"), 409, "already_accepted")
    assert [event["kind"] for event in history(people, path)] == ["received", "handed_over", "accepted"]
    last = history(people, path)[-1]
    assert (last["agent"], last["owner"], last["owner_kind"]) == ("ayse.k", "ayse.k", "agent")


def test_a_return_gives_it_back_to_who_had_it(people: Api) -> None:
    path = complaint(people, owner="ayse.k")
    take(people, path, "acceptances", by="ayse.k")
    take(people, path, "hand-overs", owner="gul.e")
    problem(take(people, path, "returns", by="ayse.k"), 409, "not_yours")
    returned = take(people, path, "returns", by="gul.e", note="Not mine.")
    assert returned.status_code == 201
    assert owner(people, path) == ("ayse.k", "agent", True)
    problem(take(people, path, "returns", by="ayse.k"), 409, "already_accepted")
    assert history(people, path)[-1]["note"] == "Not mine."


def test_a_return_to_who_stopped_goes_to_a_queue(people: Api) -> None:
    path = complaint(people, owner="ayse.k", unit="izmir")
    take(people, path, "hand-overs", owner="gul.e")
    assert people.post("/v1/agents/ayse.k/deactivations", json={}).status_code == 201
    assert take(people, path, "returns", by="gul.e").status_code == 201
    assert owner(people, path) == ("izmir", "queue", False)


def test_one_that_begins_with_a_person_returns_to_the_queue_of_that_unit(people: Api) -> None:
    path = complaint(people, owner="deniz.u")
    assert take(people, path, "returns", by="deniz.u").status_code == 201
    assert owner(people, path) == ("izmir", "queue", False)
    path = complaint(people, owner="gul.e")
    assert take(people, path, "returns", by="gul.e").status_code == 201
    assert owner(people, path) == (DESK, "queue", False)


def test_claim_and_release(people: Api) -> None:
    path = complaint(people, owner="izmir")
    problem(take(people, path, "claims"), 403, "agent_needed")
    claimed = take(people, path, "claims", by="gul.e")
    assert (claimed.status_code, owner(people, path)) == (201, ("gul.e", "agent", True))
    for person in ("gul.e", "ayse.k"):
        said = problem(take(people, path, "claims", by=person), 409, "already_owned")
        assert said["detail"] == "The complaint is not in a queue any more: gul.e owns it."
    problem(take(people, path, "releases", by="ayse.k"), 409, "not_yours")
    assert take(people, path, "releases", by="gul.e", note="On leave.").status_code == 201
    assert owner(people, path) == (DESK, "queue", False)
    stale = people.post(f"{path}/claims", json={}, headers={"Vefa-Agent": "ayse.k", "If-Match": '"1"'})
    problem(stale, 412, "precondition_failed")
    assert [event["kind"] for event in history(people, path)] == ["received", "claimed", "released"]


def test_queues_are_found(people: Api) -> None:
    waiting, owned = complaint(people, owner="izmir"), complaint(people, owner="ayse.k")
    found = people.get("/v1/complaints?owner_kind=queue&owner=izmir").json()["data"]
    assert [f"/v1/complaints/{row['id']}" for row in found] == [waiting]
    found = people.get("/v1/complaints?owner_kind=agent").json()["data"]
    assert [f"/v1/complaints/{row['id']}" for row in found] == [owned]


def test_of_fifty_claims_at_once_one_gets_it(api: Api) -> None:
    people = [f"agent-{number}" for number in range(50)]
    for name in people:
        agent(api, name)
    path = complaint(api)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda name: take(api, path, "claims", by=name), people))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 49}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"already_owned"}
    [winner] = [answer.json()["owner"] for answer in answers if answer.status_code == 201]
    assert owner(api, path) == (winner, "agent", True)
    assert [event["kind"] for event in history(api, path)] == ["received", "claimed"]
