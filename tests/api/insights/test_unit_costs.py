"""Unit costs over HTTP, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from support import Api, pointers, problem

from app.domain.common.access import Scope
from app.domain.customers.customers import Channel
from app.domain.value.unit_costs import CostCode
from app.store.engine import Store
from app.store.tables import AuditEntry

PATH = "/v1/unit-costs"
PHONE = f"{PATH}/phone"
BODY = {"per_contact": "0", "per_minute": "0.5"}


def test_every_channel_can_have_one_and_so_can_returns() -> None:
    assert {code.value for code in CostCode} == {*(channel.value for channel in Channel), "return"}


def test_a_unit_cost_is_set_changed_read_and_removed(api: Api) -> None:
    first = api.put(PHONE, json=BODY)
    assert (first.status_code, first.headers["Location"], first.headers["ETag"]) == (201, PHONE, '"1"')
    row = first.json()
    assert row.pop("updated_at") > "2026"
    assert row == {"code": "phone", "version": 1, "currency": "TRY", **BODY}
    assert api.get(PHONE).json() == first.json()
    second = api.put(PHONE, json={"per_contact": "1.25"})
    assert (second.status_code, second.headers["ETag"]) == (200, '"2"')
    assert (second.json()["per_contact"], second.json()["per_minute"]) == ("1.25", "0")
    assert api.delete(PHONE).status_code == 204
    problem(api.get(PHONE), 404, "not_found")
    problem(api.delete(PHONE), 404, "not_found")


def test_setting_the_same_again_changes_nothing(api: Api, store: Store) -> None:
    first = api.put(PHONE, json=BODY)
    again = api.put(PHONE, json={"per_contact": "0.000", "per_minute": "000.50"})
    assert (again.status_code, again.json()) == (200, first.json())
    api.delete(PHONE)
    noted = store.read_sync(
        lambda tx: tx.execute(
            select(AuditEntry.action, AuditEntry.object_id, AuditEntry.members)
            .where(AuditEntry.action.startswith("unit_cost."))
            .order_by(AuditEntry.at)
        ).all()
    )
    assert [tuple(row) for row in noted] == [
        ("unit_cost.set", "phone", ["per_contact", "per_minute"]),
        ("unit_cost.deleted", "phone", []),
    ]


def test_a_change_is_meant_for_a_version(api: Api) -> None:
    tag = api.put(PHONE, json=BODY).headers["ETag"]
    assert api.get(PHONE, headers={"If-None-Match": tag}).status_code == 304
    changed = api.put(PHONE, json={"per_contact": "2"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    problem(api.put(PHONE, json=BODY, headers={"If-Match": tag}), 412, "precondition_failed")
    problem(api.delete(PHONE, headers={"If-Match": tag}), 412, "precondition_failed")
    problem(api.put(f"{PATH}/web", json=BODY, headers={"If-Match": "*"}), 412, "precondition_failed")
    assert api.delete(PHONE, headers={"If-Match": changed.headers["ETag"]}).status_code == 204


@pytest.mark.parametrize(
    "cost",
    ["-1", "1e2", "NaN", "٥", "1,5", "1.", ".5", "", " 1", "1\n", "0.123456789", "10000000.01", 5, None],
)
def test_what_is_no_cost_is_refused(api: Api, cost: object) -> None:
    assert pointers(api.put(PHONE, json={"per_contact": cost})) == ["/per_contact"]
    assert pointers(api.put(PHONE, json={**BODY, "per_minute": cost})) == ["/per_minute"]
    assert api.get(PATH).json()["data"] == []


def test_costs_are_as_fine_as_the_currency_allows(api: Api) -> None:
    finest = {"per_contact": "0.000001", "per_minute": "10000000"}
    row = api.put(PHONE, json=finest).json()
    assert {name: row[name] for name in finest} == finest
    answer = api.put(PHONE, json={"per_contact": "0.0000001", "per_minute": "0.1234567"})
    errors = [(e["pointer"], e["code"]) for e in problem(answer, 422, "validation_failed")["errors"]]
    assert errors == [("/per_contact", "too_fine"), ("/per_minute", "too_fine")]


def test_other_bad_input(api: Api) -> None:
    answer = api.put(f"{PATH}/return", json={"per_contact": "15", "per_minute": "1"})
    assert pointers(answer) == ["/per_minute"]
    assert api.put(f"{PATH}/return", json={"per_contact": "15"}).status_code == 201
    assert pointers(api.put(PHONE, json={})) == ["/per_contact"]
    assert pointers(api.put(PHONE, json={**BODY, "per_second": "1"})) == ["/per_second"]
    for code in ("fax", "Phone", "returns", "%F0%9F%93%9E"):
        assert api.put(f"{PATH}/{code}", json=BODY).status_code == 422


def test_lists_are_paged_by_code(api: Api) -> None:
    for code in CostCode:
        api.put(f"{PATH}/{code}", json={"per_contact": "1"})
    paged: list[dict[str, Any]] = []
    path = f"{PATH}?limit=3"
    while path:
        answer = api.get(path)
        paged += answer.json()["data"]
        path = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    assert [row["code"] for row in paged] == sorted(CostCode)
    assert paged == api.get(PATH).json()["data"]
    assert api.get(f"{PATH}?code=phone").status_code == 422


def test_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.RATES_READ), api_with(Scope.RATES_WRITE)
    problem(reader.put(PHONE, json=BODY), 403, "insufficient_scope")
    problem(reader.delete(PHONE), 403, "insufficient_scope")
    problem(writer.get(PATH), 403, "insufficient_scope")
    assert writer.put(PHONE, json=BODY).status_code == 201
    assert reader.get(PHONE).status_code == 200
