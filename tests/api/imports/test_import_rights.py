"""An import needs the scope to write what it brings, and its reversal as well."""

from collections.abc import Callable
from typing import Any

import pytest
from import_helpers import many, many_records, mapping, record_mapping, set_up_survey, take_in
from sqlalchemy import func, select, update
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.domain.imports import rights
from app.domain.imports.targets import RecordKind
from app.jobs.imports import run as work
from app.services.imports import batches, imports
from app.store.engine import Store
from app.store.tables import Customer, Import, Job, Transaction

PATH = "/v1/imports"
IMPORTS = (Scope.IMPORTS_READ, Scope.IMPORTS_WRITE)
OTHER = Actor("key:other", frozenset(Scope))
Caller = Callable[..., Api]


def sent(api: Api, kind: RecordKind, **options: Any) -> Any:
    """A file that has not even a header for its kind: who may not send it learns nothing else."""
    query = {"kind": kind.value, "source": "pos", "column": COLUMNS[kind], **options}
    return api.post(
        PATH, params=query, content=b"nothing,of,it\n1,2,3\n", headers={"Content-Type": "text/csv"}
    )


RECORD = ["external_id=id", "customer_key=who"]
COLUMNS = {
    RecordKind.TRANSACTIONS: [*RECORD, "amount=sum", "currency==TRY", "occurred_at=at"],
    RecordKind.INTERACTIONS: [*RECORD, "started_at=at", "channel==phone", "direction==inbound"],
    RecordKind.COMPLAINTS: [*RECORD, "received_at=at", "subject=about"],
    RecordKind.RESPONSES: [*RECORD, "survey==visit", "answer.recommend=n", "answered_at=at"],
    RecordKind.CUSTOMERS: ["external_id=id", "name=name"],
    RecordKind.CONTRACT_TERMS: ["customer_key=who", "known_on=at", "started_on=from"],
    RecordKind.DEPARTURES: ["customer_key=who", "left_on=at"],
}
ALL_KINDS = list(RecordKind)


def test_every_kind_of_file_has_a_scope() -> None:
    assert rights.WRITES.keys() == set(RecordKind)
    assert {scope.value.partition(":")[2] for scope in rights.WRITES.values()} == {"write"}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_file_needs_the_scope_of_its_kind(
    api_with: Caller, store: Store, actor: Actor, kind: RecordKind
) -> None:
    set_up_survey(store, actor)
    needed = rights.WRITES[kind]
    others = [scope for scope in Scope if scope not in (needed, Scope.IMPORTS_ADMIN)]
    refused = problem(sent(api_with(*others), kind), 403, "insufficient_scope")
    assert needed.value in refused["detail"]
    assert store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(Import)).scalar_one()) == 0
    assert sent(api_with(*IMPORTS, needed), kind).status_code == 422  # its header does not fit


def test_creating_customers_needs_another(api_with: Caller) -> None:
    buyer = api_with(*IMPORTS, Scope.TRANSACTIONS_WRITE)
    refused = problem(sent(buyer, RecordKind.TRANSACTIONS, create_missing=True), 403, "insufficient_scope")
    assert "customers:write" in refused["detail"]


@pytest.mark.parametrize("kind", ["transactions", "interactions", "complaints", "responses"])
def test_a_reversal_needs_what_the_file_needed_and_another_keys_one_more(
    api_with: Caller, store: Store, actor: Actor, kind: str
) -> None:
    set_up_survey(store, actor)
    file = many(2) if kind == "transactions" else many_records(2)
    read = mapping(create_missing=True) if kind == "transactions" else record_mapping(kind)
    row = take_in(store, OTHER, file, read)
    path, needed = f"{PATH}/{row['id']}", rights.WRITES[RecordKind(kind)]
    for lacking in (needed, Scope.CUSTOMERS_WRITE, Scope.IMPORTS_ADMIN):
        caller = api_with(*(scope for scope in Scope if scope is not lacking))
        refused = problem(caller.post(f"{path}/reversals"), 403, "insufficient_scope")
        assert lacking.value in refused["detail"]
        assert caller.get(path).json()["state"] == "done"
    assert store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(Job)).scalar_one()) == 0
    admin = api_with(*IMPORTS, needed, Scope.CUSTOMERS_WRITE, Scope.IMPORTS_ADMIN)
    assert admin.post(f"{path}/reversals").json()["state"] == "reverting"


def test_an_own_import_is_taken_back_without_the_right_to_those_of_others(
    api_with: Caller, store: Store
) -> None:
    own = api_with(*IMPORTS, Scope.TRANSACTIONS_WRITE, Scope.CUSTOMERS_WRITE)
    key_id = own.headers["Authorization"].split("_")[2]
    row = take_in(store, Actor(f"key:{key_id}", frozenset(Scope)), many(2), mapping(create_missing=True))
    assert own.post(f"{PATH}/{row['id']}/reversals").status_code == 202


def test_a_limited_key_takes_back_only_what_it_still_sees(store: Store, actor: Actor) -> None:
    limited = Actor("key:izmir", frozenset(Scope), frozenset({"izmir"}), company=actor.company)
    row = take_in(store, limited, many(4, customers=2), mapping(create_missing=True))
    first = select(Transaction.customer_id).limit(1).scalar_subquery()
    moved = update(Customer).where(Customer.id == first).values(unit="ankara")
    store.write_sync(lambda tx: tx.execute(moved).rowcount)
    store.write_sync(imports.revert, limited, row["id"])
    work.run_reversal(store, limited, row["id"])
    units = select(Customer.unit, func.count()).join(Transaction).group_by(Customer.unit)
    left = store.read_sync(lambda tx: [tuple(found) for found in tx.execute(units)])
    assert left == [("ankara", 2)]
    assert store.read_sync(imports.get, limited, row["id"])["state"] == "reverted"


def test_a_reversal_acts_for_whoever_asked(actor: Actor) -> None:
    row = {"created_by": "key:izmir", "units": ["izmir"], "mapping": {"create_missing": False}}
    own = batches.reverser_of(row, "key:izmir", actor.company)
    other = batches.reverser_of(row, "key:all", actor.company)
    assert [(one.id, one.units) for one in (own, other)] == [
        ("key:izmir", frozenset({"izmir"})),
        ("key:all", frozenset()),
    ]
