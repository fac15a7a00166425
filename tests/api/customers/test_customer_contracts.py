"""Contracts of customers and channels they do not want to be contacted on, over HTTP, on both databases."""

from typing import Any

import pytest
from support import Api, made, pointers, problem

URL = "/v1/customers"
CONTRACT = {"started_on": "2025-03-01", "ends_on": "2027-02-28", "notice_given_on": None}
OPEN_ENDED = {"started_on": "2025-03-01", "ends_on": None, "notice_given_on": None}


def patched(api: Api, row: dict[str, Any], **members: Any) -> Any:
    return api.patch(f"{URL}/{row['id']}", json=members)


# --- contracts


def test_a_customer_has_no_contract_unless_it_is_told(api: Api) -> None:
    assert made(api)["contract"] is None
    assert made(api, contract=None)["contract"] is None
    assert api.put(f"{URL}/by-external-id/crm/1", json={}).json()["contract"] is None


@pytest.mark.parametrize(
    "given",
    [
        {"started_on": "2025-03-01"},
        CONTRACT,
        {"started_on": "2025-03-01", "ends_on": "2025-03-01", "notice_given_on": "2025-03-01"},
        {"started_on": "2025-03-01", "ends_on": "2026-02-28", "notice_given_on": "2026-04-01"},
    ],
)
def test_a_contract_reads_back_as_it_was_told(api: Api, given: dict[str, Any]) -> None:
    row = made(api, contract=given)
    assert row["contract"] == {**OPEN_ENDED, **given}
    assert api.get(f"{URL}/{row['id']}").json() == row
    assert api.get(URL).json()["data"] == [row]
    path = f"{URL}/by-external-id/crm/1"
    assert api.put(path, json={"contract": given}).json()["contract"] == row["contract"]


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({}, "/contract/started_on"),
        ({"ends_on": "2027-02-28"}, "/contract/started_on"),
        ({"started_on": None}, "/contract/started_on"),
        ({"started_on": "2025-02-29"}, "/contract/started_on"),
        ({"started_on": "1899-12-31"}, "/contract/started_on"),
        ({"started_on": "2025-03-01", "ends_on": "2025-02-28"}, "/contract/ends_on"),
        ({"started_on": "2025-03-01", "notice_given_on": "2025-02-28"}, "/contract/notice_given_on"),
        ({"started_on": "2025-03-01", "notice_on": "2025-03-02"}, "/contract/notice_on"),
        ("2025-03-01", "/contract"),
        ([], "/contract"),
    ],
)
def test_a_contract_that_cannot_be_is_refused_wherever_it_is_told(api: Api, given: Any, pointer: str) -> None:
    assert pointers(api.post(URL, json={"name": "Ayşe", "contract": given})) == [pointer]
    items = [{"name": "Veli"}, {"name": "Ayşe", "contract": given}]
    assert pointers(api.post(f"{URL}/batch", json={"items": items})) == [f"/items/1{pointer}"]
    assert pointers(api.put(f"{URL}/by-external-id/crm/1", json={"contract": given})) == [pointer]
    assert api.get(URL).json()["data"] == []
    row = made(api)
    assert pointers(patched(api, row, contract=given)) == [pointer]
    assert api.get(f"{URL}/{row['id']}").json() == row


def test_a_patch_merges_a_contract_member_by_member(api: Api) -> None:
    row = made(api, contract={"started_on": "2025-03-01", "ends_on": "2027-02-28"})
    noticed = patched(api, row, contract={"notice_given_on": "2026-11-20"}).json()
    assert noticed["contract"] == {**CONTRACT, "notice_given_on": "2026-11-20"}
    assert {name for name in row if row[name] != noticed[name]} == {"contract", "version", "updated_at"}
    endless = patched(api, row, contract={"ends_on": None, "notice_given_on": None}).json()
    assert endless["contract"] == OPEN_ENDED
    kept = patched(api, row, language="tr").json()
    assert kept["contract"] == OPEN_ENDED
    path = f"{URL}/by-external-id/crm/1"
    api.put(path, json={"contract": CONTRACT})
    moved = api.put(path, json={"contract": {"started_on": "2025-04-01"}}).json()
    assert moved["contract"] == {**CONTRACT, "started_on": "2025-04-01"}


@pytest.mark.parametrize("change", [{}, {"ends_on": "2027-02-28"}, CONTRACT])
def test_a_patch_of_a_contract_that_changes_nothing_makes_no_version(
    api: Api, change: dict[str, Any]
) -> None:
    row = made(api, contract=CONTRACT)
    assert patched(api, row, contract=change).json() == row


def test_null_removes_a_contract(api: Api) -> None:
    row = made(api, contract=CONTRACT)
    without = patched(api, row, contract=None).json()
    assert (without["contract"], without["version"]) == (None, 2)
    assert patched(api, row, contract=None).json() == without
    assert pointers(patched(api, row, contract={"ends_on": "2027-02-28"})) == ["/contract/started_on"]


def test_a_merge_may_not_put_the_days_out_of_order(api: Api) -> None:
    row = made(api, contract={"started_on": "2025-03-01", "ends_on": "2025-06-30"})
    for change, pointer in (
        ({"started_on": "2025-07-01"}, "/contract/ends_on"),
        ({"ends_on": "2025-02-28"}, "/contract/ends_on"),
        ({"notice_given_on": "2025-02-28"}, "/contract/notice_given_on"),
        ({"started_on": None}, "/contract/started_on"),
    ):
        assert pointers(patched(api, row, contract=change)) == [pointer]
    assert api.get(f"{URL}/{row['id']}").json() == row


def test_what_is_wrong_with_a_contract_is_said_in_the_language_of_the_caller(api: Api) -> None:
    body = {"name": "Ayşe", "contract": {"started_on": "2025-03-01", "ends_on": "2025-02-28"}}
    answer = api.post(URL, json=body, headers={"Accept-Language": "az"})
    [wrong] = problem(answer, 422, "validation_failed")["errors"]
    assert (wrong["code"], wrong["detail"]) == ("before_start", "Müqavilə başlamamış bitə bilməz.")


# --- channels that are not wanted


def test_channels_that_are_not_wanted_are_kept_once_and_in_order(api: Api) -> None:
    assert made(api)["do_not_contact"] == []
    row = made(api, do_not_contact=["phone", "email", "phone"])
    assert row["do_not_contact"] == ["phone", "email"]
    assert api.get(f"{URL}/{row['id']}").json() == row
    assert patched(api, row, do_not_contact=["phone", "email", "email"]).json() == row
    changed = patched(api, row, do_not_contact=["letter"]).json()
    assert (changed["do_not_contact"], changed["version"]) == (["letter"], 2)
    assert patched(api, row, language="tr").json()["do_not_contact"] == ["letter"]
    assert patched(api, row, do_not_contact=[]).json()["do_not_contact"] == []


@pytest.mark.parametrize(
    ("channels", "pointer"),
    [
        (["fax"], "/do_not_contact/0"),
        ("phone", "/do_not_contact"),
        (None, "/do_not_contact"),
        (["phone"] * 10, "/do_not_contact"),
    ],
)
def test_a_channel_that_is_none_is_refused(api: Api, channels: Any, pointer: str) -> None:
    assert pointers(api.post(URL, json={"name": "Ayşe", "do_not_contact": channels})) == [pointer]
    row = made(api)
    assert pointers(patched(api, row, do_not_contact=channels)) == [pointer]
    assert api.get(f"{URL}/{row['id']}").json() == row
