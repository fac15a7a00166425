"""One customer over HTTP, on both databases: recording, reading, changing, leaving and coming back."""

from typing import Any
from uuid import UUID

import pytest
from support import Api, made, phone, pointers, problem

URL = "/v1/customers"
EVERYTHING = {
    "kind": "organisation",
    "name": "Işık Ticaret A.Ş.",
    "given_name": "Ayşe",
    "family_name": "Işık",
    "language": "az",
    "born_on": "1990-04-23",
    "customer_since_on": "2024-09-01",
    "contact_points": [
        {"kind": "phone", "value": "0532 123 45 67", "primary": True, "verified": True},
        {"kind": "email", "value": "Ayse.Isik@EXAMPLE.com"},
        {"kind": "social", "value": "@isik", "network": "instagram"},
    ],
    "external_ids": [{"system": "crm", "key": "C-1"}, {"system": "shop", "key": "ş 1"}],
    "preferred_channel": "phone",
    "preferred_hours": {"start": "09:00", "end": "12:00"},
    "do_not_contact": ["email", "visit"],
    "contract": {"started_on": "2025-03-01", "ends_on": "2027-02-28", "notice_given_on": "2026-01-05"},
    "unit": "izmir",
    "tags": ["vip", "kulüp"],
    "attributes": {"city": "İzmir", "newsletter": True, "floor": -2, "share": 0.25, "note": ""},
    "lifecycle": "left",
    "left_on": "2026-02-01",
    "left_reason": "price",
}


# --- recording and reading


def test_a_new_customer_needs_a_name_only(api: Api) -> None:
    answer = api.post(URL, json={"name": "  Ayşe Yılmaz "})
    row = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{URL}/{row['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert UUID(row["id"]).version == 7
    assert row["created_at"] == row["updated_at"]
    assert {name: row[name] for name in ("name", "kind", "lifecycle", "version")} == {
        "name": "Ayşe Yılmaz",
        "kind": "person",
        "lifecycle": "active",
        "version": 1,
    }
    assert [row[name] for name in ("contact_points", "external_ids", "tags", "attributes")] == [
        [],
        [],
        [],
        {},
    ]
    assert [
        row[name] for name in ("tier", "value", "next_tier_distance", "near_threshold", "scored_as_of")
    ] == [None] * 5


def test_everything_said_of_a_customer_is_read_back(api: Api) -> None:
    row = made(api, **EVERYTHING)
    points = [{key: value for key, value in point.items() if key != "id"} for point in row["contact_points"]]
    assert points == [
        {
            "kind": "phone",
            "value": "+905321234567",
            "extension": None,
            "network": None,
            "primary": True,
            "verified": True,
        },
        {
            "kind": "email",
            "value": "Ayse.Isik@example.com",
            "extension": None,
            "network": None,
            "primary": False,
            "verified": False,
        },
        {
            "kind": "social",
            "value": "isik",
            "extension": None,
            "network": "instagram",
            "primary": False,
            "verified": False,
        },
    ]
    same = {key: value for key, value in EVERYTHING.items() if key != "contact_points"}
    assert {key: row[key] for key in same} == same
    assert list(row["attributes"]) == list(EVERYTHING["attributes"])  # in the order they were sent
    assert api.get(f"{URL}/{row['id']}").json() == row
    for entry in row["external_ids"]:
        found = api.get(f"{URL}/by-external-id/{entry['system']}/{entry['key']}")
        assert (found.status_code, found.json()) == (200, row)


@pytest.mark.parametrize(
    "spelling",
    [
        "0532 123 45 67",
        "+90 (532) 123-45-67",
        "00905321234567",
        "5321234567",
        "tel:+90-532-123-45-67",
        "０５３２1234567",
    ],
)
def test_a_phone_number_is_kept_as_e164_from_any_spelling(api: Api, spelling: str) -> None:
    row = made(api, contact_points=[phone(spelling)])
    assert row["contact_points"][0]["value"] == "+905321234567"
    assert [found["id"] for found in api.get(URL, params={"phone": spelling}).json()["data"]] == [row["id"]]


def test_a_national_number_may_be_turkish_or_azerbaijani(api: Api) -> None:
    assert made(api, contact_points=[phone("050 123 45 67")])["contact_points"][0]["value"] == "+994501234567"


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " \u2003 "}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"nmae": "typo"}, "/nmae"),
        ({"contact_points": [phone("123")]}, "/contact_points/0/value"),
        ({"contact_points": [{"kind": "email", "value": "a@b"}]}, "/contact_points/0/value"),
        ({"contact_points": [{"kind": "social", "value": "@", "network": "x"}]}, "/contact_points/0/value"),
        ({"contact_points": [{"kind": "social", "value": "a"}]}, "/contact_points/0"),
        ({"contact_points": [phone("0532 123 45 67", network="x")]}, "/contact_points/0"),
        ({"contact_points": [phone("0532 123 45 67", verified="yes")]}, "/contact_points/0/verified"),
        ({"contact_points": [phone("0532 123 45 67"), phone("+905321234567")]}, "/contact_points/1"),
        ({"contact_points": [phone("05321234567", primary=True), phone("05321234568", primary=True)]}, ""),
        ({"external_ids": [{"system": "a", "key": "1"}, {"system": "a", "key": "1"}]}, "/external_ids"),
        ({"external_ids": [{"system": "a:b", "key": "1"}]}, "/external_ids/0/system"),
        ({"lifecycle": "left"}, ""),
        ({"left_on": "2026-01-01"}, ""),
        ({"born_on": "1899-12-31"}, "/born_on"),
        ({"born_on": "2026-02-30"}, "/born_on"),
        ({"attributes": {"Big": 1}}, "/attributes/Big/[key]"),
        ({"attributes": {f"a{number}": 1 for number in range(51)}}, "/attributes"),
        ({"tags": ["x"] * 51}, "/tags"),
        ({"language": "tur"}, "/language"),
        ({"preferred_hours": {"start": "24:00", "end": "25:00"}}, "/preferred_hours/start"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_stored(
    api: Api, members: dict[str, Any], pointer: str
) -> None:
    assert pointer in pointers(api.post(URL, json={"name": "Ayşe", **members}))
    assert api.get(URL).json()["data"] == []


@pytest.mark.parametrize("value", ["1\n", "9" * 501, None, [], {}, 2**53 + 1, 1e16])
def test_an_attribute_is_a_short_text_a_number_or_a_boolean(api: Api, value: Any) -> None:
    assert all(
        found.startswith("/attributes/a")
        for found in pointers(api.post(URL, json={"name": "A", "attributes": {"a": value}}))
    )


def test_the_read_answers_304_to_whoever_has_this_version(api: Api) -> None:
    row = made(api, external_ids=[{"system": "crm", "key": "C-1"}])
    for path in (f"{URL}/{row['id']}", f"{URL}/by-external-id/crm/C-1"):
        for held in ('"1"', 'W/"1"', '"7", "1"', "*"):
            answer = api.get(path, headers={"If-None-Match": held})
            assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"1"')
        assert api.get(path, headers={"If-None-Match": '"2"'}).status_code == 200
        assert api.head(path).headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    "path",
    ["/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10", "/by-external-id/crm/nobody", "/by-external-id/crm/%C5%9F"],
)
def test_what_is_not_there_is_404(api: Api, path: str) -> None:
    problem(api.get(URL + path), 404, "not_found")


def test_an_id_that_is_none_is_not_there(api: Api) -> None:
    for customer_id in ("1", "1_0", "+1", "null", "%00", "x" * 300, "batch"):
        answer = api.request("PATCH", f"{URL}/{customer_id}", json={"name": "x"})
        assert answer.status_code == (405 if customer_id == "batch" else 404)


# --- changing: a merge patch


def test_a_patch_keeps_what_it_leaves_out_clears_with_null_and_replaces_arrays(api: Api) -> None:
    row = made(api, **EVERYTHING)
    patch = {"given_name": None, "language": "tr", "tags": ["new"], "preferred_hours": None}
    answer = api.patch(f"{URL}/{row['id']}", json=patch)
    changed = answer.json()
    assert (answer.status_code, answer.headers["ETag"], changed["version"]) == (200, '"2"', 2)
    differing = {key for key in row if row[key] != changed[key]}
    assert differing == {*patch, "version", "updated_at"}
    assert {key: changed[key] for key in patch} == patch
    assert changed["updated_at"] > row["updated_at"]
    assert api.get(f"{URL}/{row['id']}").json() == changed


def test_attributes_are_merged_one_by_one_and_null_removes(api: Api) -> None:
    row = made(api, attributes={"city": "İzmir", "floor": 2, "old": True})
    patch = {"attributes": {"city": "Bakı", "old": None, "new": 1.5, "never": None}}
    changed = api.patch(f"{URL}/{row['id']}", json=patch).json()
    assert changed["attributes"] == {"city": "Bakı", "floor": 2, "new": 1.5}


def test_merging_does_not_make_more_attributes_than_a_customer_may_have(api: Api) -> None:
    row = made(api, attributes={f"a{number}": number for number in range(50)})
    assert pointers(api.patch(f"{URL}/{row['id']}", json={"attributes": {"one_more": 1}})) == ["/attributes"]
    swapped = api.patch(f"{URL}/{row['id']}", json={"attributes": {"a0": None, "one_more": 1}})
    assert len(swapped.json()["attributes"]) == 50


@pytest.mark.parametrize(
    "patch", [{}, {"name": "Ayşe Yılmaz"}, {"tags": ["vip", "vip"]}, {"attributes": {"x": None}}]
)
def test_a_patch_that_changes_nothing_makes_no_version(api: Api, patch: dict[str, Any]) -> None:
    row = made(api, tags=["vip"])
    answer = api.patch(f"{URL}/{row['id']}", json=patch)
    assert (answer.status_code, answer.json()) == (200, row)


@pytest.mark.parametrize(
    "patch", [{"name": None}, {"tags": None}, {"attributes": None}, {"lifecycle": "left"}, {"id": "x"}]
)
def test_what_a_patch_may_not_do(api: Api, patch: dict[str, Any]) -> None:
    row = made(api)
    assert pointers(api.patch(f"{URL}/{row['id']}", json=patch)) == [f"/{next(iter(patch))}"]
    assert api.get(f"{URL}/{row['id']}").json() == row


def test_a_patch_may_be_declared_a_merge_patch_or_plain_json_and_nothing_else(api: Api) -> None:
    path = f"{URL}/{made(api)['id']}"
    for media_type in ("application/merge-patch+json", "application/json; charset=utf-8"):
        assert (
            api.patch(path, content=b'{"tags":[]}', headers={"Content-Type": media_type}).status_code == 200
        )
    for media_type in ("text/plain", "application/xml", ""):
        answer = api.patch(path, content=b"{}", headers={"Content-Type": media_type})
        problem(answer, 415, "unsupported_media_type")


def test_contact_points_keep_their_ids_while_they_stay(api: Api) -> None:
    row = made(api, contact_points=[phone("0532 123 45 67"), phone("0532 123 45 68")])
    points = [phone("+90 532 123 45 68", primary=True), {"kind": "email", "value": "a@example.com"}]
    changed = api.patch(f"{URL}/{row['id']}", json={"contact_points": points}).json()["contact_points"]
    assert changed[0]["id"] == row["contact_points"][1]["id"]
    assert changed[1]["id"] not in {point["id"] for point in row["contact_points"]}
    found = {
        number: api.get(URL, params={"phone": number}).json()["data"]
        for number in ("05321234567", "05321234568")
    }
    assert [len(rows) for rows in found.values()] == [0, 1]


@pytest.mark.parametrize(
    ("if_match", "status"),
    [('"1"', 200), ("*", 200), ('"9", "1"', 200), ('W/"1"', 200), ("1", 200), ('"2"', 412), ("", 422)],
)
def test_if_match_names_the_version_the_change_is_meant_for(api: Api, if_match: str, status: int) -> None:
    row = made(api)
    answer = api.patch(f"{URL}/{row['id']}", json={"tags": ["new"]}, headers={"If-Match": if_match})
    assert answer.status_code == status
    if status == 412:
        assert (answer.json()["code"], answer.headers["ETag"]) == ("precondition_failed", '"1"')
        assert api.get(f"{URL}/{row['id']}").json() == row


# --- leaving and coming back


def test_a_customer_leaves_and_comes_back(api: Api) -> None:
    path = f"{URL}/{made(api)['id']}"
    left = api.post(f"{path}/departures", json={"left_on": "2026-03-01", "reason": "price"})
    assert (left.status_code, left.headers["Location"], left.headers["ETag"]) == (201, path, '"2"')
    assert [left.json()[name] for name in ("lifecycle", "left_on", "left_reason")] == [
        "left",
        "2026-03-01",
        "price",
    ]
    problem(
        api.post(f"{path}/departures", json={"left_on": "2026-03-02", "reason": "moved"}), 409, "conflict"
    )
    back = api.post(f"{path}/returns")
    assert (back.status_code, back.headers["ETag"]) == (201, '"3"')
    assert [back.json()[name] for name in ("lifecycle", "left_on", "left_reason")] == ["active", None, None]
    problem(api.post(f"{path}/returns"), 409, "conflict")
    assert api.get(path).json() == back.json()


def test_a_step_may_be_meant_for_one_version(api: Api) -> None:
    path = f"{URL}/{made(api)['id']}"
    body = {"left_on": "2026-03-01", "reason": "price"}
    problem(
        api.post(f"{path}/departures", json=body, headers={"If-Match": '"2"'}), 412, "precondition_failed"
    )
    assert api.post(f"{path}/departures", json=body, headers={"If-Match": '"1"'}).status_code == 201
    problem(api.post(f"{path}/returns", headers={"If-Match": '"1"'}), 412, "precondition_failed")


@pytest.mark.parametrize("step", ["departures", "returns"])
def test_nobody_leaves_who_is_not_there(api: Api, step: str) -> None:
    body = {"left_on": "2026-03-01", "reason": "price"} if step == "departures" else None
    problem(api.post(f"{URL}/01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10/{step}", json=body), 404, "not_found")


@pytest.mark.parametrize("body", [{}, {"left_on": "2026-03-01"}, {"left_on": "yesterday", "reason": "price"}])
def test_a_departure_needs_its_day_and_its_reason(api: Api, body: dict[str, Any]) -> None:
    assert pointers(api.post(f"{URL}/{made(api)['id']}/departures", json=body))
