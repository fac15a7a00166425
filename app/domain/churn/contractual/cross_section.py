"""A snapshot of contracts: on one day, how old each is, what is said of it, and who had left.

There are no days, so no window of the past can be learned from or tested on. What sets those who have left
apart from the others on that day is learned across the customers instead, and tested by folds: each fifth is
judged by a model that has seen only the other four. What comes of it is no forecast for a horizon: it says
how many customers like this one had left.

Source: docs/formulas.md#snapshots-of-contracts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.churn.contractual.named_reasons import contributions_of
from app.domain.churn.evaluation.metrics import DRAWS, Metrics, measure
from app.domain.churn.evaluation.model_selection import LEAST_COMPARED, beats
from app.domain.churn.explanations.contributions import Contribution
from app.domain.churn.inputs.attributes import Documents, named
from app.domain.churn.models import contract
from app.domain.churn.models.contract import ContractModel
from app.domain.churn.models.logistic_regression import probability
from app.domain.churn.models.model import Why
from app.domain.common.arrays import BoolArray, FloatArray, IntArray
from app.domain.common.messages import Message
from app.domain.customers.contract_statements import DAYS_IN, AgeUnit

CODE = "cross_section"
SHARE = "share"
"""What serves where the model does not: the share that had left, the same for all."""
AGE = "contract_age"
FOLDS = 5
_SEED = 42

MAX_LEARNED = 100_000
"""Customers that are learned from at most, evenly chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class CrossSection:
    """n customers as a snapshot shows them.

    Args:
        age: of their contracts in days on average, NaN where none is said, shape (n,).
        documents: their named attributes.
        left: who had left.
        digest: a number that is the same where all of this is.
    """

    age: FloatArray
    documents: Documents
    left: BoolArray
    digest: IntArray

    def __len__(self) -> int:
        return self.left.size

    def attributes(self, names: tuple[str, ...] | None = None) -> dict[str, NDArray[Any]]:
        """The columns that are learned from, or those of some names: ln(1 + age), as of contracts with days,
        and the named attributes."""
        wanted = None if names is None else [name for name in names if name != AGE]
        return {AGE: np.log1p(self.age), **named(self.documents, wanted)}

    def in_order(self) -> "CrossSection":
        """The customers ordered by what is said of them, so that no figure depends on who was stored first;
        at most `MAX_LEARNED`."""
        order = np.lexsort((self.left, self.digest))
        order = order[:: max(1, -(-order.size // MAX_LEARNED))]
        documents = [self.documents[place] for place in order.tolist()]
        return CrossSection(self.age[order], documents, self.left[order], self.digest[order])


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What a snapshot teaches.

    Args:
        reason: why the model serves, or why the share that left does.
        n: customers it was learned from and tested on.
        left: how many of them had left.
        base: the share of those who left in the other folds, given to each; None for nobody.
        learned: the model, each customer judged by one that has not seen it; None where none could be had.
        model: learned from all; None unless it serves.
    """

    reason: Why
    n: int
    left: int
    base: Metrics | None
    learned: Metrics | None
    model: ContractModel | None

    @property
    def share(self) -> float | None:
        """Share that had left; None of nobody."""
        return self.left / self.n if self.n else None


def learn(section: CrossSection, *, draws: int = DRAWS) -> Learned:
    """Learn who leaves, and test it by folds: the model serves where it beats the share that left."""
    seen = section.in_order()
    n, left = len(seen), int(np.count_nonzero(seen.left))
    if min(left, n - left) < LEAST_COMPARED:
        return Learned(Why.TOO_FEW_OUTCOMES, n, left, None, None, None)
    columns = seen.attributes()
    share, q = np.empty(n), np.empty(n)
    folds = _folds(seen.left)
    for fold in range(FOLDS):
        train, test = folds != fold, folds == fold
        share[test] = seen.left[train].mean()
        model = contract.train_all(_rows(columns, train), seen.left[train])
        q[test] = np.nan if isinstance(model, Why) else model.q(_rows(columns, test))
    base = measure(seen.left, share, draws=draws)
    if np.isnan(q).any():
        return Learned(Why.TOO_FEW_OUTCOMES, n, left, base, None, None)
    found = measure(seen.left, q, draws=draws)
    if not beats(found, base):
        return Learned(Why.LOST, n, left, base, found, None)
    whole = contract.train_all(columns, seen.left)
    assert isinstance(whole, ContractModel)  # noqa: S101 - four fifths of the customers were enough
    return Learned(Why.WON, n, left, base, found, whole)


@dataclass(frozen=True, slots=True, eq=False)
class SectionServing:
    """All it takes to say what the probability of one customer is made of.

    Args:
        model: what was learned.
        centre: mean part of each column among the customers who were served.
    """

    model: ContractModel
    centre: FloatArray

    @property
    def mean_log_odds(self) -> float:
        """Mean of the log-odds of the customers who were served."""
        return float(self.model.learned.intercept + self.centre.sum())

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run."""
        return {"model": self.model.to_dict(), "centre": self.centre.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SectionServing":
        """What `to_dict` gave."""
        centre = np.array(data["centre"], dtype=np.float64)
        return cls(ContractModel.from_dict(data["model"]), centre)


def serve(model: ContractModel, now: CrossSection) -> tuple[SectionServing, FloatArray]:
    """Make a model ready for the customers who have not left, and give each its probability."""
    columns = now.attributes(model.attribute_names)
    parts = model.parts(columns)
    serving = SectionServing(model, parts.mean(axis=0) if len(now) else parts.sum(axis=0))
    return serving, probability(model.log_odds(columns))


_COUNTED = {
    AgeUnit.DAYS: ("{number} day", "{number} days"),
    AgeUnit.MONTHS: ("{number} month", "{number} months"),
    AgeUnit.YEARS: ("{number} year", "{number} years"),
}


def counted(age: int, unit: AgeUnit) -> Message:
    """An age in words.

    >>> counted(1, AgeUnit.MONTHS).id, counted(2, AgeUnit.YEARS).id
    ('{number} month', '{number} years')
    """
    one, many = _COUNTED[unit]
    return Message(one if age == 1 else many, {"number": age})


def explained(
    age: int, unit: AgeUnit, document: Mapping[str, Any], serving: SectionServing
) -> list[Contribution]:
    """Explain one customer, the greatest contribution, either way, first; they add up.

    Args:
        age: of its contract.
        unit: what that counts.
        document: its named attributes.
        serving: the model of the run.
    """
    nobody = np.zeros(1, dtype=np.int64)
    one = CrossSection(np.array([age * DAYS_IN[unit]]), [document], nobody.astype(np.bool_), nobody)
    parts = serving.model.parts(one.attributes(serving.model.attribute_names)) - serving.centre
    aged = Contribution(AGE, age, 0, 0.0, counted=counted(age, unit))
    return contributions_of(serving.model, parts[0], document, {AGE: aged})


# --- inside


def _folds(left: BoolArray) -> IntArray:
    """The fold of each customer; all have the same share of those who left."""
    from sklearn.model_selection import StratifiedKFold

    folds = np.zeros(left.size, dtype=np.int64)
    split = StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED).split(left, left)
    for fold, (_, test) in enumerate(split):
        folds[test] = fold
    return folds


def _rows(columns: Mapping[str, NDArray[Any]], rows: BoolArray) -> dict[str, NDArray[Any]]:
    return {name: column[rows] for name, column in columns.items()}
