"""Take files in, follow what becomes of them, and take them back."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, delete, insert, select, update

from app.domain.common.access import Actor, Scope
from app.domain.common.days import clock_text
from app.domain.common.jobs import JobState
from app.domain.imports import rights as import_rights
from app.domain.imports.cells.date_formats import example
from app.domain.imports.mapping import Mapping
from app.domain.imports.refusals import Refusal, detail
from app.domain.imports.states import ENDED, ImportState
from app.domain.imports.targets import PEOPLE, RecordKind
from app.errors import ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.imports.imports import ImportQuery, ImportSort, RefusedRowQuery
from app.services.imports import mappings
from app.services.imports.row_limits import limits
from app.services.platform import jobs, rights
from app.services.scoring import job_results
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import Listing, newest_first, one_or_404, since, where
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Import, ImportChunk, Job, RefusedRow
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

JOB = "imports"
REVERSAL_JOB = "import-reversals"

UPLOADS_END = timedelta(days=1)
"""An upload without an end for so long was given up."""

CHUNKS_AT_ONCE = 64
"""Chunks deleted in one write: 64 MiB take SQLite 0.3 s, and other writers wait."""

_MAKES_OWN = PEOPLE - {RecordKind.CONTRACT_TERMS}
"""Kinds whose rows say of what unit the customers are that they make."""

_WORKED_ON = (ImportState.UPLOADING, ImportState.WAITING, ImportState.RUNNING)

# A job can be cancelled as long as it waits; the import then is where it was before there was a job.
_was = case(
    (Import.error.is_not(None), ImportState.FAILED.value),
    (Import.rows_refused * 2 > Import.rows_in, ImportState.DONE_WITH_REFUSALS.value),
    else_=ImportState.DONE.value,
)
_STATE = case(
    (Job.state != JobState.CANCELLED, Import.state),
    (Import.state == ImportState.WAITING, ImportState.CANCELLED.value),
    (Import.state == ImportState.REVERTING, _was),
    else_=Import.state,
)


# A job that was cancelled changes what its import shows without touching it.
_UPDATED_AT = case(
    (and_(Job.state == JobState.CANCELLED, Job.ended_at > Import.updated_at), Job.ended_at),
    else_=Import.updated_at,
)
_SHOWN_OTHERWISE = ("state", "updated_at")


def _visible(statement: Select[Any], actor: Actor) -> Select[Any]:
    """A caller who sees only some customers sees only the imports it sent itself."""
    return statement.where(Import.created_by == actor.id) if actor.is_limited else statement


IMPORTS = Listing(
    ImportQuery,
    select(
        *(column for column in Import.__table__.columns if column.key not in _SHOWN_OTHERWISE),
        _STATE.label("state"),
        _UPDATED_AT.label("updated_at"),
    ).join_from(Import, Job, Job.id == Import.job_id, isouter=True),
    owner=_visible,
    missing="There is no such import.",
    sorts={
        ImportSort.NEWEST: newest_first(Import.created_at, Import.id),
        ImportSort.UPDATED_AT: (
            SortKey(_UPDATED_AT.label("updated_at"), computed=True),
            SortKey(Import.id),
        ),
    },
    filters=[where("state", _STATE.in_), since(_UPDATED_AT)],
)


# --- reading


@one_statement
def get(tx: ReadTx, actor: Actor, import_id: UUID) -> Row:
    """Read one import.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see it.
    """
    return _shape(IMPORTS.one_or_404(tx, actor, Import.id == import_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ImportQuery, after: After | None) -> Page:
    """Read a page of imports, newest first."""
    return IMPORTS.page(tx, actor, query, after, _shape)


def refused_rows(
    tx: ReadTx, actor: Actor, query: RefusedRowQuery, after: After | None, import_id: UUID
) -> Page:
    """Read a page of the rows of an import that were refused, in the order of the file.

    ``detail`` is a message id, which ``column`` and ``values`` fill.

    Raises:
        NotFoundError: as in `get`.
    """
    found_import = _find(
        tx, actor, select(Import.id, Import.mapping, Import.kind, Import.created_at), import_id
    )
    mapping, kind = found_import["mapping"], RecordKind(found_import["kind"])
    date_format = mapping["date_format"]
    values = {
        "format": date_format,
        "example": example(date_format),
        "now": clock_text(found_import["created_at"]),
    }
    columns: list[Any] = [RefusedRow.line, RefusedRow.code, RefusedRow.target.label("column")]
    statement = select(*columns).where(RefusedRow.import_id == import_id)
    if query.code:
        statement = statement.where(RefusedRow.code.in_(query.code))
    if kind is RecordKind.TRANSACTIONS and not mapping.get("update", False):
        key = mapping["columns"]["external_id"]
        values |= {"flag": "update=true", "group_by": f"group_by={'COLUMN' if key.startswith('=') else key}"}
    found = fetch(tx, statement, [SortKey(RefusedRow.line)], limit=query.limit, after=after)
    return Page([_explained(row, kind, values) for row in found.rows], found.after)


def refused_after(tx: ReadTx, actor: Actor, import_id: UUID, line: int, limit: int) -> list[Row]:
    """Read up to ``limit`` refused rows behind a line, for downloads.

    Raises:
        NotFoundError: as in `get`.
    """
    return refused_rows(
        tx, actor, RefusedRowQuery.model_construct(limit=limit, code=[]), (line,), import_id
    ).rows


# --- taking a file in


def check_may_store(actor: Actor, mapping: Mapping) -> None:
    """Check that the caller may store what a file read with ``mapping`` brings.

    Raises:
        ForbiddenError: it lacks the scope to write records of this kind, or customers, which are to be
            created.
        InvalidError: customers are to be created by a caller limited to several units.
    """
    rights.require(actor, *import_rights.needed(mapping.kind, create_missing=mapping.create_missing))
    if mapping.create_missing and mapping.kind not in _MAKES_OWN and len(actor.units) > 1:
        detail = "This key is limited to several units, so the unit of a new customer is not clear."
        raise InvalidError(fields=[FieldError("create_missing", "unclear_unit", detail, "query")])


def begin(
    tx: WriteTx,
    actor: Actor,
    mapping: Mapping,
    *,
    file_name: str | None = None,
    dry_run: bool = False,
    state: ImportState = ImportState.UPLOADING,
    sha256: str | None = None,
    size: int = 0,
) -> Row:
    """Begin to take in a file, whose chunks are to follow; or, in state running, a file that lies here.

    Raises:
        ForbiddenError, InvalidError: see `check_may_store`; or it is a snapshot of a day to come.
        RateLimitError: so many jobs of the caller wait already.
    """
    check_may_store(actor, mapping)
    if mapping.snapshot_on and date.fromisoformat(mapping.snapshot_on) > actor.company.day_of(now()):
        detail = "Expected a day that is not in the future."
        raise InvalidError(fields=[FieldError("snapshot_on", "in_future", detail, "query")])
    jobs.check_may_wait(tx, actor)
    _sweep(tx)
    at = now()
    row: Row = {
        **dict.fromkeys(_COUNTERS, 0),
        "id": new_id(),
        "job_id": None,
        "kind": mapping.kind,
        "file_name": file_name,
        "file_sha256": sha256,
        "file_bytes": size,
        "mapping": mapping.to_dict(),
        "dry_run": dry_run,
        "state": state,
        "refused_by_reason": {},
        "words_unmatched": {},
        "answers_excluded": {},
        "error": None,
        "created_by": actor.id,
        "units": sorted(actor.units),
        "created_at": at,
        "updated_at": at,
    }
    tx.execute(insert(Import).values(row))
    if state is not ImportState.UPLOADING:
        trail.record(tx, actor, "import.accepted", row["id"])
    return _shape(row)


_COUNTERS = (
    "next_batch",
    "rows_in",
    "rows_stored",
    "rows_repeated",
    "rows_refused",
    "rows_rounded",
    "rows_updated",
    "rows_alike",
    "headers_repeated",
    "records_stored",
    "customers_created",
    "customers_kept",
)


def append_chunk(tx: WriteTx, import_id: UUID, number: int, data: bytes) -> None:
    """Keep a piece of an upload; ``number`` counts from 0."""
    tx.execute(insert(ImportChunk).values(import_id=import_id, number=number, data=data))


def close_upload(
    tx: WriteTx, actor: Actor, import_id: UUID, sha256: str, size: int, *, text_bytes: int | None = None
) -> Row:
    """Accept an upload whose last chunk is there: a job will take its rows in.

    ``text_bytes`` is how much text the file holds, as far as can be told; ``size`` by default.

    Returns:
        The import; where the caller sent the same file with the same mapping and that still waits, that one.

    Raises:
        NotFoundError: it was given up in the meantime.
        RateLimitError: so many jobs of the caller wait already.
    """
    twin = _waiting_twin(tx, actor, import_id, sha256)
    if twin is not None:
        return _shape(twin)
    href = f"/v1/imports/{import_id}"
    arguments = {"import_id": str(import_id), "text_bytes": size if text_bytes is None else text_bytes}
    job = jobs.create(tx, actor, JOB, arguments, result={"href": href})
    accepted = (
        update(Import)
        .where(Import.id == import_id, Import.state == ImportState.UPLOADING)
        .values(
            job_id=job["id"],
            state=ImportState.WAITING,
            file_sha256=sha256,
            file_bytes=size,
            updated_at=now(),
        )
        .returning(*Import.__table__.columns)
    )
    row = tx.execute(accepted).mappings().first()
    if row is None:
        raise NotFoundError("There is no such import.")
    trail.record(tx, actor, "import.accepted", import_id)
    return _shape(dict(row))


def _waiting_twin(tx: WriteTx, actor: Actor, import_id: UUID, sha256: str) -> Row | None:
    row = tx.execute(select(Import.mapping, Import.dry_run, Import.file_name).where(Import.id == import_id))
    upload = row.mappings().first()
    if upload is None:
        return None
    return job_results.waiting_twin(tx, actor, Import, file_sha256=sha256, **upload)


def discard_upload(tx: WriteTx, import_id: UUID) -> bool:
    """Remove an upload that is not wanted, some chunks at a time.

    Returns:
        Whether it is gone; otherwise call again.
    """
    if delete_chunks(tx, ImportChunk.import_id == import_id):
        return False
    tx.execute(delete(Import).where(Import.id == import_id, Import.state == ImportState.UPLOADING))
    return True


def find_unfinished(tx: ReadTx, sha256: str, mapping: Mapping, dry_run: bool) -> UUID | None:
    """The import a command began with this file and mapping and did not end, if there is one."""
    statement = select(Import.id, Import.mapping).where(
        Import.file_sha256 == sha256,
        Import.state == ImportState.RUNNING,
        Import.job_id.is_(None),
        Import.dry_run == dry_run,
    )
    begun = (row.id for row in tx.execute(statement) if Mapping.from_dict(row.mapping) == mapping)
    return next(begun, None)


# --- taking it back


def revert(tx: WriteTx, actor: Actor, import_id: UUID) -> Row:
    """Take an import back: a job deletes its records, and the customers it created that have nothing else
    and were never changed. Until it has ended, the state says ``reverting``.

    Raises:
        NotFoundError: as in `get`.
        ForbiddenError: the caller lacks a scope that the import needed, or it is another caller's and this
            one lacks ``imports:admin``.
        ConflictError: it was a dry run, has not ended, or is reverted already.
    """
    before = IMPORTS.one_or_404(tx, actor, Import.id == import_id, lock=Import)
    kind, create_missing = RecordKind(before["kind"]), before["mapping"]["create_missing"]
    rights.require(actor, *import_rights.needed(kind, create_missing=create_missing))
    if before["created_by"] != actor.id:
        rights.require(actor, Scope.IMPORTS_ADMIN)
    # A command that was killed left its import running; nobody works on it any more, or it will notice.
    abandoned = before["state"] == ImportState.RUNNING and before["job_id"] is None
    if before["dry_run"]:
        raise ConflictError("A dry run has stored nothing.")
    if before["state"] not in ENDED and not abandoned:
        raise ConflictError("The import cannot be reverted: it is {state}.", state=before["state"])
    href = f"/v1/imports/{import_id}"
    job = jobs.create(tx, actor, REVERSAL_JOB, {"import_id": str(import_id)}, result={"href": href})
    changed = {
        "job_id": job["id"],
        "state": ImportState.REVERTING,
        "updated_at": now(),
    }
    tx.execute(update(Import).where(Import.id == import_id).values(changed))
    trail.record(tx, actor, "import.reversal_accepted", import_id)
    return _shape({**before, **changed})


# --- inside


def delete_chunks(tx: WriteTx, *conditions: Any) -> int:
    """Delete some chunks (`CHUNKS_AT_ONCE`) of imports that fulfil the conditions; returns how many."""
    chosen = select(ImportChunk.import_id, ImportChunk.number).where(*conditions).limit(CHUNKS_AT_ONCE)
    found = tx.execute(chosen).all()
    for import_id in {row.import_id for row in found}:
        numbers = [row.number for row in found if row.import_id == import_id]
        tx.execute(
            delete(ImportChunk).where(ImportChunk.import_id == import_id, ImportChunk.number.in_(numbers))
        )
    return len(found)


def _sweep(tx: WriteTx) -> None:
    """Remove some of what uploads left behind that never ended or were cancelled."""
    cancelled = select(Import.id).join(Job, Job.id == Import.job_id).where(Job.state == JobState.CANCELLED)
    ended = select(Import.id).where(Import.state.not_in(_WORKED_ON))
    if delete_chunks(tx, ImportChunk.import_id.in_(cancelled.union_all(ended))):
        return
    given_up = select(Import.id).where(
        Import.state == ImportState.UPLOADING, Import.created_at < now() - UPLOADS_END
    )
    for import_id in tx.execute(given_up.limit(1)).scalars().all():
        discard_upload(tx, import_id)


def _find(tx: ReadTx, actor: Actor, statement: Select[Any], import_id: UUID) -> Row:
    return one_or_404(
        tx, _visible(statement.where(Import.id == import_id), actor), "There is no such import."
    )


def _explained(row: Row, kind: RecordKind, values: Row) -> Row:
    """A refused row with its reason, and what fills that."""
    known = {**values, **limits(kind, row["column"])}
    return {**row, "detail": detail(Refusal(row["code"]), known), "values": known}


def _shape(row: Row) -> Row:
    """A row as `ImportRead` wants it."""
    return {**row, "mapping": mappings.shape(row["mapping"])}
