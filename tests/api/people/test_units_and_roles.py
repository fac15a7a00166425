"""Units and roles: registered by their code, in a tree without circles, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from support import Api, pointers, problem

from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import AuditEntry

NAMES = {"en": "Izmir", "tr": "İzmir"}


def put(api: Api, path: str, **body: Any) -> Any:
    defaults = {"names": NAMES} | ({"kind": "team"} if path.startswith("units") else {})
    return api.put(f"/v1/{path}", json=defaults | body)


def wrong(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in problem(answer, 422, "validation_failed")["errors"]]


def codes(api: Api, path: str) -> list[str]:
    answer = api.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    return [row["code"] for row in answer.json()["data"]]


def test_a_unit_is_registered_changed_and_left_out_of_use(api: Api, store: Store) -> None:
    new = put(api, "units/izmir", kind="branch")
    assert (new.status_code, new.headers["ETag"], new.headers["Location"]) == (201, '"1"', "/v1/units/izmir")
    row = new.json()
    assert row == {
        "code": "izmir",
        "version": 1,
        "names": NAMES,
        "kind": "branch",
        "parent": None,
        "head": None,
        "calendar": None,
        "is_active": True,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
        "handed_over_complaints": 0,
        "handed_over_promises": 0,
    }
    del row["handed_over_complaints"], row["handed_over_promises"]
    assert api.get("/v1/units/izmir").json() == row
    same = api.put("/v1/units/izmir", json={"names": NAMES, "parent": None})
    assert (same.status_code, same.json()["version"]) == (200, 1)
    changed = api.put("/v1/units/izmir", json={"calendar": "hours", "is_active": False}).json()
    assert (changed["version"], changed["kind"], changed["calendar"]) == (2, "branch", "hours")
    assert changed["is_active"] is False
    entries = store.read_sync(lambda tx: tx.execute(AuditEntry.__table__.select()).mappings().all())
    saved = [(e["object_id"], e["members"]) for e in entries if e["action"] == "unit.saved"]
    assert saved == [("izmir", ["is_active", "kind", "names"]), ("izmir", ["calendar", "is_active"])]


@pytest.mark.parametrize("path", ["units", "roles", "agents"])
def test_versions_and_what_is_not_there(api: Api, path: str) -> None:
    body = {"units": {"names": NAMES, "kind": "team"}, "roles": {"names": NAMES}, "agents": {"name": "A"}}[
        path
    ]
    problem(api.get(f"/v1/{path}/a"), 404, "not_found")
    problem(api.put(f"/v1/{path}/a", json=body, headers={"If-Match": "*"}), 412, "precondition_failed")
    assert api.put(f"/v1/{path}/a", json=body, headers={"If-None-Match": "*"}).status_code == 201
    problem(api.put(f"/v1/{path}/a", json=body, headers={"If-None-Match": "*"}), 412, "precondition_failed")
    assert api.get(f"/v1/{path}/a", headers={"If-None-Match": '"1"'}).status_code == 304
    off = api.put(f"/v1/{path}/a", json={"is_active": False}, headers={"If-Match": '"1"'})
    assert (off.status_code, off.headers["ETag"]) == (200, '"2"')
    problem(api.put(f"/v1/{path}/a", json={}, headers={"If-Match": '"1"'}), 412, "precondition_failed")
    assert codes(api, f"{path}?active=false") == ["a"]
    assert codes(api, f"{path}?active=true") == []


def test_what_a_new_one_needs(api: Api) -> None:
    assert pointers(api.put("/v1/units/a", json={})) == ["/names", "/kind"]
    assert pointers(api.put("/v1/units/a", json={"names": {}, "kind": "shop"})) == ["/names", "/kind"]
    assert pointers(api.put("/v1/roles/a", json={})) == ["/names"]
    assert pointers(api.put("/v1/roles/a", json={"names": NAMES, "scopes": ["all"]})) == ["/scopes/0"]


@pytest.mark.parametrize(
    ("path", "above", "thing"), [("units", "parent", "unit"), ("roles", "reports_to", "role")]
)
def test_nobody_stands_above_themselves(api: Api, path: str, above: str, thing: str) -> None:
    assert wrong(put(api, f"{path}/a", **{above: "a"})) == [(f"/{above}", "circle")]
    assert wrong(put(api, f"{path}/a", **{above: "b"})) == [(f"/{above}", f"unknown_{thing}")]
    for code, upper in (("a", None), ("b", "a"), ("c", "b")):
        assert put(api, f"{path}/{code}", **{above: upper}).status_code == 201
    for upper in ("b", "c"):
        assert wrong(put(api, f"{path}/a", **{above: upper})) == [(f"/{above}", "circle")]
    assert put(api, f"{path}/c", **{above: "a"}).status_code == 200
    assert codes(api, f"{path}?{above}=a") == ["b", "c"]
    put(api, f"{path}/b", is_active=False)
    assert wrong(put(api, f"{path}/d", **{above: "b"})) == [(f"/{above}", f"inactive_{thing}")]
    assert api.get(f"/v1/{path}/a").json()[above] is None


def test_a_head_is_an_active_agent(api: Api) -> None:
    assert wrong(put(api, "units/a", head="ayse.k")) == [("/head", "unknown_agent")]
    api.put("/v1/agents/ayse.k", json={"name": "Ayşe", "is_active": False})
    assert wrong(put(api, "units/a", head="ayse.k")) == [("/head", "inactive_agent")]
    api.put("/v1/agents/ayse.k", json={"is_active": True})
    assert put(api, "units/a", head="ayse.k").status_code == 201
    assert codes(api, "units?head=ayse.k") == ["a"]


def test_codes_name_one_owner(api: Api) -> None:
    put(api, "units/a")
    api.put("/v1/agents/b", json={"name": "B"})
    refused = problem(api.put("/v1/agents/a", json={"name": "A"}), 422, "validation_failed")["errors"]
    assert [(e["pointer"], e["location"], e["code"]) for e in refused] == [("code", "path", "code_taken")]
    assert wrong(put(api, "units/b")) == [("code", "code_taken")]
    assert wrong(api.put("/v1/agents/complaints-desk", json={"name": "A"})) == [("code", "code_taken")]
    assert put(api, "units/complaints-desk").status_code == 201
    desk = api.put("/v1/units/complaints-desk", json={"is_active": False})
    assert wrong(desk) == [("/is_active", "last_resort")]


def test_lists_are_filtered_and_paged(api: Api) -> None:
    for code, kind in (("a", "branch"), ("b", "team"), ("c", "team"), ("A/B", "company")):
        put(api, f"units/{code.replace('/', '%2F')}", kind=kind)
    assert codes(api, "units") == ["A/B", "a", "b", "c"]
    assert codes(api, "units?kind=team") == ["b", "c"]
    first = api.get("/v1/units?limit=3").json()
    assert codes(api, f"units?limit=3&cursor={first['next_cursor']}") == ["c"]
    assert codes(api, f"units?updated_after={api.get('/v1/units/b').json()['updated_at']}") == ["A/B", "c"]
    assert api.get("/v1/units/A%2FB").json()["kind"] == "company"


def test_roles_keep_each_scope_once(api: Api) -> None:
    row = put(api, "roles/clerk", scopes=["jobs:read", "customers:read", "jobs:read"]).json()
    assert row["scopes"] == ["customers:read", "jobs:read"]
    assert api.put("/v1/roles/clerk", json={"scopes": ["jobs:read", "customers:read"]}).json() == row


def test_scopes_and_limits_of_keys(api_with: Callable[..., Api]) -> None:
    reader, izmir = api_with(Scope.PEOPLE_READ), api_with(units=("izmir",))
    for path in ("units", "roles", "agents"):
        assert reader.get(f"/v1/{path}").status_code == izmir.get(f"/v1/{path}").status_code == 200
        problem(reader.put(f"/v1/{path}/a", json={}), 403, "insufficient_scope")
        problem(izmir.put(f"/v1/{path}/a", json={}), 403, "limited_to_units")
    problem(izmir.get("/v1/agents?registered=false"), 403, "limited_to_units")
