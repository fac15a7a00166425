"""Lists that are read again from the last change on, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import transaction_body
from sqlalchemy import Connection, event
from support import Api, made

from app.domain.common.access import Actor
from app.schemas.activity.exchange_rates import ExchangeRateQuery
from app.schemas.activity.transactions import TransactionQuery
from app.services.activity import exchange_rates, transactions
from app.store.engine import Store
from app.store.types import new_id, now

TRANSACTIONS = "/v1/transactions"


@pytest.fixture
def customer_id(api: Api) -> str:
    """The customer C-1 of the CRM."""
    return str(made(api, external_ids=[{"system": "crm", "key": "C-1"}])["id"])


def changed(api: Api, path: str, after: str, **params: Any) -> list[dict[str, Any]]:
    """What a list shows of changes after an instant, page by page."""
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"updated_after": after, "limit": 2, **params}
    while query:
        page = api.get(path, params=query).json()
        rows += page["data"]
        query = {**query, "cursor": page["next_cursor"]} if page["has_more"] else {}
    return rows


def just_before(instant: str) -> str:
    return (datetime.fromisoformat(instant) - timedelta(microseconds=1)).isoformat()


def recorded(api: Api, *external_ids: str) -> list[dict[str, Any]]:
    """Transactions that were recorded one after the other."""
    answers = [api.post(TRANSACTIONS, json=transaction_body(external_id=one)) for one in external_ids]
    assert [answer.status_code for answer in answers] == [201] * len(external_ids)
    return [answer.json() for answer in answers]


# --- transactions


def test_a_transaction_is_changed_by_recording_correcting_and_moving_it(api: Api, customer_id: str) -> None:
    first, second, third = recorded(api, "T1", "T2", "T3")
    assert changed(api, TRANSACTIONS, third["updated_at"]) == []
    assert changed(api, TRANSACTIONS, second["updated_at"]) == [third]
    corrected = api.patch(f"{TRANSACTIONS}/{second['id']}", json={"category": "shoes"}).json()
    assert changed(api, TRANSACTIONS, third["updated_at"]) == [corrected]
    move = {"customer_id": made(api, "Mehmet")["id"], "reason": "Wrong card"}
    moved = api.post(f"{TRANSACTIONS}/{first['id']}/transfers", json=move).json()
    assert changed(api, TRANSACTIONS, third["updated_at"], sort="updated_at") == [corrected, moved]
    assert changed(api, TRANSACTIONS, corrected["updated_at"], sort="updated_at") == [moved]
    whole = changed(api, TRANSACTIONS, just_before(first["updated_at"]), sort="updated_at")
    assert whole == [third, corrected, moved]


def test_changes_of_transactions_come_in_every_order_and_with_other_filters(
    api: Api, customer_id: str
) -> None:
    rows = recorded(api, "T1", "T2", "T3", "T4", "T5")
    since = rows[1]["updated_at"]
    for sort in ("occurred_at", "-occurred_at", "updated_at"):
        found = changed(api, TRANSACTIONS, since, sort=sort)
        assert {row["external_id"] for row in found} == {"T3", "T4", "T5"}
        assert len(found) == 3
    assert changed(api, TRANSACTIONS, since, external_id="api:T4") == [rows[3]]
    assert changed(api, TRANSACTIONS, since, external_id="api:T1") == []


def test_all_of_a_batch_change_at_one_instant_and_none_is_lost(api: Api, customer_id: str) -> None:
    [before] = recorded(api, "T0")
    items = [transaction_body(external_id=f"B{number}") for number in range(9)]
    assert api.post(f"{TRANSACTIONS}/batch", json={"items": items}).status_code == 201
    found = changed(api, TRANSACTIONS, before["updated_at"], sort="updated_at")
    assert len({row["updated_at"] for row in found}) == 1
    assert sorted(row["external_id"] for row in found) == [f"B{number}" for number in range(9)]


def test_a_page_says_from_when_to_ask_again(api: Api, customer_id: str) -> None:
    [row] = recorded(api, "T1")
    for path in (TRANSACTIONS, "/v1/exchange-rates", "/v1/dispositions", "/v1/unit-costs"):
        until = datetime.fromisoformat(api.get(path).json()["complete_until"])
        assert until < datetime.fromisoformat(row["updated_at"])  # younger changes may not be visible yet


# --- lists by a code


def test_exchange_rates_that_were_changed(api: Api) -> None:
    days = [f"2026-11-{day}" for day in (20, 21, 22)]
    items = [{"currency": code, "on": day, "rate": "40"} for code in ("USD", "EUR") for day in days]
    path = "/v1/exchange-rates"
    assert api.post(f"{path}/batch", json={"items": items}).status_code == 200
    stored = api.get(path).json()["data"]
    since = stored[0]["updated_at"]
    assert changed(api, path, since) == []
    assert changed(api, path, just_before(since)) == stored  # of one instant, by currency and day
    assert changed(api, path, just_before(since), sort="updated_at") == stored
    usd = api.put(f"{path}/USD/2026-11-20", json={"rate": "41"}).json()
    eur = api.put(f"{path}/EUR/2026-11-22", json={"rate": "48"}).json()
    assert changed(api, path, since) == [eur, usd]
    assert changed(api, path, since, sort="updated_at") == [usd, eur]
    assert changed(api, path, usd["updated_at"], sort="updated_at") == [eur]
    assert changed(api, path, since, currency="USD") == [usd]
    assert [row["rate"] for row in changed(api, path, just_before(since), sort="updated_at")[-2:]] == [
        "41",
        "48",
    ]


COLUMNS = {"external_id": "id", "customer_key": "who", "occurred_at": "at", "amount": "sum", "currency": "in"}
LISTS: dict[str, dict[str, Any]] = {
    "/v1/dispositions": {"names": {"en": "Sent"}},
    "/v1/unit-costs": {"per_contact": "1"},
    "/v1/import-mappings": {"columns": COLUMNS},
}
CODES = {"/v1/unit-costs": ("email", "phone", "web")}
CHANGES: dict[str, dict[str, Any]] = {
    "/v1/dispositions": {"names": {"en": "Sent off"}},
    "/v1/unit-costs": {"per_contact": "2"},
    "/v1/import-mappings": {"columns": {**COLUMNS, "external_id": "no"}},
}


@pytest.mark.parametrize("path", LISTS)
def test_short_lists_show_what_was_changed(api: Api, path: str) -> None:
    start = now().isoformat()
    assert changed(api, path, start) == []  # nor what is built in
    codes = CODES.get(path, ("aa", "bb", "zz"))
    rows = [api.put(f"{path}/{code}", json=LISTS[path]).json() for code in codes]
    assert changed(api, path, start) == rows
    assert changed(api, path, rows[1]["updated_at"]) == rows[2:]
    first = api.put(f"{path}/{codes[0]}", json=CHANGES[path]).json()
    assert changed(api, path, rows[1]["updated_at"]) == [first, rows[2]]
    assert changed(api, path, first["updated_at"]) == []
    assert api.get(path, params={"updated_after": "2026-01-01"}).status_code == 422


def test_a_built_in_disposition_counts_once_it_was_changed(api: Api) -> None:
    start = now().isoformat()
    row = api.put("/v1/dispositions/abandoned", json={"names": {"en": "Gave up"}}).json()
    assert changed(api, "/v1/dispositions", start) == [row]


# --- how they are found


@pytest.mark.parametrize(
    ("index", "fn", "query", "after"),
    [
        ("ix_transactions_updated_at", transactions.page, TransactionQuery, (now(), new_id())),
        (
            "ix_exchange_rates_updated_at_currency_on_date",
            exchange_rates.page,
            ExchangeRateQuery,
            (now(), "EUR", now().date()),
        ),
    ],
)
def test_changes_are_looked_up_in_an_index(
    store: Store, actor: Actor, index: str, fn: Any, query: Any, after: Any
) -> None:
    """Also the last page of a long list."""

    def plans(tx: Connection, members: dict[str, Any], behind: Any) -> str:
        found: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: bool) -> None:
            found.append((statement, parameters))

        event.listen(tx, "before_cursor_execute", note)
        fn(tx, actor, query(sort="updated_at", **members), behind)
        event.remove(tx, "before_cursor_execute", note)
        [(statement, parameters)] = found
        if tx.dialect.name == "postgresql":
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off")
            tx.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        explain = "EXPLAIN" if tx.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        rows = tx.exec_driver_sql(f"{explain} {statement}", parameters).all()
        return "\n".join(str(row[-1]) for row in rows)

    since = {"updated_after": "2026-01-01T00:00:00Z"}
    for members, behind in ((since, None), ({}, after), (since, after)):
        plan = store.read_sync(plans, members, behind)
        assert index in plan
        assert "Index Cond" in plan or "SEARCH" in plan, plan
        assert not [step for step in ("Sort", "TEMP B-TREE") if step in plan]
