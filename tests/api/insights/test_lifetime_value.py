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
    interval = report["interval"]
    assert interval == report["purchases"]["interval"]
    assert amount(interval["low"]) < amount(report["total"]) < amount(interval["high"])
    crossed = report["second_view"]
    assert sum(move["customers"] for move in crossed["moves"]) == 80
    same = sum(m["customers"] for m in crossed["moves"] if m["by_value"] == m["by_lifetime_value"])
    assert crossed["same_share"] == pytest.approx(same / 80)


def ties(report: Any) -> None:
    """All ways of dividing the total add up to it, to the last kuruş, and so do their customers."""
    names = (("purchases", "contracts", "left"), ("of_active", "of_dormant", "of_left"))
    for parts in (report["tiers"], *([report[name] for name in some] for some in names)):
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
    assert report["of_left"] == report["left"]  # by an event: silence proves nothing of so few
    assert amount(report["of_dormant"]["value"]) > 0  # silent for long, and may come back
    assert report["interval"] is None  # of contracts none is known
    assert report["purchases"]["interval"] is not None


def test_a_customer_ties_with_the_report(api: Api, ids: list[UUID]) -> None:
    best = api.get("/v1/insights/lifetime-value").json()["top"][0]
    one = api.get(f"/v1/customers/{best['id']}/lifetime-value").json()
    assert (one["value"], one["method"]) == (best["value"], "purchases")
    assert amount(one["interval"]["low"]) <= amount(one["value"]) <= amount(one["interval"]["high"])
    product = one["expected_purchases"] * amount(one["expected_spend"]) * one["level"]
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
    assert one["warnings"] == ["contract_spread_unknown"]


LANGUAGES = {"en": "How far values", "tr": "Sözleşmeye dayalı", "az": "Müqaviləyə əsaslanan"}


def test_one_contract_takes_the_interval_of_the_total_and_it_says_so(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    before = api.get("/v1/insights/lifetime-value").json()
    assert "contract_spread_unknown" not in before["limits"]
    assert before["interval"] is not None
    contract = {"started_on": "2025-01-01"}
    subscriber = made(api, contract=contract)["id"]
    store.write_sync(factories.purchases, actor, UUID(subscriber), [10_000], at=DAY - timedelta(days=10))
    left = f"/v1/customers/{ids[0]}"
    departure = {"left_on": "2026-06-01", "reason": "price"}
    assert api.post(f"{left}/departures", json=departure).status_code == 201
    run(api, store, actor, lifetime_value={"margin": 0.5})
    for language, begins in LANGUAGES.items():
        report = api.get("/v1/insights/lifetime-value", headers={"Accept-Language": language}).json()
        assert report["interval"] is None
        assert report["purchases"]["interval"] is not None
        assert report["limits"] == [*before["limits"], "contract_spread_unknown"]
        assert [note["code"] for note in report["notes"]] == report["limits"]
        assert report["notes"][-1]["sentence"].startswith(begins)
    one = api.get(f"{left}/lifetime-value").json()
    assert (amount(one["value"]), one["interval"], one["warnings"][-1]) == (0, None, "nothing_expected")
    assert one["notes"][-1] == {
        "code": "nothing_expected",
        "sentence": "Nothing more is expected of this customer, so there is no interval.",
    }


def test_nothing_is_foretold_of_too_few(api: Api, store: Store, actor: Actor) -> None:
    [customer_id] = store.write_sync(factories.rhythmic_shop, actor, 1, DAY)
    run(api, store, actor)
    report = api.get("/v1/insights/lifetime-value").json()
    assert (report["n"], report["purchases"]["spend_model"]["no_fit"]) == (0, "too_few_customers")
    assert report["purchases"]["interval"] is None
    values = [report["total"], report["of_active"]["value"], *(tier["value"] for tier in report["tiers"])]
    assert values == [None] * 6
    one = api.get(f"/v1/customers/{customer_id}/lifetime-value").json()
    assert (one["value"], one["interval"], one["level"], one["spend_model"]) == (None, None, None, None)
    assert one["warnings"] == report["limits"] == ["too_few_customers", "sales_stopped"]


def monthly(number: int) -> list[datetime]:
    """A purchase a month for a year, the last one by the day, each customer on days of its own."""
    return [DAY - timedelta(days=30 * month + number % 25) for month in range(12)]


def test_who_gives_everything_back_is_worth_nothing(api: Api, store: Store, actor: Actor) -> None:
    bought = [[(at, 10_000) for at in monthly(number)] for number in range(60)]
    back = [[*list_, *((at + timedelta(hours=3), -amount) for at, amount in list_)] for list_ in bought[:30]]
    ids = store.write_sync(factories.shop, actor, [*back, *bought[30:]])
    run(api, store, actor)
    worth = [api.get(f"/v1/customers/{ids[n]}/lifetime-value").json()["value"] for n in (3, 33)]
    assert amount(worth[0]) == 0
    assert amount(worth[1]) > 100
    report = api.get("/v1/insights/lifetime-value").json()
    assert report["net_of_refunds"] is True
    assert amount(report["total"]) == pytest.approx(30 * amount(worth[1]), rel=0.2)


def test_one_price_for_all_is_what_they_will_pay(api: Api, store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.shop, actor, [[(at, 4_990) for at in monthly(n)] for n in range(60)])
    run(api, store, actor)
    report = api.get("/v1/insights/lifetime-value").json()
    model = report["purchases"]["spend_model"]
    assert (model["no_fit"], model["kind"], model["price"]) == ("no_spread", "one_price", 4990)
    between = report["interval"]
    assert 0 < amount(between["low"]) < amount(report["total"]) < amount(between["high"])
    one = api.get(f"/v1/customers/{ids[0]}/lifetime-value").json()
    assert (one["spend_model"], amount(one["expected_spend"])) == ({"kind": "one_price"}, 49.9)
    assert amount(one["interval"]["low"]) <= amount(one["value"]) <= amount(one["interval"]["high"])


def test_of_heavy_tailed_amounts_the_own_mean_is_expected(api: Api, store: Store, actor: Actor) -> None:
    spends = [round(100 * 10 ** (number / 15)) for number in range(90)]  # from 1 to 864,000
    bought = [[(at, spend) for at in monthly(n)[: 1 + n % 4]] for n, spend in enumerate(spends)]
    ids = store.write_sync(factories.shop, actor, bought)
    run(api, store, actor)
    report = api.get("/v1/insights/lifetime-value").json()
    assert report["purchases"]["spend_model"]["q"] <= 1
    assert "mean_not_finite" in report["limits"]
    for number in (0, 87, 88):
        one = api.get(f"/v1/customers/{ids[number]}/lifetime-value").json()
        assert amount(one["expected_spend"]) == spends[number] / 100
        assert one["spend_model"] == {"kind": "own_mean"}
        assert "mean_not_finite" in one["warnings"]
        assert amount(one["interval"]["low"]) <= amount(one["value"]) <= amount(one["interval"]["high"])


def test_a_total_says_what_it_rests_on(api: Api, ids: list[UUID]) -> None:
    report = api.get("/v1/insights/lifetime-value").json()
    assert (report["basis"], report["limits"]) == ("season_unknown", ["season_unknown"])
    last, earlier = report["windows"]
    assert (last["name"], last["days"], last["opened"]) == ("last", 120, "2026-03-03")
    assert (earlier["name"], earlier["opened"]) == ("earlier", "2025-11-03")
    assert amount(last["realised"]) != amount(last["told"]) > 0
    assert sum(report["parts"].values()) == pytest.approx(1)
    assert 0.5 < report["level"] < 1
    sentences = [
        api.get("/v1/insights/lifetime-value", headers={"Accept-Language": language}).json()["notes"]
        for language in ("en", "tr", "az")
    ]
    assert [len(one) for one in sentences] == [1, 1, 1]
    assert len({one[0]["sentence"] for one in sentences}) == 3
    own = api.get(f"/v1/customers/{ids[0]}/lifetime-value", headers={"Accept-Language": "tr"}).json()
    assert (own["warnings"], own["notes"]) == (["season_unknown"], sentences[1])
    assert own["level"] == report["level"]


def test_a_young_shop_has_no_window_to_be_held_against(api: Api, store: Store, actor: Actor) -> None:
    days = [[DAY - timedelta(days=7 * week + n % 7) for week in range(9)] for n in range(60)]
    store.write_sync(factories.shop, actor, [[(at, 900 + n) for at in own] for n, own in enumerate(days)])
    run(api, store, actor)
    report = api.get("/v1/insights/lifetime-value").json()
    assert (report["basis"], report["windows"], report["level"]) == ("none", [], 1)
    assert report["limits"] == ["no_lifetime_backtest"]
    low, high = (amount(report["interval"][end]) for end in ("low", "high"))
    assert high / low > 4


def test_where_sales_have_stopped_value_begins_at_the_last_one(
    api: Api, store: Store, actor: Actor, ids: list[UUID]
) -> None:
    run(api, store, actor, as_of="2026-11-29")  # two months after the last sale
    report = api.get("/v1/insights/lifetime-value", headers={"Accept-Language": "az"}).json()
    assert "sales_stopped" in report["limits"]
    assert [note["code"] for note in report["notes"]] == ["season_unknown", "sales_stopped"]
    assert all(window["opened"] < "2026-09-28" for window in report["windows"])
    best = report["top"][0]
    one = api.get(f"/v1/customers/{best['id']}/lifetime-value").json()
    product = one["expected_purchases"] * amount(one["expected_spend"]) * one["level"]
    assert amount(one["value"]) == pytest.approx(product, rel=1e-3)
    assert "sales_stopped" in one["warnings"]


def test_before_the_first_run_there_is_none(api: Api, store: Store, actor: Actor) -> None:
    customer_id = store.write_sync(factories.customer, actor)
    problem(api.get("/v1/insights/lifetime-value"), 404, "not_found")
    problem(api.get(f"/v1/customers/{customer_id}/lifetime-value"), 404, "not_found")


def test_who_may_see_what(api_with: Any, ids: list[UUID]) -> None:
    limited = api_with(Scope.INSIGHTS_READ, Scope.CUSTOMERS_READ, units=("izmir",))
    assert limited.get("/v1/insights/lifetime-value").status_code == 403
    assert limited.get(f"/v1/customers/{ids[0]}/lifetime-value").status_code == 404
    assert api_with(Scope.INSIGHTS_READ).get(f"/v1/customers/{ids[0]}/lifetime-value").status_code == 403
