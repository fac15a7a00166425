"""Keys limited to units: what is not theirs looks as if it were not there, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from support import Api, made, pointers, problem

from app.domain.common.access import Scope

URL = "/v1/customers"
NOWHERE = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a10"
Make = Callable[..., Api]


@pytest.fixture
def izmir(api_with: Make) -> Api:
    """A caller who sees the customers of Izmir only."""
    return api_with(units=("izmir",))


@pytest.fixture
def theirs(api: Api) -> dict[str, Any]:
    """A customer of another unit."""
    external = [{"system": "crm", "key": "B-1"}]
    return made(api, "Bakı Customer", unit="baki", tags=["vip"], external_ids=external)


def same(forbidden: Any, unknown: Any) -> None:
    """Both answers are alike but for what names the request itself."""
    shown = []
    for answer in (forbidden, unknown):
        body = {key: value for key, value in answer.json().items() if key not in ("instance", "request_id")}
        headers = {key for key in answer.headers if key not in ("x-request-id", "date")}
        shown.append((answer.status_code, body, headers))
    assert shown[0] == shown[1]


def test_path_ids_of_others_look_unknown(api: Api, izmir: Api, theirs: dict[str, Any]) -> None:
    body = {"left_on": "2026-03-01", "reason": "price"}
    for id_of in (theirs["id"], NOWHERE):
        problem(izmir.get(f"{URL}/{id_of}"), 404, "not_found")
    for method, suffix, sent in (
        ("get", "", None),
        ("head", "", None),
        ("patch", "", {"tags": []}),
        ("post", "/departures", body),
        ("post", "/returns", None),
    ):
        more = {} if sent is None else {"json": sent}
        answers = [getattr(izmir, method)(f"{URL}/{one}{suffix}", **more) for one in (theirs["id"], NOWHERE)]
        if method == "head":
            assert [answer.status_code for answer in answers] == [404, 404]
        else:
            same(*answers)
    stale = [
        izmir.patch(f"{URL}/{one}", json={}, headers={"If-Match": '"9"'}) for one in (theirs["id"], NOWHERE)
    ]
    same(*stale)
    assert api.get(f"{URL}/{theirs['id']}").json() == theirs


def test_external_ids_of_others_look_unknown(api: Api, izmir: Api, theirs: dict[str, Any]) -> None:
    same(izmir.get(f"{URL}/by-external-id/crm/B-1"), izmir.get(f"{URL}/by-external-id/crm/nobody"))
    problem(izmir.put(f"{URL}/by-external-id/crm/B-1", json={"tags": [], "unit": "izmir"}), 404, "not_found")
    assert api.get(f"{URL}/by-external-id/crm/B-1").json() == theirs


@pytest.mark.usefixtures("theirs")
def test_lists_filters_totals_and_cursors_leave_others_out(api: Api, izmir: Api) -> None:
    for number in range(3):
        made(api, f"Izmir {number}", unit="izmir", tags=["vip"])
    made(api, "Of no unit", tags=["vip"])
    for params in ({}, {"tag": "vip"}, {"unit": "izmir"}):
        page = izmir.get(URL, params={**params, "include": "total"}).json()
        assert {row["unit"] for row in page["data"]} == {"izmir"}
        assert page["total"] == 3
    for params in ({"unit": "baki"}, {"q": "baki"}, {"external_id": "crm:B-1"}):
        assert izmir.get(URL, params={**params, "include": "total"}).json()["data"] == []
    # A cursor says where to go on, not what may be seen there.
    cursor = api.get(URL, params={"limit": 1}).json()["next_cursor"]
    page = izmir.get(URL, params={"cursor": cursor}).json()
    assert [row["name"] for row in page["data"]] == ["Izmir 2", "Izmir 1", "Izmir 0"]


def test_what_they_record_is_theirs(izmir: Api) -> None:
    assert made(izmir, unit="izmir")["unit"] == "izmir"
    for unit in ({}, {"unit": "baki"}):
        assert pointers(izmir.post(URL, json={"name": "x", **unit})) == ["/unit"]
        assert pointers(izmir.put(f"{URL}/by-external-id/crm/1", json=unit)) == ["/unit"]
    batch = {"items": [{"name": "a", "unit": "izmir"}, {"name": "b", "unit": "baki"}]}
    assert pointers(izmir.post(f"{URL}/batch", json=batch)) == ["/items/1/unit"]
    assert len(izmir.get(URL).json()["data"]) == 1


def test_nobody_moves_a_customer_to_where_it_is_not_seen(izmir: Api) -> None:
    row = made(izmir, unit="izmir")
    for unit in (None, "baki"):
        assert pointers(izmir.patch(f"{URL}/{row['id']}", json={"unit": unit})) == ["/unit"]
    assert izmir.get(f"{URL}/{row['id']}").json() == row


def test_a_key_with_several_units_sees_all_of_them(api: Api, api_with: Make) -> None:
    for unit in ("izmir", "baki", "ankara"):
        made(api, unit, unit=unit)
    both = api_with(Scope.CUSTOMERS_READ, units=("izmir", "baki"))
    assert {row["unit"] for row in both.get(URL).json()["data"]} == {"izmir", "baki"}
