"""An imported interaction says as a recorded one does that its customer asked not to be called."""

from typing import Any

import pytest
from import_helpers import RECORD_COLUMNS, begin, counts, record_lines, record_mapping, take_in
from sqlalchemy import select

from app.domain.common.access import Actor
from app.jobs.imports import run as work
from app.services.imports import imports
from app.store.engine import Store
from app.store.tables import AuditEntry, Customer

READ = record_mapping(
    "interactions", columns=RECORD_COLUMNS["interactions"] | {"disposition": "about", "topic": "=sales"}
)
FILE = record_lines(
    [
        "R1,C1,2026-03-10,1,do_not_call,",
        "R2,C1,2026-03-11,1,resolved,",
        "R3,C2,2026-03-11,1,resolved,",
        "R4,C1,2026-03-12,1,do_not_call,",
    ]
)


def people(store: Store) -> list[Any]:
    listed = select(Customer.do_not_contact, Customer.version).order_by(Customer.id)
    return list(store.read_sync(lambda tx: tx.execute(listed).all()))


def test_a_file_puts_customers_on_the_list(store: Store, actor: Actor) -> None:
    dry = take_in(store, actor, FILE, READ, dry_run=True)
    assert (counts(dry), people(store)) == ((4, 4, 0, 0), [])
    assert counts(take_in(store, actor, FILE, READ)) == (4, 4, 0, 0)
    assert people(store) == [(["phone"], 2), ([], 1)]
    changed = select(AuditEntry.members).where(AuditEntry.action == "customer.updated")
    assert store.read_sync(lambda tx: tx.execute(changed).scalars().all()) == [["do_not_contact"]]
    assert counts(take_in(store, actor, FILE, READ)) == (4, 0, 4, 0)
    assert people(store) == [(["phone"], 2), ([], 1)]


@pytest.mark.parametrize("batch_lines", [1, 100])
def test_who_asked_stays_on_it_when_the_file_is_taken_back(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch, batch_lines: int
) -> None:
    monkeypatch.setattr("app.jobs.imports.file_layout.BATCH_LINES", batch_lines)
    row = begin(store, actor, FILE, READ)
    work.run(store, actor, row["id"], FILE, lambda _row, _bytes: None)
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])
    assert people(store) == [(["phone"], 2)]
