"""What was measured and fitted, as it is stored with a run and shown."""

from dataclasses import asdict

from app.domain.churn import Backtest, Fit, NoFit
from app.domain.churn.contractual.evaluation import ContractEvaluation
from app.domain.churn.distributions.mbg_cnbd_k import RegularFit
from app.domain.churn.evaluation.backtest_report import Evaluation, Figures
from app.domain.churn.evaluation.metrics import Metrics, is_calibrated
from app.domain.churn.evaluation.model_selection import Contest
from app.domain.churn.evaluation.season import Season
from app.domain.common.days import day_of
from app.store.transactions import Row

_CALIBRATION = ("ece", "ece_by_chance", "ece_limit")
_FIT = (
    "parameters",
    "log_likelihood",
    "log_likelihood_without_dropout",
    "groups",
    "converged",
    "dropout_identified",
)


def metrics_row(metrics: Metrics) -> Row:
    """Figures of a forecast."""
    row = asdict(metrics)
    row["calibration"] = list(row["calibration"])
    return row


def calibration_row(metrics: Row | None) -> Row:
    """Whether a model is calibrated, from its `metrics_row`: null where that was not measured."""
    row = {name: None if metrics is None else metrics[name] for name in _CALIBRATION}
    return {**row, "calibrated": is_calibrated(row["ece"], row["ece_limit"])}


def _figures_row(found: Figures) -> Row:
    """One model in a backtest."""
    reliability = [None if one is None else asdict(one) for one in found.reliability]
    return {**asdict(found), "metrics": metrics_row(found.metrics), "reliability": reliability}


def contest_row(found: Contest) -> Row:
    """A contest as it is stored and shown."""
    opened, closed = found.opened_day, found.closed_day
    return {
        "serves": found.serves,
        "reason": found.reason.value,
        "opened_on": None if opened is None else day_of(opened).isoformat(),
        "closed_on": None if closed is None else day_of(closed).isoformat(),
        "trained_days": found.trained_days,
        "n": found.n,
        "purchase_model": found.purchase_model,
        "k": found.k,
        "entries": [
            {
                "code": entry.code,
                "metrics": None if entry.metrics is None else metrics_row(entry.metrics),
                "missing": None if entry.missing is None else entry.missing.value,
                "statistic": entry.statistic,
            }
            for entry in found.entries
        ],
    }


def season_row(found: Season) -> Row:
    """What the windows of earlier years say, as it is stored and shown."""
    return {
        "found": found.found,
        "shifts": [
            {
                "window": one.window,
                "opened_on": day_of(one.opened_day).isoformat(),
                "days": one.days,
                "n": one.n,
                "share": one.share,
                "shift": one.constant,
                "error": one.error,
            }
            for one in found.shifts
        ],
        "candidates": [
            {
                "code": one.code,
                "metrics": None if one.metrics is None else metrics_row(one.metrics),
                "statistic": one.statistic,
                "missing": None if one.missing is None else one.missing.value,
            }
            for one in found.candidates
        ],
        "served": found.served,
        "shift": found.constant,
        "measured": None if found.published is None else found.published.code,
        "withheld": None if found.withheld is None else found.withheld.value,
    }


def evaluation_row(found: Evaluation | ContractEvaluation) -> Row:
    """What the backtests of customers with and without a contract have in common."""
    return {
        "n": found.n,
        "published": found.published,
        "reason": found.reason.value,
        "contest": contest_row(found.contest),
        "models": [_figures_row(one) for one in found.models],
        "missing": [{"code": code, "reason": reason.value} for code, reason in found.missing.items()],
    }


def fit_row(fitted: Fit | NoFit) -> Row:
    """The purchase model, or why there is none."""
    if isinstance(fitted, NoFit):
        return {"no_fit": fitted.reason.value, "n": fitted.n, "warnings": []} | dict.fromkeys(_FIT)
    row = asdict(fitted)
    row["parameters"] = {name: row[name] for name in ("r", "alpha", "a", "b")}
    row |= {name: bool(row[name]) for name in ("converged", "dropout_identified")}
    known = {name: row[name] for name in _FIT}
    return {"no_fit": None, "n": fitted.n, "warnings": list(fitted.warnings), **known}


def regular_row(fitted: Fit | NoFit | RegularFit) -> Row | None:
    """The purchase model of who buys in a rhythm; None where that does not serve."""
    if not isinstance(fitted, RegularFit):
        return None
    row = asdict(fitted)
    return {"parameters": {name: row.pop(name) for name in ("r", "alpha", "a", "b")}, **row}


def test_row(test: Backtest) -> Row:
    """The backtest of the purchase model."""
    return {
        "cut_on": day_of(test.cut_day).isoformat(),
        "horizon_days": test.horizon_days,
        "n": test.n,
        "excluded_new": test.excluded_new,
        "k": test.k,
        "no_fit": test.fit.reason.value if isinstance(test.fit, NoFit) else None,
        "model": None if test.model is None else metrics_row(test.model),
        "recency": metrics_row(test.recency),
    }
