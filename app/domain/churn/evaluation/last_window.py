"""A backtest: what the model would have said on a past day, against what then happened.

Everything before the cut trains and scores; what came after it, up to the horizon, is the outcome. Beside the
model stands the simplest rule there is, recency: who has been silent longest leaves first. A model that does
not beat it is not worth its name.

Source: docs/formulas.md#churn.
"""

from dataclasses import dataclass

from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.distributions.btyd import Fit, NoFit
from app.domain.churn.evaluation.metrics import DRAWS, Metrics, measure
from app.domain.churn.inputs.purchase_history import Histories
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
    """Fit the model to histories up to a past day, and hold it against who bought in the days that followed.

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
