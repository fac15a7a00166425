"""The total of customers without a contract: as the model says it, corrected by its level, with an interval.

The same is done for windows that have closed, which is where the level comes from.

Source: docs/formulas.md#lifetime-value.
"""

from dataclasses import dataclass

import numpy as np

from app.domain.churn.distributions import mbg_nbd
from app.domain.churn.distributions.btyd import Fit
from app.domain.churn.evaluation.bootstrap import Interval
from app.domain.churn.inputs.purchase_history import Histories
from app.domain.lifetime_value import gamma_gamma
from app.domain.lifetime_value import spend as spending
from app.domain.lifetime_value.forecast import Buyers, Terms, worth
from app.domain.lifetime_value.level import Closed, Level, Planned
from app.domain.lifetime_value.uncertainty import Models, Spread, spread


@dataclass(frozen=True, slots=True)
class Parts:
    """What a total's interval comes from, as shares of the variance that add up to 1: what customers do, what
    is not known of the parameters, and how far levels move."""

    behaviour: float
    parameters: float
    level: float


@dataclass(frozen=True, slots=True)
class Total:
    """What some customers will spend.

    Args:
        forecast: as the model says it.
        level: what every value is multiplied by.
        interval: of 95 %.
        parts: what it comes from.
    """

    forecast: float
    level: float
    interval: Interval
    parts: Parts

    @property
    def value(self) -> float:
        """The forecast at the level."""
        return self.forecast * self.level


def total(forecast: float, unsure: Spread, level: Level) -> Total:
    """Tell a total, its level and its interval F·e^(m ± H).

    >>> from app.domain.lifetime_value.level import UNTESTED, level
    >>> found = total(1000.0, Spread(0.0016, 0.0), level(UNTESTED))
    >>> round(found.value), round(found.interval.low, 2), round(found.interval.high, 2)
    (1000, 495.88, 2016.6)
    """
    reach = level.reach(unsure.variance)
    ends = forecast * np.exp([level.m - reach, level.m + reach])
    whole = level.variance + unsure.variance
    parts = Parts(unsure.behaviour / whole, unsure.parameters / whole, level.variance / whole)
    return Total(forecast, level.factor, Interval(float(ends[0]), float(ends[1])), parts)


def models_of(histories: Histories, buyers: Buyers) -> Models | None:
    """Fit both models to the customers of a day; None when they are too few.

    Args:
        histories: all who have bought.
        buyers: those of them who have not left.
    """
    rate = mbg_nbd.fit(histories)
    found = gamma_gamma.fit(buyers.spend_count, buyers.mean_spend)
    spend = spending.choose(found, buyers.spend_count, buyers.mean_spend)
    return Models(rate, spend, histories, buyers) if isinstance(rate, Fit) and spend is not None else None


def measure(window: Planned, histories: Histories, buyers: Buyers, realised: float) -> Closed | None:
    """Forecast a window that has closed; None when there was no model on the day, or it said 0.

    Args:
        window: which.
        histories, buyers: of the day it opened, as for `models_of`.
        realised: net spend of the ``buyers`` in the window, in the unit of their amounts.
    """
    models, terms = models_of(histories, buyers), Terms(window.days)
    if models is None:
        return None
    forecast = float(worth(buyers, models.rate, models.spend, terms).value.sum())
    if forecast <= 0:
        return None
    return Closed(window, forecast, realised, spread(buyers, forecast, models, terms).variance)
