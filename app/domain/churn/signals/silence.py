"""The customer has been silent for longer than is its own way."""

import numpy as np

from app.domain.churn.facts import Baselines, Facts
from app.domain.churn.history import FloatArray, shrunk_interval_days
from app.domain.churn.signals.sign import Measured, Sign, Unit
from app.domain.churn.verdict import SILENT_INTERVALS


def against_own_rhythm(facts: Facts, baselines: Baselines) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Days of silence, the shrunk interval, and how far the first is beyond the second, 0..1.

    0 up to one interval, 1 from `SILENT_INTERVALS` on, where silence may mean that the customer has left.
    """
    silence = (facts.as_of_day - 1 - facts.last_day).astype(np.float64)
    median = baselines.rhythm.median_days
    if median is None:
        return silence, np.full(len(facts), np.nan), np.zeros(len(facts))
    repeats = np.maximum(facts.purchase_days - 1, 0)
    interval = shrunk_interval_days(repeats, facts.last_day - facts.first_day, median)
    beyond = np.clip((silence / interval - 1) / (SILENT_INTERVALS - 1), 0, 1)
    return silence, interval, np.where(facts.purchase_days > 0, beyond, 0.0)


def measure(facts: Facts, baselines: Baselines) -> Measured:
    return Measured(*against_own_rhythm(facts, baselines))


SIGN = Sign(
    code="silence_vs_own_rhythm",
    titles={
        "en": "Silent for longer than usual",
        "tr": "Alışılandan uzun sessizlik",
        "az": "Adi haldan uzun sükut",
    },
    formula=(
        "value = days since the last purchase day; baseline = (t_x + m)/(x + 1), the customer's interval "
        "shrunk to the population median m; contribution = (value/baseline - 1)/2, between 0 and 1"
    ),
    unit=Unit.DAYS,
    sentences={
        "en": "No purchase for {value}; usually {baseline} pass between purchases.",
        "tr": "{value}dür alışveriş yok; alışverişler arasında genellikle {baseline} geçer.",
        "az": "{value}dür alış-veriş yoxdur; alış-verişlər arasında adətən {baseline} keçir.",
    },
    measure=measure,
)
