"""The learned model of contracts among the customers of a run, and why it says what it says of one of them.

Contributions are in log-odds against the mean customer under contract; they add up, as those of
`app.domain.churn.explanations.contributions` do.

Source: docs/formulas.md#reasons-that-add-up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.churn.contractual.features import THEME_OF, ContractSnapshot, attributes
from app.domain.churn.contractual.named_reasons import contributions_of
from app.domain.churn.contractual.reason_groups import THEMES
from app.domain.churn.contractual.state import Contracts
from app.domain.churn.explanations.contributions import Contribution, alone
from app.domain.churn.explanations.reason_groups import Customer
from app.domain.churn.inputs.attributes import named
from app.domain.churn.inputs.customer_facts import CustomerFacts
from app.domain.churn.inputs.features import Usual, fresh
from app.domain.churn.inputs.purchase_history import NO_DAY, Rhythm
from app.domain.churn.models.contract import ContractModel
from app.domain.churn.models.logistic_regression import probability
from app.domain.common.arrays import FloatArray

_NO_CUSTOMERS = Rhythm(n=0, median_days=None, p95_days=None)


@dataclass(frozen=True, slots=True, eq=False)
class ContractServing:
    """All it takes to score a customer of the run again.

    Args:
        model: what was learned.
        centre: mean part of each column among the customers of the run.
        mean_score: mean of their fresh satisfaction scores; None where nobody has one.
    """

    model: ContractModel
    centre: FloatArray
    mean_score: float | None

    def q(self, seen: ContractSnapshot) -> FloatArray:
        """Published probability of leaving within the horizon, shape (n,)."""
        return probability(self.model.log_odds(attributes(seen)))

    @property
    def mean_log_odds(self) -> float:
        """Mean of the log-odds of the run's customers."""
        return float(self.model.learned.intercept + self.centre.sum())

    def contributions(self, seen: ContractSnapshot) -> FloatArray:
        """What each column adds to the log-odds against the mean of the run's customers, (n, columns)."""
        return self.model.parts(attributes(seen)) - self.centre

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run."""
        return {
            "model": self.model.to_dict(),
            "centre": self.centre.tolist(),
            "mean_score": self.mean_score,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ContractServing":
        """What `to_dict` gave."""
        centre = np.array(data["centre"], dtype=np.float64)
        return cls(ContractModel.from_dict(data["model"]), centre, data["mean_score"])


def serve(model: ContractModel, now: ContractSnapshot) -> ContractServing:
    """Make a model ready for the customers of a day."""
    parts = model.parts(attributes(now))
    scores = now.facts.last_score[fresh(now.facts)]
    mean = float(scores.mean()) if scores.size else None
    return ContractServing(model, parts.mean(axis=0) if len(now) else parts.sum(axis=0), mean)


def explained(
    facts: CustomerFacts,
    started_day: int,
    refunds: int,
    serving: ContractServing,
    document: Mapping[str, Any] | None = None,
) -> list[Contribution]:
    """Explain one customer, the greatest contribution, either way, first; all themes, so that they add up.

    Args:
        facts: as `app.domain.churn.inputs.customer_facts.from_row` reads them back.
        started_day: first day of the contract.
        refunds: its refunds by then.
        serving: the learned model of the run.
        document: its recorded attributes; None where there are none.
    """
    whole, nothing = alone(facts), np.array([NO_DAY])
    days = (np.array([started_day]), whole.contract_ends_day, whole.contract_notice_day, nothing)
    recorded = named([document], serving.model.recorded_names)
    one = ContractSnapshot(whole, Contracts(*days, np.array([False])), np.array([refunds]), recorded)
    customer = Customer(facts, 0, refunds, Usual(_NO_CUSTOMERS, None, serving.mean_score), started_day)
    themes = {code: Contribution(code, *theme.measure(customer), 0.0) for code, theme in THEMES.items()}
    parts = serving.contributions(one)[0]
    return contributions_of(serving.model, parts, document, themes, THEME_OF)
