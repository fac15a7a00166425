"""Lifetime value without a contract: how often, times how much, times margin, discounted.

How often comes from BG/NBD or MBG/NBD, how much from Gamma-Gamma. The expectation has a closed form. The
interval has none, so it is drawn: of a customer who is still there

    Y = min(N, K),  N ~ Poisson(λ·h),  K ~ Geometric(π),  λ ~ Gamma(r+x, α+T),  π ~ Beta(a, b+x+s)

is how often it buys, for purchases come at random until the one after which it leaves; what it then spends is
Gamma(p·Y, ν) with ν ~ Gamma(p·x+q, γ+x·z). The mean of Y is the closed form, which a test holds. The interval
of one customer is of what it will do, given the parameters. What is not known of a total, its parameters and
its level included, is in `app.domain.lifetime_value.uncertainty` and `app.domain.lifetime_value.level`.

Source: Fader, Hardie and Lee 2005 ("RFM and CLV"); docs/formulas.md#lifetime-value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.distributions import btyd
from app.domain.churn.distributions.btyd import Model
from app.domain.churn.distributions.btyd import Parameters as RateParameters
from app.domain.churn.evaluation.bootstrap import Interval
from app.domain.churn.inputs.purchase_history import DAYS_PER_WEEK, Histories, distinct
from app.domain.common.arrays import FloatArray, Rows
from app.domain.lifetime_value import spend as spending
from app.domain.lifetime_value.spend import Spend

STEP_DAYS = 30
"""Purchases are discounted to the end of the period of so many days they fall into."""

YEAR_DAYS = 365
DRAWS = 2_000


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
        mean_spend: mean net amount of a purchase day, at least 0, any unit.

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
        return self.take(slice(None, None, step))

    def order(self) -> NDArray[np.intp]:
        """Their places in an order that follows from what is known of them, not from who they are."""
        h = self.histories
        return np.lexsort((self.mean_spend, self.spend_count, h.x, h.t_x_days, h.t_days))

    def take(self, rows: Rows) -> "Buyers":
        """Some of them."""
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
    spend: Spend,
    terms: Terms,
    model: Model = Model.MBG_NBD,
) -> Worth:
    """Compute expected lifetime values.

    Args:
        buyers: the customers.
        rate: of BG/NBD or MBG/NBD, fitted to them.
        spend: the model of what they spend.
        terms: how value is counted.
        model: which of the two ``rate`` is of.

    Cost: about a microsecond for each distinct pair of x and t and each 30 days of the horizon.
    """
    h = buyers.histories
    alive = btyd.p_alive(rate, h.x, h.t_x, h.t, model)
    raw, discounted = _purchases(h, rate, terms, model)
    amount = spending.expected(spend, buyers.spend_count, buyers.mean_spend)
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
    spend: Spend,
    terms: Terms,
    model: Model = Model.MBG_NBD,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Interval]:
    """Draw the interval that holds 95 % of what each customer may turn out to be worth, and its value.

    Args:
        buyers: few customers: ``draws`` numbers are drawn for each.
        rate, spend, terms, model: as for `worth`.
        draws: at least 40.
        seed: the same gives the same.
    """
    found = drawn(buyers, rate, spend, terms, model, draws, seed)
    # Of who most probably brings nothing all draws but a few are 0, and its expected value lies above them.
    value = worth(buyers, rate, spend, terms, model).value
    low, high = np.quantile(found, (0.025, 0.975), axis=0)
    low, high = np.minimum(low, value), np.maximum(high, value)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def drawn(
    buyers: Buyers,
    rate: RateParameters,
    spend: Spend,
    terms: Terms,
    model: Model,
    draws: int,
    seed: int,
) -> FloatArray:
    """Draw values as they may turn out, shape (draws, n)."""
    random, h = np.random.default_rng(seed), buyers.histories
    shape = (draws, len(h))
    alive = random.random(shape) < btyd.p_alive(rate, h.x, h.t_x, h.t, model)
    pace = random.gamma(rate.r + h.x, 1 / (rate.alpha + h.t), shape)
    dropout = random.beta(rate.a, rate.b + h.x + model, shape)
    until = random.geometric(np.clip(dropout, 1e-12, 1.0))
    bought = np.minimum(random.poisson(pace * terms.horizon_days / DAYS_PER_WEEK), until) * alive
    amounts = spending.draw(spend, buyers.spend_count, buyers.mean_spend, bought, random)
    raw, discounted = _purchases(h, rate, terms, model)
    share = np.divide(discounted, raw, out=np.ones_like(raw), where=raw > 0)
    found: FloatArray = amounts * share * terms.margin
    return found
