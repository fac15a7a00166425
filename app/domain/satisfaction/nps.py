"""Net promoter score: share of promoters (9, 10) minus share of detractors (0 to 6), on 0-10 only.

Parts: ``promoters``, ``passives`` and ``detractors``, how many customers are.
"""

import numpy as np

from app.domain.satisfaction.change import Change, nps_change
from app.domain.satisfaction.counting import count, sums
from app.domain.satisfaction.intervals import adjusted_wald_columns
from app.domain.satisfaction.model import DEFAULT_OPTIONS, Answers, Index, IndexResult, IntArray, Options
from app.domain.satisfaction.periods import judge_nps
from app.domain.satisfaction.results import results

SCALE = (0, 10)
PROMOTER_FROM = 9
DETRACTOR_TO = 6


def compute(
    answers: Answers, groups: IntArray, n_groups: int, options: Options = DEFAULT_OPTIONS
) -> list[IndexResult]:
    """Compute the net promoter score by group, with the adjusted Wald interval.

    The latest valid answer of a customer to a question in a group counts, its earlier ones to that question
    are ``replaced``; anonymous answers all count. Answers on another scale than 0-10 are ``wrong_scale``.

    Args:
        answers: answers of kind nps.
        groups: group code of each, shape (n,).
        n_groups: how many groups there are.
        options: ``one_per_customer`` False lets every answer count.

    Returns:
        One result a group; ``score`` is in points of −100..100.

    Raises:
        ValueError: a group is out of range.

    Source: docs/formulas.md#nps.
    """
    right_scale = (answers.scale_min == SCALE[0]) & (answers.scale_max == SCALE[1])
    counted = count(answers, groups, n_groups, right_scale, options.one_per_customer is not False)
    value = answers.value[counted.rows]
    promoters = sums(counted.groups[value >= PROMOTER_FROM], n_groups)
    detractors = sums(counted.groups[value <= DETRACTOR_TO], n_groups)
    n = counted.n.astype(np.float64)
    some = np.where(n > 0, n, np.nan)
    score = (promoters - detractors) / some
    # Each answer is worth 1, 0 or -1.
    variance = ((promoters + detractors) / some - score**2) * n / np.where(n > 1, n - 1, np.nan)
    interval = adjusted_wald_columns(promoters, detractors, n)
    parts = [
        {"promoters": int(up), "passives": int(all_ - up - down), "detractors": int(down)}
        for up, down, all_ in zip(promoters, detractors, n, strict=True)
    ]
    variance = 10_000 * np.maximum(variance, 0.0)
    return results("nps", counted.n, 100 * score, interval, variance, counted.excluded, parts)


def compare(previous: IndexResult, current: IndexResult) -> Change:
    """Tell whether the score changed: z on adjusted counts."""
    return nps_change(_counts(previous), _counts(current))


def _counts(result: IndexResult) -> tuple[int, int, int]:
    return int(result.parts["promoters"] or 0), int(result.parts["detractors"] or 0), result.n


INDEX = Index(
    code="nps",
    title="Net promoter score",
    formula="100 x (promoters 9-10 - detractors 0-6) / customers, on 0-10; adjusted Wald 95 %",
    source="Reichheld 2003; interval: Rocks 2016",
    documentation="/docs/formulas#nps",
    low=-100.0,
    high=100.0,
    unit="points",
    kinds=("nps",),
    compute=compute,
    compare=compare,
    judge_list=judge_nps,
    one_per_customer=True,
)
