"""The customer is dissatisfied, or less satisfied than before."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit
from app.domain.satisfaction.trend import Direction, trend

LOW_BELOW = 50.0
"""Points below which a score is low, whatever others say."""

FULL_FALL = 50.0
"""Points from which on a fall cannot warn more."""

FRESH_DAYS = 365
"""Older answers say nothing about today."""


def _fresh_score(facts: CustomerFacts) -> float | None:
    day = facts.last_score_day
    return facts.last_score if day is not None and day >= facts.as_of_day - FRESH_DAYS else None


def measure_low(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    score, usual = _fresh_score(facts), baselines.median_score
    if score is None or usual is None or score >= LOW_BELOW:
        return None
    return Measured(score, usual, (LOW_BELOW - score) / LOW_BELOW)


def measure_fall(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    score, before, squares = _fresh_score(facts), facts.earlier_score, facts.earlier_score_squares
    if score is None or before is None or squares is None:
        return None
    found = trend(facts.score_occasions, score, before, squares, baselines.score_spread)
    if found.direction is not Direction.FALLING:
        return None
    return Measured(score, before, min((before - score) / FULL_FALL, 1), found.n, found.least_points)


LOW = Signal(
    code="low_score",
    title="Low satisfaction",
    formula=(
        "value = last satisfaction score, 0-100, of the last 365 days; baseline = median of all customers; "
        "contribution = (50 - value)/50, 0 from 50 on"
    ),
    unit=Unit.POINTS,
    sentence="The last satisfaction score was {value} of 100; the median of all customers is {baseline}.",
    measure=measure_low,
)

FALLING = Signal(
    code="falling_scores",
    title="Falling satisfaction",
    formula=(
        "value = last satisfaction score, 0-100, of the last 365 days; baseline = mean of those before; "
        "contribution = (baseline - value)/50, at most 1, 0 unless the trend of at least 3 scores is falling"
    ),
    unit=Unit.POINTS,
    sentence=(
        "The last of {n} satisfaction scores is {value}, the mean before it {baseline}; a fall of up to "
        "{limit} points is ordinary."
    ),
    measure=measure_fall,
)
