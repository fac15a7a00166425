"""What the indices share: which rows count, and sums and moments by group."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from app.domain.satisfaction.model import (
    ANONYMOUS,
    NO_GROUP,
    Answers,
    BoolArray,
    Exclusion,
    FloatArray,
    IntArray,
)

NO_SPREAD = 1e-16  # a sample variance below this (points squared) is rounding of equal values
_REASONS = tuple(Exclusion)


class Counted(NamedTuple):
    """The rows that count: their positions and groups, and per group how many there are and are not."""

    rows: IntArray
    groups: IntArray
    n: IntArray
    excluded: list[dict[str, int]]


def check_groups(groups: IntArray, n: int, n_groups: int) -> None:
    """Check a group code a row.

    Raises:
        ValueError: not one whole number a row, or not `NO_GROUP` to n_groups − 1.
    """
    if n_groups < 0 or groups.shape != (n,) or groups.dtype.kind != "i":
        raise ValueError("groups must be one whole number a row")
    if n and not (int(groups.min()) >= NO_GROUP and int(groups.max()) < n_groups):
        raise ValueError("a group is out of range")


def count(
    answers: Answers, groups: IntArray, n_groups: int, right_scale: BoolArray, one_per_customer: bool
) -> Counted:
    """Choose the answers that count: not skipped, on a right scale and within it, the latest if only one may.

    Args:
        answers: the rows.
        groups: group code of each.
        n_groups: how many groups there are.
        right_scale: which rows have a scale the index can read, shape (n,).
        one_per_customer: keep the latest valid answer of each customer to each question in each group.
    """
    check_groups(groups, answers.n, n_groups)
    refusals = {
        Exclusion.SKIPPED: answers.is_skipped,
        Exclusion.WRONG_SCALE: ~right_scale,
        Exclusion.OUT_OF_RANGE: ~answers.in_range(),
    }
    return choose(answers, groups, n_groups, refusals, one_per_customer, by_question=True)


def choose(
    answers: Answers,
    groups: IntArray,
    n_groups: int,
    refusals: Mapping[Exclusion, BoolArray],
    one_per_customer: bool,
    *,
    by_question: bool = False,
) -> Counted:
    """Choose the rows no refusal holds for; the first one that does is the reason counted.

    ``by_question``: only an answer to the same question replaces an earlier one of the customer.
    """
    reason = np.zeros(answers.n, dtype=np.int64)
    for exclusion, refused in reversed(list(refusals.items())):
        reason[refused] = 1 + _REASONS.index(exclusion)
    if one_per_customer:
        named = np.flatnonzero((reason == 0) & (answers.respondent != ANONYMOUS))
        is_last = is_latest(answers, groups, named, by_question=by_question)
        reason[named[~is_last]] = 1 + _REASONS.index(Exclusion.REPLACED)
    grouped = groups != NO_GROUP
    width = 1 + len(_REASONS)
    table = np.bincount(groups[grouped] * width + reason[grouped], minlength=n_groups * width)
    table = table.reshape(n_groups, width)
    named_reasons = [*refusals, Exclusion.REPLACED]
    columns = [table[:, 1 + _REASONS.index(exclusion)].tolist() for exclusion in named_reasons]
    excluded = [dict(zip(map(str, named_reasons), line, strict=True)) for line in zip(*columns, strict=True)]
    rows = np.flatnonzero((reason == 0) & grouped)
    return Counted(rows, groups[rows], table[:, 0].astype(np.int64), excluded)


def is_latest(answers: Answers, groups: IntArray, rows: IntArray, *, by_question: bool = False) -> BoolArray:
    """Tell which of ``rows`` are the latest of their customer (to their question, if asked) in their group.

    Of several at the same instant the greatest (response, item, value) is taken, so that the order of the
    rows does not matter.
    """
    if not rows.size:
        return np.zeros(0, dtype=np.bool_)
    pair = groups[rows] * (int(answers.respondent[rows].max()) + 1) + answers.respondent[rows]
    _, pair = np.unique(pair, return_inverse=True)
    if by_question:
        item = answers.item[rows]
        _, pair = np.unique(pair * (int(item.max()) + 1) + item, return_inverse=True)
    best = np.ones(rows.size, dtype=np.bool_)
    for column in (answers.answered_micros, answers.response, answers.item, answers.value):
        left = np.flatnonzero(best)
        greatest = np.full(int(pair.max()) + 1, np.iinfo(np.int64).min)
        np.maximum.at(greatest, pair[left], column[rows[left]])
        best[left] = column[rows[left]] == greatest[pair[left]]
        if np.count_nonzero(best) == greatest.size:
            return best
    first = np.unique(pair[best], return_index=True)[1]  # rows that are the same in every column: any one
    only = np.zeros(rows.size, dtype=np.bool_)
    only[np.flatnonzero(best)[first]] = True
    return only


def sums(
    groups: IntArray, n_groups: int, weights: FloatArray | IntArray | BoolArray | None = None
) -> FloatArray:
    """Add up ``weights`` (1 each without them) by group."""
    return np.bincount(groups, weights, minlength=n_groups).astype(np.float64)


class Moments(NamedTuple):
    """Count, mean and sample variance by group; the mean is NaN for n = 0, the variance for n < 2."""

    n: IntArray
    mean: FloatArray
    variance: FloatArray


def moments(values: FloatArray, groups: IntArray, n_groups: int) -> Moments:
    """Summarise one number a row by group."""
    n = np.bincount(groups, minlength=n_groups)
    mean = sums(groups, n_groups, values) / np.where(n > 0, n, np.nan)
    squares = sums(groups, n_groups, (values - mean[groups]) ** 2)
    variance = squares / np.where(n > 1, n - 1, np.nan)
    variance[variance < NO_SPREAD] = 0.0
    return Moments(n, mean, variance)
