"""Snapshots of contracts in runs, on both databases: learned from, marked, kept, replayed, in no backtest."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from sqlalchemy import Connection, delete, insert, select, update

from app.domain.common.access import Actor
from app.domain.customers.contract_statements import digest
from app.jobs.scoring import replay
from app.jobs.scoring.score import score
from app.schemas.customers.customers import CustomerCreate
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.customers import customers
from app.services.insights import churn_report
from app.services.scoring import replays, runs
from app.store.engine import Store
from app.store.tables import ChurnContest, ContractStatement, Customer, CustomerScore
from app.store.types import now

AS_OF = date(2026, 7, 1)
SHOWN_ON = AS_OF - timedelta(days=1)
N = 240


def statement(customer_id: UUID, day: date, **said: Any) -> dict[str, Any]:
    """A row of ``contract_statements``."""
    said = {"attributes": {}, "age": None, "age_unit": None, "has_left": None, **said}
    return {"customer_id": customer_id, "known_on": day, **said, "digest": digest(said), "recorded_at": now()}


def shown(customer_id: UUID, place: int, day: date = SHOWN_ON, **other: Any) -> dict[str, Any]:
    """What the snapshot says of a customer: the young and monthly ones have left more often."""
    age, monthly = place % 60, place % 2 == 0
    left = (place * 7919 % 100) < (60 if monthly else 20) * (1.3 if age < 20 else 0.7)
    attributes = {"plan": "monthly" if monthly else "yearly"}
    said = {"attributes": attributes, "age": age, "age_unit": "months", "has_left": left, **other}
    return statement(customer_id, day, **said)


def move_in(tx: Connection, actor: Actor, n: int = N, day: date = SHOWN_ON) -> list[UUID]:
    items = [CustomerCreate(name=f"Customer {number}") for number in range(n)]
    ids = [UUID(str(row["id"])) for row in customers.create_many(tx, actor, items) if isinstance(row, dict)]
    tx.execute(insert(ContractStatement), [shown(one, place, day) for place, one in enumerate(ids)])
    return ids


def run(store: Store, actor: Actor, as_of: date = AS_OF) -> UUID:
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": as_of.isoformat()}))
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def report(store: Store, actor: Actor, language: str = "en") -> dict[str, Any]:
    return dict(store.read_sync(churn_report.report, actor, None, None, language))


def flag(store: Store, actor: Actor, who: UUID, language: str = "en") -> dict[str, Any]:
    return dict(store.read_sync(churn_report.of_customer, actor, who, 3, language))


def scores(store: Store) -> Mapping[UUID, tuple[Any, ...]]:
    columns = ("churn_level", "churn_percent", "churn_model", "value_at_risk_minor")
    wanted = select(CustomerScore.customer_id, *(getattr(CustomerScore, name) for name in columns))
    return {row[0]: tuple(row[1:]) for row in store.read_sync(lambda tx: tx.execute(wanted).all())}


def contests(store: Store) -> list[UUID]:
    return list(store.read_sync(lambda tx: tx.execute(select(ChurnContest.id)).scalars()))


def replayed(store: Store, actor: Actor, run_id: UUID) -> dict[str, Any]:
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    replay.run(store, actor, made["id"])
    return dict(store.read_sync(replays.get, actor, made["id"])["result"])


# --- learned from and marked


def test_a_snapshot_is_one_cross_section_tested_by_folds_and_marked(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    run(store, actor)
    found = report(store, actor)
    section = found["models"]["cross_section"]
    assert (section["method"], section["serves"], section["reason"]) == (
        "cross_section",
        "cross_section",
        "won",
    )
    assert (section["folds"], section["n"], section["customers"]) == (5, N, N)
    assert section["snapshot_on"] == section["oldest_snapshot_on"] == SHOWN_ON.isoformat()
    assert section["attributes"] == ["plan"]
    assert section["metrics"]["n"] == N
    assert "cross_section" in found["limits"]
    assert "cross_section" in [note["code"] for note in found["notes"]]
    rows = scores(store)
    assert {model for _, _, model, _ in rows.values()} == {"cross_section"}
    left = [shown(one, place)["has_left"] for place, one in enumerate(ids)]
    for one, has_left in zip(ids, left, strict=True):
        level, percent, _, at_risk = rows[one]
        assert (level == "left", percent is None) == (has_left, has_left)
        assert at_risk is None
    assert (section["left_in_snapshot"], found["left"]["by_event"]) == (sum(left), sum(left))


def test_a_snapshot_is_in_no_backtest(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor)
    run(store, actor)
    found = report(store, actor)
    assert found["models"]["contract"]["serving"] is None
    assert found["models"]["contract"]["active_at_start"] == 0
    assert (found["backtest"]["n"], found["models"]["mbg_nbd"]["n"]) == (0, 0)


def test_the_reasons_of_a_customer_add_up_in_three_languages(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    run(store, actor)
    place = next(place for place, one in enumerate(ids) if not shown(one, place)["has_left"])
    told = flag(store, actor, ids[place])
    assert (told["model"], told["calibrated"] is not None or told["ece"] is not None) == (
        "cross_section",
        True,
    )
    said = shown(ids[place], place)
    assert told["cross_section"] == {
        "snapshot_on": SHOWN_ON,
        "age": said["age"],
        "unit": "months",
        "left": False,
    }
    explained = told["explanation"]
    parts = explained["contributions"]
    assert explained["log_odds"] == pytest.approx(
        explained["mean_log_odds"] + sum(part["contribution"] for part in parts)
    )
    assert round(100 / (1 + np.exp(-explained["log_odds"]))) == round(100 * told["probability"])
    assert {(part["code"], part["attribute"], part["text"]) for part in parts} == {
        ("contract_age", None, None),
        ("attribute", "plan", said["attributes"]["plan"]),
    }
    for language, words in (("en", "no dates"), ("tr", "Tarih içermeyen"), ("az", "Tarixləri olmayan")):
        spoken = flag(store, actor, ids[place], language)
        assert any(words in note["sentence"] for note in spoken["notes"])


def test_who_had_left_is_said_to_have_and_nobody_knows_when(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    run(store, actor)
    gone = next(one for place, one in enumerate(ids) if shown(one, place)["has_left"])
    told = flag(store, actor, gone)
    assert (told["level"], told["left_by"], told["probability"]) == ("left", "event", None)
    assert (told["reason"], told["explanation"]) == ("left_by_event", None)
    assert told["cross_section"]["left"] is True
    row = store.read_sync(lambda tx: tx.execute(select(Customer.__table__).where(Customer.id == gone)).one())
    assert (row.left_on, row.lifecycle) == (None, "active")


@pytest.mark.parametrize("n", [0, 1, 29, 30])
def test_of_few_the_share_is_all_there_is(store: Store, actor: Actor, n: int) -> None:
    ids = store.write_sync(move_in, actor, n) if n else []
    run(store, actor)
    section = report(store, actor)["models"]["cross_section"]
    if not n:
        assert section is None
        return
    assert (section["serves"], section["reason"], section["metrics"]) == ("share", "too_few_outcomes", None)
    left = sum(shown(one, place)["has_left"] for place, one in enumerate(ids))
    percents = {percent for _, percent, _, _ in scores(store).values()} - {None}
    assert percents <= {round(100 * left / n)}
    staying = next((one for place, one in enumerate(ids) if not shown(one, place)["has_left"]), None)
    if staying is not None:
        assert flag(store, actor, staying)["explanation"] is None


# --- what takes its place


def test_days_departures_and_purchases_since_take_its_place(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    left = [one for place, one in enumerate(ids) if shown(one, place)["has_left"]]
    stay = [one for place, one in enumerate(ids) if not shown(one, place)["has_left"]]

    def change(tx: Connection) -> None:
        factories.terms(tx, stay[0], SHOWN_ON, started_on=date(2025, 1, 1))
        gone = {"left_on": SHOWN_ON, "left_reason": "price", "lifecycle": "left"}
        tx.execute(update(Customer).where(Customer.id == stay[1]).values(gone))

    store.write_sync(change)
    at = datetime(2026, 6, 30, 9, tzinfo=UTC)
    store.write_sync(factories.purchases, actor, left[0], [100], at=at)
    store.write_sync(factories.purchases, actor, left[1], [100], at=at - timedelta(days=1))
    run(store, actor)
    rows = scores(store)
    assert rows[stay[0]][2] != "cross_section"
    assert rows[stay[1]][::2] == ("left", "event")
    assert rows[left[0]][:3] == (None, None, None)  # one buyer is too few for a model
    assert rows[left[1]][::2] == ("left", "cross_section")
    assert rows[stay[2]][2] == "cross_section"


def test_a_snapshot_of_the_day_itself_is_not_seen(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor, N, AS_OF)
    run(store, actor)
    assert report(store, actor)["models"]["cross_section"] is None
    assert scores(store) == {}
    run(store, actor, AS_OF + timedelta(days=1))
    assert report(store, actor)["models"]["cross_section"]["n"] == N


def test_of_several_snapshots_the_newest_of_each_customer_counts(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    earlier = SHOWN_ON - timedelta(days=30)
    later = [shown(one, place, earlier, has_left=True) for place, one in enumerate(ids)]
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), later))
    run(store, actor)
    section = report(store, actor)["models"]["cross_section"]
    assert section["oldest_snapshot_on"] == SHOWN_ON.isoformat()
    left = sum(shown(one, place)["has_left"] for place, one in enumerate(ids))
    assert section["left_in_snapshot"] == left


# --- kept, gone on from, replayed


def test_what_was_learned_is_kept_until_snapshots_say_otherwise(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    run(store, actor)
    [first] = contests(store)
    before = scores(store)
    run(store, actor, AS_OF + timedelta(days=1))
    assert contests(store) == [first]
    assert scores(store) == before
    place = next(place for place, one in enumerate(ids) if not shown(one, place)["has_left"])
    changed = shown(ids[place], place, AS_OF + timedelta(days=1), has_left=True)
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), [changed]))
    run(store, actor, AS_OF + timedelta(days=2))
    assert len(contests(store)) == 2
    assert scores(store)[ids[place]][0] == "left"


def test_an_incremental_run_is_a_full_one_and_a_replay_the_same(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    first = run(store, actor)
    place = next(place for place, one in enumerate(ids) if not shown(one, place)["has_left"])
    changed = shown(ids[place], place, AS_OF, attributes={"plan": "yearly"}, age=59)
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), [changed]))
    second = run(store, actor, AS_OF + timedelta(days=1))
    for run_id in (first, second):  # a replay reads everything anew
        found = replayed(store, actor, run_id)
        assert (found["same"], found["remarks"]) == (True, [])
    assert flag(store, actor, ids[place])["cross_section"]["age"] == 59


def test_a_snapshot_that_is_recorded_late_is_named_by_a_replay(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor)
    run_id = run(store, actor)
    place = next(place for place, one in enumerate(ids) if not shown(one, place)["has_left"])

    def later(tx: Connection) -> None:
        mine = ContractStatement.customer_id == ids[place]
        tx.execute(delete(ContractStatement).where(mine))
        tx.execute(insert(ContractStatement), [shown(ids[place], place, has_left=True)])

    store.write_sync(later)
    assert flag(store, actor, ids[place])["explanation"] is None  # what the run saw is not there any more
    assert flag(store, actor, ids[place])["cross_section"] is None
    found = replayed(store, actor, run_id)
    assert found["same"] is False
    assert found["late"]["counts"]["customers"] == 1
    assert "unexplained" not in found["remarks"]
