"""Totals: their level, their interval, and what both rest on."""

from dataclasses import replace
from functools import cache
from math import exp, log
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.churn import Histories
from app.domain.lifetime_value import Buyers, Terms, gamma_gamma, spend, totals, uncertainty, worth
from app.domain.lifetime_value.level import (
    LARGEST_ERROR,
    UNTESTED,
    Basis,
    Closed,
    Level,
    Name,
    Planned,
    Record,
    choose,
    level,
    plan,
)
from app.domain.lifetime_value.limits import SENTENCES, Limit
from app.domain.lifetime_value.uncertainty import Models, Spread, spread
from benchmarks.purchase_log import Ledger
from benchmarks.shops import simulated
from benchmarks.trust.totals import Shop

DO = Spread(0.0016, 0.0)


def window(name: Name, error: float, variance: float = 0.0025, days: int = 91) -> Closed:
    return Closed(Planned(name, 0, days), 1000.0, 1000.0 * exp(error), variance)


def found(record: Record, forecast: float = 1000.0) -> tuple[Level, totals.Total]:
    levelled = level(record)
    return levelled, totals.total(forecast, DO, levelled)


def test_two_windows_before_the_season_was_seen() -> None:
    record = choose([window(Name.LAST, 0.1), window(Name.EARLIER, 0.2)])
    assert record.basis is Basis.SEASON_UNKNOWN
    levelled, total = found(record)
    assert levelled.m == pytest.approx(0.076677, abs=1e-6)
    assert levelled.reach(DO.variance) == pytest.approx(0.501980, abs=1e-6)
    assert total.value == pytest.approx(1079.69, abs=0.01)
    assert (total.interval.low, total.interval.high) == pytest.approx((653.57, 1783.64), abs=0.01)
    assert sum((total.parts.behaviour, total.parts.parameters, total.parts.level)) == pytest.approx(1)


def test_no_window() -> None:
    assert choose([]) is UNTESTED
    _, total = found(UNTESTED)
    assert (total.value, total.level) == (1000, 1)
    assert (total.interval.low, total.interval.high) == pytest.approx((495.88, 2016.60), abs=0.01)


def test_three_windows_once_the_season_was_seen() -> None:
    errors = {Name.SAME_SEASON: -0.3, Name.SEASON_BEFORE: -0.2, Name.LAST: 0.1}
    record = Record(Basis.SAME_SEASON_AND_LAST, tuple(window(name, error) for name, error in errors.items()))
    levelled = level(record)
    assert levelled.m == pytest.approx(-0.127427, abs=1e-6)
    assert levelled.reach(DO.variance) == pytest.approx(0.365612, abs=1e-6)


def test_the_last_window_counts_beside_last_year_only_where_they_agree() -> None:
    season, before = window(Name.SAME_SEASON, -0.3), window(Name.SEASON_BEFORE, -0.2)
    limit = 2 * (2 * 0.0025 + 0.08**2) ** 0.5
    near, far = (window(Name.LAST, -0.3 + limit + step) for step in (-1e-6, 1e-6))
    earlier = window(Name.EARLIER, 0.0)
    assert choose([near, earlier, season, before]) == Record(
        Basis.SAME_SEASON_AND_LAST, (season, before, near)
    )
    assert choose([far, earlier, season, before]) == Record(Basis.SAME_SEASON, (season, before))
    assert choose([season]) == Record(Basis.SAME_SEASON, (season,))


def test_windows_of_a_year_hold_every_season() -> None:
    last = window(Name.LAST, 0.1, days=330)
    assert choose([last]) == Record(Basis.YEAR_WINDOWS, (last,))
    assert choose([window(Name.EARLIER, 0.1, days=329)]).basis is Basis.SEASON_UNKNOWN


@pytest.mark.parametrize(
    ("past", "horizon", "expected"),
    [
        (83, 60, []),  # a third would be shorter than four weeks
        (84, 60, [("last", 56, 28), ("earlier", 28, 28)]),
        (500, 27, []),
        (453, 60, [("last", 393, 60), ("earlier", 333, 60)]),
        (454, 60, [("last", 394, 60), ("earlier", 334, 60), ("same_season", 90, 60)]),
        (
            818,
            60,
            [("last", 758, 60), ("earlier", 698, 60), ("same_season", 454, 60), ("season_before", 90, 60)],
        ),
        (700, 365, [("last", 467, 233), ("earlier", 234, 233)]),  # it reaches beyond last year's day
        (1100, 365, [("last", 735, 365), ("earlier", 370, 365)]),
    ],
    ids=str,
)
def test_windows_of_the_past(past: int, horizon: int, expected: list[tuple[str, int, int]]) -> None:
    assert [(one.name.value, one.opens_day, one.days) for one in plan(0, past, horizon)] == expected


@given(st.integers(0, 4000), st.integers(1, 3660))
def test_no_window_is_used_before_it_closed(past: int, horizon: int) -> None:
    planned = plan(0, past, horizon)
    assert all(one.opens_day >= one.days or one.opens_day >= 90 for one in planned)
    assert all(one.closes_day <= past for one in planned)


def test_errors_are_cut() -> None:
    nothing = Closed(Planned(Name.LAST, 0, 30), 1000.0, 0.0, 0.001)
    back = Closed(Planned(Name.LAST, 0, 30), 1000.0, -50.0, 0.001)
    assert nothing.error == back.error == -LARGEST_ERROR
    assert window(Name.LAST, 4.0).error == LARGEST_ERROR
    assert window(Name.LAST, -4.0).error == -LARGEST_ERROR


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0, 1)), min_size=1, max_size=2),
    st.floats(1e-3, 1e12),
    st.floats(0, 1),
)
def test_an_interval_holds_its_total(windows: list[tuple[float, float]], forecast: float, own: float) -> None:
    names = (Name.LAST, Name.EARLIER)
    record = choose([window(name, *one) for name, one in zip(names, windows, strict=False)])
    total = totals.total(forecast, Spread(own / 2, own / 2), level(record))
    assert total.interval.low < total.value < total.interval.high
    assert exp(-LARGEST_ERROR) < total.level < exp(LARGEST_ERROR)


# --- a shop


def shop(customers: int, seed: int = 1, *, copies: int = 1) -> tuple[Histories, Buyers]:
    """Customers who buy, leave and spend as the models say."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        lived, day, last, x = int(random.integers(200, 700)), 0.0, 0, 0
        pace, dropout = random.gamma(0.8) / 84, random.beta(0.9, 2.5)
        while random.random() >= dropout and (day := day + max(random.exponential(1 / pace), 1)) < lived:
            last, x = int(day), x + 1
        mean = random.gamma(4 * (x + 1)) / (x + 1) * 20 / random.gamma(8)
        rows.append((x, last, lived, mean))
    x, t_x, t, mean = (np.tile(column, copies) for column in np.array(rows).T)
    histories = Histories(x.astype(np.int64), t_x.astype(np.int64), t.astype(np.int64))
    return histories, Buyers(histories, x + 1, mean)


def told(histories: Histories, buyers: Buyers) -> tuple[float, Spread, Models]:
    models = totals.models_of(histories, buyers)
    assert models is not None
    total = float(worth(buyers, models.rate, models.spend, Terms(180)).value.sum())
    return total, spread(buyers, total, models, Terms(180)), models


def test_a_company_copied_gets_twice_the_total_and_a_narrower_interval() -> None:
    once, twice = told(*shop(600)), told(*shop(600, copies=2))
    assert twice[0] == pytest.approx(2 * once[0], rel=0.03)
    assert twice[1].behaviour == pytest.approx(once[1].behaviour / 2, rel=0.2)
    assert twice[1].parameters == pytest.approx(once[1].parameters / 2, rel=0.1)
    narrow, wide = (totals.total(one[0], one[1], level(UNTESTED)) for one in (twice, once))
    assert log(narrow.interval.high / narrow.interval.low) < log(wide.interval.high / wide.interval.low)


@cache
def known() -> tuple[tuple[Histories, Buyers], tuple[float, Spread, Models]]:
    histories, buyers = shop(400)
    return (histories, buyers), told(histories, buyers)


@given(st.randoms(use_true_random=False), st.sampled_from([60, 80, 10_000]))
@settings(max_examples=10)
def test_who_a_customer_is_changes_nothing(random: Random, drawn: int) -> None:
    (histories, buyers), (total, unsure, models) = known()
    order = list(range(len(histories)))
    random.shuffle(order)
    mixed = replace(models, histories=histories.take(order), fitted=buyers.take(order))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uncertainty, "MAX_DRAWN", drawn)
        patched.setattr(uncertainty, "MAX_CURVED", drawn)
        expected = spread(buyers, total, models, Terms(180))
        found = spread(buyers.take(order), total, mixed, Terms(180))
    assert (found.behaviour, found.parameters) == pytest.approx((expected.behaviour, expected.parameters))
    assert (drawn < 100) == (expected != unsure)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("day", [300, 700])
def test_so_it_is_with_levels_of_closed_windows(seed: int, day: int) -> None:
    one = simulated(seed, 600, 800)
    columns = np.append(one.owner, one.owner + 600), np.tile(one.day, 2), np.tile(one.amount, 2)
    once, twice = (Shop(ledger).outcome(day, 91) for ledger in (one, Ledger(*columns)))
    assert once is not None
    assert twice is not None
    assert twice.basis is once.basis is not Basis.NONE
    assert twice.total.forecast == pytest.approx(2 * once.total.forecast, rel=1e-3)
    assert twice.total.value == pytest.approx(2 * once.total.value, rel=0.03)
    assert twice.half_width < 0.95 * once.half_width


def test_what_is_not_known_of_parameters_is_seen_in_other_samples() -> None:
    """Shops of one kind, of 400 customers each: their totals of one fixed shop differ as the slope says."""
    _, fixed = shop(2000, seed=99)
    logs, said = [], []
    for seed in range(40):
        models = totals.models_of(*shop(400, seed))
        assert models is not None
        total = float(worth(fixed, models.rate, models.spend, Terms(180)).value.sum())
        logs.append(log(total))
        said.append(spread(fixed, total, models, Terms(180)).parameters)
    assert 0.4 < np.mean(said) / np.var(logs) < 2.5


def test_parameters_that_are_held_add_nothing() -> None:
    histories, buyers = shop(600)
    flat = Buyers(histories, buyers.spend_count, np.full(len(histories), 49.9))
    total, unsure, models = told(histories, flat)
    assert isinstance(models.spend, spend.OnePrice)
    assert unsure.parameters < told(histories, buyers)[1].parameters
    assert total == pytest.approx(49.9 * worth(flat, models.rate, models.spend, Terms(180)).purchases.sum())


def test_a_window_without_a_model_or_with_nothing_told_is_not_used() -> None:
    histories, buyers = shop(600)
    last = Planned(Name.LAST, 0, 91)
    tested = totals.measure(last, histories, buyers, 5000.0)
    assert tested is not None
    assert tested.forecast > 0
    assert tested.variance > 0
    few = np.arange(20)
    assert totals.measure(last, histories.take(few), buyers.every(30), 1.0) is None
    nothing = Buyers(histories, buyers.spend_count, np.zeros(len(histories)))
    assert totals.measure(last, histories, nothing, 1.0) is None


# --- spend


def test_one_price() -> None:
    count, mean = np.array([1.0, 3.0] * 20), np.array([49.9] * 38 + [0.0] * 2)
    chosen = spend.choose(gamma_gamma.fit(count, mean), count, mean)
    assert chosen == spend.OnePrice(pytest.approx(49.9))
    assert spend.expected(chosen, count, mean).tolist() == pytest.approx([49.9] * 38 + [0.0] * 2)
    bought = np.array([[0, 2], [1, 3]])
    drawn = spend.draw(chosen, count[:2], mean[:2], bought, np.random.default_rng(0))
    assert drawn == pytest.approx(49.9 * bought)


def test_who_gave_everything_back_spends_nothing_whatever_the_others_differ_by() -> None:
    random = np.random.default_rng(1)
    count = np.full(60, 12.0)
    for least, most in [(99, 101), (50, 150), (1, 1000)]:
        mean = np.array([*random.uniform(least, most, (30, 12)).mean(axis=1), *[0.0] * 30])
        chosen = spend.choose(gamma_gamma.fit(count, mean), count, mean)
        assert isinstance(chosen, gamma_gamma.Parameters)
        expected = spend.expected(chosen, count, mean)
        assert not expected[30:].any()
        assert expected[:30].mean() == pytest.approx(mean[:30].mean(), rel=0.01)
        drawn = spend.draw(chosen, count, mean, np.full((5, 60), 2), np.random.default_rng(0))
        assert not drawn[:, 30:].any()
        assert drawn[:, :30].all()


def test_heavy_tails_take_the_own_mean() -> None:
    random = np.random.default_rng(3)
    count = random.integers(1, 5, 300).astype(np.float64)
    mean = (1 + random.pareto(0.6, 300)) * 10
    fitted = gamma_gamma.fit(count, mean)
    chosen = spend.choose(fitted, count, mean)
    assert isinstance(chosen, spend.OwnMean)
    assert spend.kind_of(chosen) is spend.Kind.OWN_MEAN
    assert spend.expected(chosen, count, mean).tolist() == mean.tolist()
    bought = np.full((4000, 2), 3)
    drawn = spend.draw(spend.OwnMean(0.3), count[:2], mean[:2], bought, np.random.default_rng(0))
    assert drawn.mean(axis=0) == pytest.approx(3 * mean[:2], rel=0.03)
    assert drawn.var(axis=0) == pytest.approx(3 * mean[:2] ** 2 * (exp(0.3) - 1), rel=0.1)


def test_the_variance_of_a_day_is_a_slope() -> None:
    random = np.random.default_rng(5)
    count = random.integers(1, 9, 20_000).astype(np.float64)
    logs = random.normal(0, 1, 20_000) + random.normal(0, np.sqrt(0.8 / count))
    assert spend.log_variance(count, np.exp(logs)) == pytest.approx(0.8, abs=0.08)
    assert spend.log_variance(np.ones(9), np.arange(1.0, 10)) == spend.LEAST_VARIANCE
    assert spend.log_variance(count, np.ones(20_000)) == spend.LEAST_VARIANCE


def test_too_few_have_no_model() -> None:
    count = np.ones(29)
    assert spend.choose(gamma_gamma.fit(count, count), count, count) is None


def test_every_limit_has_its_sentence() -> None:
    assert SENTENCES.keys() == set(Limit)
