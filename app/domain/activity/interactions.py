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


DISPOSITIONS: Mapping[str, Mapping[str, str]] = {
    "resolved": {"en": "Resolved", "tr": "Çözüldü", "az": "Həll edildi"},
    "information_given": {"en": "Information given", "tr": "Bilgi verildi", "az": "Məlumat verildi"},
    "follow_up": {"en": "Follow-up needed", "tr": "Takip edilecek", "az": "Davamı olacaq"},
    "transferred": {"en": "Transferred", "tr": "Aktarıldı", "az": "Yönləndirildi"},
    "complaint_filed": {"en": "Complaint filed", "tr": "Şikâyet kaydedildi", "az": "Şikayət qeydə alındı"},
    "sale": {"en": "Sale", "tr": "Satış", "az": "Satış"},
    "declined": {"en": "Offer declined", "tr": "Teklif reddedildi", "az": "Təklif rədd edildi"},
    "do_not_call": {
        "en": "Asked not to be called",
        "tr": "Aranmak istemiyor",
        "az": "Zəng edilməsini istəmir",
    },
    "no_answer": {"en": "No answer", "tr": "Yanıt yok", "az": "Cavab yoxdur"},
    "busy": {"en": "Busy", "tr": "Meşgul", "az": "Məşğuldur"},
    "voicemail": {"en": "Voicemail", "tr": "Sesli mesaj", "az": "Səsli mesaj"},
    "wrong_number": {"en": "Wrong number", "tr": "Yanlış numara", "az": "Yanlış nömrə"},
    "abandoned": {"en": "Abandoned in the queue", "tr": "Kuyrukta vazgeçti", "az": "Növbədə imtina etdi"},
    "other": {"en": "Other", "tr": "Diğer", "az": "Digər"},
}
"""How a contact can end, unless the company says otherwise: code -> name by language."""

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
