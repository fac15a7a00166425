"""E-mail addresses: as people and programs write them, one spelling to store and one to look up."""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254
"""Longest address in characters (RFC 5321, erratum 1690)."""

MAX_TEXT = 500
"""Longest text that an address is looked for in, in characters: it may have a name beside it."""

# The dot-atom of RFC 5321: what nearly every address has before the @.
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]*[A-Za-z0-9]", re.ASCII)
_NAMED = re.compile(r'(?:[^<>"]|"(?:[^"\\]|\\.)*")*<([^<>]*)>[\s;,.]*')
_LABEL = re.compile(r"(?:mailto|e-?mail|e-?posta|mail)\s*:\s*", re.IGNORECASE)
_LABELLED = re.compile(r"[^\W\d_][^@:<>\"]{0,30}:\s+(?=[^\s@]+@)")
_NOTE_BEHIND = re.compile(r"(?<=[\w.])\s+[(\[][^()\[\]@]{1,60}[)\]]\Z")
_AT = re.compile(r"\s*[\[({]\s*(?:at|et|@)\s*[\])}]\s*", re.IGNORECASE)
_DOT = re.compile(r"\s*[\[({]\s*(?:dot|nokta|nöqtə|\.)\s*[\])}]\s*", re.IGNORECASE)
_AROUND = " \t\r\n;,.:\"'<>()[]"
_SEVERAL = re.compile(r"@[^@\s;,]+[\s;,/|&]+[^@]*@")


def tidy(text: str) -> str:
    """Leave out what stands around an address: blanks, invisible characters, ``mailto:``, a name, label or
    note beside it, and signs that end a sentence or a list. Wide forms of ASCII become plain, İ of a Turkish
    keyboard i.

    >>> tidy("Ayşe <mailto:ayse@example.com?subject=hi>;"), tidy("\\u200b AYSE＠GMAİL.COM. ")
    ('ayse@example.com', 'AYSE@GMAIL.COM')
    """
    if _PLAIN.fullmatch(text):
        return text
    visible = "".join(
        chr(ord(char) - 0xFEE0) if "\uff01" <= char <= "\uff5e" else char
        for char in text
        if unicodedata.category(char) != "Cf"
    ).strip()
    if named := _NAMED.fullmatch(visible):
        visible = named[1]
    visible = _NOTE_BEHIND.sub("", _LABELLED.sub("", visible, count=1))
    if "@" not in visible:
        visible = _DOT.sub(".", _AT.sub("@", visible))
    address = visible.strip().lstrip("<\"'(")
    if label := _LABEL.match(address):
        address = unquote(address[label.end() :].partition("?")[0])
    address = address.strip().strip(_AROUND).strip()
    if address.isupper() or "İ" in address.rpartition("@")[2]:
        address = address.replace("İ", "I")
    return unicodedata.normalize("NFC", address)


def is_several(text: str) -> bool:
    """Whether a text has more than one address.

    >>> is_several("a@b.co; c@d.ee"), is_several("a@b.co")
    (True, False)
    """
    return len(text) <= 4 * MAX_TEXT and bool(_SEVERAL.search(text))


def normalise(text: str) -> str:
    """Check an address and spell it as it is stored: local part as written, domain in lower-case IDNA.

    What stands around it is left out, see `tidy`. Refused are two addresses, comments, quoted local parts,
    IP literals, domains without a dot or reserved for other use (``localhost``, ``.test``), a local part
    over 64 and an address over `MAX_LENGTH` characters. Whether mail arrives is not asked.

    Raises:
        ValueError: not such an address. The message does not repeat it.

    >>> normalise("Ayse.Yilmaz@EXAMPLE.com"), normalise(" Ayşe <ayse@example.com>; ")
    ('Ayse.Yilmaz@example.com', 'ayse@example.com')
    """
    if len(text) > MAX_TEXT:
        raise ValueError("not an e-mail address")
    text = tidy(text)
    if len(text) > MAX_LENGTH:
        raise ValueError("not an e-mail address")
    local, _, domain = text.rpartition("@")
    # Checking a domain costs 60 µs and customers share few of them.
    address = f"{local}@{_domain(domain)}" if _PLAIN_LOCAL.fullmatch(local) else _checked(text)
    if len(address) > MAX_LENGTH:  # punycode is longer than what was typed
        raise ValueError("not an e-mail address")
    return address


def key(text: str) -> str:
    """Give the look-up key of an address: `normalise`, in lower case.

    Raises:
        ValueError: not an e-mail address.

    >>> key("Ayse.Yilmaz@EXAMPLE.com")
    'ayse.yilmaz@example.com'
    """
    return normalise(text).lower()


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    return _checked(f"a@{domain}").removeprefix("a@")


def _checked(text: str) -> str:
    try:
        address = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise ValueError("not an e-mail address") from None
    return f"{address.local_part}@{address.ascii_domain}"
