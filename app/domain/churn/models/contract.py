"""Customers under contract: who will end it, learned from what is known of them and of their contract.

Without anything to learn from, all active customers have the same probability: the share that left in the
last window (`app.domain.churn.contractual.state.probabilities`). The learned model replaces that share when
it wins on the last closed window, as for customers without a contract; there is no parametric model to guard
its mean.

Attributes are whatever the caller knows by name, numbers or words; see `app.domain.churn.inputs.attributes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.churn.contractual.state import GRACE_DAYS, Contracts, State, states
from app.domain.churn.evaluation.metrics import DRAWS, measure
from app.domain.churn.evaluation.model_selection import LEAST_COMPARED, Contest, Entry, beats
from app.domain.churn.inputs.attributes import NAMED, Encoding, encoding
from app.domain.churn.inputs.purchase_history import NO_DAY
from app.domain.churn.models.logistic_regression import LEAST_ROWS, Learned, is_enough, learn, probability
from app.domain.churn.models.model import Why
from app.domain.common.arrays import BoolArray, FloatArray, IntArray

CODE = "contract_logistic"
BASE = "contract"
"""Code of the share that left: one probability for all."""
CONTRACT_MODELS = (BASE, CODE)

Attributes = Mapping[str, ArrayLike]


def contract_attributes(contracts: Contracts, as_of_day: int) -> dict[str, FloatArray]:
    """What contracts say on a day: their age, the days left, and whether they have an end.

    >>> one = Contracts(*(np.array([day]) for day in (0, 99, NO_DAY, NO_DAY)), np.array([False]))
    >>> {name: column.round(3).tolist() for name, column in contract_attributes(one, 90).items()}
    {'contract_age': [4.511], 'contract_left': [2.398], 'contract_open_ended': [0.0]}
    """
    is_open = contracts.ends_day == NO_DAY
    left = np.where(is_open, 0, np.maximum(contracts.ends_day - as_of_day + 1, 0))
    return {
        "contract_age": np.log1p(np.maximum(as_of_day - contracts.started_day, 0)),
        "contract_left": np.log1p(left),
        "contract_open_ended": is_open.astype(np.float64),
    }


@dataclass(frozen=True, slots=True, eq=False)
class ContractWindow:
    """Customers whose contract was active when a window opened, and who had left by its end.

    Args:
        attributes: by name, each of shape (n,), as known when it opened.
        left: who was gone at its end.
        opened_day: its first day.
        closes_day: the day after its last.
        known_day: from when the terms that attributes are made of were known, shape (n,); None when there
            are none among them.
        recorded_day: from when its named attributes were known, `NO_DAY` where there are none; None when they
            are not learned from.

    Raises:
        ValueError: terms or named attributes were not known before the window opened.
    """

    attributes: Attributes
    left: BoolArray
    opened_day: int
    closes_day: int
    known_day: IntArray | None = None
    recorded_day: IntArray | None = None

    def __post_init__(self) -> None:
        known, recorded = self.known_day, self.recorded_day
        if known is not None and np.any((known == NO_DAY) | (known >= self.opened_day)):
            raise ValueError("terms must have been known before the window opened")
        if recorded is not None and np.any(recorded >= self.opened_day):
            raise ValueError("named attributes must have been recorded before the window opened")


def outcome(
    contracts: Contracts,
    from_day: int,
    to_day: int,
    grace_days: int = GRACE_DAYS,
    later: Contracts | None = None,
) -> BoolArray:
    """Who of the customers had left, by themselves, by ``to_day``; ask it of those active on ``from_day``.

    Args:
        contracts: as they were known on ``from_day``.
        from_day: the first day.
        to_day: the day after the last.
        grace_days: days after the end of a contract before it has lapsed.
        later: as they were known on ``to_day``; by default nothing has changed.

    Raises:
        ValueError: a contract was not active on ``from_day``.
    """
    if np.any(states(contracts, from_day, grace_days) != State.ACTIVE):
        raise ValueError("only active contracts have an outcome")
    after = states(contracts if later is None else later, to_day, grace_days)
    gone: BoolArray = (after == State.LAPSED) | (after == State.LEFT)
    return gone


@dataclass(frozen=True, slots=True, eq=False)
class ContractModel:
    """Weights, and how attributes become columns."""

    learned: Learned
    encoding: Encoding

    def q(self, attributes: Attributes) -> FloatArray:
        """Probability of leaving within the window's length, shape (n,)."""
        return probability(self.log_odds(attributes))

    def log_odds(self, attributes: Attributes) -> FloatArray:
        """The log-odds of it, shape (n,): the intercept and the sum of `parts`."""
        return self.learned.log_odds(self.encoding.columns(_arrays(attributes)))

    def parts(self, attributes: Attributes) -> FloatArray:
        """What each column adds to the log-odds, shape (n, columns)."""
        return self.learned.parts(self.encoding.columns(_arrays(attributes)))

    @property
    def attribute_names(self) -> tuple[str, ...]:
        """The attributes that columns were made of."""
        return (*self.encoding.numbers, *(name for name, _ in self.encoding.words))

    @property
    def recorded_names(self) -> tuple[str, ...]:
        """Those of them that were recorded, and are no features."""
        return tuple(name for name in self.attribute_names if name.startswith(NAMED))

    def to_dict(self) -> dict[str, Any]:
        """As stored with a contest and with a run."""
        return {"learned": self.learned.to_dict(), "encoding": self.encoding.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ContractModel":
        """What `to_dict` gave."""
        return cls(Learned.from_dict(data["learned"]), Encoding.from_dict(data["encoding"]))


def train(attributes: Attributes, left: BoolArray) -> ContractModel | Why:
    """Learn who leaves; without the recorded attributes where too few left, or stayed, for so many columns.

    Args:
        attributes: by name, each of shape (n,).
        left: the outcome.
    """
    found = train_all(attributes, left)
    own = {name: column for name, column in attributes.items() if not name.startswith(NAMED)}
    if isinstance(found, ContractModel) or len(own) == len(attributes):
        return found
    return train_all(own, left)


def train_all(attributes: Attributes, left: BoolArray) -> ContractModel | Why:
    """Learn who leaves from all attributes, or from none."""
    columns = _arrays(attributes)
    code = encoding(columns, LEAST_ROWS)
    matrix = code.columns(columns)
    if not is_enough(matrix, left):
        return Why.TOO_FEW_OUTCOMES
    return ContractModel(learn(matrix, left, code.names), code)


def contest(
    earlier: ContractWindow | None, last: ContractWindow | None, *, draws: int = DRAWS, seed: int = 0
) -> Contest:
    """Hold the learned model, trained on the earlier window, against the share that left, on the last one.

    Raises:
        ValueError: the earlier window had not closed when the last one opened.
    """
    if earlier is None or last is None or not earlier.left.size or not last.left.size:
        return Contest(BASE, Why.NO_CLOSED_WINDOW)
    if earlier.closes_day > last.opened_day:
        raise ValueError("a window must have closed by the day it is used for")
    share = np.full(last.left.size, float(earlier.left.mean()))
    base = Entry(BASE, measure(last.left, share, draws=draws, seed=seed), None)
    model = train(earlier.attributes, earlier.left)
    rarer = min(int(last.left.sum()), int((~last.left).sum()))
    if isinstance(model, Why) or rarer < LEAST_COMPARED:
        serves, reason = BASE, Why.TOO_FEW_OUTCOMES
        learned = Entry(CODE, None, Why.TOO_FEW_OUTCOMES)
    else:
        found = measure(last.left, model.q(last.attributes), draws=draws, seed=seed)
        learned = Entry(CODE, found, None)
        won = base.metrics is not None and beats(found, base.metrics)
        serves, reason = (CODE, Why.WON) if won else (BASE, Why.LOST)
    return Contest(
        serves,
        reason,
        opened_day=last.opened_day,
        closed_day=last.closes_day,
        trained_days=earlier.closes_day - earlier.opened_day,
        n=last.left.size,
        entries=(base, learned),
    )


def _arrays(attributes: Attributes) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(column) for name, column in attributes.items()}
