"""Something went wrong for many: it is recorded once, complaints join it, and it is learned from."""

from typing import Any
from uuid import uuid4

import pytest
from factories import complaint_body
from support import Api, made, problem

from app.domain.common.access import Scope

DAY = "2026-11-20T{:02}:00:00Z"
BODY = {"title": "Invoices went out twice", "category": "billing", "started_at": DAY.format(6)}
Record = dict[str, Any]


def incident(api: Api, **members: Any) -> Record:
    answer = api.post("/v1/incidents", json={**BODY, **members})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def complaint(api: Api, customer_id: str, **members: Any) -> Record:
    body = complaint_body(customer=None, customer_id=customer_id, **members)
    return dict(api.post("/v1/complaints", json=body).json())


def ids(api: Api, path: str, member: str = "id", **query: Any) -> list[str]:
    """What a list gives, read in pages of two."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = api.get(path, params={**query, "limit": 2, **cursor}).json()
        found += [row[member] for row in page["data"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def test_an_incident_is_recorded_corrected_and_closed(api: Api) -> None:
    new = incident(api, unit="izmir", phase="after", channel="email")
    path = f"/v1/incidents/{new['id']}"
    assert (new["state"], new["version"], new["cause"], new["unit"]) == ("running", 1, None, "izmir")
    problem(api.post(f"{path}/closings"), 409, "incident_running")
    over = api.patch(path, json={"ended_at": DAY.format(8)}, headers={"If-Match": '"1"'})
    assert (over.json()["state"], over.headers["etag"]) == ("ended", '"2"')
    problem(api.patch(path, json={"title": "Late"}, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    problem(api.post(f"{path}/reopenings"), 409, "incident_not_closed")
    closed = api.post(f"{path}/closings", json={"at": DAY.format(9)}).json()
    assert (closed["state"], closed["closed_at"]) == ("closed", DAY.format(9))
    problem(api.post(f"{path}/closings"), 409, "incident_closed")
    problem(api.post(f"{path}/causes", json={"cause": "x", "fault": "us"}), 409, "incident_closed")
    problem(api.patch(path, json={"ended_at": None}), 409, "incident_closed")
    assert api.post(f"{path}/reopenings").json()["state"] == "ended"
    assert api.get(path).json()["version"] == 4
    assert api.get(path, headers={"If-None-Match": '"4"'}).status_code == 304


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"title": " "}, "/title", "string_pattern_mismatch"),
        ({"ended_at": DAY.format(5)}, "/ended_at", "out_of_order"),
        ({"started_at": "2999-01-01T00:00:00Z"}, "/started_at", "instant_range"),
        ({"phase": "later"}, "/phase", "enum"),
        ({"cause": "typed in"}, "/cause", "extra_forbidden"),
    ],
)
def test_what_cannot_be_is_refused(api: Api, members: Record, pointer: str, code: str) -> None:
    refused = problem(api.post("/v1/incidents", json={**BODY, **members}), 422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [(pointer, code)]
    assert api.get("/v1/incidents").json()["data"] == []


def test_the_latest_cause_that_was_told_is_the_incidents(api: Api) -> None:
    path = f"/v1/incidents/{incident(api)['id']}"
    unknown = api.post(f"{path}/causes", json={"cause": "operator", "fault": "us"})
    assert problem(unknown, 422, "validation_failed")["errors"][0]["code"] == "unknown_cause"
    for code in ("operator", "no-lock"):
        api.put(f"/v1/complaint-causes/{code}", json={"names": {"en": code}})
    api.post(f"{path}/causes", json={"cause": "operator", "fault": "us", "at": DAY.format(7)})
    told = api.post(f"{path}/causes", json={"cause": "no-lock", "fault": "supplier", "text": "Theirs."})
    assert (told.status_code, told.json()["cause"], told.json()["fault"]) == (201, "no-lock", "supplier")
    listed = api.get(f"{path}/causes").json()["data"]
    assert [(row["cause"], row["text"]) for row in listed] == [("no-lock", "Theirs."), ("operator", None)]
    assert listed[1]["at"] == DAY.format(7)
    assert ids(api, "/v1/incidents", has_cause="true") == ids(api, "/v1/incidents", cause="no-lock")
    assert ids(api, "/v1/incidents", has_cause="false") == []


def test_an_incident_is_not_closed_before_its_preventions_are_done(api: Api) -> None:
    path = f"/v1/incidents/{incident(api, ended_at=DAY.format(8))['id']}"
    body = {"text": "The run takes a lock.", "responsible": "elvin.m", "due_on": "2026-12-01"}
    first, second = (api.post(f"{path}/preventions", json=body) for _ in range(2))
    mine = first.headers["location"]
    assert (first.status_code, mine) == (201, f"{path}/preventions/{first.json()['id']}")
    assert ids(api, f"{path}/preventions") == [first.json()["id"], second.json()["id"]]
    refused = problem(api.post(f"{path}/closings"), 409, "prevention_not_done")
    assert refused["existing"]["href"] == mine
    early = api.post(f"{mine}/completions", json={"at": DAY.format(5)})
    assert problem(early, 422, "validation_failed")["errors"][0]["pointer"] == "/at"
    stale = api.post(f"{mine}/completions", json={}, headers={"If-Match": '"9"'})
    problem(stale, 412, "precondition_failed")
    done = api.post(f"{mine}/completions", json={"at": DAY.format(9), "text": "Live."}).json()
    assert (done["done_at"], done["done_text"], done["version"]) == (DAY.format(9), "Live.", 2)
    problem(api.post(f"{mine}/completions"), 409, "prevention_done")
    assert api.post(second.headers["location"] + "/completions").status_code == 201
    assert api.post(f"{path}/closings").json()["state"] == "closed"
    problem(api.post(f"{path}/preventions", json=body), 409, "incident_closed")
    problem(api.get(f"{path}/preventions/{uuid4()}"), 404, "not_found")


def test_a_registered_person_sees_to_a_prevention(api: Api) -> None:
    path = f"/v1/incidents/{incident(api)['id']}/preventions"
    api.put("/v1/units/izmir", json={"names": {"en": "Izmir"}, "kind": "branch"})
    for who, code in (("izmir", "not_a_person"), ("nobody", "unknown_owner")):
        refused = api.post(path, json={"text": "A lock.", "responsible": who})
        refused = problem(refused, 422, "validation_failed")
        assert [(each["pointer"], each["code"]) for each in refused["errors"]] == [("/responsible", code)]
    assert ids(api, path) == []


def test_complaints_join_an_incident_and_leave_it(api: Api) -> None:
    one, other = incident(api), incident(api, title="Another")
    ayse = made(api, "Ayşe")["id"]
    first, second, third = (complaint(api, ayse)["id"] for _ in range(3))
    joined = api.post(
        f"/v1/complaints/{first}/incident-links", json={"incident_id": one["id"], "note": "So."}
    )
    assert (joined.status_code, joined.json()["incident_id"], joined.json()["version"]) == (201, one["id"], 2)
    path = f"/v1/incidents/{one['id']}/complaints"
    both = api.post(path, json={"complaint_ids": [second, first, second]})
    assert both.json() == {"incident_id": one["id"], "joined": 1, "already_joined": 1}
    assert sorted(ids(api, "/v1/complaints", incident_id=one["id"])) == sorted([first, second])
    again = api.post(f"/v1/complaints/{first}/incident-links", json={"incident_id": other["id"]})
    assert problem(again, 409, "already_linked")["existing"]["href"] == f"/v1/incidents/{one['id']}"
    elsewhere = api.post(f"/v1/incidents/{other['id']}/complaints", json={"complaint_ids": [third, first]})
    problem(elsewhere, 409, "already_linked")
    unknown = api.post(path, json={"complaint_ids": [third, str(uuid4())]})
    assert problem(unknown, 422, "validation_failed")["errors"][0]["pointer"] == "/complaint_ids/1"
    assert api.get(f"/v1/complaints/{third}").json()["version"] == 1
    left = api.post(f"/v1/complaints/{first}/incident-link-removals", json={"note": "Not this."}).json()
    assert (left["incident_id"], left["version"]) == (None, 3)
    problem(api.post(f"/v1/complaints/{first}/incident-link-removals"), 409, "not_linked")
    events = api.get(f"/v1/complaints/{first}/events").json()["data"]
    assert [(row["kind"], row["note"]) for row in events[1:]] == [
        ("joined_incident", "So."),
        ("left_incident", "Not this."),
    ]
    missing = api.post(f"/v1/complaints/{third}/incident-links", json={"incident_id": str(uuid4())})
    assert problem(missing, 422, "validation_failed")["errors"][0]["code"] == "unknown_incident"


def test_those_whom_an_incident_touched_and_who_kept_silent_are_listed(api: Api) -> None:
    path = f"/v1/incidents/{incident(api)['id']}"
    customers = [
        made(api, name, external_ids=[{"system": "crm", "key": name}])["id"]
        for name in ("silent", "before", "since", "joined", "other")
    ]
    silent, before, since, joined, _ = customers
    complaint(api, before, received_at=DAY.format(5))
    complaint(api, since, received_at=DAY.format(6))
    early = complaint(api, joined, received_at=DAY.format(5))["id"]
    api.post(f"/v1/complaints/{early}/incident-links", json={"incident_id": path.rpartition("/")[2]})
    problem(api.post(f"{path}/customers", json={}), 422, "validation_failed")
    keys = [{"system": "crm", "key": key} for key in ("silent", "before", "nobody")]
    refused = problem(api.post(f"{path}/customers", json={"customers": keys}), 422, "validation_failed")
    assert [one["pointer"] for one in refused["errors"]] == ["/customers/2"]
    assert ids(api, f"{path}/customers", "customer_id") == []
    touched = api.post(f"{path}/customers", json={"customers": keys[:2], "customer_ids": [since, joined]})
    assert (touched.status_code, touched.json()["recorded"]) == (201, 4)
    again = api.post(f"{path}/customers", json={"customer_ids": [silent, before]})
    assert (again.json()["recorded"], again.json()["already_recorded"]) == (0, 2)
    assert ids(api, f"{path}/customers", "customer_id") == sorted([silent, before, since, joined])
    assert ids(api, f"{path}/silent-customers", "customer_id") == sorted([silent, before])


def test_incidents_are_found_by_what_is_known_of_them(api: Api) -> None:
    first = incident(api, product="Kettle", channel="app", phase="during", unit="izmir")["id"]
    second = incident(api, started_at=DAY.format(10), ended_at=DAY.format(11))["id"]
    third = incident(api, category="delivery", started_at=DAY.format(12))["id"]
    api.post(f"/v1/incidents/{second}/closings")
    lists: list[tuple[Record, list[str]]] = [
        ({}, [third, second, first]),
        ({"sort": "started_at"}, [first, second, third]),
        ({"sort": "updated_at"}, [first, third, second]),
        ({"state": "running"}, [third, first]),
        ({"state": ["closed", "running"]}, [third, second, first]),
        ({"state": "ended"}, []),
        ({"category": "delivery"}, [third]),
        ({"product": "Kettle"}, [first]),
        ({"channel": "app"}, [first]),
        ({"phase": "during"}, [first]),
        ({"unit": "izmir"}, [first]),
        ({"started_from": DAY.format(10), "started_before": DAY.format(12)}, [second]),
    ]
    assert [ids(api, "/v1/incidents", **query) for query, _ in lists] == [found for _, found in lists]


def test_a_key_of_units_sees_their_incidents_and_the_companys_and_changes_only_its_own(
    api: Api, api_with: Any
) -> None:
    own, theirs, everybodys = (incident(api, unit=unit)["id"] for unit in ("izmir", "baki", None))
    ayse = made(api, "Ayşe", unit="izmir")["id"]
    leyla = made(api, "Leyla", unit="baki")["id"]
    limited = api_with(Scope.COMPLAINTS_READ, Scope.COMPLAINTS_WRITE, units=("izmir",))
    assert set(ids(limited, "/v1/incidents")) == {own, everybodys}
    problem(limited.get(f"/v1/incidents/{theirs}"), 404, "not_found")
    problem(limited.patch(f"/v1/incidents/{everybodys}", json={"title": "Ours"}), 403, "limited_to_units")
    refused = problem(limited.post("/v1/incidents", json=BODY), 422, "validation_failed")
    assert refused["errors"][0]["code"] == "unit_not_allowed"
    assert incident(limited, unit="izmir")["unit"] == "izmir"
    mine, others = complaint(api, ayse)["id"], complaint(api, leyla)["id"]
    joined = limited.post(f"/v1/incidents/{everybodys}/complaints", json={"complaint_ids": [mine]})
    assert joined.json()["joined"] == 1
    foreign = limited.post(f"/v1/incidents/{own}/complaints", json={"complaint_ids": [others]})
    assert problem(foreign, 422, "validation_failed")["errors"][0]["code"] == "unknown_complaint"
    api.post(f"/v1/incidents/{own}/customers", json={"customer_ids": [ayse, leyla]})
    assert ids(limited, f"/v1/incidents/{own}/customers", "customer_id") == [ayse]
    foreign = limited.post(f"/v1/incidents/{own}/customers", json={"customer_ids": [leyla]})
    assert problem(foreign, 422, "validation_failed")["errors"][0]["pointer"] == "/customer_ids/0"
