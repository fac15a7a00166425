"""Gamma-Gamma: how much a customer spends on a purchase.

The amounts of a customer are Gamma(p, ν) with an own ν; over customers ν is Gamma(q, γ). Who has bought once
is taken nearly at what all spend, who has bought often at its own mean. The model takes how much and how
often to be independent: `correlation` says whether they are.

Source: Fader and Hardie 2013, note 025 ("The Gamma-Gamma model of monetary value"); Colombo and Jiang 1999;
docs/formulas.md#lifetime-value.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.common.arrays import FloatArray, IntArray
from app.domain.common.blas_threads import one_thread

LOG_BOUND = 12.0
"""Logarithms of the three parameters stay within ± this."""

MIN_CUSTOMERS = 30
"""Fewer customers with a spend do not carry three parameters."""

MAX_FITTED = 100_000
"""Customers that the search for the parameters uses at most, evenly chosen: more move them by less than the
data themselves leave open. Everything that is told of the fit is of all."""

DEPENDENT_FROM = 0.3
"""A correlation of frequency and spend beyond ± this is called dependence: Cohen's "medium"."""


class NoFitReason(StrEnum):
    """Why there is no fit."""

    TOO_FEW_CUSTOMERS = "too_few_customers"
    NO_SPREAD = "no_spread"


@dataclass(frozen=True, slots=True)
class NoFit:
    """The data do not carry the model; ``n`` customers had a spend."""

    reason: NoFitReason
    n: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """p and q without unit, gamma in the unit of the amounts; all above 0, finite."""

    p: float
    q: float
    gamma: float

    def __post_init__(self) -> None:
        if not all(0 < value < np.inf for value in (self.p, self.q, self.gamma)):
            raise ValueError("parameters must be positive and finite")

    @property
    def mean(self) -> float | None:
        """Mean spend of the population, p·γ/(q − 1); None when q ≤ 1, where it is not finite."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else None


@dataclass(frozen=True, slots=True)
class Fit(Parameters):
    """The parameters of greatest likelihood.

    Args:
        log_likelihood: over all customers with a spend.
        n: these customers.
        excluded: customers with purchases whose mean spend is not above 0.
        converged: whether the search ended at a maximum.
        correlation: Pearson's, of frequency and mean spend; None when one of them does not vary.
        warnings: ``spend_depends_on_frequency``, ``mean_not_finite``, ``not_converged``.
    """

    log_likelihood: float
    n: int
    excluded: int
    converged: bool
    correlation: float | None
    warnings: tuple[str, ...]


def correlation(x: ArrayLike, mean_spend: ArrayLike) -> float | None:
    """Pearson's correlation of the number of purchases and their mean amount; None when one does not vary.

    >>> correlation([1, 2, 3], [5.0, 6.0, 7.0]), correlation([1, 1], [5.0, 6.0])
    (1.0, None)
    """
    one, other = np.asarray(x, dtype=np.float64), np.asarray(mean_spend, dtype=np.float64)
    if one.size < 2 or not np.ptp(one) or not np.ptp(other):
        return None
    one, other = one - one.mean(), other - other.mean()
    found = float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
    return min(max(found, -1.0), 1.0)


def fit(x: ArrayLike, mean_spend: ArrayLike) -> Fit | NoFit:
    """Find the parameters of greatest likelihood.

    Args:
        x: how many purchases the mean is of, shape (n,); customers with 0 are not used.
        mean_spend: their mean amount; customers with none above 0 are excluded and counted.

    Raises:
        ValueError: lengths differ, or a number is negative or not finite.

    Cost: 0.1 s for a million customers.
    """
    count, spend = _checked(x, mean_spend)
    bought = count > 0
    used = bought & (spend > 0)
    excluded = int(np.count_nonzero(bought & ~used))
    count, spend = count[used], spend[used]
    if spend.size < MIN_CUSTOMERS:
        return NoFit(NoFitReason.TOO_FEW_CUSTOMERS, spend.size)
    if np.ptp(spend) < 1e-9 * spend.max():
        return NoFit(NoFitReason.NO_SPREAD, spend.size)
    from scipy.optimize import minimize

    # In units of the mean amount, so that the start suits any currency.
    unit = float(spend.mean())
    scaled = spend / unit
    step = max(1, -(-count.size // MAX_FITTED))
    some = slice(None) if step == 1 else np.lexsort((scaled, count))[::step]  # whoever customers are
    few = _data(count[some], scaled[some])

    def negated(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope = _value_and_slope(theta, few)
        return -value / few.x.size, -slope / few.x.size

    bounds = [(-LOG_BOUND, LOG_BOUND)] * 3
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7}
    with one_thread():
        best = minimize(
            negated, np.log([5.0, 4.0, 0.6]), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )
    p, q, gamma = (float(value) for value in np.exp(best.x))
    related = correlation(count, spend)
    at_bound = bool(np.any(np.abs(best.x) > LOG_BOUND - 0.01))
    converged = bool(best.success) and not at_bound
    doubts = {
        "spend_depends_on_frequency": related is not None and abs(related) >= DEPENDENT_FROM,
        "mean_not_finite": q <= 1,
        "not_converged": not converged,
    }
    return Fit(
        p=p,
        q=q,
        gamma=gamma * unit,
        # The density of an amount in the old unit is that in the new one over the unit.
        log_likelihood=_value_and_slope(best.x, _data(count, scaled))[0] - count.size * float(np.log(unit)),
        n=count.size,
        excluded=excluded,
        converged=converged,
        correlation=related,
        warnings=tuple(code for code, holds in doubts.items() if holds),
    )


def log_likelihood(parameters: Parameters, x: ArrayLike, mean_spend: ArrayLike) -> float:
    """Natural logarithm of the likelihood of the customers with a spend."""
    count, spend = _checked(x, mean_spend)
    used = (count > 0) & (spend > 0)
    theta = np.log([parameters.p, parameters.q, parameters.gamma])
    return _value_and_slope(theta, _data(count[used], spend[used]))[0]


def curvature(parameters: Parameters, x: ArrayLike, mean_spend: ArrayLike) -> FloatArray:
    """Return how the log-likelihood curves down in the logarithms of (p, q, gamma), shape (3, 3)."""
    count, spend = _checked(x, mean_spend)
    used = (count > 0) & (spend > 0)
    data = _data(count[used], spend[used])
    theta, steps = np.log([parameters.p, parameters.q, parameters.gamma]), 1e-4 * np.eye(3)
    ends = [[_value_and_slope(theta + sign * step, data)[1] for sign in (-1, 1)] for step in steps]
    curved = np.array([below - above for below, above in ends]) / 2e-4
    symmetric: FloatArray = (curved + curved.T) / 2
    return symmetric


def expected_spend(parameters: Parameters, x: ArrayLike, mean_spend: ArrayLike) -> FloatArray:
    """Expected amount of a customer's next purchase, p·(γ + x·z)/(p·x + q − 1), elementwise.

    NaN where that is not finite: nothing bought yet, and q ≤ 1.

    >>> cdnow = Parameters(6.25, 3.74, 15.44)
    >>> expected_spend(cdnow, [2, 0], [22.35, 0.0]).round(2).tolist()
    [24.66, 35.22]
    """
    count, spend = _checked(x, mean_spend)
    below = parameters.p * count + parameters.q - 1
    above = parameters.p * (parameters.gamma + count * spend)
    expected: FloatArray = np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)
    return expected


def _checked(x: ArrayLike, mean_spend: ArrayLike) -> tuple[FloatArray, FloatArray]:
    count, spend = np.asarray(x, dtype=np.float64), np.asarray(mean_spend, dtype=np.float64)
    if count.ndim != 1 or count.shape != spend.shape:
        raise ValueError("columns must be one-dimensional and of one length")
    if not np.all(np.isfinite(count) & np.isfinite(spend) & (count >= 0)):
        raise ValueError("numbers must be finite, counts 0 or more")
    return count, np.where(count > 0, spend, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Counts and amounts, shape (n,), what the likelihood takes of both, and the distinct counts."""

    x: FloatArray
    xz: FloatArray
    log_z: FloatArray
    x_log_z: float
    levels: FloatArray
    of: NDArray[np.intp]
    customers: IntArray


def _data(x: FloatArray, z: FloatArray) -> _Data:
    levels, of, customers = np.unique(x, return_inverse=True, return_counts=True)
    log_z = np.log(z)
    return _Data(x, x * z, log_z, float((x * log_z).sum()), levels, of, customers)


def _value_and_slope(theta: FloatArray, data: _Data) -> tuple[float, FloatArray]:
    """Log-likelihood and its slope in the logarithms of (p, q, gamma).

    lnΓ(px+q) − lnΓ(px) − lnΓ(q) + q·ln γ + (px−1)·ln z + px·ln x − (px+q)·ln(xz+γ), summed.
    """
    from scipy.special import digamma, gammaln

    p, q, gamma = np.exp(theta)
    levels, customers, n = data.levels, data.customers, data.x.size
    px = p * levels
    per_level = gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(gamma) + px * np.log(levels)
    above = data.xz + gamma
    log_sum, power = np.log(above), (px + q)[data.of]
    value = float(
        (customers * per_level).sum() + p * data.x_log_z - data.log_z.sum() - (power * log_sum).sum()
    )
    spread = digamma(px + q)
    by_p = (customers * levels * (spread - digamma(px) + np.log(levels))).sum()
    by_p += data.x_log_z - (data.x * log_sum).sum()
    by_q = (customers * (spread - digamma(q) + np.log(gamma))).sum() - log_sum.sum()
    by_gamma = n * q / gamma - (power / above).sum()
    return value, np.array([p * by_p, q * by_q, gamma * by_gamma])
