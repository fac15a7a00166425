"""The customer has been silent for longer than is its own way."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.inputs.purchase_history import shrunk_interval_days
from app.domain.churn.levels import SILENT_INTERVALS
from app.domain.churn.signals.signal import Measured, Signal, Unit

LEAST_INTERVALS = 2
"""Own intervals it takes to say what is usual for a customer."""


def against_own_rhythm(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    """Days of silence, what is known of the own interval, and how far the silence is beyond the shrunk one.

    Nothing up to one interval, 1 from `SILENT_INTERVALS` on, where silence may mean that the customer has
    left. What is usual is stated only for a customer who has an own rhythm.
    """
    median, silence = baselines.rhythm.median_days, facts.silence_days
    if not facts.purchase_days or facts.first_day is None or facts.last_day is None or silence is None:
        return None
    if median is None:
        return None
    intervals, days = facts.purchase_days - 1, facts.last_day - facts.first_day
    shrunk = float(shrunk_interval_days(intervals, days, median))
    beyond = min((silence / shrunk - 1) / (SILENT_INTERVALS - 1), 1.0)
    if beyond <= 0:
        return None
    if intervals >= LEAST_INTERVALS:
        return Measured(silence, days / intervals, beyond)
    if intervals:
        return Measured(
            silence,
            days,
            beyond,
            sentence="No purchase for {value}; it bought on two days, {baseline} apart.",
        )
    return Measured(silence, None, beyond, sentence="Bought on one day, {value} ago.")


SIGNAL = Signal(
    code="silence_vs_own_rhythm",
    title="Silent for longer than usual",
    formula=(
        "value = days since the last purchase day; baseline = t_x/x, the customer's mean interval, null for "
        "x = 0; s = (t_x + m)/(x + 1), the interval shrunk to the population median m; contribution = "
        "(value/s - 1)/2, between 0 and 1"
    ),
    unit=Unit.DAYS,
    sentence="No purchase for {value}; usually {baseline} pass between purchases.",
    measure=against_own_rhythm,
)
