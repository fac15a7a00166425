"""From what a service returns to the bytes of an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import orjson
from fastapi import Response
from pydantic import BaseModel

from app.domain.common import csv_lines
from app.domain.common.etags import etag
from app.http.openapi.operations import read
from app.schemas.common.base import serializer
from app.store.idempotency import Answer
from app.store.paging import Page
from app.store.transactions import Row

R = TypeVar("R")
Reply = Callable[[R], Answer]


def dump(model: type[BaseModel], value: Any) -> bytes:
    """The JSON of ``value``, a dict shaped like ``model``."""
    return serializer(model).to_json(value, warnings=False)


def dump_page(model: type[BaseModel], body: Row, page: Page) -> bytes:
    """The JSON of a page, ``body`` with its rows."""
    return orjson.dumps(body, option=orjson.OPT_UTC_Z) if page.is_final else dump(model, body)


def one(model: type[BaseModel], *, status: int = 200, location: str | None = None) -> Reply[Row]:
    """Reply with one resource and its ETag; ``location`` is a template over its members."""

    def reply(row: Row) -> Answer:
        headers = {}
        if "version" in row:
            headers["ETag"] = etag(row["version"])
        if location is not None:
            headers["Location"] = _filled(location, row)
        return Answer(status, dump(model, row), headers)

    return reply


def upserted(model: type[BaseModel], location: str) -> Reply[tuple[Row, bool]]:
    """Reply to ``(resource, is new)``: 201 with its location, or 200."""
    new, old = one(model, status=201, location=location), one(model)

    def reply(result: tuple[Row, bool]) -> Answer:
        row, created = result
        return (new if created else old)(row)

    return reply


def unversioned(model: type[BaseModel], *, status: int = 200) -> Reply[Any]:
    """Reply with a document that has no version."""

    def reply(value: Any) -> Answer:
        return Answer(status, dump(model, value), {})

    return reply


def localized(model: type[BaseModel], language: str) -> Reply[Any]:
    """Reply with a document without a version that has sentences in ``language``."""
    headers = {"Content-Language": language, "Vary": "Accept-Language"}

    def reply(value: Any) -> Answer:
        return Answer(200, dump(model, value), headers)

    return reply


def accepted(model: type[BaseModel], location: str = "/v1/jobs/{job_id}") -> Reply[Row]:
    """Reply 202 to work that has been taken on; ``location`` says where to follow it."""

    def reply(row: Row) -> Answer:
        return Answer(202, dump(model, row), {"Location": location.format_map(row)})

    return reply


def no_content(_result: Any) -> Answer:
    """Reply 204."""
    return Answer(204, b"", {})


class _Quoted(Row):
    """Members of a resource as steps of a path; only those that are asked for are written so."""

    def __getitem__(self, name: str) -> str:
        return quote(str(super().__getitem__(name)), safe=":@+")


def _filled(location: str, row: Row) -> str:
    return location.format_map(_Quoted(row))


_CSV = {"text/csv": {"schema": {"type": "string", "format": "binary", "description": "A CSV file."}}}


def csv_responses(what: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of an operation that gives ``what`` as CSV."""
    return {**read(etag=False), 200: {"description": what, "content": _CSV}}


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """Answer with a file of a line of names and a line for each row, called ``<name>.csv``."""
    lines = [csv_lines.line(columns), *(csv_lines.line(row[column] for column in columns) for row in rows)]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("".join(lines), media_type="text/csv; charset=utf-8", headers=headers)
