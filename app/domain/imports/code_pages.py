"""Names of code pages: which there are, and what the usual spellings of their names mean."""

import re
from types import MappingProxyType

AUTO = "auto"

CODE_PAGES = MappingProxyType(
    {
        "utf-8": "utf-8",
        "utf-8-sig": "utf-8",
        "utf-16": "utf-16",
        "utf-16-le": "utf-16-le",
        "utf-16-be": "utf-16-be",
        **{f"windows-{number}": f"cp{number}" for number in range(1250, 1259)},
        # As browsers do: such files come from Windows, with quotation marks where controls would be.
        "latin-1": "cp1252",
        "iso-8859-1": "cp1252",
        "iso-8859-9": "cp1254",
        **{f"iso-8859-{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 7, 10, 13, 14, 15, 16)},
        **{f"cp{number}": f"cp{number}" for number in (437, 850, 852, 855, 857, 858, 866)},
        "koi8-r": "koi8_r",
        "koi8-u": "koi8_u",
        "mac-roman": "mac_roman",
        "mac-turkish": "mac_turkish",
        "mac-cyrillic": "mac_cyrillic",
    }
)
"""Name of each encoding of a mapping -> Python's codec."""

KNOWN = (
    "auto, utf-8, utf-16, utf-16-le, utf-16-be, windows-1250 to -1258, iso-8859-1 to -5, -7, -9, -10, -13 to "
    "-16, cp437, cp850, cp852, cp855, cp857, cp858, cp866, koi8-r, koi8-u, mac-roman, mac-turkish"
)
"""All of them, for answers: at most 200 characters."""

_ALIASES = {
    **dict.fromkeys(("utf8", "unicode11utf8", "ascii", "usascii", "ansix341968"), "utf-8"),
    "utf8sig": "utf-8-sig",
    "utf8bom": "utf-8-sig",
    **dict.fromkeys(("utf16", "unicode", "ucs2"), "utf-16"),
    "utf16le": "utf-16-le",
    "utf16be": "utf-16-be",
    **dict.fromkeys(("latin1", "l1", "88591"), "iso-8859-1"),
    **dict.fromkeys(("latin5", "l5", "88599"), "iso-8859-9"),
    **dict.fromkeys(("latin2", "l2"), "iso-8859-2"),
    **dict.fromkeys(("latin3", "l3"), "iso-8859-3"),
    **dict.fromkeys(("latin4", "l4"), "iso-8859-4"),
    **dict.fromkeys(("latin9", "l9"), "iso-8859-15"),
    **dict.fromkeys(("latin10", "l10"), "iso-8859-16"),
    **dict.fromkeys(("macintosh", "mac", "xmacroman"), "mac-roman"),
    **dict.fromkeys(("xmacturkish", "macturkish"), "mac-turkish"),
    **dict.fromkeys(("xmaccyrillic", "maccyrillic"), "mac-cyrillic"),
    "koi8": "koi8-r",
}
_NUMBERED = re.compile(r"(?:windows|win|cp|ibm|oem|dos|xcp|csibm|cspc)?([0-9]{3,4})")
_ISO = re.compile(r"(?:cs)?iso8859([0-9]{1,2})(?:[0-9]{4})?")


def canonical(name: str) -> str | None:
    """Give the name of an encoding as mappings write it, None for one that is not known.

    >>> canonical("CP1254"), canonical("UTF8"), canonical("Latin1"), canonical("x")
    ('windows-1254', 'utf-8', 'iso-8859-1', None)
    """
    folded = name.strip().lower()
    if folded == AUTO or folded in CODE_PAGES:
        return folded
    squeezed = re.sub(r"[\s_:.-]", "", folded)
    if squeezed in _ALIASES:
        return _ALIASES[squeezed]
    if match := _ISO.fullmatch(squeezed):
        return _known(f"iso-8859-{match[1]}")
    if match := _NUMBERED.fullmatch(squeezed):
        return _known(f"windows-{match[1]}") or _known(f"cp{match[1]}")
    return next((known for known in CODE_PAGES if known.replace("-", "") == squeezed), None)


def same(one: str, other: str) -> bool:
    """Tell whether two names as mappings write them mean the same characters."""
    return CODE_PAGES.get(one) == CODE_PAGES.get(other)


def _known(name: str) -> str | None:
    return name if name in CODE_PAGES else None
