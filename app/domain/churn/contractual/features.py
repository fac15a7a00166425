"""What the learned model of contracts looks at: numbers about each customer, none of them from after the day.

To add a feature: a line in `FEATURES`. What is not known of a customer is NaN and taken at the median of
those it was learned from.

Source: docs/formulas.md#learned-churn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.contractual.state import Contracts
from app.domain.churn.inputs.customer_facts import Facts
from app.domain.churn.inputs.features import fresh, unresolved
from app.domain.churn.models.contract import contract_attributes
from app.domain.common.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ContractSnapshot:
    """n customers under contract at the start of ``facts.as_of_day``.

    Args:
        facts: what was known then.
        contracts: what was known of their contracts then.
        refunds: how many refunds and cancellations each had by then.
        named: columns of recorded attributes (`app.domain.churn.inputs.attributes.named`).

    Raises:
        ValueError: lengths differ.
    """

    facts: Facts
    contracts: Contracts
    refunds: IntArray
    named: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.contracts.started_day.shape == self.refunds.shape == self.facts.first_day.shape:
            raise ValueError("columns must be of one length")

    def __len__(self) -> int:
        return len(self.facts)


@dataclass(frozen=True, slots=True)
class ContractFeature:
    """One number about each customer.

    Args:
        code: stable name.
        theme: the group of its reason: `app.domain.churn.contractual.reason_groups.THEMES`.
        formula: how it is computed.
        column: a snapshot to the numbers, shape (n,); NaN where nothing is known.
    """

    code: str
    theme: str
    formula: str
    column: Callable[[ContractSnapshot], FloatArray]


def attributes(known: ContractSnapshot) -> dict[str, NDArray[Any]]:
    """Compute all features, by code, beside the recorded attributes."""
    return {**{feature.code: feature.column(known) for feature in FEATURES}, **known.named}


def _of_contract(code: str) -> Callable[[ContractSnapshot], FloatArray]:
    return lambda seen: contract_attributes(seen.contracts, seen.facts.as_of_day)[code]


def _score(known: ContractSnapshot) -> FloatArray:
    return np.where(fresh(known.facts), known.facts.last_score / 100, np.nan)


FEATURES: tuple[ContractFeature, ...] = (
    ContractFeature(
        "contract_age",
        "contract_age",
        "ln(1 + days since the contract started)",
        _of_contract("contract_age"),
    ),
    ContractFeature(
        "contract_left",
        "contract_end",
        "ln(1 + days until it ends, its last day included), 0 without an end",
        _of_contract("contract_left"),
    ),
    ContractFeature(
        "contract_open_ended", "contract_end", "1 without an end, else 0", _of_contract("contract_open_ended")
    ),
    ContractFeature(
        "recent_purchases",
        "recent_purchases",
        "ln(1 + purchase days in 90 days)",
        lambda seen: np.log1p(seen.facts.recent_purchases),
    ),
    ContractFeature("refunds", "refunds", "ln(1 + days with a refund)", lambda seen: np.log1p(seen.refunds)),
    ContractFeature(
        "open_complaints",
        "open_complaints",
        "ln(1 + open complaints)",
        lambda seen: np.log1p(seen.facts.open_complaints),
    ),
    ContractFeature(
        "unresolved_complaint",
        "unresolved_complaint",
        "1 when a complaint is open for over 14 days or was reopened, else 0",
        lambda seen: unresolved(seen.facts),
    ),
    ContractFeature(
        "solved_complaints",
        "solved_complaints",
        "ln(1 + complaints that are not open)",
        lambda seen: np.log1p(seen.facts.complaints - seen.facts.open_complaints),
    ),
    ContractFeature("satisfaction", "satisfaction", "last score of the year/100", _score),
    ContractFeature(
        "contacts",
        "contacts",
        "ln(1 + contacts the customer began in 90 days)",
        lambda seen: np.log1p(seen.facts.recent_contacts),
    ),
)
"""In the order of the columns."""

THEME_OF = {feature.code: feature.theme for feature in FEATURES}
