"""The customer buys less often, or for less money, than in the days before."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit

LEAST_PURCHASES = 2
"""Fewer earlier purchase days than this make no frequency to fall from."""

LEAST_DROP = 0.25
"""Smaller drops are the ordinary up and down."""


def _drop(recent: int, earlier: int) -> float:
    """How much of the earlier amount is gone, 0..1; 0 below `LEAST_DROP` or without an earlier amount."""
    drop = min(1 - recent / earlier, 1.0) if earlier > 0 else 0.0
    return drop if drop >= LEAST_DROP else 0.0


def measure_frequency(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    recent, earlier = facts.recent_purchases, facts.earlier_purchases
    drop = _drop(recent, earlier)
    return Measured(recent, earlier, drop) if drop and earlier >= LEAST_PURCHASES else None


def measure_spend(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    drop = _drop(facts.recent_spend_minor, facts.earlier_spend_minor)
    return Measured(100 * (1 - drop), 100, drop) if drop else None


FREQUENCY = Signal(
    code="frequency_drop",
    title="Buys less often",
    formula=(
        "value = purchase days in the last 90 days; baseline = those in the 90 days before, at least 2; "
        "contribution = 1 - value/baseline, 0 below 0.25"
    ),
    unit=Unit.COUNT,
    sentence=(
        "Purchase days in the last {recent_days} days: {value}; in the {recent_days} before: {baseline}."
    ),
    measure=measure_frequency,
)

SPEND = Signal(
    code="spend_drop",
    title="Spends less",
    formula=(
        "value = spending in the last 90 days in percent of that in the 90 days before; baseline = 100; "
        "contribution = 1 - value/100, 0 below 0.25 or when nothing was spent before"
    ),
    unit=Unit.PERCENT,
    sentence="Spending in the last {recent_days} days was {value} of that in the {recent_days} days before.",
    measure=measure_spend,
)
