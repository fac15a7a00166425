"""What happens after a day changes nothing that is said on it; a leak that is planted is noticed."""

import numpy as np
import pytest
from churn_shops import simulated

from app.domain.churn.evaluation.model_selection import contest, predict
from app.domain.churn.inputs.snapshots import Snapshot, Window
from app.domain.churn.left_by_silence import judge
from app.domain.churn.models import REGISTRY
from app.domain.churn.models.model import Why
from app.domain.common.arrays import IntArray
from benchmarks.purchase_log import Ledger

DAY, HORIZON = 330, 60


def said(ledger: Ledger) -> list[object]:
    """Everything that is said on the day."""
    earlier, last = ledger.windows(DAY, HORIZON)
    found = contest(earlier, last, draws=3)
    owners, now = ledger.snapshot(DAY)
    trained = [model.train(earlier, last) for model in REGISTRY.values()]
    scores = [
        one if isinstance(one, Why) else np.asarray(one.scores(now, HORIZON)).tolist() for one in trained
    ]
    silence = judge(HORIZON, last, ledger.same_season(DAY, HORIZON), earlier)
    return [silence, found, owners.tolist(), predict(now, HORIZON, found, earlier, last).q.tolist(), scores]


def future_matters(kind: type[Ledger]) -> bool:
    """Whether another future makes a difference."""
    random, whole = np.random.default_rng(1), simulated(5)
    past = whole.day < DAY
    rows = np.flatnonzero(~past)
    more = [random.permutation(column[rows]) for column in (whole.owner, whole.day, whole.amount)]
    columns = [
        np.concatenate([column[past], other])
        for column, other in zip((whole.owner, whole.day, whole.amount), more, strict=True)
    ]
    alone = kind(whole.owner[past], whole.day[past], whole.amount[past])
    return not (said(kind(*columns)) == said(kind(whole.owner, whole.day, whole.amount)) == said(alone))


def test_the_future_does_not_matter() -> None:
    assert not future_matters(Ledger)


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


class ClosesLate(Ledger):
    """Trains on a window that has not closed."""

    def windows(self, as_of_day: int, horizon_days: int) -> tuple[Window | None, Window | None]:
        return super().windows(as_of_day + 1, horizon_days)


@pytest.mark.parametrize("leak", [SeesADayMore, SeesLaterRefunds])
def test_a_planted_leak_is_noticed(leak: type[Ledger]) -> None:
    assert future_matters(leak)


def test_a_window_that_has_not_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="closed"):
        said(ClosesLate(*(getattr(simulated(5), name) for name in ("owner", "day", "amount"))))
