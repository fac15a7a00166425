"""Measurements of competitors over HTTP, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from support import Api, pointers, problem

from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import AuditEntry
from app.store.types import now

PATH = "/v1/competitor-measurements"


def body(**members: Any) -> dict[str, Any]:
    """What to send to record that a panel found 66.2 points for a competitor; None leaves a member out."""
    given = {
        "source": "Panel, autumn",
        "external_id": uuid4().hex,
        "competitor": "Ev Dünyası",
        "index": "composite",
        "value": 66.2,
        "measured_on": "2026-10-15",
        **members,
    }
    return {name: value for name, value in given.items() if value is not None}


def actions(store: Store) -> list[tuple[str, list[str]]]:
    wanted = AuditEntry.action.startswith("competitor_measurement.")
    statement = select(AuditEntry.action, AuditEntry.members).where(wanted).order_by(AuditEntry.at)
    return store.read_sync(lambda tx: [tuple(row) for row in tx.execute(statement)])


def test_one_is_recorded_corrected_read_and_removed(api: Api, store: Store) -> None:
    sent = body(n=412, sd=17.5, expectation_mean=64.8)
    made = api.post(PATH, json=sent)
    row = made.json()
    one = f"{PATH}/{row['id']}"
    assert (made.status_code, made.headers["Location"], made.headers["ETag"]) == (201, one, '"1"')
    assert {name: row[name] for name in sent} == sent
    assert (row["low"], row["high"], row["version"]) == (None, None, 1)
    assert api.get(one).json() == row
    patched = api.patch(one, json={"n": 415, "sd": None, "low": 64.0, "high": 68.0})
    assert (patched.status_code, patched.headers["ETag"]) == (200, '"2"')
    changed = {"n": 415, "sd": None, "low": 64.0, "high": 68.0, "version": 2}
    assert patched.json() == {**row, **changed, "updated_at": patched.json()["updated_at"]}
    assert api.get(one).json() == patched.json()
    assert api.patch(one, json={"n": 415}).json() == patched.json()
    assert api.delete(one).status_code == 204
    problem(api.get(one), 404, "not_found")
    problem(api.delete(one), 404, "not_found")
    problem(api.patch(one, json={"n": 1}), 404, "not_found")
    assert actions(store) == [
        ("competitor_measurement.recorded", []),
        ("competitor_measurement.updated", ["high", "low", "n", "sd"]),
        ("competitor_measurement.deleted", []),
    ]


def test_a_change_is_meant_for_a_version(api: Api) -> None:
    made = api.post(PATH, json=body())
    one, tag = made.headers["Location"], made.headers["ETag"]
    assert api.get(one, headers={"If-None-Match": tag}).status_code == 304
    assert api.patch(one, json={"value": 70}, headers={"If-Match": tag}).status_code == 200
    problem(api.patch(one, json={"value": 71}, headers={"If-Match": tag}), 412, "precondition_failed")
    problem(api.delete(one, headers={"If-Match": tag}), 412, "precondition_failed")
    assert api.get(one).json()["value"] == 70


def test_nothing_is_recorded_twice(api: Api) -> None:
    sent = body(external_id="W-3")
    assert api.post(PATH, json=sent).status_code == 201
    problem(api.post(PATH, json=sent), 409, "measurement_exists")
    assert api.post(PATH, json={**sent, "source": "Another panel"}).status_code == 201
    without = body(external_id=None)
    assert [api.post(PATH, json=without).status_code for _ in range(2)] == [201, 201]
    key = {"Idempotency-Key": uuid4().hex}
    first, again = (api.post(PATH, json=body(external_id="W-4"), headers=key) for _ in range(2))
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.content == first.content
    assert len(api.get(PATH).json()["data"]) == 5


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"index": "csat", "value": 78}, ["/value"]),
        ({"index": "csat", "value": -0.01}, ["/value"]),
        ({"index": "nps", "value": -100.5}, ["/value"]),
        ({"index": "composite", "value": 100.1}, ["/value"]),
        ({"index": "composite", "value": 1e9}, ["/value"]),
        ({"value": "66"}, ["/value"]),
        ({"value": True}, ["/value"]),
        ({"value": None}, ["/value"]),
        ({"index": "happiness"}, ["/index"]),
        ({"n": 0}, ["/n"]),
        ({"n": 1.5}, ["/n"]),
        ({"n": 2**31}, ["/n"]),
        ({"sd": 0}, ["/sd"]),
        ({"low": 60}, ["/high"]),
        ({"high": 70}, ["/low"]),
        ({"low": 67, "high": 70}, ["/low"]),
        ({"low": 60, "high": 66}, ["/high"]),
        ({"expectation_mean": 101}, ["/expectation_mean"]),
        ({"source": " "}, ["/source"]),
        ({"source": None}, ["/source"]),
        ({"competitor": "\u0000"}, ["/competitor"]),
        ({"measured_on": "2026-02-30"}, ["/measured_on"]),
        ({"measured_on": "2026-10-15T00:00:00Z"}, ["/measured_on"]),
        ({"scale": 5}, ["/scale"]),
    ],
)
def test_what_cannot_be_is_refused(api: Api, members: dict[str, Any], wrong: list[str]) -> None:
    assert pointers(api.post(PATH, json=body(**members))) == wrong
    assert api.get(PATH).json()["data"] == []


def test_a_day_in_the_future_is_refused(api: Api) -> None:
    ahead = (now().date() + timedelta(days=2)).isoformat()
    refused = problem(api.post(PATH, json=body(measured_on=ahead)), 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [("/measured_on", "in_future")]
    one = api.post(PATH, json=body()).headers["Location"]
    assert pointers(api.patch(one, json={"measured_on": ahead})) == ["/measured_on"]


def test_a_patch_is_judged_with_what_it_leaves(api: Api) -> None:
    one = api.post(PATH, json=body(low=64, high=68)).headers["Location"]
    assert pointers(api.patch(one, json={"value": 70})) == ["/high"]
    assert pointers(api.patch(one, json={"low": None})) == ["/low"]
    assert pointers(api.patch(one, json={"index": "csat"})) == ["/value"]
    for fixed in ("source", "external_id", "id", "version"):
        assert pointers(api.patch(one, json={fixed: "x"})) == [f"/{fixed}"]
    for member in ("value", "competitor", "index", "measured_on"):
        assert pointers(api.patch(one, json={member: None})) == [f"/{member}"]
    csat = {"index": "csat", "value": 0.5, "low": None, "high": None}
    assert api.patch(one, json=csat).status_code == 200
    assert api.get(one).json()["version"] == 2


def test_every_index_can_be_measured(api: Api) -> None:
    for index, value in (
        ("csat", 1),
        ("nps", -100),
        ("ces", 0),
        ("composite", 100),
        ("expectation", 101.5),
        ("culture", 50),
    ):
        row = api.post(PATH, json=body(index=index, value=value)).json()
        assert (row["index"], row["value"]) == (index, value)


def test_lists_are_filtered_and_paged(api: Api) -> None:
    items = [
        body(external_id=f"W-{day}", competitor=name, measured_on=f"2026-10-{day:02}", index=index, value=1)
        for day, (name, index) in enumerate(
            [("Ev Dünyası", "csat"), ("EV DÜNYASI", "nps"), ("Yuva", "csat"), ("Yuva", "nps")], start=1
        )
    ]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201

    def found(query: str) -> list[str]:
        keys: list[str] = []
        path = f"{PATH}?limit=2&{query}"
        while path:
            answer = api.get(path)
            keys += [row["external_id"] for row in answer.json()["data"]]
            path = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
        return keys

    assert found("") == ["W-4", "W-3", "W-2", "W-1"]
    assert found("sort=measured_on") == ["W-1", "W-2", "W-3", "W-4"]
    assert sorted(found("sort=updated_at")) == ["W-1", "W-2", "W-3", "W-4"]
    assert found("competitor=ev dunyasi") == ["W-2", "W-1"]
    assert found("index=csat") == ["W-3", "W-1"]
    assert found("measured_from=2026-10-02&measured_before=2026-10-04") == ["W-3", "W-2"]
    assert found("external_id=W-3&source=Panel, autumn") == ["W-3"]
    assert found("source=Panel") == []
    assert found("updated_after=2026-01-01T00:00:00Z&competitor=yuva") == ["W-4", "W-3"]
    assert api.get(f"{PATH}?name=Yuva").status_code == 422


def test_a_batch_is_whole_or_partial(api: Api) -> None:
    items = [body(external_id="A"), body(external_id="A"), body(value=101), body(index="x"), body()]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 422
    assert api.get(PATH).json()["data"] == []
    answer = api.post(f"{PATH}/batch?partial=true", json={"items": items})
    assert answer.status_code == 207
    rows = answer.json()["data"]
    assert [row["status"] for row in rows] == [201, 409, 422, 422, 201]
    assert rows[1]["problem"]["code"] == "measurement_exists"
    assert rows[0]["measurement"]["external_id"] == "A"
    assert len(api.get(PATH).json()["data"]) == 2


def test_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.COMPETITORS_READ), api_with(Scope.COMPETITORS_WRITE)
    problem(reader.post(PATH, json=body()), 403, "insufficient_scope")
    one = writer.post(PATH, json=body()).headers["Location"]
    problem(writer.get(one), 403, "insufficient_scope")
    assert reader.get(one).status_code == 200
    problem(reader.patch(one, json={"n": 5}), 403, "insufficient_scope")
    problem(reader.delete(one), 403, "insufficient_scope")
