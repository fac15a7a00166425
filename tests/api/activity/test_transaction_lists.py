"""Finding transactions over HTTP, on both databases."""

from typing import Any

import pytest
from factories import transaction_body as transaction
from support import Api

PATH = "/v1/transactions"


@pytest.fixture
def customer_id(api: Api) -> str:
    """The customer C-1 of the CRM."""
    body = {"name": "Ayşe", "external_ids": [{"system": "crm", "key": "C-1"}]}
    return str(api.post("/v1/customers", json=body).json()["id"])


def test_filters_add_up(api: Api, customer_id: str) -> None:
    other = api.post("/v1/customers", json={"name": "Mehmet"}).json()["id"]
    for number, members in enumerate(
        [
            {"source": "pos", "channel": "store", "occurred_at": "2026-01-01T00:00:00Z"},
            {"source": "web", "channel": "web", "occurred_at": "2026-01-02T00:00:00Z", "kind": "refund"},
            {"customer": None, "customer_id": other, "occurred_at": "2026-01-03T00:00:00Z"},
            {"kind": "cancellation", "occurred_at": "2026-01-04T00:00:00Z"},
        ]
    ):
        assert api.post(PATH, json=transaction(external_id=f"T{number}", **members)).status_code == 201

    def found(**filters: Any) -> list[str]:
        answer = api.get(PATH, params={"sort": "occurred_at", **filters})
        return [row["external_id"] for row in answer.json()["data"]]

    assert found() == ["T0", "T1", "T2", "T3"]
    assert found(sort="-occurred_at") == ["T3", "T2", "T1", "T0"]
    assert found(customer_id=customer_id) == ["T0", "T1", "T3"]
    assert found(customer_id=other) == ["T2"]
    assert found(external_id="web:T1") == ["T1"]
    assert found(external_id="pos:T1") == []
    assert found(kind=["refund", "cancellation"]) == ["T1", "T3"]
    assert found(source="pos") == ["T0"]
    assert found(channel="web") == ["T1"]
    assert found(occurred_from="2026-01-02T00:00:00Z", occurred_before="2026-01-04T00:00:00Z") == ["T1", "T2"]
    assert found(occurred_from="2026-01-02T03:00:00+03:00", kind="refund", source="pos") == []


@pytest.mark.parametrize(
    "query",
    [
        "kinds=refund",
        "kind=gift",
        "customer_id=1 OR 1=1",
        "external_id=T1",
        "sort=amount",
        "limit=0",
        "limit=201",
        "occurred_from=2026-01-01",
        "updated_after=yesterday",
        "sort=-updated_at",
        "cursor=abc",
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: str) -> None:
    assert api.get(f"{PATH}?{query}").status_code == 422


@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at", "updated_at"])
def test_pages_run_through_equal_instants_without_loss(api: Api, customer_id: str, sort: str) -> None:
    instants = ["2026-01-01T00:00:00Z"] * 5 + ["2026-01-02T00:00:00Z"] * 4
    items = [transaction(occurred_at=at) for at in instants]
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


def test_a_cursor_belongs_to_its_filters_and_order(api: Api, customer_id: str) -> None:
    items = [transaction() for _ in range(3)]
    api.post(f"{PATH}/batch", json={"items": items})
    cursor = api.get(f"{PATH}?limit=1").json()["next_cursor"]
    assert api.get(PATH, params={"cursor": cursor}).status_code == 200
    for other in ({"sort": "occurred_at"}, {"source": "api"}):
        answer = api.get(PATH, params={"cursor": cursor, **other})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
