"""How firm the tiers are: under other cuts, over time, and by what customers will be worth.

Source: docs/formulas.md#how-firm-the-tiers-are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.satisfaction.intervals import Interval, wilson
from app.domain.value.concentration import IntArray, Values, top_count
from app.domain.value.value_tiers import DEFAULT_CUTS, STATES, TIER_NAMES, Cuts, TierArray, assign, rank

OTHER_CUTS = tuple(Cuts(a, b) for a, b in ((70, 90), (75, 95), (80, 90), (80, 97), (85, 95), (90, 97)))
"""What the cuts in force are held against."""


@dataclass(frozen=True, slots=True)
class UnderCuts:
    """What other cuts would give: customers in A, B, C, and who would be in another tier than now."""

    cuts: Cuts
    customers: tuple[int, int, int]
    moved: int
    moved_share: float | None


def sensitivity(
    values: Values, cuts: Cuts = DEFAULT_CUTS, others: Sequence[Cuts] = OTHER_CUTS
) -> list[UnderCuts]:
    """Assign the tiers again under other cuts.

    Returns:
        One entry for the cuts in force, then one for each of the others.

    >>> [(one.customers, one.moved) for one in sensitivity([600, 200, 100, 50, 30, 20, 0, -40])][:2]
    [((2, 2, 4), 0), ((2, 1, 5), 1)]
    """
    ranked = rank(values)
    now = assign(ranked, cuts)
    found = []
    for one in (cuts, *(other for other in others if other != cuts)):
        tiers = assign(ranked, one)
        moved = int(np.count_nonzero(tiers != now))
        counts = tuple(int(np.count_nonzero(tiers == name)) for name in TIER_NAMES)
        a, b, c = counts
        found.append(UnderCuts(one, (a, b, c), moved, moved / ranked.n if ranked.n else None))
    return found


@dataclass(frozen=True, slots=True)
class Stayed:
    """What became of the customers of one tier: where they are now, and the share still in it."""

    tier: str
    n: int
    now: dict[str, int]
    share: float | None
    interval: Interval | None


def stability(moves: IntArray) -> list[Stayed]:
    """Tell how many of each tier are still in it; a customer who has dropped out of all tiers is not.

    Args:
        moves: what `app.domain.value.value_tiers.transitions` gave, shape (4, 4).

    >>> found = stability(np.array([[8, 1, 0, 1], [2, 5, 3, 0], [0, 1, 9, 0], [1, 1, 4, 0]]))[0]
    >>> found.tier, found.n, found.share, found.now["none"]
    ('A', 10, 0.8, 1)
    """
    found = []
    for row, tier in enumerate(TIER_NAMES):
        counts = {state: int(moves[row, place]) for place, state in enumerate(STATES)}
        n = sum(counts.values())
        stayed = counts[tier]
        found.append(Stayed(tier, n, counts, stayed / n if n else None, wilson(stayed, n)))
    return found


@dataclass(frozen=True, slots=True)
class SecondView:
    """Tiers by what customers were worth (rows) against tiers by what they will be (columns), A to C.

    ``rising`` are in a better tier by the future than by the past, ``fading`` in a worse one.
    """

    counts: tuple[tuple[int, ...], ...]
    same_share: float | None
    rising: int
    fading: int


def second_view(by_value: TierArray, by_future: TierArray) -> SecondView:
    """Hold two assignments of the same customers against each other.

    Raises:
        ValueError: lengths differ.

    >>> second_view(np.array(["A", "B", "C"]), np.array(["A", "A", "C"])).rising
    1
    """
    if by_value.shape != by_future.shape:
        raise ValueError("there must be one tier of each kind for each customer")
    rows, columns = ([tiers == name for name in TIER_NAMES] for tiers in (by_value, by_future))
    table = np.array([[np.count_nonzero(row & column) for column in columns] for row in rows])
    n = int(table.sum())
    return SecondView(
        counts=tuple(tuple(int(one) for one in row) for row in table),
        same_share=int(np.trace(table)) / n if n else None,
        rising=int(np.tril(table, -1).sum()),
        fading=int(np.triu(table, 1).sum()),
    )


@dataclass(frozen=True, slots=True)
class TopTwenty:
    """The other reading of 80/20: the best 20 % of the customers, whatever they hold.

    ``in_a`` of the ``n`` are in tier A too; ``least`` is the smallest value among them. Ties at the edge are
    counted in up to ``n``.
    """

    n: int
    share: float | None
    in_a: int
    least: int | None


def top_twenty(values: Values, tiers: TierArray, percent: int = 20) -> TopTwenty:
    """Look at the best 20 % by number.

    >>> top_twenty([600, 200, 100, 50, 30, 20, 0, -40], assign([600, 200, 100, 50, 30, 20, 0, -40]))
    TopTwenty(n=2, share=0.8, in_a=2, least=200)
    """
    ranked = rank(values)
    n = top_count(ranked.n, percent)
    total = ranked.positive_total
    in_a = int(np.count_nonzero(tiers == TIER_NAMES[0]))
    least = int(np.sort(ranked.values)[ranked.n - n]) if n else None
    return TopTwenty(n, ranked.best(n) / total if total else None, min(in_a, n), least)
