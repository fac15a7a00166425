"""From columns of groups to results."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from app.domain.satisfaction.change import Change, ListVerdict, mean_change
from app.domain.satisfaction.counting import Moments
from app.domain.satisfaction.intervals import IntervalColumns, t_columns
from app.domain.satisfaction.model import DimensionResult, FloatArray, IndexResult, IntArray, JudgeList, Part
from app.domain.satisfaction.periods import judge_means


def numbers(column: FloatArray) -> list[float | None]:
    """A column as numbers, None for NaN."""
    return [None if value != value else value for value in column.tolist()]


def results(
    index: str,
    n: IntArray,
    score: FloatArray,
    interval: IntervalColumns,
    variance: FloatArray,
    excluded: Iterable[Mapping[str, int]],
    parts: Iterable[Mapping[str, Part]],
    dimensions: Iterable[tuple[DimensionResult, ...]] | None = None,
) -> list[IndexResult]:
    """One result a group from aligned columns; NaN becomes None."""
    lines = zip(
        n.tolist(),
        numbers(score),
        numbers(interval.low),
        numbers(interval.high),
        numbers(variance),
        excluded,
        parts,
        [()] * n.size if dimensions is None else dimensions,
        strict=True,
    )
    return [IndexResult(index, *line) for line in lines]


def bounded_t(found: Moments, low: float, high: float) -> IntervalColumns:
    """T-intervals of means, cut to the bounds that no mean can leave."""
    interval = t_columns(found.mean, found.variance, found.n)
    return IntervalColumns(np.maximum(interval.low, low), np.minimum(interval.high, high))


def compare_means(previous: IndexResult, current: IndexResult) -> Change:
    """Tell whether an index that is a mean changed: Welch's statistic."""
    return mean_change(
        (previous.score, previous.variance, previous.n), (current.score, current.variance, current.n)
    )


def judged_means(low: float | None, high: float | None) -> JudgeList:
    """How to judge a list of periods of an index that is a mean between these bounds, if it has any."""

    def judge(results: Sequence[IndexResult], lists: int = 1) -> ListVerdict | None:
        return judge_means(results, low, high, lists)

    return judge
