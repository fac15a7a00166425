"""What is said of a promise to who has the customer on the telephone."""

from datetime import date

from app.domain.common.messages import Message
from app.domain.promises.promises import Promiser

_OURS = (
    "Promised for yesterday: {text}",
    "Promised for today: {text}",
    "Promised for tomorrow: {text}",
    "Promised for {day}: {text}",
)
_THEIRS = (
    "The customer promised for yesterday: {text}",
    "The customer promised for today: {text}",
    "The customer promised for tomorrow: {text}",
    "The customer promised for {day}: {text}",
)


def sentence(promised_by: Promiser, text: str, due_on: date, today: date) -> Message:
    """State a promise that is still to be kept, by the day for which it was given.

    >>> monday = date(2026, 3, 2)
    >>> sentence(Promiser.US, "We call back.", monday, date(2026, 3, 3)).id
    'Promised for yesterday: {text}'
    >>> sentence(Promiser.CUSTOMER, "Pays.", monday, date(2026, 3, 9)).params["day"]
    '2026-03-02'
    """
    away = (due_on - today).days
    texts = _OURS if promised_by is Promiser.US else _THEIRS
    return Message(texts[away + 1 if -1 <= away <= 1 else 3], {"text": text, "day": due_on.isoformat()})
