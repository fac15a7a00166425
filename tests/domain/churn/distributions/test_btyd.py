"""The two models in depth: likelihood, slopes, fits, expectations, and data of every awkward kind."""

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.churn import Fit, Histories, NoFit, NoFitReason, Parameters
from app.domain.churn.distributions import bg_nbd, fitting, mbg_nbd
from app.domain.churn.distributions.btyd import Model
from app.domain.churn.distributions.fitting import _data, _value_and_slope
from app.domain.churn.inputs.purchase_history import group

MODELS = pytest.mark.parametrize("model", [bg_nbd, mbg_nbd], ids=["bg", "mbg"])
POSITIVE = st.floats(0.01, 50)
PARAMETERS = st.builds(Parameters, POSITIVE, POSITIVE, POSITIVE, POSITIVE)
CUSTOMER = st.integers(0, 12).flatmap(
    lambda x: st.tuples(st.just(x), st.integers(x, 400) if x else st.just(0), st.integers(0, 300))
)
CUSTOMERS = st.lists(CUSTOMER, min_size=1, max_size=30)


def histories_of(customers: list[tuple[int, int, int]]) -> Histories:
    """From (x, t_x, silence) in days; t_x of who came back is at least a day."""
    x, t_x, silence = (np.array(column) for column in zip(*customers, strict=True))
    return Histories(x, t_x, t_x + silence)


def simulated(n: int, seed: int = 5) -> Histories:
    """Customers of an MBG/NBD world over two years."""
    random = np.random.default_rng(seed)
    rate, dropout = random.gamma(0.8, 1 / 8, n) / 7, random.beta(0.9, 2.5, n)
    t_days = random.integers(0, 730, n)
    x, t_x = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for place in range(n):
        day = 0.0
        while random.random() >= dropout[place]:
            day += random.exponential(1 / max(rate[place], 1e-9))
            if day > t_days[place]:
                break
            if int(day) > t_x[place]:
                x[place], t_x[place] = x[place] + 1, int(day)
    return Histories(x, t_x, t_days)


@MODELS
@given(parameters=PARAMETERS, customers=CUSTOMERS, horizon=st.floats(0, 200))
def test_probabilities_are_probabilities(
    model: ModuleType, parameters: Parameters, customers: list[tuple[int, int, int]], horizon: float
) -> None:
    h = histories_of(customers)
    alive = model.p_alive(parameters, h.x, h.t_x, h.t)
    active = model.p_active(parameters, h.x, h.t_x, h.t, horizon)
    assert np.all((active >= 0) & (active <= alive) & (alive <= 1))
    assert np.all(model.p_active(parameters, h.x, h.t_x, h.t, horizon + 1) >= active - 1e-12)
    later = model.p_active(parameters, h.x, h.t_x, h.t + 1, horizon)
    assert np.all(later <= active + 1e-12), "longer silence, less likely to be active"


@settings(max_examples=20, derandomize=True)  # the quadrature is rough in some corners
@given(PARAMETERS, CUSTOMERS)
def test_expected_purchases_are_the_integral_over_dropout(
    parameters: Parameters, customers: list[tuple[int, int, int]]
) -> None:
    """E = P(alive) · E_p[(1 − (1 + pτ)^−(r+x)) / p], p from Beta(a, b+x+1), by 20,000 quantiles of p."""
    from scipy.stats import beta

    h = histories_of(customers[:2])
    p = beta.ppf((np.arange(20_000) + 0.5) / 20_000, parameters.a, parameters.b + h.x[:, None] + 1)
    p, power = np.maximum(p, 1e-12), parameters.r + h.x[:, None]
    tau = 13 / (parameters.alpha + h.t[:, None])
    while_alive = (-np.expm1(-power * np.log1p(p * tau)) / p).mean(axis=1)
    alive = mbg_nbd.p_alive(parameters, h.x, h.t_x, h.t)
    found = mbg_nbd.expected_purchases(parameters, h.x, h.t_x, h.t, 13)
    assert found == pytest.approx(alive * while_alive, rel=2e-3, abs=1e-9)


@pytest.mark.parametrize("a", [1 - 1e-9, 1.0, 1 + 1e-9])
def test_the_expectation_is_smooth_where_its_formula_divides_by_zero(a: float) -> None:
    around = [bg_nbd.expected_purchases(Parameters(0.3, 4, b, 2), 2, 10, 20, 13) for b in (0.99, a, 1.01)]
    assert around[0] > around[1] > around[2]
    assert around[1] == pytest.approx((around[0] + around[2]) / 2, rel=1e-3)


def test_the_expectation_of_a_daily_buyer_stays_finite() -> None:
    found = mbg_nbd.expected_purchases(Parameters(0.5, 6, 0.9, 1.6), 2000, 300, 300, 300)
    assert np.isfinite(found)
    assert found > 0


@MODELS
@given(parameters=PARAMETERS, customers=CUSTOMERS)
def test_grouping_leaves_the_likelihood_as_it_is(
    model: ModuleType, parameters: Parameters, customers: list[tuple[int, int, int]]
) -> None:
    whole = model.log_likelihood(parameters, histories_of(customers))
    alone = sum(model.log_likelihood(parameters, histories_of([one])) for one in customers)
    assert whole == pytest.approx(alone, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("model", list(Model), ids=["bg", "mbg"])
@given(parameters=PARAMETERS, customers=CUSTOMERS)
def test_slopes_are_those_of_the_likelihood(
    model: Model, parameters: Parameters, customers: list[tuple[int, int, int]]
) -> None:
    data = _data(group(histories_of(customers)))
    theta = np.log([parameters.r, parameters.alpha, parameters.a, parameters.b])
    slope = _value_and_slope(theta, data, model)[1]
    for place in range(4):
        step = np.zeros(4)
        step[place] = 1e-5
        up, down = (_value_and_slope(theta + sign * step, data, model)[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((up - down) / 2e-5, rel=1e-3, abs=1e-3)


@MODELS
def test_the_order_of_customers_is_irrelevant(model: ModuleType) -> None:
    customers = simulated(800)
    order = np.random.default_rng(1).permutation(800)
    assert model.fit(customers.take(order)) == model.fit(customers)


def test_many_distinct_histories_give_a_maximum_too() -> None:
    fitted = mbg_nbd.fit(simulated(30_000))
    assert isinstance(fitted, Fit)
    assert fitted.groups > 5_000
    assert fitted.converged
    assert fitted.dropout_identified
    assert fitted.warnings == ()
    for name in ("r", "alpha", "a", "b"):
        moved = {
            part: getattr(fitted, part) * (1.02 if part == name else 1) for part in ("r", "alpha", "a", "b")
        }
        assert mbg_nbd.log_likelihood(Parameters(**moved), simulated(30_000)) < fitted.log_likelihood


def test_newtons_steps_lead_to_where_the_general_search_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    customers = simulated(30_000)
    by_steps = mbg_nbd.fit(customers)
    monkeypatch.setattr(fitting, "_refined", lambda *_: None)
    searched = mbg_nbd.fit(customers)
    assert isinstance(by_steps, Fit)
    assert isinstance(searched, Fit)
    for name in ("r", "alpha", "a", "b"):
        assert getattr(by_steps, name) == pytest.approx(getattr(searched, name), rel=1e-3)
    assert by_steps.log_likelihood == pytest.approx(searched.log_likelihood, abs=1e-3)


@pytest.mark.parametrize(
    ("histories", "reason"),
    [
        (Histories([], [], []), NoFitReason.NO_CUSTOMERS),
        (Histories([3], [30], [40]), NoFitReason.TOO_FEW_CUSTOMERS),
        (Histories([0], [0], [0]), NoFitReason.TOO_FEW_CUSTOMERS),
        (Histories([0] * 100, [0] * 100, [50] * 100), NoFitReason.TOO_FEW_REPEAT_BUYERS),
        (Histories([0] * 100, [0] * 100, [0] * 100), NoFitReason.TOO_FEW_REPEAT_BUYERS),
    ],
    ids=["none", "one", "one-today", "nobody-came-back", "all-new-today"],
)
@MODELS
def test_too_little_data_is_no_fit(model: ModuleType, histories: Histories, reason: NoFitReason) -> None:
    assert model.fit(histories) == NoFit(reason, len(histories))


@pytest.mark.parametrize("silence", [0, 300])
@MODELS
def test_a_hundred_equal_customers_give_some_fit(model: ModuleType, silence: int) -> None:
    fitted = model.fit(Histories([4] * 100, [40] * 100, [40 + silence] * 100))
    assert isinstance(fitted, Fit)
    assert fitted.warnings, "four parameters cannot be told from one history"
    assert np.isfinite(fitted.log_likelihood)


@pytest.mark.parametrize(
    "values", [(0, 1, 1, 1), (1, -1, 1, 1), (1, 1, float("inf"), 1), (1, 1, 1, float("nan"))], ids=str
)
def test_parameters_are_positive(values: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        Parameters(*values)


def test_a_horizon_cannot_be_negative() -> None:
    with pytest.raises(ValueError, match="horizon"):
        mbg_nbd.p_active(Parameters(1, 1, 1, 1), 1, 1, 1, -1)
