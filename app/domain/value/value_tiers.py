"""Value tiers A, B and C (the 80/20 rule): who holds the value, and who is about to move.

Values are integers, minor units of one currency, one per customer. Every function that takes
``values`` also takes ``rank(values)``: rank once when several are called, sorting is the main cost.

Source: docs/formulas.md#value-tiers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.value.concentration import (
    Curve,
    IntArray,
    Ranking,
    Values,
    gini,
    lorenz_curve,
    pareto_curve,
    rank,
    top_share,
)

__all__ = [
    "DEFAULT_CUTS",
    "STATES",
    "TIER_NAMES",
    "Cuts",
    "Ranking",
    "Summary",
    "TierArray",
    "TierSummary",
    "assign",
    "cut_values",
    "gini",
    "lorenz_curve",
    "near_threshold",
    "pareto_curve",
    "rank",
    "summary",
    "top_share",
    "transitions",
]

TierArray = NDArray[np.str_]

TIER_NAMES = ("A", "B", "C")
STATES = (*TIER_NAMES, "none")
"""Rows and columns of `transitions`; "none" is a customer without a tier in that run."""

NEAR_PERCENT = 10
"""A value is near a cut when it differs from it by at most so many percent of the cut."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where A ends and where B ends, in percent of the positive total.

    ``a_percent`` is 1..99 and ``a_percent < b_percent <= 100``; anything else is a ValueError.
    """

    a_percent: int = 80
    b_percent: int = 95

    def __post_init__(self) -> None:
        if not 1 <= self.a_percent <= 99:
            raise ValueError("a_percent must be 1 to 99")
        if not self.a_percent < self.b_percent <= 100:
            raise ValueError("b_percent must be above a_percent and at most 100")


DEFAULT_CUTS = Cuts()


def assign(values: Values, cuts: Cuts = DEFAULT_CUTS) -> TierArray:
    """Split customers into A, B and C by cumulative share of value (the 80/20 rule).

    A customer is A while customers of strictly greater value hold less than ``cuts.a_percent``
    of the positive total, so whoever crosses the line is still A and ties share a tier.

    Args:
        values: value per customer, shape (n,), any order, may be negative.
        cuts: where A and B end.

    Returns:
        Letters (dtype ``<U1``) aligned with ``values``. Values <= 0 are C; empty in, empty out.

    Raises:
        ValueError: see `rank`.

    Source: docs/formulas.md#value-tiers. Cost: O(n log n) time, O(n) memory; exact integers.

    >>> assign(np.array([800, 150, 50])).tolist()
    ['A', 'B', 'C']
    """
    ranked = rank(values)
    if not ranked.positive.size:
        return np.full(ranked.n, "C", dtype="<U1")
    in_a = ranked.values >= _threshold(ranked, cuts.a_percent)
    in_b = ranked.values >= _threshold(ranked, cuts.b_percent)
    return np.take(np.array(TIER_NAMES[::-1]), in_a.view(np.int8) + in_b.view(np.int8))


def _threshold(ranked: Ranking, percent: int) -> int:
    """Find the smallest value whose strictly greater values hold less than ``percent`` of S; needs S > 0.

    100·B < percent·S is B <= limit in whole numbers, with no product beyond 64 bits. In the order
    from the best down, the last position that follows at most ``limit`` has the value sought: its
    ties stand around it, and the next smaller value follows more than ``limit``.
    """
    limit = (percent * ranked.positive_total - 1) // 100
    return int(ranked.positive[np.searchsorted(ranked.running, limit, side="right")])


def cut_values(values: Values, tiers: TierArray) -> tuple[int | None, int | None]:
    """Give the smallest value in A and the smallest in B; None for a tier nobody is in.

    Raises:
        ValueError: lengths differ, a tier is not A, B or C, or see `rank`.

    >>> cut_values([800, 150, 50], np.array(["A", "B", "C"]))
    (800, 150)
    """
    ranked = rank(values)
    codes = _codes(tiers, ranked.n)
    in_a, in_b = ranked.values[codes == 0], ranked.values[codes == 1]
    return (int(in_a.min()) if in_a.size else None, int(in_b.min()) if in_b.size else None)


def near_threshold(
    values: Values, cut_a: int | None, cut_b: int | None, percent: int = NEAR_PERCENT
) -> TierArray:
    """Mark the customers whose value is within ± ``percent`` % of a cut, on either side.

    Args:
        values: value per customer.
        cut_a: smallest value in A, from `cut_values`; None when there is no such cut.
        cut_b: smallest value in B, likewise.
        percent: how near, in percent of the cut's own value; both ends count.

    Returns:
        "A" or "B" for the nearer cut (A when equally near), "" when neither is near.

    Raises:
        ValueError: ``percent`` is not 0 to 100, or see `rank`.

    >>> near_threshold([109, 100, 90, 89, 55, 50], 100, 50).tolist()
    ['A', 'A', 'A', '', 'B', 'B']
    """
    array = rank(values).values
    in_a, in_b = _near(array, cut_a, cut_b, percent)
    marks = np.full(array.size, "", dtype="<U1")
    marks[in_a], marks[in_b] = "A", "B"
    return marks


def _near(
    array: IntArray, cut_a: int | None, cut_b: int | None, percent: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell who is near A's cut and who is near B's; nobody is both."""
    if not 0 <= percent <= 100:
        raise ValueError("percent must be 0 to 100")
    nobody = np.zeros(array.size, dtype=np.bool_)
    near_a = nobody if cut_a is None else np.abs(array - cut_a) <= percent * cut_a // 100
    near_b = nobody if cut_b is None else np.abs(array - cut_b) <= percent * cut_b // 100
    if cut_a is not None and cut_b is not None:
        nearer_a = np.abs(array - cut_a) <= np.abs(array - cut_b)
        near_a, near_b = near_a & (nearer_a | ~near_b), near_b & ~(near_a & nearer_a)
    return near_a, near_b


def transitions(
    previous_ids: NDArray[Any], previous_tiers: TierArray, ids: NDArray[Any], tiers: TierArray
) -> IntArray:
    """Count the moves between two runs.

    Args:
        previous_ids: the customers that had a tier in the earlier run, strictly ascending. Any dtype
            numpy can order, the same for both runs; UUIDs as 16 bytes are ``np.frombuffer(raw, "S16")``
            (``V16`` cannot be ordered), and bytes sort as UUIDs do.
        previous_tiers: their tiers.
        ids: the customers that have a tier in the later run, likewise.
        tiers: their tiers.

    Returns:
        Shape (4, 4): rows the earlier state, columns the later one, both in the order of `STATES`.
        "none" is a customer absent from that run; none to none is always 0.

    Raises:
        ValueError: ids not strictly ascending, lengths differ, or a tier is not A, B or C.

    Cost: O(n log n) time, O(n) memory.

    >>> before, now = np.array([1, 2, 3]), np.array([2, 3, 4])
    >>> transitions(before, np.array(["A", "B", "C"]), now, np.array(["A", "C", "C"])).tolist()
    [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0]]
    """
    for column in (previous_ids, ids):
        if not bool(np.all(column[1:] > column[:-1])):
            raise ValueError("ids must be strictly ascending")
    before, now = _codes(previous_tiers, previous_ids.size), _codes(tiers, ids.size)
    places = np.searchsorted(previous_ids, ids)
    known = places < previous_ids.size
    known[known] = previous_ids[places[known]] == ids[known]
    came_from = np.full(ids.size, 3)
    came_from[known] = before[places[known]]
    left = np.bincount(before, minlength=4) - np.bincount(came_from[known], minlength=4)
    matrix = np.bincount(4 * came_from + now, minlength=16).reshape(4, 4)
    matrix[:, 3] += left
    return matrix


def _codes(tiers: TierArray, n: int) -> NDArray[np.int8]:
    """Turn letters into 0, 1, 2."""
    letters = np.asarray(tiers, dtype=np.str_)
    if letters.shape != (n,):
        raise ValueError("there must be one tier for each customer")
    in_b, in_c = letters == "B", letters == "C"
    if not np.all(in_b | in_c | (letters == "A")):
        raise ValueError("a tier must be A, B or C")
    codes: NDArray[np.int8] = in_b.view(np.int8) + 2 * in_c.view(np.int8)
    return codes


@dataclass(frozen=True, slots=True)
class TierSummary:
    """One tier: its customers, their value (values below 0 count as 0), and its shares of both.

    ``customer_share`` is None when there is no customer, ``value_share`` when no value is positive.
    """

    tier: str
    customers: int
    customer_share: float | None
    value: int
    value_share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run found over all customers. Shares are 0..1, and None where there is nothing to share.

    ``positive_total`` is the sum of the values above 0, the base of every value share; ``net_total``
    the sum of all. ``cut_a`` and ``cut_b`` are the smallest values in A and B; ``near_a`` and
    ``near_b`` count the customers within ± `NEAR_PERCENT` % of them.
    """

    n: int
    n_zero: int
    n_negative: int
    positive_total: int
    net_total: int
    cuts: Cuts
    tiers: tuple[TierSummary, ...]
    top1_share: float | None
    top10_share: float | None
    top20_share: float | None
    gini: float | None
    pareto: Curve
    lorenz: Curve
    cut_a: int | None
    cut_b: int | None
    near_a: int
    near_b: int


def summary(values: Values, cuts: Cuts = DEFAULT_CUTS) -> Summary:
    """Sum up a run: counts, shares, curves and cuts.

    Raises:
        ValueError: see `rank`.

    >>> found = summary([600, 200, 100, 50, 30, 20, 0, -40])
    >>> [(tier.tier, tier.customers, tier.value_share) for tier in found.tiers]
    [('A', 2, 0.8), ('B', 2, 0.15), ('C', 4, 0.05)]
    >>> found.top20_share, found.gini, found.n_negative
    (0.8, 0.6825, 1)
    """
    ranked = rank(values)
    n, total = ranked.n, ranked.positive_total
    end_a, end_b = _reach(ranked, cuts.a_percent), _reach(ranked, cuts.b_percent)
    cut_a = int(ranked.positive[end_a - 1]) if end_a else None
    cut_b = int(ranked.positive[end_b - 1]) if end_b > end_a else None
    near_a, near_b = _near(ranked.positive, cut_a, cut_b, NEAR_PERCENT)
    edges = (0, end_a, end_b, n)
    tiers = []
    for name, start, end in zip(TIER_NAMES, edges[:-1], edges[1:], strict=True):
        value = ranked.best(end) - ranked.best(start)
        tiers.append(
            TierSummary(
                tier=name,
                customers=end - start,
                customer_share=(end - start) / n if n else None,
                value=value,
                value_share=value / total if total else None,
            )
        )
    return Summary(
        n=n,
        n_zero=ranked.n_zero,
        n_negative=ranked.n_negative,
        positive_total=total,
        net_total=ranked.net_total,
        cuts=cuts,
        tiers=tuple(tiers),
        top1_share=top_share(ranked, 1),
        top10_share=top_share(ranked, 10),
        top20_share=top_share(ranked, 20),
        gini=gini(ranked),
        pareto=pareto_curve(ranked),
        lorenz=lorenz_curve(ranked),
        cut_a=cut_a,
        cut_b=cut_b,
        near_a=int(np.count_nonzero(near_a)),
        near_b=int(np.count_nonzero(near_b)),
    )


def _reach(ranked: Ranking, percent: int) -> int:
    """Count the customers above or at the threshold of ``percent``."""
    if not ranked.positive.size:
        return 0
    below = np.searchsorted(ranked.positive[::-1], _threshold(ranked, percent), side="left")
    return ranked.positive.size - int(below)
