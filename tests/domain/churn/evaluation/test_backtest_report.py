import json
from dataclasses import asdict

import numpy as np
import pytest
from churn_shops import simulated

from app.domain.churn.evaluation.backtest_report import Evaluation, Options, at_level, confusion, evaluate
from app.domain.churn.evaluation.bootstrap import MAX_CELLS
from app.domain.churn.evaluation.metrics import auc, measure, rank
from app.domain.churn.inputs.snapshots import NO_WINDOWS
from app.domain.churn.models import LEARNED, PARAMETRIC, REGISTRY, REGULAR
from app.domain.churn.models.model import Why

LEDGER = simulated(29, regular=6)
OPTIONS = Options(draws=50)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(LEDGER.window(420, 90), LEDGER.closed(420, 90), options=OPTIONS)


def test_every_figure_has_its_interval_and_the_baseline_beside_it(found: Evaluation) -> None:
    assert [model.code for model in found.models] == list(REGISTRY)
    assert found.published == LEARNED
    for model in found.models:
        m = model.metrics
        assert m.n == found.n
        assert m.auc_interval.low < m.auc < m.auc_interval.high
        assert m.lift10_interval.low <= m.lift10 <= m.lift10_interval.high
        if model.code not in (LEARNED, PARAMETRIC, REGULAR):
            assert (m.brier, model.ece_interval, model.at_levels) == (None, None, ())
            continue
        assert m.brier_interval.low < m.brier < m.brier_interval.high
        assert model.ece_interval.low < model.ece_interval.high
        assert len(model.reliability) == len(m.calibration) == 10
        assert [one.limit for one in model.at_levels] == [0.5, 0.8]
        for one in model.at_levels:
            for share in (one.precision, one.recall):
                assert share.interval.low <= share.value <= share.interval.high


def test_it_can_be_stored(found: Evaluation) -> None:
    stored = json.loads(json.dumps(asdict(found), allow_nan=False))
    assert stored["contest"]["reason"] == "won"
    assert stored["models"][3]["metrics"]["n"] == found.n


def test_only_some_models() -> None:
    some = Options(draws=0, models=("mbg_nbd",))
    found = evaluate(LEDGER.window(420, 90), LEDGER.closed(420, 90), options=some)
    assert [model.code for model in found.models] == ["recency", "mbg_nbd", "logistic"]
    with pytest.raises(ValueError, match="no model astrology"):
        Options(models=("astrology",))


def test_groups_are_the_tiers_and_the_repeat_buyers(found: Evaluation) -> None:
    sizes = {group.name: group.baseline.n for group in found.groups}
    assert list(sizes) == ["repeat_buyers", "tier_A", "tier_B", "tier_C"]
    assert sizes["tier_A"] + sizes["tier_B"] + sizes["tier_C"] == found.n
    assert all(group.published.n == group.baseline.n for group in found.groups)


def test_every_customer_is_in_one_cell(found: Evaluation) -> None:
    assert sum(cell.silent + cell.returned for cell in found.confusion) == found.n
    outcome = LEDGER.window(420, 90)
    assert sum(cell.silent for cell in found.confusion) == int(outcome.silent.sum())


def test_flags_as_they_were_given_then() -> None:
    outcome = LEDGER.window(420, 90)
    flags = np.full(len(outcome.then), 2, dtype=np.int8)
    given = evaluate(outcome, NO_WINDOWS, flags=flags, options=Options(draws=0)).confusion
    assert [cell.level for cell in given if cell.silent or cell.returned] == ["at_risk"]
    with pytest.raises(ValueError, match="flag"):
        confusion(flags[:-1], outcome.silent)


def test_without_windows_the_parametric_model_is_backtested() -> None:
    found = evaluate(LEDGER.window(60, 30), LEDGER.closed(60, 30), options=Options(draws=0))
    assert (found.published, found.reason) == (PARAMETRIC, Why.NO_CLOSED_WINDOW)
    assert found.missing == {LEARNED: Why.NO_CLOSED_WINDOW, REGULAR: Why.NOT_REGULAR}
    assert found.models[2].metrics.auc_interval is None


def test_nobody() -> None:
    found = evaluate(LEDGER.window(0, 30), NO_WINDOWS)
    assert (found.n, found.published, found.groups) == (0, None, ())
    assert found.missing[PARAMETRIC] is Why.NO_PARAMETRIC_FIT
    assert found.models[0].metrics.auc is None


def test_nobody_flagged() -> None:
    found = at_level(np.array([True, False]), np.array([0.1, 0.2]), 0.5)
    assert (found.flagged, found.precision.value, found.precision.interval) == (0, None, None)
    assert found.recall.value == 0


def test_intervals_are_those_of_drawing_customers() -> None:
    random = np.random.default_rng(5)
    p = random.random(MAX_CELLS * 2)
    y = random.random(p.size) < p
    rows = random.integers(0, p.size, (200, p.size))
    plain = np.quantile([auc(rank(y[one], p[one])) for one in rows], (0.025, 0.975))
    found = measure(y, p, draws=400).auc_interval
    assert [found.low, found.high] == pytest.approx(plain, abs=0.003)
