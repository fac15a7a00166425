"""Backtests over HTTP: take one on, work it off, read how the forecast did."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.backtest import run
from app.jobs.scoring.score import score
from app.store.engine import Store
from app.store.types import now

CUT = datetime(2026, 6, 30, 9, tzinfo=UTC)
HORIZON = 60


@pytest.fixture
def tested(api: Api, store: Store, actor: Actor) -> Any:
    store.write_sync(factories.rhythmic_shop, actor, 90, CUT)
    made = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "horizon_days": HORIZON})
    assert made.status_code == 202
    run(store, actor, UUID(made.json()["id"]))  # what a worker does with the job
    return api.get(f"/v1/backtests/{made.json()['id']}").json()


def test_a_backtest_is_a_job_with_a_place_to_follow_it(api: Api) -> None:
    answer = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "models": ["mbg_nbd"]})
    job = api.get(answer.headers["Location"]).json()
    made = answer.json()
    assert (job["kind"], job["state"], job["href"]) == ("backtests", "waiting", f"/v1/backtests/{made['id']}")
    assert (made["state"], made["result"], made["models"]) == ("waiting", None, ["mbg_nbd"])
    assert made["parameters"] == {
        "horizon_days": 90,
        "window_days": None,
        "churn_levels": {"watch": 0.5, "at_risk": 0.8},
        "zero_amount_purchases": False,
    }


def test_the_result_ties_with_what_was_bought(tested: Any) -> None:
    result = tested["result"]
    stopped = 45  # every second
    assert (tested["state"], result["n"], result["flags_run_id"]) == ("done", 90, None)
    assert result["models"][0]["metrics"]["base_rate"] == pytest.approx(stopped / 90)
    assert sum(cell["silent"] for cell in result["confusion"]) == stopped
    assert sum(cell["returned"] for cell in result["confusion"]) == 90 - stopped
    codes = [one["code"] for one in [*result["models"], *result["missing"]]]
    assert sorted(codes) == ["logistic", "mbg_cnbd_k", "mbg_nbd", "recency", "recency_frequency"]
    tiers = [group["recency"]["n"] for group in result["groups"] if group["name"].startswith("tier_")]
    assert sum(tiers) == 90


def test_who_bought_for_certain_is_told_from_who_stopped(tested: Any) -> None:
    recency = tested["result"]["models"][0]
    assert recency["code"] == "recency"
    assert recency["metrics"]["auc"] == 1.0
    assert recency["metrics"]["brier"] is None


def test_lifetime_value_is_held_against_what_came_in(tested: Any) -> None:
    found = tested["result"]["lifetime_value"]
    bought = [n for n in range(90) if n % 2]  # the others stopped; these go on every 7 + n % 11 days
    days = {
        n: [day for day in range(360 - n % 40, -90, -(7 + n % 11)) if -HORIZON <= day < 0] for n in bought
    }
    realised = sum(10.0 + n / 100 for n in bought for _ in days[n])
    assert float(found["realised"]["amount"]) == pytest.approx(realised)
    assert found["realised_gross"] == found["realised"]  # nothing was given back
    assert float(found["total"]["amount"]) == pytest.approx(
        float(found["forecast"]["amount"]) * found["level"], rel=1e-4
    )
    low, high = (float(found["interval"][end]["amount"]) for end in ("low", "high"))
    assert found["covered"] is (low <= realised <= high) is True
    for name in ("realised", "realised_gross", "forecast"):
        of_tiers = sum(float(tier[name]["amount"]) for tier in found["tiers"])
        assert of_tiers == pytest.approx(float(found[name]["amount"]), abs=0.03)
    assert [tier["tier"] for tier in found["tiers"]] == ["A", "B", "C"]
    assert (found["customers"], found["checked"]) == (90, 90)
    assert found["inside_share"] > 0.8
    assert (found["basis"], len(found["windows"])) == ("season_unknown", 2)


def test_refunds_lower_what_was_realised(api: Api, store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.rhythmic_shop, actor, 40, CUT)
    back = CUT + timedelta(days=5)
    store.write_sync(factories.purchases, actor, ids[1], [-500], at=back, kind="refund")
    made = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "horizon_days": HORIZON}).json()
    run(store, actor, UUID(made["id"]))
    found = api.get(f"/v1/backtests/{made['id']}").json()["result"]["lifetime_value"]
    gross, net = (float(found[name]["amount"]) for name in ("realised_gross", "realised"))
    assert gross - net == pytest.approx(5)


def test_of_too_few_no_lifetime_value_is_told(api: Api, store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 5, CUT)
    made = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "horizon_days": HORIZON}).json()
    run(store, actor, UUID(made["id"]))
    found = api.get(f"/v1/backtests/{made['id']}").json()["result"]["lifetime_value"]
    assert [found[name] for name in ("forecast", "level", "total", "interval", "covered")] == [None] * 5
    assert (found["limits"], found["inside_share"]) == (["too_few_customers"], None)
    assert float(found["realised"]["amount"]) > 0


def test_what_came_after_the_horizon_changes_nothing(
    api: Api, store: Store, actor: Actor, tested: Any
) -> None:
    customer = store.write_sync(factories.customer, actor, "Late")
    late = CUT + timedelta(days=HORIZON + 2)
    store.write_sync(factories.purchases, actor, customer, [5000], at=late)
    again = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "horizon_days": HORIZON}).json()
    run(store, actor, UUID(again["id"]))
    assert api.get(f"/v1/backtests/{again['id']}").json()["result"] == tested["result"]


def test_the_levels_are_those_that_a_run_gave_on_the_day(api: Api, store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 30, CUT)
    scored = api.post("/v1/scoring-runs", json={"as_of": "2026-07-01", "horizon_days": HORIZON}).json()
    score(store, actor, UUID(scored["id"]))
    made = api.post("/v1/backtests", json={"cut_on": "2026-06-30", "horizon_days": HORIZON}).json()
    run(store, actor, UUID(made["id"]))
    result = api.get(f"/v1/backtests/{made['id']}").json()["result"]
    levels = api.get("/v1/insights/churn", params={"run_id": scored["id"]}).json()["levels"]
    assert result["flags_run_id"] == scored["id"]
    given = {cell["level"]: cell["silent"] + cell["returned"] for cell in result["confusion"]}
    assert {level["level"]: level["customers"] for level in levels}.items() <= given.items()


def test_a_company_without_customers_has_a_result_of_nobody(api: Api, store: Store, actor: Actor) -> None:
    made = api.post("/v1/backtests", json={"cut_on": "2026-06-30"}).json()
    run(store, actor, UUID(made["id"]))
    result = api.get(f"/v1/backtests/{made['id']}").json()["result"]
    assert (result["n"], result["published"], result["groups"]) == (0, None, [])


def test_only_the_models_asked_for_are_shown(api: Api, store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 12, CUT)
    body = {"cut_on": "2026-06-30", "horizon_days": HORIZON, "models": ["recency", "recency"]}
    made = api.post("/v1/backtests", json=body).json()
    run(store, actor, UUID(made["id"]))
    done = api.get(f"/v1/backtests/{made['id']}").json()
    assert done["models"] == ["recency"]
    assert [one["code"] for one in done["result"]["models"]] == ["recency"]
    assert done["result"]["missing"] == []


def test_contracts_are_told_beside_the_others(api: Api, store: Store, actor: Actor, tested: Any) -> None:
    assert tested["result"]["contract"] is None  # nobody is under contract
    made = api.post("/v1/customers", json={"name": "Ayşe", "contract": {"started_on": "2025-01-01"}})
    assert made.status_code == 201
    body = {"cut_on": "2026-06-30", "horizon_days": HORIZON, "models": ["contract"]}
    again = api.post("/v1/backtests", json=body).json()
    run(store, actor, UUID(again["id"]))
    result = api.get(f"/v1/backtests/{again['id']}").json()["result"]
    assert result["contract"] == {
        "n": 0,
        "excluded_terms_unknown": 1,
        "excluded_notice_given": 0,
        "published": None,
        "reason": "terms_unknown",
        "contest": result["contract"]["contest"],
        "models": [],
        "missing": [
            {"code": "contract", "reason": "terms_unknown"},
            {"code": "contract_logistic", "reason": "terms_unknown"},
        ],
    }
    others = {name: value for name, value in result.items() if name not in ("models", "missing", "contract")}
    assert others == {name: tested["result"][name] for name in others}
    assert [one["code"] for one in result["models"]] == ["recency", result["published"]]


def test_a_second_computation_changes_nothing(api: Api, store: Store, actor: Actor, tested: Any) -> None:
    run(store, actor, UUID(tested["id"]))
    assert api.get(f"/v1/backtests/{tested['id']}").json() == tested


def test_backtests_are_listed_newest_first(api: Api) -> None:
    days = ["2026-05-31", "2026-06-30"]
    ids = [api.post("/v1/backtests", json={"cut_on": day}).json()["id"] for day in days]
    listed = api.get("/v1/backtests").json()["data"]
    assert [row["id"] for row in listed] == ids[::-1]
    only = api.get("/v1/backtests", params={"cut_on": days[0], "state": "waiting"}).json()["data"]
    assert [row["id"] for row in only] == ids[:1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"cut_on": "2026-02-30"},
        {"cut_on": now().date().isoformat()},
        {"cut_on": (now() - timedelta(days=30)).date().isoformat(), "horizon_days": 60},
        {"cut_on": "9999-12-31", "horizon_days": 3660},
        {"cut_on": "2026-06-30", "horizon_days": 0},
        {"cut_on": "2026-06-30", "models": ["oracle"]},
        {"cut_on": "2026-06-30", "churn_levels": {"watch": 0.8, "at_risk": 0.8}},
        {"cut_on": "2026-06-30", "cut": "2026-06-30"},
    ],
)
def test_what_cannot_be_tested_is_refused_and_leaves_nothing(api: Api, body: dict[str, Any]) -> None:
    assert api.post("/v1/backtests", json=body).status_code == 422
    assert api.get("/v1/backtests").json()["data"] == []
    assert api.get("/v1/jobs").json()["data"] == []


def test_one_that_is_not_there_is_not_found(api: Api) -> None:
    problem(api.get("/v1/backtests/01930a3e-2f6b-7c11-9a52-0d9c1f8f7b80"), 404, "not_found")


def test_reading_and_starting_take_scopes(api_with: Any) -> None:
    reader = api_with(Scope.INSIGHTS_READ)
    assert reader.get("/v1/backtests").status_code == 200
    assert reader.post("/v1/backtests", json={"cut_on": "2026-06-30"}).status_code == 403
    assert api_with(Scope.SCORING_WRITE).get("/v1/backtests").status_code == 403


def test_figures_of_the_whole_company_are_not_for_keys_of_a_unit(api_with: Any, tested: Any) -> None:
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(f"/v1/backtests/{tested['id']}"), 403, "limited_to_units")
