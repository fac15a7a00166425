"""Several questions to one number a response: weighted means over what was answered."""

from typing import NamedTuple

import numpy as np

from app.domain.satisfaction.counting import Counted, check_groups, choose
from app.domain.satisfaction.model import (
    NO_GROUP,
    Answers,
    BoolArray,
    Exclusion,
    FloatArray,
    IntArray,
    Items,
    Options,
)

LEAST_COVERAGE = 0.5
"""Share of the weight that must be answered for a response to count."""

_ROUNDING = 1e-9


class Responses(NamedTuple):
    """The rows an index reads, and the responses they make up: one for each (response, group) pair.

    ``answers`` are these rows and ``of`` the position of each row's response, shape (rows,). ``first`` is
    one row of each response, ``group`` its group, ``instrument`` the survey it answers, shape (responses,).
    """

    answers: Answers
    items: Items
    of: IntArray
    first: IntArray
    group: IntArray
    instrument: IntArray

    @property
    def n(self) -> int:
        """Number of responses."""
        return self.first.size


class Weighted(NamedTuple):
    """Points of 0..100 a response, NaN where too little was answered; and whether everything was."""

    points: FloatArray
    is_whole: BoolArray


def needed_items(options: Options, answers: Answers) -> Items:
    """The questions an index cannot do without.

    Raises:
        ValueError: there are none in the options, or an answer is to a question that is not among them.
    """
    if options.items is None:
        raise ValueError("this index needs Options.items")
    if answers.n and int(answers.item.max()) >= options.items.weight.size:
        raise ValueError("an answer has a question that Options.items does not know")
    return options.items


def unite(answers: Answers, groups: IntArray, n_groups: int, items: Items, is_read: BoolArray) -> Responses:
    """Gather the rows of the questions with ``is_read`` into responses.

    Raises:
        ValueError: a group is out of range, or a response mixes questions of two instruments.
    """
    check_groups(groups, answers.n, n_groups)
    rows = np.flatnonzero(is_read[answers.item])
    answers, groups = answers.take(rows), groups[rows]
    width = int(answers.response.max()) + 1 if answers.n else 1
    pair = (groups - NO_GROUP) * width + answers.response
    _, first, of = np.unique(pair, return_index=True, return_inverse=True)
    instruments = items.instrument[answers.item]
    if np.any(instruments[first][of] != instruments):
        raise ValueError("a response has questions of two instruments")
    return Responses(answers, items, of, first, groups[first], instruments[first])


def weigh(responses: Responses, weight: FloatArray, least_coverage: float = LEAST_COVERAGE) -> Weighted:
    """Weighted mean of each response, its answered questions reweighed to 1.

    Args:
        responses: what `unite` gave.
        weight: weight of each question, shape (n_items,), >= 0; only proportions within an instrument matter.
        least_coverage: share of its instrument's weight a response must have answered to get a number.

    Returns:
        100·(value − min)/(max − min) averaged by weight. A skipped answer, or one without a usable scale,
        is one not given.
    """
    answers, items = responses.answers, responses.items
    total = np.bincount(items.instrument, weight, minlength=1)[responses.instrument]
    given = np.flatnonzero(answers.is_valid() & (weight[answers.item] > 0))
    of, weights = responses.of[given], weight[answers.item[given]]
    covered = np.bincount(of, weights, minlength=responses.n)
    points = np.bincount(of, weights * answers.points()[given], minlength=responses.n)
    is_enough = (covered > 0) & (covered >= (least_coverage - _ROUNDING) * total)
    return Weighted(
        points / np.where(is_enough, covered, np.nan), is_enough & (covered >= (1 - _ROUNDING) * total)
    )


def count_responses(responses: Responses, points: FloatArray, n_groups: int, options: Options) -> Counted:
    """Choose the responses that have points, the latest of each customer if asked; what is left out beside
    them are answers."""
    counted = choose(
        responses.answers.take(responses.first),
        responses.group,
        n_groups,
        {Exclusion.INCOMPLETE: np.isnan(points)},
        bool(options.one_per_customer),
    )
    bad = bad_answers(responses, n_groups)
    return counted._replace(excluded=[{**a, **b} for a, b in zip(bad, counted.excluded, strict=True)])


def bad_answers(responses: Responses, n_groups: int) -> list[dict[str, int]]:
    """How many answers of each group are no part of their response, by each reason that there is; those
    skipped apart."""
    answers, group = responses.answers, responses.group[responses.of]
    given = ~answers.is_skipped & (group != NO_GROUP)
    faults = {
        Exclusion.WRONG_SCALE: given & ~answers.has_scale(),
        Exclusion.OUT_OF_RANGE: given & answers.has_scale() & ~answers.in_range(),
    }
    counts = {str(name): np.bincount(group[rows], minlength=n_groups) for name, rows in faults.items()}
    return [{name: int(n[place]) for name, n in counts.items() if n[place]} for place in range(n_groups)]
