"""The contract runs out soon, or notice was given."""

from app.domain.churn.contractual.state import GRACE_DAYS
from app.domain.churn.inputs.customer_facts import RECENT_DAYS, Baselines, CustomerFacts
from app.domain.churn.signals.signal import Measured, Signal, Unit

NEAR_DAYS = RECENT_DAYS
"""An end at most so many days away is near."""


def measure(facts: CustomerFacts, baselines: Baselines) -> Measured | None:
    if facts.contract_ends_day is None:
        return None
    left = facts.contract_ends_day - facts.as_of_day + 1
    if not -GRACE_DAYS <= left <= NEAR_DAYS:
        return None
    notice = facts.contract_notice_day
    noticed = notice is not None and notice < facts.as_of_day
    days = max(left, 0)
    return Measured(days, NEAR_DAYS, 1 if noticed else 1 - days / (NEAR_DAYS + 1))


SIGNAL = Signal(
    code="contract_end_near",
    title="Contract ends soon",
    formula=(
        "value = days left in the contract, 0 in the days of grace after it; baseline = 90, beyond which the "
        "sign does not apply; contribution = 1 - value/91, 1 when notice was given"
    ),
    unit=Unit.DAYS,
    sentence="Time left in the contract: {value}.",
    measure=measure,
)
