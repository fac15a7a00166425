"""Service culture profile: how customers see the moral and the material side of service, on 0 to 100.

Moral: interest, sincerity, reliability, respect. Material: product quality, adequacy of the channel,
adequacy of technology. ``dimensions`` of a result holds all seven, then the sides "moral" and "material".

Parts: ``sd``, the standard deviation of the overall mean over responses; ``reweighed``, how many count
though a question is unanswered.
"""

from collections.abc import Iterator

import numpy as np

from app.domain.satisfaction.counting import Counted, moments, sums
from app.domain.satisfaction.model import (
    DEFAULT_OPTIONS,
    MATERIAL,
    MORAL,
    Answers,
    BoolArray,
    Dimension,
    DimensionResult,
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

_PLACES = {name: place for place, name in enumerate(Dimension)}
_PARTS_OF = {
    **{str(one): (one,) for one in (*MORAL, *MATERIAL)},
    "moral": MORAL,
    "material": MATERIAL,
}


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute the profile by group: means over responses with t-intervals.

    Every dimension an instrument asks weighs the same, and within it every question. The overall score
    uses responses that answered at least half of that weight; the dimensions use the same responses, each
    those that answered it.

    Args:
        answers: answers to questions with a dimension on any scale, with other rows or without.
        groups: group code of each row, shape (n,).
        n_groups: how many groups there are.
        options: ``items`` with the dimensions; ``one_per_customer`` (every response counts unless asked).

    Returns:
        One result a group, with ``dimensions``; scores are in points of 0..100, ``n`` and ``excluded`` are
        responses.

    Raises:
        ValueError: no items, an unknown one, a group out of range, or a response to two instruments.

    Source: docs/formulas.md#service-culture-profile.
    """
    items = needed_items(options, answers)
    responses = unite(answers, groups, n_groups, items, items.dimension >= 0)
    weight = _weights(items)
    scored = weigh(responses, weight)
    counted = count_responses(responses, scored.points, n_groups, options)
    found = moments(scored.points[counted.rows], counted.groups, n_groups)
    reweighed = sums(counted.groups[~scored.is_whole[counted.rows]], n_groups).tolist()
    parts: list[dict[str, Part]] = [
        {"sd": sd, "reweighed": int(less)}
        for sd, less in zip(numbers(np.sqrt(found.variance)), reweighed, strict=True)
    ]
    profiles = list(_profiles(responses, weight, counted, n_groups))
    dimensions = list(zip(*profiles, strict=True))
    interval = bounded_t(found, 0.0, 100.0)
    return results(
        "culture", found.n, found.mean, interval, found.variance, counted.excluded, parts, dimensions
    )


def _weights(items: Items) -> FloatArray:
    """1 for each dimension of an instrument, divided among its questions."""
    has = items.dimension >= 0
    place = items.instrument * len(Dimension) + items.dimension
    asked = np.bincount(place[has], minlength=1)
    weight = np.zeros(items.dimension.size)
    weight[has] = 1 / asked[place[has]]
    return weight


def _profiles(
    responses: Responses, weight: FloatArray, counted: Counted, n_groups: int
) -> Iterator[list[DimensionResult]]:
    """For each dimension and side, its result a group."""
    for name, parts in _PARTS_OF.items():
        belongs: BoolArray = np.isin(responses.items.dimension, [_PLACES[part] for part in parts])
        points = weigh(responses, np.where(belongs, weight, 0.0), least_coverage=0.0).points[counted.rows]
        has = ~np.isnan(points)
        found = moments(points[has], counted.groups[has], n_groups)
        interval = bounded_t(found, 0.0, 100.0)
        columns = zip(
            found.n.tolist(),
            numbers(found.mean),
            numbers(interval.low),
            numbers(interval.high),
            strict=True,
        )
        yield [DimensionResult(name, *line) for line in columns]


INDEX = Index(
    code="culture",
    title="Service culture profile",
    formula="mean of (x - min) / (max - min) x 100 by dimension; overall all weigh the same; t 95 %",
    source="Odabaşı 2000",
    documentation="/docs/formulas#service-culture-profile",
    low=0.0,
    high=100.0,
    unit="points",
    kinds=("rating",),
    compute=compute,
    compare=compare_means,
    judge_list=judged_means(0.0, 100.0),
    needs_items=True,
)
