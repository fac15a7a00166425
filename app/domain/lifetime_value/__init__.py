"""What customers will still be worth: expected purchases x expected spend x margin, discounted.

- `gamma_gamma`: how much a customer spends on a purchase, drawn toward what all spend;
- `spend`: Gamma-Gamma, or what serves where it cannot;
- `forecast`: lifetime value of customers without a contract, with an interval;
- `uncertainty`: how unsure a total is given the model;
- `level`: how far totals were off in windows that have closed;
- `contractual`: lifetime value under contract.

Source: docs/formulas.md#lifetime-value.
"""

from app.domain.lifetime_value import contractual, gamma_gamma, level, spend, uncertainty
from app.domain.lifetime_value.forecast import Buyers, Terms, Worth, interval, worth

__all__ = [
    "Buyers",
    "Terms",
    "Worth",
    "contractual",
    "gamma_gamma",
    "interval",
    "level",
    "spend",
    "uncertainty",
    "worth",
]
