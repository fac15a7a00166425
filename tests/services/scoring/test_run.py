"""A run goes on from the facts of an earlier one, sees nothing of the future, writes only what changed."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from happenings import answer, complain, happen, survey
from sqlalchemy import Connection, insert, select, update

from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers
from app.services.insights import churn_report
from app.services.scoring import run as scoring
from app.services.scoring import run_facts, runs
from app.store.engine import Store
from app.store.scoring import changed_customers, run_results
from app.store.sql.column_codec import Columns
from app.store.tables import (
    Customer,
    CustomerScore,
    ExchangeRate,
    ScoringRun,
)
from app.store.types import now


def run(store: Store, actor: Actor, **parameters: Any) -> UUID:
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate(parameters))
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def assert_same(one: Columns, other: Columns) -> None:
    assert one.keys() == other.keys()
    for name, column in one.items():
        np.testing.assert_array_equal(column, other[name], err_msg=name)


@pytest.mark.parametrize("seed", range(6))
def test_going_on_from_an_earlier_run_gives_what_reading_everything_gives(
    store: Store, actor: Actor, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    monkeypatch.setattr(run_facts, "MAX_CHANGED_SHARE", 1.0)
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    rate = {"currency": "USD", "on_date": date(2025, 6, 1), "rate": "40", "updated_at": now()}
    store.write_sync(lambda tx: tx.execute(insert(ExchangeRate), [rate]))
    ids = [store.write_sync(factories.customer, actor, f"Customer {number}") for number in range(30)]
    survey_id = store.write_sync(survey)
    window = dice.choice([None, 120])

    def some(tx: Connection, count: int) -> None:
        for _ in range(count):
            happen(tx, actor, dice, ids, survey_id)

    store.write_sync(some, 120)
    for _ in range(4):
        as_of = date(2025, 3, 1) + timedelta(days=dice.randrange(400))
        run(store, actor, as_of=as_of.isoformat(), window_days=window, horizon_days=60)
        store.write_sync(some, dice.randrange(6))
        later = as_of + timedelta(days=dice.randrange(-3, 12))
        spec = RunSpec(later, Parameters("TRY", window, horizon_days=60), actor.company)
        went_on = store.read_sync(run_facts.read, spec)
        with monkeypatch.context() as patch:
            patch.setattr(changed_customers, "are_deleted", lambda *_: True)
            whole = store.read_sync(run_facts.read, spec)
        assert went_on.read_again is not None
        assert went_on.read_again < len(ids)
        assert whole.read_again is None
        assert_same(went_on.columns, whole.columns)
        assert (went_on.no_rate, went_on.rates_used) == (whole.no_rate, whole.rates_used)


def test_going_on_across_a_day_on_which_sales_stopped(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    monkeypatch.setattr(run_facts, "MAX_CHANGED_SHARE", 1.0)
    store.write_sync(factories.rhythmic_shop, actor, 40, datetime(2026, 2, 10, 9, tzinfo=UTC))
    stopped = []
    for as_of in ("2026-05-20", "2026-05-08", "2026-06-15", "2026-06-20"):
        made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": as_of}))
        went_on = store.read_sync(scoring.read, actor, made["id"])
        with monkeypatch.context() as patch:
            patch.setattr(changed_customers, "are_deleted", lambda *_: True)
            whole = store.read_sync(scoring.read, actor, made["id"])
        assert (went_on.facts.read_again is None) == (not stopped)
        assert_same(went_on.facts.columns, whole.facts.columns)
        stopped.append(went_on.spec.feed.newest_sale is not None)
        score(store, actor, made["id"])
    assert stopped == [True, False, True, True]


def test_what_lies_behind_the_day_changes_nothing(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])
    survey_id = store.write_sync(survey)
    first = run(store, actor, as_of="2026-04-01")

    def later(tx: Connection) -> None:
        dice = random.Random(1)  # noqa: S311 - a test's dice
        at = datetime(2026, 3, 31, 21, tzinfo=UTC)  # midnight in Istanbul
        for who in ids:
            factories.purchases(tx, actor, who, [999], at=at)
            complain(tx, who, at, dice)
            answer(tx, who, at, survey_id, dice)

    store.write_sync(later)
    second = run(store, actor, as_of="2026-04-01")
    found = store.read_sync(
        lambda tx: {row.id: (row.churn, row.satisfaction) for row in tx.execute(select(ScoringRun.__table__))}
    )
    assert found[first] == found[second]


def outcome_of_a_run(store: Store, actor: Actor) -> Any:
    """What storing another run's result says."""
    made = store.write_sync(runs.create, actor, ScoringRunCreate())
    given = store.read_sync(scoring.read, actor, made["id"])
    result = scoring.compute(given, lambda stage: None)
    return store.write_sync(scoring.save, actor, given, result, run_results.packed(result.columns))


def test_twice_writes_nothing(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])
    run(store, actor)
    assert outcome_of_a_run(store, actor) == {"rows_written": 0, "is_current": True}


def test_a_purchase_changes_the_row_of_its_customer_and_no_other(store: Store, actor: Actor) -> None:
    ids = store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])

    def distances() -> list[Any]:
        return [store.read_sync(customers.get, actor, one)["next_tier_distance"] for one in ids]

    run(store, actor)
    before = distances()
    store.write_sync(factories.purchases, actor, ids[38], [2000])  # the tiers stay as they are
    assert outcome_of_a_run(store, actor) == {"rows_written": 1, "is_current": True}
    assert sum(one != other for one, other in zip(before, distances(), strict=True)) == 8


def test_an_explicit_departure_and_a_contract_make_levels(store: Store, actor: Actor) -> None:
    gone, bound = (store.write_sync(factories.customer, actor, name) for name in ("Gone", "Bound"))

    def seed(tx: Connection) -> None:
        for who in (gone, bound):
            factories.purchases(tx, actor, who, [1000])
        left = {"left_on": date(2026, 3, 20), "left_reason": "price", "lifecycle": "left"}
        tx.execute(update(Customer).where(Customer.id == gone).values(**left))
        contract = {"started_on": date(2026, 1, 1), "ends_on": date(2026, 4, 20)}
        factories.under_contract(tx, actor, bound, **contract, notice_given_on=date(2026, 3, 25))

    store.write_sync(seed)
    run(store, actor, as_of="2026-04-01")
    rows = store.read_sync(
        lambda tx: {
            row.customer_id: (row.churn_level, row.churn_percent, row.churn_model, row.value_at_risk_minor)
            for row in tx.execute(select(CustomerScore.__table__))
        }
    )
    assert rows == {gone: ("left", None, "event", None), bound: ("at_risk", 100, "contract", 1000)}
    flag = store.read_sync(churn_report.of_customer, actor, bound, 12, "en")
    assert [past["level"] for past in flag["history"]] == ["at_risk"]
    assert [reason["code"] for reason in flag["reasons"]] == ["contract_end_near"]
