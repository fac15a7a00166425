"""Cells as spreadsheets and databases write them: protected texts, spoilt keys, and words for nothing."""

import re

from app.domain.imports.refusals import Refusal

KEY_TO_LOOK_AT = r"^[^0-9A-MO-Za-mo-z]|^[Nn]|[+.,]|\x{a0}|\x{202f}|\x{2007}"
"""Keys that may be other than they look; all others are taken as they are (for polars)."""

TEXT_TO_LOOK_AT = r"^['=#\\(\[<Nn\p{Pd}]"
"""The same of other texts."""

_ERROR = re.compile(r"#(?:[^\W\d_]|[/0])+[!?]|##+")
_QUOTED = re.compile(r'=?"(.*)"', re.DOTALL)
_NUMBER_OF_SHEET = re.compile(
    r"[+-]?(?:[0-9][.,][0-9]+[eE][+-]?[0-9]{1,3}|[0-9]+(?:[.,][0-9]+)?[eE]\+[0-9]{1,3})"
)
_FLOAT = re.compile(r"([0-9]{1,15})[.,]0+")
_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u202f\u2007", " "))

NOTHING = frozenset(
    (
        *(
            "null",
            "(null)",
            "[null]",
            "<null>",
            r"\n",
            "nil",
            "none",
            "nan",
            "<na>",
            "n/a",
            "n.a.",
            "#n/a",
            "#na",
        ),
        *("-", "--", "---", "–", "—", "−", "#yok", "#н/д", "#nv"),
        *("(boş)", "(bos)", "(blank)", "(empty)", "(leer)", "(vide)", "(пусто)", "<empty>", "<blank>"),
        *("boş", "not set", "not available", "undefined", "?", "."),
    )
)
"""How databases, spreadsheets and programs write nothing, in small letters."""

NOTHING_IN_TEXTS = frozenset(
    (
        *(
            "NULL",
            "null",
            "(null)",
            "(NULL)",
            "[NULL]",
            "[null]",
            "<NULL>",
            "<null>",
            r"\N",
            "None",
            "NaN",
            "nan",
        ),
        *("<NA>", "N/A", "n/a", "#N/A", "#NA", "#YOK", "#Н/Д", "#NV", "-", "--", "---", "–", "—", "−"),
    )
)
"""The spellings of programs alone, for texts and keys: someone may be called Null."""

_NO_TIME = r"(?:[ T]0{1,2}:0{2}(?::0{2}(?:\.0+)?)?)?(?:Z|[+-]00:?00)?"
_NO_DAY = re.compile(
    rf"(?:0{{4}}-0{{2}}-0{{2}}|0{{1,2}}[./-]0{{1,2}}[./-](?:0{{4}}|0{{2}})|0{{4}}[./]0{{2}}[./]0{{2}}|0{{8}}){_NO_TIME}"
)
_ZERO = re.compile(r"0(?:[.,]0+)?|0{1,2}:0{2}(?::0{2}(?:\.0+)?)?|yok|yoxdur", re.IGNORECASE)
# The first and last days that programs can write stand for no day at all.
_FIRST_OR_LAST = re.compile(
    r"(?:(?:0001|1753|1900)(?P<a>[-/.]?)01(?P=a)01|0?1(?P<b>[./-])0?1(?P=b)(?:0001|1753|1900)"
    r"|1899(?P<c>[-/.]?)12(?P=c)3[01]|3[01](?P<d>[./-])12(?P=d)1899|12/3[01]/1899"
    r"|1900-01-00|0?0(?P<e>[./])0?1(?P=e)1900|0?1/0?0/1900"
    r"|(?:[29]999|2099)(?P<f>[-/.]?)12(?P=f)31|31(?P<g>[./-])12(?P=g)(?:[29]999|2099)|12/31/(?:[29]999|2099))"
    r"(?:[ T](?:0{1,2}:00(?::00(?:\.0+)?)?|12:00(?::00)? AM|23:59(?::59(?:\.9+)?)?|11:59(?::59)? PM))?"
    r"(?:Z|[+-]00:?00)?"
)


def is_error(text: str) -> bool:
    """Tell whether a cell holds the error of a spreadsheet's formula.

    >>> is_error("#REF!"), is_error("#SAYI/0!"), is_error("#####"), is_error("#12")
    (True, True, True, False)
    """
    return text.startswith("#") and text == text.upper() and bool(_ERROR.fullmatch(text))


def is_nothing(text: str) -> bool:
    """Tell whether the cell of a number, instant, flag or code says that there is nothing.

    >>> is_nothing("NULL"), is_nothing("0000-00-00 00:00:00"), is_nothing("0")
    (True, True, False)
    """
    return text.lower() in NOTHING or bool(_NO_DAY.fullmatch(text))


def is_no_time(text: str) -> bool:
    """Tell whether the cell of a time says that there is none, as `is_nothing`, by zeros, or by the first or
    the last day that a program can write.

    >>> is_no_time("0"), is_no_time("0/0/00"), is_no_time("9999-12-31"), is_no_time("1/1/0001 12:00:00 AM")
    (True, True, True, True)
    """
    return is_nothing(text) or bool(_ZERO.fullmatch(text) or _FIRST_OR_LAST.fullmatch(text))


def unprotected(text: str) -> str:
    """Take off what keeps a spreadsheet from reading a text as a number: ``="00123"`` and ``'00123``.

    >>> unprotected('="00123"'), unprotected("'00123"), unprotected("'s-Hertogenbosch")
    ('00123', '00123', "'s-Hertogenbosch")
    """
    if text.startswith("=") and (match := _QUOTED.fullmatch(text)):
        return match[1].replace('""', '"').strip()
    if text.startswith("'") and text[1:2] and text[1:2] in "0123456789=+-@":
        return text[1:].strip()
    return text


def key(text: str, *, number: bool = True) -> str | Refusal | None:
    """Read a key; None when it says that there is none.

    Args:
        number: whether ``123.0`` is 123, as programs write numbers of columns that have gaps.

    >>> key('="00123"'), key("123.0"), key("9.05E+11").value, key("NULL")
    ('00123', '123', 'key_of_spreadsheet', None)
    """
    text = text.translate(_BLANKS).strip()
    if text.startswith(("=", '"')) and (match := _QUOTED.fullmatch(text)):
        text = match[1].replace('""', '"').strip()
    elif text.startswith("'"):
        text = (text[1:-1] if len(text) > 2 and text.endswith("'") else text[1:]).strip()
    if not text or text in NOTHING_IN_TEXTS:
        return None
    if is_error(text):
        return Refusal.SPREADSHEET_ERROR
    if text.startswith("=") or _NUMBER_OF_SHEET.fullmatch(text):
        return Refusal.KEY_OF_SPREADSHEET
    if number and (match := _FLOAT.fullmatch(text)):
        return match[1]
    return text


def text(cell: str) -> str | Refusal | None:
    """Read any other text; None when it says that there is none.

    >>> text("N/A"), text("Null"), text("#REF!").value
    (None, 'Null', 'spreadsheet_error')
    """
    if cell in NOTHING_IN_TEXTS:
        return None
    return Refusal.SPREADSHEET_ERROR if is_error(cell) else unprotected(cell)
