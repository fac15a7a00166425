"""Replays over HTTP: take one on, work it off, read whether the run came out the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, pointers, problem

from app.domain.common.access import Actor, Scope
from app.domain.common.company import Company
from app.jobs import registry
from app.jobs.scoring.replay import run
from app.jobs.scoring.score import score
from app.settings import Settings
from app.store.engine import Store

BEFORE = datetime(2026, 3, 20, 12, tzinfo=UTC)
UNKNOWN = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7cff"


@pytest.fixture
def shop(store: Store, actor: Actor) -> list[UUID]:
    return store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])


@pytest.fixture
def scored(api: Api, store: Store, actor: Actor, shop: list[UUID]) -> str:
    """A finished run."""
    made = api.post("/v1/scoring-runs", json={"as_of": "2026-04-01"}).json()
    score(store, actor, UUID(made["id"]))
    return str(made["id"])


def replayed(api: Api, store: Store, actor: Actor, run_id: str) -> Any:
    made = api.post("/v1/replays", json={"run_id": run_id})
    assert made.status_code == 202
    run(store, actor, UUID(made.json()["id"]))
    return api.get(f"/v1/replays/{made.json()['id']}").json()


def test_a_replay_is_a_job_with_a_place_to_follow_it(
    api: Api, store: Store, settings: Settings, scored: str
) -> None:
    answer = api.post("/v1/replays", json={"run_id": scored})
    job = api.get(answer.headers["Location"]).json()
    made = answer.json()
    assert (job["kind"], job["state"], job["href"]) == ("replays", "waiting", f"/v1/replays/{made['id']}")
    assert (made["state"], made["result"], made["run_id"]) == ("waiting", None, scored)
    assert made["as_of"] == "2026-04-01"
    registry.load()
    row = {"id": UUID(job["id"]), "arguments": {"replay_id": made["id"]}}
    context = registry.Context(store, Company(), settings)
    assert registry.KINDS["replays"].advance(context, row, 0)  # what a worker does with it
    done = api.get(f"/v1/replays/{made['id']}").json()
    assert (done["state"], done["result"]["same"]) == ("done", True)


def test_the_same_data_gives_the_same_run(api: Api, store: Store, actor: Actor, scored: str) -> None:
    done = replayed(api, store, actor, scored)
    result = done["result"]
    assert (done["state"], done["error"]) == ("done", None)
    assert (result["same"], result["n"], result["differing"], result["remarks"]) == (True, 39, 0, [])
    assert {column["customers"] for column in result["columns"]} == {0}
    assert [column["name"] for column in result["columns"]] == [
        "tier",
        "near_threshold",
        "value",
        "churn_level",
        "churn_percent",
        "churn_model",
        "dormant",
        "churn_reason",
        "value_at_risk",
        "lifetime_value",
        "quadrant",
        "satisfaction",
        "facts",
    ]


def test_late_data_is_named(api: Api, store: Store, actor: Actor, shop: list[UUID], scored: str) -> None:
    body = factories.transaction_body(customer=None, customer_id=str(shop[0]), occurred_at=BEFORE.isoformat())
    recorded = api.post("/v1/transactions", json=body).json()
    result = replayed(api, store, actor, scored)["result"]
    assert (result["same"], result["explained"]) == (False, 1)
    assert result["late"]["counts"]["transactions"] == 1
    [record] = result["late"]["records"]
    assert (record["id"], record["customer_id"]) == (recorded["id"], str(shop[0]))
    assert (record["occurred_at"], record["recorded_at"]) == (
        recorded["occurred_at"],
        recorded["recorded_at"],
    )


def test_a_second_computation_changes_nothing(api: Api, store: Store, actor: Actor, scored: str) -> None:
    done = replayed(api, store, actor, scored)
    run(store, actor, UUID(done["id"]))
    assert api.get(f"/v1/replays/{done['id']}").json() == done


def test_one_that_failed_says_so(api: Api, store: Store, scored: str) -> None:
    made = api.post("/v1/replays", json={"run_id": scored}).json()
    registry.load()
    job = {"id": UUID(made["job_id"]), "arguments": {"replay_id": made["id"]}}
    failed = registry.KINDS["replays"].failed
    assert failed is not None
    store.write_sync(failed, job, "internal error")
    read = api.get(f"/v1/replays/{made['id']}").json()
    assert (read["state"], read["error"], read["result"]) == ("failed", "internal error", None)


def test_replays_are_listed_newest_first(
    api: Api, api_with: Callable[..., Api], store: Store, actor: Actor, scored: str
) -> None:
    """The second one is another key's: the same request of one key is the same job while that waits."""
    ids = [
        replayed(api, store, actor, scored)["id"],
        api_with().post("/v1/replays", json={"run_id": scored}).json()["id"],
    ]
    listed = api.get("/v1/replays").json()["data"]
    assert [row["id"] for row in listed] == ids[::-1]
    waiting = api.get("/v1/replays", params={"run_id": scored, "state": "waiting"}).json()["data"]
    assert [row["id"] for row in waiting] == ids[1:]
    assert api.get("/v1/replays", params={"run_id": UNKNOWN}).json()["data"] == []


def test_what_cannot_be_replayed_is_refused_and_leaves_nothing(api: Api) -> None:
    waiting = api.post("/v1/scoring-runs", json={}).json()["id"]
    for body in ({"run_id": UNKNOWN}, {"run_id": waiting}, {"run_id": "x"}):
        assert pointers(api.post("/v1/replays", json=body)) == ["/run_id"]
    assert api.post("/v1/replays", json={"run_id": waiting, "day": "x"}).status_code == 422
    assert api.post("/v1/replays", json={}).status_code == 422
    assert api.get("/v1/replays").json()["data"] == []
    assert [job["kind"] for job in api.get("/v1/jobs").json()["data"]] == ["scoring"]


def test_one_that_is_not_there_is_not_found(api: Api) -> None:
    problem(api.get(f"/v1/replays/{UNKNOWN}"), 404, "not_found")


def test_reading_and_starting_take_scopes(api_with: Any, scored: str) -> None:
    reader = api_with(Scope.INSIGHTS_READ)
    assert reader.get("/v1/replays").status_code == 200
    assert reader.post("/v1/replays", json={"run_id": scored}).status_code == 403
    assert api_with(Scope.SCORING_WRITE).get("/v1/replays").status_code == 403


def test_figures_of_the_whole_company_are_not_for_keys_of_a_unit(
    api: Api, api_with: Any, store: Store, actor: Actor, scored: str
) -> None:
    done = replayed(api, store, actor, scored)
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(f"/v1/replays/{done['id']}"), 403, "limited_to_units")
