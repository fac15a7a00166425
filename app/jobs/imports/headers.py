"""Finding the columns that a mapping names in the header of a file."""

import csv
from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from app.domain.common.text import composed
from app.domain.imports.cells.spreadsheets import unprotected
from app.domain.imports.word_rules import fold
from app.errors import FieldError
from app.jobs.imports.record_parsing import Records, split
from app.jobs.imports.text_decoding import ImportFileError

USUAL_DELIMITERS = ",;\t|"
"""Delimiters that are tried where none is named."""

_ONE_COLUMN = (
    "Line {line}, read as the header, is one column: {columns}. If {mark} stands between columns, say"
    " delimiter={mark}",
    "Line {line} is quoted as a whole, and so one column: {columns}. Take off the quotes around each line, or"
    " split the column at {mark} in a spreadsheet, and save the file as CSV again.",
)
MAX_SHOWN = 190
"""Characters of the names of columns in an answer."""


def spelled(name: str) -> str:
    """A column's name without what cannot be seen in it, composed, each run of blanks one blank.

    >>> spelled("\ufeffMu\u0308s\u0327teri\\n no ")
    'Müşteri no'
    """
    return " ".join(unprotected(composed(name).strip()).split())


def positions(
    wanted: Mapping[str, str], names: Sequence[str], width: int, *, line: int, hint: int | None
) -> dict[str, int]:
    """Give the 0-based position of each source: by ``#n``, by its name, or by its name in other case.

    Args:
        wanted: source -> pointer of the member that names it.
        names: of the header, as `spelled` gives them; empty when there is none.
        width: columns of the file.
        line: of the header.
        hint: a line below that has all columns by name.

    Raises:
        ImportFileError: a column is missing, or its name stands twice; with one field error each.
    """
    found: dict[str, int] = {}
    missing, twice = [], []
    columns = _shown(names, width)
    for source, pointer in wanted.items():
        places = list(_places(source, names, width))
        if len(places) == 1:
            found[source] = places[0]
        elif places:
            several = ", ".join(f"#{place + 1}" for place in places[:20])
            detail = "Columns {several} have this name. Name one of them by its position, such as {one}."
            params = {"several": several, "one": f"#{places[-1] + 1}"}
            twice.append(FieldError(pointer, "duplicate_column", detail, params=params))
        else:
            detail = "Line {line}, read as the header, has no such column. It has: {columns}."
            if not names:
                detail = "Line {line}, the first row, has no such column. It has: {columns}."
            missing.append(
                FieldError(pointer, "missing_column", detail, params={"line": line, "columns": columns})
            )
    if missing and hint not in (None, line):
        detail = (
            "The columns are named in line {hint}: say skip_lines={skip}. Line {line} was read as the header."
        )
        raise ImportFileError(
            detail, code="missing_column", fields=missing, line=line, hint=hint, skip=(hint or 1) - 1
        )
    if missing and len(names) == 1 and (mark := _mark_between(names[0])):
        raise ImportFileError(
            _ONE_COLUMN[mark in USUAL_DELIMITERS],
            code="missing_column",
            fields=missing,
            line=line,
            columns=columns,
            mark=mark,
        )
    if missing:
        detail = "The file lacks a column of the mapping. Line {line}, read as the header, has: {columns}."
        raise ImportFileError(detail, code="missing_column", fields=missing, line=line, columns=columns)
    if twice:
        detail = "A column that the mapping names stands twice in the header."
        raise ImportFileError(detail, code="duplicate_columns", fields=twice)
    return found


def line_of(sample: bytes, wanted: Sequence[str], delimiters: str, first: int) -> int | None:
    """The line in which all columns that are wanted by name stand, None when there is none.

    Args:
        sample: whole lines, of which the first has the number ``first``.
    """
    named = [source for source in wanted if not source.startswith("#")]
    for delimiter in delimiters if named else ():
        before = 0
        reader = csv.reader(split(sample), delimiter=delimiter)
        try:
            for record in reader:
                names = [spelled(field) for field in record]
                if all(len(list(_places(source, names, 0))) == 1 for source in named):
                    return first + before
                before = reader.line_num
        except csv.Error:
            continue
    return None


def without_headers(records: Records, titles: Mapping[str, str]) -> tuple[Records, int]:
    """Leave out records that say the header again in all columns that are read, where those are several;
    and tell how many they were.

    Args:
        titles: what the header says in the column of each source.
    """
    if len(set(titles.values())) < 2 or not records.columns:
        return records, 0
    same: pl.Series | None = None
    for source, title in titles.items():
        said = (records.columns[source] == composed(title)).fill_null(value=False)
        same = said if same is None else same & said
        if not same.any():
            return records, 0
    if same is None:
        return records, 0
    columns = {source: texts.filter(~same) for source, texts in records.columns.items()}
    return records._replace(lines=records.lines.filter(~same), columns=columns), int(same.sum())


# --- inside


def _places(source: str, names: Sequence[str], width: int) -> Iterator[int]:
    if source.startswith("#"):
        place = int(source[1:]) - 1
        if place < width:
            yield place
        return
    exact = [place for place, name in enumerate(names) if name == spelled(source)]
    folded = fold(spelled(source))
    yield from exact or (place for place, name in enumerate(names) if name and fold(name) == folded)


def _mark_between(name: str) -> str | None:
    """What seems to stand between the columns of a header that was read as one."""
    return next((mark for mark in f"{USUAL_DELIMITERS}~^:!*&%@$/\\" if mark in name), None)


def _shown(names: Sequence[str], width: int) -> str:
    """The names of columns, as many as an answer has place for."""
    if not names:
        return f"#1 - #{width}"
    text = ", ".join(name or f"#{place}" for place, name in enumerate(names, 1))
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + " ..."
