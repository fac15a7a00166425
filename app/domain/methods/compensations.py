"""Descriptions of the methods about compensation."""

import numpy as np

from app.domain.compensations.value_kept import strata_of, value_kept
from app.domain.methods.model import Example, Figures, Method, MethodKind


def _kept(given: Figures) -> Figures:
    mine, others = given["compensated"], given["like"]
    values = np.array([*mine, *others], dtype=np.float64)
    strata = np.zeros(values.size, dtype=np.int64)
    found = value_kept(strata_of(values, np.arange(values.size) < len(mine), strata, 1))
    return {"difference": found.difference, "low": found.low, "high": found.high}


METHODS = (
    Method(
        code="value_kept",
        kind=MethodKind.FAILURES,
        title="What compensated customers bought afterwards",
        formula=(
            "strata are month, value tier and churn level; difference = sum w_s (mean of the compensated - "
            "mean of the others), w_s = share of the compensated; variance = sum w_s^2 s_s^2 (1/n_1s + "
            "1/n_0s), s_s^2 pooled within the stratum; Student's t with sum (n_1s + n_0s - 2) degrees of "
            "freedom"
        ),
        source="Cochran 1968, The effectiveness of adjustment by subclassification",
        documentation="/docs/formulas#value-kept",
        low=None,
        high=None,
        unit="money",
        example=Example(
            given={"compensated": [0, 0, 120, 300, 0, 80], "like": [0, 60, 0, 0]},
            found={"difference": 68.3333, "low": -72.7165, "high": 209.3831},
            compute=_kept,
        ),
        limits=(
            "This is no proof of cause: nobody drew lots who is compensated, and customers differ in more.",
            "Tier and churn level are those of the named run, which may be later than the compensation.",
            "Who is compared in several months counts in each, so the interval is a little too narrow.",
        ),
    ),
)
