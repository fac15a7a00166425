"""Share of wallet over HTTP, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import factories
import pytest
from support import Api, problem

from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store

DAY = datetime(2026, 6, 30, 9, tzinfo=UTC)
REPORT = "/v1/insights/share-of-wallet"
SPEND = {"attribute": "category_spend"}


def run(api: Api, store: Store, actor: Actor) -> str:
    started = api.post("/v1/scoring-runs", json={"as_of": "2026-07-01", "window_days": 365}).json()
    score(store, actor, UUID(started["id"]))
    return str(started["id"])


@pytest.fixture
def shop(api: Api, store: Store, actor: Actor) -> None:
    """Customers who spent 300, 50, 80, 10, 5, 6 and −20, and what they say that they spend in all."""
    said: list[dict[str, Any]] = [
        {"category_spend": 1000},
        {"category_spend": "100.00", "category_spend_2": 7},
        {"category_spend": 40.5},
        {"category_spending": 99},
        {"category_spend": "much"},
        {"category_spend": -1},
        {"category_spend": 0.005},
    ]
    for attributes, spent in zip(said, (300, 50, 80, 10, 5, 6, -20), strict=True):
        customer_id = store.write_sync(factories.customer, actor, attributes=attributes)
        kind = "purchase" if spent > 0 else "refund"
        store.write_sync(factories.purchases, actor, customer_id, [100 * spent], at=DAY, kind=kind)
    store.write_sync(factories.customer, actor, attributes={"category_spend": 500})  # bought nothing


def test_the_worked_example(api: Api, store: Store, actor: Actor, shop: None) -> None:
    run_id = run(api, store, actor)
    found = api.get(REPORT, params=SPEND).json()
    assert (found["run_id"], found["customers"], found["attribute"]) == (run_id, 7, "category_spend")
    assert (found["n"], found["contradicted"]) == (2, 1)
    assert (found["without_total"], found["not_an_amount"]) == (1, 2)
    assert found["overall"] == pytest.approx(350 / 1100)
    assert found["median"] == pytest.approx(0.4)
    assert found["open"] == {"amount": "750.00", "currency": "TRY"}
    tiers = {tier["tier"]: tier for tier in found["tiers"]}
    assert [(tier["n"], tier["contradicted"]) for tier in tiers.values()] == [(1, 1), (1, 0), (0, 0)]
    assert (tiers["A"]["overall"], tiers["B"]["overall"], tiers["C"]["overall"]) == (0.3, 0.5, None)


def test_of_nobody(api: Api, store: Store, actor: Actor) -> None:
    run(api, store, actor)
    found = api.get(REPORT, params=SPEND).json()
    assert (found["customers"], found["n"], found["overall"], found["median"]) == (0, 0, None, None)


def test_amounts_beyond_counting_are_refused(api: Api, store: Store, actor: Actor) -> None:
    rich = {"name": "Rich", "attributes": {"category_spend": "90000000000000.00"}}
    batch = api.post("/v1/customers/batch", json={"items": [rich] * 450}).json()
    for item in batch["data"]:
        store.write_sync(factories.purchases, actor, UUID(item["customer"]["id"]), [1], at=DAY)
    run(api, store, actor)
    problem(api.get(REPORT, params=SPEND), 409, "conflict")


def test_refusals(api: Api, store: Store, actor: Actor, api_with: Callable[..., Api]) -> None:
    problem(api.get(REPORT, params=SPEND), 404, "not_found")
    run(api, store, actor)
    for query in ("", "?attribute=", "?attribute=Spend", "?attribute=a%25", "?attribute=a&tier=A"):
        problem(api.get(f"{REPORT}{query}"), 422, "validation_failed")
    limited = api_with(Scope.INSIGHTS_READ, units=("izmir",))
    problem(limited.get(REPORT, params=SPEND), 403, "limited_to_units")
    problem(api_with(Scope.CUSTOMERS_READ).get(REPORT, params=SPEND), 403, "insufficient_scope")
