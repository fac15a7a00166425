"""Reasons of the learned model add up, and are said in three languages."""

import numpy as np
import pytest
from churn_shops import simulated

from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.explanations.contributions import Contribution, contributions, sentences
from app.domain.churn.explanations.reason_groups import THEMES
from app.domain.churn.inputs.customer_facts import COLUMNS, Facts, from_row
from app.domain.churn.inputs.features import FEATURES
from app.domain.churn.inputs.snapshots import Snapshot
from app.domain.churn.models.logistic import Serving
from app.domain.churn.models.logistic_regression import log_odds
from app.texts import render

LEDGER = simulated(29, regular=6)


@pytest.fixture(scope="module")
def served() -> tuple[Serving, Snapshot, np.ndarray]:
    _, now = LEDGER.snapshot(420)
    forecast = predict(now, 90, choose(LEDGER.closed(420, 90), draws=0))
    assert forecast.serving is not None
    return forecast.serving, now, forecast.q


def test_contributions_add_up_for_all(served: tuple[Serving, Snapshot, np.ndarray]) -> None:
    serving, now, q = served
    parts = serving.contributions(now)
    assert parts.shape == (len(now), len(FEATURES))
    assert parts.mean(axis=0) == pytest.approx(0, abs=1e-9)
    odds = np.log(q / (1 - q))
    assert parts.sum(axis=1) == pytest.approx(odds - serving.mean_log_odds, abs=1e-6)
    assert serving.mean_log_odds == pytest.approx(odds.mean(), abs=1e-6)


@pytest.mark.parametrize("place", [0, 17, 400])
def test_reasons_of_one_add_up(served: tuple[Serving, Snapshot, np.ndarray], place: int) -> None:
    serving, now, q = served
    facts = from_row(now.facts.row(place), now.as_of_day)
    found = contributions(facts, int(now.value_minor[place]), int(now.refunds[place]), serving)
    assert {reason.code for reason in found} == set(THEMES)
    total = sum(reason.contribution for reason in found)
    assert total == pytest.approx(log_odds(q[[place]])[0] - serving.mean_log_odds, abs=1e-6)
    sizes = [abs(reason.contribution) for reason in found]
    assert sizes == sorted(sizes, reverse=True)


def known() -> Facts:
    """A customer of whom everything is known."""
    columns = {name: np.array([3]) for name in COLUMNS} | {
        "first_day": np.array([100]),
        "last_day": np.array([390]),
        "oldest_open_day": np.array([380]),
        "last_score": np.array([40.0]),
        "previous_score": np.array([70.0]),
        "last_score_day": np.array([400]),
        "score_occasions": np.array([2]),
        "earlier_score": np.array([70.0]),
        "earlier_score_squares": np.array([0.0]),
    }
    return Facts(as_of_day=420, **columns)


@pytest.mark.parametrize("language", ["en", "tr", "az"])
def test_everything_can_be_said(served: tuple[Serving, Snapshot, np.ndarray], language: str) -> None:
    serving, now, _ = served
    nothing = from_row(now.facts.row(3), now.as_of_day)
    for facts in (from_row(known().row(0), 420), nothing):
        for reason in contributions(facts, 5000, 1, serving):
            text = render(language, *sentences(reason))
            assert text[-1] == "."
            assert "{" not in text
            assert (language == "en") == (text == render("fr", *sentences(reason)))


def test_what_is_said() -> None:
    silent = Contribution("purchase_pattern", 61, 3, 0.9)
    assert render("en", *sentences(silent)) == (
        "Last purchase 61 days ago; purchase days so far: 3. This raises the risk."
    )
    assert render("az", *sentences(silent)) == (
        "Son alış-veriş 61 gün əvvəl; indiyədək alış-veriş günləri: 3. Bu, riski artırır."
    )
    none = Contribution("satisfaction", None, None, 0.01)
    assert render("tr", *sentences(none)) == "Son bir yılda anket yanıtı yok. Bunun etkisi az."


def test_themes_are_those_of_the_features() -> None:
    assert {feature.theme for feature in FEATURES} == set(THEMES)
