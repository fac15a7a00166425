"""How far our own figure is from a competitor's, and whether that is more than chance makes it.

Source: docs/formulas.md#gap-to-a-competitor.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf, sqrt

from app.domain.satisfaction.change import CRITICAL, SHARE_ADDED
from app.domain.satisfaction.competitor_measurements import Measurement
from app.domain.satisfaction.expectation import adjust_one
from app.domain.satisfaction.intervals import NPS_ADDED, NPS_ADDED_ANSWERS, Z, adjusted_nps, t_quantile
from app.domain.satisfaction.model import RANKABLE_FROM, Adjustment, IndexResult

CSAT, NPS = "csat", "nps"


class Basis(StrEnum):
    """What a standard error is made of."""

    INTERVAL = "interval"
    SD_AND_N = "sd_and_n"
    SHARE_AND_N = "share_and_n"
    N_AT_MOST = "n_at_most"
    """For a net promoter score with n alone: the greatest error it can have."""


class NoVerdict(StrEnum):
    """Why it is unknown whether a gap is real."""

    NO_OWN_ANSWERS = "no_own_answers"
    FEW_OWN_ANSWERS = "few_own_answers"
    OWN_SPREAD_UNKNOWN = "own_spread_unknown"
    SEVERAL_SURVEYS = "several_surveys"
    FEW_ANSWERS = "few_answers"
    SAMPLE_UNKNOWN = "sample_unknown"
    SPREAD_UNKNOWN = "spread_unknown"


class GapVerdict(StrEnum):
    """What to say of a gap."""

    DIFFERS = "differs"
    NOISE = "noise"


class NotCorrected(StrEnum):
    """Why a competitor's figure is not corrected for how much its customers expect."""

    OTHER_INDEX = "other_index"
    EXPECTATION_UNKNOWN = "expectation_unknown"
    BETA_UNKNOWN = "beta_unknown"
    SEVERAL_SURVEYS = "several_surveys"


@dataclass(frozen=True, slots=True)
class Precision:
    """The standard error of a figure, in the unit of its index, with the degrees of freedom it was estimated
    with; or why there is none."""

    error: float | None = None
    degrees: float = inf
    basis: Basis | None = None
    unknown: NoVerdict | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Our figure minus the competitor's, in the unit of the index.

    ``low`` and ``high`` are the 95 % interval, ``statistic`` the gap in standard errors; the verdict is
    "differs" when its size is above ``critical``. What cannot be told is None, and ``reason`` says why.
    """

    difference: float | None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    statistic: float | None = None
    critical: float | None = None
    verdict: GapVerdict | None = None
    reason: NoVerdict | None = None


def own_precision(result: IndexResult) -> Precision:
    """Tell how sure our own figure is: on adjusted counts for shares and the net promoter score."""
    n, parts = result.n, result.parts
    if not n:
        return Precision(unknown=NoVerdict.NO_OWN_ANSWERS)
    if n < RANKABLE_FROM:
        return Precision(unknown=NoVerdict.FEW_OWN_ANSWERS)
    if result.index == CSAT:
        return Precision(_share_error(float(parts["satisfied"] or 0), n), basis=Basis.SHARE_AND_N)
    if result.index == NPS:
        _, variance = adjusted_nps(float(parts["promoters"] or 0), float(parts["detractors"] or 0), n)
        return Precision(100 * sqrt(variance), basis=Basis.SHARE_AND_N)
    if not result.variance:
        return Precision(unknown=NoVerdict.OWN_SPREAD_UNKNOWN)
    return Precision(sqrt(result.variance / n), n - 1, Basis.SD_AND_N)


def reported_precision(index: str, reported: Measurement) -> Precision:
    """Tell how sure a competitor's figure is, from what its study tells: the interval, else sd and n, else n.

    A share has its error in itself; a net promoter score with n alone has at most that of a score
    without passives; n alone says nothing of a mean.

    >>> round(reported_precision("csat", Measurement(0.78, n=400)).error, 6)
    0.020708
    >>> reported_precision("composite", Measurement(66.2, n=400)).unknown
    <NoVerdict.SPREAD_UNKNOWN: 'spread_unknown'>
    """
    n = reported.n
    if n is not None and n < RANKABLE_FROM:
        return Precision(unknown=NoVerdict.FEW_ANSWERS)
    if reported.low is not None and reported.high is not None and reported.low < reported.high:
        return Precision((reported.high - reported.low) / (2 * Z), basis=Basis.INTERVAL)
    if n is None:
        return Precision(unknown=NoVerdict.SAMPLE_UNKNOWN)
    if reported.sd is not None:
        return Precision(reported.sd / sqrt(n), n - 1, Basis.SD_AND_N)
    if index == CSAT:
        return Precision(_share_error(reported.value * n, n), basis=Basis.SHARE_AND_N)
    if index == NPS:
        return Precision(_greatest_nps_error(reported.value, n), basis=Basis.N_AT_MOST)
    return Precision(unknown=NoVerdict.SPREAD_UNKNOWN)


def gap(own: float | None, own_sure: Precision, value: float, reported_certainty: Precision) -> Gap:
    """Hold our figure against a competitor's.

    The critical value is 1.96; where an error was estimated from a spread, Student's t with Satterthwaite's
    degrees of freedom, so that a handful of answers does not look certain.

    Args:
        own: our figure; None without answers, or where several surveys have one each.
        own_sure: how sure it is.
        value: the competitor's.
        reported_certainty: how sure that is.

    >>> ours, theirs = Precision(0.885438, 249), Precision(0.862163, 411)
    >>> found = gap(72.0, ours, 66.2, theirs)
    >>> round(found.statistic, 3), found.verdict
    (4.693, <GapVerdict.DIFFERS: 'differs'>)
    """
    if own is None:
        return Gap(None, reason=own_sure.unknown or NoVerdict.NO_OWN_ANSWERS)
    difference = own - value
    if own_sure.error is None or reported_certainty.error is None:
        return Gap(difference, reason=own_sure.unknown or reported_certainty.unknown)
    parts = own_sure.error**2, reported_certainty.error**2
    error = sqrt(sum(parts))
    if not error:  # numbers so small that their squares vanish
        return Gap(difference, reason=NoVerdict.SPREAD_UNKNOWN)
    # Shares of the total, so that squares of tiny variances do not vanish.
    wanting = sum(
        (part / error**2) ** 2 / sure.degrees
        for part, sure in zip(parts, (own_sure, reported_certainty), strict=True)
    )
    critical = float(t_quantile(1 / wanting)) if wanting else CRITICAL
    statistic, half = difference / error, critical * error
    verdict = GapVerdict.DIFFERS if abs(statistic) > critical else GapVerdict.NOISE
    return Gap(difference, error, difference - half, difference + half, statistic, critical, verdict)


def not_corrected(reported: Measurement, adjustment: Adjustment) -> NotCorrected | None:
    """Tell why a figure of the composite index cannot be corrected for demandingness; None: it can.

    No other index can be: beta is in points of the composite one for a point of expectation.
    """
    if reported.expectation_mean is None:
        return NotCorrected.EXPECTATION_UNKNOWN
    if adjustment.is_unadjusted or adjustment.expectation_mean is None:
        return NotCorrected.BETA_UNKNOWN
    return None


def corrected(
    reported: Measurement, reported_certainty: Precision, adjustment: Adjustment
) -> tuple[float, Precision]:
    """Tell what a competitor's figure would be if its customers expected as much as ours do: s − β·(e − ē).

    Args:
        reported: the measurement, for which `not_corrected` is None.
        reported_certainty: how sure it is.
        adjustment: learned from our own answers.

    Returns:
        The corrected figure, and how sure it is: the further its customers are from ours, the more the
        uncertainty of beta counts. That of ``expectation_mean`` is not known and left out.

    >>> ours = Adjustment(250, 0.7, 70.0, 72.0, 72.0, is_unadjusted=False, beta_error=0.05)
    >>> value, sure = corrected(Measurement(66.2, expectation_mean=64.8), Precision(0.862163), ours)
    >>> round(value, 2), round(sure.error, 4)
    (69.84, 0.9005)
    """
    expected = reported.expectation_mean or 0.0
    value = adjust_one(reported.value, expected, adjustment)
    if reported_certainty.error is None:
        return value, reported_certainty
    away = expected - (adjustment.expectation_mean or 0.0)
    error = sqrt(reported_certainty.error**2 + (away * (adjustment.beta_error or 0.0)) ** 2)
    return value, Precision(error, reported_certainty.degrees, reported_certainty.basis)


def _share_error(hits: float, n: int) -> float:
    """Of a share, one success and one failure added, so that 0 and 1 are not certain."""
    counts = n + 2 * SHARE_ADDED
    share = (hits + SHARE_ADDED) / counts
    return sqrt(share * (1 - share) / counts)


def _greatest_nps_error(score: float, n: int) -> float:
    """Of a net promoter score on adjusted counts, if nobody was passive."""
    counts = n + NPS_ADDED_ANSWERS
    adjusted = score / 100 * n / counts
    return 100 * sqrt(((n + 2 * NPS_ADDED) / counts - adjusted**2) / counts)
