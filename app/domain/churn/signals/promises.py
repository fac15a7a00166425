"""What the company promised the customer was not kept."""

from app.domain.churn.inputs.customer_facts import Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit


def measure(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    count = facts.broken_promises
    return Measured(count, 0, 1 - 0.5**count) if count else None


BROKEN = Signal(
    code="broken_promise",
    title="Broken promise",
    formula=(
        "value = promises to the customer that were broken in the last 90 days: late, overdue, or cancelled "
        "by the company; baseline = 0; contribution = 1 - 0.5^value"
    ),
    unit=Unit.COUNT,
    sentence="Promises broken in the last {recent_days} days: {value}.",
    measure=measure,
)
