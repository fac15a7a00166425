"""Agents: on which days they are active, and who may own a complaint."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class OwnerKind(StrEnum):
    """What kind of owner a complaint has."""

    AGENT = "agent"
    """A person."""
    QUEUE = "queue"
    """A unit's queue or the company's desk: an agent claims it from there."""


@dataclass(frozen=True, slots=True)
class OwnerLookup:
    """What is known of a code that owns complaints, or is to: registered as a person or a queue."""

    kind: OwnerKind
    is_active: bool
    """Whether it may be given complaints today."""
    unit: str | None
    """The unit of a person, the unit itself for its queue; None for the company's desk."""


def is_active_on(day: date, *, switched_on: bool, from_on: date | None, until_on: date | None) -> bool:
    """Tell whether a person is active on ``day``, a local calendar day; both bounds are inclusive.

    >>> is_active_on(date(2026, 3, 31), switched_on=True, from_on=None, until_on=date(2026, 3, 31))
    True
    >>> is_active_on(date(2026, 4, 1), switched_on=True, from_on=None, until_on=date(2026, 3, 31))
    False
    """
    has_begun = from_on is None or from_on <= day
    return switched_on and has_begun and not has_ended(day, until_on)


def has_ended(day: date, until_on: date | None) -> bool:
    """Tell whether the last day of a person lies before ``day``.

    >>> has_ended(date(2026, 4, 1), date(2026, 3, 31)), has_ended(date(2026, 4, 1), None)
    (True, False)
    """
    return until_on is not None and until_on < day
