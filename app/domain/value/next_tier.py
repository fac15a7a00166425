"""How much more a customer would have to be worth to be in a better value tier.

What is asked of one customer depends on all: `next_tier_steps` sums everyone up in a few numbers that a run
stores, `next_tier_distance` answers for one from them.

Source: docs/formulas.md#value-tiers.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

import numpy as np

from app.domain.value.concentration import Ranking, Values, rank
from app.domain.value.value_tiers import DEFAULT_CUTS, Cuts

Steps = Mapping[str, Sequence[Sequence[int]]]
"""How the next tier is reached from B and from C, made by `next_tier_steps`; as JSON it stays the same."""


def next_tier_steps(values: Values, cuts: Cuts = DEFAULT_CUTS) -> Steps:
    """Give what `next_tier_distance` needs to know of everyone: at most two pairs of numbers a tier.

    Let B(w) be the sum of the positive values above w. A customer worth v rises with the least w >= 1 for
    which 100·B(w) < percent·(S − max(v, 0) + w). Between two neighbouring levels (distinct values) B is
    constant, and the condition is w >= short + max(v, 0) with short = ⌊100·B/percent⌋ + 1 − S. The stretch
    that holds the answer w0 for v = 0 holds it for every v of a lower tier, or the next stretch does. For
    let L be the level below w. As it does not do with w = L − 1, the levels between w0 and L add up to less
    than percent/100·(w0 + v + 1 − L); v is a level below w, so v <= L, and what is left, w0 + 1, is at most
    the first level above w0: there is none between.

    Args:
        values: value per customer.
        cuts: the cuts of the assignment.

    Returns:
        For B and for C: ``[floor, short]`` of one or two stretches, in ascending order.

    Raises:
        ValueError: see `rank`.

    Source: docs/formulas.md#value-tiers. Cost: O(n log n) time, O(n) memory; exact integers.

    >>> next_tier_steps([600, 200, 100, 50, 30, 20, 0, -40])
    {'B': [[100, 1], [200, -249]], 'C': [[30, 1], [50, -52]]}
    """
    ranked = rank(values)
    return {"B": _stretches(ranked, cuts.a_percent), "C": _stretches(ranked, cuts.b_percent)}


def _stretches(ranked: Ranking, percent: int) -> list[list[int]]:
    """The stretch that holds the answer for v = 0, and the next one if there is one."""
    total = ranked.positive_total
    firsts = np.flatnonzero(np.diff(ranked.positive, prepend=0))[::-1]  # of each level, ascending

    def level(stretch: int) -> int:
        return int(ranked.positive[firsts[stretch - 1]]) if stretch else 0

    def short(stretch: int) -> int:
        above = int(ranked.running[firsts[stretch - 1]]) - level(stretch) if stretch else total
        return 100 * above // percent + 1 - total

    first = bisect_left(range(firsts.size), True, key=lambda stretch: short(stretch) < level(stretch + 1))
    return [[max(level(one), 1), short(one)] for one in range(first, min(first + 2, firsts.size + 1))]


def next_tier_distance(value: int, tier: str, steps: Steps) -> int | None:
    """Tell how much more a customer would have to be worth to rise a tier, everyone else unchanged.

    The exact smallest whole number of minor units: with it the customer would be in the next better
    tier (or, by jumping over a gap, in one better still), with one unit less it would not. The
    customer's own new value counts in the total; a negative value first has to be made good.

    Args:
        value: what the customer is worth.
        tier: what `assign` gave it.
        steps: what `next_tier_steps` gave for the same values and cuts.

    Returns:
        A distance >= 1; None for A, which has no better tier.

    Source: docs/formulas.md#value-tiers.

    >>> from app.domain.value.value_tiers import assign
    >>> values = [600, 200, 100, 50, 30, 20, 0, -40]
    >>> steps = next_tier_steps(values)
    >>> [next_tier_distance(v, t, steps) for v, t in zip(values, assign(values), strict=True)]
    [None, None, 1, 50, 1, 10, 30, 70]
    """
    if tier not in steps:
        return None
    (floor, short), *further = steps[tier]
    least = max(floor, short + max(value, 0))
    for next_floor, next_short in further:
        if least >= next_floor:
            least = max(next_floor, next_short + max(value, 0))
    return least - value
