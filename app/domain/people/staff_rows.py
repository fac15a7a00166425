"""Files of units and agents: one line each, with columns named as the members of the API."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.imports.sources import FLAGS

MAX_ROWS = 10_000
NAME = "name."
"""What columns of names by language begin with: ``name.tr``."""


class StaffKind(StrEnum):
    """What each line of a file is."""

    UNITS = "units"
    AGENTS = "agents"


COLUMNS: Mapping[StaffKind, frozenset[str]] = {
    StaffKind.UNITS: frozenset({"code", "kind", "parent", "head", "calendar", "is_active"}),
    StaffKind.AGENTS: frozenset(
        {
            "code",
            "name",
            "email",
            "unit",
            "role",
            "languages",
            "skills",
            "active_from_on",
            "active_until_on",
            "is_active",
        }
    ),
}
"""The columns that are read, beside names by language of units."""

_LISTS = frozenset({"languages", "skills"})
_NEVER_NULL = frozenset({"kind", "name", "is_active"})


class StaffRow(NamedTuple):
    """One line: where it stands, whose it is, and the body of the request that it makes."""

    line: int
    code: str
    body: dict[str, Any]


class FileError(ValueError):
    """A file that is not such a table; the message says what is expected."""


def read(kind: StaffKind, text: str, renamed: Mapping[str, str]) -> Iterator[StaffRow]:
    """Yield the lines of a CSV file.

    The delimiter is the one of comma, semicolon and tab that stands in the header most often. A column that
    is not there leaves the member as it is, an empty cell clears it where it may be null. Lists have
    semicolons or blanks between their parts.

    Args:
        kind: what the lines are.
        text: the whole file.
        renamed: member -> the file's own name of its column.

    Raises:
        FileError: the header lacks the code, has a column twice, or one that is not known; a line has more
            or fewer cells than the header; or quotes do not match.

    >>> list(read(StaffKind.UNITS, "code;kind;name.tr\\nizmir;branch;İzmir\\n", {}))
    [StaffRow(line=2, code='izmir', body={'names': {'tr': 'İzmir'}, 'kind': 'branch'})]
    """
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(kind, next(lines, []), renamed)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield _row(lines.line_num, columns, cells)
    except csv.Error as error:
        raise FileError(f"line {lines.line_num}: {error}") from None


# --- inside


def _columns(kind: StaffKind, header: Sequence[str], renamed: Mapping[str, str]) -> list[str]:
    members = {own: member for member, own in renamed.items()}
    columns = [members.get(cell.strip(), cell.strip()) for cell in header]
    known = COLUMNS[kind]
    named = [one for one in columns if kind is StaffKind.UNITS and one.startswith(NAME)]
    unknown = [one for one in columns if one not in known and one not in named]
    expected = ", ".join([*sorted(known), *(["name.tr, name.en, ..."] if kind is StaffKind.UNITS else [])])
    if "code" not in columns:
        raise FileError(f"no column code; columns are {expected}")
    if unknown:
        raise FileError(f"unknown columns {', '.join(unknown)}; columns are {expected}")
    if len(set(columns)) < len(columns):
        raise FileError("a column stands twice in the header")
    return columns


def _row(line: int, columns: Sequence[str], cells: Sequence[str]) -> StaffRow:
    if len(cells) != len(columns):
        raise FileError(f"line {line} has {len(cells)} cells, the header {len(columns)}")
    given = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    return StaffRow(line, given.pop("code"), _body(given))


def _body(given: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    names = {name.removeprefix(NAME): cell for name, cell in given.items() if name.startswith(NAME) and cell}
    if names:
        body["names"] = names
    for member, cell in given.items():
        if member.startswith(NAME) or (not cell and member in _NEVER_NULL):
            continue
        if member in _LISTS:
            parts = cell.split(";") if ";" in cell else cell.split()
            body[member] = [part.strip() for part in parts if part.strip()]
        elif member == "is_active":
            body[member] = FLAGS.get(cell.lower(), cell)  # the model refuses what is neither yes nor no
        else:
            body[member] = cell or None
    return body
