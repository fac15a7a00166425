"""Expectation-adjusted satisfaction: what customers would say if all expected the same.

Whoever demands more is harder to satisfy; comparing groups fairly takes that out. It explains; it does
not predict better.

Parts: ``sd`` of the adjusted scores; ``satisfaction_mean`` before the adjustment and ``expectation_mean``;
``beta`` with the ``reference_n`` responses it comes from, ``is_unadjusted`` (beta set to 0); and how many
responses fall into each quadrant: ``demanding_satisfied``, ``demanding_dissatisfied``,
``undemanding_satisfied``, ``undemanding_dissatisfied``.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.domain.satisfaction.counting import Moments, is_latest, moments, sums
from app.domain.satisfaction.model import (
    ANONYMOUS,
    DEFAULT_OPTIONS,
    Adjustment,
    Answers,
    BoolArray,
    FloatArray,
    Index,
    IndexResult,
    IntArray,
    Items,
    Options,
    Part,
)
from app.domain.satisfaction.responses import Responses, count_responses, needed_items, unite, weigh
from app.domain.satisfaction.results import bounded_t, compare_means, judged_means, numbers, results

MIN_N = 30
ROUNDING = 1e-9  # points nearer than this are equal


class Quadrant(StrEnum):
    """Where customers stand: whether they expect much, and whether they are satisfied. Runs keep the
    places."""

    UNDEMANDING_DISSATISFIED = "undemanding_dissatisfied"
    UNDEMANDING_SATISFIED = "undemanding_satisfied"
    DEMANDING_DISSATISFIED = "demanding_dissatisfied"
    DEMANDING_SATISFIED = "demanding_satisfied"


QUADRANTS = tuple(quadrant.value for quadrant in Quadrant)


@dataclass(frozen=True, slots=True, eq=False)
class Latest:
    """What customers said last, in points: columns of shape (n_customers,), NaN (and 0 for the instant) for
    those who have not said both."""

    satisfaction: FloatArray
    expectation: FloatArray
    answered_micros: IntArray


def fit(satisfaction: FloatArray, expectation: FloatArray, min_n: int = MIN_N) -> Adjustment:
    """Learn from a reference population how satisfaction goes with expectation.

    Args:
        satisfaction: points of each response, shape (n,).
        expectation: points of each, aligned.
        min_n: with fewer responses beta is 0 and the adjustment is flagged.

    Returns:
        beta = cov(satisfaction, expectation) / var(expectation); 0 and flagged when expectation does not
        vary. Its standard error is that of least squares.

    Raises:
        ValueError: lengths differ.

    Source: docs/formulas.md#expectation-adjusted-satisfaction.

    >>> fit(np.array([50.0, 60, 70, 80, 90]), np.array([40.0, 80, 60, 90, 80]), min_n=5).beta
    0.5625
    """
    if satisfaction.shape != expectation.shape:
        raise ValueError("satisfaction and expectation must be aligned")
    n = satisfaction.size
    if not n:
        return Adjustment(0, 0.0, None, None, None, is_unadjusted=True)
    centred = expectation - expectation.mean()
    varies = float(np.ptp(expectation)) > ROUNDING
    means = float(expectation.mean()), float(np.median(expectation)), float(satisfaction.mean())
    if n < min_n or not varies:
        return Adjustment(n, 0.0, *means, is_unadjusted=True)
    squares, above = centred @ centred, satisfaction - satisfaction.mean()
    beta = float(centred @ above / squares)
    left = above - beta * centred
    error = float(np.sqrt(left @ left / (n - 2) / squares)) if n > 2 else None
    return Adjustment(n, beta, *means, is_unadjusted=False, beta_error=error)


def adjust(satisfaction: FloatArray, expectation: FloatArray, adjustment: Adjustment) -> FloatArray:
    """Take out what is due to expectation: s − β·(e − ē), which may leave 0..100.

    >>> s, e = np.array([50.0, 60, 70, 80, 90]), np.array([40.0, 80, 60, 90, 80])
    >>> adjust(s, e, fit(s, e, min_n=5)).tolist()
    [66.875, 54.375, 75.625, 68.75, 84.375]
    """
    if adjustment.expectation_mean is None:
        return satisfaction.copy()
    return satisfaction - adjustment.beta * (expectation - adjustment.expectation_mean)


def adjust_one(satisfaction: float, expectation: float, adjustment: Adjustment) -> float:
    """`adjust` of one response.

    >>> learned = Adjustment(250, 0.7, 70.0, 70.0, 72.0, is_unadjusted=False)
    >>> round(adjust_one(66.2, 64.8, learned), 2)
    69.84
    """
    mean = adjustment.expectation_mean
    return satisfaction if mean is None else satisfaction - adjustment.beta * (expectation - mean)


def quadrants(
    satisfaction: FloatArray,
    expectation: FloatArray,
    adjustment: Adjustment,
    satisfied_from: float = DEFAULT_OPTIONS.satisfied_from,
) -> NDArray[np.int8]:
    """Tell in which quadrant each response stands, as its place among `QUADRANTS`.

    Demanding is who expects at least the median of the reference population; satisfied who has at least
    ``satisfied_from`` points.

    >>> s, e = np.array([50.0, 60, 70, 80, 90]), np.array([40.0, 80, 60, 90, 80])
    >>> [QUADRANTS[place] for place in quadrants(s, e, fit(s, e, min_n=5))[:3]]
    ['undemanding_dissatisfied', 'demanding_dissatisfied', 'undemanding_satisfied']
    """
    median = adjustment.expectation_median
    is_demanding = expectation >= (np.inf if median is None else median - ROUNDING)
    return (2 * is_demanding + (satisfaction >= satisfied_from - ROUNDING)).astype(np.int8)


def reference(answers: Answers, options: Options) -> Adjustment:
    """Learn the adjustment from all responses that ask both, as `compute` does.

    Raises:
        ValueError: as in `compute`.
    """
    responses = _responses(answers, np.zeros(answers.n, dtype=np.int64), 1, options)
    return _learned(responses, *_points(responses), options.min_n)


def latest(answers: Answers, options: Options, n_customers: int) -> Latest:
    """Find what each customer said of satisfaction and expectation in its latest response that has both.

    Raises:
        ValueError: as in `compute`.
    """
    responses = _responses(answers, np.zeros(answers.n, dtype=np.int64), 1, options)
    satisfaction, expectation = _points(responses)
    firsts = responses.answers.take(responses.first)
    named = np.flatnonzero(~np.isnan(satisfaction + expectation) & (firsts.respondent != ANONYMOUS))
    rows = named[is_latest(firsts, responses.group, named)]
    found = Latest(
        np.full(n_customers, np.nan), np.full(n_customers, np.nan), np.zeros(n_customers, dtype=np.int64)
    )
    who = firsts.respondent[rows]
    found.satisfaction[who], found.expectation[who] = satisfaction[rows], expectation[rows]
    found.answered_micros[who] = firsts.answered_micros[rows]
    return found


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute the adjusted score by group: its mean over responses, with a t-interval.

    The adjustment is learned from all responses given, those in no group included, so that groups stay
    comparable; a response that stands in several groups counts once for it. The interval does not include
    the uncertainty of beta.

    Args:
        answers: answers on satisfaction and expectation, on any scale.
        groups: group code of each row, shape (n,).
        n_groups: how many groups there are.
        options: ``items`` with both weights; ``min_n``, ``adjustment``, ``satisfied_from``,
            ``one_per_customer``.

    Returns:
        One result a group; ``n`` and ``excluded`` are responses to instruments that ask both. A response
        is ``incomplete`` when half of the weight of either is unanswered; for the quadrants see
        `quadrants`.

    Raises:
        ValueError: no items, an unknown one, a group out of range, or a response to two instruments.

    Source: docs/formulas.md#expectation-adjusted-satisfaction.
    """
    responses = _responses(answers, groups, n_groups, options)
    satisfaction, expectation = _points(responses)
    adjustment = options.adjustment
    if adjustment is None:
        adjustment = _learned(responses, satisfaction, expectation, options.min_n)
    adjusted = adjust(satisfaction, expectation, adjustment)
    counted = count_responses(responses, adjusted, n_groups, options)
    s, e = satisfaction[counted.rows], expectation[counted.rows]
    quadrant = quadrants(s, e, adjustment, options.satisfied_from)
    table = np.bincount(counted.groups * 4 + quadrant, minlength=4 * n_groups).reshape(n_groups, 4)
    found = moments(adjusted[counted.rows], counted.groups, n_groups)
    parts = _parts(found, _means(s, counted.groups, found.n), _means(e, counted.groups, found.n), adjustment)
    for part, counts in zip(parts, table.tolist(), strict=True):
        part.update(zip(QUADRANTS, counts, strict=True))
    # Adjusted points may leave 0..100, and so may their mean: no bounds.
    interval = bounded_t(found, -np.inf, np.inf)
    return results("expectation", found.n, found.mean, interval, found.variance, counted.excluded, parts)


def _responses(answers: Answers, groups: IntArray, n_groups: int, options: Options) -> Responses:
    items = needed_items(options, answers)
    return unite(answers, groups, n_groups, items, _asks_both(items))


def _points(responses: Responses) -> tuple[FloatArray, FloatArray]:
    """Satisfaction and expectation of each response, NaN where too little was answered."""
    items = responses.items
    return weigh(responses, items.weight).points, weigh(responses, items.expectation_weight).points


def _learned(
    responses: Responses, satisfaction: FloatArray, expectation: FloatArray, min_n: int
) -> Adjustment:
    """The adjustment over all responses, each of which counts once however many groups it is in."""
    distinct = np.unique(responses.answers.response[responses.first], return_index=True)[1]
    distinct = distinct[~np.isnan(satisfaction[distinct] + expectation[distinct])]
    return fit(satisfaction[distinct], expectation[distinct], min_n)


def _means(points: FloatArray, groups: IntArray, n: IntArray) -> list[float | None]:
    return numbers(sums(groups, n.size, points) / np.where(n > 0, n, np.nan))


def _parts(
    found: Moments,
    satisfaction_means: list[float | None],
    expectation_means: list[float | None],
    adjustment: Adjustment,
) -> list[dict[str, Part]]:
    return [
        {
            "sd": sd,
            "satisfaction_mean": satisfaction_mean,
            "expectation_mean": expectation_mean,
            "beta": adjustment.beta,
            "reference_n": adjustment.n,
            "is_unadjusted": adjustment.is_unadjusted,
        }
        for sd, satisfaction_mean, expectation_mean in zip(
            numbers(np.sqrt(found.variance)), satisfaction_means, expectation_means, strict=True
        )
    ]


def _asks_both(items: Items) -> BoolArray:
    """The questions with a weight of either kind whose instrument asks for both."""
    n = int(items.instrument.max(initial=0)) + 1
    asks_one = np.bincount(items.instrument, items.weight, minlength=n) > 0
    asks_other = np.bincount(items.instrument, items.expectation_weight, minlength=n) > 0
    is_read: BoolArray = (items.weight + items.expectation_weight > 0) & (asks_one & asks_other)[
        items.instrument
    ]
    return is_read


INDEX = Index(
    code="expectation",
    title="Expectation-adjusted satisfaction",
    formula="mean of s - beta x (e - mean e), beta = cov(s, e) / var(e) over all responses; t 95 %",
    source="Odabaşı 2000 (the demanding customer); analysis of covariance: Fisher 1932",
    documentation="/docs/formulas#expectation-adjusted-satisfaction",
    low=None,
    high=None,
    unit="points",
    kinds=("csat", "rating", "expectation"),
    compute=compute,
    compare=compare_means,
    judge_list=judged_means(None, None),
    needs_items=True,
)
