"""Descriptions of the failure map's methods."""

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.recovery.failures import pareto
from app.domain.recovery.rates import rate_change, shared_confidence

_EXACT = "Przyborowski and Wilenski 1940; interval of a binomial share: Clopper and Pearson 1934"
_BY_DAYS = "Rates are complaints a day: more customers make more complaints."


def _pareto(given: Figures) -> Figures:
    found = pareto(given["counts"])
    tiers = {row.what: row.tier for row in found.rows}
    return {"tiers": tiers, "top20_share": found.top20_share, "gini": found.gini}


def _change(given: Figures) -> Figures:
    found = rate_change(
        given["before"],
        given["days_before"],
        given["after"],
        given["days_after"],
        confidence=shared_confidence(given["comparisons"]),
    )
    return {"ratio": found.ratio, "low": found.low, "high": found.high, "verdict": found.verdict.value}


METHODS = (
    Method(
        code="failure_pareto",
        kind=MethodKind.FAILURES,
        title="Few kinds of failures that make most of them",
        formula=(
            "S = complaints whose kind is known; B = complaints of kinds that are strictly more frequent; A: "
            "100 B < 80 S; B: 100 B < 95 S; else C"
        ),
        source="Pareto 1896; Juran 1951",
        documentation="/docs/formulas#failure-map",
        low=None,
        high=None,
        unit="tier",
        example=Example(
            given={"counts": {"late": 60, "torn": 20, "wrong": 10, "lost": 5, "rude": 5}},
            found={
                "tiers": {"late": "A", "torn": "A", "wrong": "B", "lost": "B", "rude": "B"},
                "top20_share": 0.6,
                "gini": 0.5,
            },
            compute=_pareto,
        ),
        limits=(
            "Only what was complained of is counted; who keeps silent is not in it.",
            "How finely kinds are told apart decides how few of them make most failures.",
        ),
    ),
    Method(
        code="rate_change",
        kind=MethodKind.FAILURES,
        title="Failures of two periods",
        formula=(
            "ratio = (after / days after) / (before / days before); of n = before + after, after is binomial "
            "with p = r t1 / (t0 + r t1); exact interval of p at 1 - 0.05 / comparisons, put into r; changed "
            "if it does not contain 1"
        ),
        source=_EXACT,
        documentation="/docs/formulas#how-often-failures-happen",
        low=0.0,
        high=None,
        unit="ratio",
        example=Example(
            given={"before": 40, "days_before": 90, "after": 22, "days_after": 90, "comparisons": 4},
            found={"ratio": 0.55, "low": 0.2667, "high": 1.087, "verdict": "no_evidence"},
            compute=_change,
        ),
        limits=(
            _BY_DAYS,
            "Complaints that come in bursts, as those of an incident do, vary more than the interval says.",
        ),
    ),
    Method(
        code="prevention_effect",
        kind=MethodKind.FAILURES,
        title="Failures before and after a prevention",
        formula=(
            "complaints with the cause of the case (its category where no cause is known) in the days before "
            "the prevention was done, against those after; exact 95 % interval of the ratio of the rates; "
            "fewer or more if it lies on one side of 1, else no evidence"
        ),
        source=_EXACT,
        documentation="/docs/formulas#how-often-failures-happen",
        low=0.0,
        high=None,
        unit="ratio",
        example=Example(
            given={"before": 40, "days_before": 90, "after": 22, "days_after": 90, "comparisons": 1},
            found={"ratio": 0.55, "low": 0.3113, "high": 0.9479, "verdict": "fewer"},
            compute=_change,
        ),
        limits=(
            "After a bad time fewer failures follow by themselves: "
            "fewer after a prevention need not be its effect.",
            _BY_DAYS,
        ),
    ),
)
