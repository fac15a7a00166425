"""Descriptions of the effect of recovery."""

import numpy as np

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.recovery.effect import RecoveryOutcome, compare

_NOT_BY_LOT = (
    "Nobody drew lots for who is recovered: like customers can still differ in what is not recorded, so this "
    "is no proof of cause."
)


def _points(given: Figures) -> Figures:
    """All customers are alike: one stratum."""
    values = [np.array(given[name], dtype=np.float64) for name in ("recovered", "no_failure")]
    first, second = ((np.zeros(one.size, dtype=np.int64), one) for one in values)
    found = compare(RecoveryOutcome.SATISFACTION, first, second, weigh_both=False)
    assert found.found is not None  # noqa: S101 - neither group is empty
    ends = {"low": found.found.low, "high": found.found.high}
    return {"difference": found.found.difference, **ends, "verdict": found.verdict.value}


def _returned(given: Figures) -> Figures:
    """``first`` and ``second`` have for each stratum how many returned, of how many."""
    sides = []
    for name in ("first", "second"):
        strata = given[name]
        cell = np.repeat(np.arange(len(strata)), [n for _, n in strata])
        hits = [np.arange(n) < returned for returned, n in strata]
        sides.append((cell, np.concatenate(hits).astype(np.float64)))
    found = compare(RecoveryOutcome.RETURNED, sides[0], sides[1], weigh_both=True)
    assert found.found is not None  # noqa: S101 - neither group is empty
    ends = {"low": found.found.low, "high": found.found.high}
    return {
        "first_value": found.found.first,
        "second_value": found.found.second,
        "difference": found.found.difference,
        **ends,
        "strata": found.strata,
        "verdict": found.verdict.value,
    }


METHODS = (
    Method(
        code="recovery_effect",
        kind=MethodKind.RECOVERY_EFFECT,
        title="Satisfaction after recovery",
        formula=(
            "difference = sum over strata of w (mean 1 - mean 2), w = share of the stratum among those with "
            "a failure; error^2 = sum of w^2 s^2 / n over strata and groups, t with Satterthwaite's degrees; "
            "paradox: interval of recovered - no failure above 0, 30 or more in each group"
        ),
        source="Welch 1947; paradox: McCollough and Bharadwaj 1992",
        documentation="/docs/formulas#recovery-effect",
        low=-100.0,
        high=100.0,
        unit="points",
        example=Example(
            given={"recovered": [9, 8, 10, 9, 8], "no_failure": [8, 7, 9, 8, 8, 7]},
            found={"difference": 0.966667, "low": -0.144632, "high": 2.077966, "verdict": "too_few"},
            compute=_points,
        ),
        limits=(
            _NOT_BY_LOT,
            "Satisfaction is that of customers who answered; after a complaint they may be asked something "
            "else.",
        ),
    ),
    Method(
        code="recovery_return",
        kind=MethodKind.RECOVERY_EFFECT,
        title="Return after recovery",
        formula=(
            "difference = sum over strata of w (share 1 - share 2), w = share of the stratum among those "
            "with a failure; Wilson's ends of each weighted share at its effective number p (1 - p) n / "
            "(n - 1) / sum of w^2 p_s (1 - p_s) / (n_s - 1), put together by Newcombe's method 10"
        ),
        source="Newcombe 1998; effective numbers: Korn and Graubard 1998",
        documentation="/docs/formulas#recovery-effect",
        low=-1.0,
        high=1.0,
        unit="share",
        example=Example(
            given={"first": [[60, 100], [40, 160]], "second": [[20, 40], [30, 200]]},
            found={
                "first_value": 0.348,
                "second_value": 0.248,
                "difference": 0.1,
                "low": 0.019608,
                "high": 0.177173,
                "strata": 2,
                "verdict": "higher",
            },
            compute=_returned,
        ),
        limits=(
            _NOT_BY_LOT,
            "A purchase within the horizon is a return, whatever it was worth.",
        ),
    ),
)
