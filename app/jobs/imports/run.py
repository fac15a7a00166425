"""Working imports off: batch by batch from the file to the store, and back again when they are reverted."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from time import monotonic
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.domain.common.access import Actor
from app.domain.imports import record_rows
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.grouping import MAX_ROWS, TooManyRowsError, grouped
from app.domain.imports.mapping import Mapping
from app.domain.imports.shaping import needs_shaping, plain, shaped
from app.domain.imports.states import OPEN
from app.domain.imports.targets import PEOPLE, RecordKind
from app.domain.imports.transaction_rows import Rows, validate
from app.errors import ConflictError
from app.jobs.imports.file_layout import batch_lines, batches
from app.jobs.imports.text_decoding import ImportFileError, Source
from app.jobs.registry import Context, register
from app.services.imports import batches as import_batches
from app.services.imports import record_requests, reversals, surveys
from app.services.imports.imports import JOB, REVERSAL_JOB
from app.services.imports.people import rows
from app.services.imports.record_requests import Items
from app.store.engine import Store
from app.store.transactions import Row, WriteTx

Progress = Callable[[Row, int], None]
"""Told after each batch: the import's row, and how many bytes of the file have been read."""

UNIT_SECONDS = 2.0
"""A unit of an import's job takes about this long."""

MAX_READERS = 8

BATCH_TRIES = 5
"""How often a batch is tried that meets others who store the same records."""

_readers: dict[UUID, tuple[int, Iterator[RawBatch]]] = {}
"""Files this process has begun to read: import -> its next batch and the rest. Only saves reading again."""


def run(store: Store, actor: Actor, import_id: UUID, source: Source, progress: Progress) -> Row:
    """Take in a whole file that lies here, from the batch where the import stands.

    Args:
        source: the file, at its beginning.

    Returns:
        The import's row when all is done.

    Raises:
        ImportFileError: the file cannot be read on; the import then is failed, and stores no more.
        ConflictError: the import was reverted in the meantime.
    """
    row = store.read_sync(import_batches.read, import_id)
    raws = _raws(source, Mapping.from_dict(row["mapping"]), row["next_batch"])
    try:
        for raw in raws:
            row = _store(store, actor, row, raw)
            progress(row, raw.bytes_read)
    except ImportFileError as error:
        detail = (error.detail or error.code).format(**error.params)
        store.write_sync(import_batches.fail, import_id, detail)
        raise
    return _finish(store, actor, row)


def _fail(tx: WriteTx, job: Row, error: str) -> None:
    import_batches.fail(tx, UUID(job["arguments"]["import_id"]), error)


@register(JOB, failed=_fail)
def advance(context: Context, job: Row, _unit: int) -> bool:
    """Take in some batches of an uploaded file; True when it has been read to its end.

    Where it stands is in the import's row, so a unit that runs again goes on from there.
    """
    store = context.store
    row = store.read_sync(import_batches.read, UUID(job["arguments"]["import_id"]))
    actor = import_batches.actor_of(row, context.company)
    if row["state"] in OPEN:
        raws = _reader(store, row)
        until = monotonic() + UNIT_SECONDS
        for raw in raws:
            row = _store(store, actor, row, raw)
            if monotonic() > until:
                _keep(row, raws)
                return False
    _finish(store, actor, row)
    return True


@register(REVERSAL_JOB)
def revert(context: Context, job: Row, _unit: int) -> bool:
    """Delete some rows of an import; True when none are left."""
    import_id = UUID(job["arguments"]["import_id"])
    row = context.store.read_sync(import_batches.read, import_id)
    actor = import_batches.reverser_of(row, job["created_by"], context.company)
    return context.store.write_sync(reversals.revert, actor, import_id)


def run_reversal(store: Store, actor: Actor, import_id: UUID) -> None:
    """Delete all rows of an import whose reversal was accepted."""
    while not store.write_sync(reversals.revert, actor, import_id):
        pass


# --- inside


def _store(store: Store, actor: Actor, row: Row, raw: RawBatch) -> Row:
    arguments = (actor, row["id"], raw, _rows(store, actor, row, raw))
    for _ in range(BATCH_TRIES - 1):
        # A customer was deleted between being found and being bought for, or others stored some of the same
        # records: look again.
        with suppress(IntegrityError, ConflictError):
            return store.write_sync(import_batches.store, *arguments)
    return store.write_sync(import_batches.store, *arguments)


def _rows(store: Store, actor: Actor, row: Row, raw: RawBatch) -> Rows | Items:
    mapping = Mapping.from_dict(row["mapping"])
    now, file_digest = row["created_at"], row["file_sha256"]
    if mapping.group_by:
        mapping = plain(mapping)
    elif needs_shaping(mapping):
        raw, mapping = shaped(raw, mapping), plain(mapping)
    if mapping.kind is RecordKind.TRANSACTIONS:
        return validate(raw, mapping, now=now, file_digest=file_digest)
    if mapping.kind in PEOPLE:
        values = record_rows.read(raw, mapping, now=now, file_digest=file_digest)
        return rows.prepare(actor, mapping, values)
    questions = store.read_sync(surveys.questions, mapping)
    values = record_rows.read(raw, mapping, now=now, file_digest=file_digest, questions=questions)
    return record_requests.prepare(mapping, values, questions)


def _finish(store: Store, actor: Actor, row: Row) -> Row:
    row = store.write_sync(import_batches.finish, actor, row["id"])
    while not store.write_sync(import_batches.clear, row["id"]):
        pass
    return row


def _reader(store: Store, row: Row) -> Iterator[RawBatch]:
    """The rest of an import's file: the reader that is open here, else a new one."""
    at, raws = _readers.pop(row["id"], (None, None))
    if raws is not None and at == row["next_batch"]:
        return raws
    mapping = Mapping.from_dict(row["mapping"])
    return _raws(_chunks(store, row["id"]), mapping, row["next_batch"])


def _raws(source: Source, mapping: Mapping, start_batch: int) -> Iterator[RawBatch]:
    """The batches of a file from one on; those of grouped rows are made when all rows have been read."""
    if not mapping.group_by:
        yield from batches(source, mapping, start_batch=start_batch)
        return
    try:
        records = grouped(batches(source, mapping), mapping, batch_lines(mapping))
        yield from islice(records, start_batch, None)
    except TooManyRowsError:
        detail = "A file whose rows are grouped has at most {limit} rows; split it, for example by day."
        raise ImportFileError(detail, code="too_many_rows", limit=MAX_ROWS) from None


def _keep(row: Row, raws: Iterator[RawBatch]) -> None:
    while len(_readers) >= MAX_READERS:
        _readers.pop(next(iter(_readers)))
    _readers[row["id"]] = (row["next_batch"], raws)


def _chunks(store: Store, import_id: UUID) -> Iterator[bytes]:
    number = 0
    while (data := store.read_sync(import_batches.read_chunk, import_id, number)) is not None:
        yield data
        number += 1
