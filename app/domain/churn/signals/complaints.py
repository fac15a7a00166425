"""The customer waits for an answer to a complaint, or has waited for too long."""

import numpy as np

from app.domain.churn.facts import Baselines, Facts
from app.domain.churn.history import NO_DAY
from app.domain.churn.signals.sign import Measured, Sign, Unit

UNRESOLVED_AFTER_DAYS = 14
"""A complaint open for longer counts as unresolved."""

REOPENED_CONTRIBUTION = 0.75
"""A complaint that comes back warns at least so much: the first solution was none."""


def measure_open(facts: Facts, baselines: Baselines) -> Measured:
    count = facts.open_complaints.astype(np.float64)
    return Measured(count, np.zeros(len(facts)), 1 - 0.5**count)


def measure_unresolved(facts: Facts, baselines: Baselines) -> Measured:
    limit = UNRESOLVED_AFTER_DAYS
    is_open = (facts.open_complaints > 0) & (facts.oldest_open_day != NO_DAY)
    age = np.where(is_open, facts.as_of_day - facts.oldest_open_day, 0).astype(np.float64)
    by_age = np.where(age > limit, age / (age + limit), 0.0)
    reopened = np.where(is_open & (facts.reopened_complaints > 0), REOPENED_CONTRIBUTION, 0.0)
    return Measured(age, np.full(len(facts), float(limit)), np.maximum(by_age, reopened))


OPEN = Sign(
    code="open_complaint",
    titles={"en": "Open complaint", "tr": "Açık şikâyet", "az": "Açıq şikayət"},
    formula="value = open complaints; baseline = 0; contribution = 1 - 0.5^value",
    unit=Unit.COUNT,
    sentences={
        "en": "Open complaints: {value}.",
        "tr": "Açık şikâyet sayısı: {value}.",
        "az": "Açıq şikayətlərin sayı: {value}.",
    },
    measure=measure_open,
)

UNRESOLVED = Sign(
    code="unresolved_complaint",
    titles={"en": "Unresolved complaint", "tr": "Çözülmeyen şikâyet", "az": "Həll olunmayan şikayət"},
    formula=(
        "value = age in days of the oldest open complaint; baseline = 14; contribution = value/(value + 14) "
        "beyond the baseline, at least 0.75 when an open complaint had been solved before, else 0"
    ),
    unit=Unit.DAYS,
    sentences={
        "en": "The oldest open complaint has been waiting for {value}.",
        "tr": "En eski açık şikâyet {value}dür çözüm bekliyor.",
        "az": "Ən köhnə açıq şikayət {value}dür həll gözləyir.",
    },
    measure=measure_unresolved,
)
