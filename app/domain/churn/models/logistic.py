"""The learned model: logistic on everything known of a customer, the parametric log-odds among it.

Its rank comes from what happened in the company's own closed windows; its level is guarded by the
parametric model: one constant is added to all log-odds, chosen so that the mean of q is that of MBG/NBD,
or of MBG/CNBD-k where that took its place.
A window of the past may have had another season, and be shorter than the horizon; the constant makes up for
that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.domain.churn.distributions import mbg_cnbd_k
from app.domain.churn.distributions.btyd import NoFit, Parameters
from app.domain.churn.distributions.mbg_cnbd_k import Regular
from app.domain.churn.inputs import features
from app.domain.churn.inputs.features import NAMES, Usual
from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.churn.models.logistic_regression import (
    MAX_ROWS,
    Learned,
    is_enough,
    learn,
    probability,
    shift_to_mean,
)
from app.domain.churn.models.model import ChurnModel, Why
from app.domain.common.arrays import BoolArray, FloatArray

_PARAMETERS = 4
"""Of MBG/NBD; with k there is one more."""


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """Weights learned from windows of ``learned_days``."""

    learned: Learned
    learned_days: int

    def serve(
        self, now: Snapshot, horizon_days: int, mean: float | None = None
    ) -> "tuple[Serving, FloatArray] | None":
        """Make it ready for the customers of a day, and score them.

        Args:
            now: the customers.
            horizon_days: how far ahead.
            mean: what the mean of q is brought to; by default that of MBG/NBD.

        Returns:
            What it takes to score them again, and q, shape (n,); None when they carry no parametric fit.
        """
        expected = now.parametric_q(horizon_days)
        if expected is None or isinstance(now.purchase_model, NoFit):
            return None
        usually = features.usual(now)
        names = self.learned.names
        odds, centre = np.empty(len(now)), np.zeros(len(names))
        done = 0
        for part in now.parts():
            rows = slice(done, done + len(part))
            adds = self.learned.parts(features.matrix(part, expected[rows], usually, names))
            odds[rows] = self.learned.intercept + adds.sum(axis=1)
            centre += adds.sum(axis=0) / len(now)
            done += len(part)
        if mean is None:
            mean = float(expected.mean()) if expected.size else 0.5
        shift = shift_to_mean(odds, mean)
        serving = Serving(
            learned=self.learned,
            usual=usually,
            parametric=now.purchase_model,
            horizon_days=horizon_days,
            shift=shift,
            centre=centre,
        )
        return serving, probability(odds + shift)

    def scores(self, now: Snapshot, horizon_days: int) -> FloatArray | None:
        """Published q; None when the customers carry no parametric fit."""
        served = self.serve(now, horizon_days)
        return None if served is None else served[1]


@dataclass(frozen=True, slots=True, eq=False)
class Serving:
    """The learned model among the customers of one run: all it takes to score one of them again.

    Args:
        learned: the weights.
        usual: what was usual among the customers of the run.
        parametric: the purchase model of the run.
        horizon_days: of the run.
        shift: what is added to all log-odds.
        centre: mean part of each feature among the customers of the run.
    """

    learned: Learned
    usual: Usual
    parametric: Parameters
    horizon_days: int
    shift: float
    centre: FloatArray

    def contributions(self, customers: Snapshot) -> FloatArray:
        """What each feature that was learned adds to the log-odds against the mean of the run's customers,
        (n, features).

        They add up: the sum of a row is the customer's published log-odds less `mean_log_odds`.
        """
        expected = mbg_cnbd_k.q(self.parametric, customers.histories, self.horizon_days)
        columns = features.matrix(customers, expected, self.usual, self.learned.names)
        return self.learned.parts(columns) - self.centre

    @property
    def mean_log_odds(self) -> float:
        """Mean of the published log-odds of the run's customers."""
        return float(self.learned.intercept + self.shift + self.centre.sum())

    def to_dict(self) -> dict[str, Any]:
        """As stored with the run."""
        p = self.parametric
        return {
            "learned": self.learned.to_dict(),
            "usual": self.usual.to_dict(),
            "parametric": [p.r, p.alpha, p.a, p.b, *([p.k] if isinstance(p, Regular) else [])],
            "horizon_days": self.horizon_days,
            "shift": self.shift,
            "centre": self.centre.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Serving":
        """What `to_dict` gave."""
        return cls(
            Learned.from_dict(data["learned"]),
            Usual.from_dict(data["usual"]),
            (Parameters if len(data["parametric"]) == _PARAMETERS else Regular)(*data["parametric"]),
            data["horizon_days"],
            data["shift"],
            np.array(data["centre"], dtype=np.float64),
        )


def train(*closed: Window | None) -> Logistic | Why:
    """Learn from closed windows of one length, the oldest first.

    Each has a constant of its own, so that what differs between two seasons is not taken for what differs
    between customers.
    """
    windows = [window for window in closed if window is not None]
    if not windows or len(windows) < len(closed):
        return Why.NO_CLOSED_WINDOW
    if any(isinstance(window.then.fitted, NoFit) for window in windows):
        return Why.NO_PARAMETRIC_FIT
    parts = [_rows(window, MAX_ROWS // len(windows)) for window in windows]
    columns, silent = (np.concatenate(of_all) for of_all in zip(*parts, strict=True))
    if not is_enough(columns, silent):
        return Why.TOO_FEW_OUTCOMES
    group = np.repeat(np.arange(len(parts)), [of_one.size for _, of_one in parts])
    return Logistic(learn(columns, silent, NAMES, group), windows[-1].horizon_days)


def _rows(window: Window, max_rows: int) -> tuple[FloatArray, BoolArray]:
    """Features of about ``max_rows`` of a window's customers, shape (n, features), and their outcome."""
    usually, part = features.usual(window.then), window.sample(max_rows)
    expected = part.then.parametric_q(window.horizon_days)
    assert expected is not None  # noqa: S101 - the fit is that of all
    return features.matrix(part.then, expected, usually), part.silent


MODEL = ChurnModel(
    code="logistic",
    title="Logistic regression",
    formula=(
        "log-odds = constant + sum of weight x standardised feature; the constant brings the mean of q to "
        "that of mbg_nbd"
    ),
    source="scikit-learn; trained on the company's own last two closed windows",
    is_probability=True,
    train=train,
)
