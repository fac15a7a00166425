"""Unit costs: what a contact over a channel, or a return, costs the company, as exact decimals."""

from decimal import Decimal
from enum import StrEnum

from app.domain.common import money
from app.domain.customers.customers import Channel
from app.domain.value.profit import STEPS, UnitCost

DECIMALS = len(str(STEPS)) - 1
"""Decimals of the minor unit that a unit cost may have."""


class CostCode(StrEnum):
    """What has a unit cost: a contact over each channel, and handling a return."""

    PHONE = Channel.PHONE.value
    EMAIL = Channel.EMAIL.value
    CHAT = Channel.CHAT.value
    SOCIAL = Channel.SOCIAL.value
    STORE = Channel.STORE.value
    APP = Channel.APP.value
    WEB = Channel.WEB.value
    VISIT = Channel.VISIT.value
    LETTER = Channel.LETTER.value
    RETURN = "return"


def decimals(currency: str) -> int:
    """Count the decimals that a unit cost in the major unit of a currency may have.

    >>> decimals("TRY"), decimals("JPY")
    (6, 4)
    """
    return money.minor_digits(currency) + DECIMALS


def in_minor(per_contact: str, per_minute: str, currency: str) -> UnitCost:
    """Give a unit cost in the minor unit; what comes in is in the major unit.

    Raises:
        ValueError: a cost is negative, or finer than `decimals` says.

    >>> in_minor("2", "0.5", "TRY")
    UnitCost(per_contact=Decimal('2E+2'), per_minute=Decimal('5E+1'))
    """
    digits = money.minor_digits(currency)
    return UnitCost(Decimal(per_contact).scaleb(digits), Decimal(per_minute).scaleb(digits))
