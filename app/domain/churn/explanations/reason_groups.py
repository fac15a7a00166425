"""Reason groups of the learned model: features of one kind as one reason, in words.

Features that speak of the same thing share what they know in ways nobody can read (the parametric log-odds
are made of recency and frequency), so their contributions are reported as one sum. A sum of sums still adds
up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from app.domain.churn.inputs.customer_facts import CustomerFacts
from app.domain.churn.inputs.features import Usual
from app.domain.churn.signals.scores import FRESH_DAYS
from app.domain.churn.signals.signal import Unit


class Measurement(NamedTuple):
    """What a theme says of a customer: a value, and what is usual; both None where nothing is known."""

    value: float | None
    baseline: float | None


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer: its facts, what it is worth, its days with a refund, what is usual in the run, and the
    first day of its contract, None without one."""

    facts: CustomerFacts
    value_minor: int
    refunds: int
    usual: Usual
    started_day: int | None = None


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """One reason.

    Args:
        code: stable name.
        unit: what value and baseline count.
        sentence: message id with ``{value}``, ``{baseline}`` and ``{recent_days}``.
        unknown: message id for a customer of whom there is nothing of the kind.
        measure: a customer to what is said.
    """

    code: str
    unit: Unit
    sentence: str
    unknown: str
    measure: Callable[[Customer], Measurement]


NOTHING = Measurement(None, None)


def _pattern(c: Customer) -> Measurement:
    silence = c.facts.silence_days
    return NOTHING if silence is None else Measurement(silence, c.facts.purchase_days)


def _level(c: Customer) -> Measurement:
    usual = c.usual.median_spend_minor
    if not usual or not c.facts.purchase_days:
        return NOTHING
    return Measurement(100 * max(c.value_minor, 0) / c.facts.purchase_days / usual, 100)


def _trend(c: Customer) -> Measurement:
    f = c.facts
    if not f.recent_purchases or not f.earlier_purchases or f.earlier_spend_minor <= 0:
        return NOTHING
    recent, earlier = (
        f.recent_spend_minor / f.recent_purchases,
        f.earlier_spend_minor / f.earlier_purchases,
    )
    return Measurement(100 * max(recent, 0) / earlier, 100)


def _unresolved(c: Customer) -> Measurement:
    if not c.facts.open_complaints or c.facts.oldest_open_day is None:
        return NOTHING
    return Measurement(c.facts.as_of_day - c.facts.oldest_open_day, 0)


def _is_fresh(f: CustomerFacts) -> bool:
    return f.last_score_day is not None and f.last_score_day >= f.as_of_day - FRESH_DAYS


def _score(c: Customer) -> Measurement:
    if c.facts.last_score is None or c.usual.mean_score is None or not _is_fresh(c.facts):
        return NOTHING
    return Measurement(c.facts.last_score, c.usual.mean_score)


def _fall(c: Customer) -> Measurement:
    if c.facts.last_score is None or c.facts.previous_score is None or not _is_fresh(c.facts):
        return NOTHING
    return Measurement(c.facts.last_score, c.facts.previous_score)


def _count(of: Callable[[Customer], int]) -> Callable[[Customer], Measurement]:
    return lambda c: Measurement(of(c), 0)


_NO_ANSWER = "No survey answer in the last year."
_NOTHING = "Nothing to say."

_ALL = (
    ReasonGroup(
        "purchase_pattern",
        Unit.DAYS,
        "Last purchase {value} ago; purchase days so far: {baseline}.",
        "No purchase yet.",
        _pattern,
    ),
    ReasonGroup(
        "spend_level",
        Unit.PERCENT,
        "Spends {value} of the median customer's amount on a purchase day.",
        _NOTHING,
        _level,
    ),
    ReasonGroup(
        "spend_trend",
        Unit.PERCENT,
        "Spending on a purchase day in {recent_days} days was {value} of that in the {recent_days} before.",
        "No purchases in both of the last two periods of {recent_days} days to compare.",
        _trend,
    ),
    ReasonGroup(
        "refunds",
        Unit.COUNT,
        "Days with a refund or cancellation: {value}.",
        _NOTHING,
        _count(lambda c: c.refunds),
    ),
    ReasonGroup(
        "open_complaints",
        Unit.COUNT,
        "Open complaints: {value}.",
        _NOTHING,
        _count(lambda c: c.facts.open_complaints),
    ),
    ReasonGroup(
        "unresolved_complaint",
        Unit.DAYS,
        "The oldest open complaint has been waiting for {value}.",
        "No complaint is waiting.",
        _unresolved,
    ),
    ReasonGroup(
        "solved_complaints",
        Unit.COUNT,
        "Complaints solved so far: {value}.",
        _NOTHING,
        _count(lambda c: c.facts.complaints - c.facts.open_complaints),
    ),
    ReasonGroup(
        "broken_promises",
        Unit.COUNT,
        "Promises broken in the last {recent_days} days: {value}.",
        _NOTHING,
        _count(lambda c: c.facts.broken_promises),
    ),
    ReasonGroup(
        "satisfaction",
        Unit.POINTS,
        "The last satisfaction score was {value} of 100; the mean of all customers is {baseline}.",
        _NO_ANSWER,
        _score,
    ),
    ReasonGroup(
        "satisfaction_fall",
        Unit.POINTS,
        "The satisfaction score went from {baseline} to {value}.",
        "There are no two survey answers to compare.",
        _fall,
    ),
    ReasonGroup(
        "contacts",
        Unit.COUNT,
        "Contacts the customer began in the last {recent_days} days: {value}.",
        _NOTHING,
        _count(lambda c: c.facts.recent_contacts),
    ),
)
THEMES: Mapping[str, ReasonGroup] = MappingProxyType({theme.code: theme for theme in _ALL})
"""By code, in the order in which equal ones are listed."""
