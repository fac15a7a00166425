"""MBG/CNBD-k: worked examples, against its sum and against customers whose rhythm is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import poch

from app.domain.churn import Fit, Histories, Parameters
from app.domain.churn.distributions import mbg_cnbd_k, mbg_nbd
from app.domain.churn.distributions.mbg_cnbd_k import MAX_FITTED, STEPS, Regular, _data, _value_and_slope
from app.domain.churn.inputs.purchase_history import group

KNOWN = (0.8, 12, 0.9, 1.8)
POSITIVE = st.floats(0.05, 20)
CUSTOMER = st.integers(0, 12).flatmap(
    lambda x: st.tuples(st.just(x), st.integers(x, 400) if x else st.just(0), st.integers(0, 300))
)
CUSTOMERS = st.lists(CUSTOMER, min_size=1, max_size=20)


def histories_of(customers: list[tuple[int, int, int]]) -> Histories:
    """From (x, t_x, silence) in days."""
    x, t_x, silence = (np.array(column) for column in zip(*customers, strict=True))
    return Histories(x, t_x, t_x + silence)


def truth(k: int) -> Regular:
    """As often a purchase, whatever k."""
    r, alpha, a, b = KNOWN
    return Regular(r, alpha / k, a, b, k)


def simulated(n: int, k: int, after_days: int = 90, seed: int = 3) -> tuple[Histories, np.ndarray]:
    """Customers whose intervals are Erlang-k by `truth`, and who of them buys nothing in the days after."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = KNOWN
    stage_rate, dropout = random.gamma(r, k / alpha, n) / 7, random.beta(a, b, n)
    t_days = random.integers(300, 700, n)
    x, t_x, silent = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.ones(n, dtype=bool)
    for one in range(n):
        day = 0.0
        while random.random() >= dropout[one]:
            day += random.gamma(k, 1 / max(stage_rate[one], 1e-9))
            if day > t_days[one]:
                silent[one] = day > t_days[one] + after_days
                break
            if int(day) > t_x[one]:
                x[one], t_x[one] = x[one] + 1, int(day)
    return Histories(x, t_x, t_days), silent


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, [0.661746, 0.935658, 0.384924]),
        (2, [0.610273, 0.926153, 0.301810]),
        (3, [0.584960, 0.927949, 0.257253]),
    ],
)
def test_worked_examples(k: int, expected: list[float]) -> None:
    customers = Histories([2, 0, 5], [213, 0, 250], [272, 272, 272])
    assert mbg_cnbd_k.q(Regular(*KNOWN, k), customers, 91) == pytest.approx(expected, abs=1e-6)


@given(st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE), CUSTOMERS, st.sampled_from(STEPS[:6]))
def test_it_is_the_sum_over_stages(
    parameters: tuple[float, float, float, float], customers: list[tuple[int, int, int]], k: int
) -> None:
    h = histories_of(customers)
    (r, alpha, a, b), horizon = parameters, 13.0
    g, j = r + k * h.x[:, None], np.arange(k)

    def never(weeks: float) -> np.ndarray:
        u = ((h.t + weeks - h.t_x) / (alpha + h.t + weeks))[:, None]
        stages = (poch(g, j) / poch(1, j) * u**j).sum(axis=1)
        return ((alpha + h.t) / (alpha + h.t + weeks)) ** g[:, 0] * stages

    dropped = a / (b + h.x) * ((alpha + h.t) / (alpha + h.t_x)) ** g[:, 0]
    expected = (dropped + never(horizon)) / (dropped + never(0.0))
    found = mbg_cnbd_k.q(Regular(r, alpha, a, b, k), h, 91)
    assert found == pytest.approx(expected, rel=1e-6)
    assert np.all((found >= 0) & (found <= 1))
    assert np.all(mbg_cnbd_k.q(Regular(r, alpha, a, b, k), h, 120) <= found + 1e-12)


@given(st.builds(Parameters, POSITIVE, POSITIVE, POSITIVE, POSITIVE), CUSTOMERS)
def test_one_stage_is_mbg_nbd(known: Parameters, customers: list[tuple[int, int, int]]) -> None:
    h = histories_of(customers)
    one = Regular(known.r, known.alpha, known.a, known.b, 1)
    assert mbg_cnbd_k.q(one, h, 91) == pytest.approx(mbg_nbd.q(known, h, 91), abs=1e-9)
    assert np.array_equal(mbg_cnbd_k.q(known, h, 91), mbg_nbd.q(known, h, 91)), "without a k"
    other = Regular(0.5, 3.0, 1.1, 2.2, 1)
    gain = mbg_cnbd_k.log_likelihood(one, h) - mbg_cnbd_k.log_likelihood(other, h)
    expected = mbg_nbd.log_likelihood(known, h) - mbg_nbd.log_likelihood(other, h)
    assert gain == pytest.approx(expected, abs=1e-6), "but for a constant of the data"


@given(st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE), CUSTOMERS, st.sampled_from(STEPS))
def test_slopes_are_those_of_the_likelihood(
    parameters: tuple[float, float, float, float], customers: list[tuple[int, int, int]], k: int
) -> None:
    data, theta = _data(group(histories_of(customers))), np.log(parameters)
    slope = _value_and_slope(theta, k, data)[1]
    for place, step in enumerate(1e-5 * np.eye(4)):
        above, below = (_value_and_slope(theta + sign * step, k, data)[0] for sign in (1, -1))
        assert slope[place] == pytest.approx((above - below) / 2e-5, rel=1e-3, abs=1e-2)


def test_probabilities_are_right_where_the_rhythm_is_known() -> None:
    h, silent = simulated(20_000, 4)
    q = mbg_cnbd_k.q(truth(4), h, 90)
    for few, many in ((0, 1), (1, 3), (3, 8), (8, 1000)):
        mine = (h.x >= few) & (h.x < many)
        error = np.sqrt((q[mine] * (1 - q[mine])).sum()) / mine.sum()
        assert abs(q[mine].mean() - silent[mine].mean()) < 4 * error + 0.005, (few, many)


@pytest.mark.parametrize(("k", "least", "most"), [(3, 2, 4), (8, 6, 12), (40, 12, 50)])
def test_the_rhythm_is_found(k: int, least: int, most: int) -> None:
    h, _ = simulated(3_000, k)
    found = mbg_cnbd_k.fit(h, _fitted(h))
    assert found is not None
    assert least <= found.k <= most
    assert found.log_likelihood - found.log_likelihood_at_random >= 1.92
    assert found.n == 3_000
    assert mbg_cnbd_k.log_likelihood(found, h) == pytest.approx(found.log_likelihood)
    assert found.log_likelihood >= mbg_cnbd_k.log_likelihood(truth(found.k), h)


def test_who_buys_at_random_has_no_rhythm() -> None:
    h, _ = simulated(3_000, 1)
    assert mbg_cnbd_k.fit(h, _fitted(h)) is None
    assert mbg_cnbd_k.log_likelihood(Regular(*KNOWN, 3), Histories([], [], [])) == 0.0


def test_of_many_customers_some_are_fitted_whatever_their_order() -> None:
    h, _ = simulated(9_000, 4)
    found = mbg_cnbd_k.fit(h, _fitted(h))
    assert found is not None
    assert found.n == MAX_FITTED * 3 // 4
    turned = h.take(np.random.default_rng(1).permutation(9_000))
    assert mbg_cnbd_k.fit(turned, _fitted(h)) == found


def test_the_longest_histories_have_a_probability() -> None:
    h = Histories([900_000, 1, 0, 1], [900_000, 1, 0, 1_000_000], [1_000_000] * 4)
    for k in STEPS:
        q = mbg_cnbd_k.q(Regular(1e-4, 1e-4, 1e-4, 8e3, k), h, 90)
        assert np.all((q >= 0) & (q <= 1)), k


def test_it_is_the_beta_function_of_scipy() -> None:
    from scipy.special import betainc

    g, last, now = np.array([0.4, 7.0, 90.0, 4000.0]), np.array([3.0, 20.0, 99.0, 1999.0]), np.full(4, 2000.0)
    for k in STEPS:
        found = mbg_cnbd_k._still_waiting(g, last, now, k)
        assert found == pytest.approx(betainc(g, k, last / now), rel=1e-9, abs=1e-300)


def test_a_horizon_of_less_than_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        mbg_cnbd_k.q(Regular(*KNOWN, 3), Histories([2], [20], [30]), -1)


def _fitted(h: Histories) -> Fit:
    found = mbg_nbd.fit(h)
    assert isinstance(found, Fit)
    return found
