"""The customer calls very often, or has gone quiet altogether."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit
from app.domain.churn.signals.silence import against_own_rhythm

MANY_TIMES = 2
"""More than so many times the usual number of contacts are many."""

QUIET_WEIGHT = 0.5
"""A silence that nobody explains warns half as much again as the silence itself."""


def measure_many(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    usual, count = baselines.median_contacts, facts.recent_contacts
    if usual is None or count <= MANY_TIMES * usual:
        return None
    return Measured(count, usual, 1 - MANY_TIMES * usual / count)


def measure_quiet(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    if facts.recent_contacts or facts.complaints or baselines.median_contacts is None:
        return None
    silence = against_own_rhythm(facts, baselines)
    return silence and Measured(silence.value, silence.baseline, QUIET_WEIGHT * silence.contribution)


MANY = Signal(
    code="many_contacts",
    title="Many contacts",
    formula=(
        "value = contacts the customer began in the last 90 days; baseline = their median among customers "
        "with any; contribution = 1 - 2*baseline/value, 0 up to twice the baseline"
    ),
    unit=Unit.COUNT,
    sentence="Contacts in the last {recent_days} days: {value}; median of customers in contact: {baseline}.",
    measure=measure_many,
)

QUIET = Signal(
    code="no_contact_no_complaint",
    title="The silent customer",
    formula=(
        "value and baseline as in silence_vs_own_rhythm; contribution = half of its contribution, for "
        "customers who began no contact in the last 90 days and never complained, where contacts are "
        "recorded at all"
    ),
    unit=Unit.DAYS,
    sentence="Gone quiet: no purchase for {value}, no contact in {recent_days} days, never a complaint.",
    measure=measure_quiet,
)
