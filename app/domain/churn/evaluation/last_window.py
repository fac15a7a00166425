"""A backtest: what the model would have said on a past day, against what then happened.

Everything before the cut trains and scores; what came after it, up to the horizon, is the outcome. Beside the
model stands the simplest rule there is, recency: who has been silent longest leaves first. A model that does
not beat it is not worth its name.

Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.distributions.btyd import Fit, NoFit
from app.domain.churn.evaluation.metrics import DRAWS, Metrics, measure
from app.domain.churn.inputs.purchase_history import Histories, distinct_days, from_purchases
from app.domain.common.arrays import BoolArray


@dataclass(frozen=True, slots=True)
class Backtest:
    """The result.

    Args:
        cut_day: last day the model saw.
        horizon_days: days after it that were looked at; everybody's silence in them is the outcome.
        n: customers who had bought by the cut.
        excluded_new: customers whose first purchase came after it.
        fit: the model, or why there is none.
        model: figures of q = 1 − P(active in the horizon); None without a fit.
        recency: figures of the days of silence at the cut; a rank, not a probability.
        k: stages of an interval by MBG/CNBD-k, where ``model`` is that; None for MBG/NBD.
    """

    cut_day: int
    horizon_days: int
    n: int
    excluded_new: int
    fit: Fit | NoFit
    model: Metrics | None
    recency: Metrics
    k: int | None = None


def backtest(
    owner: ArrayLike,
    day: ArrayLike,
    cut_day: int,
    horizon_days: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Backtest:
    """Fit MBG/NBD on the purchases up to a past day and hold it against the days that followed.

    Args:
        owner: whose purchase, shape (m,), any integers. Which purchases count is the caller's choice:
            `app.domain.churn.inputs.purchase_history.distinct_days`.
        day: its local day.
        cut_day: last day the model sees. Purchases after ``cut_day + horizon_days`` change nothing.
        horizon_days: length of the outcome, at least 1; it must be over by the time of the data's last
            day, or customers who would still have bought count as gone.
        draws: bootstrap samples behind the intervals; 0 for none.
        seed: of the bootstrap.

    Returns:
        The figures; for no customers at all they are empty.

    Raises:
        ValueError: ``horizon_days`` is below 1, or see `distinct_days`.
    """
    if horizon_days < 1:
        raise ValueError("horizon_days must be 1 or more")
    owners, days = distinct_days(owner, day)
    within = days <= cut_day + horizon_days
    owners, days = owners[within], days[within]
    buyers, histories = from_purchases(owners, days, cut_day + 1)
    returned = np.unique(owners[days > cut_day])
    silent = ~np.isin(buyers, returned)
    new = int(np.count_nonzero(~np.isin(returned, buyers)))
    return from_histories(histories, silent, cut_day, horizon_days, excluded_new=new, draws=draws, seed=seed)


def from_histories(
    histories: Histories,
    silent: BoolArray,
    cut_day: int,
    horizon_days: int,
    *,
    n: int | None = None,
    excluded_new: int = 0,
    max_customers: int | None = None,
    is_regular: bool = False,
    draws: int = DRAWS,
    seed: int = 0,
) -> Backtest:
    """`backtest` for histories that are known already.

    Args:
        histories: of who had bought by the cut, up to it; all of them, or some evenly chosen.
        silent: who did not buy in the horizon after it, aligned.
        cut_day: last day the model sees.
        horizon_days: length of the outcome.
        n: how many had bought by the cut; by default as many as ``histories`` were given.
        excluded_new: how many bought for the first time after the cut.
        is_regular: whether the model looks at how even intervals are.
        max_customers: measure at most about so many customers, evenly chosen, for the bootstrap takes time.
        draws: bootstrap samples behind the intervals; 0 for none.
        seed: of the bootstrap.
    """
    fitted = mbg_nbd.fit(histories)
    measured = slice(None, None, 1 if max_customers is None else max(1, len(histories) // max_customers))
    left, seen = silent[measured], histories.take(measured)
    model = regular = None
    if isinstance(fitted, Fit):
        regular = mbg_cnbd_k.fit(histories, fitted) if is_regular else None
        q = mbg_cnbd_k.q(regular or fitted, seen, horizon_days)
        model = measure(left, q, draws=draws, seed=seed)
    recency = measure(left, seen.silence_days, is_probability=False, draws=draws, seed=seed)
    return Backtest(
        cut_day=cut_day,
        horizon_days=horizon_days,
        n=len(histories) if n is None else n,
        excluded_new=excluded_new,
        fit=fitted,
        model=model,
        recency=recency,
        k=regular.k if regular else None,
    )
