"""Description of the comparison with competitors."""

from math import sqrt

from app.domain.methods.model import Example, Figures, Method, MethodKind
from app.domain.satisfaction.competitor_measurements import Measurement
from app.domain.satisfaction.gap import Precision, corrected, gap, reported_precision
from app.domain.satisfaction.model import Adjustment


def _gap(given: Figures) -> Figures:
    own, learned, reported = given["own"], given["adjustment"], Measurement(**given["measurement"])
    ours = Precision(own["sd"] / sqrt(own["n"]), own["n"] - 1)
    theirs = reported_precision("composite", reported)
    plain = gap(own["score"], ours, reported.value, theirs)
    mean = learned["expectation_mean"]
    adjustment = Adjustment(own["n"], learned["beta"], mean, mean, own["score"], False, learned["beta_error"])
    value, sure = corrected(reported, theirs, adjustment)
    fair = gap(own["score"], ours, value, sure)
    return {
        "gap": plain.difference,
        "low": plain.low,
        "high": plain.high,
        "statistic": plain.statistic,
        "verdict": plain.verdict,
        "corrected": value,
        "corrected_gap": fair.difference,
        "corrected_statistic": fair.statistic,
        "corrected_verdict": fair.verdict,
    }


METHODS = (
    Method(
        code="competitor_gap",
        kind=MethodKind.COMPETITOR_GAP,
        title="Gap to a competitor",
        formula=(
            "gap = own - theirs; error = sqrt(own error^2 + their error^2); real beyond 1.96 errors; "
            "their error = (high - low) / 3.92, or sd / sqrt(n), or that of a share; corrected: "
            "theirs - beta x (their mean e - our mean e)"
        ),
        source="Interval: Welch 1947; shares: Agresti and Caffo 2000; NPS: Rocks 2016",
        documentation="/docs/formulas#gap-to-a-competitor",
        low=None,
        high=None,
        unit="points",
        example=Example(
            given={
                "own": {"score": 72.0, "sd": 14.0, "n": 250},
                "adjustment": {"beta": 0.7, "beta_error": 0.05, "expectation_mean": 70.0},
                "measurement": {"value": 66.2, "n": 412, "sd": 17.5, "expectation_mean": 64.8},
            },
            found={
                "gap": 5.8,
                "low": 3.372977,
                "high": 8.227023,
                "statistic": 4.693126,
                "verdict": "differs",
                "corrected": 69.84,
                "corrected_gap": 2.16,
                "corrected_statistic": 1.710344,
                "corrected_verdict": "noise",
            },
            compute=_gap,
        ),
        limits=(
            (
                "It compares numbers, not studies: other questions, other people asked or another way "
                "of asking can make a gap by themselves."
            ),
            (
                "Beta is learned from our own customers and taken to hold for theirs; what is not "
                "known of their mean expectation is not in the interval."
            ),
        ),
    ),
)
