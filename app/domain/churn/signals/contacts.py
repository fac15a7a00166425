"""The customer calls very often, or has gone quiet altogether."""

import numpy as np

from app.domain.churn.facts import Baselines, Facts
from app.domain.churn.signals.sign import Measured, Sign, Unit
from app.domain.churn.signals.silence import against_own_rhythm

MANY_TIMES = 2
"""More than so many times the usual number of contacts are many."""

QUIET_WEIGHT = 0.5
"""A silence that nobody explains warns half as much again as the silence itself."""


def measure_many(facts: Facts, baselines: Baselines) -> Measured:
    usual = baselines.median_contacts
    count = facts.recent_contacts.astype(np.float64)
    if usual is None:
        return Measured(count, np.full(len(facts), np.nan), np.zeros(len(facts)))
    limit = MANY_TIMES * usual
    contribution = np.where(count > limit, 1 - limit / np.maximum(count, 1), 0.0)
    return Measured(count, np.full(len(facts), usual), np.clip(contribution, 0, 1))


def measure_quiet(facts: Facts, baselines: Baselines) -> Measured:
    silence, interval, beyond = against_own_rhythm(facts, baselines)
    nothing_heard = (facts.recent_contacts == 0) & (facts.complaints == 0)
    applies = nothing_heard & (baselines.median_contacts is not None)
    return Measured(silence, interval, np.where(applies, QUIET_WEIGHT * beyond, 0.0))


MANY = Sign(
    code="many_contacts",
    titles={"en": "Many contacts", "tr": "Çok sayıda temas", "az": "Çoxsaylı əlaqə"},
    formula=(
        "value = contacts the customer began in the last 90 days; baseline = their median among customers "
        "with any; contribution = 1 - 2*baseline/value, 0 up to twice the baseline"
    ),
    unit=Unit.COUNT,
    sentences={
        "en": "Contacts in the last {recent_days} days: {value}; median of customers in contact: {baseline}.",
        "tr": "Son {recent_days} gündeki temas: {value}; temas kuran müşterilerin ortancası {baseline}.",
        "az": "Son {recent_days} gündəki əlaqə: {value}; əlaqə saxlayan müştərilərin medianı {baseline}.",
    },
    measure=measure_many,
)

QUIET = Sign(
    code="no_contact_no_complaint",
    titles={"en": "The silent customer", "tr": "Sessiz müşteri", "az": "Səssiz müştəri"},
    formula=(
        "value and baseline as in silence_vs_own_rhythm; contribution = half of its contribution, for "
        "customers who began no contact in the last 90 days and never complained, where contacts are "
        "recorded at all"
    ),
    unit=Unit.DAYS,
    sentences={
        "en": "Gone quiet: no purchase for {value}, no contact in {recent_days} days, never a complaint.",
        "tr": "Sessizleşti: {value}dür alışveriş, son {recent_days} günde temas yok; hiç şikâyet etmedi.",
        "az": "Səssizləşib: {value}dür alış-veriş, {recent_days} gündə əlaqə yoxdur; heç şikayət etməyib.",
    },
    measure=measure_quiet,
)
