"""What transactions do to customers when several writers come at once, and what they leave behind."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from factories import transaction_body
from sqlalchemy import Connection, func, select

from app.domain.common.access import Actor
from app.errors import AppError
from app.schemas.activity.transactions import TransactionCreate
from app.schemas.customers.search import CustomerQuery
from app.services.activity import transactions
from app.services.customers import customers, external_ids
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer, CustomerExternalId, CustomerLookup, Event, Transaction
from app.store.types import new_id

KEYS = [f"C-{number:03}" for number in range(40)]


def purchase(key: str, external_id: str) -> TransactionCreate:
    customer = {"system": "crm", "key": key}
    body = transaction_body(customer=customer, create_missing=True, external_id=external_id)
    return TransactionCreate.model_validate(body)


def count(tx: Connection, table: Any) -> int:
    return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def actions(tx: Connection, table: Any) -> list[str]:
    column = table.action if table is AuditEntry else table.type
    return sorted(tx.execute(select(column)).scalars())


def together(store: Store, actor: Actor, batches: Sequence[list[TransactionCreate]]) -> list[list[Any]]:
    """Store the batches at the same time, each in its own transaction."""

    def one(batch: list[TransactionCreate]) -> list[Any]:
        try:
            return store.write_sync(transactions.create_many, actor, batch)
        except AppError as refusal:
            return [refusal]

    with ThreadPoolExecutor(len(batches)) as pool:
        return list(pool.map(one, batches))


def test_writers_that_need_the_same_new_customers_share_them(store: Store, actor: Actor) -> None:
    batches = [
        [purchase(key, f"{writer}-{key}") for key in (KEYS if writer % 2 else reversed(KEYS))]
        for writer in range(6)
    ]
    results = together(store, actor, batches)
    assert all(isinstance(row, dict) for rows in results for row in rows)
    assert store.read_sync(count, Customer) == store.read_sync(count, CustomerExternalId) == len(KEYS)
    assert store.read_sync(count, Transaction) == 6 * len(KEYS)
    owners = {row["external_id"][2:]: row["customer_id"] for row in results[0]}
    assert all(owners[row["external_id"][2:]] == row["customer_id"] for rows in results for row in rows)


def test_of_writers_that_bring_the_same_transactions_one_stores_each(store: Store, actor: Actor) -> None:
    batches = [[purchase(key, key) for key in KEYS] for _ in range(4)]
    results = together(store, actor, batches)
    stored = [row["external_id"] for rows in results for row in rows if isinstance(row, dict)]
    assert sorted(stored) == KEYS
    refusals = {row.status for rows in results for row in rows if isinstance(row, AppError)}
    assert refusals == {409}
    assert store.read_sync(count, Transaction) == store.read_sync(count, Customer) == len(KEYS)


def test_every_effect_leaves_an_audit_row_and_an_event(store: Store, actor: Actor) -> None:
    batch = [purchase("C-1", "T1"), purchase("C-1", "T2"), purchase("C-1", "T2")]
    store.write_sync(transactions.create_many, actor, batch)
    expected = ["customer.created", "transaction.recorded", "transaction.recorded"]
    assert store.read_sync(actions, AuditEntry) == store.read_sync(actions, Event) == expected
    [row] = store.read_sync(customers.page, actor, CustomerQuery(), None).rows
    named = store.read_sync(lambda tx: set(tx.execute(select(Event.customer_id)).scalars()))
    assert named == {row["id"]}


def test_a_prospect_made_active_is_audited(store: Store, actor: Actor) -> None:
    prospect = customers.CustomerCreate.model_validate(
        {"name": "Aday", "lifecycle": "prospect", "external_ids": [{"system": "crm", "key": "C-1"}]}
    )
    store.write_sync(customers.create, actor, prospect)
    for number in range(2):
        store.write_sync(transactions.create, actor, purchase("C-1", f"T{number}"))
    updates = [action for action in store.read_sync(actions, AuditEntry) if action == "customer.updated"]
    assert len(updates) == 1


def test_customers_for_keys_of_an_import_leave_no_rows_of_their_own(store: Store, actor: Actor) -> None:
    import_id = new_id()
    identities = [("crm", key) for key in KEYS]
    made = store.write_sync(external_ids.create_for_keys, actor, identities, import_id=import_id)
    assert made.keys() == set(identities)
    assert store.read_sync(count, AuditEntry) == store.read_sync(count, CustomerLookup) == 0
    found = store.read_sync(lambda tx: set(tx.execute(select(Customer.created_by_import_id)).scalars()))
    assert found == {import_id}
    asked = [*identities, ("crm", "nobody"), ("shop", "C-001")]
    known = store.write_sync(external_ids.find_by_keys, actor, asked)
    assert {pair: customer_id for pair, (customer_id, _) in known.items()} == made


def test_keys_others_took_in_the_meantime_lead_to_their_customers(store: Store, actor: Actor) -> None:
    first = store.write_sync(external_ids.create_for_keys, actor, [("crm", "C-1")])
    second = store.write_sync(external_ids.create_for_keys, actor, [("crm", "C-1"), ("crm", "C-2")])
    assert second["crm", "C-1"] == first["crm", "C-1"]
    assert store.read_sync(count, Customer) == 2
    assert len(store.read_sync(actions, AuditEntry)) == 2
