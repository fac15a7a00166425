"""From the bytes of an uploaded file to lines of UTF-8: decompress, decode, cut; in bounded memory."""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.domain.imports.code_pages import AUTO, CODE_PAGES, KNOWN
from app.errors import InvalidError

BATCH_LINES = 20_000
"""Physical lines of a batch."""

BATCH_BYTES = 8 << 20
"""A batch ends earlier, after the last line that is whole within so many bytes of UTF-8."""

MAX_LINE = 1 << 20
"""Longest line, in bytes of UTF-8."""

MAX_BYTES = 16 << 30
"""Most bytes that one file may decompress to."""

MAX_RATIO = 200
"""Most bytes of text for one compressed byte, judged from the first `FREE_TEXT` bytes on."""

FREE_TEXT = 1 << 20

_BLOCK = 1 << 20
_SNIFFED = 4096
_FEW_ODD = 32
_GZIP = b"\x1f\x8b"
_BINARY = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x89PNG",
    b"%PDF-",
    b"\xd0\xcf\x11\xe0",
    b"\x28\xb5\x2f\xfd",
    b"BZh91AY&SY",
    b"Rar!\x1a",
    b"7z\xbc\xaf\x27\x1c",
    b"\xfd7zXZ",
    b"\x04\x22\x4d\x18",
    b"\xff\xd8\xff",
    b"PAR1",
    b"SQLite format 3\0",
)
_PAGES = (b"<!doctype", b"<html", b"<head", b"<meta", b"<table", b"<style", b"<?xml", b"{\\rtf")
_PADS = b"\0\x1a"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")

Source = BinaryIO | Iterable[bytes] | bytes
"""A file: an object with ``read``, its bytes, or an iterator of chunks of any sizes."""


class ImportFileError(InvalidError):
    """A file that cannot be imported at all; ``code`` says why and never changes its meaning.

    Codes: ``empty_file``, ``not_text``, ``not_a_table``, ``unknown_encoding``, ``wrong_encoding``,
    ``bad_gzip``, ``gzip_bomb``, ``line_too_long``, ``duplicate_columns``, ``missing_column``,
    ``too_many_columns``, ``quotes_unbalanced``, ``not_json_lines``.
    """

    code = "import_file_unreadable"


class Chunks:
    """Bytes of a source in blocks of 1 to 2 MiB (the last may be less), counted as they are taken.

    ``complete`` is False when the source is only the beginning of a file; then nothing that would be
    wrong at a file's end is an error.
    """

    def __init__(self, source: Source, *, complete: bool = True) -> None:
        self.bytes_read = 0
        self.complete = complete
        if isinstance(source, bytes | bytearray | memoryview):
            source = [bytes(source)]
        read = getattr(source, "read", None)
        self._chunks: Iterator[bytes] = iter(source) if read is None else iter(lambda: read(_BLOCK), b"")

    def __iter__(self) -> Iterator[bytes]:
        return _blocks(self._counted())

    def _counted(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.bytes_read += len(chunk)
            yield chunk


def _blocks(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Join small chunks and cut large ones, so that how they came bounds nothing and decides nothing."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        for start in range(0, len(chunk), _BLOCK):
            held.append(chunk[start : start + _BLOCK])
            size += len(held[-1])
            if size >= _BLOCK:
                yield b"".join(held)
                held, size = [], 0
    if size:
        yield b"".join(held)


def decoded(chunks: Chunks, encoding: str) -> Iterator[bytes]:
    r"""Yield the text of a file as blocks of UTF-8 without a byte order mark, every line end a ``\n``.

    gzip is known by its first bytes. Line ends are ``\n``, ``\r\n`` or ``\r``.

    Args:
        encoding: ``auto`` or one of `app.domain.imports.code_pages.CODE_PAGES`.

    Raises:
        ImportFileError: empty, binary, not gzip after all, too large, or not in this encoding.
    """
    blocks = iter(chunks)
    first = next(blocks, b"")
    if first.startswith(_GZIP):
        blocks = _blocks(_gunzipped(first, blocks, chunks.complete))
        first = next(blocks, b"")
    if not first:
        raise ImportFileError("The file is empty.", code="empty_file")
    if first.startswith((*_BINARY, _GZIP)):
        detail = "The file is a workbook, an archive or a picture. Save a sheet as CSV; compress with gzip."
        raise ImportFileError(detail, code="not_text")
    name = _encoding_of(first, encoding)
    if not name.startswith("utf") and _is_utf8(first):
        detail = "The file is UTF-8, not {asked}: leave the encoding out, or say encoding=utf-8."
        raise ImportFileError(detail, code="wrong_encoding", asked=encoding)
    recoded = _recoded(first, blocks, name, asked=encoding, complete=chunks.complete)
    return _newlines(_unpadded(recoded), chunks.complete)


def _is_utf8(block: bytes) -> bool:
    """Tell whether a block, which may end within a character, has letters outside ASCII, all of them UTF-8:
    in no other encoding do letters follow each other so."""
    if block.isascii():
        return False
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _not_text() -> ImportFileError:
    detail = "The file is not text. Export a table as CSV; if it is UTF-16, say encoding=utf-16."
    return ImportFileError(detail, code="not_text")


def _gunzipped(first: bytes, blocks: Iterator[bytes], complete: bool) -> Iterator[bytes]:
    """Decompress one gzip member after another; zero bytes may follow the last."""
    member = zlib.decompressobj(31)
    members, given, taken = 1, 0, 0
    for data in _pieces(first, blocks):
        taken += len(data)
        rest, more = data, True
        while rest or more:
            if member.eof:
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                member = zlib.decompressobj(31)
                members += 1
            try:
                text = member.decompress(rest, _BLOCK)
            except zlib.error:
                raise ImportFileError("The gzip data are damaged.", code="bad_gzip") from None
            given += len(text)
            allowed = min(MAX_BYTES, max(FREE_TEXT, taken * MAX_RATIO))
            if given > allowed or members > 1000 + given // 100:
                raise ImportFileError("The file decompresses to far too much.", code="gzip_bomb")
            if text:
                yield text
            # A full block may leave output behind even when all input is used up.
            more = len(text) == _BLOCK
            rest = member.unused_data if member.eof else member.unconsumed_tail
    if complete and not member.eof:
        raise ImportFileError("The gzip data end too early.", code="bad_gzip")


def _pieces(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut blocks small: what follows a member is copied for each member."""
    for block in chain([first], blocks):
        for start in range(0, len(block), 1 << 16):
            yield block[start : start + (1 << 16)]


def _encoding_of(first: bytes, encoding: str) -> str:
    """Choose the codec: the file's mark, else what was asked for, else UTF-8.

    Raises:
        ImportFileError: the mark is of another encoding than was asked for.
    """
    marked = next((name for mark, name in _MARKS if first.startswith(mark)), None)
    if encoding == AUTO:
        return marked or "utf-8"
    asked = CODE_PAGES[encoding]
    if marked and marked != asked and not (asked == "utf-16" and marked.startswith(asked)):
        detail = "The file begins with the byte order mark of {marked}: name that encoding, or auto."
        raise ImportFileError(detail, code="wrong_encoding", marked=marked)
    if asked == "utf-16":
        # Without a mark: the order Windows writes, not the order of this machine.
        return marked or "utf-16-le"
    return asked


def _recoded(
    first: bytes, blocks: Iterator[bytes], name: str, *, asked: str, complete: bool
) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(name)("strict")
    block, start, line = first, True, 1
    while True:
        following = next(blocks, None)
        try:
            text = decoder.decode(block, final=following is None and complete).encode()
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(name, "ignore")
            raise _undecodable(block, asked, line + _line_count(before)) from None
        except UnicodeEncodeError:  # halves of pairs
            raise _undecodable(block, asked, line) from None
        if start:
            text = text.removeprefix(codecs.BOM_UTF8)
            _check_beginning(text.rstrip(_PADS) or text)
            start = False
        line += _line_count(text)
        yield text
        if following is None:
            return
        block = following


def _check_beginning(text: bytes) -> None:
    if _looks_binary(text):
        raise _not_text()
    if text[:_SNIFFED].lstrip().lower().startswith(_PAGES):
        detail = "The file is a web page or a document, whatever its name. Export the table as CSV."
        raise ImportFileError(detail, code="not_a_table")


def _unpadded(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out what old programs fill the end of a file with: zero bytes, and the end mark of DOS."""
    held = b""
    for block in blocks:
        rest = block.rstrip(_PADS)
        if rest:
            yield held + rest
            held = b""
        held += block[len(rest) :]
        if len(held) > _BLOCK:
            yield held
            held = b""


def _line_count(text: str | bytes) -> int:
    if isinstance(text, bytes):
        return text.count(b"\n") or text.count(b"\r")
    return text.count("\n") or text.count("\r")


def _looks_binary(data: bytes) -> bool:
    beginning = data[:_SNIFFED]
    odd = len(_UNPRINTABLE.findall(beginning))
    # A few control characters are bad rows; the file is still one.
    return odd > _FEW_ODD and odd * 10 > len(beginning)


def _undecodable(block: bytes, asked: str, line: int) -> ImportFileError:
    if asked != AUTO:
        detail = "Line {line} of the file is not in the encoding named ({asked}). Known are {known}."
        return ImportFileError(detail, code="wrong_encoding", line=line, asked=asked, known=KNOWN)
    if _looks_binary(block):
        return _not_text()
    detail = (
        "Line {line} of the file is not UTF-8. Name its encoding: encoding=windows-1254, or any of {known}."
    )
    return ImportFileError(detail, code="unknown_encoding", line=line, known=KNOWN)


def _newlines(blocks: Iterator[bytes], complete: bool) -> Iterator[bytes]:
    held = b""  # a \r whose \n may come with the next block
    for block in blocks:
        data = held + block if held else block
        held = b"\r" if data.endswith(b"\r") else b""
        if held:
            data = data[:-1]
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield data
    if held and complete:
        yield b"\n"


class Block(NamedTuple):
    r"""Whole lines of UTF-8: their bytes, the offsets just after each ``\n``, the number of the first."""

    data: bytes
    ends: NDArray[np.intp]
    first: int


class Lines:
    """Cuts blocks of text into runs of whole lines and keeps count of them.

    ``next_line`` is the 1-based physical number of the first line not yet taken; ``unended`` is that of the
    last line if nothing ends it. Of a file that is not ``complete`` the last line is left out unless it is
    the only one.
    """

    def __init__(self, blocks: Iterator[bytes], *, complete: bool = True) -> None:
        self.next_line = 1
        self.unended: int | None = None
        self._complete = complete
        self._blocks = blocks
        self._data = b""
        self._ends = _line_ends(b"")
        self._ended = False
        self._filled = 0

    @property
    def share(self) -> float:
        """The part of the text read so far that has been taken."""
        return 1 - len(self._data) / self._filled if self._filled else 1.0

    def take(self, count: int, most: int = BATCH_BYTES) -> Block:
        r"""Take up to ``count`` lines, fewer once they exceed ``most`` bytes; none at the end of the file.

        The last line of a file is given a ``\n`` if it has none.

        Raises:
            ImportFileError: a line is longer than `MAX_LINE`, or the text cannot be read on.
        """
        while len(self._ends) < count and not self._ended:
            if len(self._data) > (most if len(self._ends) else max(most, MAX_LINE)):
                break
            self._fill()
        fitting = int(np.searchsorted(self._ends, most, side="right"))
        ends = self._ends[: min(count, max(1, fitting))]
        longest = int(np.diff(ends, prepend=0).max()) if len(ends) else len(self._data)
        if longest > MAX_LINE:
            detail = "A line is longer than {limit} bytes."
            raise ImportFileError(detail, code="line_too_long", limit=MAX_LINE)
        cut = int(ends[-1]) if len(ends) else 0
        block = Block(self._data[:cut], ends, self.next_line)
        self._data, self._ends = self._data[cut:], self._ends[len(ends) :] - cut
        self.next_line += len(ends)
        return block

    def pass_blank(self) -> None:
        """Pass over the empty lines that come next, whole blocks of them at a time."""
        while not self._ended:
            rest = self._data.lstrip(b"\n")
            blank = len(self._data) - len(rest)
            self._data, self._ends = rest, self._ends[blank:] - blank
            self.next_line += blank
            if rest:
                return
            self._fill()

    def give_back(self, taken: bytes) -> None:
        """Undo the end of the last `take`: these whole lines come again."""
        ends = _line_ends(taken)
        self._data, self._ends = taken + self._data, np.concatenate([ends, self._ends + len(taken)])
        self.next_line -= len(ends)

    def _fill(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            self._ended = True
            if not self._complete and len(self._ends):
                self._data = self._data[: int(self._ends[-1])]
            block = b"\n" if self._data and not self._data.endswith(b"\n") else b""
            if block:
                self.unended = self.next_line + len(self._ends)
        self._ends = np.concatenate([self._ends, _line_ends(block) + len(self._data)])
        self._data += block
        self._filled += len(block)


def _line_ends(block: bytes) -> NDArray[np.intp]:
    return np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + 1
