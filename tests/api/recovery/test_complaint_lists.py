"""Finding complaints over HTTP, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import complaint_body as body
from support import Api, made

PATH = "/v1/complaints"


@pytest.fixture
def customer_id(api: Api) -> str:
    """The customer C-1 of the CRM."""
    return str(made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"])


def record(api: Api, *complaints: dict[str, Any]) -> list[dict[str, Any]]:
    """Record complaints T0, T1, ... a day apart."""
    items = [
        body(external_id=f"T{number}", **{"received_at": f"2020-01-0{number + 1}T00:00:00Z", **members})
        for number, members in enumerate(complaints)
    ]
    answer = api.post(f"{PATH}/batch", json={"items": items})
    assert answer.status_code == 201, answer.text
    return [row["complaint"] for row in answer.json()["data"]]


def test_filters_add_up(api: Api, customer_id: str) -> None:
    other = made(api, "Mehmet")["id"]
    resolved = {"resolved_at": "2020-02-01T00:00:00Z"}
    rows = record(
        api,
        {"severity": "high", "owner": "ayse.k", "unit": "izmir", "category": "delivery"},
        {"severity": "low", "source": "helpdesk", "channel": "web", "our_fault": "yes"},
        {"customer": None, "customer_id": other, "product": "Kettle", "severity": "high", **resolved},
        {"owner": "ayse.k", "acknowledged_at": "2020-02-01T00:00:00Z", "channel": "web"},
        {"closed_at": "2020-02-02T00:00:00Z", **resolved},
    )
    reopened = api.post(f"{PATH}/{rows[2]['id']}/reopenings", json={"reason": "Leaks."})
    assert reopened.status_code == 201

    def found(**filters: Any) -> list[str]:
        answer = api.get(PATH, params={"sort": "received_at", **filters})
        assert answer.status_code == 200, answer.text
        return [row["external_id"] for row in answer.json()["data"]]

    assert found() == ["T0", "T1", "T2", "T3", "T4"]
    assert found(sort="-received_at") == ["T4", "T3", "T2", "T1", "T0"]
    assert found(sort="updated_at")[-1] == "T2"
    assert found(customer_id=other) == ["T2"]
    assert found(customer_id=customer_id, severity="high") == ["T0"]
    assert found(number=rows[3]["number"].lower()) == ["T3"]
    assert found(external_id="helpdesk:T1") == ["T1"]
    assert found(external_id="api:T1") == []
    assert found(reopened="true") == ["T2"]
    assert "T2" not in found(reopened="false")
    assert found(state=["open", "closed"]) == ["T0", "T1", "T4"]
    assert found(open="true") == ["T0", "T1", "T2", "T3"]
    assert found(open="false") == ["T4"]
    assert found(owner="ayse.k") == ["T0", "T3"]
    assert found(owner="complaints-desk", open="true") == ["T1", "T2"]
    assert found(unit="izmir") == ["T0"]
    assert found(severity=["high", "low"]) == ["T0", "T1", "T2"]
    assert found(category="delivery") == ["T0"]
    assert found(product="Kettle") == ["T2"]
    assert found(channel="web") == ["T1", "T3"]
    assert found(our_fault="yes") == ["T1"]
    assert found(our_fault="unknown", channel="web") == ["T3"]
    between = {"received_from": "2020-01-02T00:00:00Z", "received_before": "2020-01-04T00:00:00Z"}
    assert found(**between) == ["T1", "T2"]
    assert found(**between, owner="ayse.k") == []


@pytest.mark.parametrize(
    "query",
    [
        "states=open",
        "state=new",
        "state=reopened",
        "open=1",
        "open=yes",
        "severity=urgent",
        "our_fault=maybe",
        "customer_id=1 OR 1=1",
        "external_id=T1",
        "sort=severity",
        "limit=0",
        "limit=201",
        "received_from=2020-01-01",
        "updated_after=yesterday",
        "number=",
        "number=1",
        "owner=%20",
        "cursor=abc",
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


@pytest.mark.parametrize("sort", ["received_at", "-received_at", "updated_at"])
def test_pages_run_through_equal_instants_without_loss(api: Api, customer_id: str, sort: str) -> None:
    record(api, *[{"received_at": f"2020-01-0{day}T00:00:00Z"} for day in (1, 1, 1, 1, 1, 2, 2, 2, 2)])
    seen: list[dict[str, Any]] = []
    path = f"{PATH}?limit=2&sort={sort}"
    while path:
        answer = api.get(path)
        page = answer.json()
        seen += page["data"]
        assert page["has_more"] == (page["next_cursor"] is not None)
        path = answer.headers["Link"].removeprefix("<").partition(">")[0] if page["has_more"] else ""
    assert len({row["id"] for row in seen}) == len(seen) == 9
    order = [(row[sort.removeprefix("-")], row["id"]) for row in seen]
    assert order == sorted(order, reverse=sort.startswith("-"))


def test_a_cursor_belongs_to_its_filters_and_order(api: Api, customer_id: str) -> None:
    rows = record(api, {}, {}, {})
    cursor = api.get(f"{PATH}?limit=1").json()["next_cursor"]
    assert api.get(PATH, params={"cursor": cursor}).status_code == 200
    for params in ({"sort": "received_at"}, {"open": "true"}):
        answer = api.get(PATH, params={"cursor": cursor, **params})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
    url = f"{PATH}/{rows[0]['id']}/events"
    assert api.get(url, params={"cursor": cursor}).json()["code"] == "invalid_cursor"


def test_what_has_changed_since_is_found(api: Api, customer_id: str) -> None:
    first, second = record(api, {}, {})
    page = api.get(PATH, params={"updated_after": second["updated_at"]}).json()
    assert page["data"] == []
    # Younger changes may still be on their way: ask again from here, and none is missed.
    assert datetime.fromisoformat(page["complete_until"]) < datetime.fromisoformat(second["updated_at"])
    noted = api.post(f"{PATH}/{first['id']}/notes", json={"note": "x"}).json()
    page = api.get(PATH, params={"updated_after": second["updated_at"], "sort": "updated_at"}).json()
    assert page["data"] == [noted]
    since = datetime.fromisoformat(first["updated_at"]) - timedelta(microseconds=1)
    both = api.get(PATH, params={"updated_after": since.isoformat()}).json()["data"]
    assert {row["id"] for row in both} == {first["id"], second["id"]}
