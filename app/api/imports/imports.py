"""``/v1/imports``"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from email.message import Message
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.domain.common import csv_lines
from app.domain.common.access import Actor, Extent, Scope
from app.domain.common.job_turns import UNPACKED_RATIO
from app.domain.imports.code_pages import AUTO, KNOWN, canonical, same
from app.domain.imports.mapping import Mapping
from app.domain.imports.sources import FileFormat
from app.errors import AppError, FieldError, InvalidError, MalformedError, MediaTypeError
from app.http import replies
from app.http.call import Call, IdempotencyKey, StrictRoute, requires
from app.http.openapi.operations import accepted, paged, read
from app.schemas.imports.imports import (
    EXAMPLE_FILE,
    EXAMPLE_ID,
    EXAMPLE_TO_REVERT_ID,
    ImportOptions,
    ImportPage,
    ImportQuery,
    ImportRead,
    RefusedRowPage,
    RefusedRowQuery,
)
from app.services.imports import imports, mappings
from app.store.paging import After, Page
from app.store.transactions import ReadTx, Row, WriteTx
from app.texts import translate

router = APIRouter(prefix="/imports", tags=["Imports"], route_class=StrictRoute)

CHUNK_BYTES = 1 << 20
"""How much of an upload is kept in one write, and looked at before the rest is received."""

ROWS_AT_ONCE = 5_000
"""Rows of a download read in one go."""

MEDIA_TYPES: dict[str, FileFormat | None] = {
    "text/csv": FileFormat.CSV,
    "application/x-ndjson": FileFormat.JSONL,
    "application/gzip": None,
    "application/octet-stream": None,  # what generated clients send; `format` or the mapping tells
}
_GZIP = b"\x1f\x8b"

_BODY = {"schema": {"type": "string", "format": "binary", "description": "The file as it is."}}
_UPLOAD: dict[str, Any] = {"requestBody": {"required": True, "content": dict.fromkeys(MEDIA_TYPES, _BODY)}}
_UPLOAD["requestBody"]["content"]["text/csv"] = {**_BODY, "example": EXAMPLE_FILE}

Reads = Annotated[Call, requires(Scope.IMPORTS_READ, extent=Extent.BY_CUSTOMER)]
Writes = Annotated[Call, requires(Scope.IMPORTS_WRITE, extent=Extent.BY_CUSTOMER)]
ImportId = Annotated[UUID, Path(description="Id of the import.", examples=[EXAMPLE_ID])]
ToRevert = Annotated[UUID, Path(description="Id of the import.", examples=[EXAMPLE_TO_REVERT_ID])]
ONE = replies.unversioned(ImportRead)
ACCEPTED = replies.accepted(ImportRead)


@router.get("", response_model=ImportPage, summary="List imports", responses=paged())
async def list_imports(call: Reads, query: Annotated[ImportQuery, Query()]) -> Response:
    """Find imports by state, newest first."""
    return await call.page(ImportPage, imports.page, query)


@router.post(
    "",
    status_code=202,
    response_model=ImportRead,
    summary="Take in a file",
    responses=accepted(404),
    openapi_extra=_UPLOAD,
)
async def create_import(
    call: Writes, query: Annotated[ImportOptions, Query()], idempotency_key: IdempotencyKey = None
) -> Response:
    """A file of transactions, or with `kind` of interactions, complaints or past survey responses.

    Send it as the body: CSV, JSON Lines, or either compressed with gzip (as `application/gzip` or with
    `Content-Encoding: gzip`). Of `application/octet-stream` the member `format` tells what it is. The
    charset of the media type is the encoding of the file. A file whose header does not fit the mapping
    is refused at once; the rows are taken in by a job. The same file again changes nothing, and is the same
    import as long as that waits.

    Needs the scope to write records of its kind as well: `transactions:write`, `interactions:write`,
    `complaints:write`, `surveys:write` (responses) or `customers:write` (customers, contract terms,
    departures), and `customers:write` for `create_missing`.
    """
    format = query.format or _format_of(call.request)
    flags = query.model_dump(exclude={"mapping", "dry_run", "file_name"}) | {"format": format}
    mapping = await call.read(mappings.resolve, query.mapping, flags)
    mapping = _in_charset(mapping, _charset_of(call.request))
    return await _upload(call, query, mapping)


@router.get("/{import_id}", response_model=ImportRead, summary="Get an import", responses=read(etag=False))
async def get_import(call: Reads, import_id: ImportId) -> Response:
    """Read an import and its counts; they grow while its job runs."""
    return await call.get(ONE, imports.get, import_id)


@router.get(
    "/{import_id}/refused-rows",
    response_model=RefusedRowPage,
    summary="List refused rows",
    responses=paged(404),
)
async def list_refused_rows(
    call: Reads, import_id: ImportId, query: Annotated[RefusedRowQuery, Query()]
) -> Response:
    """Read which lines of the file were not stored, and why."""

    def localised(tx: ReadTx, actor: Actor, query: RefusedRowQuery, after: After | None) -> Page:
        page = imports.refused_rows(tx, actor, query, after, import_id)
        return Page([_localised(row, call.language) for row in page.rows], page.after)

    return await call.page(RefusedRowPage, localised, query)


@router.get(
    "/{import_id}/refused-rows.csv",
    summary="Download refused rows",
    response_class=StreamingResponse,
    responses=replies.csv_responses("The refused rows"),
)
async def download_refused_rows(call: Reads, import_id: ImportId) -> Response:
    """Download the lines that were not stored, and why, as CSV."""
    first = await call.read(imports.refused_after, import_id, 0, ROWS_AT_ONCE)

    async def lines() -> AsyncIterator[str]:
        yield csv_lines.line(("line", "code", "column", "detail"))
        rows = first
        while rows:
            named = (_localised(row, call.language) for row in rows)
            yield "".join(
                csv_lines.line(row[name] for name in ("line", "code", "column", "detail")) for row in named
            )
            rows = await call.read(imports.refused_after, import_id, rows[-1]["line"], ROWS_AT_ONCE)

    headers = {"Content-Disposition": f'attachment; filename="refused-{import_id}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post(
    "/{import_id}/reversals",
    status_code=202,
    response_model=ImportRead,
    summary="Take an import back",
    responses=accepted(404),
)
async def revert_import(
    call: Writes, import_id: ToRevert, idempotency_key: IdempotencyKey = None
) -> Response:
    """A job deletes the import's records, whatever has become of them since, and the customers it created
    that have nothing else.

    Needs the scopes that the import needed as well, and for another key's import `imports:admin`. A key that
    is limited to units takes back what it still sees.
    """
    return await call.write(ACCEPTED, imports.revert, import_id)


# --- the upload


async def _upload(call: Call, options: ImportOptions, mapping: Mapping) -> Response:
    """Keep the body in chunks, never whole in memory; whatever goes wrong, nothing of it stays."""
    imports.check_may_store(call.actor, mapping)
    store, blocks = call.services.store, _blocks(call.request)
    encoded = _is_encoded(call.request)
    first = await anext(blocks, b"")
    if encoded and not first.startswith(_GZIP):
        raise MalformedError("The body is not gzip, as Content-Encoding says.")
    await asyncio.to_thread(call.services.inspect, first, mapping, len(first) < CHUNK_BYTES)
    file_name, dry_run = options.file_name, options.dry_run
    begun = await store.write(imports.begin, call.actor, mapping, file_name=file_name, dry_run=dry_run)
    try:
        digest, size, number = hashlib.sha256(), 0, 0
        block = first
        while block:
            digest.update(block)
            await store.write(imports.append_chunk, begun["id"], number, block)
            size, number = size + len(block), number + 1
            block = await anext(blocks, b"")
        taken: list[UUID] = []
        text_bytes = size * UNPACKED_RATIO if first.startswith(_GZIP) else size

        def close(tx: WriteTx, actor: Actor) -> Row:
            row = imports.close_upload(
                tx, actor, begun["id"], digest.hexdigest(), size, text_bytes=text_bytes
            )
            taken.append(row["id"])
            return row

        call.content = digest.digest()
        response = await call.write(ACCEPTED, close)
    except BaseException:
        await _discard(call, begun["id"])
        raise
    if "idempotency-replayed" in response.headers or taken[-1] != begun["id"]:
        await _discard(call, begun["id"])
    return response


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of `CHUNK_BYTES`, the last one smaller."""
    held = bytearray()
    async for piece in request.stream():
        held += piece
        while len(held) >= CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    if held:
        yield bytes(held)


async def _discard(call: Call, import_id: UUID) -> None:
    """Remove an upload, also when the request is cancelled; if the database is gone, it is swept later."""

    async def discard() -> None:
        with suppress(AppError):
            while not await call.services.store.write(imports.discard_upload, import_id):
                pass

    task = asyncio.create_task(discard())
    call.services.background.add(task)
    task.add_done_callback(call.services.background.discard)
    await asyncio.shield(task)


def _format_of(request: Request) -> FileFormat | None:
    """The format the media type tells, None when it tells none.

    Raises:
        MediaTypeError: the body is something else.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise MediaTypeError(
            "Send text/csv, application/x-ndjson, application/gzip or application/octet-stream."
        )
    return MEDIA_TYPES[media_type]


def _charset_of(request: Request) -> str | None:
    """The charset the media type tells, as mappings write it; None when it tells none.

    Raises:
        MediaTypeError: it tells one that is not known.
    """
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    charset = message.get_param("charset")
    if not isinstance(charset, str) or not charset.strip():
        return None
    known = canonical(charset)
    if known is None or known == AUTO:
        detail = "The charset of the media type is not known. Known are {known}."
        raise MediaTypeError(detail, known=KNOWN)
    return known


def _in_charset(mapping: Mapping, charset: str | None) -> Mapping:
    """The mapping of a file whose media type tells this charset.

    Raises:
        InvalidError: the mapping says another.
    """
    if charset is None or same(mapping.encoding, charset):
        return mapping
    if mapping.encoding != AUTO:
        detail = "The charset of the media type is another encoding. Leave out one of the two."
        raise InvalidError(fields=[FieldError("encoding", "two_encodings", detail, "query")])
    return replace(mapping, encoding=charset)


def _is_encoded(request: Request) -> bool:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        headers = {"Accept-Encoding": "gzip, identity"}
        raise MediaTypeError("Send the body plain or with Content-Encoding: gzip.", headers=headers)
    return encoding != "identity"


def _localised(row: dict[str, Any], language: str) -> dict[str, Any]:
    values = row["values"] | {"column": row["column"]}
    localised = {name: row[name] for name in ("line", "code", "column")}
    return {**localised, "detail": translate(row["detail"], language, **values)}
