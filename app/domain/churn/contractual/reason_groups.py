"""Reason groups of the learned model of contracts; see `app.domain.churn.explanations.reason_groups`.

Themes that customers with and without a contract share are named in the same words.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.churn.explanations.reason_groups import NOTHING, Customer, Measurement, ReasonGroup
from app.domain.churn.explanations.reason_groups import THEMES as WITHOUT_CONTRACT
from app.domain.churn.signals.signal import Unit


def _age(c: Customer) -> Measurement:
    return NOTHING if c.started_day is None else Measurement(max(c.facts.as_of_day - c.started_day, 0), 0)


def _end(c: Customer) -> Measurement:
    if c.facts.contract_ends_day is None:
        return NOTHING
    return Measurement(max(c.facts.contract_ends_day - c.facts.as_of_day + 1, 0), 0)


OWN = (
    ReasonGroup(
        "contract_age",
        Unit.DAYS,
        "Under contract for {value}.",
        "No contract.",
        _age,
    ),
    ReasonGroup(
        "contract_end",
        Unit.DAYS,
        "Time left until the contract ends: {value}.",
        "The contract has no end.",
        _end,
    ),
    ReasonGroup(
        "recent_purchases",
        Unit.COUNT,
        "Purchase days in the last {recent_days} days: {value}.",
        "No purchases.",
        lambda c: Measurement(c.facts.recent_purchases, 0),
    ),
)
"""Those that only customers under contract have."""

_SHARED = (
    "refunds",
    "open_complaints",
    "unresolved_complaint",
    "solved_complaints",
    "satisfaction",
    "contacts",
)

THEMES: Mapping[str, ReasonGroup] = MappingProxyType(
    {theme.code: theme for theme in (*OWN, *(WITHOUT_CONTRACT[code] for code in _SHARED))}
)
"""By code, in the order in which equal ones are listed."""
