"""What customers will still be worth: expected purchases x expected spend x margin, discounted.

- `gamma_gamma`: how much a customer spends on a purchase, drawn toward what all spend;
- `forecast`: lifetime value of customers without a contract, with an interval;
- `contractual`: lifetime value under contract.

Source: docs/formulas.md#lifetime-value.
"""

from app.domain.lifetime_value import contractual, gamma_gamma
from app.domain.lifetime_value.forecast import Buyers, Terms, Worth, interval, total_interval, worth

__all__ = [
    "Buyers",
    "Terms",
    "Worth",
    "contractual",
    "gamma_gamma",
    "interval",
    "total_interval",
    "worth",
]
