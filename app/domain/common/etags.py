"""Entity tags as they come back: proxies and old clients do not return them as they were sent."""

import re

ANY = "*"
_ENCODED = re.compile(r"(?:--?|[;:+])(?:gzip|gz|br|brotli|deflate|df|zstd)$", re.IGNORECASE)


def etag(version: int) -> str:
    """The strong entity tag of a version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


def opaque_tags(header: str) -> frozenset[str]:
    """Return what stands between the quotes of each tag in If-Match or If-None-Match, ``*`` for any.

    Left away is what is added on the way: the mark ``W/`` of a weak tag (nginx, when it compresses), the
    name of a content coding (``"5-gzip"``, ``"5--gzip"``, ``"5;gzip"``), missing or escaped quotes. A version
    is a whole number, so that none of these can name another version. Empty if there is no tag at all.

    >>> sorted(opaque_tags('W/"5", "6-gzip", 7'))
    ['5', '6', '7']
    >>> opaque_tags('"*"') == {ANY}, opaque_tags(' , ')
    (True, frozenset())
    """
    return frozenset(tag for piece in header.split(",") if (tag := _opaque(piece)))


def names(header: str, version: int | str) -> bool:
    """Tell whether the header names this version, or any.

    >>> names('"4", W/"5"', 5), names("*", 5), names('"05"', 5)
    (True, True, False)
    """
    tags = opaque_tags(header)
    return ANY in tags or str(version) in tags


def _opaque(piece: str) -> str:
    text = piece.strip()
    if text[:2] in ("W/", "w/"):
        text = text[2:]
    text = re.sub(r'[\\"]', "", text).strip()
    return _ENCODED.sub("", text)
