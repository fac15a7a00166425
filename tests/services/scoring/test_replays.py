"""A past run computed once more comes out the same, or says which late data changed it."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import happenings
import pytest
from sqlalchemy import Connection, delete, insert, select, update

from app.domain.common.access import Actor
from app.domain.imports.states import ImportState
from app.jobs.scoring import replay as work
from app.jobs.scoring.score import score
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.insights import churn_report
from app.services.scoring import replays, run_facts
from app.services.scoring import runs as scoring_runs
from app.store.engine import Store
from app.store.tables import (
    ChurnContest,
    ComplaintEvent,
    Customer,
    ExchangeRate,
    Import,
    Interaction,
    ScoringRun,
    Transaction,
)
from app.store.types import new_id, now

AS_OF = "2026-04-01"
BEFORE = datetime(2026, 3, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 31, 21, tzinfo=UTC)  # in Istanbul: the day of the run begins


def run(store: Store, actor: Actor, **parameters: Any) -> UUID:
    wanted = ScoringRunCreate.model_validate({"as_of": AS_OF, **parameters})
    made = store.write_sync(scoring_runs.create, actor, wanted)
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def replay(store: Store, actor: Actor, run_id: UUID) -> dict[str, Any]:
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    work.run(store, actor, made["id"])
    return dict(store.read_sync(replays.get, actor, made["id"])["result"])


def differing(result: dict[str, Any]) -> dict[str, int]:
    return {one["name"]: one["customers"] for one in result["columns"] if one["customers"]}


def late(result: dict[str, Any]) -> dict[str, int]:
    return {kind: count for kind, count in result["late"]["counts"].items() if count}


@pytest.fixture
def shop(store: Store, actor: Actor) -> list[UUID]:
    """Customers worth 1.00 to 39.00, the poorest first."""
    return store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])


# --- the same


@pytest.mark.parametrize("seed", range(6))
def test_every_run_of_a_random_history_comes_out_the_same_or_says_why(
    store: Store, actor: Actor, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    monkeypatch.setattr(run_facts, "MAX_CHANGED_SHARE", 1.0)
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    rate = {"currency": "USD", "on_date": date(2025, 6, 1), "rate": "40", "updated_at": now()}
    store.write_sync(lambda tx: tx.execute(insert(ExchangeRate), [rate]))
    ids = [store.write_sync(factories.customer, actor, f"Customer {number}") for number in range(30)]
    survey_id = store.write_sync(happenings.survey)
    window = dice.choice([None, 120])

    def some(tx: Connection, count: int) -> None:
        for _ in range(count):
            happenings.happen(tx, actor, dice, ids, survey_id)

    store.write_sync(some, 120)
    runs = []
    for _ in range(3):
        as_of = date(2025, 3, 1) + timedelta(days=dice.randrange(400))
        runs.append(run(store, actor, as_of=as_of.isoformat(), window_days=window, horizon_days=60))
        found = replay(store, actor, runs[-1])
        assert (found["same"], found["differing"], late(found)) == (True, 0, {})
        assert found["remarks"] == []
        store.write_sync(some, 1 + dice.randrange(5))
    for one in runs:
        found = replay(store, actor, one)
        assert found["same"] == (not differing(found) and found["only_after"] == 0)
        assert "unexplained" not in found["remarks"]
        assert found["same"] or late(found)
        assert sum(late(found).values()) == len(found["late"]["records"])


def another_contest(tx: Connection) -> None:
    """One that a run would now use, in which nothing was learned."""
    columns = ChurnContest.__table__
    held = dict(tx.execute(select(columns).order_by(ChurnContest.created_at).limit(1)).mappings().one())
    later = {"id": new_id(), "as_of": date.fromisoformat(AS_OF), "learned": None, "created_at": now()}
    tx.execute(insert(ChurnContest).values(**held | later))


def test_a_run_whose_learned_model_served_comes_out_the_same(store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 600, BEFORE)
    run_id = run(store, actor, horizon_days=60)
    second = run(store, actor, as_of="2026-04-03", horizon_days=60)  # goes on from the facts of the first
    for one in (run_id, second):
        served = store.read_sync(
            lambda tx, one=one: tx.execute(
                select(ScoringRun.churn_serving).where(ScoringRun.id == one)
            ).scalar_one()
        )
        assert served is not None
        store.write_sync(another_contest)
        found = replay(store, actor, one)
        assert (found["same"], found["n"], found["not_compared"]) == (True, 600, [])


def test_what_occurs_after_the_day_does_not_matter(store: Store, actor: Actor, shop: list[UUID]) -> None:
    survey_id = store.write_sync(happenings.survey)
    run_id = run(store, actor)

    def later(tx: Connection) -> None:
        dice = random.Random(1)  # noqa: S311 - a test's dice
        for who in shop[:30]:
            factories.purchases(tx, actor, who, [999], at=MIDNIGHT)
            happenings.complain(tx, who, MIDNIGHT, dice)
            happenings.answer(tx, who, MIDNIGHT, survey_id, dice)
            factories.interaction(tx, actor, who, started_at=MIDNIGHT.isoformat())
        day, new = date(2026, 4, 1), factories.customer(tx, actor, "New")
        for who in (new, shop[0]):
            factories.under_contract(tx, actor, who, started_on=day, ends_on=date(2027, 4, 1))
        departure = {"left_on": day, "left_reason": "ended_by_us", "lifecycle": "left"}
        tx.execute(update(Customer).where(Customer.id == shop[1]).values(**departure, updated_at=now()))

    store.write_sync(later)
    found = replay(store, actor, run_id)
    assert (found["same"], late(found), found["n"]) == (True, {}, 39)


def test_nobody_is_the_same(store: Store, actor: Actor) -> None:
    found = replay(store, actor, run(store, actor))
    assert (found["same"], found["n"], found["customers"]) == (True, 0, [])


# --- not the same


def test_a_late_purchase_is_named_and_moves_what_is_fitted_to_all(
    store: Store, actor: Actor, shop: list[UUID]
) -> None:
    run_id = run(store, actor)
    assert replay(store, actor, run_id)["same"]
    store.write_sync(factories.purchases, actor, shop[0], [900_000], at=BEFORE)
    found = replay(store, actor, run_id)
    assert (found["same"], found["explained"], found["only_after"]) == (False, 1, 0)
    assert differing(found)["value"] == 1
    assert differing(found)["tier"] == found["differing"] > 1  # whoever held 80 % before does so no more
    assert found["remarks"] == ["fitted_to_all"]
    assert late(found) == {"transactions": 1}
    [record] = found["late"]["records"]
    assert (record["customer_id"], record["occurred_at"]) == (str(shop[0]), "2026-03-20T12:00:00Z")
    first = found["customers"][0]
    assert (first["customer_id"], first["is_late"]) == (str(shop[0]), True)
    assert (first["before"]["tier"], first["after"]["tier"]) == ("C", "A")
    assert first["before"]["value"] == {"amount": "1.00", "currency": "TRY"}
    assert first["after"]["value"] == {"amount": "9001.00", "currency": "TRY"}


def test_a_write_that_was_not_seen_while_it_settled_is_named(
    store: Store, actor: Actor, shop: list[UUID]
) -> None:
    old = {"recorded_at": now() - timedelta(hours=1)}
    store.write_sync(lambda tx: tx.execute(update(Transaction).values(**old)))
    store.write_sync(factories.purchases, actor, shop[3], [100], at=BEFORE)  # settles as well, and is seen
    run_id = run(store, actor)

    def commit(tx: Connection) -> None:
        factories.purchases(tx, actor, shop[0], [5000], at=BEFORE)
        just_before = now() - timedelta(seconds=30)
        mine = (Transaction.customer_id == shop[0]) & (Transaction.amount_minor == 5000)
        tx.execute(update(Transaction).where(mine).values(recorded_at=just_before))

    store.write_sync(commit)
    found = replay(store, actor, run_id)
    assert (found["same"], late(found)) == (False, {"transactions": 1})
    assert [record["customer_id"] for record in found["late"]["records"]] == [str(shop[0])]


def test_after_the_late_record_is_taken_back_it_is_the_same_again(
    store: Store, actor: Actor, shop: list[UUID]
) -> None:
    run_id = run(store, actor)
    store.write_sync(factories.purchases, actor, shop[0], [900_000], at=BEFORE)

    def take_back(tx: Connection) -> None:
        tx.execute(delete(Transaction).where(Transaction.amount_minor == 900_000))
        at = now()
        counts = ("file_bytes", "next_batch", "rows_in", "rows_stored", "rows_repeated", "rows_refused")
        more = dict.fromkeys((*counts, "rows_rounded", "customers_created"), 0)
        tx.execute(
            insert(Import).values(
                id=new_id(),
                kind="transactions",
                mapping={},
                dry_run=False,
                state=ImportState.REVERTED,
                refused_by_reason={},
                created_by="t",
                units=[],
                created_at=at,
                updated_at=at,
                **more,
            )
        )

    store.write_sync(take_back)
    found = replay(store, actor, run_id)
    assert (found["same"], found["deleted"], late(found), found["remarks"]) == (True, True, {}, [])


def test_late_records_of_every_kind_are_told(store: Store, actor: Actor, shop: list[UUID]) -> None:
    survey_id = store.write_sync(happenings.survey)
    unknown = store.write_sync(factories.interaction, actor, started_at=BEFORE.isoformat())
    open_one = store.write_sync(factories.complaint, actor, shop[6], received_at=BEFORE.isoformat())
    run_id = run(store, actor)
    assert replay(store, actor, run_id)["same"]

    def tell(tx: Connection) -> None:
        factories.purchases(tx, actor, shop[0], [0], at=BEFORE)
        factories.interaction(tx, actor, shop[1], started_at=BEFORE.isoformat())
        factories.complaint(tx, actor, shop[2], received_at=BEFORE.isoformat())
        dice = random.Random(1)  # noqa: S311 - a test's dice
        happenings.answer(tx, shop[3], BEFORE, survey_id, dice)
        left = {"left_on": date(2026, 3, 20), "left_reason": "price", "lifecycle": "left"}
        tx.execute(update(Customer).where(Customer.id == shop[4]).values(**left, updated_at=now()))
        tx.execute(update(Customer).where(Customer.id == shop[5]).values(name="Else", updated_at=now()))
        found = {"customer_id": shop[7], "updated_at": now()}
        tx.execute(update(Interaction).where(Interaction.id == unknown).values(**found))
        step = select(ComplaintEvent.__table__).where(ComplaintEvent.complaint_id == open_one)
        event = {**tx.execute(step).mappings().one(), "number": 2, "state": "resolved", "kind": "resolved"}
        later = BEFORE + timedelta(days=2)
        tx.execute(insert(ComplaintEvent).values({**event, "at": later, "recorded_at": now()}))

    store.write_sync(tell)
    found = replay(store, actor, run_id)
    assert late(found) == {
        "transactions": 1,
        "interactions": 2,
        "complaints": 2,
        "survey_responses": 1,
        "customers": 1,
    }
    owners = {record["customer_id"] for record in found["late"]["records"]}
    assert owners == {str(shop[place]) for place in (0, 1, 2, 3, 4, 6, 7)}
    assert found["late"]["customers"] == 7
    assert differing(found)["churn_level"] == 1
    assert differing(found)["satisfaction"] == 1
    [gone] = [one for one in found["customers"] if one["customer_id"] == str(shop[4])]
    assert (gone["after"]["churn_level"], gone["is_late"]) == ("left", True)


def test_who_was_not_known_then_and_is_now(store: Store, actor: Actor, shop: list[UUID]) -> None:
    run_id = run(store, actor)
    new = store.write_sync(factories.customers_worth, actor, [10], BEFORE)
    found = replay(store, actor, run_id)
    assert (found["n"], found["only_before"], found["only_after"]) == (39, 0, 1)
    assert found["differing"] >= 1
    assert found["customers"][0]["customer_id"] == str(new[0])
    assert found["customers"][0]["before"] == {"tier": None, "churn_level": None, "value": None}
    assert late(found) == {"transactions": 1}


def test_rates_that_were_changed_are_told(store: Store, actor: Actor, shop: list[UUID]) -> None:
    def abroad(tx: Connection) -> None:
        for day in (19, 20, 21):
            at = datetime(2026, 3, day, 12, tzinfo=UTC)
            factories.purchases(tx, actor, shop[0], [100], at=at, currency="USD")
            if day < 21:
                rate = {"currency": "USD", "on_date": at.date(), "rate": "40", "updated_at": now()}
                tx.execute(insert(ExchangeRate), [rate])

    store.write_sync(abroad)
    run_id = run(store, actor)
    assert replay(store, actor, run_id)["rates"] == []

    def change(tx: Connection) -> None:
        days = [date(2026, 3, day) for day in (19, 20, 21)]
        on = ExchangeRate.on_date
        tx.execute(update(ExchangeRate).where(on == days[0]).values(rate="50", updated_at=now()))
        tx.execute(delete(ExchangeRate).where(on == days[1]))
        for day in (days[2], days[2] + timedelta(days=1)):  # the second is not needed
            row = {"currency": "USD", "on_date": day, "rate": "60", "updated_at": now()}
            tx.execute(insert(ExchangeRate), [row])

    store.write_sync(change)
    found = replay(store, actor, run_id)
    assert (found["same"], found["rates_changed"], late(found)) == (False, 3, {})
    assert [(rate["before"], rate["after"]) for rate in found["rates"]] == [
        ("40", "50"),
        ("40", None),
        (None, "60"),
    ]
    assert found["remarks"] == ["fitted_to_all"]


def test_what_was_changed_past_the_service_is_not_explained(
    store: Store, actor: Actor, shop: list[UUID]
) -> None:
    run_id = run(store, actor)
    raised = update(Transaction).where(Transaction.customer_id == shop[0]).values(amount_minor=50)
    since = update(Transaction).values(recorded_at=datetime(2026, 1, 1, tzinfo=UTC))
    store.write_sync(lambda tx: (tx.execute(raised), tx.execute(since)))
    found = replay(store, actor, run_id)
    assert (found["same"], found["remarks"]) == (False, ["unexplained"])


def test_a_run_with_left_by_silence_and_stopped_sales_comes_out_the_same(store: Store, actor: Actor) -> None:
    first, ids = date(2025, 3, 1), store.write_sync(factories.customers_worth, actor, [100] * 80)
    days = [(who, number) for who in ids[:40] for number in range(0, 300, 6)]
    days += [(who, number) for who in ids[40:] for number in range(0, 60, 6)]
    days += [(ids[0], number) for number in range(300)]
    sold = [(who, first + timedelta(days=number)) for who, number in days]
    store.write_sync(factories.sales, sold)
    for after, left in ((300, 40), (330, 0)):
        as_of = first + timedelta(days=after)
        run_id = run(store, actor, as_of=as_of.isoformat(), horizon_days=30)
        report = store.read_sync(churn_report.report, actor, None, None)
        assert (report["left"]["by_silence"], report["data_end"] is None) == (left, left > 0)
        found = replay(store, actor, run_id)
        assert (found["same"], found["remarks"]) == (True, [])


def test_a_run_of_other_rules_says_so(store: Store, actor: Actor, shop: list[UUID]) -> None:
    run_id = run(store, actor)

    def age(tx: Connection) -> None:
        churn = tx.execute(select(ScoringRun.churn)).scalar_one()
        tx.execute(update(ScoringRun).values(churn={**churn, "version": 1}))

    store.write_sync(age)
    assert replay(store, actor, run_id)["remarks"] == ["other_rules"]


def test_a_run_that_read_in_another_way_says_so(store: Store, actor: Actor, shop: list[UUID]) -> None:
    run_id = run(store, actor)
    store.write_sync(lambda tx: tx.execute(update(ScoringRun).values(facts_key="another")))
    assert replay(store, actor, run_id)["remarks"] == ["other_reading"]
