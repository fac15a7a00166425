"""Text that comes in: one Unicode form, so that what reads the same is the same key, group and name."""

import re
import unicodedata
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

INVISIBLE = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
"""Characters that are not seen and part or join no letters: soft hyphens, zero-width blanks, byte order marks
and marks of the writing direction. Joiners of letters (U+200C, U+200D) are not among them."""

_DROPPED = dict.fromkeys(map(ord, INVISIBLE))
_ORDINARY_MARKS = 30
"""Combining marks that follow each other, at most, in any language (UAX 15, Stream-Safe Text Format)."""
_AFTER_MARKS = 0x20000
LONGEST_TEXT = 100_000
"""Characters of the longest text that is brought into one form; every schema refuses longer ones."""


def composed(value: Any) -> Any:
    """Give every text in a JSON document, also names of members, in NFC and without `INVISIBLE` characters.

    >>> composed({"tags": ["Cag\\u0306\\u200b"]}) == {"tags": ["Cağ"]}
    True
    """
    if isinstance(value, str):
        if value.isascii() or len(value) > LONGEST_TEXT:
            return value
        return nfc(value.translate(_DROPPED))
    if isinstance(value, list):
        return [composed(part) for part in value]
    if isinstance(value, dict):
        return {composed(name): composed(part) for name, part in value.items()}
    return value


def nfc(text: str) -> str:
    """Give a text in NFC in time linear in its length.

    Python's own function sorts marks that follow each other by insertion: a text of nothing but marks would
    take minutes.

    >>> marks = "\u0301\u0327" * 20
    >>> nfc("c" + marks) == unicodedata.normalize("NFC", "c" + marks)
    True
    """
    if len(text) > _ORDINARY_MARKS:
        text = _many_marks().sub(_in_order, text)
    return unicodedata.normalize("NFC", text)


def _in_order(marks: re.Match[str]) -> str:
    """Marks in their canonical order, which `unicodedata.normalize` then finds sorted."""
    apart = "".join(unicodedata.normalize("NFD", mark) for mark in marks.group())
    return "".join(sorted(apart, key=unicodedata.combining))


@cache
def _many_marks() -> re.Pattern[str]:
    """More marks after each other than there are on any letter."""
    marks = "".join(filter(_is_mark, map(chr, range(0x300, _AFTER_MARKS))))
    return re.compile(f"[{re.escape(marks)}]{{{_ORDINARY_MARKS + 1},}}")


def _is_mark(character: str) -> bool:
    """Whether a character is sorted among marks, by itself or by what it is made of."""
    return all(map(unicodedata.combining, unicodedata.normalize("NFD", character)))


def composed_query(query: bytes) -> bytes:
    """Give the query of an address with every name and value as `composed`; any other bytes as they are.

    >>> composed_query(b"tag=C%CC%A7&limit=5")
    b'tag=%C3%87&limit=5'
    """
    if not _is_other(query):
        return query
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return urlencode([(composed(name), composed(value)) for name, value in pairs]).encode()


def composed_path(raw_path: bytes) -> bytes:
    """Give a percent-encoded path with every step as `composed`; a slash within a step stays encoded.

    >>> composed_path(b"/v1/customers/by-external-id/crm/C%CC%A7%2F1")
    b'/v1/customers/by-external-id/crm/%C3%87%2F1'
    """
    if not _is_other(raw_path):
        return raw_path
    steps = raw_path.decode("latin-1").split("/")
    return "/".join(quote(composed(unquote(step)), safe=":@!$&'()*+,;=") for step in steps).encode()


def split_qualified(text: str) -> tuple[str, str]:
    """Split ``system:key`` at its first colon, and leave blanks around either part out.

    >>> split_qualified("crm: C:000001")
    ('crm', 'C:000001')
    """
    system, _, key = text.partition(":")
    return system.strip(), key.strip()


def _is_other(encoded: bytes) -> bool:
    """Whether a percent-encoded text is UTF-8 that `composed` would change."""
    if encoded.isascii() and b"%" not in encoded:
        return False
    try:
        text = unquote(encoded.decode("latin-1"), errors="strict")
    except UnicodeDecodeError:
        return False  # refused elsewhere, with the reason
    return bool(composed(text) != text)
