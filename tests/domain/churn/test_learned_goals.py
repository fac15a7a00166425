"""One procedure, the same for every company, reaches what it should on real data nobody tuned it to."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from churn_shops import cdnow, number, online_retail

from app.domain.churn.evaluation.backtest_report import Options, evaluate
from app.domain.churn.evaluation.metrics import Metrics, measure
from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.inputs.snapshots import Closed, Snapshot
from app.domain.churn.models import LEARNED
from benchmarks import telco
from benchmarks.purchase_log import Ledger


class Goal(NamedTuple):
    """What has to be reached on a day, and the AUC above which something must have leaked."""

    shop: Callable[[Path], Ledger]
    as_of: date
    horizon_days: int
    auc: float
    most_auc: float
    lift10: float
    brier: float


GOALS = pytest.mark.parametrize(
    "goal",
    [
        Goal(cdnow, date(1997, 10, 1), 273, auc=0.775, most_auc=0.80, lift10=1.27, brier=0.160),
        Goal(online_retail, date(2011, 9, 10), 91, auc=0.733, most_auc=0.78, lift10=1.4, brier=0.217),
        Goal(online_retail, date(2011, 6, 10), 92, auc=0.750, most_auc=0.78, lift10=1.4, brier=0.205),
    ],
    ids=["cdnow", "retail_september", "retail_june"],
)


def published(ledger: Ledger, as_of_day: int, horizon_days: int) -> tuple[str, Metrics]:
    """What would have been published on a day, held against what then happened."""
    selected = choose(ledger.closed(as_of_day, horizon_days), draws=0)
    owners, now = ledger.snapshot(as_of_day)
    forecast = predict(now, horizon_days, selected)
    outcome = ledger.silent(owners, as_of_day, horizon_days)
    return forecast.code, measure(outcome, forecast.q, draws=0)


@GOALS
def test_goals_without_a_contract(reference_data: Path, goal: Goal) -> None:
    code, found = published(goal.shop(reference_data), number(goal.as_of), goal.horizon_days)
    assert code == LEARNED
    assert goal.auc <= found.auc <= goal.most_auc
    assert found.lift10 >= goal.lift10
    assert found.brier <= goal.brier


@GOALS
@pytest.mark.parametrize("parts", [4, 5])
def test_no_length_of_windows_was_chosen_for_these_files(
    reference_data: Path, goal: Goal, parts: int
) -> None:
    ledger, as_of_day = goal.shop(reference_data), number(goal.as_of)
    assert ledger.first_day is not None
    length = min(goal.horizon_days, (as_of_day - ledger.first_day) // parts)
    windows = [ledger.window(as_of_day - back * length, length) for back in (2, 1)]
    tested = evaluate(
        ledger.window(as_of_day, goal.horizon_days), Closed(*windows), options=Options(draws=0, models=())
    )
    [found] = [one.metrics for one in tested.models if one.code == tested.published]
    assert tested.published == LEARNED
    assert found.brier is not None
    assert found.auc >= goal.auc
    assert found.lift10 >= goal.lift10
    assert found.brier <= goal.brier


class Leaking(Ledger):
    """A ledger that lets three weeks of the future into what customers were like on a day."""

    def snapshot(self, as_of_day: int) -> tuple[np.ndarray, Snapshot]:
        owners, seen = super().snapshot(as_of_day)
        rows = (self.day >= as_of_day) & (self.day < as_of_day + 21)
        bought = np.isin(owners, self.owner[rows])
        contacts = seen.facts.recent_contacts + bought
        columns = {name: getattr(seen.facts, name) for name in seen.facts.__slots__}
        leaked = type(seen.facts)(**{**columns, "recent_contacts": contacts})
        return owners, Snapshot(leaked, seen.value_minor, seen.refunds)


@GOALS
def test_a_planted_leak_is_too_good_to_be_true(reference_data: Path, goal: Goal) -> None:
    honest = goal.shop(reference_data)
    leaking = Leaking(honest.owner, honest.day, honest.amount, zero_amounts_count=goal.shop is cdnow)
    assert published(leaking, number(goal.as_of), goal.horizon_days)[1].auc > goal.most_auc


def test_telco(reference_data: Path) -> None:
    found = telco.measured(reference_data / "telco_customer_churn.csv", draws=0)
    assert 0.843 <= found.auc <= 0.87
    assert found.lift10 >= 2.80
    assert found.brier <= 0.137
    assert found.ece <= 0.02
