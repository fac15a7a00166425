"""Lines of CSV for people's spreadsheets: the one way text leaves as CSV."""

from collections.abc import Iterable

_RISKY = ("=", "+", "-", "@", "\t", "\r")


def line(cells: Iterable[object]) -> str:
    r"""Write one record (RFC 4180), with texts that a spreadsheet would run as a formula made harmless.

    Numbers stay as they are; None is empty.

    >>> line([3, -1, None, "=1+1", "a,b"])
    '3,-1,,\'=1+1,"a,b"\r\n'
    """
    return ",".join(_cell(cell) for cell in cells) + "\r\n"


def _cell(cell: object) -> str:
    if cell is None:
        return ""
    if not isinstance(cell, str):
        return str(cell)
    text = f"'{cell}" if cell.startswith(_RISKY) else cell
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text
