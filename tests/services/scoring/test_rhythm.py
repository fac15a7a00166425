"""A company whose customers buy once a month: what a run says, and its replay, later runs and backtests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from sqlalchemy import select
from support import Api

from app.domain.common.access import Actor
from app.jobs.scoring import backtest as backtests
from app.jobs.scoring import replay as work
from app.jobs.scoring.score import score
from app.schemas.scoring.replays import ReplayCreate
from app.services.scoring import replays, run_facts
from app.store.engine import Store
from app.store.tables import ChurnContest

AS_OF, HORIZON = date(2026, 7, 1), 60
FIRST = AS_OF - timedelta(days=400)


def bought(until: date, seed: int = 11, customers: int = 300) -> list[list[tuple[datetime, int]]]:
    """Purchases every 30 days, a day sooner or later, of customers who may stop after each of them."""
    random = np.random.default_rng(seed)
    lists = []
    for joined in random.integers(0, 200, customers).tolist():
        day, days = joined, []
        while day < 400 + 90:
            days.append(FIRST + timedelta(days=day))
            if random.random() < 0.05:
                break
            day += 30 + int(random.integers(-1, 2))
        lists.append([(datetime(*one.timetuple()[:3], 9, tzinfo=UTC), 1000) for one in days if one < until])
    return lists


def run(api: Api, store: Store, actor: Actor, as_of: date) -> tuple[UUID, Any]:
    asked = {"as_of": as_of.isoformat(), "horizon_days": HORIZON}
    started = api.post("/v1/scoring-runs", json=asked).json()
    score(store, actor, UUID(started["id"]))
    return UUID(started["id"]), api.get("/v1/insights/churn", params={"run_id": started["id"]}).json()


def replay(store: Store, actor: Actor, run_id: UUID) -> Any:
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    work.run(store, actor, made["id"])
    return store.read_sync(replays.get, actor, made["id"])["result"]


def test_who_is_overdue_is_at_risk(api: Api, store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.shop, actor, bought(AS_OF))
    _, report = run(api, store, actor, AS_OF)
    serving, fitted = report["serving"], report["models"]["mbg_cnbd_k"]
    contest = serving["contest"]
    assert (serving["model"], serving["k"], report["version"]) == ("mbg_cnbd_k", fitted["k"], 5)
    assert (contest["serves"], contest["purchase_model"]) == ("mbg_cnbd_k", "mbg_cnbd_k")
    assert contest["k"] >= 12
    assert fitted["k"] >= 12
    assert fitted["n"] == 300
    assert fitted["log_likelihood"] > fitted["log_likelihood_at_random"]
    assert report["backtest"]["k"] >= 12
    assert report["ece"] == report["backtest"]["model"]["ece"]
    last = [purchases[-1][0].date() for purchases in bought(AS_OF)]
    overdue = [place for place, day in enumerate(last) if 36 <= (AS_OF - day).days <= 58]
    assert len(overdue) >= 5
    told = [api.get(f"/v1/customers/{ids[place]}/churn").json() for place in overdue]
    assert {one["model"] for one in told} == {"mbg_cnbd_k"}
    assert {one["n"] for one in told} == {300}
    assert np.mean([one["probability"] for one in told]) > 0.75
    worth = api.get("/v1/insights/lifetime-value").json()
    parameters = report["models"]["mbg_nbd"]["parameters"]
    assert worth["n"] > 0
    assert parameters != fitted["parameters"], "lifetime value stays with MBG/NBD"


def test_replays_and_runs_that_go_on_from_others_say_the_same(
    api: Api, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    monkeypatch.setattr(run_facts, "MAX_CHANGED_SHARE", 1.0)
    store.write_sync(factories.shop, actor, bought(AS_OF + timedelta(days=20)))
    first, report = run(api, store, actor, AS_OF)
    second, later = run(api, store, actor, AS_OF + timedelta(days=9))  # goes on from the facts of the first
    contests = store.read_sync(lambda tx: tx.execute(select(ChurnContest.contest)).scalars().all())
    assert [one["purchase_model"] for one in contests] == ["mbg_cnbd_k"]
    assert later["serving"]["contest"] == report["serving"]["contest"]
    assert later["serving"]["model"] == "mbg_cnbd_k"
    for one in (first, second):
        found = replay(store, actor, one)
        assert (found["same"], found["n"], found["not_compared"]) == (True, 300, [])


def test_a_backtest_measures_it(api: Api, store: Store, actor: Actor) -> None:
    store.write_sync(factories.shop, actor, bought(AS_OF + timedelta(days=HORIZON)))
    asked = {"cut_on": (AS_OF - timedelta(days=1)).isoformat(), "horizon_days": HORIZON}
    made = api.post("/v1/backtests", json={**asked, "models": ["mbg_nbd", "mbg_cnbd_k"]}).json()
    backtests.run(store, actor, UUID(made["id"]))
    result = api.get(f"/v1/backtests/{made['id']}").json()["result"]
    brier = {one["code"]: one["metrics"]["brier"] for one in result["models"]}
    assert result["published"] == "mbg_cnbd_k"
    assert result["contest"]["k"] >= 12
    assert brier["mbg_cnbd_k"] < 0.7 * brier["mbg_nbd"]
