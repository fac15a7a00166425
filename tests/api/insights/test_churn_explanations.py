"""Which model serves, and what its probability is made of."""

import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api

from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.store.engine import Store

DAY = datetime(2026, 6, 30, 9, tzinfo=UTC)


@pytest.fixture
def ids(api: Api, store: Store, actor: Actor) -> list[UUID]:
    """Customers of a shop that was scored on the day after `DAY`."""
    made = store.write_sync(factories.rhythmic_shop, actor, 360, DAY)
    run(api, store, actor, "2026-07-01")
    return made


def run(api: Api, store: Store, actor: Actor, as_of: str) -> Any:
    started = api.post("/v1/scoring-runs", json={"as_of": as_of, "horizon_days": 60}).json()
    score(store, actor, UUID(started["id"]))
    return api.get("/v1/insights/churn", params={"run_id": started["id"]}).json()


def explained(api: Api, ids: list[UUID]) -> list[Any]:
    read = [api.get(f"/v1/customers/{customer_id}/churn").json() for customer_id in ids[:40]]
    return [row for row in read if row["explanation"] is not None]


def test_the_contest_is_told_with_the_figures_of_all_models(api: Api, ids: list[UUID]) -> None:
    serving = api.get("/v1/insights/churn").json()["serving"]
    contest = serving["contest"]
    assert (serving["model"], contest["serves"], contest["reason"]) == ("logistic", "logistic", "won")
    assert (contest["opened_on"], contest["closed_on"]) == ("2026-05-02", "2026-07-01")
    brier = {entry["code"]: entry["metrics"]["brier"] for entry in contest["entries"]}
    assert brier["logistic"] < brier["mbg_nbd"]


def test_so_small_a_shop_does_not_tell_whether_probabilities_are_right(api: Api, ids: list[UUID]) -> None:
    report = api.get("/v1/insights/churn").json()
    served = {entry["code"]: entry["metrics"] for entry in report["serving"]["contest"]["entries"]}[
        "logistic"
    ]
    names = ("ece", "ece_by_chance", "ece_limit")
    assert [report[name] for name in names] == [served[name] for name in names]
    limit = report["ece_limit"]
    assert 0 < report["ece_by_chance"] < limit
    assert report["calibrated"] is (None if limit > 0.1 else report["ece"] <= max(0.05, limit))
    assert ("too_few_to_tell" in report["limits"]) is (limit > 0.1)
    assert ("not_calibrated" in report["limits"]) is (report["calibrated"] is False)
    of_customer = api.get(f"/v1/customers/{ids[0]}/churn").json()
    told = (*names, "calibrated")
    assert [of_customer[name] for name in told] == [report[name] for name in told]


def test_contributions_add_up_to_the_probability(api: Api, ids: list[UUID]) -> None:
    found = explained(api, ids)
    assert len(found) > 10
    for row in found:
        explanation = row["explanation"]
        total = sum(part["contribution"] for part in explanation["contributions"])
        assert explanation["log_odds"] == pytest.approx(explanation["mean_log_odds"] + total)
        probability = 1 / (1 + math.exp(-explanation["log_odds"]))
        assert row["probability"] == pytest.approx(probability, abs=0.00501)


def test_contributions_are_told_in_the_language_of_the_request(api: Api, ids: list[UUID]) -> None:
    path = f"/v1/customers/{ids[1]}/churn"
    told = {
        language: api.get(path, headers={"Accept-Language": language}).json()["explanation"]["contributions"]
        for language in ("en", "tr", "az")
    }
    parts = {language: {part["code"]: part["sentence"] for part in parts} for language, parts in told.items()}
    assert parts["en"]["purchase_pattern"].startswith("Last purchase ")
    assert parts["tr"]["purchase_pattern"].startswith("Son alışveriş ")
    assert parts["az"]["purchase_pattern"].startswith("Son alış-veriş ")


def test_a_contest_serves_the_runs_of_four_weeks(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    chosen = [
        run(api, store, actor, day)["serving"]["chosen_for"]
        for day in ("2026-07-28", "2026-07-29", "2026-06-20")
    ]
    assert chosen == ["2026-07-01", "2026-07-29", "2026-06-20"]


def test_a_second_run_of_the_day_says_the_same(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    before = explained(api, ids)
    run(api, store, actor, "2026-07-01")
    again = explained(api, ids)
    assert [row["explanation"] for row in again] == [row["explanation"] for row in before]


def test_with_a_short_past_the_purchase_model_serves_and_nothing_is_explained(
    api: Api, store: Store, actor: Actor
) -> None:
    [customer_id, *_] = store.write_sync(factories.rhythmic_shop, actor, 60, DAY)
    serving = run(api, store, actor, "2025-08-01")["serving"]
    assert (serving["model"], serving["contest"]["reason"]) == ("mbg_nbd", "no_closed_window")
    assert api.get(f"/v1/customers/{customer_id}/churn").json()["explanation"] is None
