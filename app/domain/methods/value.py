"""Description of value tiers."""

import numpy as np

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.value.value_tiers import Cuts, assign, summary


def _tiers(given: Figures) -> Figures:
    values = np.array(given["values"], dtype=np.int64)
    cuts = Cuts(a_percent=given["a_percent"], b_percent=given["b_percent"])
    found = summary(values, cuts)
    return {"tiers": assign(values, cuts).tolist(), "top20_share": found.top20_share, "gini": found.gini}


METHODS = (
    Method(
        code="value_tiers",
        kind=MethodKind.VALUE_TIERS,
        title="Value tiers (80/20)",
        formula=(
            "S = sum of the values above 0; B = sum of those strictly greater than the customer's; A: "
            "value > 0 and 100 B < 80 S; B: value > 0 and 100 B < 95 S; else C"
        ),
        source="Pareto 1896; Lorenz 1905; Gini 1912",
        documentation="/docs/formulas#value-tiers",
        low=None,
        high=None,
        unit="tier",
        example=Example(
            given={"values": [600, 200, 100, 50, 30, 20, 0, -40], "a_percent": 80, "b_percent": 95},
            found={
                "tiers": ["A", "A", "B", "B", "C", "C", "C", "C"],
                "top20_share": 0.8,
                "gini": 0.6825,
            },
            compute=_tiers,
        ),
        limits=(
            "Only the window counts: who is new, or buys rarely, may be worth more than the tier says.",
            "Transactions without an exchange rate of their day are left out and counted.",
        ),
    ),
)
