"""Like customers beside like: cells of tier, recency and number of purchases, and strata made of them.

Customers of two groups are compared inside strata, so that a group of better customers does not pass for the
effect of what happened to it. Source: docs/formulas.md#recovery-effect.
"""

from collections.abc import Sequence

import numpy as np

from app.domain.common.arrays import IntArray
from app.domain.value.value_tiers import TIER_NAMES, TierArray

LOOKS_BACK_DAYS = 365
"""How long before the failure purchases count for the cell of a customer."""
RECENT_DAYS = (30, 90)
"""Ends of the bands of days since the last purchase; the last band is open."""
FEW_PURCHASES = (1, 3)
"""Ends of the bands of purchases; the last band is open."""
LEAST_IN_STRATUM = 5
"""A cell in which one of two groups has fewer is joined with the next."""

_RECENCIES, _NUMBERS = len(RECENT_DAYS) + 1, len(FEW_PURCHASES) + 1
CELLS = len(TIER_NAMES) * _RECENCIES * _NUMBERS


def cells(tiers: TierArray, days_since_last: IntArray, purchases: IntArray) -> IntArray:
    """Give the cell of each customer, 0 to `CELLS` - 1: by tier, then how lately, then how often they bought.

    Neighbours are alike: the next cell is the next lower tier only where a tier ends.

    Args:
        tiers: letters by value over the `LOOKS_BACK_DAYS` before, shape (n,).
        days_since_last: whole days since the last purchase, shape (n,).
        purchases: how many there were in those days, 1 or more, shape (n,).

    >>> cells(np.array(["A", "A", "C"]), np.array([0, 31, 200]), np.array([9, 3, 1])).tolist()
    [0, 4, 26]
    """
    tier = np.searchsorted(np.array(TIER_NAMES), tiers)
    recency = np.searchsorted(np.array(RECENT_DAYS), days_since_last, side="left")
    often = _NUMBERS - 1 - np.searchsorted(np.array(FEW_PURCHASES), purchases, side="left")
    found: IntArray = (tier * _RECENCIES + recency) * _NUMBERS + often
    return found


def strata(cells_of: Sequence[IntArray], least: int = LEAST_IN_STRATUM) -> IntArray:
    """Join neighbouring cells until each group has ``least`` customers in each stratum.

    What is left at the end joins the last stratum. Groups too small for that make one stratum: then nothing
    is matched, and the number of strata says so.

    Args:
        cells_of: the cell of each customer, for each group.
        least: customers of each group.

    Returns:
        The stratum of each cell, from 0, shape (`CELLS`,).

    >>> strata([np.array([0, 1, 2]), np.array([0, 1])], least=1)[:4].tolist()
    [0, 1, 1, 1]
    """
    counts = [np.bincount(cell, minlength=CELLS).tolist() for cell in cells_of]
    found = np.zeros(CELLS, dtype=np.int64)
    stratum, have = 0, [0] * len(counts)
    for place in range(CELLS):
        found[place] = stratum
        have = [n + group[place] for n, group in zip(have, counts, strict=True)]
        if min(have) >= least:
            stratum, have = stratum + 1, [0] * len(counts)
    joined: IntArray = np.minimum(found, max(stratum - 1, 0))
    return joined
