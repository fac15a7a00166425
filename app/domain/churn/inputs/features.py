"""What the learned model looks at: numbers about each customer, none of them from after the day.

To add a feature: a line in `FEATURES`. It is a plain function of what a snapshot holds and of what is usual
among its customers, so that one customer alone gives the same numbers as among a million.

Logarithms, because the tenth purchase says less than the second; every number is made free of currency and
of the company's own pace. What is not known of a customer is taken at its usual value.

Source: docs/formulas.md#learned-churn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from app.domain.churn.inputs.customer_facts import Facts, _median
from app.domain.churn.inputs.purchase_history import NO_DAY, Rhythm, shrunk_interval_days
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.logistic_regression import log_odds
from app.domain.churn.signals.complaints import UNRESOLVED_AFTER_DAYS
from app.domain.churn.signals.scores import FRESH_DAYS
from app.domain.common.arrays import BoolArray, FloatArray

DEFAULT_INTERVAL_DAYS = 30.0
"""Stands for the population's interval while nobody has come back; then it is the same for all."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual among the customers of a snapshot; None where nobody has the fact.

    Args:
        rhythm: of purchases.
        median_spend_minor: median of the value for each purchase day, among values above 0.
        mean_score: mean of the fresh satisfaction scores.
    """

    rhythm: Rhythm
    median_spend_minor: float | None
    mean_score: float | None

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Usual":
        """What `to_dict` gave."""
        return cls(**{**data, "rhythm": Rhythm(**data["rhythm"])})


def usual(snapshot: Snapshot) -> Usual:
    """Measure what is usual."""
    spend = _spend(snapshot)
    facts = snapshot.facts
    return Usual(
        rhythm=snapshot.rhythm,
        median_spend_minor=_median(spend[spend > 0]),
        mean_score=_mean(facts.last_score[fresh(facts)]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What features are computed from: ``q`` is the parametric probability for the horizon in question."""

    snapshot: Snapshot
    usual: Usual
    q: FloatArray


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about each customer.

    Args:
        code: stable name.
        theme: the group of its reason: `app.domain.churn.explanations.contributions.THEMES`.
        formula: how it is computed.
        column: a sight to the numbers, shape (n,), finite.
    """

    code: str
    theme: str
    formula: str
    column: Callable[[Sight], FloatArray]


def matrix(
    snapshot: Snapshot, q: FloatArray, usually: Usual | None = None, names: Sequence[str] | None = None
) -> FloatArray:
    """Compute features, shape (n, features).

    Args:
        snapshot: the customers.
        q: their parametric probability of no purchase in the horizon.
        usually: what is usual, when it was measured before among more customers than these.
        names: of the features, in their order; all of `FEATURES` by default. A model that was learned before
            a feature was added knows only those it was learned from.
    """
    sight = Sight(snapshot, usually or usual(snapshot), q)
    return np.stack([BY_NAME[name].column(sight) for name in names or NAMES]).T


# --- the numbers


def _spend(snapshot: Snapshot) -> FloatArray:
    return np.asarray(np.maximum(snapshot.value_minor, 0) / snapshot.facts.purchase_days)


def fresh(facts: Facts) -> BoolArray:
    """Whose last satisfaction score is not too old, shape (n,)."""
    answered: BoolArray = ~np.isnan(facts.last_score)
    known: BoolArray = answered & (facts.last_score_day >= facts.as_of_day - FRESH_DAYS)
    return known


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if values.size else None


def _rhythm_ratio(sight: Sight) -> FloatArray:
    median = sight.usual.rhythm.median_days
    known = sight.snapshot.histories
    interval = shrunk_interval_days(
        known.x, known.t_x_days, DEFAULT_INTERVAL_DAYS if median is None else median
    )
    return np.asarray(np.log((1 + known.silence_days) / interval), dtype=np.float64)


def _newness(sight: Sight) -> FloatArray:
    """Bounded: a company's customers grow older than any it could learn from."""
    median = sight.usual.rhythm.median_days or DEFAULT_INTERVAL_DAYS
    return np.asarray(median / (median + sight.snapshot.histories.t_days), dtype=np.float64)


def _value(sight: Sight) -> FloatArray:
    return np.asarray(np.log1p(_spend(sight.snapshot) / (sight.usual.median_spend_minor or 1.0)))


def _trend(sight: Sight) -> FloatArray:
    """Of the amount of a purchase day, not of their number: recency and frequency hold that."""
    facts, usually = sight.snapshot.facts, sight.usual.median_spend_minor or 1.0
    both = (facts.recent_purchases > 0) & (facts.earlier_purchases > 0)
    recent, earlier = (
        np.maximum(spend, 0) / np.maximum(count, 1)
        for spend, count in (
            (facts.recent_spend_minor, facts.recent_purchases),
            (facts.earlier_spend_minor, facts.earlier_purchases),
        )
    )
    return np.asarray(np.where(both, np.log((recent + usually) / (earlier + usually)), 0.0))


def unresolved(facts: Facts) -> FloatArray:
    """1 for who waits too long for a complaint to be solved, or again, else 0, shape (n,)."""
    waiting = (facts.open_complaints > 0) & (facts.oldest_open_day != NO_DAY)
    old: BoolArray = waiting & (facts.as_of_day - facts.oldest_open_day > UNRESOLVED_AFTER_DAYS)
    return np.where(old | (facts.reopened_complaints > 0), 1.0, 0.0)


def _score(sight: Sight) -> FloatArray:
    facts, mean = sight.snapshot.facts, sight.usual.mean_score
    known = fresh(facts)
    return np.where(known, facts.last_score - (mean or 0.0), 0.0) / 100


def _fall(sight: Sight) -> FloatArray:
    facts = sight.snapshot.facts
    fell = fresh(facts) & ~np.isnan(facts.previous_score)
    return np.where(fell, np.maximum(facts.previous_score - facts.last_score, 0), 0.0) / 100


FEATURES: tuple[Feature, ...] = (
    Feature("parametric", "purchase_pattern", "log-odds of the parametric q", lambda s: log_odds(s.q)),
    Feature(
        "recency",
        "purchase_pattern",
        "ln(1 + days since the last purchase day)",
        lambda s: np.log1p(s.snapshot.histories.silence_days),
    ),
    Feature("frequency", "purchase_pattern", "ln(1 + x)", lambda s: np.log1p(s.snapshot.histories.x)),
    Feature(
        "tenure",
        "purchase_pattern",
        "m/(m + days since the first purchase day), m the population's median interval",
        _newness,
    ),
    Feature(
        "own_rhythm",
        "purchase_pattern",
        "ln((1 + days of silence)/shrunk interval)",
        _rhythm_ratio,
    ),
    Feature("value", "spend_level", "ln(1 + value for each purchase day/its median)", _value),
    Feature(
        "value_trend",
        "spend_trend",
        "ln((spend for each purchase day in 90 days + median)/(in the 90 before + median)), 0 unless in both",
        _trend,
    ),
    Feature("refunds", "refunds", "ln(1 + days with a refund)", lambda s: np.log1p(s.snapshot.refunds)),
    Feature(
        "open_complaints",
        "open_complaints",
        "ln(1 + open complaints)",
        lambda s: np.log1p(s.snapshot.facts.open_complaints),
    ),
    Feature(
        "unresolved_complaint",
        "unresolved_complaint",
        "1 when a complaint is open for over 14 days or was reopened, else 0",
        lambda s: unresolved(s.snapshot.facts),
    ),
    Feature(
        "solved_complaints",
        "solved_complaints",
        "ln(1 + complaints that are not open)",
        lambda s: np.log1p(s.snapshot.facts.complaints - s.snapshot.facts.open_complaints),
    ),
    Feature(
        "broken_promises",
        "broken_promises",
        "ln(1 + promises to the customer broken in 90 days)",
        lambda s: np.log1p(s.snapshot.facts.broken_promises),
    ),
    Feature(
        "satisfaction",
        "satisfaction",
        "(last score of the year - its mean)/100, 0 without one",
        _score,
    ),
    Feature(
        "satisfaction_fall",
        "satisfaction_fall",
        "(score before - last score of the year)/100, at least 0",
        _fall,
    ),
    Feature(
        "contacts",
        "contacts",
        "ln(1 + contacts the customer began in 90 days)",
        lambda s: np.log1p(s.snapshot.facts.recent_contacts),
    ),
)
"""In the order of the columns of `matrix`."""

NAMES = tuple(feature.code for feature in FEATURES)
BY_NAME: Mapping[str, Feature] = {feature.code: feature for feature in FEATURES}
