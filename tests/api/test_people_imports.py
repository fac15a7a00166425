"""Customers, contract terms and departures over HTTP: accepted, counted, taken back, refused."""

from collections.abc import Callable
from typing import Any

import import_helpers
import pytest
from support import Api

from app.domain.access import Scope
from app.settings import Settings
from app.store.engine import Store

PATH = "/v1/imports"
CSV = {"Content-Type": "text/csv"}
BOOK = ["external_id=no", "name=first,last", "phone=a", "phone=b"]
FILE = b"no,first,last,a,b\nK1,Ada,Kurt,0533 222 33 44,0212 444 55 66\nK2,Bo,Yel,12,\n"
MAPPINGS = {
    "customers": ["external_id=no"],
    "contract-terms": ["customer_key=no", "known_on=first"],
    "departures": ["customer_key=no", "left_on=first"],
}


def send(api: Api, kind: str, column: list[str], file: bytes = FILE, **members: Any) -> Any:
    return api.post(PATH, params={"kind": kind, "column": column, **members}, content=file, headers=CSV)


def test_an_address_book_comes_in_and_goes_back(api: Api, store: Store, settings: Settings) -> None:
    answer = send(api, "customers", BOOK)
    assert answer.status_code == 202, answer.text
    columns = answer.json()["mapping"]["columns"]
    assert (columns["phone"], columns["phone.2"], columns["email"]) == ("a", "b", None)
    import_helpers.work_off(store, settings)
    path = f"{PATH}/{answer.json()['id']}"
    row = api.get(path).json()
    assert [row[f"rows_{name}"] for name in ("in", "stored", "updated", "repeated", "refused")] == [
        2,
        1,
        0,
        0,
        1,
    ]
    [bad] = api.get(f"{path}/refused-rows", headers={"Accept-Language": "tr"}).json()["data"]
    assert (bad["line"], bad["code"], bad["column"]) == (3, "not_a_phone", "phone")
    [one] = api.get("/v1/customers", params={"phone": "+90 212 444 55 66"}).json()["data"]
    assert (one["name"], one["external_ids"]) == ("Ada Kurt", [{"system": "crm", "key": "K1"}])
    assert api.post(f"{path}/reversals").status_code == 202
    import_helpers.work_off(store, settings)
    assert api.get(path).json()["state"] == "reverted"
    assert api.get("/v1/customers").json()["data"] == []


def test_a_saved_mapping_names_each_source_of_a_target(api: Api, store: Store, settings: Settings) -> None:
    columns = {"external_id": "no", "name": "first,last", "phone": "a", "phone.2": "b"}
    body = {"kind": "customers", "columns": columns}
    assert api.put("/v1/import-mappings/book", json=body).status_code in (200, 201)
    answer = api.post(PATH, params={"mapping": "book", "column": "phone=b"}, content=FILE, headers=CSV)
    assert answer.status_code == 202, answer.text
    assert "phone.2" not in answer.json()["mapping"]["columns"]
    import_helpers.work_off(store, settings)
    [one] = api.get("/v1/customers", params={"external_id": "crm:K1"}).json()["data"]
    assert [point["value"] for point in one["contact_points"]] == ["+902124445566"]


@pytest.mark.parametrize("kind", MAPPINGS)
def test_customers_are_changed_by_keys_that_may_write_them_only(
    api_with: Callable[..., Api], kind: str
) -> None:
    importer = api_with(Scope.IMPORTS_WRITE)
    assert send(importer, kind, MAPPINGS[kind]).status_code == 403
    both = api_with(Scope.IMPORTS_WRITE, Scope.CUSTOMERS_WRITE)
    assert send(both, kind, MAPPINGS[kind]).status_code == 202


@pytest.mark.parametrize(
    ("kind", "column", "code"),
    [
        ("customers", ["name=first"], "which_customer"),
        ("customers", ["external_id=no", "name=first", "name=last"], "given_twice"),
        ("customers", ["external_id==row", "name=first"], "bad_source"),
        ("customers", ["external_id=no", "shoe_size=a"], "unknown_target"),
        ("departures", ["customer_key=no"], "missing_target"),
        ("contract-terms", ["customer_key=no", "known_on=a", "phone=b"], "unknown_target"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_at_once(
    api: Api, kind: str, column: list[str], code: str
) -> None:
    answer = send(api, kind, column)
    assert answer.status_code == 422
    assert code in [error["code"] for error in answer.json()["errors"]]
    assert api.get(PATH).json()["data"] == []
