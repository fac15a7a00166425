"""Lifetime value under contract: a margin for every period the customer stays.

Source: Gupta and Lehmann 2003; docs/formulas.md#lifetime-value.
"""

from typing import overload

import numpy as np

from app.domain.common.arrays import FloatArray


@overload
def worth(margin: float, retention: float, discount: float, periods: int | None = None) -> float: ...
@overload
def worth(
    margin: float, retention: FloatArray, discount: float, periods: int | None = None
) -> FloatArray: ...
def worth(
    margin: float, retention: float | FloatArray, discount: float, periods: int | None = None
) -> float | FloatArray:
    """Sum of margin·retention^t/(1 + discount)^t over t = 1..periods, or for ever.

    Args:
        margin: what the customer leaves in a period, after costs.
        retention: chance to stay from one period to the next, 0..1; of one customer, or of each, shape (n,).
        discount: what money of the next period loses, above -1; 0.1 is 10 % a period.
        periods: how many; None for ever.

    Raises:
        ValueError: an argument is out of range, or the sum for ever has no end (retention ≥ 1 + discount).

    >>> round(worth(100, 0.9, 0.1, 3), 5), round(worth(100, 0.9, 0.1), 6)
    (203.53118, 450.0)
    """
    least, most = np.min(retention, initial=1), np.max(retention, initial=0)
    if not (least >= 0 and most <= 1) or discount <= -1 or (periods is not None and periods < 0):
        raise ValueError("retention must be 0 to 1, discount above -1, periods 0 or more")
    if periods is None:
        if most >= 1 + discount:
            raise ValueError("the sum has no end")
        return margin * retention / (1 + discount - retention)
    ratio = retention / (1 + discount)
    total = 0 * ratio
    for _ in range(periods):
        total = ratio * (1 + total)
    return margin * total
