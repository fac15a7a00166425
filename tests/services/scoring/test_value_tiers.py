"""Scoring runs on both databases: the worked examples of the definitions, through the real store."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import factories
import pytest
from sqlalchemy import insert, select

from app.domain.common.access import Actor
from app.errors import AppError, NotFoundError
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers
from app.services.platform import jobs
from app.services.scoring import run as scoring
from app.services.scoring import runs, value_tiers
from app.store.engine import Store
from app.store.scoring.run_results import packed
from app.store.tables import CustomerScore, ExchangeRate, ScoringRun
from app.store.types import now

WORKED = [60000, 20000, 10000, 5000, 3000, 2000, 0, -4000]


def run(store: Store, actor: Actor, **parameters: Any) -> dict[str, Any]:
    """Score and read the report."""
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate(parameters))
    score(store, actor, made["id"])
    return store.read_sync(value_tiers.report, actor, made["id"], None)


def tiers_of(store: Store, actor: Actor, ids: list[UUID]) -> list[str | None]:
    return [store.read_sync(customers.get, actor, customer_id)["tier"] for customer_id in ids]


def scores(store: Store) -> list[Any]:
    return store.read_sync(
        lambda tx: tx.execute(select(CustomerScore.__table__).order_by(CustomerScore.customer_id)).all()
    )


def test_the_worked_example(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, WORKED)
    report = run(store, actor)
    assert tiers_of(store, actor, ids) == list("AABBCCCC")
    assert (report["top20_share"], report["top20_customers"], report["gini"]) == (0.8, 2, 0.6825)
    assert report["net_total"] == {"amount": "960.00", "currency": "TRY"}
    assert [tier["smallest_value"] and tier["smallest_value"]["amount"] for tier in report["tiers"]] == [
        "200.00",
        "50.00",
        None,
    ]


def test_a_customer_shows_its_value_and_the_distance_to_the_next_tier(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, [600, 200, 100, 50, 30, 20, 0, -40])
    run(store, actor)
    shown = [store.read_sync(customers.get, actor, customer_id) for customer_id in ids]
    distances = [row["next_tier_distance"] and row["next_tier_distance"]["amount"] for row in shown]
    assert distances == [None, None, "0.01", "0.50", "0.01", "0.10", "0.30", "0.70"]
    assert shown[0]["value"] == {"amount": "6.00", "currency": "TRY"}


def test_an_empty_store_has_defined_figures(store: Store, actor: Actor) -> None:
    report = run(store, actor)
    assert report["n"] == 0
    assert [report[name] for name in ("top20_share", "gini", "top1_share")] == [None, None, None]
    assert [tier["customer_share"] for tier in report["tiers"]] == [None, None, None]
    assert report["pareto"] == []


def test_a_customer_without_transactions_has_no_tier_and_is_counted(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, [100])
    without = store.write_sync(factories.customer, actor, "Nobody yet")
    report = run(store, actor)
    assert (report["n"], report["customers_without_tier"]) == (1, 1)
    assert tiers_of(store, actor, [without]) == [None]


def test_only_what_occurred_before_the_day_and_within_the_window_counts(store: Store, actor: Actor) -> None:
    # Istanbul is UTC+3: 21:00 UTC on the 9th is the first instant of the 10th.
    for at in (
        "2026-03-08T20:59:59Z",
        "2026-03-08T21:00:00Z",
        "2026-03-09T20:59:59Z",
        "2026-03-09T21:00:00Z",
    ):
        instant = datetime.fromisoformat(at)
        store.write_sync(factories.customers_worth, actor, [100], instant)
    report = run(store, actor, as_of="2026-03-10", window_days=1)
    assert (report["n"], report["transactions"]) == (2, 2)
    assert report["window"] == {"start": "2026-03-08T21:00:00Z", "end": "2026-03-09T21:00:00Z"}


def test_foreign_amounts_count_at_the_rate_of_their_own_day(store: Store, actor: Actor) -> None:
    def seed(tx: Any) -> UUID:
        rate = {"currency": "USD", "on_date": date(2026, 3, 10), "rate": "41.2345", "updated_at": now()}
        tx.execute(insert(ExchangeRate), [rate])
        customer_id = factories.customer(tx, actor)
        factories.purchases(tx, actor, customer_id, [1000], currency="USD")
        factories.purchases(tx, actor, customer_id, [500])
        unconverted = factories.customer(tx, actor, "Only a day without a rate")
        later = datetime(2026, 3, 10, 21, tzinfo=UTC)  # the 11th in Istanbul
        factories.purchases(tx, actor, unconverted, [1000], currency="USD", at=later)
        return customer_id

    customer_id = store.write_sync(seed)
    report = run(store, actor)
    assert report["net_total"]["amount"] == "417.34"  # 412.345 half-even is 412.34, plus 5.00
    assert report["excluded"] == {"no_rate": 1, "currencies_without_rate": ["USD"]}
    assert (report["n"], report["customers_without_tier"]) == (1, 1)
    assert tiers_of(store, actor, [customer_id]) == ["A"]


def test_ignored_kinds_are_as_if_they_had_never_happened(store: Store, actor: Actor) -> None:
    def seed(tx: Any) -> None:
        buyer = factories.customer(tx, actor)
        factories.purchases(tx, actor, buyer, [1000])
        factories.purchases(tx, actor, buyer, [-1000], kind="cancellation")
        only_cancels = factories.customer(tx, actor)
        factories.purchases(tx, actor, only_cancels, [-300], kind="cancellation")

    store.write_sync(seed)
    net, gross = run(store, actor), run(store, actor, ignored_kinds=["cancellation"])
    assert (net["n"], net["n_zero"], net["n_negative"]) == (2, 1, 1)
    assert (gross["n"], gross["net_total"]["amount"]) == (1, "10.00")


def test_running_twice_gives_the_same_store(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, WORKED)
    first = run(store, actor)
    before = scores(store)
    second = run(store, actor)
    assert scores(store) == before
    differing = {key for key in first if first[key] != second[key]}
    assert differing <= {"run_id", "computed_at", "is_current"}


def test_only_rows_that_changed_are_written(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, WORKED)
    run(store, actor)
    store.write_sync(factories.purchases, actor, ids[7], [4000])
    made = store.write_sync(runs.create, actor, ScoringRunCreate())
    given = store.read_sync(scoring.read, actor, made["id"])
    result = scoring.compute(given, lambda stage: None)
    parts = packed(result.columns)
    assert store.write_sync(scoring.save, actor, given, result, parts)["rows_written"] == 1


def test_a_run_for_a_past_day_is_history_and_leaves_customers_alone(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, [100, 100])
    late = datetime(2026, 6, 1, tzinfo=UTC)
    store.write_sync(factories.purchases, actor, ids[0], [100_000], at=late)
    current = run(store, actor, as_of="2026-07-01")
    past = run(store, actor, as_of="2026-04-01")
    assert (current["is_current"], past["is_current"]) == (True, False)
    assert past["net_total"]["amount"] == "2.00"
    assert store.read_sync(value_tiers.report, actor, None, None)["run_id"] == current["run_id"]
    assert store.read_sync(value_tiers.report, actor, None, date(2026, 4, 1))["run_id"] == past["run_id"]
    assert tiers_of(store, actor, ids) == ["A", "C"]


def test_a_later_change_of_the_past_never_sees_the_future(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, WORKED)
    before = run(store, actor, as_of="2026-04-01")
    store.write_sync(factories.purchases, actor, ids[5], [999_999], at=datetime(2026, 4, 2, tzinfo=UTC))
    after = run(store, actor, as_of="2026-04-01")
    assert [tier["customers"] for tier in after["tiers"]] == [tier["customers"] for tier in before["tiers"]]
    assert after["net_total"] == before["net_total"]


def test_moves_since_the_previous_run_with_the_same_parameters(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, WORKED)
    first = run(store, actor, as_of="2026-04-01")
    run(store, actor, as_of="2026-04-15", window_days=365)  # other parameters: not comparable
    store.write_sync(factories.purchases, actor, ids[3], [90_000], at=datetime(2026, 4, 20, tzinfo=UTC))
    store.write_sync(factories.customers_worth, actor, [1], datetime(2026, 4, 20, tzinfo=UTC))
    second = run(store, actor, as_of="2026-05-01")
    moves = {(m["before"], m["after"]): m["customers"] for m in second["transitions"] if m["customers"]}
    assert first["transitions"] is None
    assert second["previous_run_id"] == str(first["run_id"])
    assert moves[("B", "A")] == 1
    assert moves[("none", "C")] == 1
    assert sum(moves.values()) == 9


def test_a_run_that_cannot_be_computed_is_failed_and_changes_nothing(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, [100])
    run(store, actor)
    # 1,100 customers of the largest amount each: their sum passes 64 bits.
    store.write_sync(factories.customers_worth, actor, [9_000_000_000_000_000] * 1_100)
    made = store.write_sync(runs.create, actor, ScoringRunCreate())
    with pytest.raises(AppError):
        score(store, actor, made["id"])
    failed = store.read_sync(runs.get, actor, made["id"])
    assert (failed["state"], failed["is_current"]) == ("failed", False)
    assert tiers_of(store, actor, ids) == ["A"]


def test_there_is_no_report_before_the_first_run(store: Store, actor: Actor) -> None:
    with pytest.raises(NotFoundError):
        store.read_sync(value_tiers.report, actor, None, None)


def test_the_run_keeps_the_rates_it_used(store: Store, actor: Actor) -> None:
    def seed(tx: Any) -> None:
        rate = {"currency": "USD", "on_date": date(2026, 3, 10), "rate": "40", "updated_at": now()}
        tx.execute(insert(ExchangeRate), [rate, {**rate, "on_date": date(2026, 3, 11)}])
        factories.purchases(tx, actor, factories.customer(tx, actor), [1000], currency="USD")

    store.write_sync(seed)
    run(store, actor)
    used = store.read_sync(lambda tx: tx.execute(select(ScoringRun.rates_used)).scalar_one())
    assert used == {"USD": {"2026-03-10": "40"}}


def test_a_run_whose_job_was_cancelled_says_so(store: Store, actor: Actor) -> None:
    made = store.write_sync(runs.start, actor, ScoringRunCreate())
    store.write_sync(jobs.cancel, actor, made["job_id"])
    assert store.read_sync(runs.get, actor, made["id"])["state"] == "cancelled"
