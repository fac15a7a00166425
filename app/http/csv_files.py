"""Reports as CSV files: what the documentation says of them, and the answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import Response

from app.domain.common import csv_lines
from app.http.openapi.operations import read

_CONTENT = {"text/csv": {"schema": {"type": "string", "format": "binary", "description": "A CSV file."}}}


def responses(what: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of an operation that gives ``what`` as CSV."""
    return {**read(etag=False), 200: {"description": what, "content": _CONTENT}}


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Response:
    """Answer with a file of a line of names and a line for each row, called ``<name>.csv``."""
    lines = [csv_lines.line(columns), *(csv_lines.line(row[column] for column in columns) for row in rows)]
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response("".join(lines), media_type="text/csv; charset=utf-8", headers=headers)
