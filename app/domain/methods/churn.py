"""Descriptions of the churn models and levels."""

from types import ModuleType

import numpy as np

from app.domain.churn import LEVELS, Parameters, RiskLevels, levels
from app.domain.churn.contractual import state
from app.domain.churn.distributions import bg_nbd, mbg_nbd
from app.domain.churn.models import REGISTRY
from app.domain.methods.model import Example, Figures, Method, MethodKind

_MODEL = REGISTRY["mbg_nbd"]
_PLACE = "/docs/formulas#churn"


def _by(model: ModuleType, given: Figures) -> Figures:
    parameters = Parameters(*(given[name] for name in ("r", "alpha", "a", "b")))
    history = given["x"], given["t_x"], given["T"]
    active = float(model.p_active(parameters, *history, given["horizon_weeks"]))
    return {"p_alive": float(model.p_alive(parameters, *history)), "p_active": active, "q": 1 - active}


def _mbg_nbd(given: Figures) -> Figures:
    return _by(mbg_nbd, given)


def _bg_nbd(given: Figures) -> Figures:
    return _by(bg_nbd, given)


def _contract(given: Figures) -> Figures:
    turnover = state.Turnover(**given)
    standing = [state.State.ACTIVE, state.State.NOTICE_GIVEN]
    active, notice = state.probabilities(_numbers(standing), turnover.churn_rate).tolist()
    return {"churn_rate": turnover.churn_rate, "q_active": active, "q_notice_given": notice}


def _level(given: Figures) -> Figures:
    limits = RiskLevels(given["watch"], given["at_risk"])
    return {"levels": [LEVELS[n].value for n in levels.assign(given["q"], given["has_left"], limits)]}


def _numbers(states: list[state.State]) -> state.StateArray:
    return np.array(states, dtype=np.int8)


_HISTORY = {"x": 2, "t_x": 30.43, "T": 38.86, "horizon_weeks": 39}

METHODS = (
    Method(
        code="mbg_nbd",
        kind=MethodKind.CHURN_MODEL,
        title=_MODEL.title,
        formula=_MODEL.formula,
        source=_MODEL.source,
        documentation=_PLACE,
        low=0,
        high=1,
        unit="share",
        example=Example(
            {"r": 0.524838, "alpha": 6.182992, "a": 0.891356, "b": 1.613999, **_HISTORY},
            {"p_alive": 0.7061, "p_active": 0.5599, "q": 0.4401},
            _mbg_nbd,
        ),
        limits=(
            "It says how probable a purchase within the horizon is, from past purchases alone; not why.",
            "With fewer than 30 customers or 10 repeat buyers there is no fit and no probability.",
        ),
    ),
    Method(
        code="bg_nbd",
        kind=MethodKind.CHURN_MODEL,
        title="BG/NBD",
        formula=_MODEL.formula,
        source="Fader, Hardie and Lee 2005",
        documentation=_PLACE,
        low=0,
        high=1,
        unit="share",
        example=Example(
            {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, **_HISTORY},
            {"p_alive": 0.726579, "p_active": 0.554627, "q": 0.445373},
            _bg_nbd,
        ),
        limits=(
            (
                "Nobody drops out before the first repeat purchase, so P(alive) of a one-time buyer "
                "is 1 for ever: it is no flag."
            ),
        ),
    ),
    Method(
        code="contract",
        kind=MethodKind.CHURN_MODEL,
        title="Contracts",
        formula=(
            "churn rate = left in the last window as long as the horizon / active at its start; q = churn "
            "rate while active, 1 once notice was given; contract_logistic replaces the rate where it wins"
        ),
        source="Vefa",
        documentation=_PLACE,
        low=0,
        high=1,
        unit="share",
        example=Example(
            {"active_at_start": 200, "left": 10, "ended_by_us": 0, "joined": 30},
            {"churn_rate": 0.05, "q_active": 0.05, "q_notice_given": 1.0},
            _contract,
        ),
        limits=(
            (
                "Until the learned model serves, all active contracts have the same probability; who "
                "was sent away by us has not churned."
            ),
            (
                "It is learned only from terms that were known when a past window opened, with 10 who "
                "left for each feature."
            ),
        ),
    ),
    Method(
        code="verdict",
        kind=MethodKind.CHURN_LEVEL,
        title="Churn level",
        formula=(
            "healthy: q < 0.5; watch: 0.5 <= q < 0.8; at_risk: q >= 0.8; left: departure recorded, or u > c; "
            "u = silence/max(3 x own shrunk interval, 95th percentile of intervals), dormant: u > 1; c: the "
            "least of 1, 1.5, 2, 3, 4, 6 for which both closed windows prove that at most 10 % return"
        ),
        source="Vefa",
        documentation=_PLACE,
        low=None,
        high=None,
        unit="level",
        example=Example(
            {
                "q": [0.49, 0.5, 0.8, 0.1],
                "has_left": [False, False, False, True],
                "watch": 0.5,
                "at_risk": 0.8,
            },
            {"levels": ["healthy", "watch", "at_risk", "left"]},
            _level,
        ),
        limits=(
            (
                "A level is a probability put into words; whether it was right is measured by the "
                "backtest of each run."
            ),
            (
                "Where the closed windows do not prove from which silence on customers have left, nobody has "
                "left by silence; nor where sales have stopped arriving."
            ),
        ),
    ),
)
