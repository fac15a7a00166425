"""What a customer spends on a purchase day: Gamma-Gamma, one price for all, or the customer's own mean.

Amounts are net: what was given back is taken off, and a customer who gave everything back spends nothing, by
each of them.

- `Parameters` of Gamma-Gamma: the usual case;
- `OnePrice`: all customers spend the same, so there is nothing to learn from;
- `OwnMean`: amounts so heavy-tailed that Gamma-Gamma has no finite mean (q ≤ 1). Nobody is then expected to
  spend more than was seen; on simulated Pareto amounts this errs less than any mean over customers.

Source: docs/formulas.md#lifetime-value.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.domain.common.arrays import FloatArray, IntArray
from app.domain.lifetime_value import gamma_gamma
from app.domain.lifetime_value.gamma_gamma import Fit, NoFit, NoFitReason, Parameters

LEAST_VARIANCE = 0.1
"""The variance of the logarithm of a day's amount is taken to be at least this."""


class Kind(StrEnum):
    """Which model of spend serves."""

    GAMMA_GAMMA = "gamma_gamma"
    ONE_PRICE = "one_price"
    OWN_MEAN = "own_mean"


@dataclass(frozen=True, slots=True)
class OnePrice:
    """Everybody spends ``price`` on a purchase day, but for those who gave everything back."""

    price: float


@dataclass(frozen=True, slots=True)
class OwnMean:
    """A day's amount is the own mean times e^(σg − σ²/2), g normal; ``log_variance`` is σ²."""

    log_variance: float


Spend = Parameters | OnePrice | OwnMean


def kind_of(spend: Spend) -> Kind:
    """Name the model."""
    if isinstance(spend, OnePrice):
        return Kind.ONE_PRICE
    return Kind.OWN_MEAN if isinstance(spend, OwnMean) else Kind.GAMMA_GAMMA


def choose(fitted: Fit | NoFit, count: FloatArray, mean_spend: FloatArray) -> Spend | None:
    """Choose the model of spend; None when there are too few customers for any.

    Args:
        fitted: what came of fitting Gamma-Gamma to them.
        count: purchase days, shape (n,).
        mean_spend: mean net amount of one, at least 0.
    """
    if isinstance(fitted, Fit):
        return OwnMean(log_variance(count, mean_spend)) if fitted.q <= 1 else fitted
    if fitted.reason is NoFitReason.NO_SPREAD:
        return OnePrice(float(mean_spend[(count > 0) & (mean_spend > 0)].mean()))
    return None


def log_variance(count: FloatArray, mean_spend: FloatArray) -> float:
    """Estimate the variance of the logarithm of a day's amount.

    Means of n amounts spread by what customers differ and by a part of the days' variance that falls with n:
    it is the slope of (ln z − mean ln z)² on 1/n, at least `LEAST_VARIANCE`.

    >>> log_variance(np.array([1.0, 1.0, 2.0, 2.0]), np.exp([3.0, -3.0, 1.0, -1.0]))
    16.0
    """
    used = (count > 0) & (mean_spend > 0)
    logs, share = np.log(mean_spend[used]), 1 / count[used]
    squares = (logs - logs.mean()) ** 2
    share = share - share.mean()
    spread = float((share**2).sum())
    slope = float((share * squares).sum()) / spread if spread > 0 else 0.0
    return max(slope, LEAST_VARIANCE)


def expected(spend: Spend, count: FloatArray, mean_spend: FloatArray) -> FloatArray:
    """Expected net amount of each customer's next purchase day, shape (n,).

    A mean of 0 of days that were is not Gamma-Gamma's, whose amounts lie above 0: amounts that differ little
    would draw it all the way to what the others spend.
    """
    keeps = mean_spend > 0
    if isinstance(spend, Parameters):
        return np.where(keeps | (count == 0), gamma_gamma.expected_spend(spend, count, mean_spend), 0.0)
    return np.where(keeps & (count > 0), spend.price if isinstance(spend, OnePrice) else mean_spend, 0.0)


def draw(
    spend: Spend, count: FloatArray, mean_spend: FloatArray, bought: IntArray, random: np.random.Generator
) -> FloatArray:
    """Draw what so many purchase days bring.

    Args:
        spend: the model.
        count, mean_spend: of the customers' past, shape (n,).
        bought: days drawn for each of them, shape (draws, n).
        random: what is drawn from.
    """
    if isinstance(spend, OnePrice):
        return bought * expected(spend, count, mean_spend)
    if isinstance(spend, OwnMean):
        return _own_days(spend, bought, random) * expected(spend, count, mean_spend)
    scale = random.gamma(
        spend.p * count + spend.q,
        1 / (spend.gamma + count * np.where(count > 0, mean_spend, 0)),
        bought.shape,
    )
    # A sum of Y amounts, each Gamma(p); the shape 1 stands in where nothing was bought.
    brings = (bought > 0) & ((mean_spend > 0) | (count == 0))
    drawn: FloatArray = random.gamma(np.where(bought > 0, spend.p * bought, 1.0)) / scale * brings
    return drawn


def _own_days(spend: OwnMean, bought: IntArray, random: np.random.Generator) -> FloatArray:
    """Sums of so many factors of mean 1; one row at a time, for there is a number for each day."""
    sums = np.empty(bought.shape)
    sigma = np.sqrt(spend.log_variance)
    for row, days in enumerate(bought):
        factors = np.exp(sigma * random.standard_normal(int(days.sum())) - spend.log_variance / 2)
        sums[row] = np.bincount(np.repeat(np.arange(days.size), days), factors, minlength=days.size)
    return sums
