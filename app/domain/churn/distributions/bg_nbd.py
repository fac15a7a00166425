"""BG/NBD: customers buy at random at their own rates and may drop out after a repeat purchase.

Nobody drops out before the first repeat purchase, so P(alive) of a one-time buyer is 1 for ever. That is why
P(alive) is not a churn flag; P(active in h) is what `app.domain.churn.levels` takes.

Source: Fader, Hardie and Lee 2005, "Counting your customers the easy way"; docs/formulas.md#churn.
"""

from numpy.typing import ArrayLike

from app.domain.churn.distributions import btyd, fitting
from app.domain.churn.distributions.btyd import Fit, Model, NoFit, Parameters
from app.domain.churn.inputs.purchase_history import Histories, group
from app.domain.common.arrays import FloatArray

CODE = "bg_nbd"


def fit(histories: Histories) -> Fit | NoFit:
    """Find the parameters of greatest likelihood: see `app.domain.churn.distributions.fitting.fit`."""
    return fitting.fit(histories, Model.BG_NBD)


def log_likelihood(parameters: Parameters, histories: Histories) -> float:
    """Natural logarithm of the likelihood of all customers; 0.0 for none."""
    return fitting.log_likelihood(parameters, group(histories), Model.BG_NBD)


def p_alive(parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike) -> FloatArray:
    """Probability that a customer has not dropped out, elementwise; ``t_x`` and ``t`` in weeks.

    >>> cdnow = Parameters(0.243, 4.414, 0.793, 2.426)
    >>> p_alive(cdnow, [2, 0], [30.43, 0], [38.86, 38.86]).round(6).tolist()
    [0.726579, 1.0]
    """
    return btyd.p_alive(parameters, x, t_x, t, Model.BG_NBD)


def p_active(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float
) -> FloatArray:
    """Probability of at least one purchase in the next ``horizon_weeks``, elementwise.

    >>> cdnow = Parameters(0.243, 4.414, 0.793, 2.426)
    >>> p_active(cdnow, [2, 0], [30.43, 0], [38.86, 38.86], 39).round(6).tolist()
    [0.554627, 0.144551]
    """
    return btyd.p_active(parameters, x, t_x, t, horizon_weeks, Model.BG_NBD)


def expected_purchases(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float
) -> FloatArray:
    """Expected number of purchases in the next ``horizon_weeks``, elementwise.

    >>> cdnow = Parameters(0.243, 4.414, 0.793, 2.426)
    >>> expected_purchases(cdnow, [2, 0], [30.43, 0], [38.86, 38.86], 39).round(6).tolist()
    [1.226028, 0.195098]
    """
    return btyd.expected_purchases(parameters, x, t_x, t, horizon_weeks, Model.BG_NBD)
