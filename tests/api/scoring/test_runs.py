"""Scoring over HTTP: take on a run, work it off, read the report and the customers' tiers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store
from app.store.types import now

WORKED = [60000, 20000, 10000, 5000, 3000, 2000, 0, -4000]


@pytest.fixture
def scored(api: Api, store: Store, actor: Actor) -> Any:
    """The worked example, scored through the API; the run."""
    store.write_sync(factories.customers_worth, actor, WORKED)
    answer = api.post("/v1/scoring-runs", json={})
    assert answer.status_code == 202
    score(store, actor, UUID(answer.json()["id"]))  # what a worker does with the job
    return api.get(f"/v1/scoring-runs/{answer.json()['id']}").json()


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["data"]]


def test_a_run_is_a_job_with_a_place_to_follow_it(api: Api) -> None:
    answer = api.post("/v1/scoring-runs", json={"window_days": 365})
    assert answer.headers["Location"] == f"/v1/jobs/{answer.json()['job_id']}"
    job = api.get(answer.headers["Location"]).json()
    assert (job["kind"], job["state"], job["href"]) == (
        "scoring",
        "waiting",
        f"/v1/scoring-runs/{answer.json()['id']}",
    )


def test_a_run_with_the_usual_parameters_needs_no_body(api: Api) -> None:
    answer = api.post("/v1/scoring-runs")
    assert (answer.status_code, answer.json()["parameters"]["window_days"]) == (202, None)
    assert api.post("/v1/scoring-runs", content=b"{}").status_code == 415


def test_a_run_keeps_its_parameters(api: Api) -> None:
    body = {"as_of": "2026-01-01", "window_days": 90, "cuts": {"a_percent": 70, "b_percent": 90}}
    made = api.post("/v1/scoring-runs", json={**body, "ignored_kinds": ["cancellation"]}).json()
    assert made["as_of"] == "2026-01-01"
    assert made["parameters"] == {
        "currency": "TRY",
        "window_days": 90,
        "cuts": {"a_percent": 70, "b_percent": 90},
        "ignored_kinds": ["cancellation"],
        "horizon_days": 90,
        "churn_levels": {"watch": 0.5, "at_risk": 0.8},
        "zero_amount_purchases": False,
        "grace_days": 30,
        "lifetime_value": {"horizon_days": 365, "margin": 1.0, "yearly_discount": 0.0},
    }


@pytest.mark.parametrize(
    "body",
    [
        {"window_days": 0},
        {"window_days": "365"},
        {"cuts": {"a_percent": 95, "b_percent": 80}},
        {"cuts": {"a_percent": 80, "b_percent": 80}},
        {"cuts": {"a_percent": 0}},
        {"ignored_kinds": ["gift"]},
        {"horizon_days": 0},
        {"churn_levels": {"watch": 0.8, "at_risk": 0.8}},
        {"grace_days": -1},
        {"as_of": "2026-02-30"},
        {"as_of": (now() + timedelta(days=3)).date().isoformat()},
        {"windows_days": 365},
    ],
)
def test_what_cannot_be_computed_is_refused_and_leaves_no_run(api: Api, body: dict[str, Any]) -> None:
    assert api.post("/v1/scoring-runs", json=body).status_code == 422
    assert api.get("/v1/scoring-runs").json()["data"] == []
    assert api.get("/v1/jobs").json()["data"] == []


def test_the_report_ties_with_the_customers(api: Api, scored: Any) -> None:
    report = api.get("/v1/insights/value-tiers").json()
    assert (report["run_id"], report["is_current"]) == (scored["id"], True)
    for tier in report["tiers"]:
        listed = api.get("/v1/customers", params={"tier": tier["tier"], "include": "total"}).json()
        assert listed["total"] == tier["customers"]
    near = api.get("/v1/customers", params={"near_threshold": "A", "include": "total"}).json()
    assert near["total"] == report["near_threshold"]["a"]
    assert report["n"] + report["customers_without_tier"] == len(WORKED)


def test_customers_are_filtered_and_sorted_by_tier_and_value(api: Api, scored: Any) -> None:
    api.post("/v1/customers", json={"name": "Without a value"})
    best_first = [f"Customer {number}" for number in range(8)]
    assert names(api.get("/v1/customers", params={"sort": "-value"})) == [*best_first, "Without a value"]
    assert names(api.get("/v1/customers", params={"sort": "value"})) == [*best_first[::-1], "Without a value"]
    assert names(api.get("/v1/customers", params={"sort": "-value", "tier": ["A", "B"]})) == best_first[:4]
    assert names(api.get("/v1/customers", params={"tier": "none"})) == ["Without a value"]


def test_pages_by_value_go_through_ties_and_missing_values(api: Api, store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, [500, 500, 500, 0, 0])
    for number in range(3):
        store.write_sync(factories.customer, actor, f"Without {number}")
    made = api.post("/v1/scoring-runs", json={}).json()
    score(store, actor, UUID(made["id"]))
    seen, cursor = [], None
    while True:
        params = {"sort": "-value", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = api.get("/v1/customers", params=params).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 8


def test_there_is_no_report_yet(api: Api) -> None:
    assert api.get("/v1/insights/value-tiers").status_code == 404


def test_a_key_limited_to_units_reads_no_figures_of_the_whole_company(api_with: Any, scored: Any) -> None:
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    assert limited.get("/v1/insights/value-tiers").status_code == 403
