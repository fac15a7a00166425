"""How unsure a total is given the model: by what customers do, and by what is not known of the parameters.

Both are variances of the logarithm of the total. Customers act on their own, so the variances of what each
may do add up. The parameters are estimated: where the likelihood curves little, other parameters would do as
well, and gᵀH⁻¹g says how much the total moves with them, g its slope in the logarithms of the parameters and
H the curvature.

Source: docs/formulas.md#lifetime-value.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.distributions import fitting
from app.domain.churn.distributions.btyd import Fit, Model, Parameters
from app.domain.churn.inputs.purchase_history import Histories
from app.domain.common.arrays import BoolArray, FloatArray
from app.domain.lifetime_value import gamma_gamma
from app.domain.lifetime_value import spend as spending
from app.domain.lifetime_value.forecast import Buyers, Terms, drawn, worth
from app.domain.lifetime_value.spend import Spend

DRAWS = 20
"""Draws of each customer: their variances are added up, so few will do."""

MAX_DRAWN = 10_000
"""Customers whose spread is drawn, and whose total is moved with the parameters; the others are taken to be
like them."""

MAX_CURVED = 100_000
"""Customers whose likelihood the curvature is taken of; it is scaled up to all."""

STEP = 1e-3
"""Of the logarithm of a parameter, to both sides, for the slope of a total."""

LEAST_CURVATURE = 1.0
"""Eigenvalues of the curvature are taken to be at least this: a likelihood that is flat in some direction
would leave a total without any bound, where it is only not known."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Variances of the logarithm of a total."""

    behaviour: float
    parameters: float

    @property
    def variance(self) -> float:
        """Both together."""
        return self.behaviour + self.parameters


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """The two models of customers, and whom they were fitted to.

    Args:
        rate: how often they buy.
        spend: what they spend.
        histories: those ``rate`` was fitted to.
        fitted: those ``spend`` was fitted to.
    """

    rate: Fit
    spend: Spend
    histories: Histories
    fitted: Buyers


def spread(buyers: Buyers, total: float, models: Models, terms: Terms, *, seed: int = 0) -> Spread:
    """Compute how unsure the total of some customers is.

    Args:
        buyers: the customers, at least one.
        total: the sum of their `worth`, above 0.
        models: by which it was computed.
        terms: how value is counted.
        seed: of the draws; the same gives the same, in whatever order the customers stand.
    """
    few = buyers.take(buyers.order()).every(max(1, -(-len(buyers.histories) // MAX_DRAWN)))
    draws = drawn(few, models.rate, models.spend, terms, Model.MBG_NBD, DRAWS, seed)
    scale = len(buyers.histories) / len(few.histories)
    behaviour = float(draws.var(axis=0, ddof=1).sum()) * scale / total**2
    return Spread(behaviour, _by_rate(few, models, terms) + _by_spend(few, models, terms))


def _by_rate(few: Buyers, models: Models, terms: Terms) -> float:
    """The part of the parameters of MBG/NBD."""
    theta = np.log([models.rate.r, models.rate.alpha, models.rate.a, models.rate.b])
    free = np.abs(theta) < fitting.LOG_BOUND - fitting.AT_BOUND
    free[2:] &= models.rate.dropout_identified

    def total(at: FloatArray) -> float:
        rate = Parameters(*(float(value) for value in np.exp(at)))
        return float(worth(few, rate, models.spend, terms).value.sum())

    h = models.histories
    rows, scale = _some(np.lexsort((h.x, h.t_x_days, h.t_days)))
    return _moved(theta, free, total, scale * fitting.curvature(models.rate, h.take(rows)))


def _by_spend(few: Buyers, models: Models, terms: Terms) -> float:
    """The part of the parameters of Gamma-Gamma; the other models of spend have none that moves a mean."""
    if not isinstance(models.spend, gamma_gamma.Parameters):
        return 0.0
    theta = np.log([models.spend.p, models.spend.q, models.spend.gamma])
    # The scale is in the unit of the amounts, so its bound is not a number of its own.
    free = np.array([*(np.abs(theta[:2]) < gamma_gamma.LOG_BOUND - fitting.AT_BOUND), True])
    purchases = worth(few, models.rate, models.spend, terms)
    weights = np.divide(
        purchases.value, purchases.spend, out=np.zeros(purchases.value.size), where=purchases.spend > 0
    )

    def total(at: FloatArray) -> float:
        spend = gamma_gamma.Parameters(*(float(value) for value in np.exp(at)))
        return float((weights * spending.expected(spend, few.spend_count, few.mean_spend)).sum())

    known = models.fitted
    rows, scale = _some(known.order())
    curved = gamma_gamma.curvature(models.spend, known.spend_count[rows], known.mean_spend[rows])
    return _moved(theta, free, total, scale * curved)


def _some(ordered: NDArray[np.intp]) -> tuple[NDArray[np.intp], float]:
    """At most `MAX_CURVED` of customers in order, evenly chosen, and how many each of them stands for."""
    rows = ordered[:: max(1, -(-ordered.size // MAX_CURVED))]
    return rows, ordered.size / max(1, rows.size)


def _moved(
    theta: FloatArray, free: BoolArray, total: Callable[[FloatArray], float], curvature: FloatArray
) -> float:
    """Return gᵀH⁻¹g over the parameters that are free."""
    if not free.any():
        return 0.0
    steps = STEP * np.eye(theta.size)[free]
    slope = np.array([np.log(total(theta + step)) - np.log(total(theta - step)) for step in steps]) / (
        2 * STEP
    )
    values, directions = np.linalg.eigh(curvature[np.ix_(free, free)])
    along = directions.T @ slope
    return float((along**2 / np.maximum(values, LEAST_CURVATURE)).sum())
