"""Lifetime value over HTTP: of the company and of one customer."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, made, problem

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store

DAY = datetime(2026, 6, 30, 9, tzinfo=UTC)
AS_OF = "2026-07-01"


def run(api: Api, store: Store, actor: Actor, **members: Any) -> str:
    started = api.post("/v1/scoring-runs", json={"as_of": AS_OF, **members}).json()
    score(store, actor, UUID(started["id"]))
    return str(started["id"])


@pytest.fixture
def ids(api: Api, store: Store, actor: Actor) -> list[UUID]:
    made = store.write_sync(factories.rhythmic_shop, actor, 80, DAY)
    run(api, store, actor)
    return made


def amount(money: Any) -> float:
    return float(money["amount"])


def test_the_parts_add_up_to_the_total(api: Api, ids: list[UUID]) -> None:
    report = api.get("/v1/insights/lifetime-value").json()
    assert (report["n"], report["purchases"]["customers"], report["contracts"]["customers"]) == (80, 80, 0)
    assert [tier["tier"] for tier in report["tiers"]] == ["A", "B", "C", None]
    ties(report)
    interval = report["purchases"]["interval"]
    assert amount(interval["low"]) < amount(report["total"]) < amount(interval["high"])
    crossed = report["second_view"]
    assert sum(move["customers"] for move in crossed["moves"]) == 80
    same = sum(m["customers"] for m in crossed["moves"] if m["by_value"] == m["by_lifetime_value"])
    assert crossed["same_share"] == pytest.approx(same / 80)


def ties(report: Any) -> None:
    """Both ways of dividing the total add up to it, to the last kuruş, and so do their customers."""
    for parts in (report["tiers"], [report[name] for name in ("purchases", "contracts", "left")]):
        assert sum(part["customers"] for part in parts) == report["n"]
        assert sum(Decimal(part["value"]["amount"]) for part in parts) == Decimal(report["total"]["amount"])


def test_customers_without_a_tier_and_those_who_left_are_parts_of_the_total(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    some = (
        {"lifecycle": "left", "left_on": "2026-06-25"},
        {"contract": {"started_on": "2025-01-01"}},
        {"contract": {"started_on": "2025-01-01", "notice_given_on": "2026-06-01"}},
    )
    for members in some:
        customer_id = UUID(made(api, **members)["id"])
        store.write_sync(factories.purchases, actor, customer_id, [10_000], at=DAY - timedelta(days=20))
    run(api, store, actor, window_days=10)
    report = api.get("/v1/insights/lifetime-value").json()
    ties(report)
    assert report["tiers"][3]["customers"] > 0
    assert report["left"]["customers"] > 0


def test_a_customer_ties_with_the_report(api: Api, ids: list[UUID]) -> None:
    best = api.get("/v1/insights/lifetime-value").json()["top"][0]
    one = api.get(f"/v1/customers/{best['id']}/lifetime-value").json()
    assert (one["value"], one["method"]) == (best["value"], "purchases")
    assert amount(one["interval"]["low"]) <= amount(one["value"]) <= amount(one["interval"]["high"])
    product = one["expected_purchases"] * amount(one["expected_spend"])
    assert amount(one["value"]) == pytest.approx(product, rel=1e-3)  # nothing is discounted here


def test_who_still_buys_is_worth_more_than_who_stopped_long_ago(api: Api, ids: list[UUID]) -> None:
    stopped, buys = (api.get(f"/v1/customers/{ids[n]}/lifetime-value").json() for n in (16, 17))
    assert amount(stopped["value"]) < amount(buys["value"]) / 10


def test_margin_and_discount_lower_the_value(api: Api, store: Store, actor: Actor, ids: list[UUID]) -> None:
    before = api.get("/v1/insights/lifetime-value").json()
    run(api, store, actor, lifetime_value={"horizon_days": 365, "margin": 0.25, "yearly_discount": 0.1})
    after = api.get("/v1/insights/lifetime-value").json()
    assert after["parameters"]["lifetime_value"]["margin"] == 0.25
    assert 0.22 < amount(after["total"]) / amount(before["total"]) < 0.25


def test_a_contract_is_worth_its_months(api: Api, store: Store, actor: Actor) -> None:
    terms = {"started_on": "2025-01-01"}
    customers = [
        api.post("/v1/customers", json={"name": f"Subscriber {n}", "contract": terms}).json()["id"]
        for n in range(2)
    ]
    for customer_id in customers:
        for days in (10, 40, 70):
            at = DAY - timedelta(days=days)
            store.write_sync(factories.purchases, actor, UUID(customer_id), [10_000], at=at)
    run(api, store, actor, lifetime_value={"horizon_days": 90})
    one = api.get(f"/v1/customers/{customers[0]}/lifetime-value").json()
    report = api.get("/v1/insights/lifetime-value").json()
    assert (one["method"], one["interval"], one["expected_purchases"]) == ("contract", None, None)
    assert (report["contracts"]["model"], report["contracts"]["churn_rate"]) == ("contract", 0.0)
    assert amount(one["value"]) == 300.0  # nobody left: three months of 100
    assert amount(report["contracts"]["value"]) == 600.0


def test_nothing_is_foretold_of_too_few(api: Api, store: Store, actor: Actor) -> None:
    [customer_id] = store.write_sync(factories.rhythmic_shop, actor, 1, DAY)
    run(api, store, actor)
    report = api.get("/v1/insights/lifetime-value").json()
    assert (report["n"], report["purchases"]["spend_model"]["no_fit"]) == (0, "too_few_customers")
    assert report["purchases"]["interval"] is None
    one = api.get(f"/v1/customers/{customer_id}/lifetime-value").json()
    assert (one["value"], one["interval"]) == (None, None)


def test_before_the_first_run_there_is_none(api: Api, store: Store, actor: Actor) -> None:
    customer_id = store.write_sync(factories.customer, actor)
    problem(api.get("/v1/insights/lifetime-value"), 404, "not_found")
    problem(api.get(f"/v1/customers/{customer_id}/lifetime-value"), 404, "not_found")


def test_who_may_see_what(api_with: Any, ids: list[UUID]) -> None:
    limited = api_with(Scope.INSIGHTS_READ, Scope.CUSTOMERS_READ, units=("izmir",))
    assert limited.get("/v1/insights/lifetime-value").status_code == 403
    assert limited.get(f"/v1/customers/{ids[0]}/lifetime-value").status_code == 404
    assert api_with(Scope.INSIGHTS_READ).get(f"/v1/customers/{ids[0]}/lifetime-value").status_code == 403
