"""The customer is dissatisfied, or less satisfied than before."""

import numpy as np

from app.domain.churn.facts import Baselines, Facts
from app.domain.churn.history import NO_DAY, BoolArray
from app.domain.churn.signals.sign import Measured, Sign, Unit

LOW_BELOW = 50.0
"""Points below which a score is low, whatever others say."""

LEAST_FALL = 20.0
"""Points; smaller falls are the ordinary up and down."""

FULL_FALL = 50.0
"""Points from which on a fall cannot warn more."""

FRESH_DAYS = 365
"""Older answers say nothing about today."""


def _is_fresh(facts: Facts) -> BoolArray:
    fresh: BoolArray = (
        ~np.isnan(facts.last_score)
        & (facts.last_score_day != NO_DAY)
        & (facts.last_score_day >= facts.as_of_day - FRESH_DAYS)
    )
    return fresh


def measure_low(facts: Facts, baselines: Baselines) -> Measured:
    below = np.clip((LOW_BELOW - facts.last_score) / LOW_BELOW, 0, 1)
    median = np.nan if baselines.median_score is None else baselines.median_score
    return Measured(facts.last_score, np.full(len(facts), median), np.where(_is_fresh(facts), below, 0.0))


def measure_fall(facts: Facts, baselines: Baselines) -> Measured:
    fall = facts.previous_score - facts.last_score
    applies = _is_fresh(facts) & (fall >= LEAST_FALL)
    return Measured(
        facts.last_score, facts.previous_score, np.where(applies, np.clip(fall / FULL_FALL, 0, 1), 0.0)
    )


LOW = Sign(
    code="low_score",
    titles={"en": "Low satisfaction", "tr": "Düşük memnuniyet", "az": "Aşağı məmnunluq"},
    formula=(
        "value = last satisfaction score, 0-100, of the last 365 days; baseline = median of all customers; "
        "contribution = (50 - value)/50, 0 from 50 on"
    ),
    unit=Unit.POINTS,
    sentences={
        "en": "The last satisfaction score was {value} of 100; the median of all customers is {baseline}.",
        "tr": "Son memnuniyet puanı 100 üzerinden {value}; bütün müşterilerin ortancası {baseline}.",
        "az": "Son məmnunluq balı 100 üzərindən {value}; bütün müştərilərin medianı {baseline}.",
    },
    measure=measure_low,
)

FALLING = Sign(
    code="falling_scores",
    titles={"en": "Falling satisfaction", "tr": "Düşen memnuniyet", "az": "Azalan məmnunluq"},
    formula=(
        "value = last satisfaction score, 0-100, of the last 365 days; baseline = the one before; "
        "contribution = (baseline - value)/50, at most 1, 0 for a fall of less than 20 points"
    ),
    unit=Unit.POINTS,
    sentences={
        "en": "The satisfaction score fell from {baseline} to {value}.",
        "tr": "Memnuniyet puanı düştü: önce {baseline}, şimdi {value}.",
        "az": "Məmnunluq balı düşüb: əvvəl {baseline}, indi {value}.",
    },
    measure=measure_fall,
)
