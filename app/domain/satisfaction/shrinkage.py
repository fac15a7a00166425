"""Scores of agents, teams and channels drawn toward the overall mean, so that three lucky answers do not win.

Source: method of moments (one-way analysis of variance); docs/formulas.md#shrunk-scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.domain.satisfaction.model import FloatArray, IndexResult


@dataclass(frozen=True, slots=True, eq=False)
class Shrunk:
    """Scores drawn toward ``overall``, NaN for groups without answers, and what they were drawn by.

    ``within`` and ``between`` are the variances within and between groups; None where they cannot be told
    (``within``: no group has two answers; ``between``: fewer than two groups as well). ``k`` = within /
    between answers weigh as much as the overall mean does; None when everything is the overall mean.
    """

    scores: FloatArray
    overall: float | None
    within: float | None
    between: float | None
    k: float | None


def shrink(n: ArrayLike, means: ArrayLike, variances: ArrayLike) -> Shrunk:
    """Draw the mean of each group toward the overall mean by n / (n + k).

    k = within-group / between-group variance. Where groups differ no more than chance makes them
    (between <= 0), or where that cannot be told, every group gets the overall mean.

    Args:
        n: answers in each group, shape (groups,).
        means: their mean, NaN (or anything) where n is 0.
        variances: their sample variance, NaN (or anything) where n < 2.

    Returns:
        Shrunk scores aligned with the input, each between its own mean and the overall one.

    Raises:
        ValueError: shapes differ.

    >>> found = shrink([100, 100, 3], [60.0, 80.0, 100.0], [400.0, 400.0, 0.0])
    >>> found.scores.round(1).tolist(), round(found.k, 2)
    ([60.2, 79.8, 88.6], 1.89)
    """
    counts = np.asarray(n, dtype=np.float64)
    own, spread = np.asarray(means, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if not counts.shape == own.shape == spread.shape:
        raise ValueError("there must be one n, mean and variance a group")
    some, several = counts > 0, counts > 1
    total, n_groups = float(counts.sum()), int(np.count_nonzero(some))
    scores = np.full(counts.shape, np.nan)
    if not n_groups:
        return Shrunk(scores, None, None, None, None)
    overall = float(counts[some] @ own[some]) / total
    scores[some] = overall
    degrees = total - n_groups
    if not degrees:
        return Shrunk(scores, overall, None, None, None)
    within = float((counts[several] - 1) @ spread[several]) / degrees
    if n_groups < 2:
        return Shrunk(scores, overall, within, None, None)
    squares = float(counts[some] @ (own[some] - overall) ** 2) / (n_groups - 1)
    typical_n = (total - float(counts @ counts) / total) / (n_groups - 1)
    between = (squares - within) / typical_n
    if between <= 0:
        return Shrunk(scores, overall, within, between, None)
    k = within / between
    scores[some] += counts[some] / (counts[some] + k) * (own[some] - overall)
    return Shrunk(scores, overall, within, between, k)


def shrink_results(results: Sequence[IndexResult]) -> list[float | None]:
    """Shrunk score of each group of one index, in its unit; None where there is no answer."""
    found = shrink(
        [result.n for result in results],
        [np.nan if result.score is None else result.score for result in results],
        [np.nan if result.variance is None else result.variance for result in results],
    )
    return [None if np.isnan(score) else float(score) for score in found.scores]
