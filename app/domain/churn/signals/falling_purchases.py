"""The customer buys less often, or for less money, than in the days before."""

import numpy as np

from app.domain.churn.facts import Baselines, Facts
from app.domain.churn.history import FloatArray, IntArray
from app.domain.churn.signals.sign import Measured, Sign, Unit

LEAST_PURCHASES = 2
"""Fewer earlier purchases than this make no frequency to fall from."""

LEAST_DROP = 0.25
"""Smaller drops are the ordinary up and down."""


def _drop(recent: IntArray, earlier: IntArray) -> FloatArray:
    """How much of the earlier amount is gone, 0..1; 0 below `LEAST_DROP` or without an earlier amount."""
    share = np.divide(recent, earlier, out=np.ones(recent.size), where=earlier > 0)
    drop = np.clip(1 - share, 0, 1)
    return np.where(drop >= LEAST_DROP, drop, 0.0)


def measure_frequency(facts: Facts, baselines: Baselines) -> Measured:
    recent, earlier = facts.recent_purchases, facts.earlier_purchases
    drop = np.where(earlier >= LEAST_PURCHASES, _drop(recent, earlier), 0.0)
    return Measured(recent.astype(np.float64), earlier.astype(np.float64), drop)


def measure_spend(facts: Facts, baselines: Baselines) -> Measured:
    drop = _drop(facts.recent_spend_minor, facts.earlier_spend_minor)
    return Measured(100 * (1 - drop), np.full(len(facts), 100.0), drop)


FREQUENCY = Sign(
    code="frequency_drop",
    titles={"en": "Buys less often", "tr": "Daha seyrek alışveriş", "az": "Daha seyrək alış-veriş"},
    formula=(
        "value = purchases in the last 90 days; baseline = purchases in the 90 days before, at least 2; "
        "contribution = 1 - value/baseline, 0 below 0.25"
    ),
    unit=Unit.COUNT,
    sentences={
        "en": "Purchases in the last {recent_days} days: {value}; in the {recent_days} before: {baseline}.",
        "tr": "Son {recent_days} gündeki alışveriş sayısı: {value}; önceki {recent_days} günde: {baseline}.",
        "az": "Son {recent_days} gündəki alış-veriş sayı: {value}; əvvəlki {recent_days} gündə: {baseline}.",
    },
    measure=measure_frequency,
)

SPEND = Sign(
    code="spend_drop",
    titles={"en": "Spends less", "tr": "Daha az harcama", "az": "Daha az xərcləmə"},
    formula=(
        "value = spending in the last 90 days in percent of that in the 90 days before; baseline = 100; "
        "contribution = 1 - value/100, 0 below 0.25 or when nothing was spent before"
    ),
    unit=Unit.PERCENT,
    sentences={
        "en": "Spending in the last {recent_days} days was {value} of that in the {recent_days} days before.",
        "tr": "Son {recent_days} günün harcaması, önceki {recent_days} günün {value} düzeyinde.",
        "az": "Son {recent_days} günün xərci əvvəlki {recent_days} günün {value} səviyyəsindədir.",
    },
    measure=measure_spend,
)
