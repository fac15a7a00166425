"""From lines of text to the fields of records: delimited text (CSV) and JSON Lines."""

import csv
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from app.domain.common.text import composed
from app.domain.imports.cells.columns import tidy
from app.domain.imports.mapping import WHITESPACE
from app.domain.imports.refusals import Refusal, Refused
from app.jobs.imports.ragged_lines import blank_lines, fields_needed, fitted, is_blank, mended, ragged
from app.jobs.imports.text_decoding import MAX_LINE, Block, ImportFileError, Lines

MAX_FIELD = csv.field_size_limit()
"""Longest field beside quotes, in characters: the csv module's own limit, 128 Ki."""

MAX_WASTE = 16 << 20
"""Characters read in vain for closing quotes in one batch before the file is given up."""

Bytes = NDArray[np.uint8]

_EXTENSION = 200
_LONGEST = 30  # digits
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_NOT_TEXT = "\0"  # refused by every rule there is for values, under the column's name


class Records(NamedTuple):
    """Records of consecutive lines: what a `RawBatch` says of them."""

    lines: pl.Series
    columns: dict[str, pl.Series]
    refused: list[Refused]
    clean: bool = False

    @classmethod
    def none(cls) -> Self:
        """No records at all."""
        return cls(pl.Series("line", [], pl.Int64), {}, [])


def delimited(
    lines: Lines, count: int, *, delimiter: str, width: int, positions: Mapping[str, int]
) -> Records | None:
    """Read the records that begin in the next ``count`` lines; None at the end of the file.

    Quoting is RFC 4180: a quote counts at the start of a field and is doubled inside one. A record may go
    on over many lines, beyond ``count`` too. Empty lines, and those without anything in any field, are no
    records; empty fields at the end of one may be missing or too many. A record whose quotes are wrong is
    refused alone: reading goes on with the line after its first.

    polars reads text whose lines are records and whose quotes are all in their places; other text the csv
    module, which tells where a record began and what is wrong with it. Where both can, both give the same.

    Args:
        delimiter: one ASCII character, or ``whitespace`` for runs of blanks without quoting.
        width: fields of every record.
        positions: each column wanted -> its 0-based position, below ``width``.

    Raises:
        ImportFileError: ``quotes_unbalanced``, ``line_too_long``, or the text cannot be read on.
    """
    block = lines.take(count)
    if not block.data:
        return None
    if delimiter == WHITESPACE:
        tabs = single_tabs(block.data)
        block = Block(tabs, np.flatnonzero(np.frombuffer(tabs, np.uint8) == ord("\n")) + 1, block.first)
        return _plain(block, "\t", width, positions, quoting=False)
    if np.diff(block.ends, prepend=0).max() <= MAX_FIELD and _is_regular(block, ord(delimiter)):
        return _plain(block, delimiter, width, positions, unended=lines.unended)
    return _irregular(lines, block, delimiter, width, positions)


def single_tabs(text: bytes) -> bytes:
    """Turn runs of blanks into one tab, and drop them at both ends of a line."""
    text = re.sub(rb"[ \t]+", b"\t", text)
    return text.replace(b"\n\t", b"\n").replace(b"\t\n", b"\n").removeprefix(b"\t")


def _is_regular(block: Block, delimiter: int) -> bool:
    """Tell whether every quote encloses a field or is doubled inside one, and no line end is quoted."""
    if b'"' not in block.data:
        return True
    data = np.frombuffer(block.data, np.uint8)
    quotes = np.flatnonzero(data == ord('"'))
    if len(quotes) % 2 or (np.searchsorted(quotes, block.ends) % 2).any():
        return False
    opening, closing = quotes[::2], quotes[1::2]
    before, after = data[opening - 1], data[closing + 1]  # before the first byte: the last, a line end
    doubled = closing[:-1] + 1 == opening[1:]  # closes and opens again: one quote of the text
    opens = (before == delimiter) | (before == ord("\n"))
    closes = (after == delimiter) | (after == ord("\n"))
    return bool((opens[1:] | doubled).all() and opens[0] and (closes[:-1] | doubled).all() and closes[-1])


def _plain(
    block: Block,
    delimiter: str,
    width: int,
    positions: Mapping[str, int],
    *,
    quoting: bool = True,
    unended: int | None = None,
) -> Records:
    """Read lines that are a record each, their quotes regular."""
    text, data = block.data, np.frombuffer(block.data, np.uint8)
    quoted = quoting and b'"' in text
    numbers = np.arange(block.first, block.first + len(block.ends))
    delimiters = np.flatnonzero(data == ord(delimiter))
    if quoted:
        delimiters = delimiters[np.searchsorted(np.flatnonzero(data == ord('"')), delimiters) % 2 == 0]
    refused: list[Refused] = []
    blank = blank_lines(block, delimiter)
    if blank.any() or not _is_even(delimiters, block.ends, width):
        least = fields_needed(positions) if quoting else width
        text, kept, refused = mended(block, delimiter, delimiters, width, least, blank, unended)
        data, numbers = np.frombuffer(text, np.uint8), numbers[kept]
    if not positions:
        return Records(pl.Series("line", numbers, pl.Int64), {}, refused)
    # A header of our own keeps polars from taking the first bytes of the text for a mark or a compression.
    header = delimiter.join(map(str, range(width))).encode() + b"\n"
    frame = pl.read_csv(
        header + text,
        columns=sorted({str(position) for position in positions.values()}, key=int),
        separator=delimiter,
        quote_char='"' if quoted else None,
        infer_schema=False,
    )
    clean, composed_all, trimmed = _cleanliness(data, ord(delimiter))
    columns = {name: frame[str(position)].alias(name) for name, position in positions.items()}
    if quoted or not trimmed:
        columns = {name: tidy(column, is_composed=composed_all) for name, column in columns.items()}
    return Records(pl.Series("line", numbers, pl.Int64), columns, refused, clean)


def _is_even(delimiters: NDArray[np.intp], ends: NDArray[np.intp], width: int) -> bool:
    """Tell whether every line has ``width`` fields; False for one field, where lines may be empty."""
    if width == 1 or len(delimiters) != len(ends) * (width - 1):
        return False
    table = delimiters.reshape(len(ends), width - 1)
    return bool((table[:, -1] < ends).all() and (table[1:, 0] >= ends[:-1]).all())


def _cleanliness(data: Bytes, delimiter: int) -> tuple[bool, bool, bool]:
    """Tell whether text surely has no control characters, only composed and visible ones, and nothing else
    that `tidy` changes.

    Looking at all bytes once is much cheaper than at each field. Only ASCII and letters of Latin and Cyrillic
    script (0xC3 to 0xCB, 0xD0 to 0xD3) are sure to be composed and visible.
    """
    if not len(data):
        return True, True, True
    low = np.count_nonzero(data < ord(" ")) - np.count_nonzero(data == ord("\n"))
    if delimiter < ord(" "):
        low -= np.count_nonzero(data == delimiter)
    ascii_only = data.max() < 0x7F
    clean = low == 0 and bool(ascii_only or not ((data == 0x7F) | (data == 0xC2)).any())
    if not clean:
        return False, bool(ascii_only), False
    if not ascii_only and ((data >= 0xCC) & ((data < 0xD0) | (data > 0xD3))).any():
        return True, False, False
    blanks = np.flatnonzero(data == ord(" "))
    beside = data[np.concatenate([blanks - 1, blanks + 1])]  # before the first byte: the last, a line end
    return True, True, not ((beside == delimiter) | (beside == ord("\n"))).any()


def _irregular(
    lines: Lines, block: Block, delimiter: str, width: int, positions: Mapping[str, int]
) -> Records:
    """Read lines of which some hold stray quotes or records of several lines."""
    window, first = split(block.data), block.first
    refused: list[Refused] = []
    try:
        records = list(csv.reader(window, delimiter=delimiter, strict=True))
    except csv.Error:
        records = []
    numbers = range(first, first + len(window))
    starts: Sequence[int] = numbers
    if len(records) != len(window):  # else every line was one record
        records, starts, refused = _walk(_Feed(lines, window), first, delimiter)
    kept, numbered, least = [], [], fields_needed(positions)
    cut = records and starts[-1] if lines.unended and lines.unended < lines.next_line else None
    for line, fields in zip(starts, records, strict=True):
        row = fitted(fields, width, width if line == cut else least)
        if is_blank(fields):
            continue
        if row is None:
            refused.append(ragged(line, len(fields), width))
        else:
            kept.append(row)
            numbered.append(line)
    columns = {
        name: tidy(pl.Series(name, [fields[position] for fields in kept], pl.String))
        for name, position in positions.items()
    }
    return Records(pl.Series("line", numbered, pl.Int64), columns, sorted(refused))


def split(block: bytes) -> list[str]:
    r"""Cut text into lines, their ``\n`` kept (str.splitlines would cut at other characters too)."""
    return io.StringIO(block.decode(), newline="\n").readlines()


class _Feed:
    """Lines for the csv module, one record's worth at most, drawn from beyond the window when needed."""

    def __init__(self, lines: Lines, window: list[str]) -> None:
        self.window = window
        self.position = 0  # of the next line in the window
        self.length = 0  # characters given since the record began; the reader's user sets it back
        self._lines = lines

    def read(self, position: int) -> Iterator[str]:
        self.position, self.length = position, 0
        while self.position < len(self.window) or self._extend():
            line = self.window[self.position]
            if self.length and self.length + len(line) > MAX_LINE:
                return
            self.position += 1
            self.length += len(line)
            yield line

    def give_back(self, position: int) -> None:
        self._lines.give_back("".join(self.window[position:]).encode())

    def _extend(self) -> bool:
        more = split(self._lines.take(_EXTENSION).data)
        self.window += more
        return bool(more)


def _walk(feed: _Feed, first: int, delimiter: str) -> tuple[list[list[str]], list[int], list[Refused]]:
    """Read record by record: fields, first lines, and the lines refused for their quotes."""
    records: list[list[str]] = []
    starts: list[int] = []
    refused: list[Refused] = []
    begin, wasted, count = 0, 0, len(feed.window)
    while begin < count:
        try:
            for fields in csv.reader(feed.read(begin), delimiter=delimiter, strict=True):
                records.append(fields)
                starts.append(first + begin)
                begin, feed.length = feed.position, 0
                if begin >= count:
                    break
        except csv.Error:
            wasted += feed.length
            if wasted > MAX_WASTE:
                detail = "The quotes of the file do not match; see line {line}."
                raise ImportFileError(detail, code="quotes_unbalanced", line=first + begin) from None
            refused.append(Refused(first + begin, Refusal.BAD_QUOTES))
            begin += 1
    feed.give_back(begin)
    return records, starts, refused


def json_lines(
    lines: Lines, count: int, *, sources: Sequence[str], amounts: Collection[str] = (), mark: str = "."
) -> Records | None:
    """Read the objects in the next ``count`` lines, one a line; None at the end of the file.

    Numbers keep their spelling; true and false become texts; null and absent members are missing; an
    object or array where a value is wanted, or half a surrogate pair, is a text that is refused later on.

    Args:
        sources: members, or JSON Pointers to deeper ones (``/total/amount``).
        amounts: those that are amounts: their numbers, which have one reading, are spelled so that they have
            no other.
        mark: the decimal mark that amounts are read with.
    """
    block = lines.take(count)
    if not block.data:
        return None
    numbers, rows, refused = [], [], []
    for line, text in enumerate(block.data.decode().split("\n")[:-1], block.first):
        if not text or text.isspace():
            continue
        row = parse_json(text)
        if isinstance(row, dict):
            numbers.append(line)
            rows.append(row)
        else:
            refused.append(Refused(line, row or Refusal.NOT_AN_OBJECT))
    halves = bool(_HALF_PAIR.search(block.data))
    columns = {}
    for source in sources:
        found = [_at(row, source) for row in rows] if source[0] == "/" else [row.get(source) for row in rows]
        texts = [value if value is None or type(value) is str else _text(value) for value in found]
        if source in amounts:
            texts = [_amount(value, mark) if type(value) is _Number else value for value in texts]
        if halves:
            texts = [_NOT_TEXT if text and not _encodes(text) else text for text in texts]
        columns[source] = tidy(pl.Series(source, texts, pl.String))
    return Records(pl.Series("line", numbers, pl.Int64), columns, refused)


def parse_json(text: str) -> dict[str, Any] | Refusal:
    """Read one line as an object, its numbers as texts; or say why it is none."""
    try:
        row = _DECODER.decode(text)
    except _RepeatedError:
        return Refusal.REPEATED_MEMBER
    except (ValueError, RecursionError):
        return Refusal.NOT_JSON
    if not isinstance(row, dict):
        return Refusal.NOT_AN_OBJECT
    return row if text.isascii() and "\\u" not in text else composed(row)


def _no_constant(name: str) -> None:
    raise ValueError(name)


class _RepeatedError(Exception):
    """An object names a member twice."""


class _Number(str):
    """A number with decimals or an exponent, as it was spelled."""

    __slots__ = ()


def _amount(number: str, mark: str) -> str:
    """Spell a number so that it has no other reading, where it is not absurdly long.

    >>> _amount("1.250", "."), _amount("1.125e3", "."), _amount("12.5", ",")
    ('1.2500', '1125', '12,5')
    """
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LONGEST or abs(value.adjusted()) > _LONGEST:
        return str(number)
    whole, point, decimals = format(value, "f").partition(".")
    padded = f"{decimals}0" if len(decimals) == 3 else decimals
    return f"{whole}{mark}{padded}" if point else whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    names = members if "".join(members).isascii() else set(map(composed, members))
    if len(names) != len(pairs):
        raise _RepeatedError
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_Number, parse_int=str, parse_constant=_no_constant
)


def _at(row: object, pointer: str) -> object:
    for token in pointer[1:].split("/"):
        if not isinstance(row, dict):
            return None
        row = row.get(token.replace("~1", "/").replace("~0", "~"))
    return row


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else _NOT_TEXT


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
