"""What a warning sign is, and what it says.

A sign looks at facts and says how strongly it warns: its *contribution*, 0 (it does not apply) to 1. That is
the strength of the sign by the formula it states, for ordering reasons; it is not a share of the probability.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.domain.churn.inputs.customer_facts import RECENT_DAYS, Baselines, CustomerFacts


class Unit(StrEnum):
    """What a value counts, which decides how a sentence spells it."""

    DAYS = "days"
    COUNT = "count"
    PERCENT = "percent"
    POINTS = "points"


class Measured(NamedTuple):
    """What a sign that applies found of a customer; ``contribution`` is above 0, at most 1.

    ``baseline`` is what the value is held against: what is usual for the customer or for all, or a limit.
    """

    value: float
    baseline: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Signal:
    """A warning sign.

    Args:
        code: stable name.
        titles: short name by language (en, tr, az).
        formula: when it applies and how its contribution is computed.
        unit: what value and baseline count.
        sentences: by language, with ``{value}``, ``{baseline}`` and ``{recent_days}``.
        measure: facts and baselines to what the sign found; None where it does not apply.
    """

    code: str
    titles: Mapping[str, str]
    formula: str
    unit: Unit
    sentences: Mapping[str, str]
    measure: Callable[[CustomerFacts, Baselines], Measured | None]


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign that applies to one customer, with what it `Measured`."""

    code: str
    value: float
    baseline: float
    contribution: float


def sentence(signal: Signal, reason: Reason, language: str) -> str:
    """Say a reason; English when the language is not one of the three."""
    language = language if language in signal.sentences else "en"
    return signal.sentences[language].format(
        value=spelled(reason.value, signal.unit, language),
        baseline=spelled(reason.baseline, signal.unit, language),
        recent_days=RECENT_DAYS,
    )


def spelled(number: float, unit: Unit, language: str) -> str:
    """Write a number with its unit; Turkish and Azerbaijani nouns stay singular after a number.

    >>> spelled(1, Unit.DAYS, "en"), spelled(12.4, Unit.DAYS, "az"), spelled(2.5, Unit.COUNT, "tr")
    ('1 day', '12 gün', '2,5')
    >>> spelled(40, Unit.PERCENT, "tr"), spelled(40, Unit.PERCENT, "az")
    ('%40', '40%')
    """
    if unit is Unit.COUNT:
        text = f"{round(number, 1):.1f}".removesuffix(".0")
        return text if language == "en" else text.replace(".", ",")
    whole = f"{number:.0f}"
    if unit is Unit.PERCENT:
        return f"%{whole}" if language == "tr" else f"{whole}%"
    if unit is Unit.POINTS:
        return whole
    if language == "en":
        return f"{whole} day" if whole == "1" else f"{whole} days"
    return f"{whole} gün"
