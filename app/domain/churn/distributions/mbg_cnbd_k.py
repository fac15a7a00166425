"""MBG/CNBD-k: MBG/NBD whose intervals between purchases are Erlang-k, the more even the greater k.

Who buys like a clock is missed after one interval; who buys at random is not. k = 1 is MBG/NBD. With
g = r + k·x and I the regularised incomplete beta function:

    odds = a/(b+x)    N(h) = I(v; g, k), v = (α+t_x)/(α+T+h)    q = (odds + N(h)) / (odds + N(0))
    ln L = lnΓ(g) − lnΓ(r) + r ln α − g ln(α+t_x) + [x>0]·((kx−1) ln t_x − lnΓ(kx))
           + lnΓ(a+b) − lnΓ(b) + lnΓ(b+x+1) − lnΓ(a+b+x+1) + ln(odds + N(0))

I(v; g, k) = v^g · Σ_{j<k} (g)_j/j! · (1−v)^j, (g)_j = g(g+1)…(g+j−1), the probability that less than k stages
of an interval have gone by. Source: Platzer and Reutterer 2016; docs/formulas.md#rhythm.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from app.domain.churn.distributions import mbg_nbd
from app.domain.churn.distributions.btyd import Parameters
from app.domain.churn.distributions.fitting import GRADIENT, LEAST_GAIN, LOG_BOUND
from app.domain.churn.inputs.purchase_history import DAYS_PER_WEEK, Groups, Histories, distinct, group
from app.domain.common.arrays import FloatArray, IntArray
from app.domain.common.blas_threads import one_thread

CODE = "mbg_cnbd_k"

STEPS = (1, 2, 3, 4, 6, 8, 12, 20, 30, 50)
"""k rises through these while the log-likelihood gains `fitting.LEAST_GAIN` a step."""

MAX_FITTED = 4_000
"""Customers the model is fitted to at most, evenly chosen among their histories in order."""


@dataclass(frozen=True, slots=True)
class Regular(Parameters):
    """The parameters, and ``k``, the stages of an interval: whole, 1 or more."""

    k: int


@dataclass(frozen=True, slots=True)
class RegularFit(Regular):
    """Those of greatest likelihood.

    Args:
        log_likelihood: its natural logarithm over the customers it was fitted to.
        log_likelihood_at_random: the same with k = 1.
        n: those customers.
    """

    log_likelihood: float
    log_likelihood_at_random: float
    n: int


def q(parameters: Parameters, histories: Histories, horizon_days: int) -> FloatArray:
    """Probability of no purchase day in the ``horizon_days`` after D, elementwise; without a k by MBG/NBD.

    >>> known = Regular(0.8, 12, 0.9, 1.8, k=3)
    >>> q(known, Histories([2, 0], [213, 0], [272, 272]), 91).round(4).tolist()
    [0.585, 0.9279]
    """
    if not isinstance(parameters, Regular):
        return mbg_nbd.q(parameters, histories, horizon_days)
    if not 0 <= horizon_days < np.inf:
        raise ValueError("horizon_days must be 0 or more")
    p, k = parameters, parameters.k
    x = histories.x.astype(np.float64)
    odds, power = p.a / (p.b + x), p.r + k * x
    last, now = p.alpha + histories.t_x, p.alpha + histories.t
    later = _still_waiting(power, last, now + horizon_days / DAYS_PER_WEEK, k)
    waiting = _still_waiting(power, last, now, k)
    found: FloatArray = (odds + np.minimum(later, waiting)) / (odds + waiting)  # but for roundings it is less
    return found


def log_likelihood(parameters: Regular, histories: Histories) -> float:
    """Natural logarithm of the likelihood of all customers; 0.0 for none."""
    if not len(histories):
        return 0.0
    theta = np.log([parameters.r, parameters.alpha, parameters.a, parameters.b])
    return _value_and_slope(theta, parameters.k, _data(group(histories)))[0]


def fit(histories: Histories, at_random: Parameters) -> RegularFit | None:
    """Find k and the parameters of greatest likelihood.

    The same histories in any order give the same fit.

    Args:
        histories: of customers who carry a fit of MBG/NBD.
        at_random: that fit, from which the search begins.

    Returns:
        The fit; None where intervals are no more even than at random: k = 1.
    """
    from scipy import optimize  # noqa: F401 - its matrix library must be there to be held

    data = _data(group(_evenly_chosen(histories)))
    theta = np.log([at_random.r, at_random.alpha, at_random.a, at_random.b])
    with one_thread():
        random = found = _best(theta, 1, data)
        k = 1
        for before, step in pairwise(STEPS):
            # An interval of more stages goes through each of them faster.
            start = found[1] + np.log([1, before / step, 1, 1])
            higher = _best(start, step, data)
            if higher[0] - found[0] < LEAST_GAIN:
                break
            found, k = higher, step
    if k == 1:
        return None
    r, alpha, a, b = (float(value) for value in np.exp(found[1]))
    return RegularFit(r, alpha, a, b, k, found[0], random[0], int(data.n))


def _evenly_chosen(histories: Histories) -> Histories:
    """At most `MAX_FITTED` of them, every so manieth in the order of x, T and t_x."""
    step = -(-len(histories) // MAX_FITTED)
    if step <= 1:
        return histories
    order = np.lexsort((histories.t_x_days, histories.t_days, histories.x))
    return histories.take(order[step // 2 :: step])


# --- the search


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Grouped histories; x by level, so that gamma functions are computed of few numbers."""

    n: float
    counts: FloatArray
    x: FloatArray
    x_of: IntArray
    x_counts: FloatArray
    t_x: FloatArray
    t: FloatArray
    log_t_x: FloatArray
    """Sum over the customers of each x of ln t_x."""


def _data(groups: Groups) -> _Data:
    histories, counts = groups.histories, groups.counts.astype(np.float64)
    x, x_of = distinct(histories.x)
    logs = counts * np.log(np.where(histories.x > 0, histories.t_x, 1))
    return _Data(
        n=float(counts.sum()),
        counts=counts,
        x=x.astype(np.float64),
        x_of=x_of,
        x_counts=np.bincount(x_of, counts).astype(np.float64),
        t_x=histories.t_x,
        t=histories.t,
        log_t_x=np.bincount(x_of, logs).astype(np.float64),
    )


def _best(start: FloatArray, k: int, data: _Data) -> tuple[float, FloatArray]:
    """Greatest log-likelihood for one k, and the logarithms of its parameters."""
    from scipy.optimize import minimize

    def negated(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope = _value_and_slope(theta, k, data)
        return -value / data.n, -slope / data.n

    bounds = [(-LOG_BOUND, LOG_BOUND)] * 4
    options = {"maxiter": 500, "ftol": 1e-12, "gtol": GRADIENT}
    found = minimize(
        negated, np.clip(start, *bounds[0]), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    return -float(found.fun) * data.n, found.x


def _value_and_slope(theta: FloatArray, k: int, data: _Data) -> tuple[float, FloatArray]:
    """Log-likelihood and slope in the logarithms of (r, alpha, a, b)."""
    from scipy.special import betaln, digamma, gammaln

    r, alpha, a, b = np.exp(theta)
    x, n = data.x, data.x_counts
    power, kept, stages = r + k * x, b + x + 1, np.where(x > 0, k * x, 1)
    value = (n * (gammaln(power) - gammaln(r) + r * np.log(alpha) - gammaln(stages))).sum()
    value += ((stages - 1) * data.log_t_x).sum()
    value += (n * (gammaln(a + b) - gammaln(b) + gammaln(kept) - gammaln(a + kept))).sum()
    by_r = (n * (digamma(power) - digamma(r) + np.log(alpha))).sum()
    by_alpha = data.n * r / alpha
    by_a = (n * (digamma(a + b) - digamma(a + kept))).sum()
    by_b = by_a + (n * (digamma(kept) - digamma(b))).sum()

    g, odds = power[data.x_of], (a / (b + x))[data.x_of]
    last, now = alpha + data.t_x, alpha + data.t
    log_last, share = np.log(last), last / now
    silent = _still_waiting(g, last, now, k)
    silent_by_g = _slope_of_waiting(g, last, now, k)
    total = odds + silent
    weight = data.counts / total
    value += (data.counts * (np.log(total) - g * log_last)).sum()
    by_r += (weight * silent_by_g - data.counts * log_last).sum()
    rest = (data.t - data.t_x) / now  # 1 − share, exact where it is 0
    density = np.exp((g - 1) * np.log(share) - betaln(power, k)[data.x_of]) * rest ** (k - 1)
    by_alpha += (weight * density * rest / now - data.counts * g / last).sum()
    by_odds = np.bincount(data.x_of, weight)
    by_a += (by_odds / (b + x)).sum()
    by_b -= (by_odds * a / (b + x) ** 2).sum()
    return float(value), np.array([r * by_r, alpha * by_alpha, a * by_a, b * by_b])


def _still_waiting(g: FloatArray, last: FloatArray, now: FloatArray, k: int) -> FloatArray:
    """I(last/now; g, k): some tenths of a second for a million customers, where scipy takes seconds."""
    rest = (now - last) / now
    term = np.exp(g * np.log(last / now))  # where it is 0 so is the sum
    total = term.copy()
    for j in range(1, k):
        factor = g + (j - 1)
        factor *= rest
        factor /= j
        term *= factor
        total += term
    return total


def _slope_of_waiting(g: FloatArray, last: FloatArray, now: FloatArray, k: int) -> FloatArray:
    """The slope of that in g."""
    rest, log_share = (now - last) / now, np.log(last / now)
    term = np.exp(g * log_share)
    by_g = log_share.copy()  # of the logarithm of a term
    slope = term * by_g
    for j in range(1, k):
        term *= (g + (j - 1)) * rest / j
        by_g += 1 / (g + (j - 1))
        slope += term * by_g
    return slope
