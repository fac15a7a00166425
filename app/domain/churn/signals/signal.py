"""What a warning sign is, and what it says.

A sign looks at facts and says how strongly it warns: its *contribution*, 0 (it does not apply) to 1. That is
the strength of the sign by the formula it states, for ordering reasons; it is not a share of the probability.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from app.domain.churn.inputs.customer_facts import RECENT_DAYS, Baselines, CustomerFacts
from app.domain.common.messages import Message, percent


class Unit(StrEnum):
    """What a value counts, which decides how a sentence spells it."""

    DAYS = "days"
    COUNT = "count"
    PERCENT = "percent"
    POINTS = "points"


class Measured(NamedTuple):
    """What a sign that applies found of a customer; ``contribution`` is above 0, at most 1.

    ``baseline`` is what the value is compared with: what is usual for the customer or for all, or a limit;
    None where there is nothing of the kind. ``sentence`` replaces that of the sign. Signs that tell a change
    from chance also say how many figures it rests on, ``n``, and up to which ``limit``, in the unit of the
    value, a change is ordinary.
    """

    value: float
    baseline: float | None
    contribution: float
    n: int | None = None
    limit: float | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A warning sign.

    Args:
        code: stable name.
        title: message id of the short name.
        formula: when it applies and how its contribution is computed.
        unit: what value and baseline count.
        sentence: message id with ``{value}``, ``{baseline}``, ``{recent_days}``, ``{n}`` and ``{limit}``.
        measure: facts and baselines to what the sign found; None where it does not apply.
    """

    code: str
    title: str
    formula: str
    unit: Unit
    sentence: str
    measure: Callable[[CustomerFacts, Baselines], Measured | None]


@dataclass(frozen=True, slots=True)
class Reason:
    """One sign that applies to one customer, with what it `Measured`."""

    code: str
    value: float
    baseline: float | None
    contribution: float
    n: int | None = None
    limit: float | None = None
    sentence: str | None = None


def with_figures(
    sentence: str, value: float | Message | None, baseline: float | Message | None, **more: float | Message
) -> Message:
    """Fill the placeholders that the sentences of signals and reason groups may have."""
    figures = {"value": value, "baseline": baseline, "recent_days": RECENT_DAYS, **more}
    return Message(sentence, {name: given for name, given in figures.items() if given is not None})


def quantity(number: float, unit: Unit) -> float | Message:
    """Give a number as a placeholder of a sentence takes it: whole, but for counts, and with its unit.

    >>> quantity(2.5, Unit.COUNT), quantity(12.4, Unit.POINTS), quantity(12.4, Unit.DAYS).id
    (2.5, 12, '{number} days')
    """
    if unit is Unit.COUNT:
        return number
    whole = round(number)
    if unit is Unit.PERCENT:
        return percent(whole)
    if unit is Unit.DAYS:
        return Message("{number} day" if whole == 1 else "{number} days", {"number": whole})
    return whole
