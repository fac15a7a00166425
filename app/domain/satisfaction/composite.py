"""Composite satisfaction index: several questions, weighted, on 0 to 100.

Parts: ``sd``, the standard deviation over responses; ``reweighed``, how many count though a component is
missing; ``alpha_raw`` and ``alpha_standardised``, Cronbach's alpha over the ``alpha_n`` whole responses to
the ``alpha_items`` components of the instrument most of them answered; ``is_alpha_low``.
"""

import numpy as np

from app.domain.satisfaction.counting import Counted, moments, sums
from app.domain.satisfaction.model import (
    DEFAULT_OPTIONS,
    Answers,
    BoolArray,
    Index,
    IndexResult,
    IntArray,
    Options,
    Part,
)
from app.domain.satisfaction.reliability import Reliability, alpha_by_group
from app.domain.satisfaction.responses import Responses, count_responses, needed_items, unite, weigh
from app.domain.satisfaction.results import bounded_t, compare_means, judged_means, numbers, results


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute the composite index by group: each response first, then their mean with a t-interval.

    Args:
        answers: answers to the components on any scale, with the rows of other questions or without.
        groups: group code of each row, shape (n,).
        n_groups: how many groups there are.
        options: ``items`` with the weights; ``one_per_customer`` (every response counts unless asked).

    Returns:
        One result a group; ``score`` is in points of 0..100, ``n`` and ``excluded`` are responses. A
        response is ``incomplete`` when its answered components hold less than half of the weight.

    Raises:
        ValueError: no items, an unknown one, a group out of range, or a response to two instruments.

    Source: docs/formulas.md#composite-index.
    """
    items = needed_items(options, answers)
    responses = unite(answers, groups, n_groups, items, items.weight > 0)
    scored = weigh(responses, items.weight)
    counted = count_responses(responses, scored.points, n_groups, options)
    found = moments(scored.points[counted.rows], counted.groups, n_groups)
    reweighed = sums(counted.groups[~scored.is_whole[counted.rows]], n_groups)
    alphas = _alphas(responses, counted, scored.is_whole, n_groups)
    parts = [
        _parts(sd, int(less), alpha)
        for sd, less, alpha in zip(numbers(np.sqrt(found.variance)), reweighed.tolist(), alphas, strict=True)
    ]
    interval = bounded_t(found, 0.0, 100.0)
    return results("composite", found.n, found.mean, interval, found.variance, counted.excluded, parts)


def _parts(sd: float | None, reweighed: int, alpha: Reliability) -> dict[str, Part]:
    return {
        "sd": sd,
        "reweighed": reweighed,
        "alpha_raw": alpha.raw,
        "alpha_standardised": alpha.standardised,
        "alpha_n": alpha.n,
        "alpha_items": alpha.items,
        "is_alpha_low": alpha.is_low,
    }


def _alphas(responses: Responses, counted: Counted, is_whole: BoolArray, n_groups: int) -> list[Reliability]:
    """Alpha by group, of the instrument with the most whole responses there."""
    best = [Reliability(0, 0, None, None)] * n_groups
    items = responses.items
    for instrument in np.unique(items.instrument[items.weight > 0]):
        components = np.flatnonzero((items.weight > 0) & (items.instrument == instrument))
        whole = counted.rows[is_whole[counted.rows] & (responses.instrument[counted.rows] == instrument)]
        if components.size < 2 or not whole.size:
            continue
        row_of = np.full(responses.n, -1)
        row_of[whole] = np.arange(whole.size)
        column_of = np.zeros(items.weight.size, dtype=np.int64)
        column_of[components] = np.arange(components.size)
        rows = np.flatnonzero(row_of[responses.of] >= 0)
        matrix = np.zeros((whole.size, components.size))
        part = responses.answers.take(rows)
        matrix[row_of[responses.of[rows]], column_of[part.item]] = part.points()
        found = alpha_by_group(matrix, responses.group[whole], n_groups)
        best = [max(old, new, key=lambda one: one.n) for old, new in zip(best, found, strict=True)]
    return best


INDEX = Index(
    code="composite",
    title="Composite satisfaction index",
    formula="sum of w x (x - min) / (max - min) x 100 by response, over the answered if they hold half "
    "of the weight; mean of responses, t 95 %",
    source="Fornell et al. 1996; alpha: Cronbach 1951",
    documentation="/docs/formulas#composite-index",
    low=0.0,
    high=100.0,
    unit="points",
    kinds=("csat", "rating"),
    compute=compute,
    compare=compare_means,
    judge_list=judged_means(0.0, 100.0),
    needs_items=True,
    survey_apart=True,
)
