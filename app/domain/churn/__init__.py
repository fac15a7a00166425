"""Churn: who may be leaving, how sure that is, and why. Pure functions over columns.

The way of a scoring run::

    histories = from_days(first_day, last_day, purchase_days, as_of_day)  # buyers without a contract
    fitted = mbg_nbd.fit(histories)  # Fit or NoFit
    q = mbg_nbd.q(fitted, histories, horizon_days)  # contract.probabilities for contracts
    level = levels.assign(q, has_left, thresholds)  # has_left: event or silent_for_good
    usual = baselines(facts)  # stored with the run, as are the facts
    reasons = reasons_for_one(from_row(row, as_of_day), usual)  # when somebody asks

Where the company's past allows it, a learned model may serve instead::

    planned = plan(first_day, as_of_day, horizon_days)  # which days to look back to; None: too young
    last = Window(then, silent, horizon_days)  # how customers stood on such a day, and who stayed away
    closed = Closed(earlier, last, same_season, season_before)  # None for each the past is too short for
    forecast = predict(now, horizon_days, choose(closed))  # q, which model, and its reasons
    tested = evaluate(outcome, closed)  # the same for a past day, held against what happened

Source: docs/formulas.md#churn, docs/formulas.md#learned-churn, docs/formulas.md#season.
"""

from app.domain.churn.distributions import bg_nbd, mbg_nbd
from app.domain.churn.distributions.btyd import Fit, NoFit, NoFitReason, Parameters
from app.domain.churn.evaluation import metrics
from app.domain.churn.evaluation.backtest_report import Evaluation, evaluate
from app.domain.churn.evaluation.last_window import Backtest
from app.domain.churn.evaluation.model_selection import Contest, Forecast, choose, predict
from app.domain.churn.inputs.customer_facts import Baselines, Facts, baselines, from_row
from app.domain.churn.inputs.purchase_history import (
    NO_DAY,
    Histories,
    Rhythm,
    from_days,
    rhythm,
)
from app.domain.churn.inputs.snapshots import Closed, Plan, Snapshot, Window, plan
from app.domain.churn.levels import LEVELS, RiskLevels
from app.domain.churn.signals import SIGNALS, Reason, reasons_for_one, sentence

MODELS = {module.CODE: module for module in (mbg_nbd, bg_nbd)}
"""Models of customers without a contract, by code; the flag takes the first."""

__all__ = [
    "LEVELS",
    "MODELS",
    "NO_DAY",
    "SIGNALS",
    "Backtest",
    "Baselines",
    "Closed",
    "Contest",
    "Evaluation",
    "Facts",
    "Fit",
    "Forecast",
    "Histories",
    "NoFit",
    "NoFitReason",
    "Parameters",
    "Plan",
    "Reason",
    "Rhythm",
    "RiskLevels",
    "Snapshot",
    "Window",
    "baselines",
    "bg_nbd",
    "choose",
    "evaluate",
    "from_days",
    "from_row",
    "mbg_nbd",
    "metrics",
    "plan",
    "predict",
    "reasons_for_one",
    "rhythm",
    "sentence",
]
