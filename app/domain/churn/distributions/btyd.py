"""Buy till you die: parameters, probabilities and expectations that BG/NBD and MBG/NBD share.

Both models let a customer buy at random (Poisson) at an own rate and drop out after a purchase with an own
probability; rates are Gamma(r, alpha) over customers, probabilities Beta(a, b). In BG/NBD nobody drops out
before the first repeat purchase; in MBG/NBD a customer may also drop out right after the first one. With
s = 0 for BG/NBD, s = 1 for MBG/NBD, and d = 1 except for x = 0 in BG/NBD, where d = 0:

    L = Γ(r+x)/Γ(r) · α^r/(α+T)^(r+x) · B(a, b+x+s)/B(a, b) · (1 + d·a/(b+x+s−1)·((α+T)/(α+t_x))^(r+x))

Sources: Fader, Hardie and Lee 2005 (BG/NBD); Batislam, Denizel and Filiztekin 2007, Hoppe and Wagner 2007
(MBG/NBD); docs/formulas.md#churn.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import ArrayLike

from app.domain.common.arrays import FloatArray

NEAR_ONE = 1e-3
"""Distance of a from 1 below which the expectation is interpolated: its formula divides by a − 1."""


class Model(IntEnum):
    """Which of the two; the number is the s of the formula."""

    BG_NBD = 0
    MBG_NBD = 1


class NoFitReason(StrEnum):
    """Why there is no fit."""

    NO_CUSTOMERS = "no_customers"
    TOO_FEW_CUSTOMERS = "too_few_customers"
    TOO_FEW_REPEAT_BUYERS = "too_few_repeat_buyers"


@dataclass(frozen=True, slots=True)
class NoFit:
    """The data do not carry a model; ``n`` customers were given."""

    reason: NoFitReason
    n: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """r and alpha (weeks) of the purchase rate, a and b of the dropout probability; all above 0, finite."""

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self) -> None:
        if not all(0 < value < np.inf for value in (self.r, self.alpha, self.a, self.b)):
            raise ValueError("parameters must be positive and finite")


@dataclass(frozen=True, slots=True)
class Fit(Parameters):
    """The parameters of greatest likelihood, and how far they can be trusted.

    Args:
        model: ``"bg_nbd"`` or ``"mbg_nbd"``.
        log_likelihood: its natural logarithm over all customers.
        log_likelihood_without_dropout: the same for the best model in which nobody ever drops out.
        n: customers.
        groups: distinct histories among them.
        converged: whether the search ended at a maximum (or at a bound).
        dropout_identified: whether the data show dropout at all: False when a or b ran to a bound, or
            when dropout raises the log-likelihood by less than `fitting.LEAST_GAIN`. Then P(alive) says
            nothing and only P(active), which is silence against the purchase rate, may be used.
        warnings: ``dropout_not_identified``, ``purchase_rate_at_bound``, ``not_converged``.
    """

    model: str
    log_likelihood: float
    log_likelihood_without_dropout: float
    n: int
    groups: int
    converged: bool
    dropout_identified: bool
    warnings: tuple[str, ...]


def log_prior_odds(a: float, b: float, x: FloatArray, model: Model) -> FloatArray:
    """Return ln(d·a / (b+x+s−1)), elementwise; −∞ where dropout is impossible."""
    if model is Model.MBG_NBD:
        odds: FloatArray = np.log(a) - np.log(b + x)
        return odds
    return np.where(x > 0, np.log(a) - np.log(b + np.maximum(x, 1) - 1), -np.inf)


def p_alive(parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, model: Model) -> FloatArray:
    """Probability that a customer has not dropped out by T, elementwise; ``t_x`` and ``t`` in weeks."""
    x, t_x, t = (np.asarray(column, dtype=np.float64) for column in (x, t_x, t))
    p = parameters
    z = log_prior_odds(p.a, p.b, x, model) + (p.r + x) * np.log((p.alpha + t) / (p.alpha + t_x))
    return np.asarray(1 / (1 + np.exp(np.minimum(z, 700))), dtype=np.float64)


def p_active(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float, model: Model
) -> FloatArray:
    """Probability of at least one purchase in the next ``horizon_weeks`` (>= 0), elementwise.

    P(alive)·[1 − ((α+T)/(α+T+h))^(r+x)]: the rate of who is alive is Gamma(r+x, α+T).
    """
    if not 0 <= horizon_weeks < np.inf:
        raise ValueError("horizon_weeks must be 0 or more")
    power = parameters.r + np.asarray(x, dtype=np.float64)
    buys = -np.expm1(-power * np.log1p(horizon_weeks / (parameters.alpha + np.asarray(t, dtype=np.float64))))
    return p_alive(parameters, x, t_x, t, model) * buys


def expected_purchases(
    parameters: Parameters, x: ArrayLike, t_x: ArrayLike, t: ArrayLike, horizon_weeks: float, model: Model
) -> FloatArray:
    """Expected number of purchases in the next ``horizon_weeks`` (>= 0), elementwise: P(alive) times
    `expected_while_alive`."""
    return p_alive(parameters, x, t_x, t, model) * expected_while_alive(
        parameters, x, t, horizon_weeks, model
    )


def expected_while_alive(
    parameters: Parameters, x: ArrayLike, t: ArrayLike, horizon_weeks: float, model: Model
) -> FloatArray:
    """Expected number of purchases of a customer who has not dropped out by T, elementwise.

    With k = r+x, β = b+x+s and τ = h/(α+T):

        (a+β−1)/(a−1) · [1 − (1+τ)^(−k) · 2F1(k, β; a+β−1; τ/(1+τ))]

    Cost: about a microsecond for each element; compute it once for each pair of x and T.
    """
    if not 0 <= horizon_weeks < np.inf:
        raise ValueError("horizon_weeks must be 0 or more")
    p, x = parameters, np.asarray(x, dtype=np.float64)
    tau = horizon_weeks / (p.alpha + np.asarray(t, dtype=np.float64))
    power, beta = p.r + x, p.b + x + model
    if abs(p.a - 1) >= NEAR_ONE:
        return _while_alive(power, p.a, beta, tau)
    # 0 / 0 at a = 1, smooth on both sides
    low, high = (_while_alive(power, a, beta, tau) for a in (1 - NEAR_ONE, 1 + NEAR_ONE))
    expected: FloatArray = low + (high - low) * (p.a - 1 + NEAR_ONE) / (2 * NEAR_ONE)
    return expected


def _while_alive(power: FloatArray, a: float, beta: FloatArray, tau: FloatArray) -> FloatArray:
    """`expected_while_alive` where ``a`` is not 1."""
    from scipy.special import hyp1f1, hyp2f1

    decay = power * np.log1p(tau)
    fits = (
        decay < 600
    )  # beyond, 2F1 leaves 64 bits; the rate is then known so well that it may be taken as fixed
    series = np.exp(-decay) * hyp2f1(power, beta, a + beta - 1, np.where(fits, tau / (1 + tau), 0))
    fixed_rate = hyp1f1(a - 1, a + beta - 1, np.where(fits, 0, -power * tau))
    expected: FloatArray = (a + beta - 1) / (a - 1) * (1 - np.where(fits, series, fixed_rate))
    return expected
