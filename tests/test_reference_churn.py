"""Churn of two real shops by whole runs, against the published truths, on both databases."""

from typing import Any

import pytest
from test_reference_shops import blocks, environment, run, truths

from app.domain.common.access import system
from app.domain.common.company import Company
from app.services.insights import churn_report
from app.settings import Settings
from app.store.engine import Store

__all__ = ["environment", "truths"]


def report(database_url: str) -> Any:
    store = Store(Settings(database_url=database_url))
    try:
        return store.read_sync(churn_report.report, system(Company()), None, None)
    finally:
        store.close_sync()


def score(block: int, options: str, environment: dict[str, str]) -> None:
    """Import a shop as the document says, and score it with other options."""
    lines = [line for line in blocks()[block].splitlines() if not line.startswith("vefa score")]
    list(run("\n".join([*lines, f"vefa score {options}"]), environment))


def test_cdnow(environment: dict[str, str], truths: Any, database_url: str) -> None:
    score(1, "--as-of 1997-10-01 --horizon-days 273 --zero-amounts", environment)
    fitted = report(database_url)["models"]["mbg_nbd"]
    truth = truths["cdnow"]["mbgnbd"]
    assert fitted["n"] == 2357
    assert fitted["log_likelihood"] == pytest.approx(truth["LL"], abs=0.01)
    assert fitted["parameters"] == {
        name: pytest.approx(truth[name], rel=0.02) for name in ("r", "alpha", "a", "b")
    }
    list(run("vefa score --as-of 1998-07-01 --horizon-days 273 --zero-amounts", environment))
    test = report(database_url)["backtest"]
    assert (test["cut_on"], test["n"], test["excluded_new"]) == ("1997-09-30", 2357, 0)
    assert test["model"]["auc"] == pytest.approx(0.760, abs=0.005)
    assert test["model"]["brier"] == pytest.approx(0.161, abs=0.001)
    assert test["recency"]["auc"] == pytest.approx(0.771, abs=0.005)


def test_online_retail(environment: dict[str, str], database_url: str) -> None:
    score(0, "--as-of 2011-12-10 --horizon-days 91", environment)
    test = report(database_url)["backtest"]
    assert test["cut_on"] == "2011-09-09"
    assert test["model"]["auc"] == pytest.approx(0.733, abs=0.005)
    assert test["model"]["brier"] == pytest.approx(0.217, abs=0.001)
    assert test["recency"]["auc"] == pytest.approx(0.683, abs=0.005)
