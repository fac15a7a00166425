"""Whether an index moved between two periods, or whether the difference is noise.

Source: docs/formulas.md#changed-or-noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.satisfaction.intervals import adjusted_nps, welch

CRITICAL = 1.96
SHARE_ADDED = 1.0  # successes and failures added to each period (Agresti and Caffo)


class Verdict(StrEnum):
    """What to say of a difference."""

    CHANGED = "changed"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two periods, in the unit of the index, later minus earlier.

    ``statistic`` is the difference in standard errors, computed on adjusted counts for shares and the net
    promoter score; the verdict is "changed" when its size is above ``critical``. All are None where they
    cannot be told: no answers in a period, or a mean without a known spread.
    """

    difference: float | None
    statistic: float | None = None
    critical: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class ListVerdict:
    """What to say of a list of periods.

    ``statistic`` is the split's with the greatest magnitude and ``limit`` what chance seldom passes;
    ``since`` is the place of the first period after it, ``before`` and ``after`` the index on either side,
    all None where the split is within its limit. ``steps`` are the statistics of neighbours by the place of
    the later one; ``changed`` is also true where only one of them is beyond ``step_limit``. ``lists`` share
    the 5 %.
    """

    changed: bool
    since: int | None
    before: float | None
    after: float | None
    statistic: float
    limit: float
    step_limit: float
    periods: int
    lists: int
    steps: Mapping[int, float]

    def change_at(self, place: int, change: Change) -> Change:
        """Hold the change of one period against the one before it to the limit of its list."""
        statistic = self.steps.get(place)
        if statistic is None or change.difference is None:
            return change
        verdict = Verdict.CHANGED if abs(statistic) > self.step_limit else Verdict.NOISE
        return Change(change.difference, statistic, self.step_limit, verdict)


def _judged(difference: float, statistic: float, critical: float) -> Change:
    verdict = Verdict.CHANGED if abs(statistic) > critical else Verdict.NOISE
    return Change(difference, statistic, critical, verdict)


def share_change(successes_before: int, n_before: int, successes: int, n: int) -> Change:
    """Compare two shares by a pooled two-proportion z, one success and one failure added to each period.

    Source: A. Agresti and B. Caffo 2000.

    >>> share_change(40, 100, 60, 100).verdict, share_change(0, 0, 6, 10)
    (<Verdict.CHANGED: 'changed'>, Change(difference=None, statistic=None, critical=None, verdict=None))
    """
    if not n_before or not n:
        return Change(None)
    hits_before, hits = successes_before + SHARE_ADDED, successes + SHARE_ADDED
    counts_before, counts = n_before + 2 * SHARE_ADDED, n + 2 * SHARE_ADDED
    pooled = (hits_before + hits) / (counts_before + counts)
    error = (pooled * (1 - pooled) * (1 / counts_before + 1 / counts)) ** 0.5
    statistic = (hits / counts - hits_before / counts_before) / error
    return _judged(successes / n - successes_before / n_before, statistic, CRITICAL)


def nps_change(before: tuple[int, int, int], after: tuple[int, int, int]) -> Change:
    """Compare two net promoter scores by z on adjusted counts (n + 3, ¾ promoters, ¾ detractors).

    Args:
        before: promoters, detractors and n of the earlier period.
        after: likewise of the later.

    Source: B. Rocks 2016.

    >>> nps_change((462, 362, 1000), (520, 320, 1000)).verdict
    <Verdict.CHANGED: 'changed'>
    """
    if not before[2] or not after[2]:
        return Change(None)
    (score_before, variance_before), (score, variance) = adjusted_nps(*before), adjusted_nps(*after)
    statistic = float((score - score_before) / (variance + variance_before) ** 0.5)
    difference = 100 * ((after[0] - after[1]) / after[2] - (before[0] - before[1]) / before[2])
    return _judged(difference, statistic, CRITICAL)


def mean_change(
    before: tuple[float | None, float | None, int], after: tuple[float | None, float | None, int]
) -> Change:
    """Compare two means by Welch's statistic.

    Its critical value is Student's t, not 1.96, which it nears as n grows: as with the t-interval of a
    mean, a handful of answers must not look certain.

    Args:
        before: mean, sample variance and n of the earlier period.
        after: likewise of the later.

    >>> mean_change((50.0, 100.0, 200), (55.0, 100.0, 200)).verdict
    <Verdict.CHANGED: 'changed'>
    """
    (mean_before, variance_before, n_before), (mean, variance, n) = before, after
    if mean_before is None or mean is None:
        return Change(None)
    found = welch((mean_before, variance_before, n_before), (mean, variance, n))
    if found is None:
        return Change(mean - mean_before)
    return _judged(found.difference, found.difference / found.standard_error, found.critical)
