"""Snapshots of contracts over HTTP: query members, saved mappings, refusals in three languages."""

from typing import Any

import import_helpers
import pytest
from support import Api

from app.domain.common.access import Scope
from app.settings import Settings
from app.store.engine import Store

PATH = "/v1/imports"
CSV = {"Content-Type": "text/csv"}
COLUMN = ["customer_key=no", "attribute.plan=plan"]
SHOWN = {
    "kind": "contract-terms",
    "snapshot_on": "2026-01-31",
    "unit": "months",
    "age_column": "months",
    "left_column": "gone",
    "create_missing": "true",
}
FILE = b"no,months,gone,plan\n" + b"".join(
    b"K%d,%d,%s,%s\n"
    % (n, n % 60, b"yes" if n % 3 == 0 else b"no", b"monthly" if n % 3 == 0 or n % 5 == 0 else b"yearly")
    for n in range(200)
)


def send(api: Api, file: bytes = FILE, **members: Any) -> Any:
    given = {
        name: value for name, value in {**SHOWN, "column": COLUMN, **members}.items() if value is not None
    }
    return api.post(PATH, params=given, content=file, headers=CSV)


def taken(api: Api, store: Store, settings: Settings, file: bytes = FILE, **members: Any) -> Any:
    answer = send(api, file, **members)
    assert answer.status_code == 202, answer.text
    import_helpers.work_off(store, settings)
    return api.get(f"{PATH}/{answer.json()['id']}").json()


def test_a_snapshot_comes_in_shows_as_such_and_goes_back(api: Api, store: Store, settings: Settings) -> None:
    row = taken(api, store, settings)
    assert (row["rows_stored"], row["customers_created"]) == (200, 200)
    mapping = row["mapping"]
    assert (mapping["snapshot_on"], mapping["unit"]) == ("2026-01-31", "months")
    assert (mapping["columns"]["age"], mapping["columns"]["left"]) == ("months", "gone")
    assert mapping["columns"]["known_on"] is None
    run = api.post("/v1/scoring-runs", json={"as_of": "2026-02-01"})
    assert run.status_code == 202, run.text
    import_helpers.work_off(store, settings)
    report = api.get("/v1/insights/churn").json()
    section = report["models"]["cross_section"]
    # Nobody has a value at risk: that is not known to be 0.
    assert report["value_at_risk"] is None
    at_risk = {one["level"]: one["value_at_risk"] for one in report["levels"] if one["customers"]}
    assert {level for level, value in at_risk.items() if value is not None} <= {"left"}
    assert (section["n"], section["left"], section["serves"]) == (200, 67, "cross_section")
    assert "cross_section" in report["limits"]
    sentences = {
        language: api.get("/v1/insights/churn", headers={"Accept-Language": language}).json()["notes"]
        for language in ("en", "tr", "az")
    }
    said = {n["sentence"] for notes in sentences.values() for n in notes if n["code"] == "cross_section"}
    assert len(said) == 3
    [one] = api.get("/v1/customers", params={"external_id": "crm:K1"}).json()["data"]
    assert (one["churn"]["model"], one["churn"]["value_at_risk"]) == ("cross_section", None)
    assert (one["contract"], one["left_on"]) == (None, None)
    told = api.get(f"/v1/customers/{one['id']}/churn").json()
    assert told["cross_section"] == {"snapshot_on": "2026-01-31", "age": 1, "unit": "months", "left": False}
    assert {part["attribute"] for part in told["explanation"]["contributions"]} == {None, "plan"}
    worth = api.get(f"/v1/customers/{one['id']}/lifetime-value").json()
    assert (worth["method"], worth["value"], worth["warnings"]) == ("contract", None, ["cross_section"])
    assert [note["code"] for note in worth["notes"]] == ["cross_section"]
    codes = [method["code"] for method in api.get("/v1/insights/methods").json()["data"]]
    assert "cross_section" in codes
    assert api.post(f"{PATH}/{row['id']}/reversals").status_code == 202
    import_helpers.work_off(store, settings)
    assert api.get("/v1/customers").json()["data"] == []


def test_a_saved_mapping_reads_the_next_snapshot(api: Api, store: Store, settings: Settings) -> None:
    columns = {"customer_key": "no", "attribute.plan": "plan"}
    shorthand = {name: SHOWN[name] for name in ("snapshot_on", "unit", "age_column", "left_column")}
    body = {"kind": "contract-terms", "columns": columns, **shorthand, "create_missing": True}
    put = api.put("/v1/import-mappings/contracts", json=body)
    assert put.status_code == 201, put.text
    saved = api.get("/v1/import-mappings/contracts").json()["mapping"]
    assert (saved["columns"]["age"], saved["snapshot_on"]) == ("months", "2026-01-31")
    again = {name: value for name, value in saved.items() if value is not None}
    assert api.put("/v1/import-mappings/contracts", json=again).json()["version"] == 1
    answer = api.post(
        PATH, params={"mapping": "contracts", "snapshot_on": "2026-02-28"}, content=FILE, headers=CSV
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["mapping"]["snapshot_on"] == "2026-02-28"
    other = api.post(PATH, params={"mapping": "contracts", "age_column": "plan"}, content=FILE, headers=CSV)
    assert other.json()["mapping"]["columns"]["age"] == "plan"
    twice = api.put("/v1/import-mappings/contracts", json={**body, "columns": {**columns, "age": "months"}})
    assert [error["code"] for error in twice.json()["errors"]] == ["given_twice"]


@pytest.mark.parametrize(
    ("members", "pointer", "code"),
    [
        ({"snapshot_on": "2040-01-01"}, "snapshot_on", "in_future"),
        ({"snapshot_on": "1800-01-01"}, "snapshot_on", ""),
        ({"snapshot_on": "31.01.2026"}, "snapshot_on", ""),
        ({"unit": "weeks"}, "unit", ""),
        ({"unit": None}, "unit", "missing_unit"),
        ({"age_column": None}, "/columns/age", "missing_target"),
        ({"left_column": None}, "/columns/left", "missing_target"),
        ({"snapshot_on": None, "create_missing": None}, "unit", "no_snapshot"),
        ({"snapshot_on": None, "unit": None, "create_missing": None}, "/columns/age", "other_shape"),
        ({"kind": "departures"}, "snapshot_on", "not_for_kind"),
        ({"column": [*COLUMN, "known_on=months"]}, "/columns/known_on", "other_shape"),
        ({"column": [*COLUMN, "age=months"]}, "/columns/age", "given_twice"),
        ({"value": ["left:Gone=perhaps"]}, "value", "bad_value"),
    ],
)
def test_what_cannot_be_a_snapshot_is_refused_at_once(
    api: Api, members: dict[str, Any], pointer: str, code: str
) -> None:
    details = set()
    for language in ("en", "tr", "az"):
        given = {**SHOWN, "column": COLUMN, **members}
        answer = api.post(
            PATH,
            params={name: value for name, value in given.items() if value is not None},
            content=FILE,
            headers={**CSV, "Accept-Language": language},
        )
        assert answer.status_code == 422, answer.text
        errors = answer.json()["errors"]
        assert any(pointer in str(error) and code in error["code"] for error in errors), errors
        details.add(str([error["detail"] for error in errors]))
    assert len(details) == 3
    assert api.get(PATH).json()["data"] == []


def test_refused_rows_say_why_in_three_languages(api: Api, store: Store, settings: Settings) -> None:
    file = b"no,months,gone,plan\nK1,,no,a\nK2,1.5,no,a\nK3,-2,no,a\nK4,3,perhaps,a\n,3,no,a\nK6,3,no,a\n"
    row = taken(api, store, settings, file)
    assert (row["state"], row["rows_stored"]) == ("done_with_refusals", 1)
    told = []
    for language in ("en", "tr", "az"):
        path = f"{PATH}/{row['id']}/refused-rows"
        bad = api.get(path, headers={"Accept-Language": language}).json()["data"]
        assert [(one["line"], one["code"], one["column"]) for one in bad] == [
            (2, "value_missing", "age"),
            (3, "not_a_number", "age"),
            (4, "out_of_range", "age"),
            (5, "not_a_flag", "left"),
            (6, "customer_missing", "customer_key"),
        ]
        told.append([one["detail"] for one in bad])
    assert all(len({said[place] for said in told}) == 3 for place in range(5))


def test_a_key_limited_to_several_units_makes_no_customers(api_with: Any) -> None:
    limited = api_with(Scope.IMPORTS_WRITE, Scope.CUSTOMERS_WRITE, units=["a", "b"])
    answer = send(limited)
    assert answer.status_code == 422
    assert [error["code"] for error in answer.json()["errors"]] == ["unclear_unit"]


def test_of_a_customer_whose_snapshot_was_taken_back_nothing_is_explained(
    api: Api, store: Store, settings: Settings
) -> None:
    first = taken(api, store, settings, snapshot_on="2026-01-01")
    row = taken(api, store, settings, FILE.replace(b"monthly", b"weekly"))
    api.post("/v1/scoring-runs", json={"as_of": "2026-02-01"})
    import_helpers.work_off(store, settings)
    api.post(f"{PATH}/{row['id']}/reversals")
    import_helpers.work_off(store, settings)
    [one] = api.get("/v1/customers", params={"external_id": "crm:K1"}).json()["data"]
    told = api.get(f"/v1/customers/{one['id']}/churn").json()
    assert (told["model"], told["cross_section"], told["explanation"]) == ("cross_section", None, None)
    assert first["rows_stored"] == 200
