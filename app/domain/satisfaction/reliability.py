"""Cronbach's alpha: how far the questions of a composite measure one thing.

Source: L. J. Cronbach 1951; docs/formulas.md#composite-index.
"""

from typing import NamedTuple

import numpy as np

from app.domain.satisfaction.counting import moments
from app.domain.satisfaction.model import FloatArray, IntArray

LOW_BELOW = 0.6


class Reliability(NamedTuple):
    """Alpha of ``n`` complete responses to ``items`` questions.

    ``raw`` comes from covariances, ``standardised`` from correlations. None where it is not defined: fewer
    than 2 questions or responses, answers that do not vary (for ``standardised``: of any question).
    """

    n: int
    items: int
    raw: float | None
    standardised: float | None

    @property
    def is_low(self) -> bool | None:
        """Whether raw alpha is below 0.6: the questions hardly belong together. None without an alpha."""
        return None if self.raw is None else self.raw < LOW_BELOW


def cronbach_alpha(matrix: FloatArray) -> Reliability:
    """Alpha of one set of responses.

    Args:
        matrix: one row a complete response, one column a question, shape (n, items).

    >>> found = cronbach_alpha(np.array([[1.0, 2], [2, 3], [3, 5]]))
    >>> round(found.raw, 4), round(found.standardised, 4)
    (0.9474, 0.9909)
    """
    return alpha_by_group(matrix, np.zeros(len(matrix), dtype=np.int64), 1)[0]


def alpha_by_group(matrix: FloatArray, groups: IntArray, n_groups: int) -> list[Reliability]:
    """`cronbach_alpha` for each group of rows.

    Args:
        matrix: one row a complete response, one column a question, shape (n, items).
        groups: group code of each row, 0 to n_groups − 1.
        n_groups: how many groups there are.
    """
    items = matrix.shape[1]
    by_item = [moments(column, groups, n_groups) for column in matrix.T]
    variances = sum((item.variance for item in by_item), np.zeros(n_groups))
    raw = _alpha(items, variances, moments(matrix.sum(axis=1), groups, n_groups).variance)
    standard = np.zeros(len(matrix))
    for column, item in zip(matrix.T, by_item, strict=True):
        deviation = np.sqrt(np.where(item.variance > 0, item.variance, np.nan))
        standard += column / deviation[groups]
    # Standardised questions have variance 1 each; where they are centred does not matter here.
    ones = np.full(n_groups, float(items))
    standardised = _alpha(items, ones, moments(standard, groups, n_groups).variance)
    n = np.bincount(groups, minlength=n_groups).tolist()
    return [
        Reliability(count, items, *(None if np.isnan(value) else float(value) for value in pair))
        for count, *pair in zip(n, raw, standardised, strict=True)
    ]


def _alpha(items: int, sum_of_variances: FloatArray, variance_of_sum: FloatArray) -> FloatArray:
    if items < 2:
        return np.full(variance_of_sum.shape, np.nan)
    varying = np.where(variance_of_sum > 0, variance_of_sum, np.nan)
    return items / (items - 1) * (1 - sum_of_variances / varying)
