"""From a probability to a level: healthy, watch, at risk, or left.

``q`` is the probability that a customer does not buy within the horizon (or, under contract, leaves in it).
`left` never comes from a probability: only from an event, or from a silence beyond a limit that the company's
own closed windows prove (`app.domain.churn.left_by_silence`).

Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.churn.inputs.purchase_history import Rhythm, shrunk_interval_days
from app.domain.common.arrays import FloatArray
from app.domain.customers.customers import ChurnLevel

LEVELS = tuple(ChurnLevel)
"""Level numbers are positions in here; `UNKNOWN` is none of them."""

UNKNOWN = -1
"""The number of a customer without a probability who has not left either: there is no verdict."""

SILENT_INTERVALS = 3
"""Silence longer than so many of the customer's own intervals is long for it."""


class LeftBy(StrEnum):
    """How a customer is known to have left: an event (a departure, the end of a contract), or silence."""

    EVENT = "event"
    SILENCE = "silence"


def left_by(level: str | None, source: str | None) -> LeftBy | None:
    """How a customer of a level has left; None for those who have not.

    Args:
        level: its level.
        source: what that comes from, among `app.domain.scoring.score_columns.SOURCES`.

    >>> left_by("left", "silence").value, left_by("left", "contract").value, left_by("watch", "mbg_nbd")
    ('silence', 'event', None)
    """
    if level != ChurnLevel.LEFT:
        return None
    return LeftBy.SILENCE if source == LeftBy.SILENCE else LeftBy.EVENT


@dataclass(frozen=True, slots=True)
class RiskLevels:
    """From which probability on a customer is watched, and is at risk.

    Raises:
        ValueError: not ``0 < watch < at_risk <= 1``.
    """

    watch: float = 0.5
    at_risk: float = 0.8

    def __post_init__(self) -> None:
        if not 0 < self.watch < self.at_risk <= 1:
            raise ValueError("levels must rise: 0 < watch < at_risk <= 1")


DEFAULT_LEVELS = RiskLevels()


def silence_ratio(
    x: ArrayLike, t_x_days: ArrayLike, silence_days: ArrayLike, population: Rhythm
) -> FloatArray:
    """How long silence is: days / max(3 x the shrunk own interval, the population's p95 interval).

    Above 1 it is long both for the customer and for the population: the customer is dormant.

    Args:
        x: repeat purchase days, shape (n,).
        t_x_days: days from the first to the last purchase day.
        silence_days: days since the last purchase day.
        population: its rhythm; when nobody ever came back there is no measure and everybody has 0.

    >>> silence_ratio([3, 3, 0], [30, 30, 0], [120, 60, 150], Rhythm(9, 50.0, 60.0)).tolist()
    [2.0, 1.0, 1.0]
    """
    silence = np.asarray(silence_days, dtype=np.float64)
    if population.median_days is None or population.p95_days is None:
        return np.zeros(silence.size)
    own = SILENT_INTERVALS * shrunk_interval_days(x, t_x_days, population.median_days)
    ratio: FloatArray = silence / np.maximum(own, population.p95_days)
    return ratio


def assign(q: ArrayLike, has_left: ArrayLike, levels: RiskLevels = DEFAULT_LEVELS) -> NDArray[np.int8]:
    """Give each customer a level.

    Args:
        q: probability of leaving, shape (n,); NaN where there is none.
        has_left: who left by an event or by silence; goes before everything.
        levels: the limits; who is exactly on one is in the worse level.

    Returns:
        Positions in `LEVELS`, `UNKNOWN` for NaN. Empty in, empty out.

    Raises:
        ValueError: lengths differ, or a probability is outside 0..1.

    >>> [LEVELS[n].value for n in assign([0.49, 0.5, 0.8, 0.1], [False, False, False, True])]
    ['healthy', 'watch', 'at_risk', 'left']
    """
    probability, left = np.asarray(q, dtype=np.float64), np.asarray(has_left, dtype=np.bool_)
    if probability.shape != left.shape:
        raise ValueError("columns must be of one length")
    known = ~np.isnan(probability)
    if np.any((probability[known] < 0) | (probability[known] > 1)):
        raise ValueError("a probability must be 0 to 1")
    found = np.full(probability.size, UNKNOWN, dtype=np.int8)
    found[known] = np.searchsorted((levels.watch, levels.at_risk), probability[known], side="right")
    found[left] = LEVELS.index(ChurnLevel.LEFT)
    return found
