"""Lifetime value under contract: a margin for every period the customer stays.

Source: Gupta and Lehmann 2003; docs/formulas.md#lifetime-value.
"""


def worth(margin: float, retention: float, discount: float, periods: int | None = None) -> float:
    """Sum of margin·retention^t/(1 + discount)^t over t = 1..periods, or for ever.

    Args:
        margin: what the customer leaves in a period, after costs.
        retention: chance to stay from one period to the next, 0..1.
        discount: what money of the next period loses, above -1; 0.1 is 10 % a period.
        periods: how many; None for ever.

    Raises:
        ValueError: an argument is out of range, or the sum for ever has no end (retention ≥ 1 + discount).

    >>> round(worth(100, 0.9, 0.1, 3), 5), round(worth(100, 0.9, 0.1), 6)
    (203.53118, 450.0)
    """
    if not 0 <= retention <= 1 or discount <= -1 or (periods is not None and periods < 0):
        raise ValueError("retention must be 0 to 1, discount above -1, periods 0 or more")
    if periods is None:
        if retention >= 1 + discount:
            raise ValueError("the sum has no end")
        return margin * retention / (1 + discount - retention)
    ratio = retention / (1 + discount)
    return margin * sum(ratio**t for t in range(1, periods + 1))
