"""A worker that is killed while it takes in a file about customers loses nothing and does nothing twice."""

import hashlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from import_helpers import accounted, take_in
from jobs.helpers import ACTOR, ended, until
from sqlalchemy import delete, select

from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import column_flags
from app.services.imports import imports
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import AuditEntry, ContractTerms, Customer, Event, Import

PEOPLE, BATCH = 3_000, 500
BOOK = ["external_id=no", "name=name", "phone=phone", "tags=tags"]
FILES: dict[str, tuple[list[str], str, str]] = {
    "customers": (BOOK, "no,name,phone,tags", "{n},Name {n},0532{n:07d},vip"),
    "contract-terms": (
        ["customer_key=no", "known_on=known", "started_on=from", "ends_on=until"],
        "no,known,from,until",
        "{n},2026-01-01,2026-01-01,2026-12-31",
    ),
    "departures": (["customer_key=no", "left_on=day", "reason=why"], "no,day,why", "{n},2026-03-01,price"),
}


def file_of(kind: str) -> tuple[bytes, Mapping]:
    flags, header, line = FILES[kind]
    columns = column_flags(flags, kind)
    read = Mapping.from_dict({"columns": columns, "kind": kind, "source": "book", "time_zone": "UTC"})
    return "\n".join([header, *(line.format(n=n) for n in range(PEOPLE)), ""]).encode(), read


def upload(store: Store, file: bytes, read: Mapping) -> dict[str, Any]:
    begun = store.write_sync(imports.begin, ACTOR, read)
    store.write_sync(imports.append_chunk, begun["id"], 0, file)
    sha256 = hashlib.sha256(file).hexdigest()
    row: dict[str, Any] = store.write_sync(imports.close_upload, ACTOR, begun["id"], sha256, len(file))
    return row


def look(store: Store, import_id: UUID) -> dict[str, Any]:
    row: dict[str, Any] = store.read_sync(imports.get, ACTOR, import_id)
    return row


@pytest.fixture
def workers(module_settings: Settings) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The worker processes of a test, which end with it."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.wait()


def start(settings: Settings) -> "subprocess.Popen[bytes]":
    script = Path(__file__).parents[1] / "killable_worker.py"
    arguments = [sys.executable, str(script), settings.database_url, "importer", "15"]
    return subprocess.Popen(arguments, env={**os.environ, "PYTHONWARNINGS": "default"})


@pytest.mark.parametrize(
    ("module_settings", "kind"),
    [
        ("sqlite", "customers"),
        ("sqlite", "departures"),
        ("postgresql", "customers"),
        ("postgresql", "contract-terms"),
    ],
    indirect=["module_settings"],
)
def test_every_batch_is_stored_once_whatever_kills_the_worker(
    module_settings: Settings, module_store: Store, workers: list["subprocess.Popen[bytes]"], kind: str
) -> None:
    store = module_store
    for table in (ContractTerms, Customer):
        store.write_sync(lambda tx, table=table: tx.execute(delete(table)))
    if kind != "customers":
        take_in(store, ACTOR, *file_of("customers"))
    row = upload(store, *file_of(kind))
    for reached in (1, 3):
        workers.append(start(module_settings))
        until(lambda reached=reached: store.read_sync(_next_batch, row["id"]) >= reached)
        workers[-1].send_signal(signal.SIGKILL)
        workers[-1].wait()
    interrupted = look(store, row["id"])
    assert (interrupted["state"], interrupted["rows_in"] < PEOPLE) == ("running", True)
    assert interrupted["rows_in"] == accounted(interrupted) == interrupted["rows_stored"]
    workers.append(start(module_settings))
    assert ended(store, row["job_id"])["state"] == "done"
    done = look(store, row["id"])
    assert (done["state"], done["rows_in"], done["rows_stored"]) == ("done", PEOPLE, PEOPLE)
    assert done["customers_created"] == (PEOPLE if kind == "customers" else 0)
    assert _stored_batches(store, row["id"]) == dict.fromkeys(range(PEOPLE // BATCH), 1)
    assert store.read_sync(_effects, kind) == {(PEOPLE, 1 if kind == "customers" else 2): PEOPLE}
    repeated = take_in(store, ACTOR, *file_of(kind))
    assert (repeated["rows_stored"], repeated["rows_repeated"]) == (0, PEOPLE)


# --- inside


def _next_batch(tx: Any, import_id: UUID) -> int:
    found: int = tx.execute(select(Import.next_batch).where(Import.id == import_id)).scalar_one()
    return found


def _stored_batches(store: Store, import_id: UUID) -> dict[int, int]:
    """How often each batch says in the outbox that it was stored."""
    told = select(Event.data).where(Event.type == "import.batch_stored", Event.object_id == str(import_id))
    noted = select(AuditEntry.id).where(
        AuditEntry.action == "import.batch_stored", AuditEntry.object_id == str(import_id)
    )
    found = store.read_sync(lambda tx: tx.execute(told).scalars().all())
    assert len(store.read_sync(lambda tx: tx.execute(noted).all())) == len(found)
    return dict(Counter(data["batch"] for data in found))


def _effects(tx: Any, kind: str) -> dict[tuple[int, int], int]:
    """How many customers have what the file says, by how many there are and how often each was written."""
    people = tx.execute(select(Customer.__table__)).mappings().all()
    terms = {row.customer_id for row in tx.execute(select(ContractTerms.customer_id))}
    has: dict[str, Any] = {
        "customers": lambda row: row["tags"] == ["vip"] and len(row["contact_points"]) == 1,
        "contract-terms": lambda row: row["id"] in terms and row["contract_ends_on"] is not None,
        "departures": lambda row: row["lifecycle"] == "left" and row["left_reason"] == "price",
    }
    return dict(Counter((len(people), row["version"]) for row in people if has[kind](row)))
