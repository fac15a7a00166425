"""Is there a season, what serves in it, and what is published? Worked examples, and simulated shops."""

import json
import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from churn_shops import number, simulated

from app.domain.churn.evaluation import season
from app.domain.churn.evaluation.metrics import FARTHEST, against_base_rate, measure
from app.domain.churn.evaluation.model_selection import Selected, choose, predict
from app.domain.churn.evaluation.season import AS_IS, CLEAR, SHIFTED, UNSEEN, Season, Shift, differ, judge
from app.domain.churn.inputs.snapshots import NO_WINDOWS, Closed, Snapshot, Window
from app.domain.churn.models import LEARNED, PARAMETRIC, SEASON_LEARNED, logistic
from app.domain.churn.models.logistic import Logistic
from app.domain.churn.models.model import Why
from app.services.scoring.churn_reports import season_row
from benchmarks.purchase_log import Ledger
from benchmarks.trust.season import annual

HORIZON = 90
OUTCOMES, GIVEN = [1, 1, 0, 1], [0.9, 0.8, 0.7, 0.2]


def window(q: list[float], silent: list[int], opened: int = 0, days: int = HORIZON) -> Window:
    """A window whose parametric probabilities are given."""
    _, then = Ledger(range(len(q)), [opened - 1] * len(q), [100] * len(q)).snapshot(opened)

    class Given(Snapshot):
        def parametric_q(self, horizon_days: int) -> Any:
            return np.array(q)

    given = Given(then.facts, then.value_minor, then.refunds)
    return Window(given, np.array(silent, dtype=np.bool_), days)


# --- worked examples


def test_the_shift_makes_the_mean_the_share_that_stayed_away() -> None:
    found = season.shift_of("last", window([0.5] * 4, [1, 1, 1, 0], opened=1000))
    assert found is not None
    assert found.constant == pytest.approx(1.098612, abs=1e-6)
    assert found.error == pytest.approx(1 / math.sqrt(4 * 0.75 * 0.25))
    assert (found.window, found.opened_day, found.days, found.n, found.share) == ("last", 1000, 90, 4, 0.75)


def test_probabilities_against_one_figure_for_all() -> None:
    y, q = np.array(OUTCOMES), np.array(GIVEN)
    assert measure(y, q, draws=0).brier == pytest.approx(0.2950)
    d = (q - y) ** 2 - (y.mean() - y) ** 2
    assert ((y.mean() - y) ** 2).mean() == pytest.approx(0.1875)
    assert d.mean() == pytest.approx(0.1075)
    assert against_base_rate(OUTCOMES, GIVEN) == pytest.approx(0.1075 / (d.std(ddof=1) / 2))
    assert against_base_rate(OUTCOMES * 20, GIVEN * 20) == pytest.approx(3.5136, abs=1e-4)  # of 80


def test_statistics_that_have_no_end() -> None:
    assert against_base_rate([1] * 5, [0.9] * 5) == FARTHEST
    assert against_base_rate([1, 0], [1, 0]) == -FARTHEST
    assert against_base_rate([1, 0], [0.5, 0.5]) is None
    assert against_base_rate([1], [0.2]) is None
    assert against_base_rate([], []) is None


@pytest.mark.parametrize("silent", [[1, 1, 1], [0, 0, 0]])
def test_where_everybody_or_nobody_stayed_away_the_shift_has_no_error(silent: list[int]) -> None:
    found = season.shift_of("last", window([0.4, 0.5, 0.6], silent))
    assert found is not None
    assert found.error is None
    assert abs(found.constant) > 20
    assert not differ(found, replace(found, constant=0.0))


def test_a_window_without_a_fit_or_without_anybody_has_no_shift() -> None:
    empty = Ledger([], [], []).window(100, 30)
    assert season.shift_of("last", empty) is None
    two = Ledger([1, 2], [50, 60], [100, 100]).window(100, 30)
    assert season.shift_of("last", two) is None


def at(constant: float, error: float | None) -> Shift:
    return Shift("last", 0, 90, 100, 0.5, constant, error)


@pytest.mark.parametrize(
    ("one", "other", "they_differ"),
    [
        (at(0.0, 0.01), at(0.2, 0.01), False),  # not more than .2
        (at(0.0, 0.01), at(0.21, 0.01), True),
        (at(0.0, 0.06), at(0.25, 0.06), False),  # within three joint errors, .2546
        (at(0.0, 0.06), at(0.26, 0.06), True),
        (at(0.3, 0.06), at(0.0, 0.06), True),
        (at(0.0, None), at(9.0, 0.01), False),
    ],
)
def test_two_shifts_differ(one: Shift, other: Shift, they_differ: bool) -> None:
    assert differ(one, other) is they_differ


# --- the rules, on windows of which everything is given


def closed(
    last: tuple[float, float],
    same: tuple[float, float] | None = None,
    before: tuple[float, float] | None = None,
    n: int = 400,
) -> Closed:
    """Windows from what the model says on average, and the share that stayed away; those who do have the
    higher probabilities."""

    def made(one: tuple[float, float] | None, opened: int) -> Window | None:
        if one is None:
            return None
        said, share = one
        silent = (np.arange(n) < round(share * n)).astype(int)
        q = np.clip(said + np.where(silent == 1, 0.2, -0.2) + 0.05 * np.sin(np.arange(n)), 0.02, 0.98)
        return window(q.tolist(), silent.tolist(), opened)

    return Closed(None, made(last, 910), made(same, 636), made(before, 272))


def test_without_the_same_season_the_last_window_decides() -> None:
    windows = closed((0.5, 0.5))
    for statistic, why in ((2.01, Why.WORSE_THAN_BASE_RATE), (2.0, None), (-5.0, None), (None, None)):
        found = judge(windows, statistic, draws=0)
        assert (found.found, found.withheld, found.served, found.constant) == (None, why, None, None)
        assert [one.window for one in found.shifts] == ["last"]
    assert season_row(judge(NO_WINDOWS, None)) == season_row(UNSEEN)


def test_the_same_season_goes_before_the_last_window() -> None:
    found = judge(closed((0.5, 0.5), (0.5, 0.5)), 9.0, draws=0)
    assert (found.found, found.withheld, found.candidates) == (False, None, ())


def test_a_season_by_shift_is_served_shifted_by_itself_where_no_year_lies_before() -> None:
    found = judge(closed((0.5, 0.5), (0.5, 0.7)), None, draws=0)
    assert (found.found, found.served, found.withheld) == (True, SHIFTED, None)
    assert [one.code for one in found.candidates] == [AS_IS, SHIFTED]
    by_name = {one.window: one for one in found.shifts}
    assert found.constant == by_name["same_season"].constant > 0.2
    assert found.published is None  # the window it was shifted by proves nothing of it


def test_where_no_year_lies_before_the_unshifted_model_must_have_been_better() -> None:
    found = judge(closed((0.5, 0.5), (0.3, 0.95)), None, draws=0)
    as_is, by_itself = found.candidates
    assert as_is.statistic is not None
    assert as_is.statistic > CLEAR
    assert (found.served, found.withheld) == (SHIFTED, Why.SEASON_UNPROVED)
    assert by_itself.metrics is not None
    assert by_itself.metrics.brier < as_is.metrics.brier


def test_a_year_before_proves_the_shift() -> None:
    found = judge(closed((0.5, 0.5), (0.5, 0.7), (0.5, 0.7)), None, draws=0)
    tried = {one.code: one for one in found.candidates}
    assert (found.served, found.withheld) == (SHIFTED, None)
    assert tried[SHIFTED].statistic <= -CLEAR
    assert tried[SEASON_LEARNED].missing is not None  # everybody bought on one day: nothing to learn
    assert found.published is tried[SHIFTED]


def test_where_the_year_before_was_another_season_the_model_serves_as_it_is() -> None:
    found = judge(closed((0.5, 0.5), (0.5, 0.7), (0.5, 0.2)), None, draws=0)
    assert (found.served, found.constant, found.withheld, found.published) == (AS_IS, None, None, None)


@pytest.mark.parametrize(("share", "q"), [(1.0, 1.0), (0.0, 0.0)])
def test_where_everybody_or_nobody_stayed_away_there_is_nothing_to_beat(share: float, q: float) -> None:
    found = judge(closed((0.5, 0.5), (0.5, share)), None, draws=0)
    assert (found.found, found.served, found.withheld) == (True, SHIFTED, None)
    assert found.mean(np.array([0.3, 0.6])) == pytest.approx(q, abs=1e-6)


def test_a_season_that_has_not_closed_is_refused() -> None:
    late = replace(closed((0.5, 0.5)), same_season=window([0.5] * 3, [1, 0, 1], opened=950))
    with pytest.raises(ValueError, match="closed"):
        judge(late, None)
    overlapping = replace(closed((0.5, 0.5), (0.5, 0.5)), season_before=window([0.5], [1], opened=600))
    with pytest.raises(ValueError, match="closed"):
        judge(overlapping, None)


# --- simulated shops


def said(ledger: Ledger, day: int) -> tuple[Selected, Any, Snapshot]:
    selected = choose(ledger.closed(day, HORIZON), draws=0)
    _, now = ledger.snapshot(day)
    return selected, predict(now, HORIZON, selected), now


def test_only_ranked_customers_keep_their_order() -> None:
    shop = annual(3, customers=600)
    selected, forecast, now = said(shop, number(date(2023, 10, 1)))
    assert selected.season.found is None
    assert (forecast.code, forecast.withheld) == (PARAMETRIC, Why.WORSE_THAN_BASE_RATE)
    assert (forecast.reason, np.isnan(forecast.q).all()) == (Why.WORSE_THAN_BASE_RATE, True)
    expected = now.parametric_q(HORIZON)
    assert expected is not None
    assert forecast.rank.tolist() == expected.tolist()


def test_the_season_of_two_years_is_learned() -> None:
    shop, day = annual(3), number(date(2025, 10, 1))
    selected, forecast, now = said(shop, day)
    found = selected.season
    assert (found.found, found.served, forecast.code) == (True, SEASON_LEARNED, SEASON_LEARNED)
    assert (forecast.reason, forecast.withheld) == (Why.SEASON, None)
    expected, shifts = now.parametric_q(HORIZON), {one.window: one for one in found.shifts}
    assert expected is not None
    assert found.constant == shifts["same_season"].constant
    assert forecast.q.mean() == pytest.approx(season.shifted(expected, found.constant).mean(), abs=1e-9)
    owners, _ = shop.snapshot(day)
    assert measure(shop.silent(owners, day, HORIZON), forecast.q, draws=0).brier < 0.16
    assert forecast.serving is not None
    parts = forecast.serving.contributions(now).sum(axis=1) + forecast.serving.mean_log_odds
    assert parts == pytest.approx(np.log(forecast.q / (1 - forecast.q)), abs=1e-6)


def test_a_shifted_season_keeps_the_order_of_the_learned_model() -> None:
    shop = simulated(12, days=1250, season=0.8)
    for day in range(480, 1150, 61):
        selected, forecast, now = said(shop, day)
        if selected.season.served == SHIFTED and forecast.withheld is None:
            break
    else:
        pytest.fail("no such day")
    assert not np.array_equal(forecast.q, now.parametric_q(HORIZON))
    closed = shop.closed(day, HORIZON)
    learned = logistic.train(closed.earlier, closed.last)
    assert isinstance(learned, Logistic)
    plain = learned.scores(now, HORIZON)
    shifted = predict(now, HORIZON, replace(selected, learned=learned))
    assert shifted.code == LEARNED
    assert np.argsort(shifted.q, kind="stable").tolist() == np.argsort(plain, kind="stable").tolist()
    assert shifted.q.mean() == pytest.approx(forecast.q.mean(), abs=1e-9)
    assert abs(shifted.q.mean() - plain.mean()) > 0.01


@pytest.mark.parametrize("day", [330, 700, 1000])
def test_without_a_season_nothing_changes(day: int) -> None:
    selected, forecast, now = said(simulated(21, days=1100), day)
    assert selected.season.found is (None if day == 330 else False)
    plain = predict(now, HORIZON, replace(selected, season=UNSEEN))
    assert forecast.q.tolist() == plain.q.tolist()


def test_what_is_stored_says_all() -> None:
    found = said(annual(3, customers=600), number(date(2025, 10, 1)))[0].season
    row = json.loads(json.dumps(season_row(found), allow_nan=False))
    assert [one["window"] for one in row["shifts"]] == ["last", "same_season", "season_before"]
    assert [one["code"] for one in row["candidates"]] == [AS_IS, SHIFTED, SEASON_LEARNED]
    assert (row["found"], row["shift"]) == (True, found.constant)
    assert season_row(Season())["withheld"] is None
