"""What a transaction does to a customer's value."""

from enum import StrEnum


class TransactionKind(StrEnum):
    """Why money moved between the customer and the company."""

    PURCHASE = "purchase"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    SUBSCRIPTION_CHARGE = "subscription_charge"


LOWERING = frozenset({TransactionKind.REFUND, TransactionKind.CANCELLATION})
"""Kinds that take value away from the customer's total."""


def signed(kind: TransactionKind, amount_minor: int) -> int:
    """Give the effect of a transaction on the customer's value, in the minor units it came in.

    Sources disagree on the sign of a refund: some write 50, some −50. Both lower the value by 50.
    A negative purchase or charge is not guessed at: it may be a refund or a mistake.

    Raises:
        ValueError: a purchase or a subscription charge is negative.

    Source: docs/formulas.md#money-and-value.

    >>> signed(TransactionKind.PURCHASE, 1230), signed(TransactionKind.REFUND, 1230)
    (1230, -1230)
    """
    if kind in LOWERING:
        return -abs(amount_minor)
    if amount_minor < 0:
        raise ValueError(f"a {kind.value} must not be negative")
    return amount_minor
