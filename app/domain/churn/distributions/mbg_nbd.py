"""MBG/NBD: BG/NBD in which a customer may also drop out right after the first purchase.

The model of the churn flag: one-time buyers, most of many companies' customers, do not count as alive for
ever.

Source: Batislam, Denizel and Filiztekin 2007; Hoppe and Wagner 2007 (there CBG/NBD); docs/formulas.md#churn.
"""

from numpy.typing import ArrayLike

from app.domain.churn.distributions import btyd, fitting
from app.domain.churn.distributions.btyd import Fit, Model, NoFit, Parameters
from app.domain.churn.inputs.purchase_history import DAYS_PER_WEEK, Histories, group
from app.domain.common.arrays import FloatArray

CODE = "mbg_nbd"


def fit(histories: Histories) -> Fit | NoFit:
    """Find the parameters of greatest likelihood: see `app.domain.churn.distributions.fitting.fit`."""
    return fitting.fit(histories, Model.MBG_NBD)


def log_likelihood(parameters: Parameters, histories: Histories) -> float:
    """Natural logarithm of the likelihood of all customers; 0.0 for none."""
    return fitting.log_likelihood(parameters, group(histories), Model.MBG_NBD)


def p_alive(parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike) -> FloatArray:
    """Probability that a customer has not dropped out, elementwise; ``t_x`` and ``t`` in weeks.

    >>> cdnow = Parameters(0.524838, 6.182992, 0.891356, 1.613999)
    >>> p_alive(cdnow, [2, 0], [30.43, 0], [38.86, 38.86]).round(4).tolist()
    [0.7061, 0.3897]
    """
    return btyd.p_alive(parameters, x, t_x, t, Model.MBG_NBD)


def p_active(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float
) -> FloatArray:
    """Probability of at least one purchase in the next ``horizon_weeks``, elementwise.

    >>> cdnow = Parameters(0.524838, 6.182992, 0.891356, 1.613999)
    >>> p_active(cdnow, [2, 0], [30.43, 0], [38.86, 38.86], 39).round(4).tolist()
    [0.5599, 0.1088]
    """
    return btyd.p_active(parameters, x, t_x, t, horizon_weeks, Model.MBG_NBD)


def expected_purchases(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float
) -> FloatArray:
    """Expected number of purchases in the next ``horizon_weeks``, elementwise.

    >>> cdnow = Parameters(0.524838, 6.182992, 0.891356, 1.613999)
    >>> expected_purchases(cdnow, [2, 0], [30.43, 0], [38.86, 38.86], 39).round(3).tolist()
    [1.263, 0.154]
    """
    return btyd.expected_purchases(parameters, x, t_x, t, horizon_weeks, Model.MBG_NBD)


def q(parameters: Parameters, histories: Histories, horizon_days: int) -> FloatArray:
    """Probability of no purchase day in the ``horizon_days`` after D: 1 − P(active), the churn score.

    >>> cdnow = Parameters(0.524838, 6.182992, 0.891356, 1.613999)
    >>> q(cdnow, Histories([2, 0], [213, 0], [272, 272]), 273).round(3).tolist()
    [0.44, 0.891]
    """
    return 1 - p_active(parameters, histories.x, histories.t_x, histories.t, horizon_days / DAYS_PER_WEEK)
