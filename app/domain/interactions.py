"""What a contact between a customer and the company may be."""

from enum import StrEnum


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
