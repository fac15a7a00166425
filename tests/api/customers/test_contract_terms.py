"""What was known of contracts, and since when: over HTTP, on both databases."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import delete, func, select
from support import Api, made, pointers, problem

from app.domain.common.access import Scope
from app.services.customers import contract_terms
from app.store.engine import Store
from app.store.tables import ContractTerms, Customer

URL = "/v1/customers"
CONTRACT = {"started_on": "2025-03-01", "ends_on": "2026-02-28", "notice_given_on": None}
RENEWED = {**CONTRACT, "ends_on": "2027-02-28"}
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def path(row: dict[str, Any]) -> str:
    return f"{URL}/{row['id']}/contract-terms"


def tell(api: Api, row: dict[str, Any], known_on: str, contract: Any) -> Any:
    return api.post(path(row), json={"known_on": known_on, "contract": contract})


def versions(api: Api, row: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(one["known_on"], one["contract"]) for one in api.get(path(row)).json()["data"]]


def patch(api: Api, row: dict[str, Any], **contract: Any) -> None:
    assert api.patch(f"{URL}/{row['id']}", json={"contract": contract}).status_code == 200


# --- kept with every change


def test_every_way_to_tell_a_contract_keeps_its_terms(api: Api, clock: Any) -> None:
    single = made(api, contract=CONTRACT)
    batch = api.post(
        f"{URL}/batch", json={"items": [{"name": "Veli", "contract": CONTRACT}, {"name": "Can"}]}
    )
    veli, can = (item["customer"] for item in batch.json()["data"])
    keyed = api.put(f"{URL}/by-external-id/crm/1", json={"contract": CONTRACT}).json()
    later = made(api)
    patch(api, later, **CONTRACT)
    for row in (single, veli, keyed, later):
        assert versions(api, row) == [("2026-05-04", CONTRACT)]
    assert versions(api, can) == []
    clock.move_to(datetime(2026, 5, 9, 22, 30, tzinfo=UTC))  # the tenth in Istanbul
    api.put(f"{URL}/by-external-id/crm/1", json={"contract": {"ends_on": "2027-02-28"}})
    assert versions(api, keyed) == [("2026-05-10", RENEWED), ("2026-05-04", CONTRACT)]


def test_of_one_day_the_last_terms_are_kept_and_what_does_not_change_makes_no_version(
    api: Api, clock: Any
) -> None:
    row = made(api, contract=CONTRACT)
    patch(api, row, ends_on="2026-12-31")
    patch(api, row, ends_on="2027-02-28")
    assert versions(api, row) == [("2026-05-04", RENEWED)]
    clock.shift(86_400)
    patch(api, row, **RENEWED)
    api.patch(f"{URL}/{row['id']}", json={"language": "tr"})
    assert len(versions(api, row)) == 1
    api.patch(f"{URL}/{row['id']}", json={"contract": None})
    assert versions(api, row) == [("2026-05-05", None), ("2026-05-04", RENEWED)]


def test_notice_told_late_is_known_from_the_day_it_was_given(api: Api, clock: Any) -> None:
    row = made(api, contract=CONTRACT)
    clock.move_to(datetime(2026, 6, 20, 12, tzinfo=UTC))
    patch(api, row, notice_given_on="2026-06-12")
    assert [known_on for known_on, _ in versions(api, row)] == ["2026-06-12", "2026-05-04"]
    clock.shift(86_400)
    patch(api, row, ends_on="2026-06-30")
    assert [known_on for known_on, _ in versions(api, row)] == ["2026-06-21", "2026-06-12", "2026-05-04"]
    patch(api, row, notice_given_on="2026-04-30")  # never before what was known until now
    assert [known_on for known_on, _ in versions(api, row)] == ["2026-06-21", "2026-06-12", "2026-05-04"]


def test_a_change_that_is_refused_keeps_nothing(api: Api, clock: Any) -> None:
    row = made(api, contract=CONTRACT)
    clock.shift(86_400)
    answer = api.patch(f"{URL}/{row['id']}", json={"contract": {"ends_on": "2025-01-01"}})
    assert pointers(answer) == ["/contract/ends_on"]
    assert versions(api, row) == [("2026-05-04", CONTRACT)]


# --- recorded


def test_the_past_is_recorded_once_and_corrected(api: Api, clock: Any) -> None:
    row = made(api, contract=RENEWED)
    first = tell(api, row, "2025-02-20", CONTRACT)
    assert (first.status_code, first.headers["Location"]) == (201, path(row))
    assert first.json()["contract"] == CONTRACT
    assert api.get(path(row)).json()["data"][1] == first.json()
    clock.shift(60)
    again = tell(api, row, "2025-02-20", CONTRACT)
    assert (again.status_code, again.json()) == (201, first.json())
    other = tell(api, row, "2025-02-20", None)
    assert (other.status_code, other.json()["contract"]) == (201, None)
    assert versions(api, row) == [("2026-05-04", RENEWED), ("2025-02-20", None)]
    assert api.get(f"{URL}/{row['id']}").json() == row


def test_whoever_never_had_a_contract_can_have_had_one_in_the_past(api: Api, clock: Any) -> None:
    row = made(api)
    assert tell(api, row, "2025-03-01", CONTRACT).status_code == 201
    assert versions(api, row) == [("2026-05-04", None), ("2025-03-01", CONTRACT)]
    assert api.get(f"{URL}/{row['id']}").json() == row


@pytest.mark.parametrize(
    ("known_on", "code"),
    [("2026-05-06", "in_future"), ("2026-05-05", "in_future"), ("2026-05-04", "not_past")],
)
def test_what_holds_now_is_changed_at_the_customer(api: Api, clock: Any, known_on: str, code: str) -> None:
    for row in (made(api, contract=RENEWED), made(api)):
        answer = tell(api, row, known_on, CONTRACT)
        [wrong] = problem(answer, 422, "validation_failed")["errors"]
        assert (wrong["pointer"], wrong["code"]) == ("/known_on", code)
    present = made(api, contract=RENEWED)
    assert tell(api, present, "2026-05-04", RENEWED).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"contract": ...}, "/contract"),
        ({"known_on": ...}, "/known_on"),
        ({"known_on": "2025-02-29"}, "/known_on"),
        ({"known_on": "1899-12-31"}, "/known_on"),
        ({"contract": {}}, "/contract/started_on"),
        ({"contract": {"started_on": "2025-03-01", "ends_on": "2025-02-28"}}, "/contract/ends_on"),
        (
            {"contract": {"started_on": "2025-03-01", "notice_given_on": "2025-02-28"}},
            "/contract/notice_given_on",
        ),
        ({"contract": {"started_on": "1899-12-31"}}, "/contract/started_on"),
        ({"plan": "x"}, "/plan"),
    ],
)
def test_terms_that_cannot_be_are_refused(api: Api, body: dict[str, Any], pointer: str) -> None:
    row = made(api, contract=RENEWED)
    whole = {"known_on": "2025-03-01", "contract": CONTRACT, **body}
    sent = {name: value for name, value in whole.items() if value is not ...}
    assert pointers(api.post(path(row), json=sent)) == [pointer]
    assert len(versions(api, row)) == 1


# --- read


def test_pages_are_newest_first(api: Api, clock: Any) -> None:
    row = made(api, contract=RENEWED)
    for month in range(1, 5):
        tell(api, row, f"2025-0{month}-01", CONTRACT)
    first = api.get(path(row), params={"limit": 3}).json()
    assert [one["known_on"] for one in first["data"]] == ["2026-05-04", "2025-04-01", "2025-03-01"]
    rest = api.get(path(row), params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [one["known_on"] for one in rest["data"]] == ["2025-02-01", "2025-01-01"]
    assert rest["has_more"] is False


def test_strangers_and_missing_ones_look_the_same(api: Api, api_with: Callable[..., Api]) -> None:
    row = made(api, contract=RENEWED, unit="izmir")
    tell(api, row, "2025-03-01", CONTRACT)
    scopes = (Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    other, mine = api_with(*scopes, units=["ankara"]), api_with(*scopes, units=["izmir"])
    missing = {"id": "01930a3e-2f6b-7c11-9a52-0d9c1f8f7a99"}
    for who, whose in ((other, row), (api, missing)):
        for answer in (who.get(path(whose)), tell(who, whose, "2025-02-01", CONTRACT)):
            problem(answer, 404, "not_found")
    assert len(versions(mine, row)) == 2
    assert tell(mine, row, "2025-02-01", CONTRACT).status_code == 201


def test_a_customer_who_is_deleted_takes_the_terms_along(api: Api, store: Store) -> None:
    made(api, contract=CONTRACT)
    store.write_sync(lambda tx: tx.execute(delete(Customer)))
    count = select(func.count()).select_from(ContractTerms)
    assert store.read_sync(lambda tx: tx.execute(count).scalar_one()) == 0


def test_the_newest_version_says_what_the_customer_says(api: Api, store: Store, clock: Any) -> None:
    row = made(api, contract=CONTRACT)
    clock.shift(86_400 * 3)
    patch(api, row, notice_given_on="2026-05-05", ends_on="2026-06-30")
    known = store.read_sync(contract_terms.newest_of, UUID(row["id"]))
    assert known is not None
    assert known["known_on"] == date(2026, 5, 5)
    told = api.get(f"{URL}/{row['id']}").json()["contract"]
    assert {name: known[name] and known[name].isoformat() for name in told} == told
