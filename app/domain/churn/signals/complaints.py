"""The customer waits for an answer to a complaint, or has waited for too long."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit

UNRESOLVED_AFTER_DAYS = 14
"""A complaint open for longer counts as unresolved."""

REOPENED_CONTRIBUTION = 0.75
"""A complaint that comes back warns at least so much: the first solution was none."""


def measure_open(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    count = facts.open_complaints
    return Measured(count, 0, 1 - 0.5**count) if count else None


def measure_unresolved(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    limit = UNRESOLVED_AFTER_DAYS
    if not facts.open_complaints or facts.oldest_open_day is None:
        return None
    age = facts.as_of_day - facts.oldest_open_day
    by_age = age / (age + limit) if age > limit else 0.0
    contribution = max(by_age, REOPENED_CONTRIBUTION if facts.reopened_complaints else 0.0)
    return Measured(age, limit, contribution) if contribution else None


OPEN = Signal(
    code="open_complaint",
    title="Open complaint",
    formula="value = open complaints; baseline = 0; contribution = 1 - 0.5^value",
    unit=Unit.COUNT,
    sentence="Open complaints: {value}.",
    measure=measure_open,
)

UNRESOLVED = Signal(
    code="unresolved_complaint",
    title="Unresolved complaint",
    formula=(
        "value = age in days of the oldest open complaint; baseline = 14; contribution = value/(value + 14) "
        "beyond the baseline, at least 0.75 when an open complaint had been solved before, else 0"
    ),
    unit=Unit.DAYS,
    sentence="The oldest open complaint has been waiting for {value}.",
    measure=measure_unresolved,
)
