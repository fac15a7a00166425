"""The company's list of how contacts can end, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import interaction_body
from sqlalchemy import func, select
from support import Api, pointers, problem

from app.domain.activity.interactions import DISPOSITIONS
from app.domain.common.access import Scope
from app.store.engine import Store
from app.store.tables import AuditEntry

PATH = "/v1/dispositions"
NAMES = {"en": "Invoice sent", "tr": "Fatura gönderildi"}


def listed(api: Api, limit: int = 200) -> list[dict[str, Any]]:
    """The whole list, page by page."""
    rows: list[dict[str, Any]] = []
    path = f"{PATH}?limit={limit}"
    while path:
        answer = api.get(path)
        assert answer.status_code == 200
        assert 0 < len(answer.json()["data"]) <= limit
        rows += answer.json()["data"]
        path = answer.headers.get("Link", "").removeprefix("<").partition(">")[0]
    return rows


def test_the_built_in_list_is_there_from_the_start(api: Api) -> None:
    rows = listed(api)
    assert [row["code"] for row in rows] == sorted(DISPOSITIONS)
    assert rows[0] == {
        "code": "abandoned",
        "version": 1,
        "names": {"en": "Abandoned in the queue", "tr": "Kuyrukta vazgeçti", "az": "Növbədə imtina etdi"},
        "is_active": True,
        "is_built_in": True,
        "updated_at": None,
    }
    assert api.get(f"{PATH}/abandoned").json() == rows[0]


def test_the_company_adds_its_own(api: Api) -> None:
    answer = api.put(f"{PATH}/invoice_sent", json={"names": NAMES})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/invoice_sent"
    assert answer.headers["ETag"] == '"1"'
    row = answer.json()
    assert row["updated_at"] > "2026"
    assert {**row, "updated_at": None} == {
        "code": "invoice_sent",
        "version": 1,
        "names": NAMES,
        "is_active": True,
        "is_built_in": False,
        "updated_at": None,
    }
    assert api.get(f"{PATH}/invoice_sent").json() == row
    assert row in listed(api)


def test_a_new_one_needs_a_name(api: Api) -> None:
    for body in ({}, {"is_active": True}, {"names": {}}):
        assert pointers(api.put(f"{PATH}/invoice_sent", json=body)) == ["/names"]
    problem(api.get(f"{PATH}/invoice_sent"), 404, "not_found")


def test_members_left_out_are_kept(api: Api) -> None:
    api.put(f"{PATH}/invoice_sent", json={"names": NAMES})
    inactive = api.put(f"{PATH}/invoice_sent", json={"is_active": False})
    assert (inactive.status_code, inactive.headers["ETag"]) == (200, '"2"')
    assert (inactive.json()["names"], inactive.json()["is_active"]) == (NAMES, False)
    renamed = api.put(f"{PATH}/invoice_sent", json={"names": {"az": "Faktura göndərildi"}}).json()
    assert (renamed["names"], renamed["is_active"]) == ({"az": "Faktura göndərildi"}, False)
    assert api.get(f"{PATH}/invoice_sent").json() == renamed


def test_a_built_in_one_keeps_its_names_in_languages_left_out(api: Api) -> None:
    answer = api.put(f"{PATH}/sale", json={"names": {"tr": "Satıldı", "de": "Verkauft"}})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert answer.json()["names"] == {"en": "Sale", "tr": "Satıldı", "az": "Satış", "de": "Verkauft"}
    assert answer.json()["is_built_in"] is True
    back = api.put(f"{PATH}/sale", json={"names": {"tr": "Satış"}}).json()
    assert (back["names"], back["version"]) == ({"en": "Sale", "tr": "Satış", "az": "Satış"}, 3)
    assert [row["code"] for row in listed(api)] == sorted(DISPOSITIONS)


@pytest.mark.parametrize("code", ["sale", "invoice_sent"])
def test_what_changes_nothing_is_no_change(api: Api, store: Store, code: str) -> None:
    api.put(f"{PATH}/invoice_sent", json={"names": NAMES})
    before = api.get(f"{PATH}/{code}").json()
    saved = select(func.count()).where(AuditEntry.action == "disposition.saved")
    entries = store.read_sync(lambda tx: tx.execute(saved).scalar_one())
    for body in ({}, {"is_active": True}, {"names": before["names"]}):
        answer = api.put(f"{PATH}/{code}", json=body)
        assert (answer.status_code, answer.json()) == (200, before)
    assert store.read_sync(lambda tx: tx.execute(saved).scalar_one()) == entries == 1


def test_what_became_inactive_stays_where_it_was_used(api: Api) -> None:
    old = api.post("/v1/interactions", json=interaction_body(customer=None, disposition="sale")).json()
    assert api.put(f"{PATH}/sale", json={"is_active": False}).status_code == 200
    refused = api.post("/v1/interactions", json=interaction_body(customer=None, disposition="sale"))
    assert [(e["pointer"], e["code"]) for e in problem(refused, 422, "validation_failed")["errors"]] == [
        ("/disposition", "inactive_disposition")
    ]
    kept = api.patch(f"/v1/interactions/{old['id']}", json={"disposition": "sale", "notes": "Paid in cash."})
    assert (kept.status_code, kept.json()["disposition"]) == (200, "sale")
    assert api.get("/v1/interactions?disposition=sale").json()["data"] == [kept.json()]
    other = api.post("/v1/interactions", json=interaction_body(customer=None)).json()
    changed = api.patch(f"/v1/interactions/{other['id']}", json={"disposition": "sale"})
    assert pointers(changed) == ["/disposition"]
    assert api.put(f"{PATH}/sale", json={"is_active": True}).json()["version"] == 3
    assert api.patch(f"/v1/interactions/{other['id']}", json={"disposition": "sale"}).status_code == 200


def test_a_change_is_meant_for_a_version(api: Api) -> None:
    tag = api.get(f"{PATH}/sale").headers["ETag"]
    assert api.get(f"{PATH}/sale", headers={"If-None-Match": tag}).status_code == 304
    assert api.put(f"{PATH}/sale", json={"is_active": False}, headers={"If-Match": tag}).status_code == 200
    stale = api.put(f"{PATH}/sale", json={"is_active": True}, headers={"If-Match": tag})
    problem(stale, 412, "precondition_failed")
    new = api.put(f"{PATH}/invoice_sent", json={"names": NAMES}, headers={"If-Match": "*"})
    problem(new, 412, "precondition_failed")
    assert api.get(f"{PATH}/sale").json()["is_active"] is False


@pytest.mark.parametrize("limit", [1, 2, 5, 200])
def test_pages_run_through_built_in_and_own_ones(api: Api, limit: int) -> None:
    own = ["A-first", "aa", "busy", "do_not_call", "no_answer.2", "other", "other_2", "zz", "zz_2"]
    for code in own:
        assert api.put(f"{PATH}/{code}", json={"names": {"en": f"Own {code}"}}).status_code in (200, 201)
    rows = listed(api, limit)
    assert [row["code"] for row in rows] == sorted({*DISPOSITIONS, *own})
    assert all((row["names"]["en"] == f"Own {row['code']}") == (row["code"] in own) for row in rows)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("x%09y", {"names": NAMES}),
        ("x" * 65, {"names": NAMES}),
        ("%20", {"names": NAMES}),
        ("x", {"names": {"tr": ""}}),
        ("x", {"names": {"tr": " "}}),
        ("x", {"names": {"tr": "a\nb"}}),
        ("x", {"names": {"tr": "x" * 101}}),
        ("x", {"names": {"TR": "x"}}),
        ("x", {"names": {"tur": "x"}}),
        ("x", {"names": {f"{a}{b}": "x" for a in "abc" for b in "abcdefg"}}),
        ("x", {"names": None}),
        ("x", {"names": NAMES, "is_active": None}),
        ("x", {"names": NAMES, "is_active": 1}),
        ("x", {"names": NAMES, "active": True}),
    ],
)
def test_what_is_no_disposition_is_refused(api: Api, code: str, body: dict[str, Any]) -> None:
    assert api.put(f"{PATH}/{code}", json=body).status_code == 422
    assert [row["code"] for row in listed(api)] == sorted(DISPOSITIONS)


def test_scopes(api_with: Callable[..., Api]) -> None:
    reader, writer = api_with(Scope.INTERACTIONS_READ), api_with(Scope.INTERACTIONS_WRITE)
    assert reader.get(PATH).status_code == reader.get(f"{PATH}/sale").status_code == 200
    problem(reader.put(f"{PATH}/sale", json={"is_active": False}), 403, "insufficient_scope")
    problem(writer.get(PATH), 403, "insufficient_scope")
    assert writer.put(f"{PATH}/sale", json={"is_active": False}).status_code == 200
