"""What can be given to make up for a failure, in which unit, and what it costs the company."""

from enum import StrEnum

from app.domain.common import money

MAX_QUANTITY = 1_000_000


class KindUnit(StrEnum):
    """What an amount of a kind is counted in."""

    MONEY = "money"
    """Each grant says its amount, in any currency that has a rate."""
    PERCENT = "percent_of_transaction"
    """Whole percent of a purchase of the customer."""
    POINTS = "points"
    """Points, each of which costs the company the same."""
    PIECE = "piece"
    """Pieces, each of which costs the company the same."""


COUNTED = frozenset({KindUnit.POINTS, KindUnit.PIECE})
"""Units that are counted, so that a kind says what one costs."""


def cost_of_pieces(quantity: int, unit_cost_minor: int) -> int:
    """What points or pieces cost together, in minor units.

    Args:
        quantity: how many, 1 or more.
        unit_cost_minor: what one costs, 1 or more.

    Raises:
        ValueError: too much to be one amount.

    >>> cost_of_pieces(500, 2)
    1000
    """
    if quantity < 1 or unit_cost_minor < 1 or quantity * unit_cost_minor > money.MAX_MINOR:
        raise ValueError("the amount is too large")
    return quantity * unit_cost_minor


def cost_of_percent(percent: int, price_minor: int) -> int:
    """What a share of a price is, in minor units, rounded half to even.

    Args:
        percent: 1..100.
        price_minor: of the purchase, 0 or more.

    >>> cost_of_percent(10, 12_345), cost_of_percent(10, 12_355), cost_of_percent(100, 999)
    (1234, 1236, 999)
    """
    quotient, rest = divmod(percent * price_minor, 100)
    return quotient + (rest > 50 or (rest == 50 and quotient % 2 == 1))
