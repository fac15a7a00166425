"""What a churn model is: something that may learn from a window of the past and then scores customers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.common.arrays import FloatArray


class Why(StrEnum):
    """Why a model serves, or why it cannot.

    ``won``, ``lost``: the learned model against the parametric one, on the last closed window.
    ``no_closed_window``: the company's past is too short. ``no_parametric_fit``: too few customers or repeat
    buyers. ``too_few_outcomes``: too few customers left, or stayed, to learn from or to compare on.
    ``not_regular``: purchases are no more even than at random.
    ``terms_unknown``: of too many contracts it is not known what they said when the windows opened.
    ``season``: the season of earlier years chose it. ``worse_than_base_rate``, ``season_unproved``: on the
    last closed window, or in the season of the year before, no probability was better than one figure for
    all, so that customers are only ranked.
    """

    WON = "won"
    LOST = "lost"
    NO_CLOSED_WINDOW = "no_closed_window"
    NO_PARAMETRIC_FIT = "no_parametric_fit"
    TOO_FEW_OUTCOMES = "too_few_outcomes"
    TERMS_UNKNOWN = "terms_unknown"
    SEASON = "season"
    WORSE_THAN_BASE_RATE = "worse_than_base_rate"
    SEASON_UNPROVED = "season_unproved"
    NOT_REGULAR = "not_regular"


class Trained(Protocol):
    """A model that is ready."""

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray | None:
        """Score the customers, shape (n,): higher is more likely to buy nothing in the horizon."""
        ...


class Training(Protocol):
    """How a model is made ready."""

    def __call__(self, *closed: Window | None) -> Trained | Why:
        """Learn from windows that have closed, the oldest first; None for one that the past is too short for.

        Returns the model, or why it cannot be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class ChurnModel:
    """A model of customers without a contract; `app.domain.methods` has its worked example and its limits.

    Args:
        code: stable name.
        title: message id of its name.
        formula: what it computes.
        source: where it comes from.
        is_probability: whether its score is a probability; otherwise it only ranks.
        train: makes it ready.
    """

    code: str
    title: str
    formula: str
    source: str
    is_probability: bool
    train: Training
