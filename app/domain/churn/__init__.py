"""Churn: who may be leaving, how sure that is, and why. Pure functions over columns.

The way of a scoring run::

    histories = from_days(first_day, last_day, purchase_days, as_of_day)  # buyers without a contract
    fitted = mbg_nbd.fit(histories)  # Fit or NoFit
    q = mbg_nbd.q(fitted, histories, horizon_days)  # contract.probabilities for contracts
    level = verdict.assign(q, has_left, levels)  # has_left: event or silent_for_good
    usual = baselines(facts)  # stored with the run, as are the facts
    reasons = reasons_for_one(from_row(row, as_of_day), usual)  # when somebody asks

Source: docs/formulas.md#churn.
"""

from app.domain.churn import bg_nbd, contract, mbg_nbd, metrics, verdict
from app.domain.churn.backtest import Backtest, backtest
from app.domain.churn.btyd import Fit, NoFit, NoFitReason, Parameters
from app.domain.churn.facts import Baselines, Facts, baselines, from_row
from app.domain.churn.history import (
    NO_DAY,
    Histories,
    Rhythm,
    distinct_days,
    from_days,
    from_purchases,
    rhythm,
)
from app.domain.churn.signals import SIGNALS, Reason, reasons_for_one, sentence
from app.domain.churn.verdict import LEVELS, Levels

MODELS = {module.CODE: module for module in (mbg_nbd, bg_nbd)}
"""Models of customers without a contract, by code; the flag takes the first."""

__all__ = [
    "LEVELS",
    "MODELS",
    "NO_DAY",
    "SIGNALS",
    "Backtest",
    "Baselines",
    "Facts",
    "Fit",
    "Histories",
    "Levels",
    "NoFit",
    "NoFitReason",
    "Parameters",
    "Reason",
    "Rhythm",
    "backtest",
    "baselines",
    "bg_nbd",
    "contract",
    "distinct_days",
    "from_days",
    "from_purchases",
    "from_row",
    "mbg_nbd",
    "metrics",
    "reasons_for_one",
    "rhythm",
    "sentence",
    "verdict",
]
