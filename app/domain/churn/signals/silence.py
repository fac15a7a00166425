"""The customer has been silent for longer than is its own way."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.inputs.purchase_history import shrunk_interval_days
from app.domain.churn.levels import SILENT_INTERVALS
from app.domain.churn.signals.signal import Measured, Signal, Unit


def against_own_rhythm(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    """Days of silence, the shrunk interval, and how far the first is beyond the second.

    Nothing up to one interval, 1 from `SILENT_INTERVALS` on, where silence may mean that the customer has
    left.
    """
    median = baselines.rhythm.median_days
    if not facts.purchase_days or facts.first_day is None or facts.last_day is None or median is None:
        return None
    silence = facts.as_of_day - 1 - facts.last_day
    interval = float(shrunk_interval_days(facts.purchase_days - 1, facts.last_day - facts.first_day, median))
    beyond = (silence / interval - 1) / (SILENT_INTERVALS - 1)
    return Measured(silence, interval, min(beyond, 1.0)) if beyond > 0 else None


SIGNAL = Signal(
    code="silence_vs_own_rhythm",
    title="Silent for longer than usual",
    formula=(
        "value = days since the last purchase day; baseline = (t_x + m)/(x + 1), the customer's interval "
        "shrunk to the population median m; contribution = (value/baseline - 1)/2, between 0 and 1"
    ),
    unit=Unit.DAYS,
    sentence="No purchase for {value}; usually {baseline} pass between purchases.",
    measure=against_own_rhythm,
)
