"""The contract runs out soon, or notice was given."""

import numpy as np

from app.domain.churn.contract import GRACE_DAYS
from app.domain.churn.facts import RECENT_DAYS, Baselines, Facts
from app.domain.churn.history import NO_DAY
from app.domain.churn.signals.sign import Measured, Sign, Unit

NEAR_DAYS = RECENT_DAYS
"""An end at most so many days away is near."""


def measure(facts: Facts, baselines: Baselines) -> Measured:
    has_end = facts.contract_ends_day != NO_DAY
    left = np.where(has_end, facts.contract_ends_day - facts.as_of_day + 1, 0)
    near = np.where(has_end & (left >= -GRACE_DAYS) & (left <= NEAR_DAYS), 1 - left / (NEAR_DAYS + 1), 0.0)
    notice = (facts.contract_notice_day != NO_DAY) & (facts.contract_notice_day < facts.as_of_day)
    days = np.maximum(left, 0).astype(np.float64)
    contribution = np.where(notice & (near > 0), 1.0, np.clip(near, 0, 1))
    return Measured(days, np.full(len(facts), float(NEAR_DAYS)), contribution)


SIGN = Sign(
    code="contract_end_near",
    titles={"en": "Contract ends soon", "tr": "Sözleşmenin sonu yakın", "az": "Müqavilənin sonu yaxındır"},
    formula=(
        "value = days left in the contract, 0 in the days of grace after it; baseline = 90, beyond which the "
        "sign does not apply; contribution = 1 - value/91, 1 when notice was given"
    ),
    unit=Unit.DAYS,
    sentences={
        "en": "Time left in the contract: {value}.",
        "tr": "Sözleşmenin bitmesine kalan süre: {value}.",
        "az": "Müqavilənin bitməsinə qalan müddət: {value}.",
    },
    measure=measure,
)
