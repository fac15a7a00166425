"""Service standards: what they measure, which cases each is for, and which one a case is under."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Metric(StrEnum):
    """What a standard sets a time for."""

    ACKNOWLEDGE = "acknowledge"
    """From the receipt of a complaint until it is acknowledged, or resolved if that comes sooner."""
    FIRST_RESPONSE = "first_response"
    """From the receipt until the customer hears anything: an acknowledgement, a question, an apology, a
    resolution."""
    RESOLVE = "resolve"
    """From the receipt, and again from each reopening, until it is resolved."""
    CLOSE = "close"
    """From the receipt, and again from the reopening of a closed one, until it is closed."""
    PREVENTION = "prevention"
    """From the receipt until a measure against its happening again is recorded."""
    ANSWER_CALL = "answer_call"
    """The time a caller waits in the queue."""
    REPLY = "reply"
    """The time a customer waits for an answer over any channel but the telephone."""
    PROMISE = "promise"
    """From when something is promised until it is kept; the time of a promise that names no date. Categories
    are kinds of promises here."""


COMPLAINT_METRICS = frozenset(Metric) - {Metric.ANSWER_CALL, Metric.REPLY, Metric.PROMISE}
"""Those a complaint has clocks for; the others are read from contacts, or are of promises."""

PAUSABLE = frozenset({Metric.RESOLVE, Metric.CLOSE})
"""Those that stand still while the company waits for the customer; the others are its own to do."""

RESTARTED = (Metric.RESOLVE, Metric.CLOSE)
"""Those that begin again when a complaint is reopened."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a standard is chosen by, as it is when the clock starts; None where unknown."""

    channel: str | None = None
    severity: str | None = None
    tier: str | None = None
    unit: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Standard:
    """One version of a standard, as far as it decides which cases it is for.

    Args:
        code: its name.
        version: from 1.
        metric: what it sets a time for.
        position: the order in which standards are tried, lowest first; equal ones by code.
        valid_from: clocks that start before are not under it.
        valid_until: nor are those that start then or later; None while no later version takes its place.
        is_active: False for a version that ends the standard.
        channels: it is for these, or for all if there are none; so are the others.
        severities: see ``channels``.
        tiers: see ``channels``.
        units: see ``channels``.
        categories: see ``channels``.
    """

    code: str
    version: int
    metric: str
    position: int
    valid_from: datetime
    valid_until: datetime | None = None
    is_active: bool = True
    channels: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()

    def is_for(self, case: Case, at: datetime) -> bool:
        """Tell whether a clock of ``case`` that starts ``at`` would be under it.

        >>> day = datetime(2026, 3, 2)
        >>> phone = Standard("quick", 1, "resolve", 1, day, channels=frozenset({"phone"}))
        >>> [phone.is_for(Case(channel=channel), day) for channel in ("phone", "email", None)]
        [True, False, False]
        """
        in_force = self.valid_from <= at and (self.valid_until is None or at < self.valid_until)
        return (
            self.is_active
            and in_force
            and all(
                not wanted or has in wanted
                for wanted, has in (
                    (self.channels, case.channel),
                    (self.severities, case.severity),
                    (self.tiers, case.tier),
                    (self.units, case.unit),
                    (self.categories, case.category),
                )
            )
        )


def first_match(standards: Iterable[Standard], metric: str, case: Case, at: datetime) -> Standard | None:
    """Choose the standard of a metric that a clock is under: the first in order that is for its case.

    >>> day = datetime(2026, 3, 2)
    >>> rest = Standard("rest", 3, "resolve", 9, day)
    >>> best = Standard("best", 1, "resolve", 1, day, tiers=frozenset({"A"}))
    >>> [first_match([rest, best], "resolve", Case(tier=tier), day).code for tier in ("A", None)]
    ['best', 'rest']
    """
    fitting = [one for one in standards if one.metric == metric and one.is_for(case, at)]
    return min(fitting, key=lambda one: (one.position, one.code), default=None)
