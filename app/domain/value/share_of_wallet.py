"""Share of wallet: how much of what a customer spends in the category it spends here.

Source: docs/formulas.md#share-of-wallet.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.common.arrays import FloatArray
from app.domain.value.concentration import IntArray

UNKNOWN = -1
"""Stands for a total that nobody gave."""


@dataclass(frozen=True, slots=True, eq=False)
class Wallet:
    """Shares by customer and over all.

    Args:
        shares: 0..1, shape (n,); NaN where no total is known, or it contradicts what was spent here.
        n: customers with a share.
        contradicted: customers who are said to spend less in all than they did here.
        overall: what they spend here over what they spend in all; None without any.
        median: of the shares.
        open_minor: what they spend elsewhere, together.
    """

    shares: FloatArray
    n: int
    contradicted: int
    overall: float | None
    median: float | None
    open_minor: int


def share_of_wallet(own_minor: IntArray, total_minor: IntArray) -> Wallet:
    """Compute shares of wallet.

    Args:
        own_minor: spent here over a period, shape (n,); below 0 counts as 0.
        total_minor: spent in the category over the same period, here and elsewhere, as a survey or an import
            says; `UNKNOWN` where nothing does.

    Raises:
        ValueError: lengths differ.

    >>> found = share_of_wallet(np.array([300, 50, 80, 10]), np.array([1000, 100, 40, UNKNOWN]))
    >>> found.shares.tolist(), found.n, found.contradicted, round(found.overall, 4), found.open_minor
    ([0.3, 0.5, nan, nan], 2, 1, 0.3182, 750)
    """
    if own_minor.shape != total_minor.shape or own_minor.ndim != 1:
        raise ValueError("columns must be one-dimensional and of one length")
    own = np.maximum(own_minor, 0)
    said = total_minor > 0
    good = said & (total_minor >= own)
    shares = np.divide(own, total_minor, out=np.full(own.shape, np.nan), where=good)
    here, everywhere = int(own[good].sum()), int(total_minor[good].sum())
    return Wallet(
        shares=shares,
        n=int(np.count_nonzero(good)),
        contradicted=int(np.count_nonzero((total_minor >= 0) & ~good & (total_minor < own))),
        overall=here / everywhere if everywhere else None,
        median=float(np.median(shares[good])) if good.any() else None,
        open_minor=everywhere - here,
    )
