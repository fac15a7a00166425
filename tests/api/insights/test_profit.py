"""Profit and cost to serve over HTTP: of the company and of one customer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import pytest
from sqlalchemy import select, update
from support import Api, made, problem

from app.cli.demo import TOKEN
from app.demo import load
from app.demo.company import generate
from app.domain.common.access import Actor, Scope
from app.jobs.scoring.score import score
from app.store.engine import Store
from app.store.tables import Transaction, UnitCost

DAY = datetime(2026, 6, 30, 9, tzinfo=UTC)
AS_OF = "2026-07-01"
REPORT = "/v1/insights/profit"
UNIT_COSTS = {
    "phone": {"per_contact": "0", "per_minute": "0.5"},
    "email": {"per_contact": "2"},
    "return": {"per_contact": "15"},
}


def run(api: Api, store: Store, actor: Actor, **members: Any) -> str:
    body = {"as_of": AS_OF, "window_days": 365, **members}
    started = api.post("/v1/scoring-runs", json=body).json()
    score(store, actor, UUID(started["id"]))
    return str(started["id"])


def set_costs(api: Api, **costs: Any) -> None:
    for code, cost in (costs or UNIT_COSTS).items():
        assert api.put(f"/v1/unit-costs/{code}", json=cost).status_code in (200, 201)


def record(api: Api, customer_id: str, amount: str, cost: str | None = None, **members: Any) -> None:
    currency = members.pop("currency", "TRY")
    body = factories.transaction_body(
        customer=None,
        customer_id=customer_id,
        amount={"amount": amount, "currency": currency},
        cost=None if cost is None else {"amount": cost, "currency": currency},
        occurred_at=DAY.isoformat(),
        **members,
    )
    assert api.post("/v1/transactions", json=body).status_code == 201


def contact(api: Api, customer_id: str, channel: str, times: int = 1, **members: Any) -> None:
    for number in range(times):
        at = DAY - timedelta(hours=number)
        body = factories.interaction_body(
            customer=None, customer_id=customer_id, channel=channel, started_at=at.isoformat(), **members
        )
        assert api.post("/v1/interactions", json=body).status_code == 201


def bought(api: Api, name: str, amount: str, cost: str | None) -> str:
    customer_id = str(made(api, name)["id"])
    record(api, customer_id, amount, cost)
    return customer_id


@pytest.fixture
def worked(api: Api) -> str:
    """The customer of docs/formulas.md#profit. Compensation is not recorded: a visit stands for it."""
    customer_id = bought(api, "Ayşe Yılmaz", "1100.00", "660.00")
    record(api, customer_id, "60.00", "60.00", kind="refund")
    record(api, customer_id, "40.00", "0.00", kind="cancellation")  # nothing came back
    contact(api, customer_id, "phone", 12, talk_seconds=300, hold_seconds=40, wrap_seconds=20)
    contact(api, customer_id, "email", 4, direction="outbound")
    contact(api, customer_id, "visit")
    set_costs(api)
    set_costs(api, visit={"per_contact": "50"})
    return customer_id


def try_(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "TRY"}


def test_the_worked_example(api: Api, store: Store, actor: Actor, worked: str) -> None:
    run_id = run(api, store, actor)
    one = api.get(f"/v1/customers/{worked}/profit").json()
    assert {name: one[name] for name in ("revenue", "goods", "serve", "profit")} == {
        "revenue": try_("1000.00"),
        "goods": try_("600.00"),
        "serve": try_("124.00"),
        "profit": try_("276.00"),
    }
    assert (one["serve_share"], one["tier"], one["unknown"]) == (pytest.approx(0.124), "A", [])
    assert (one["not_counted"], one["compensation"]["amount"]) == ([], "0.00")
    assert one["returns"] == {
        "count": 2,
        "unit_cost": {"per_contact": "15", "per_minute": "0"},
        "cost": try_("30.00"),
    }
    lines = {line["channel"]: line for line in one["channels"]}
    assert lines.keys() == {"email", "phone", "visit"}
    assert lines["phone"] == {
        "channel": "phone",
        "contacts": 12,
        "seconds": 12 * 360,
        "untimed": 0,
        "unit_cost": {"per_contact": "0", "per_minute": "0.5"},
        "cost": try_("36.00"),
    }
    assert (lines["email"]["untimed"], lines["email"]["cost"]) == (4, try_("8.00"))

    report = api.get(REPORT).json()
    assert (report["run_id"], report["n"], report["known"]) == (run_id, 1, 1)
    for member in ("revenue", "goods", "serve", "profit", "serve_share", "channels", "returns"):
        assert report[member] == one[member]
    assert report["window"] == {"start": "2025-06-30T21:00:00Z", "end": "2026-06-30T21:00:00Z"}
    assert (report["coverage_customers"], report["coverage_revenue"]) == (1.0, 1.0)
    assert report["channels_without_cost"] == []


def test_the_whale_curve_and_who_is_unprofitable(api: Api, store: Store, actor: Actor) -> None:
    for number, cost in enumerate(("500", "700", "800", "1150", "1250")):
        bought(api, f"Customer {number}", "1000.00", f"{cost}.00")
    run(api, store, actor)
    report = api.get(REPORT).json()
    assert (report["profit"], report["unprofitable"]) == (try_("600.00"), 2)
    assert report["loss"] == try_("-400.00")
    assert report["peak_share"] == pytest.approx(1000 / 600)
    curve = {point["customer_share"]: point["profit_share"] for point in report["whale"]}
    assert curve == pytest.approx({0: 0, 0.2: 5 / 6, 0.4: 8 / 6, 0.6: 10 / 6, 0.8: 850 / 600, 1: 1})
    assert [(one["name"], one["profit"]["amount"]) for one in report["top_losses"]] == [
        ("Customer 4", "-250.00"),
        ("Customer 3", "-150.00"),
    ]
    assert [(tier["tier"], tier["n"], tier["unprofitable"]) for tier in report["tiers"]] == [
        ("A", 5, 2),
        ("B", 0, 0),
        ("C", 0, 0),
    ]
    assert report["tiers"][0]["profit"] == report["profit"]
    assert report["tiers"][1]["serve_share"] is None


def test_what_is_not_known_is_not_nothing(api: Api, store: Store, actor: Actor) -> None:
    known = bought(api, "Known", "100.00", "40.00")
    no_cost = bought(api, "No cost", "100.00", None)
    dollars = bought(api, "Dollars", "100.00", "40.00")
    api.put("/v1/exchange-rates/USD/2026-06-30", json={"rate": "2"})
    record(api, dollars, "50.00", "20.00", currency="USD")
    called = bought(api, "Called", "100.00", "40.00")
    contact(api, called, "chat")
    returned = bought(api, "Returned", "100.00", "40.00")
    record(api, returned, "10.00", "0.00", kind="refund")
    vague = bought(api, "Vague", "100.00", "40.00")
    record(api, vague, "10.00", kind="cancellation")  # whether goods came back, and which, is not said
    set_costs(api, phone=UNIT_COSTS["phone"])
    run(api, store, actor)
    report = api.get(REPORT).json()
    assert (report["n"], report["known"], report["coverage_customers"]) == (6, 1, pytest.approx(1 / 6))
    assert report["coverage_revenue"] == pytest.approx(100 / 680)
    assert report["unknown"] == {"goods": 3, "contacts": 1, "returns": 2}
    assert (report["revenue"], report["profit"]) == (try_("100.00"), try_("60.00"))
    assert report["channels_without_cost"] == ["chat"]
    assert [(line["channel"], line["contacts"], line["cost"]) for line in report["channels"]] == [
        ("chat", 1, None),
        ("phone", 0, try_("0.00")),
    ]
    assert report["returns"] == {"count": 2, "unit_cost": None, "cost": None}
    why = {}
    for customer_id in (known, no_cost, dollars, called, returned, vague):
        one = api.get(f"/v1/customers/{customer_id}/profit").json()
        why[customer_id] = one["unknown"]
        assert (one["profit"] is None) == bool(one["unknown"])
    assert list(why.values()) == [[], ["goods"], ["goods"], ["contacts"], ["returns"], ["goods", "returns"]]
    one = api.get(f"/v1/customers/{called}/profit").json()
    assert (one["goods"], one["serve"], one["serve_share"]) == (try_("40.00"), None, None)


def test_only_the_window_and_the_kinds_of_the_run_count(api: Api, store: Store, actor: Actor) -> None:
    customer_id = bought(api, "Ayşe Yılmaz", "100.00", "40.00")
    record(api, customer_id, "30.00", kind="cancellation")
    for days in (-1, 40):
        at = (DAY - timedelta(days=days)).isoformat()
        body = factories.transaction_body(customer=None, customer_id=customer_id, occurred_at=at)
        assert api.post("/v1/transactions", json=body).status_code == 201
    contact(api, customer_id, "email", 2)
    set_costs(api)
    gross = run(api, store, actor, window_days=30, ignored_kinds=["cancellation"])
    whole = run(api, store, actor, window_days=None)
    report = api.get(REPORT, params={"run_id": gross}).json()
    assert (report["revenue"], report["profit"]) == (try_("100.00"), try_("56.00"))
    assert report["returns"]["count"] == 0
    report = api.get(REPORT, params={"run_id": whole}).json()
    assert (report["unknown"]["goods"], report["returns"]["count"]) == (1, 1)
    assert report["window"]["start"] is None
    assert api.get(REPORT, params={"as_of": AS_OF}).json()["run_id"] == whole


def test_it_tells_what_is_known_now(api: Api, store: Store, actor: Actor, worked: str) -> None:
    run(api, store, actor)
    set_costs(api, email={"per_contact": "3"})
    contact(api, worked, "email", 1)
    one = api.get(f"/v1/customers/{worked}/profit").json()
    assert (one["serve"], one["revenue"]) == (try_("131.00"), try_("1000.00"))
    assert api.get(REPORT).json()["serve"] == one["serve"]
    api.delete("/v1/unit-costs/email")
    assert api.get(f"/v1/customers/{worked}/profit").json()["unknown"] == ["contacts"]


def test_who_has_no_tier_has_costs_and_no_profit(api: Api, store: Store, actor: Actor) -> None:
    bought(api, "Ayşe Yılmaz", "100.00", "40.00")
    customer_id = made(api, "Elvin")["id"]
    contact(api, customer_id, "email", 2)
    set_costs(api)
    run(api, store, actor)
    one = api.get(f"/v1/customers/{customer_id}/profit").json()
    assert (one["tier"], one["revenue"], one["profit"], one["unknown"]) == (None, None, None, [])
    assert (one["serve"], one["serve_share"]) == (try_("4.00"), None)
    report = api.get(REPORT).json()
    assert (report["n"], report["serve"]) == (1, try_("0.00"))


def test_a_company_without_customers(api: Api, store: Store, actor: Actor) -> None:
    run(api, store, actor)
    report = api.get(REPORT).json()
    assert (report["n"], report["known"], report["profit"]) == (0, 0, try_("0.00"))
    for member in ("coverage_customers", "coverage_revenue", "serve_share", "peak_share"):
        assert report[member] is None
    for member in ("whale", "channels", "top_losses"):
        assert report[member] == []


def test_amounts_beyond_counting_are_refused(api: Api, store: Store, actor: Actor) -> None:
    customer_id = bought(api, "Ayşe Yılmaz", "90000000000000.00", "1.00")
    record(api, customer_id, "90000000000000.00", "1.00")
    run(api, store, actor)
    problem(api.get(REPORT), 409, "conflict")
    problem(api.get(f"/v1/customers/{customer_id}/profit"), 409, "conflict")


def test_unit_costs_in_another_currency_are_not_used(
    api: Api, store: Store, actor: Actor, worked: str
) -> None:
    run(api, store, actor)
    store.write_sync(lambda tx: tx.execute(update(UnitCost).values(currency="AZN")))
    assert api.get(f"/v1/customers/{worked}/profit").json()["unknown"] == ["contacts", "returns"]


def test_goods_that_came_back_to_the_demo_company_lower_its_costs(store: Store, actor: Actor) -> None:
    store.write_sync(load.load, actor, generate(1, DAY.date(), 300), TOKEN)
    cost = Transaction.cost_minor
    told = select(cost).where(Transaction.amount_minor < 0, cost.is_not(None))
    found = store.read_sync(lambda tx: tx.execute(told).scalars().all())
    assert found
    assert max(found) <= 0


def test_refusals(api: Api, store: Store, actor: Actor, api_with: Callable[..., Api]) -> None:
    customer_id = made(api)["id"]
    problem(api.get(REPORT), 404, "not_found")
    problem(api.get(f"/v1/customers/{customer_id}/profit"), 404, "not_found")
    run(api, store, actor)
    problem(api.get(REPORT, params={"as_of": "2020-01-01"}), 404, "not_found")
    for query in ("as_of=yesterday", "run_id=1", "tier=A"):
        problem(api.get(f"{REPORT}?{query}"), 422, "validation_failed")
    other = "01930a3e-2f6b-7c11-9a52-0d9c1f8f7aff"
    problem(api.get(f"/v1/customers/{other}/profit"), 404, "not_found")
    limited = api_with(Scope.INSIGHTS_READ, Scope.CUSTOMERS_READ, units=("izmir",))
    problem(limited.get(REPORT), 403, "limited_to_units")
    problem(limited.get(f"/v1/customers/{customer_id}/profit"), 404, "not_found")
    problem(api_with(Scope.CUSTOMERS_READ).get(REPORT), 403, "insufficient_scope")
    stranger = api_with(Scope.INSIGHTS_READ)
    problem(stranger.get(f"/v1/customers/{customer_id}/profit"), 403, "insufficient_scope")
    agent = api_with(Scope.CUSTOMERS_READ)  # who may see customers need not see what goods cost
    problem(agent.get(f"/v1/customers/{customer_id}/profit"), 403, "insufficient_scope")
