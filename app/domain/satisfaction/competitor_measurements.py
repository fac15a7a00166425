"""Validation of what a study reports of a competitor's customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from app.domain.satisfaction.model import Index


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a study found of a competitor for one index.

    ``value``, ``sd`` (of one answer) and the ends of the 95 % interval are in the unit of the index, and
    ``expectation_mean``, how much the competitor's customers expect, in points of 0..100. All but the value
    may be unknown.
    """

    value: float
    n: int | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    expectation_mean: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A member that cannot be so; ``code`` is one of `MESSAGES`, and ``params`` fill its message."""

    member: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


MESSAGES: Final[dict[str, str]] = {
    "out_of_range": "The index lies from {low} to {high}.",
    "half_interval": "Send both ends of the interval, or none.",
    "outside_interval": "The interval must contain the value.",
    "in_future": "Expected a day that is not in the future.",
}


def faults(reported: Measurement, measured_on: date, index: Index, today: date) -> list[Fault]:
    """Tell what cannot be of a measurement: its range, its interval and its day.

    Args:
        reported: the measurement.
        measured_on: its day.
        index: the index it is of, whose range the value must keep.
        today: the company's present day.

    >>> from app.domain.satisfaction import INDICES
    >>> day = date(2026, 11, 23)
    >>> [fault.code for fault in faults(Measurement(78.0), day, INDICES["csat"], day)]
    ['out_of_range']
    >>> faults(Measurement(0.78, low=0.74, high=0.82), day, INDICES["csat"], day)
    []
    """
    found = []
    low = index.low if index.low is not None else -float("inf")
    high = index.high if index.high is not None else float("inf")
    if not low <= reported.value <= high:
        found.append(Fault("value", "out_of_range", {"low": _plain(low), "high": _plain(high)}))
    if (reported.low is None) != (reported.high is None):
        found.append(Fault("low" if reported.low is None else "high", "half_interval"))
    elif (
        reported.low is not None
        and reported.high is not None
        and not reported.low <= reported.value <= reported.high
    ):
        found.append(Fault("low" if reported.value < reported.low else "high", "outside_interval"))
    if measured_on > today:
        found.append(Fault("measured_on", "in_future"))
    return found


def _plain(end: float) -> str:
    return f"{end:g}"
