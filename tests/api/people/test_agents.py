"""Agents: registered by the code that records name them by, on both databases."""

from typing import Any

from factories import complaint_body, interaction_body
from support import Api, pointers, problem

CREATED = {"customer": {"system": "crm", "key": "C-1"}, "create_missing": True}
SECOND = "2026-11-23T09:31:00Z"


def put(api: Api, code: str, **body: Any) -> Any:
    return api.put(f"/v1/agents/{code}", json={"name": "Ayşe Kaya"} | body)


def wrong(answer: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in problem(answer, 422, "validation_failed")["errors"]]


def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    answer = api.get(f"/v1/agents{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def test_an_agent_is_registered_and_changed(api: Api) -> None:
    api.put("/v1/units/izmir", json={"names": {"en": "Izmir"}, "kind": "branch"})
    api.put("/v1/roles/clerk", json={"names": {"en": "Clerk"}})
    given = {
        "name": "Ayşe Kaya",
        "email": "Ayse.K@EXAMPLE.com",
        "unit": "izmir",
        "role": "clerk",
        "languages": ["tr", "az"],
        "skills": ["returns"],
        "active_from_on": "2024-11-01",
        "active_until_on": None,
    }
    new = api.put("/v1/agents/ayse.k", json=given)
    assert (new.status_code, new.headers["ETag"], new.headers["Location"]) == (
        201,
        '"1"',
        "/v1/agents/ayse.k",
    )
    row = new.json()
    assert (row.pop("adopted_records"), row.pop("handed_over_complaints")) == (0, 0)
    assert row.pop("handed_over_promises") == 0
    assert row == {
        "code": "ayse.k",
        "version": 1,
        **given,
        "email": "Ayse.K@example.com",
        "is_active": True,
        "created_at": row["created_at"],
        "updated_at": row["created_at"],
    }
    assert api.get("/v1/agents/ayse.k").json() == row
    [found] = listed(api)
    unseen = {"is_registered": True, "seen_count": None, "last_seen_at": None, "seen_in": []}
    assert found == row | unseen
    assert api.put("/v1/agents/ayse.k", json=given).json()["version"] == 1
    changed = api.put("/v1/agents/ayse.k", json={"email": None, "languages": ["en"]}).json()
    assert (changed["version"], changed["email"], changed["unit"]) == (2, None, "izmir")


def test_what_is_refused(api: Api) -> None:
    assert pointers(api.put("/v1/agents/a", json={})) == ["/name"]
    assert pointers(put(api, "a", email="nobody", languages=["english"])) == ["/email", "/languages/0"]
    assert wrong(put(api, "a", unit="x", role="y")) == [("/unit", "unknown_unit"), ("/role", "unknown_role")]
    days = {"active_from_on": "2026-02-01", "active_until_on": "2026-01-31"}
    assert wrong(put(api, "a", **days)) == [("/active_until_on", "before_start")]
    over = put(api, "a", active_until_on="2026-01-31", is_active=True)
    assert wrong(over) == [("/is_active", "has_ended")]
    problem(api.get("/v1/agents/a"), 404, "not_found")


def test_whose_last_day_is_over_is_inactive(api: Api) -> None:
    assert put(api, "a", active_until_on="2026-01-31").json()["is_active"] is False
    put(api, "b")
    assert api.put("/v1/agents/b", json={"active_until_on": "2026-01-31"}).json()["is_active"] is False
    back = api.put("/v1/agents/b", json={"active_until_on": None, "is_active": True})
    assert (back.status_code, back.json()["is_active"]) == (200, True)


def test_lists_are_filtered(api: Api) -> None:
    api.put("/v1/units/izmir", json={"names": {"en": "Izmir"}, "kind": "branch"})
    api.put("/v1/roles/clerk", json={"names": {"en": "Clerk"}})
    put(api, "a", unit="izmir", languages=["tr", "az"])
    put(api, "b", role="clerk", languages=["en"])
    put(api, "c", active_from_on="2027-06-01", languages=["tr"])
    put(api, "d", is_active=False)

    def codes(query: str) -> list[str]:
        return [row["code"] for row in listed(api, query)]

    assert codes("") == codes("?registered=true") == ["a", "b", "c", "d"]
    assert codes("?unit=izmir") == ["a"]
    assert codes("?role=clerk") == ["b"]
    assert codes("?language=tr") == ["a", "c"]
    assert codes("?active=true") == ["a", "b"]
    assert codes("?active=false") == ["c", "d"]
    assert codes(f"?updated_after={api.get('/v1/agents/c').json()['updated_at']}") == ["d"]


def test_codes_that_nobody_registered(api: Api) -> None:
    contact = {"customer": None, "started_at": "2026-11-23T09:30:00Z"}
    for agent, at in (("ext-7", "2026-11-23T09:30:00Z"), ("ext-7", SECOND), ("ayse.k", SECOND)):
        api.post("/v1/interactions", json=interaction_body(**contact | {"agent": agent, "started_at": at}))
    received = "2026-11-22T08:00:00Z"
    for owner in ("ext-7", "izmir", None):
        body = complaint_body(**CREATED, owner=owner, received_at=received)
        assert api.post("/v1/complaints", json=body).status_code == 201
    nothing = dict.fromkeys(
        (
            "version",
            "name",
            "email",
            "unit",
            "role",
            "active_from_on",
            "active_until_on",
            "created_at",
            "updated_at",
        )
    )
    nothing |= {"languages": [], "skills": [], "is_active": False, "is_registered": False}
    ext = {
        "code": "ext-7",
        **nothing,
        "seen_count": 3,
        "last_seen_at": SECOND,
        "seen_in": [
            {"records": "complaints", "count": 1, "last_at": received},
            {"records": "interactions", "count": 2, "last_at": SECOND},
        ],
    }
    found = listed(api, "?registered=false")
    assert [row["code"] for row in found] == ["ayse.k", "ext-7", "izmir"]  # the desk is a queue
    assert found[1] == ext
    first = api.get("/v1/agents?registered=false&limit=2").json()
    assert [row["code"] for row in first["data"]] == ["ayse.k", "ext-7"]
    rest = listed(api, f"?registered=false&limit=2&cursor={first['next_cursor']}")
    assert [row["code"] for row in rest] == ["izmir"]
    assert api.put("/v1/units/izmir", json={"names": {"en": "Izmir"}, "kind": "team"}).status_code == 201
    adopted = put(api, "ext-7")
    assert (adopted.status_code, adopted.json()["adopted_records"]) == (201, 3)
    assert put(api, "ext-7", email="a@example.com").json()["adopted_records"] == 0
    assert [row["code"] for row in listed(api, "?registered=false")] == ["ayse.k"]


def test_nothing_else_is_known_of_them(api: Api) -> None:
    refused = problem(api.get("/v1/agents?registered=false&unit=a&active=true"), 422, "validation_failed")
    assert [(e["pointer"], e["code"]) for e in refused["errors"]] == [
        ("active", "not_with_unregistered"),
        ("unit", "not_with_unregistered"),
    ]
