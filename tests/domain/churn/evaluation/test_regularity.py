"""When rhythm is looked at, and what that changes."""

from dataclasses import replace

import numpy as np
import pytest
from churn_shops import simulated

from app.domain.churn.evaluation.backtest_report import Options, evaluate
from app.domain.churn.evaluation.last_window import from_histories
from app.domain.churn.evaluation.metrics import auc, rank
from app.domain.churn.evaluation.model_selection import Contest, Selected, choose, contest, predict
from app.domain.churn.evaluation.regularity import auc_statistic, is_clearly_better, statistic
from app.domain.churn.evaluation.season import UNSEEN
from app.domain.churn.inputs.snapshots import Closed, Snapshot, Window
from app.domain.churn.models import LEARNED, PARAMETRIC, REGULAR
from app.domain.churn.models.logistic import Serving
from app.domain.churn.models.model import Why
from benchmarks.trust.rhythm import CUT_DAY, HORIZON, monthly

LEDGER = monthly(41)


@pytest.fixture(scope="module")
def windows() -> tuple[Window, Window]:
    earlier, last = LEDGER.windows(CUT_DAY, HORIZON)
    assert earlier is not None
    assert last is not None
    return earlier, last


@pytest.fixture(scope="module")
def now() -> Snapshot:
    return LEDGER.snapshot(CUT_DAY)[1]


def test_a_customer_who_is_overdue_in_a_monthly_shop_is_at_risk(
    windows: tuple[Window, Window], now: Snapshot
) -> None:
    selected = choose(Closed(*windows), draws=0)
    found, forecast = selected.contest, predict(now, HORIZON, selected)
    assert (found.purchase_model, forecast.code) == (REGULAR, REGULAR)
    assert found.k is not None
    assert found.k >= 30
    silence = now.histories.silence_days
    overdue, on_time = (silence >= 33) & (silence < 90), silence < 25
    random = now.parametric_q(HORIZON)
    assert random[overdue].mean() < 0.3
    assert forecast.q[overdue].mean() > 0.75
    assert forecast.q[on_time].mean() < 0.1


def test_the_learned_model_holds_the_purchase_model_that_was_chosen() -> None:
    ledger = simulated(29, regular=6)
    closed, now = ledger.windows(420, 90), ledger.snapshot(420)[1]
    selected = choose(Closed(*closed), draws=0)
    found, forecast = selected.contest, predict(now, 90, selected)
    assert (found.serves, found.purchase_model, forecast.code) == (LEARNED, REGULAR, LEARNED)
    assert forecast.serving is not None
    assert forecast.serving.parametric == now.regular_fit
    assert forecast.q.mean() == pytest.approx(now.as_regular().parametric_q(90).mean(), abs=1e-9)
    again = Serving.from_dict(forecast.serving.to_dict())
    assert np.array_equal(again.contributions(now), forecast.serving.contributions(now))
    assert again.to_dict()["parametric"][4] == now.regular_fit.k


def test_who_buys_at_random_is_scored_as_before() -> None:
    ledger = simulated(29)
    closed, now = ledger.windows(420, 90), ledger.snapshot(420)[1]
    selected = choose(Closed(*closed), draws=0)
    found = selected.contest
    assert (found.purchase_model, found.k) == (PARAMETRIC, None)
    assert {one.code: one.missing for one in found.entries}[REGULAR] is Why.NOT_REGULAR
    assert np.array_equal(predict(now, 90, selected).q, now.parametric_q(90))


def test_where_the_day_itself_shows_no_rhythm_mbg_nbd_serves() -> None:
    now = simulated(29).snapshot(420)[1]
    chosen = Contest(REGULAR, Why.LOST, purchase_model=REGULAR, k=3)
    forecast = predict(now, 90, Selected(chosen, None, UNSEEN))
    assert forecast.code == PARAMETRIC
    assert np.array_equal(forecast.q, now.parametric_q(90))


def test_the_earlier_window_must_agree(windows: tuple[Window, Window]) -> None:
    earlier, last = windows
    assert is_clearly_better(earlier, last)
    contrary = Window(earlier.then, ~earlier.silent, earlier.horizon_days)
    assert not is_clearly_better(contrary, last)
    assert not is_clearly_better(earlier, Window(last.then, ~last.silent, last.horizon_days))


def test_too_few_of_an_outcome_decide_nothing(windows: tuple[Window, Window]) -> None:
    earlier, last = windows
    rows = np.concatenate([np.flatnonzero(last.silent)[:29], np.flatnonzero(~last.silent)])
    found = contest(earlier, Window(last.then.take(rows), last.silent[rows], last.horizon_days), draws=0)
    assert found.purchase_model == PARAMETRIC
    assert not found.is_regular


def test_without_windows_nothing_is_decided() -> None:
    assert contest(None, None).purchase_model == PARAMETRIC


def test_a_part_keeps_what_was_fitted_to_all(now: Snapshot) -> None:
    part = now.as_regular().take(np.arange(20))
    assert part.regular_fit == now.regular_fit
    assert part.is_regular
    whole = now.as_regular().parametric_q(90)
    assert np.array_equal(part.parametric_q(90), whole[:20])
    assert now.as_regular().as_regular(False).purchase_model == now.fitted


def test_the_backtest_says_what_would_have_been_published(windows: tuple[Window, Window]) -> None:
    outcome = LEDGER.window(CUT_DAY, HORIZON)
    found = evaluate(outcome, Closed(*windows), options=Options(draws=0))
    by_code = {one.code: one.metrics for one in found.models}
    assert (found.published, found.contest.k) == (REGULAR, 50)
    assert by_code[REGULAR].brier < by_code[PARAMETRIC].brier / 1.5


def test_the_look_back_of_a_run_is_by_the_same_model(windows: tuple[Window, Window]) -> None:
    _, last = windows
    asked = (last.then.histories, last.silent, last.then.as_of_day - 1, HORIZON)
    even, random = (from_histories(*asked, is_regular=looks, draws=0) for looks in (True, False))
    assert (even.k, random.k) == (50, None)
    assert even.model is not None
    assert random.model is not None
    assert even.model.brier < random.model.brier
    assert replace(even, model=None, k=None) == replace(random, model=None)


# --- the statistics


def test_the_mean_in_standard_errors() -> None:
    assert statistic(np.array([-0.1, -0.2, 0.0, -0.1])) == pytest.approx(-0.1 / (0.0816497 / 2), abs=1e-4)
    assert statistic(np.full(9, -0.1)) == 0.0
    assert statistic(np.array([])) == statistic(np.array([-1.0])) == 0.0


def test_auc_differences_are_those_of_their_auc_and_vary_as_their_statistic_says() -> None:
    random, found = np.random.default_rng(4), []
    for _ in range(400):
        y = random.random(300) < 0.3
        one, other = (y + random.normal(0, 1.2, 300) for _ in range(2))
        found.append(auc_statistic(y, one, other))
        difference = auc(rank(y, one)) - auc(rank(y, other))
        assert np.sign(difference) == np.sign(found[-1])
    assert np.std(found) == pytest.approx(1, abs=0.12)
    assert abs(np.mean(found)) < 0.2


def test_auc_differences_of_like_ranks_or_one_outcome_are_none() -> None:
    y = np.array([True, False, True, False])
    assert auc_statistic(y, [4, 3, 2, 1], [40, 30, 20, 10]) == 0.0
    assert auc_statistic(np.ones(4, dtype=bool), [4, 3, 2, 1], [1, 2, 3, 4]) == 0.0
