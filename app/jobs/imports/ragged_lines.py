"""Lines of another number of fields than the header has: which are rows all the same, and which are none."""

import csv
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.domain.imports.refusals import Refusal, Refused
from app.jobs.imports.text_decoding import Block

_BLANKS = " \t"


def fields_needed(positions: Mapping[str, int]) -> int:
    """How many fields a row must have at least: programs leave empty ones out at a row's end, but a row that
    ends before a column that is read may have been cut."""
    return max(positions.values(), default=-1) + 1


def is_blank(fields: Sequence[str]) -> bool:
    """Tell whether a record has nothing in any field, as the empty rows of a sheet.

    >>> is_blank(["", " ", ""]), is_blank(["", "0"])
    (True, False)
    """
    return not any(field.strip(_BLANKS) for field in fields)


def fitted(fields: list[str], width: int, least: int) -> list[str] | None:
    """Give a record the width of the header: empty fields at its end are added or taken away.

    None when it has other fields too many, or fewer than ``least``.

    >>> fitted(["a", "b"], 3, 2), fitted(["a", "b", "", ""], 3, 2), fitted(["a", "b", "c", "d"], 3, 2)
    (['a', 'b', ''], ['a', 'b', ''], None)
    """
    if len(fields) > width:
        return fields[:width] if is_blank(fields[width:]) else None
    return [*fields, *[""] * (width - len(fields))] if len(fields) >= least else None


def ragged(line: int, fields: int, width: int) -> Refused:
    """Refuse a line with too few or too many fields."""
    return Refused(line, Refusal.ROW_TOO_SHORT if fields < width else Refusal.ROW_TOO_LONG)


def blank_lines(block: Block, delimiter: str) -> NDArray[np.bool_]:
    """Tell which lines have nothing in any field, shape (lines,)."""
    data = np.frombuffer(block.data, np.uint8)
    blank = np.zeros(len(block.ends), np.bool_)
    starts = np.concatenate([[0], block.ends[:-1]]) if len(block.ends) else block.ends
    beginnings = np.frombuffer((delimiter + _BLANKS + '"\n').encode(), np.uint8)
    for index in np.flatnonzero(np.isin(data[starts], beginnings)).tolist():
        blank[index] = _is_blank(block.data[starts[index] : block.ends[index] - 1], delimiter)
    return blank


def _is_blank(text: bytes, delimiter: str) -> bool:
    """Tell whether one or more fields of a line, as they are written, have nothing in them.

    >>> _is_blank(b',"" ,', ","), _is_blank(b',","', ",")
    (True, False)
    """
    if text.strip((delimiter + _BLANKS + '"').encode()):
        return False
    return b'"' not in text or is_blank(next(csv.reader([text.decode()], delimiter=delimiter)))


def mended(
    block: Block,
    delimiter: str,
    delimiters: NDArray[np.intp],
    width: int,
    least: int,
    blank: NDArray[np.bool_],
    unended: int | None,
) -> tuple[bytes, NDArray[np.intp], list[Refused]]:
    """Bring the lines of a block to the header's width; blank ones are left out, others refused.

    Args:
        delimiters: places of those that are not quoted, ascending.
        width: fields of the header.
        least: fields that a row must have at least.
        blank: which lines are blank.
        unended: number of the file's last line if nothing ends it: it may have been cut.

    Returns:
        The lines, which of the block's lines they are, and what was refused.
    """
    before = np.searchsorted(delimiters, block.ends)
    counts = np.diff(before, prepend=0) + 1
    odd = np.flatnonzero((counts != width) | blank)
    starts = np.concatenate([[0], block.ends[:-1]])
    kept = np.ones(len(block.ends), np.bool_)
    pieces, done, refused = [], 0, []
    mark = delimiter.encode()
    for index, count in zip(odd.tolist(), counts[odd].tolist(), strict=True):
        start, end = int(starts[index]), int(block.ends[index])
        pieces.append(block.data[done:start])
        done = end
        if not blank[index] and least <= count < width and block.first + index != unended:
            pieces.append(block.data[start : end - 1] + mark * (width - count) + b"\n")
            continue
        if not blank[index] and count > width:
            cut = int(delimiters[before[index] - count + width])
            if _is_blank(block.data[cut : end - 1], delimiter):
                pieces.append(block.data[start:cut] + b"\n")
                continue
        kept[index] = False
        if not blank[index]:
            refused.append(ragged(block.first + index, count, width))
    pieces.append(block.data[done:])
    return b"".join(pieces), np.flatnonzero(kept), refused
