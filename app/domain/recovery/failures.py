"""The failure map: where what goes wrong, how often, for whom, and which few kinds make most of it.

Source: docs/formulas.md#failure-map.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.domain.value.concentration import Curve, gini, pareto_curve, rank, top_share
from app.domain.value.value_tiers import assign

SMALL = 5
"""Complaints below which a cell is marked: too few to see a pattern in."""


class FailureWhere(StrEnum):
    """By what places differ."""

    CHANNEL = "channel"
    PHASE = "phase"
    PRODUCT = "product"
    UNIT = "unit"


class FailureWhat(StrEnum):
    """By what kinds of failures differ."""

    CATEGORY = "category"
    CAUSE = "cause"


@dataclass(frozen=True, slots=True)
class ParetoRow:
    """One kind of failure among all whose kind is known.

    Args:
        what: its code.
        complaints: how many.
        share: of those whose kind is known, 0..1.
        cumulative_share: of this kind and all that are more frequent.
        tier: A for the kinds that together make 80 %, B up to 95 %, C the rest; kinds that are as frequent
            share a tier.
    """

    what: str
    complaints: int
    share: float
    cumulative_share: float
    tier: str


@dataclass(frozen=True, slots=True)
class Pareto:
    """How failures are spread over their kinds, the most frequent first.

    ``top20_share`` is the share of failures that the most frequent 20 % of the kinds make, ``gini`` 0 (all
    alike) to 1; both None without any. ``curve`` has kinds against failures, both as shares.
    """

    rows: tuple[ParetoRow, ...]
    known: int
    top20_share: float | None
    gini: float | None
    curve: Curve


def pareto(counts: Mapping[str, int]) -> Pareto:
    """Rank kinds of failures by how often they happen; those that never did are left out.

    The shares are measured: nothing says that 20 % of the kinds make 80 % of the failures.

    Args:
        counts: complaints by kind, 0 or more.

    Raises:
        ValueError: a count is negative.

    >>> found = pareto({"late": 60, "torn": 20, "wrong": 10, "rude": 5, "lost": 5})
    >>> [(row.what, row.tier) for row in found.rows], found.top20_share
    ([('late', 'A'), ('torn', 'A'), ('wrong', 'B'), ('lost', 'B'), ('rude', 'B')], 0.6)
    """
    if any(count < 0 for count in counts.values()):
        raise ValueError("counts must be 0 or more")
    some = sorted(((what, n) for what, n in counts.items() if n), key=lambda one: (-one[1], one[0]))
    ranked = rank(np.array([n for _, n in some], dtype=np.int64))
    known = ranked.positive_total
    tiers = assign(ranked)
    rows = tuple(
        ParetoRow(what, n, n / known, ranked.best(place) / known, tier)
        for place, ((what, n), tier) in enumerate(zip(some, tiers.tolist(), strict=True), start=1)
    )
    return Pareto(rows, known, top_share(ranked), gini(ranked), pareto_curve(ranked))
