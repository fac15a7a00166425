"""How far standards are kept: shares over all cases, and how long things take although some are not done."""

import warnings
from dataclasses import dataclass

import numpy as np

from app.domain.common.arrays import BoolArray, FloatArray
from app.domain.satisfaction.intervals import wilson

SMALL = 30
"""Groups with fewer cases are marked: too few to rely on."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What became of clocks, as columns of one length.

    Args:
        is_met: done in time.
        is_broken: the due time passed before it was done.
        is_running: it goes on, and is not broken.
        is_done: done, in time or late; the others are censored.
        taken_seconds: how long it took, or has taken until now or until it was given up; 0 or more.
    """

    is_met: BoolArray
    is_broken: BoolArray
    is_running: BoolArray
    is_done: BoolArray
    taken_seconds: FloatArray


@dataclass(frozen=True, slots=True)
class Median:
    """The Kaplan-Meier median in seconds, with its 95 % interval; None where the curve stays above a half."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Attainment:
    """How far a standard was kept in some cases.

    ``ended`` are those that stopped unfinished in time; ``censored`` all of which no end is known: running,
    broken and not done yet, and ended. ``share`` is met / received.
    """

    received: int
    met: int
    broken: int
    running: int
    ended: int
    censored: int
    share: float | None
    share_low: float | None
    share_high: float | None
    median: Median
    is_small: bool


def attainment(outcomes: Outcomes) -> Attainment:
    """Count what became of clocks. The share is over all that were received, whatever became of them, with
    Wilson's interval.

    >>> done, late = np.array([True, True, False]), np.array([False, True, False])
    >>> taken = np.array([60.0, 600.0, 30.0])
    >>> found = attainment(Outcomes(done & ~late, late, ~done, done, taken))
    >>> found.received, found.met, round(found.share, 4), found.censored, found.median.value
    (3, 1, 0.3333, 1, 60.0)
    """
    received, met = int(outcomes.is_met.size), int(outcomes.is_met.sum())
    broken, running = int(outcomes.is_broken.sum()), int(outcomes.is_running.sum())
    bounds = wilson(met, received)
    return Attainment(
        received=received,
        met=met,
        broken=broken,
        running=running,
        ended=received - met - broken - running,
        censored=received - int(outcomes.is_done.sum()),
        share=met / received if received else None,
        share_low=None if bounds is None else bounds.low,
        share_high=None if bounds is None else bounds.high,
        median=median(outcomes.taken_seconds, outcomes.is_done),
        is_small=received < SMALL,
    )


def median(taken_seconds: FloatArray, is_done: BoolArray) -> Median:
    """Estimate the median time by Kaplan and Meier, so that what is not done yet counts for as long as it has
    taken; with the interval of the log-log method.

    Source: E. L. Kaplan and P. Meier 1958; `scipy.stats.ecdf`; docs/formulas.md#service-standards.

    >>> median(np.array([1.0, 2.0, 3.0, 4.0]), np.array([True, True, True, False])).value
    2.0
    """
    if not is_done.any():
        return Median(None, None, None)
    from scipy import stats  # loaded only by who asks for a report

    sample = stats.CensoredData(uncensored=taken_seconds[is_done], right=taken_seconds[~is_done])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval where everybody or nobody is done
        curve = stats.ecdf(sample).sf
        interval = curve.confidence_interval(confidence_level=0.95, method="log-log")
    times = curve.quantiles
    value = _first_at_half(times, curve.probabilities)
    if value is None:
        return Median(None, _first_at_half(times, interval.low.probabilities), None)
    return Median(
        value,
        _first_at_half(times, interval.low.probabilities),
        _first_at_half(times, interval.high.probabilities),
    )


def _first_at_half(times: FloatArray, probabilities: FloatArray) -> float | None:
    """The first time at which no more than half are left; a curve that is not known has not fallen."""
    fallen = np.flatnonzero(np.nan_to_num(probabilities, nan=1.0) <= 0.5 + 1e-12)
    return float(times[fallen[0]]) if fallen.size else None
