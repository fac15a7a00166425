"""What a contact between a customer and the company may be."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from app.domain.customers.customers import Channel

MAX_SECONDS = 86_400
"""Longest wait, talk, hold or wrap-up: a day."""


class Direction(StrEnum):
    """Who got in touch: the customer (inbound) or the company (outbound)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Phase(StrEnum):
    """Where in the customer's dealings: before, during or after a purchase."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Purpose(StrEnum):
    """What the contact was for."""

    QUESTION = "question"
    ORDER = "order"
    COMPLAINT = "complaint"
    SUPPORT = "support"
    PAYMENT = "payment"
    CANCELLATION = "cancellation"
    SALES = "sales"
    FOLLOW_UP = "follow_up"
    SURVEY = "survey"
    THANKS = "thanks"
    OTHER = "other"


class Sentiment(StrEnum):
    """How the customer sounded to the agent; said by the agent, never guessed."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


DISPOSITIONS: Mapping[str, str] = {
    "resolved": "Resolved",
    "information_given": "Information given",
    "follow_up": "Follow-up needed",
    "transferred": "Transferred",
    "complaint_filed": "Complaint filed",
    "sale": "Sale",
    "declined": "Offer declined",
    "do_not_call": "Asked not to be called",
    "no_answer": "No answer",
    "busy": "Busy",
    "voicemail": "Voicemail",
    "wrong_number": "Wrong number",
    "abandoned": "Abandoned in the queue",
    "other": "Other",
}
"""How a contact can end, unless the company says otherwise: code -> message id of the name."""

UNWANTED: Mapping[str, Channel] = {"do_not_call": Channel.PHONE}
"""Dispositions that say that the customer does not want to be contacted on a channel any more."""


def is_usable(disposition: str, own: Mapping[str, bool]) -> bool | None:
    """Tell whether new contacts may end with ``disposition``; None: there is no such one.

    Args:
        disposition: the code.
        own: whether each disposition that the company added or changed is active; others are not in it.

    >>> is_usable("sale", {}), is_usable("sale", {"sale": False}), is_usable("sold", {})
    (True, False, None)
    """
    return own.get(disposition, True if disposition in DISPOSITIONS else None)


def in_order(started_at: datetime, ended_at: datetime | None) -> bool:
    """Tell whether a contact does not end before it starts; both at one instant is in order."""
    return ended_at is None or ended_at >= started_at


def handle_seconds(talk: int | None, hold: int | None, wrap: int | None) -> int | None:
    """Give the seconds an agent spent on a contact, talk + hold + wrap-up: AHT is their mean.

    None where the talk is not known, as in an abandoned call; hold and wrap-up not known count as none.

    >>> handle_seconds(180, None, 45), handle_seconds(None, None, 45)
    (225, None)
    """
    return None if talk is None else talk + (hold or 0) + (wrap or 0)
