"""Which model serves, and what it then says, on simulated shops of which the truth is known."""

import numpy as np
import pytest
from churn_shops import simulated
from hypothesis import given
from hypothesis import strategies as st

from app.domain.churn.evaluation.metrics import measure
from app.domain.churn.evaluation.model_selection import Contest, Forecast, choose, contest, predict
from app.domain.churn.inputs.customer_facts import COLUMNS, Facts
from app.domain.churn.inputs.snapshots import Plan, Snapshot, Window, plan
from app.domain.churn.models import BASELINE, LEARNED, PARAMETRIC, REGISTRY, REGULAR
from app.domain.churn.models.logistic import Serving
from app.domain.churn.models.logistic_regression import probability
from app.domain.churn.models.model import Why
from benchmarks.purchase_log import Ledger

AS_OF, HORIZON = 420, 90


def run(ledger: Ledger, as_of_day: int = AS_OF) -> tuple[Contest, Forecast, Snapshot]:
    selected = choose(ledger.closed(as_of_day, HORIZON), draws=0)
    _, now = ledger.snapshot(as_of_day)
    return selected.contest, predict(now, HORIZON, selected), now


def losses(ledger: Ledger, as_of_day: int) -> tuple[float, float]:
    """Brier score of what serves, published or withheld, and of the parametric model."""
    _, forecast, now = run(ledger, as_of_day)
    owners, _ = ledger.snapshot(as_of_day)
    silent = ledger.silent(owners, as_of_day, HORIZON)
    parametric = now.parametric_q(HORIZON)
    scores = [measure(silent, q, draws=0).brier for q in (forecast.rank, parametric)]
    return scores[0], scores[1]


def test_where_the_parametric_model_is_true_it_serves_or_nothing_is_lost() -> None:
    pairs = [losses(simulated(seed), day) for seed in (21, 22, 23) for day in (330, 420)]
    assert np.mean([published - parametric for published, parametric in pairs]) < 0.0005


def test_where_customers_buy_like_clocks_the_learned_model_wins() -> None:
    pairs = [losses(simulated(seed, regular=6), AS_OF) for seed in (21, 22, 23)]
    assert np.mean([published - parametric for published, parametric in pairs]) < -0.002
    assert run(simulated(29, regular=6))[0].reason is Why.WON


def test_a_season_does_no_great_harm() -> None:
    pairs = [losses(simulated(seed, season=0.8), day) for seed in (21, 22, 23) for day in (300, 360, 420)]
    assert np.mean([published - parametric for published, parametric in pairs]) < 0.003


def with_complaints(seen: Snapshot, complaining: np.ndarray) -> Snapshot:
    columns = {name: getattr(seen.facts, name) for name in COLUMNS}
    columns["open_complaints"] = columns["complaints"] = complaining.astype(np.int64)
    return Snapshot(Facts(as_of_day=seen.as_of_day, **columns), seen.value_minor, seen.refunds)


def test_what_complaints_foretell_is_learned() -> None:
    ledger, random = simulated(31, customers=3000), np.random.default_rng(4)
    windows = []
    for window in ledger.windows(AS_OF, HORIZON):
        assert window is not None
        complaining = random.random(len(window.then)) < 0.2
        windows.append(
            Window(with_complaints(window.then, complaining), window.silent | complaining, HORIZON)
        )
    found = contest(*windows, draws=0)
    assert (found.serves, found.reason) == (LEARNED, Why.WON)
    model = REGISTRY[LEARNED].train(*windows)
    assert not isinstance(model, Why)
    weights = dict(zip(model.learned.names, model.learned.weights.tolist(), strict=True))
    del weights["parametric"]
    assert max(weights, key=weights.__getitem__) == "open_complaints"


def test_the_mean_is_that_of_the_parametric_model() -> None:
    _, forecast, now = run(simulated(29, regular=6))
    assert forecast.code == LEARNED
    expected = now.as_regular().parametric_q(HORIZON)
    assert forecast.q.mean() == pytest.approx(expected.mean(), abs=1e-9)
    assert np.all((forecast.q > 0) & (forecast.q < 1))


def test_the_same_again_and_in_any_order() -> None:
    ledger = simulated(29, regular=6)
    first = run(ledger)
    order = np.random.default_rng(1).permutation(ledger.owner.size)
    again = run(Ledger(ledger.owner[order], ledger.day[order], ledger.amount[order]))
    assert first[0] == again[0]
    assert first[1].q.tolist() == again[1].q.tolist()


def q_of(serving: Serving, customers: Snapshot) -> np.ndarray:
    """The published probability once more, from what is kept of the model."""
    return probability(serving.mean_log_odds + serving.contributions(customers).sum(axis=1))


def test_a_stored_model_says_the_same() -> None:
    _, forecast, now = run(simulated(29, regular=6))
    assert forecast.serving is not None
    again = Serving.from_dict(forecast.serving.to_dict())
    assert q_of(again, now) == pytest.approx(forecast.q, abs=1e-12)
    alone = now.take(np.array([17]))
    assert q_of(again, alone)[0] == pytest.approx(forecast.q[17], abs=1e-12)


def test_narrow_columns_and_parts_say_the_same() -> None:
    _, forecast, now = run(simulated(29, regular=6))
    assert forecast.serving is not None
    narrow = {name: getattr(now.facts, name) for name in COLUMNS}
    narrow = {name: c.astype(np.int32) if c.dtype == np.int64 else c for name, c in narrow.items()}
    stored = Snapshot(Facts(as_of_day=AS_OF, **narrow), now.value_minor, now.refunds.astype(np.int32))
    assert q_of(forecast.serving, stored) == pytest.approx(forecast.q, abs=1e-12)
    assert [len(part) for part in now.parts(1000)] == [1000, len(now) - 1000]
    joined = np.concatenate([q_of(forecast.serving, part) for part in now.parts(100)])
    assert joined == pytest.approx(forecast.q, abs=1e-12)


def test_a_sample_keeps_what_was_fitted_to_all() -> None:
    _, last = simulated(21).windows(AS_OF, HORIZON)
    assert last is not None
    some = last.sample(100)
    assert len(some.then) <= 100
    assert some.then.fitted == last.then.fitted
    assert last.sample(None) is last.sample(10**6) is last


@pytest.mark.parametrize(
    ("ledger", "reason", "code"),
    [
        (Ledger([], [], []), Why.NO_PARAMETRIC_FIT, BASELINE),
        (Ledger([1, 2], [300, 310], [100, 100]), Why.NO_PARAMETRIC_FIT, BASELINE),
        (simulated(1, customers=300, days=60), Why.NO_CLOSED_WINDOW, PARAMETRIC),
        (simulated(1, customers=60), Why.TOO_FEW_OUTCOMES, PARAMETRIC),
    ],
    ids=["nobody", "two", "young", "few"],
)
def test_too_little_data_is_said(ledger: Ledger, reason: Why, code: str) -> None:
    as_of_day = int(ledger.day.max(initial=0)) + 1
    _, forecast, _ = run(ledger, as_of_day)
    assert (forecast.code, forecast.reason) == (code, reason)
    assert np.isnan(forecast.q).all() == (code == BASELINE)
    assert forecast.rank.shape == forecast.q.shape


def test_models_say_what_they_are() -> None:
    for code, model in REGISTRY.items():
        assert model.code == code
        assert all((model.title, model.formula, model.source))
    four = Ledger([1] * 4 + [2] * 3 + [3] * 2 + [4], [0, 1, 2, 98, 0, 1, 97, 0, 96, 95], [1] * 10)
    trained = REGISTRY["recency_frequency"].train(None)
    assert not isinstance(trained, Why)
    assert trained.scores(four.snapshot(100)[1], 30)[-1] == 0.75


def test_all_models_have_an_entry() -> None:
    found, _, _ = run(simulated(21))
    assert [one.code for one in found.entries] == list(REGISTRY)
    missing = {one.code: one.missing for one in found.entries if one.metrics is None}
    assert missing == {REGULAR: Why.NOT_REGULAR}
    assert (found.opened_day, found.closed_day, found.trained_days) == (330, 420, 90)


@given(st.integers(-1000, 1000), st.integers(0, 2000), st.integers(1, 400))
def test_both_windows_and_as_much_again_fit_into_the_past(first: int, span: int, horizon: int) -> None:
    found = plan(first, first + span, horizon)
    if found is None:
        assert span // 3 < 28 or horizon < 28
        return
    assert found == Plan(first + span, found.horizon_days)
    assert 28 <= found.horizon_days <= horizon
    assert found.earlier_day - first >= found.horizon_days
    assert found.last_day - found.earlier_day == found.as_of_day - found.last_day


def test_windows_must_be_whole() -> None:
    _, seen = simulated(1, customers=30).snapshot(300)
    with pytest.raises(ValueError, match="outcome"):
        Window(seen, np.array([True]), 30)
    with pytest.raises(ValueError, match="horizon"):
        Window(seen, np.zeros(len(seen), dtype=bool), 0)
    with pytest.raises(ValueError, match="length"):
        Snapshot(seen.facts, seen.value_minor[:-1], seen.refunds)
