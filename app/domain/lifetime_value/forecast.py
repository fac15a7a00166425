"""Lifetime value without a contract: how often, times how much, times margin, discounted.

How often comes from BG/NBD or MBG/NBD, how much from Gamma-Gamma. The expectation has a closed form. The
interval has none, so it is drawn: of a customer who is still there

    Y = min(N, K),  N ~ Poisson(λ·h),  K ~ Geometric(π),  λ ~ Gamma(r+x, α+T),  π ~ Beta(a, b+x+s)

is how often it buys, for purchases come at random until the one after which it leaves; what it then spends is
Gamma(p·Y, ν) with ν ~ Gamma(p·x+q, γ+x·z). The mean of Y is the closed form, which a test holds. Intervals
are of what a customer will do, given the parameters; that the parameters are estimated too is not in them,
and beside the former it is small.

Source: Fader, Hardie and Lee 2005 ("RFM and CLV"); docs/formulas.md#lifetime-value.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.distributions import btyd
from app.domain.churn.distributions.btyd import Model
from app.domain.churn.distributions.btyd import Parameters as RateParameters
from app.domain.churn.evaluation.bootstrap import Interval
from app.domain.churn.inputs.purchase_history import DAYS_PER_WEEK, Histories, distinct
from app.domain.common.arrays import FloatArray
from app.domain.lifetime_value import gamma_gamma
from app.domain.lifetime_value.gamma_gamma import Parameters as SpendParameters

STEP_DAYS = 30
"""Purchases are discounted to the end of the period of so many days they fall into."""

YEAR_DAYS = 365
DRAWS = 2_000
TOTAL_DRAWS = 20
"""Draws of each customer for the interval of a total: their variances are added up, so few will do."""

MAX_DRAWN = 10_000
"""Customers whose spread is drawn for the interval of a total; the others are taken to be like them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How value is counted.

    Args:
        horizon_days: how far ahead, at least 1.
        margin: share of the spend that stays, 0..1.
        yearly_discount: what money a year ahead loses; 0.1 is 10 %.

    Raises:
        ValueError: an argument is out of range.
    """

    horizon_days: int = 365
    margin: float = 1.0
    yearly_discount: float = 0.0

    def __post_init__(self) -> None:
        if self.horizon_days < 1 or not 0 <= self.margin <= 1 or not -1 < self.yearly_discount < np.inf:
            raise ValueError("horizon_days must be 1 or more, margin 0 to 1, yearly_discount above -1")


@dataclass(frozen=True, slots=True, eq=False)
class Buyers:
    """n customers.

    Args:
        histories: their purchase days.
        spend_count: of how many purchases ``mean_spend`` is the mean, shape (n,).
        mean_spend: mean amount of a purchase, any unit.

    Raises:
        ValueError: lengths differ.
    """

    histories: Histories
    spend_count: FloatArray
    mean_spend: FloatArray

    def __post_init__(self) -> None:
        if not (len(self.histories),) == self.spend_count.shape == self.mean_spend.shape:
            raise ValueError("columns must be of one length")

    def every(self, step: int) -> "Buyers":
        """Each ``step``-th of them."""
        rows = np.arange(0, len(self.histories), step)
        return Buyers(self.histories.take(rows), self.spend_count[rows], self.mean_spend[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """Expectations, shape (n,): purchases in the horizon, amount of each, and discounted value of all."""

    purchases: FloatArray
    spend: FloatArray
    value: FloatArray


def worth(
    buyers: Buyers,
    rate: RateParameters,
    spend: SpendParameters,
    terms: Terms,
    model: Model = Model.MBG_NBD,
) -> Worth:
    """Compute expected lifetime values.

    Args:
        buyers: the customers.
        rate: of BG/NBD or MBG/NBD, fitted to them.
        spend: of Gamma-Gamma.
        terms: how value is counted.
        model: which of the two ``rate`` is of.

    Cost: about a microsecond for each distinct pair of x and t and each 30 days of the horizon.
    """
    h = buyers.histories
    alive = btyd.p_alive(rate, h.x, h.t_x, h.t, model)
    raw, discounted = _purchases(h, rate, terms, model)
    amount = gamma_gamma.expected_spend(spend, buyers.spend_count, buyers.mean_spend)
    return Worth(alive * raw, amount, alive * discounted * amount * terms.margin)


def _purchases(
    h: Histories, rate: RateParameters, terms: Terms, model: Model
) -> tuple[FloatArray, FloatArray]:
    """Expected purchases of each customer if it is still there, plain and discounted."""
    span = int(h.t_days.max(initial=0)) + 1
    pairs, places = distinct(h.x * span + h.t_days)
    x, t_days = np.divmod(pairs, span)
    ends = [*range(STEP_DAYS, terms.horizon_days, STEP_DAYS), terms.horizon_days]
    if not terms.yearly_discount:
        ends = ends[-1:]
    before = discounted = np.zeros(x.size)
    for end in ends:
        upto = btyd.expected_while_alive(rate, x, t_days / DAYS_PER_WEEK, end / DAYS_PER_WEEK, model)
        discounted = discounted + (upto - before) * (1 + terms.yearly_discount) ** (-end / YEAR_DAYS)
        before = upto
    return before[places], discounted[places]


def interval(
    buyers: Buyers,
    rate: RateParameters,
    spend: SpendParameters,
    terms: Terms,
    model: Model = Model.MBG_NBD,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Interval]:
    """Draw the interval that holds 95 % of what each customer may turn out to be worth.

    Args:
        buyers: few customers: ``draws`` numbers are drawn for each.
        rate, spend, terms, model: as for `worth`.
        draws: at least 40.
        seed: the same gives the same.
    """
    drawn = _drawn(buyers, rate, spend, terms, model, draws, seed)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def total_interval(
    buyers: Buyers,
    total: float,
    rate: RateParameters,
    spend: SpendParameters,
    terms: Terms,
    model: Model = Model.MBG_NBD,
    *,
    seed: int = 0,
) -> Interval | None:
    """95 % interval of what all customers together will be worth; None for nobody.

    Customers act on their own, so the total is nearly normal: its mean is ``total``, the sum of their
    `worth`, its variance the sum of the variances, drawn for at most `MAX_DRAWN` customers, evenly chosen.
    """
    n = len(buyers.histories)
    if not n:
        return None
    part = buyers.every(max(1, -(-n // MAX_DRAWN)))
    drawn = _drawn(part, rate, spend, terms, model, TOTAL_DRAWS, seed)
    reach = 1.959964 * float(np.sqrt(drawn.var(axis=0, ddof=1).sum() * n / len(part.histories)))
    return Interval(max(total - reach, 0.0), total + reach)


def _drawn(
    buyers: Buyers,
    rate: RateParameters,
    spend: SpendParameters,
    terms: Terms,
    model: Model,
    draws: int,
    seed: int,
) -> FloatArray:
    """Values as they may turn out, shape (draws, n)."""
    random, h = np.random.default_rng(seed), buyers.histories
    shape = (draws, len(h))
    alive = random.random(shape) < btyd.p_alive(rate, h.x, h.t_x, h.t, model)
    pace = random.gamma(rate.r + h.x, 1 / (rate.alpha + h.t), shape)
    dropout = random.beta(rate.a, rate.b + h.x + model, shape)
    until = random.geometric(np.clip(dropout, 1e-12, 1.0))
    bought = np.minimum(random.poisson(pace * terms.horizon_days / DAYS_PER_WEEK), until) * alive
    scale = random.gamma(
        spend.p * buyers.spend_count + spend.q,
        1 / (spend.gamma + buyers.spend_count * np.where(buyers.spend_count > 0, buyers.mean_spend, 0)),
        shape,
    )
    # A sum of Y amounts, each Gamma(p); the shape 1 stands in where nothing was bought.
    amounts = random.gamma(np.where(bought > 0, spend.p * bought, 1.0)) / scale * (bought > 0)
    raw, discounted = _purchases(h, rate, terms, model)
    share = np.divide(discounted, raw, out=np.ones_like(raw), where=raw > 0)
    drawn: FloatArray = amounts * share * terms.margin
    return drawn
