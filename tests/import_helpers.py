"""Files to take in, and what became of them."""

from collections.abc import Iterable
from typing import Any

import factories
from sqlalchemy import func, select

from app.domain.common.access import Actor
from app.domain.imports.mapping import Mapping
from app.domain.imports.states import ImportState
from app.jobs import registry
from app.jobs.imports import run as work
from app.jobs.imports.file_layout import digest
from app.jobs.registry import Context
from app.services.imports import imports
from app.services.platform import jobs
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Complaint, Customer, Interaction, SurveyResponse, Transaction

Row = dict[str, Any]

MEMBERS: Row = {
    "columns": {
        "external_id": "id",
        "customer_key": "who",
        "amount": "sum",
        "currency": "=TRY",
        "occurred_at": "at",
    },
    "source": "pos",
    "customer_system": "crm",
    "time_zone": "UTC",
}
HEADER = "id,who,sum,at"


def mapping(**members: Any) -> Mapping:
    """The mapping of `lines`, changed by ``members``."""
    return Mapping.from_dict(MEMBERS | members)


def lines(rows: Iterable[str]) -> bytes:
    """A file of these rows under the header ``id,who,sum,at``."""
    return "\n".join([HEADER, *rows, ""]).encode()


def many(count: int, customers: int = 5, start: int = 0) -> bytes:
    """A file of ``count`` purchases by customers ``C0``, ``C1``, ..."""
    return lines(
        f"T{n},C{n % customers},{n % 90}.50,2026-03-10T12:00:00Z" for n in range(start, start + count)
    )


def begin(store: Store, actor: Actor, file: bytes, read: Mapping, *, dry_run: bool = False) -> Row:
    """Begin to take in a file as the command does."""
    row: Row = store.write_sync(
        imports.begin,
        actor,
        read,
        dry_run=dry_run,
        state=ImportState.RUNNING,
        sha256=digest(file),
        size=len(file),
    )
    return row


def take_in(
    store: Store, actor: Actor, file: bytes, read: Mapping | None = None, *, dry_run: bool = False
) -> Row:
    """Take in a whole file; by default unknown customers are created."""
    row = begin(store, actor, file, read or mapping(create_missing=True), dry_run=dry_run)
    return work.run(store, actor, row["id"], file, lambda _row, _bytes: None)


def counts(row: Row) -> tuple[int, int, int, int]:
    """Rows in, stored, repeated, refused."""
    return row["rows_in"], row["rows_stored"], row["rows_repeated"], row["rows_refused"]


def accounted(row: Row) -> int:
    """How many rows the counts of an import account for."""
    return sum(row[f"rows_{name}"] for name in ("stored", "updated", "repeated", "refused"))


def refused(store: Store, actor: Actor, row: Row) -> list[tuple[int, str]]:
    """Line and reason of each refused row."""
    found = store.read_sync(imports.refused_after, actor, row["id"], 0, 10_000)
    return [(one["line"], one["code"]) for one in found]


def totals(store: Store) -> tuple[int, int, int]:
    """Transactions, their sum in minor units, and customers in the store."""
    count = store.read_sync(
        lambda tx: tx.execute(
            select(func.count(), func.coalesce(func.sum(Transaction.amount_minor), 0)).select_from(
                Transaction
            )
        ).one()
    )
    people = store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(Customer)).scalar_one())
    return int(count[0]), int(count[1]), people


# --- interactions, complaints and responses

RECORD_COLUMNS: dict[str, Row] = {
    "interactions": {
        "external_id": "id",
        "customer_key": "who",
        "started_at": "at",
        "channel": "=phone",
        "direction": "=inbound",
        "talk_seconds": "n",
        "topic": "about",
    },
    "complaints": {
        "external_id": "id",
        "customer_key": "who",
        "received_at": "at",
        "subject": "about",
        "closed_at": "closed",
        "resolved_at": "closed",
    },
    "responses": {
        "external_id": "id",
        "customer_key": "who",
        "answered_at": "at",
        "survey": "=visit",
        "answer.recommend": "n",
        "answer.remark": "about",
    },
}
RECORD_TABLES: dict[str, Any] = {
    "interactions": Interaction,
    "complaints": Complaint,
    "responses": SurveyResponse,
}


def record_mapping(kind: str, **members: Any) -> Mapping:
    """The mapping of `record_lines`, changed by ``members``; that of responses answers version 1."""
    columns = RECORD_COLUMNS[kind] | ({"survey_version": "=1"} if kind == "responses" else {})
    return Mapping.from_dict({**MEMBERS, "kind": kind, "columns": columns, "create_missing": True, **members})


def record_lines(rows: Iterable[str]) -> bytes:
    """A file of these rows under the header ``id,who,at,n,about,closed``."""
    return "\n".join(["id,who,at,n,about,closed", *rows, ""]).encode()


def many_records(count: int, customers: int = 5, start: int = 0) -> bytes:
    """A file of ``count`` rows that fit every kind, by customers ``C0``, ``C1``, ..."""
    return record_lines(
        f"R{n},C{n % customers},2026-03-10T12:00:00Z,{n % 11}.0,Talk {n},"
        + ("2026-03-11T12:00:00Z" if n % 2 else "")
        for n in range(start, start + count)
    )


def set_up_survey(store: Store, actor: Actor) -> None:
    """The survey ``visit``, which asks ``recommend`` (nps) and ``remark`` (text)."""
    asked = [factories.question(), factories.question("remark", "text")]
    store.write_sync(factories.survey, actor, code="visit", questions=asked)


def record_totals(store: Store, kind: str) -> tuple[int, int]:
    """Records of the kind, and customers in the store."""

    def count(tx: Any) -> tuple[int, int]:
        one, two = (
            tx.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (RECORD_TABLES[kind], Customer)
        )
        return one, two

    return store.read_sync(count)


def work_off(store: Store, settings: Settings) -> None:
    """Do the waiting jobs, as a worker would."""
    registry.load()
    for job_id in store.write_sync(jobs.waiting, 10):
        job = store.write_sync(jobs.start, job_id)
        unit = 0
        while not registry.KINDS[job["kind"]].advance(Context(store, settings.company, settings), job, unit):
            unit += 1
        store.write_sync(jobs.finish, job_id)
