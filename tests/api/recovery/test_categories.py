"""Categories and causes of complaints: trees, and what complaints that name them begin with."""

from typing import Any

import pytest
from complaint_lives import agent, category, cause, complaint, refusals, unit
from support import Api, problem

from app.domain.common.access import Scope

CATEGORIES, CAUSES = "/v1/complaint-categories", "/v1/complaint-causes"


def put(api: Api, path: str, **members: Any) -> Any:
    return api.put(path, json=members)


def test_a_category_is_registered_changed_and_read(api: Api) -> None:
    unit(api, "izmir")
    demanded = {"severity": "high", "owner_unit": "izmir", "demanded_steps": ["fix", "apology", "fix"]}
    made = put(api, f"{CATEGORIES}/delivery", names={"en": "Delivery"}, auto_close_days=5, **demanded)
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    row = made.json()
    assert row["demanded_steps"] == ["apology", "fix"]
    assert (row["severity"], row["owner_unit"], row["auto_close_days"], row["is_active"]) == (
        "high",
        "izmir",
        5,
        True,
    )
    assert api.get(f"{CATEGORIES}/delivery").json() == row
    again = put(api, f"{CATEGORIES}/delivery", severity="high")
    assert (again.status_code, again.json()) == (200, row)
    changed = put(api, f"{CATEGORIES}/delivery", severity=None, is_active=False).json()
    assert changed == row | {
        "severity": None,
        "is_active": False,
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert api.get(f"{CATEGORIES}?active=true").json()["data"] == []
    listed = api.get(f"{CATEGORIES}?active=false").json()["data"]
    assert [(one["code"], one["is_registered"], one["seen_count"]) for one in listed] == [
        ("delivery", True, None)
    ]
    stale = api.put(f"{CATEGORIES}/delivery", json={"names": {"en": "x"}}, headers={"If-Match": '"1"'})
    problem(stale, 412, "precondition_failed")


@pytest.mark.parametrize("path", [CATEGORIES, CAUSES])
def test_trees_have_no_circles(api: Api, path: str) -> None:
    names = {"en": "x"}
    assert put(api, f"{path}/a", names=names).status_code == 201
    assert put(api, f"{path}/b", names=names, parent="a").status_code == 201
    assert put(api, f"{path}/c", names=names, parent="b").status_code == 201
    for code, parent in (("a", "a"), ("a", "c"), ("new", "new")):
        refused = put(api, f"{path}/{code}", names=names, parent=parent)
        assert (refused.status_code, refusals(refused)) == (422, [("/parent", "circle")])
    refused = put(api, f"{path}/d", parent="nobody")
    assert refusals(refused) == [("/names", "missing"), ("/parent", "unknown_parent")]
    assert [row["code"] for row in api.get(f"{path}?parent=a").json()["data"]] == ["b"]
    assert [row["code"] for row in api.get(path).json()["data"]] == ["a", "b", "c"]
    problem(api.get(f"{path}/d"), 404, "not_found")


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"owner_unit": "nowhere"}, "/owner_unit", "unknown_unit"),
        ({"owner_unit": "shut"}, "/owner_unit", "inactive_unit"),
        ({"demanded_steps": ["thanks"]}, "/demanded_steps/0", "enum"),
        ({"auto_close_days": -1}, "/auto_close_days", "greater_than_equal"),
        ({"severity": "awful"}, "/severity", "enum"),
    ],
)
def test_what_a_category_cannot_say(api: Api, members: dict[str, Any], pointer: str, code: str) -> None:
    unit(api, "shut", is_active=False)
    refused = put(api, f"{CATEGORIES}/delivery", names={"en": "x"}, **members)
    assert (refused.status_code, refusals(refused)) == (422, [(pointer, code)])
    problem(api.get(f"{CATEGORIES}/delivery"), 404, "not_found")


def test_complaints_begin_with_what_their_category_says(api: Api) -> None:
    unit(api, "izmir")
    agent(api, "ayse.k")
    category(api, "delivery", severity="high", owner_unit="izmir")

    def begun(**members: Any) -> tuple[str, str, str]:
        row = api.get(complaint(api, category="delivery", **members)).json()
        return row["severity"], row["owner"], row["owner_kind"]

    assert begun() == ("high", "izmir", "queue")
    assert begun(severity="low", owner="ayse.k") == ("low", "ayse.k", "agent")
    assert api.get(complaint(api, category="other")).json()["owner"] == "complaints-desk"
    assert put(api, "/v1/units/izmir", is_active=False).status_code == 200
    assert begun() == ("high", "complaints-desk", "queue")


def test_no_new_complaint_has_a_category_that_is_not_active(api: Api) -> None:
    path = complaint(api, category="delivery")
    category(api, "delivery", is_active=False)
    body = {"customer": {"system": "crm", "key": "C-1"}, "subject": "x", "category": "delivery"}
    refused = api.post("/v1/complaints", json=body)
    assert (refused.status_code, refusals(refused)) == (422, [("/category", "inactive_category")])
    other = complaint(api, category="other")
    refused = api.patch(other, json={"category": "delivery"})
    assert (refused.status_code, refusals(refused)) == (422, [("/category", "inactive_category")])
    assert api.patch(path, json={"severity": "low"}).status_code == 200
    assert api.patch(other, json={"category": None}).status_code == 200


def test_categories_that_nobody_registered_are_listed(api: Api) -> None:
    for name, day in (("Delivery", 1), ("Delivery", 3), ("late", 2), ("delivery", 4)):
        complaint(api, category=name, received_at=f"2026-03-0{day}T00:00:00Z")
    complaint(api)
    category(api, "delivery")
    answer = api.get(f"{CATEGORIES}?registered=false&limit=1").json()
    assert answer["has_more"] is True
    more = api.get(f"{CATEGORIES}?registered=false&limit=1&cursor={answer['next_cursor']}").json()
    seen = [*answer["data"], *more["data"]]
    assert [(row["code"], row["seen_count"], row["last_seen_at"]) for row in seen] == [
        ("Delivery", 2, "2026-03-03T00:00:00Z"),
        ("late", 1, "2026-03-02T00:00:00Z"),
    ]
    assert [row["is_registered"] for row in seen] == [False, False]
    assert more["has_more"] is False
    refused = api.get(f"{CATEGORIES}?registered=false&active=true")
    assert (refused.status_code, refusals(refused)) == (422, [("active", "not_with_unregistered")])


def test_settings_need_their_scope(api_with: Any) -> None:
    reader = api_with(Scope.SETTINGS_READ)
    assert reader.get(CATEGORIES).status_code == 200
    assert problem(put(reader, f"{CAUSES}/x", names={"en": "x"}), 403, "insufficient_scope")
    assert api_with(Scope.COMPLAINTS_READ).get(CAUSES).status_code == 403


def test_a_cause_is_registered_and_changed(api: Api) -> None:
    cause(api, "packaging")
    assert put(api, f"{CAUSES}/packaging", is_active=False).json()["version"] == 2
    assert [row["code"] for row in api.get(f"{CAUSES}?active=false").json()["data"]] == ["packaging"]
