import json
from dataclasses import asdict

import numpy as np
import pytest

from app.domain.churn.contractual.evaluation import Known, evaluate
from app.domain.churn.evaluation.backtest_report import Options
from app.domain.churn.models.contract import BASE, CODE, ContractWindow
from app.domain.churn.models.model import Why

OPTIONS = Options(draws=50)


def window(seed: int, opened: int, n: int = 1500, strength: float = 2.0) -> ContractWindow:
    random = np.random.default_rng(seed)
    young = random.random(n) < 0.4
    left = random.random(n) < 1 / (1 + np.exp(2 - strength * young))
    return ContractWindow({"young": young.astype(np.float64)}, left, opened, opened + 90)


KNOWN = Known(window(1, 0), window(2, 90), share=0.25)


def test_every_figure_of_a_contract_has_its_interval_and_the_share_beside_it() -> None:
    outcome = window(3, 180)
    found = evaluate(outcome, KNOWN, options=OPTIONS)
    assert (found.n, found.published, found.reason, found.missing) == (1500, CODE, Why.WON, {})
    base, learned = found.models
    assert (base.code, base.metrics.auc, base.metrics.mean_p) == (BASE, 0.5, 0.25)
    m = learned.metrics
    assert m.base_rate == outcome.left.mean()
    assert m.auc_interval.low < m.auc < m.auc_interval.high
    assert m.brier_interval.low < m.brier < m.brier_interval.high
    assert m.brier < base.metrics.brier
    assert learned.ece_interval.low < learned.ece_interval.high
    assert len(learned.reliability) == len(m.calibration) == 10
    assert [one.limit for one in learned.at_levels] == [0.5, 0.8]
    assert json.loads(json.dumps(asdict(found), allow_nan=False))["contest"]["reason"] == "won"


def test_alarms_count_who_left() -> None:
    outcome = window(3, 180)
    found = evaluate(outcome, KNOWN, options=Options(draws=0))
    young = outcome.attributes["young"] == 1
    alarm = found.models[1].at_levels[0]
    if alarm.flagged:
        assert alarm.flagged == np.count_nonzero(young)
        assert alarm.recall.value == pytest.approx(np.mean(young[outcome.left]))
    whole = evaluate(outcome, Known(None, None, 0.5), options=Options(draws=0)).models[0].at_levels[0]
    assert (whole.flagged, whole.recall.value) == (1500, 1.0)
    assert whole.precision.value == pytest.approx(outcome.left.mean())


def test_a_losing_model_is_shown_unless_others_are_asked_for() -> None:
    known = Known(window(1, 0), window(2, 90, strength=-2), share=0.12)
    found = evaluate(window(3, 180), known, options=OPTIONS)
    assert (found.published, found.reason) == (BASE, Why.LOST)
    assert [one.code for one in found.models] == [BASE, CODE]
    asked = evaluate(window(3, 180), known, options=Options(draws=0, models=("recency",)))
    assert [one.code for one in asked.models] == [BASE]
    served = evaluate(window(3, 180), KNOWN, options=Options(draws=0, models=("recency",)))
    assert [one.code for one in served.models] == [BASE, CODE]


def test_too_little_is_said_plainly() -> None:
    outcome = window(3, 180)
    unknown = evaluate(None, KNOWN)
    assert (unknown.n, unknown.published, unknown.reason) == (0, None, Why.TERMS_UNKNOWN)
    assert unknown.missing == {BASE: Why.TERMS_UNKNOWN, CODE: Why.TERMS_UNKNOWN}
    late = evaluate(outcome, Known(None, None, 0.25, terms_known=False), options=OPTIONS)
    assert (late.published, late.reason, late.missing) == (
        BASE,
        Why.TERMS_UNKNOWN,
        {CODE: Why.TERMS_UNKNOWN},
    )
    new = evaluate(outcome, Known(None, None, None), options=OPTIONS)
    assert (new.published, new.models) == (None, ())
    assert new.missing == {BASE: Why.NO_CLOSED_WINDOW, CODE: Why.NO_CLOSED_WINDOW}
    few = Known(window(1, 0, n=30), window(2, 90, n=30), 0.2)
    assert evaluate(outcome, few, options=OPTIONS).missing == {CODE: Why.TOO_FEW_OUTCOMES}


def test_nobody_has_no_figures() -> None:
    found = evaluate(window(3, 180, n=0), KNOWN, options=OPTIONS)
    assert (found.n, found.published) == (0, None)
    assert [one.metrics.auc for one in found.models] == [None, None]


def test_a_window_that_was_open_still_is_refused() -> None:
    with pytest.raises(ValueError, match="closed"):
        evaluate(window(3, 179), KNOWN)
