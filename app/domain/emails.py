"""E-mail addresses: a strict reading, one spelling to store and one to look up."""

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 254
"""Longest address in characters (RFC 5321, erratum 1690)."""

# The dot-atom of RFC 5321: what nearly every address has before the @.
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


def normalise(text: str) -> str:
    """Check an address and spell it as it is stored: local part as written, domain in lower-case IDNA.

    Nothing is trimmed or repaired. Refused are display names, comments, quoted local parts, IP
    literals, domains without a dot or reserved for other use (``localhost``, ``.test``), a local part
    over 64 and an address over `MAX_LENGTH` characters. Whether mail arrives is not asked.

    Raises:
        ValueError: not such an address. The message does not repeat it.

    >>> normalise("Ayse.Yilmaz@EXAMPLE.com")
    'Ayse.Yilmaz@example.com'
    """
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
