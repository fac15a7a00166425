"""The words that complaints are found by."""

from app.domain.common import names

MAX_SUBJECT_WORDS = 60
MAX_TEXT_WORDS = 200
"""Different words kept of a text, of which the first `names.MAX_TEXT` characters are looked at."""


def keys(number: str, subject: str, text: str | None) -> tuple[str, ...]:
    """Give the words that a complaint is found by: of its number, its subject and its text, folded as names.

    >>> keys("FA9C-T7KY", "Gecikmiş KARGO", None)
    ('fa9c', 't7ky', 'fa9ct7ky', 'gecikmis', 'kargo')
    """
    found = (
        *names.keys(number),
        *names.keys(subject, MAX_SUBJECT_WORDS),
        *names.keys(text or "", MAX_TEXT_WORDS),
    )
    return tuple(dict.fromkeys(found))
