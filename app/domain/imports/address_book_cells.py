"""Cells of address books: several contact points, tags or hours in one text."""

import re

from app.domain.customers.customers import ContactKind, normalise_contact

_BETWEEN = {
    ContactKind.PHONE: re.compile(r":::|[;,/|\r\n]"),
    ContactKind.EMAIL: re.compile(r":::|[;,/|\s]"),
    ContactKind.SOCIAL: re.compile(r":::|[;,|\r\n]"),
}
_BETWEEN_WORDS = re.compile(r":::|[;,|\r\n]")
_HOURS = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})\s*[-\u2013\u2014]\s*([0-9]{1,2})[:.]([0-9]{2})")


Contact = tuple[str, str | None]
"""A contact point as it is stored, and its extension."""


def contacts(kind: ContactKind, text: str, regions: tuple[str, ...]) -> list[Contact]:
    """Read the contact points of one kind in a cell, each as a value and an extension, without repetitions.

    Several are separated by ``:::``, ``;``, ``,``, ``/``, ``|`` or a line end (handles not by ``/``,
    addresses by blanks too). A cell is cut only where every part is a contact point: ``0232/444 12 34`` is
    one number.

    Args:
        regions: ISO 3166 codes of the countries whose national numbers are read.

    Raises:
        ValueError: neither the whole text nor all of its parts are contact points.

    >>> contacts(ContactKind.PHONE, "0532 123 45 67 ::: 0212 555 12 12", ("TR",))
    [('+905321234567', None), ('+902125551212', None)]
    """
    parts = [part for part in map(str.strip, _BETWEEN[kind].split(text)) if part]
    if len(parts) > 1:
        try:
            return list(dict.fromkeys(normalise_contact(kind, part, regions) for part in parts))
        except ValueError:
            parts = [text]
    return [normalise_contact(kind, part, regions) for part in parts or [text]]


def words(text: str) -> list[str]:
    """Read the tags or channels in a cell, without repetitions.

    >>> words("vip; club ::: vip")
    ['vip', 'club']
    """
    return list(dict.fromkeys(part for part in map(str.strip, _BETWEEN_WORDS.split(text)) if part))


def hours(text: str) -> dict[str, str] | None:
    """Read hours of the day, ``9:00-12:30``; None when the text is something else.

    >>> hours("9.00 - 12.30")
    {'start': '09:00', 'end': '12:30'}
    """
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return None
    return {"start": f"{match[1]:0>2}:{match[2]}", "end": f"{match[3]:0>2}:{match[4]}"}
