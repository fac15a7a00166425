"""Maximum-likelihood fit of BG/NBD and MBG/NBD: the likelihood of histories and its search.

The likelihood is that of `app.domain.churn.distributions.btyd`, with exact slopes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.churn.distributions.btyd import Fit, Model, NoFit, NoFitReason, Parameters, log_prior_odds
from app.domain.churn.inputs.purchase_history import DAYS_PER_WEEK, Groups, Histories, group
from app.domain.common.arrays import FloatArray, IntArray
from app.domain.common.blas_threads import one_thread

LOG_BOUND = 9.0
"""Logarithms of all four parameters stay within ± this: a likelihood that rises for ever ends somewhere."""

AT_BOUND = 0.01
"""A log-parameter this near a bound is at it."""

LEAST_GAIN = 1.92
"""Log-likelihood that dropout must explain to count as identified: half the 95 % point of chi-square(1)."""

MIN_CUSTOMERS = 30
MIN_REPEAT_BUYERS = 10
"""Below these four parameters cannot be told from noise, and no model is fitted."""

ROUGH_GROUPS = 5_000
"""With more distinct histories than this the starts are tried on coarser days first."""

ROUGH_CELLS = (20, 50)
"""Parts the days are then divided into: the starts compete on the first, the best is refined on the next."""

GRADIENT = 1e-6
"""A search ends where the log-likelihood of a customer rises by less than this with a log-parameter."""

NEWTON_STEPS = 8

STARTS = ((0.1, 2.0), (1.0, 2.0), (0.5, 10.0), (2.0, 1.0))
"""Where (a, b) start; r and alpha start where they are best without dropout."""


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Grouped histories by level: x, t and t_x are few numbers, so logarithms are taken of few numbers."""

    n: float
    x: FloatArray
    x_counts: FloatArray
    t: FloatArray
    t_counts: FloatArray
    t_purchases: FloatArray
    t_x: FloatArray
    counts: FloatArray
    x_of: IntArray
    t_of: IntArray
    t_x_of: IntArray


def _data(groups: Groups) -> _Data:
    columns, counts = groups.histories, groups.counts.astype(np.float64)
    most_x, most_t = int(columns.x.max()), int(columns.t_days.max())
    weeks = np.arange(most_t + 1) / DAYS_PER_WEEK
    return _Data(
        n=float(counts.sum()),
        x=np.arange(most_x + 1, dtype=np.float64),
        x_counts=np.bincount(columns.x, counts).astype(np.float64),
        t=weeks,
        t_counts=np.bincount(columns.t_days, counts).astype(np.float64),
        t_purchases=np.bincount(columns.t_days, counts * columns.x).astype(np.float64),
        t_x=weeks,
        counts=counts,
        x_of=columns.x,
        t_of=columns.t_days,
        t_x_of=columns.t_x_days,
    )


def log_likelihood(parameters: Parameters, groups: Groups, model: Model) -> float:
    """Natural logarithm of the likelihood of all customers; 0.0 for none."""
    if not groups.counts.size:
        return 0.0
    theta = np.log([parameters.r, parameters.alpha, parameters.a, parameters.b])
    return _value_and_slope(theta, _data(groups), model)[0]


def curvature(parameters: Parameters, histories: Histories, model: Model = Model.MBG_NBD) -> FloatArray:
    """Return how the log-likelihood curves down in the logarithms of (r, alpha, a, b), shape (4, 4)."""
    data = _data(group(histories))
    theta = np.log([parameters.r, parameters.alpha, parameters.a, parameters.b])
    return _curvature(theta, data, model)


def fit(histories: Histories, model: Model) -> Fit | NoFit:
    """Find the parameters of greatest likelihood.

    The same histories in any order give the same fit. The search is L-BFGS-B on the logarithms of the
    parameters with exact slopes, from several starts; with many distinct histories the starts compete on
    histories rounded to coarser days and only the best one is refined on the exact ones, by Newton's method.

    Returns:
        The fit, or why there is none: fewer than `MIN_CUSTOMERS` customers or `MIN_REPEAT_BUYERS` who
        came back. Never raises for valid histories.

    Cost: O(n log n) for grouping, then O(distinct histories) for each of some 30 steps.
    """
    n = len(histories)
    if not n:
        return NoFit(NoFitReason.NO_CUSTOMERS, n)
    if n < MIN_CUSTOMERS:
        return NoFit(NoFitReason.TOO_FEW_CUSTOMERS, n)
    if np.count_nonzero(histories.x) < MIN_REPEAT_BUYERS:
        return NoFit(NoFitReason.TOO_FEW_REPEAT_BUYERS, n)
    from scipy import optimize  # noqa: F401 - its matrix library must be there to be held

    groups = group(histories)
    with one_thread():
        return _best(groups, model)


def _best(groups: Groups, model: Model) -> Fit:
    """Search from several starts."""
    n, data = int(groups.counts.sum()), _data(groups)
    is_large = groups.counts.size > ROUGH_GROUPS
    rough, *finer = [_data(_coarsened(groups, cells)) for cells in ROUGH_CELLS if is_large] + [data]
    without = _maximise(_purchases_only, np.zeros(2), data)
    starts = [np.concatenate((without.x, np.log(dropout))) for dropout in STARTS]
    best = min(
        (_maximise(_value_and_slope, start, rough, model) for start in starts), key=lambda one: one.fun
    )
    for data in finer:
        best = _refined(best, rough, data, model) or _maximise(_value_and_slope, best.x, data, model)
        rough = data
    return _verdict(best, -without.fun * n, groups, model)


def _verdict(best: Any, log_likelihood_without: float, groups: Groups, model: Model) -> Fit:
    """Say what was found and what is doubtful about it."""
    n = int(groups.counts.sum())
    at_bound = np.abs(best.x) > LOG_BOUND - AT_BOUND
    found = -float(best.fun) * n
    identified = not at_bound[2:].any() and found - log_likelihood_without >= LEAST_GAIN
    # Where a parameter is held by its bound the slope need not vanish.
    converged = bool(best.success) or float(np.abs(best.jac[~at_bound]).max(initial=0.0)) < 1e-5
    doubts = {
        "dropout_not_identified": not identified,
        "purchase_rate_at_bound": bool(at_bound[:2].any()),
        "not_converged": not converged,
    }
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return Fit(
        r=r,
        alpha=alpha,
        a=a,
        b=b,
        model=model.name.lower(),
        log_likelihood=found,
        log_likelihood_without_dropout=log_likelihood_without,
        n=n,
        groups=groups.counts.size,
        converged=converged,
        dropout_identified=identified,
        warnings=tuple(code for code, holds in doubts.items() if holds),
    )


def _maximise(function: Any, start: FloatArray, data: _Data, *args: Any) -> Any:
    """Maximise a log-likelihood per customer; the result is scipy's, of the negated function."""
    from scipy.optimize import minimize  # a third of a second that only fitting should cost

    def negated(theta: FloatArray) -> tuple[float, FloatArray]:
        value, slope = function(theta, data, *args)
        return -value / data.n, -slope / data.n

    bounds = [(-LOG_BOUND, LOG_BOUND)] * start.size
    options = {"maxiter": 500, "ftol": 1e-12, "gtol": GRADIENT}
    return minimize(negated, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _refined(best: Any, rough: _Data, data: _Data, model: Model) -> Any:
    """Newton's steps from the best fit of rough histories to that of the exact ones; None if they do not lead
    there. The curvature, nearly the same in both, is that of the rough ones, so that a few steps suffice.
    """
    from scipy.optimize import OptimizeResult

    theta = best.x
    curvature = _curvature(theta, rough, model) / rough.n
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        return None
    for _ in range(NEWTON_STEPS):
        value, slope = _value_and_slope(theta, data, model)
        if np.abs(theta).max() > LOG_BOUND - AT_BOUND:
            return None
        if np.abs(slope).max() <= GRADIENT * data.n:
            return OptimizeResult(x=theta, fun=-value / data.n, jac=-slope / data.n, success=True)
        theta = theta + np.linalg.solve(curvature, slope / data.n)
    return None


def _curvature(theta: FloatArray, data: _Data, model: Model) -> FloatArray:
    """Differences of the exact slopes, negated, so that it is positive at a maximum."""
    steps = 1e-4 * np.eye(theta.size)
    ends = [[_value_and_slope(theta + sign * step, data, model)[1] for sign in (-1, 1)] for step in steps]
    curved = np.array([below - above for below, above in ends]) / 2e-4
    symmetric: FloatArray = (curved + curved.T) / 2
    return symmetric


def _coarsened(groups: Groups, cells: int) -> Groups:
    """Round all days, so that at most some ``cells`` squared histories remain for each x; counts are kept."""
    columns = groups.histories
    step = int(columns.t_days.max()) // cells + 1
    is_new = np.diff(columns.x, prepend=-1) > 0  # groups come in the order of x
    t, t_x = columns.t_days // step, columns.t_x_days // step
    size = int(t.max()) + 1
    counts = np.bincount(((np.cumsum(is_new) - 1) * size + t) * size + t_x, groups.counts)
    found = np.flatnonzero(counts)
    place, t, t_x = found // size**2, found // size % size, found % size
    x = columns.x[is_new][place]
    t_x_days = np.where(x > 0, np.maximum(t_x * step + step // 2, x), 0)
    t_days = np.maximum(t * step + step // 2, t_x_days)
    return Groups(Histories(x, t_x_days, t_days), counts[found].astype(np.int64))


def _purchases_only(theta: FloatArray, data: _Data) -> tuple[float, FloatArray]:
    """Log-likelihood and slope in (ln r, ln alpha) when nobody drops out."""
    from scipy.special import digamma, gammaln

    r, alpha = np.exp(theta[:2])
    log_t = np.log(alpha + data.t)
    weights = r * data.t_counts + data.t_purchases
    value = _sum(data.x_counts, gammaln(r + data.x) - gammaln(r)) - _sum(weights, log_t)
    by_r = _sum(data.x_counts, digamma(r + data.x) - digamma(r)) - _sum(data.t_counts, log_t)
    by_alpha = data.n * r / alpha - _sum(weights, 1 / (alpha + data.t))
    log_alpha = data.n * np.log(alpha)
    return value + r * log_alpha, np.array([r * (by_r + log_alpha), alpha * by_alpha])


def _value_and_slope(theta: FloatArray, data: _Data, model: Model) -> tuple[float, FloatArray]:
    """Log-likelihood and slope in the logarithms of (r, alpha, a, b)."""
    from scipy.special import digamma, gammaln

    r, alpha, a, b = np.exp(theta)
    value, slope = _purchases_only(theta, data)
    kept = b + data.x + model
    value += _sum(data.x_counts, gammaln(kept) - gammaln(a + kept)) + data.n * (gammaln(a + b) - gammaln(b))
    by_a = data.n * digamma(a + b) - _sum(data.x_counts, digamma(a + kept))
    by_b = by_a + _sum(data.x_counts, digamma(kept)) - data.n * digamma(b)

    # ln(1 + e^z), e^z the odds that the customer has dropped out; w the probability, weighted by counts.
    power = r + data.x
    gap = np.log(alpha + data.t)[data.t_of] - np.log(alpha + data.t_x)[data.t_x_of]
    power_of = power[data.x_of]
    z = log_prior_odds(a, b, data.x, model)[data.x_of] + power_of * gap
    shrunk = np.exp(-np.abs(z))
    value += _sum(data.counts, np.maximum(z, 0) + np.log1p(shrunk))
    w = data.counts * np.where(z >= 0, 1, shrunk) / (1 + shrunk)
    w_by_x = np.bincount(data.x_of, w).astype(np.float64)
    by_r = _sum(w, gap)
    by_alpha = _sum(w * power_of, (1 / (alpha + data.t))[data.t_of] - (1 / (alpha + data.t_x))[data.t_x_of])
    by_a += w_by_x.sum() / a
    odds_slope = np.divide(1, kept - 1, out=np.zeros_like(kept), where=w_by_x > 0)
    by_b -= _sum(w_by_x, odds_slope)
    return float(value), np.array([slope[0] + r * by_r, slope[1] + alpha * by_alpha, a * by_a, b * by_b])


def _sum(weights: FloatArray, values: FloatArray) -> float:
    """Sum of products by numpy alone: the matrix library would start threads that wait for each other."""
    return float((weights * values).sum())
