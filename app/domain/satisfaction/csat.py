"""Customer satisfaction score: the share of answers in the top two steps of their scale.

Parts: ``satisfied``, how many answers are.
"""

from collections.abc import Sequence

import numpy as np

from app.domain.satisfaction.change import Change, ListVerdict, share_change
from app.domain.satisfaction.counting import count, sums
from app.domain.satisfaction.intervals import wilson_columns
from app.domain.satisfaction.model import DEFAULT_OPTIONS, Answers, Index, IndexResult, IntArray, Options
from app.domain.satisfaction.periods import judge_shares
from app.domain.satisfaction.results import results

SATISFIED_FROM = {(1, 5): 4, (1, 7): 6, (1, 10): 9}
"""Least satisfied value by scale; an answer on any other scale is excluded."""


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute CSAT by group, with Wilson's interval; scales may be mixed, each answer is judged by its own.

    Args:
        answers: answers of kind csat.
        groups: group code of each, shape (n,).
        n_groups: how many groups there are.
        options: ``one_per_customer`` (every answer counts unless asked otherwise).

    Returns:
        One result a group; ``score`` is a share of 0..1.

    Raises:
        ValueError: a group is out of range.

    Source: docs/formulas.md#csat.
    """
    threshold = np.zeros(answers.n, dtype=np.int64)
    for (scale_min, scale_max), least in SATISFIED_FROM.items():
        threshold[(answers.scale_min == scale_min) & (answers.scale_max == scale_max)] = least
    counted = count(answers, groups, n_groups, threshold > 0, bool(options.one_per_customer))
    is_satisfied = answers.value[counted.rows] >= threshold[counted.rows]
    satisfied = sums(counted.groups[is_satisfied], n_groups)
    n = counted.n.astype(np.float64)
    share = satisfied / np.where(n > 0, n, np.nan)
    variance = share * (1 - share) * n / np.where(n > 1, n - 1, np.nan)
    interval = wilson_columns(satisfied, n)
    parts = [{"satisfied": int(hits)} for hits in satisfied]
    return results("csat", counted.n, share, interval, variance, counted.excluded, parts)


def compare(previous: IndexResult, current: IndexResult) -> Change:
    """Tell whether the share changed: two-proportion z on adjusted counts."""
    before, after = previous.parts["satisfied"], current.parts["satisfied"]
    return share_change(int(before or 0), previous.n, int(after or 0), current.n)


def judge_list(results: Sequence[IndexResult], lists: int = 1) -> ListVerdict | None:
    """Tell whether the share moved within a list of periods."""
    return judge_shares(results, "satisfied", lists)


INDEX = Index(
    code="csat",
    title="Customer satisfaction score",
    formula="answers in the top two steps (1-5: 4 and above, 1-7: 6, 1-10: 9) / valid answers; Wilson 95 %",
    source="Interval: Wilson 1927",
    documentation="/docs/formulas#csat",
    low=0.0,
    high=1.0,
    unit="share",
    kinds=("csat",),
    compute=compute,
    compare=compare,
    judge_list=judge_list,
)
