"""How often something happens in two periods: the ratio of the rates with an exact interval.

Two counts that come about one by one, independently of each other, are Poisson; given their sum n, the later
one is binomial with p = r·t₁ / (t₀ + r·t₁), where r is the ratio of the rates and t the lengths. So the exact
interval of p (Clopper and Pearson) is one of r.

Source: docs/formulas.md#how-often-failures-happen.
"""

from dataclasses import dataclass
from enum import StrEnum

CONFIDENCE = 0.95


class RateVerdict(StrEnum):
    """What to say of two rates."""

    FEWER = "fewer"
    MORE = "more"
    NO_EVIDENCE = "no_evidence"


@dataclass(frozen=True, slots=True)
class RateChange:
    """The rate of a later period over that of an earlier one.

    Args:
        before: how often it happened in the earlier period.
        days_before: length of that.
        after: how often in the later.
        days_after: length of that.
        confidence: of the interval, 0..1.
        ratio: later rate over earlier; None when there was none before, or a period has no length.
        low: lower end of its interval; None when nothing happened in either, or a period has no length.
        high: upper end; None likewise, and when nothing happened before: then it has no bound.
    """

    before: int
    days_before: float
    after: int
    days_after: float
    confidence: float = CONFIDENCE
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> RateVerdict:
        """Fewer or more where the interval lies wholly on one side of 1; else there is no evidence."""
        if self.high is not None and self.high < 1:
            return RateVerdict.FEWER
        if self.low is not None and self.low > 1:
            return RateVerdict.MORE
        return RateVerdict.NO_EVIDENCE


def rate_change(
    before: int, days_before: float, after: int, days_after: float, *, confidence: float = CONFIDENCE
) -> RateChange:
    """Compare how often something happened in two periods, by an exact interval of the ratio of the rates.

    Args:
        before: count of the earlier period, 0 or more.
        days_before: its length, 0 or more.
        after: count of the later period.
        days_after: its length.
        confidence: of the interval, between 0 and 1.

    Raises:
        ValueError: a count or a length is negative, or the confidence is not between 0 and 1.

    Source: J. Przyborowski and H. Wilenski 1940; C. J. Clopper and E. S. Pearson 1934.

    >>> found = rate_change(40, 90, 22, 90)
    >>> round(found.ratio, 4), round(found.low, 4), round(found.high, 4), found.verdict.value
    (0.55, 0.3113, 0.9479, 'fewer')
    >>> rate_change(12, 90, 0, 30).verdict.value
    'no_evidence'
    """
    if min(before, after) < 0 or min(days_before, days_after) < 0 or not 0 < confidence < 1:
        raise ValueError("counts and lengths must be 0 or more, and the confidence between 0 and 1")
    given = (before, days_before, after, days_after, confidence)
    if not before + after or not days_before or not days_after:
        return RateChange(*given)
    import scipy.special  # a quarter of a second to import, which not every command needs

    tail, longer = (1 - confidence) / 2, days_before / days_after
    least = float(scipy.special.betaincinv(after, before + 1, tail)) if after else 0.0
    most = float(scipy.special.betaincinv(after + 1, before, 1 - tail)) if before else 1.0
    return RateChange(
        *given,
        ratio=after / before * longer if before else None,
        low=least / (1 - least) * longer,
        high=most / (1 - most) * longer if before else None,
    )


def shared_confidence(comparisons: int) -> float:
    """Give the confidence of each of several comparisons, so that chance makes a difference of any of them in
    at most 5 of 100 reports (Bonferroni).

    >>> shared_confidence(1), shared_confidence(10)
    (0.95, 0.995)
    """
    return 1 - (1 - CONFIDENCE) / max(1, comparisons)
