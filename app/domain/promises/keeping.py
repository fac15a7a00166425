"""How far promises are kept: kept on time / due, of one group and of several that are compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.satisfaction.intervals import wilson
from app.domain.satisfaction.shrinkage import shrink

SMALL = 30
"""Groups with fewer promises that count are marked: too few to rely on."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of promises that were due.

    Args:
        on_time: kept on time.
        late: kept after they were due.
        overdue: past due and not kept, also those that were given up only then by whom they were made to.
        cancelled_by_promiser: cancelled by who had made them.
        cancelled_by_other: cancelled before they were due by whom they were made to: these do not count.
        moved: moved at least once, whatever became of them.
        open: not due yet; not among those that were due.
    """

    on_time: int = 0
    late: int = 0
    overdue: int = 0
    cancelled_by_promiser: int = 0
    cancelled_by_other: int = 0
    moved: int = 0
    open: int = 0

    @property
    def due(self) -> int:
        """All that were due, those that do not count as well."""
        return self.counted + self.cancelled_by_other

    @property
    def counted(self) -> int:
        """Those that the kept rate is of."""
        return self.on_time + self.late + self.overdue + self.cancelled_by_promiser


@dataclass(frozen=True, slots=True)
class KeptRate:
    """Kept on time / counted with Wilson's 95 % interval; None where none counts."""

    share: float | None
    low: float | None
    high: float | None
    is_small: bool


def kept_rate(outcomes: Outcomes) -> KeptRate:
    """Give the share of promises that were kept on time, of those that were due and count.

    Source: docs/formulas.md#promises; E. B. Wilson 1927.

    >>> found = kept_rate(Outcomes(14, 3, 1, 1, 1))
    >>> [round(number, 4) for number in (found.share, found.low, found.high)]
    [0.7368, 0.5121, 0.8819]
    """
    n = outcomes.counted
    bounds = wilson(outcomes.on_time, n)
    if bounds is None:
        return KeptRate(None, None, None, is_small=True)
    return KeptRate(outcomes.on_time / n, bounds.low, bounds.high, n < SMALL)


def shrunk_rates(groups: Sequence[Outcomes]) -> list[float | None]:
    """Draw the kept rate of each group toward that of all, the more so the fewer promises it has.

    Returns:
        Aligned with ``groups``; None for a group in which none counts.

    >>> found = shrunk_rates([Outcomes(90, 10), Outcomes(50, 50), Outcomes(1)])
    >>> [round(rate, 3) for rate in found]
    [0.896, 0.504, 0.793]
    """
    n = np.array([group.counted for group in groups], dtype=np.float64)
    kept = np.array([group.on_time for group in groups], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = kept / n
        variances = n * means * (1 - means) / (n - 1)
    return [None if np.isnan(rate) else float(rate) for rate in shrink(n, means, variances).scores]
