"""Customer effort score: how easy it was, from 0 to 100.

Read from 1-7 agreement with "it was easy" (7 = easy). The older question, effort on 1-5 (1 = little), runs
the other way: such answers are turned round and flagged.

Parts: ``mean`` on the 1-7 scale (the older answers put on it), ``easy`` (how many found it easy),
``share_easy`` with its Wilson interval ``share_easy_low`` and ``share_easy_high``, ``reversed`` (how many
answers were turned round) and ``is_reversed`` (whether any was).
"""

import numpy as np

from app.domain.satisfaction.counting import Counted, Moments, count, moments, sums
from app.domain.satisfaction.intervals import scale_mean_columns, wilson_columns
from app.domain.satisfaction.model import (
    DEFAULT_OPTIONS,
    Answers,
    BoolArray,
    FloatArray,
    Index,
    IndexResult,
    IntArray,
    Options,
    Part,
)
from app.domain.satisfaction.results import compare_means, judged_means, numbers, results

AGREEMENT = (1, 7)
EFFORT = (1, 5)
EASY_FROM_AGREEMENT = 5
EASY_TO_EFFORT = 2


def ease(answers: Answers) -> FloatArray:
    """Put answers on 0 (hard) to 100 (easy); meaningless on other scales than 1-7 and 1-5.

    >>> one = np.array([1])
    >>> ease(Answers(np.array([6]), one, np.array([7]), one == 0, one, one, one, one)).round(2).tolist()
    [83.33]
    """
    points = answers.points()
    return np.where(_on(answers, EFFORT), 100.0 - points, points)


def _on(answers: Answers, scale: tuple[int, int]) -> BoolArray:
    is_on: BoolArray = (answers.scale_min == scale[0]) & (answers.scale_max == scale[1])
    return is_on


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute the effort score by group: (mean − 1)/6·100, and the share of easy ones.

    The interval is Student's t with one answer added at each end of the scale.

    Args:
        answers: answers of kind ces.
        groups: group code of each, shape (n,).
        n_groups: how many groups there are.
        options: ``one_per_customer`` (every answer counts unless asked otherwise).

    Returns:
        One result a group; ``score`` is in points of 0..100.

    Raises:
        ValueError: a group is out of range.

    Source: docs/formulas.md#ces.
    """
    is_effort = _on(answers, EFFORT)
    right_scale = _on(answers, AGREEMENT) | is_effort
    counted = count(answers, groups, n_groups, right_scale, bool(options.one_per_customer))
    found = moments(ease(answers)[counted.rows], counted.groups, n_groups)
    is_easy = np.where(is_effort, answers.value <= EASY_TO_EFFORT, answers.value >= EASY_FROM_AGREEMENT)
    easy = sums(counted.groups[is_easy[counted.rows]], n_groups)
    turned = sums(counted.groups[is_effort[counted.rows]], n_groups)
    interval = scale_mean_columns(found.mean, found.variance, found.n, 0.0, 100.0)
    return results(
        "ces",
        found.n,
        found.mean,
        interval,
        found.variance,
        counted.excluded,
        _parts(found, counted, easy, turned),
    )


def _parts(found: Moments, counted: Counted, easy: FloatArray, turned: FloatArray) -> list[dict[str, Part]]:
    interval = wilson_columns(easy, counted.n)
    columns = zip(
        numbers(1 + 6 * found.mean / 100),
        easy.tolist(),
        numbers(easy / np.where(counted.n > 0, counted.n, np.nan)),
        numbers(interval.low),
        numbers(interval.high),
        turned.tolist(),
        strict=True,
    )
    return [
        {
            "mean": mean,
            "easy": int(n_easy),
            "share_easy": share,
            "share_easy_low": low,
            "share_easy_high": high,
            "reversed": int(n_turned),
            "is_reversed": n_turned > 0,
        }
        for mean, n_easy, share, low, high, n_turned in columns
    ]


INDEX = Index(
    code="ces",
    title="Customer effort score",
    formula="(mean - 1) / 6 x 100 on 1-7 (7 = easy); t 95 %, one added at each end. Share of 5 and above",
    source="Dixon, Freeman and Toman 2010; agreement scale: CEB 2013",
    documentation="/docs/formulas#ces",
    low=0.0,
    high=100.0,
    unit="points",
    kinds=("ces",),
    compute=compute,
    compare=compare_means,
    judge_list=judged_means(0.0, 100.0),
)
