"""What is expected where a text does not match its pattern, in words that nobody has to decipher."""

from collections.abc import Mapping

from app.schemas.common import base

LINE = "Expected one line of text that is not blank, without tabs, line ends and other control characters."
OTHERWISE = "This is not written as expected; the documentation of this member has an example."

PATTERNS: Mapping[str, str] = {
    base.VISIBLE: LINE,
    base.NO_CONTROL: "Expected text without tabs, line ends and other control characters.",
    base.VISIBLE_LINES: (
        "Expected text that is not blank, without control characters but tabs and line ends."
    ),
    base.WITHOUT_COLON: (
        "Expected the name of a system, such as crm: at most 64 characters, no colon and no control "
        "characters."
    ),
    base.QUALIFIED: "Expected a system and a key with a colon between them, such as crm:C-000001.",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$": (
        "Expected 1 to 64 letters A to Z, digits, underscores, points and dashes, beginning with a "
        "letter or digit, such as store-visit."
    ),
    r"^[a-z][a-z0-9_]{0,63}$": (
        "Expected 1 to 64 small letters a to z, digits and underscores, beginning with a letter, such"
        " as city."
    ),
    r"^[a-z][a-z0-9_]{0,63}=[^\x00-\x1f\x7f-\x9f]*$": (
        "Expected a name and a value with = between them, such as city=Baku."
    ),
    r"^[a-z]{2}$": "Expected a language by its ISO 639-1 code, such as tr.",
    r"^[A-Z]{3}$": "Expected a currency by its ISO 4217 code, such as TRY.",
    r"^-?[0-9]{1,18}(\.[0-9]{1,4})?$": (
        "Expected an amount of at most 18 digits with a point before at most 4 decimals, such as 1234.50."
    ),
    r"^[0-9]{1,10}(\.[0-9]{1,12})?$": (
        "Expected a number of at most 10 digits with a point before at most 12 decimals, such as 34.5678."
    ),
    r"^[0-9]{1,8}(\.[0-9]{1,8})?$": (
        "Expected a number of at most 8 digits with a point before at most 8 decimals, such as 12.50."
    ),
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": "Expected a time of day such as 09:00.",
    r"^[0-9]{1,9}$": "Expected 1 to 9 digits.",
    r"^[0-9]+$": "Expected digits only.",
    r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$": "Expected a month such as 2026-11.",
    r"^[A-Za-z0-9_-]+$": "Expected the next_cursor of the page before, as it is.",
    r"^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?$": (
        "Expected an address such as https://pbx.example/recordings/1.ogg, without user and password,"
        " other characters percent-encoded."
    ),
    r"^[\x21-\x7e]{1,255}$": "Expected 1 to 255 ASCII characters without blanks.",
    r"^[\x20-\x7e]*$": "Expected ASCII characters only.",
    r"^[^\x00-\x08\x0a-\x1f\x7f-\x9f]*$": "Expected one line of text without control characters but tabs.",
    r"^[a-z0-9-]+$": "Expected the name of an encoding in small letters, such as windows-1254.",
    r"^[A-Za-z0-9_+/-]+$": "Expected an IANA time zone, such as Europe/Istanbul.",
    r"^([a-z_]+|answer\.[A-Za-z0-9][A-Za-z0-9_.-]{0,63})$": "Expected the name of a target, such as amount.",
    r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": "Expected a time of day such as 18:00, or 24:00.",
    r"^[a-z_]{1,31}\.[a-z_]{1,32}$": "Expected a type of event, such as complaint.resolved.",
    r"^evt_[0-9a-f]{32}$": "Expected the id of an event: evt_ and 32 digits from 0 to f.",
    r"^[A-Za-z0-9-]{1,64}$": "Expected 1 to 64 letters A to Z, digits and dashes, such as X-Route.",
    r"^[\x20-\x7e]+$": "Expected one or more ASCII characters.",
    r"^[\x21-\x7e]+$": "Expected ASCII characters without blanks.",
}
"""Pattern of an input -> what is expected. Others read `OTHERWISE`."""


def expectation(pattern: object) -> str:
    """Say what a pattern expects.

    >>> expectation("^[a-z]{2}$")
    'Expected a language by its ISO 639-1 code, such as tr.'
    """
    return PATTERNS.get(str(pattern), OTHERWISE)
