"""What happens after a day changes nothing that is said on it; a leak that is planted is noticed."""

from dataclasses import replace

import numpy as np
import pytest
from churn_shops import simulated

from app.domain.churn.evaluation.model_selection import choose, predict
from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.churn.left_by_silence import judge
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.model import Why
from app.domain.common.arrays import IntArray
from app.services.scoring.churn_reports import season_row
from benchmarks.purchase_log import Ledger

HORIZON = 60
YOUNG, OLD = simulated(5), simulated(5, days=1000, season=0.8)
DAYS = {id(YOUNG): 330, id(OLD): 880}
"""The first year, and a day for which the same season of two years has closed."""


def said(ledger: Ledger, day: int) -> list[object]:
    """Everything that is said on the day."""
    closed = ledger.closed(day, HORIZON)
    selected = choose(closed, draws=3)
    owners, now = ledger.snapshot(day)
    trained = [model.train(closed.earlier, closed.last) for model in REGISTRY.values()]
    scores = [
        one if isinstance(one, Why) else np.asarray(one.scores(now, HORIZON)).tolist() for one in trained
    ]
    silence = judge(HORIZON, closed.last, closed.same_season, closed.earlier)
    rank = predict(now, HORIZON, selected).rank.tolist()
    return [silence, selected.contest, season_row(selected.season), owners.tolist(), rank, scores]


def future_matters(kind: type[Ledger], whole: Ledger) -> bool:
    """Whether another future makes a difference."""
    random, day = np.random.default_rng(1), DAYS[id(whole)]
    past = whole.day < day
    rows = np.flatnonzero(~past)
    more = [random.permutation(column[rows]) for column in (whole.owner, whole.day, whole.amount)]
    columns = [
        np.concatenate([column[past], other])
        for column, other in zip((whole.owner, whole.day, whole.amount), more, strict=True)
    ]
    alone = kind(whole.owner[past], whole.day[past], whole.amount[past])
    again = kind(whole.owner, whole.day, whole.amount)
    return not (said(kind(*columns), day) == said(again, day) == said(alone, day))


@pytest.mark.parametrize("whole", [YOUNG, OLD], ids=["young", "old"])
def test_the_future_does_not_matter(whole: Ledger) -> None:
    assert not future_matters(Ledger, whole)


def test_the_old_shop_has_a_season_of_two_years() -> None:
    season = choose(OLD.closed(DAYS[id(OLD)], HORIZON), draws=0).season
    assert [shift.window for shift in season.shifts] == ["last", "same_season", "season_before"]
    assert season.found


class SeesADayMore(Ledger):
    """Sees the day itself, but says it did not."""

    def snapshot(self, as_of_day: int) -> tuple[IntArray, Snapshot]:
        owners, seen = super().snapshot(as_of_day)
        rows = self.day == as_of_day
        facts = seen.facts.take(np.arange(len(seen)))
        facts.recent_purchases[:] += np.isin(owners, self.owner[rows])
        facts.recent_spend_minor[:] += 100 * np.isin(owners, self.owner[rows])
        return owners, Snapshot(facts, seen.value_minor, seen.refunds)


class SeesLaterRefunds(Ledger):
    """Takes value as it is known at the end."""

    def snapshot(self, as_of_day: int) -> tuple[IntArray, Snapshot]:
        owners, seen = super().snapshot(as_of_day)
        value = seen.value_minor + np.isin(owners, self.owner[self.day >= as_of_day])
        return owners, Snapshot(seen.facts, value * 3, seen.refunds)


class SeasonKnowsWhatCame(Ledger):
    """Takes who buys in the horizon ahead for who bought in the same season of a year before."""

    def same_season(self, as_of_day: int, horizon_days: int, years: int = 1) -> Window | None:
        window = super().same_season(as_of_day, horizon_days, years)
        if window is None:
            return None
        owners, _ = self.snapshot(window.then.as_of_day)
        return replace(window, silent=self.silent(owners, as_of_day, horizon_days))


class ClosesLate(Ledger):
    """Trains on a window that has not closed."""

    def windows(self, as_of_day: int, horizon_days: int) -> tuple[Window | None, Window | None]:
        return super().windows(as_of_day + 1, horizon_days)


class SeasonClosesLate(Ledger):
    """Takes the horizon ahead for the same season of the year before."""

    def same_season(self, as_of_day: int, horizon_days: int, years: int = 1) -> Window | None:
        return self.window(as_of_day - 1 if years == 1 else as_of_day - 364, horizon_days)


@pytest.mark.parametrize("leak", [SeesADayMore, SeesLaterRefunds])
def test_a_planted_leak_is_noticed(leak: type[Ledger]) -> None:
    assert future_matters(leak, YOUNG)


def test_a_leak_into_the_season_is_noticed() -> None:
    assert future_matters(SeasonKnowsWhatCame, OLD)


@pytest.mark.parametrize(("leak", "whole"), [(ClosesLate, YOUNG), (ClosesLate, OLD), (SeasonClosesLate, OLD)])
def test_a_window_that_has_not_closed_is_refused(leak: type[Ledger], whole: Ledger) -> None:
    with pytest.raises(ValueError, match="closed"):
        said(leak(whole.owner, whole.day, whole.amount), DAYS[id(whole)])
