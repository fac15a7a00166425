"""Finding interactions over HTTP, on both databases."""

from typing import Any

import pytest
from factories import interaction_body as call
from support import Api, made, problem

PATH = "/v1/interactions"


def test_filters_add_up(api: Api) -> None:
    ayse = made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"]
    mehmet = made(api, "Mehmet")["id"]
    for number, members in enumerate(
        [
            {"source": "pbx", "agent": "ayse.k", "unit": "izmir", "topic": "delivery", "purpose": "question"},
            {"channel": "chat", "direction": "outbound", "disposition": "sale", "phase": "before"},
            {"customer": None, "customer_id": mehmet, "sentiment": "negative", "agent": "ayse.k"},
            {"customer": None, "resolved_on_first_contact": False, "disposition": "other"},
            {"resolved_on_first_contact": True, "unit": "izmir", "sentiment": "positive", "phase": "after"},
        ]
    ):
        started = f"2026-01-0{number + 1}T00:00:00Z"
        answer = api.post(PATH, json=call(external_id=f"I{number}", started_at=started, **members))
        assert answer.status_code == 201, answer.text

    def found(**filters: Any) -> list[int]:
        answer = api.get(PATH, params={"sort": "started_at", **filters})
        return [int(row["external_id"][1]) for row in answer.json()["data"]]

    assert found() == found(sort="updated_at") == [0, 1, 2, 3, 4]
    assert found(sort="-started_at") == [4, 3, 2, 1, 0]
    assert found(customer_id=ayse) == [0, 1, 4]
    assert found(customer_id=mehmet) == [2]
    assert found(external_id="pbx:I0") == found(external_id="pbx: I0 ") == [0]
    assert found(external_id="api:I0") == []
    assert found(channel="chat") == found(direction="outbound") == found(disposition="sale") == [1]
    assert found(channel="phone") == [0, 2, 3, 4]
    assert found(purpose="question") == found(topic="delivery") == [0]
    assert found(phase="before") == [1]
    assert found(agent="ayse.k") == [0, 2]
    assert found(agent="Ayse.k") == []
    assert found(unit="izmir") == [0, 4]
    assert found(disposition="no_such") == []
    assert found(sentiment="negative") == [2]
    assert found(resolved_on_first_contact="true") == [4]
    assert found(resolved_on_first_contact="false") == [3]
    assert found(started_from="2026-01-02T00:00:00Z", started_before="2026-01-04T00:00:00Z") == [1, 2]
    assert found(started_from="2026-01-02T03:00:00+03:00", unit="izmir", agent="ayse.k") == []
    assert found(customer_id=ayse, unit="izmir", phase="after") == [4]


@pytest.mark.parametrize(
    "query",
    [
        "channels=phone",
        "channel=telepathy",
        "direction=in",
        "customer_id=1 OR 1=1",
        "customer_id=none",
        "external_id=I1",
        "agent=",
        "unit=%09",
        "resolved_on_first_contact=1",
        "sort=agent",
        "limit=0",
        "limit=201",
        "started_from=2026-01-01",
        "updated_after=yesterday",
        "cursor=abc",
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


@pytest.mark.parametrize("sort", ["started_at", "-started_at", "updated_at"])
def test_pages_run_through_equal_instants_without_loss(api: Api, sort: str) -> None:
    instants = ["2026-01-02T00:00:00Z"] * 4 + ["2026-01-01T00:00:00Z"] * 5
    items = [call(customer=None, started_at=at) for at in instants]
    assert api.post(f"{PATH}/batch", json={"items": items}).status_code == 201
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


def test_a_cursor_belongs_to_its_filters_and_order(api: Api) -> None:
    api.post(f"{PATH}/batch", json={"items": [call(customer=None) for _ in range(3)]})
    cursor = api.get(f"{PATH}?limit=1").json()["next_cursor"]
    assert api.get(PATH, params={"cursor": cursor}).status_code == 200
    for other in ({"sort": "started_at"}, {"channel": "phone"}):
        problem(api.get(PATH, params={"cursor": cursor, **other}), 422, "invalid_cursor")


def test_what_changed_is_pulled_bit_by_bit(api: Api) -> None:
    first, second = (api.post(PATH, json=call(customer=None)).json() for _ in range(2))

    def changed(after: str) -> list[dict[str, Any]]:
        page = api.get(PATH, params={"updated_after": after, "sort": "updated_at"}).json()
        # Writes that are still under way may come in before now, so the next pull starts earlier.
        assert page["complete_until"] < second["updated_at"]
        rows: list[dict[str, Any]] = page["data"]
        return rows

    assert changed("2026-01-01T00:00:00Z") == [first, second]
    assert changed(first["updated_at"]) == [second]
    assert changed(second["updated_at"]) == []
    wrapped = api.patch(f"{PATH}/{first['id']}", json={"topic": "delivery"}).json()
    assert changed(second["updated_at"]) == [wrapped]
    assert changed("2026-01-01T00:00:00Z") == [second, wrapped]
