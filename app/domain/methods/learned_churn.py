"""Descriptions of the churn models that compete in model selection, besides MBG/NBD."""

import numpy as np

from app.domain.churn.distributions import mbg_cnbd_k
from app.domain.churn.distributions.mbg_cnbd_k import Regular
from app.domain.churn.evaluation.season import shifted
from app.domain.churn.inputs.purchase_history import Histories
from app.domain.churn.models import REGISTRY, SEASON_LEARNED, logistic, recency, recency_frequency
from app.domain.churn.models.logistic_regression import Learned, probability, shift_to_mean
from app.domain.churn.models.recency_frequency import mean_rank
from app.domain.methods.model import Example, Figures, Method, MethodKind

_PLACE = "/docs/formulas#learned-churn"
_HISTORIES = {"x": [3, 2, 1, 0], "t_x_days": [98, 96, 90, 0], "T_days": [99, 98, 93, 4]}


def _histories(given: Figures) -> Histories:
    return Histories(given["x"], given["t_x_days"], given["T_days"])


def _recency(given: Figures) -> Figures:
    return {"scores": _histories(given).silence_days.tolist()}


def _recency_frequency(given: Figures) -> Figures:
    seen = _histories(given)
    return {"scores": (mean_rank(seen.silence_days) - mean_rank(seen.x)).tolist()}


def _logistic(given: Figures) -> Figures:
    odds = np.array(given["log_odds"])
    constant = shift_to_mean(odds, given["mbg_nbd_mean_q"])
    return {"constant": constant, "q": probability(odds + constant).tolist()}


def _season_logistic(given: Figures) -> Figures:
    mean_q = float(shifted(np.array(given["mbg_nbd_q"]), given["shift"]).mean())
    odds = np.array(given["log_odds"])
    constant = shift_to_mean(odds, mean_q)
    return {"mean_q": mean_q, "constant": constant, "q": probability(odds + constant).tolist()}


def _contract_logistic(given: Figures) -> Figures:
    means, scales, weights = (np.array(given[name]) for name in ("means", "scales", "weights"))
    names, intercept = tuple(given["features"]), given["intercept"]
    learned = Learned(names, means, scales, weights, intercept, n=1_000, events=100, converged=True)
    odds = learned.log_odds(np.array([given["customer"]]))
    return {"log_odds": float(odds[0]), "q": float(probability(odds)[0])}


def _mbg_cnbd_k(given: Figures) -> Figures:
    known = Regular(*(given[name] for name in ("r", "alpha", "a", "b", "k")))
    return {"q": mbg_cnbd_k.q(known, _histories(given), given["horizon_days"]).tolist()}


METHODS = (
    Method(
        code="mbg_cnbd_k",
        kind=MethodKind.CHURN_MODEL,
        title=REGISTRY["mbg_cnbd_k"].title,
        formula=REGISTRY["mbg_cnbd_k"].formula,
        source=REGISTRY["mbg_cnbd_k"].source,
        documentation="/docs/formulas#rhythm",
        low=0,
        high=1,
        unit="share",
        example=Example(
            {
                **{"r": 0.8, "alpha": 12, "a": 0.9, "b": 1.8, "k": 3, "horizon_days": 91},
                **{"x": [2, 0, 5], "t_x_days": [213, 0, 250], "T_days": [272, 272, 272]},
            },
            {"q": [0.58496, 0.927949, 0.257253]},
            _mbg_cnbd_k,
        ),
        limits=(
            (
                "It knows how many purchase days there were and when the first and the last, not each "
                "interval; all customers of a company have the same k."
            ),
            "It serves only where on the last closed window it was clearly better than mbg_nbd.",
        ),
    ),
    Method(
        code="recency",
        kind=MethodKind.CHURN_MODEL,
        title=recency.MODEL.title,
        formula=recency.MODEL.formula,
        source=recency.MODEL.source,
        documentation=_PLACE,
        low=0,
        high=None,
        unit="days",
        example=Example(_HISTORIES, {"scores": [1, 2, 3, 4]}, _recency),
        limits=("A rank, no probability; it takes slow customers for lost ones.",),
    ),
    Method(
        code="recency_frequency",
        kind=MethodKind.CHURN_MODEL,
        title=recency_frequency.MODEL.title,
        formula=recency_frequency.MODEL.formula,
        source=recency_frequency.MODEL.source,
        documentation=_PLACE,
        low=-1,
        high=1,
        unit="rank",
        example=Example(_HISTORIES, {"scores": [-0.75, -0.25, 0.25, 0.75]}, _recency_frequency),
        limits=("A rank, no probability; it weighs both alike, whatever the company.",),
    ),
    Method(
        code="logistic",
        kind=MethodKind.CHURN_MODEL,
        title=logistic.MODEL.title,
        formula=logistic.MODEL.formula,
        source=logistic.MODEL.source,
        documentation=_PLACE,
        low=0,
        high=1,
        unit="share",
        example=Example(
            {"log_odds": [0.0, 0.0], "mbg_nbd_mean_q": 0.75},
            {"constant": 1.0986, "q": [0.75, 0.75]},
            _logistic,
        ),
        limits=(
            "What the last closed windows taught need not hold in another season.",
            "It needs 10 cases of the rarer outcome, and 20 customers, for each feature.",
        ),
    ),
    Method(
        code=SEASON_LEARNED,
        kind=MethodKind.CHURN_MODEL,
        title="Logistic regression of the season",
        formula=(
            "log-odds as in logistic, learned from the same season of the two years before; the constant "
            "brings the mean of q to that of mbg_nbd with its log-odds raised by the shift of the year before"
        ),
        source="Vefa",
        documentation="/docs/formulas#season",
        low=0,
        high=1,
        unit="share",
        example=Example(
            {"mbg_nbd_q": [0.5, 0.5], "shift": 1.098612, "log_odds": [0.0, 0.0]},
            {"mean_q": 0.75, "constant": 1.0986, "q": [0.75, 0.75]},
            _season_logistic,
        ),
        limits=(
            (
                "It needs the same season of two earlier years, and serves only where it was better than the "
                "purchase model there."
            ),
            (
                "In the middle of a season that is new to it, what is published may be no better than one "
                "figure for all."
            ),
        ),
    ),
    Method(
        code="contract_logistic",
        kind=MethodKind.CHURN_MODEL,
        title="Logistic regression of contracts",
        formula=(
            "log-odds of leaving = intercept + sum of weight x (feature - mean)/scale, learned from the "
            "contracts that were active when the last window opened"
        ),
        source="scikit-learn; serves where it won against the share that left",
        documentation=_PLACE,
        low=0,
        high=1,
        unit="share",
        example=Example(
            {
                "features": ["contract_left", "open_complaints"],
                "means": [5.0, 0.1],
                "scales": [1.0, 0.5],
                "weights": [-0.8, 0.4],
                "intercept": -2.0,
                "customer": [3.0, 0.6],
            },
            {"log_odds": 0.0, "q": 0.5},
            _contract_logistic,
        ),
        limits=(
            (
                "It learns only from terms that were known when a past window opened; where too few "
                "were, the share that left serves."
            ),
        ),
    ),
)
