"""Season and ranks in runs: what was measured on closed windows is kept, and used again to the last digit."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import annual_shop
import factories
import numpy as np
import pytest
from sqlalchemy import func, select, update

from app.domain.common.access import Actor
from app.jobs.scoring import backtest as backtest_work
from app.jobs.scoring import replay as replay_work
from app.jobs.scoring.score import score
from app.schemas.scoring.backtests import BacktestCreate
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import backtests, replays, run_facts
from app.services.scoring import runs as scoring_runs
from app.store.engine import Store
from app.store.scoring import run_results
from app.store.tables import ChurnContest, ScoringRun

LEARNED, WORSE = date(2025, 10, 1), date(2023, 10, 1)
COLUMNS = {
    "customer_id",
    "churn_level",
    "churn_percent",
    "churn_model",
    "churn_reason",
    "value_at_risk_minor",
}


def run(store: Store, actor: Actor, as_of: date, horizon_days: int = 90) -> UUID:
    wanted = ScoringRunCreate.model_validate({"as_of": as_of.isoformat(), "horizon_days": horizon_days})
    made = store.write_sync(scoring_runs.create, actor, wanted)
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def replay(store: Store, actor: Actor, run_id: UUID) -> dict[str, Any]:
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    replay_work.run(store, actor, made["id"])
    return dict(store.read_sync(replays.get, actor, made["id"])["result"])


def kept(store: Store, run_id: UUID) -> tuple[Any, dict[str, list[Any]]]:
    """The report and the columns of a run."""
    columns = store.read_sync(run_results.load_columns, run_id, COLUMNS)
    report = store.read_sync(
        lambda tx: tx.execute(select(ScoringRun.churn).where(ScoringRun.id == run_id)).scalar_one()
    )
    return report, {name: column.tolist() for name, column in columns.items()}


def contests(store: Store) -> int:
    return store.read_sync(lambda tx: tx.execute(select(func.count(ChurnContest.id))).scalar_one())


@pytest.mark.parametrize(
    ("as_of", "served", "withheld"),
    [(LEARNED, "season_logistic", None), (WORSE, None, "worse_than_base_rate")],
    ids=["learned", "ranked"],
)
def test_incremental_runs_and_replays_equal_a_full_run(
    store: Store,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    as_of: date,
    served: str | None,
    withheld: str | None,
) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    ids = annual_shop.fill(store, actor)
    first = run(store, actor, as_of)
    report, columns = kept(store, first)
    assert (report["season"]["served"], report["season"]["withheld"]) == (served, withheld)
    new = [(one, as_of + timedelta(days=1)) for one in ids[:5]]
    store.write_sync(factories.sales, new, source="late")
    second = run(
        store, actor, as_of + timedelta(days=3)
    )  # goes on from the facts of the first, and its contest
    after, changed = kept(store, second)
    assert contests(store) == 1
    assert after["season"] == report["season"]
    assert (changed == columns) is (withheld is not None)
    for one in (first, second):
        found = replay(store, actor, one)  # reads everything anew
        assert (found["same"], found["differing"], found["remarks"]) == (True, 0, [])
    if withheld:
        assert set(columns["churn_percent"]) == {-1}
        assert len(after["ranked"]) == 50


def test_a_contest_that_asked_for_no_season_is_held_again(store: Store, actor: Actor) -> None:
    annual_shop.fill(store, actor, customers=120)
    first = run(store, actor, WORSE)

    def older(tx: Any) -> None:
        """As an earlier version stored it."""
        known = tx.execute(select(ChurnContest.contest)).scalar_one()
        tx.execute(update(ChurnContest).values(contest={k: v for k, v in known.items() if k != "season"}))

    store.write_sync(older)
    found = replay(store, actor, first)
    assert found["same"] is False  # by the contest of its day, which only asked who ranks best
    report, _ = kept(store, run(store, actor, WORSE + timedelta(days=1)))
    assert contests(store) == 2
    assert report["ranked_only"] is True


def backtest_of(store: Store, actor: Actor, cut: date) -> dict[str, Any]:
    made = store.write_sync(backtests.create, actor, BacktestCreate(cut_on=cut.isoformat(), horizon_days=30))
    backtest_work.run(store, actor, made["id"])
    return dict(store.read_sync(backtests.get, actor, made["id"])["result"])


FIRST = date(2025, 1, 1)


def sell(store: Store, ids: list[UUID], until: int, source: str = "test", gap: range = range(0)) -> None:
    """Each customer buys every few days; 20 stop after two months; sales of a gap never arrive."""
    days = [(who, day) for place, who in enumerate(ids) for day in range(place % 7, until, 5 + place % 9)]
    kept_days = [
        (who, FIRST + timedelta(days=day))
        for who, day in days
        if day not in gap and (day < 60 or ids.index(who) >= 20)
    ]
    store.write_sync(factories.sales, kept_days, source=source)


@pytest.fixture
def customers(store: Store, actor: Actor) -> list[UUID]:
    return store.write_sync(lambda tx: [factories.customer(tx, actor, f"C{number}") for number in range(60)])


def test_a_backtest_counts_to_the_newest_sale_where_sales_had_stopped(
    store: Store, actor: Actor, customers: list[UUID]
) -> None:
    sell(store, customers, 400, gap=range(240, 300))
    cut = FIRST + timedelta(days=299)
    found = backtest_of(store, actor, cut)
    assert found["data_end"] == (FIRST + timedelta(days=239)).isoformat()
    assert (found["outcome_end"], found["silence_limit"]) == (None, None)
    report, _ = kept(store, run(store, actor, FIRST + timedelta(days=300), horizon_days=30))
    assert report["data_end"] == found["data_end"]
    assert "sales_stopped" in found["limits"]
    assert [code for code in report["limits"] if code in found["limits"]] == found["limits"]
    assert report["season"] == found["season"]
    cells = {cell["level"]: cell["silent"] + cell["returned"] for cell in found["confusion"]}
    assert cells["left"] == 0
    assert found["contest"]["closed_on"] == (FIRST + timedelta(days=240)).isoformat()
    active = [cell["returned"] for cell in found["confusion"] if cell["level"] in ("healthy", "watch")]
    assert sum(active) >= 35  # silent for 60 days only because nothing arrived
    before = backtest_of(store, actor, FIRST + timedelta(days=239))
    assert (before["data_end"], before["outcome_end"]) == (None, (FIRST + timedelta(days=239)).isoformat())
    assert "sales_stopped" in before["limits"]
    whole = backtest_of(store, actor, FIRST + timedelta(days=200))
    assert (whole["data_end"], whole["outcome_end"], whole["stopped_sources"]) == (None, None, [])
    assert "sales_stopped" not in whole["limits"]


def test_where_one_source_had_stopped_nobody_would_have_left_by_silence(
    store: Store, actor: Actor, customers: list[UUID]
) -> None:
    sell(store, customers, 400)
    store.write_sync(
        factories.sales, [(customers[30], FIRST + timedelta(days=day)) for day in range(200)], source="web"
    )
    found = backtest_of(store, actor, FIRST + timedelta(days=260))
    assert found["stopped_sources"] == [
        {"source": "web", "newest_sale_on": (FIRST + timedelta(days=199)).isoformat()}
    ]
    assert (found["data_end"], found["silence_limit"]) == (None, None)
    assert np.isin("sales_stopped", found["limits"])
