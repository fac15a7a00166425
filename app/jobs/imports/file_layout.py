"""Reading files: what is in them, and their rows in batches that never change.

Everything here depends on the file's bytes and the mapping alone: not on how the bytes arrive in chunks, nor
on what was read before. A resumed import counts on it. Memory is bounded by some tens of megabytes.
"""

import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from app.domain.imports.cells.amounts import is_pointed
from app.domain.imports.cells.columns import RawBatch
from app.domain.imports.code_pages import AUTO
from app.domain.imports.mapping import WHITESPACE, Mapping
from app.domain.imports.refusals import Refusal
from app.domain.imports.sources import MAX_COLUMN, FileFormat
from app.domain.imports.target_columns import MONEY
from app.domain.imports.targets import RecordKind, question_of
from app.jobs.imports.headers import USUAL_DELIMITERS, line_of, positions, spelled, without_headers
from app.jobs.imports.record_parsing import Records, delimited, json_lines, parse_json, single_tabs, split
from app.jobs.imports.text_decoding import BATCH_LINES, Chunks, ImportFileError, Lines, Source, decoded

INSPECT_BYTES = 1 << 20
"""How much of a file's beginning `inspect` should be given to see what `batches` will see."""

PREVIEW_LINES = 20

RECORD_LINES = 500
"""Lines of a batch of anything but transactions, which are stored one by one in the same transaction."""

ANSWERS_FREE = 4
"""Each time a response has so many answers, its batch gets shorter."""

_SAMPLE_LINES, _SAMPLE_BYTES = 50, 1 << 16
_JSON = re.compile(rb'\s*(?:\{\s*"[^"\n]*"\s*:|\[\s*(?:\{|\n))')
_SEPARATOR = re.compile(rb'"?sep=([ -~\t])"?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the records of one file are laid out.

    Attributes:
        delimiter: the character, or ``whitespace``; empty for JSON Lines.
        names: the header's names, empty without a header.
        width: fields of a record, 0 for JSON Lines.
        positions: each source of the mapping -> 0-based position; empty for JSON Lines.
        pointed: whether the first amounts show that decimals follow a point.
        titles: each source of the mapping -> what the header says in its column; empty without a header.
    """

    delimiter: str
    names: tuple[str, ...]
    width: int
    positions: dict[str, int]
    pointed: bool = False
    titles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What the beginning of a file shows: its layout, and its first rows (at most `PREVIEW_LINES`)."""

    layout: Layout
    rows: RawBatch


def digest(source: Source) -> str:
    """Give the SHA-256 of a file's bytes as stored, in hexadecimal."""
    found = hashlib.sha256()
    for block in Chunks(source):
        found.update(block)
    return found.hexdigest()


def inspect(beginning: bytes, mapping: Mapping, *, complete: bool = False) -> Preview:
    """Look at the beginning of a file before it is accepted.

    Args:
        beginning: the first `INSPECT_BYTES` of the file, or all of it if shorter.
        complete: whether that is the whole file.

    Raises:
        ImportFileError: the file cannot be imported with this mapping; see its codes.
    """
    chunks = Chunks(beginning, complete=complete)
    lines, layout = _open(chunks, mapping)
    records = _read(lines, mapping, layout, PREVIEW_LINES)
    return Preview(layout, _batch(0, records, lines, chunks, layout))


def batch_lines(mapping: Mapping) -> int:
    """Lines of a batch: as many as can be stored without making other writers wait for long."""
    if mapping.kind is RecordKind.TRANSACTIONS:
        return BATCH_LINES
    answers = sum(question_of(target) is not None for target in mapping.columns)
    return min(BATCH_LINES, RECORD_LINES // (1 + answers // ANSWERS_FREE))


def batches(source: Source, mapping: Mapping, *, start_batch: int = 0) -> Iterator[RawBatch]:
    """Yield the rows of a file in batches of `batch_lines` physical lines (fewer if those are very long).

    A batch may hold fewer rows than lines, even none. Batches before ``start_batch`` are skipped: their text
    is decoded and cut, but not turned into rows.

    Raises:
        ImportFileError: the file cannot be read, or cannot be read on; what was yielded stands.

    >>> mapping = Mapping.from_dict({"columns": {"external_id": "id", "customer_key": "who", "amount": "sum",
    ...                                          "currency": "=TRY", "occurred_at": "at"}})
    >>> batch, = batches([b"id;who;sum;at\\n1;A;12.30;2026-", b"05-01\\n"], mapping)
    >>> batch.lines.to_list(), batch.columns["sum"].to_list()
    ([2], ['12.30'])
    """
    chunks = Chunks(source)
    lines, layout = _open(chunks, mapping)
    most = batch_lines(mapping)
    for index in count():
        lines.pass_blank()
        records = _read(lines, mapping, layout, most, skip=index < start_batch)
        if records is None:
            return
        if index >= start_batch:
            yield _batch(index, records, lines, chunks, layout)


def _batch(index: int, records: Records | None, lines: Lines, chunks: Chunks, layout: Layout) -> RawBatch:
    records, headers = without_headers(records or Records.none(), layout.titles)
    return RawBatch(
        index,
        records.lines,
        records.columns,
        records.refused,
        last_line=lines.next_line - 1,
        bytes_read=round(chunks.bytes_read * lines.share),
        clean=records.clean,
        pointed=layout.pointed,
        headers=headers,
    )


def _read(
    lines: Lines, mapping: Mapping, layout: Layout, max_rows: int, *, skip: bool = False
) -> Records | None:
    if mapping.format is FileFormat.JSONL:
        if skip:
            return Records.none() if lines.take(max_rows).data else None
        amounts = {part for target in MONEY for part in mapping.parts(target)}
        mark = "," if mapping.decimal_comma else "."
        is_money = mapping.kind is RecordKind.TRANSACTIONS
        sources = list(mapping.sources())
        return json_lines(lines, max_rows, sources=sources, amounts=amounts if is_money else (), mark=mark)
    places = {} if skip else layout.positions
    return delimited(lines, max_rows, delimiter=layout.delimiter, width=layout.width, positions=places)


def _open(chunks: Chunks, mapping: Mapping) -> tuple[Lines, Layout]:
    """Read up to the first row."""
    lines = Lines(decoded(chunks, mapping.encoding), complete=chunks.complete)
    _pass_over(lines, mapping.skip_lines)
    sample = _sample(lines)
    if mapping.format is FileFormat.JSONL:
        first = parse_json(sample[: sample.index(b"\n")].decode())
        if not isinstance(first, dict) and first is not Refusal.REPEATED_MEMBER:
            detail = (
                "The first line is not a JSON object: one object a line is expected, which `jq -c '.[]'` "
                "makes of a list. If the file is a table, say format=csv."
            )
            raise ImportFileError(detail, code="not_json_lines")
        return lines, Layout("", (), 0, {})
    if _JSON.match(sample):
        detail = (
            "The file holds JSON. Say format=jsonl for one object a line, which `jq -c '.[]'` makes of a "
            "list."
        )
        raise ImportFileError(detail, code="not_a_table")
    delimiter = mapping.delimiter
    named = _SEPARATOR.match(sample)
    if named:  # Excel's own way to name the delimiter
        lines.take(1)
        sample = _sample(lines)
        delimiter = named[1].decode() if delimiter == AUTO else delimiter
    auto = delimiter == AUTO
    if auto:
        delimiter = _likely_delimiter(sample)
    fields, taken = _first_record(sample, delimiter, lines.next_line)
    if len(fields) > MAX_COLUMN:
        detail = "The file has more than {limit} columns: export those that are needed."
        raise ImportFileError(detail, code="too_many_columns", limit=MAX_COLUMN)
    line = lines.next_line
    if mapping.header:
        lines.take(taken)
    names = tuple(map(spelled, fields)) if mapping.header else ()
    tried = USUAL_DELIMITERS if auto or delimiter == WHITESPACE else delimiter
    hint = line_of(sample, list(mapping.sources()), tried, line) if names else None
    found = positions(mapping.sources(), names, len(fields), line=line, hint=hint)
    sources = mapping.parts("amount") if mapping.kind is RecordKind.TRANSACTIONS else []
    amounts = _cells(sample, delimiter, [found[source] for source in sources])
    titles = {source: fields[place].strip() for source, place in found.items()} if names else {}
    return lines, Layout(delimiter, names, len(fields), found, is_pointed(amounts), titles)


def _cells(sample: bytes, delimiter: str, places: list[int]) -> Iterator[str]:
    """The cells of some columns in the first lines, as far as those can be read."""
    if delimiter == WHITESPACE:
        sample, delimiter = single_tabs(sample), "\t"
    try:
        for record in csv.reader(split(sample), delimiter=delimiter):
            yield from (record[place].strip() for place in places if place < len(record))
    except csv.Error:
        return


def _pass_over(lines: Lines, count: int) -> None:
    while count and (block := lines.take(count)).data:
        count -= len(block.ends)


def _sample(lines: Lines) -> bytes:
    """Look at the next lines without taking them, but for empty ones before them."""
    lines.pass_blank()
    sample = lines.take(_SAMPLE_LINES, _SAMPLE_BYTES).data.lstrip(b"\n")
    lines.give_back(sample)
    if not sample:
        raise ImportFileError("The file is empty.", code="empty_file")
    return sample


def _likely_delimiter(sample: bytes) -> str:
    """Choose the delimiter that cuts the first records most evenly, then most finely."""

    def fit(delimiter: str) -> tuple[bool, float, int]:
        try:
            records = csv.reader(split(sample), delimiter=delimiter)
            widths = [len(record) for record in records if record][:PREVIEW_LINES]
        except csv.Error:
            return False, 0.0, 0
        return widths[0] > 1, widths.count(widths[0]) / len(widths), widths[0]

    return max(USUAL_DELIMITERS, key=fit)


def _first_record(sample: bytes, delimiter: str, line: int) -> tuple[list[str], int]:
    """Give the fields of the first record and the lines it takes."""
    if delimiter == WHITESPACE:
        return single_tabs(sample[: sample.index(b"\n") + 1]).decode().rstrip("\n").split("\t"), 1
    reader = csv.reader(split(sample), delimiter=delimiter, strict=True)
    try:
        return next(reader), reader.line_num
    except csv.Error:
        detail = "The quotes of the file do not match; see line {line}."
        raise ImportFileError(detail, code="quotes_unbalanced", line=line) from None
