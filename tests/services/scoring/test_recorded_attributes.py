"""Named attributes of contracts: learned from where they were recorded before the window opened."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from contract_companies import AS_OF, HORIZON, Life, move_in
from sqlalchemy import Connection, delete, insert

from app.domain.churn.models.contract import ContractWindow
from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.customers.contract_statements import digest
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.scoring import replay
from app.jobs.scoring.score import score
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.insights import churn_report
from app.services.scoring import recorded_attributes, replays, run_facts, runs, training_windows
from app.services.scoring.training_windows import Past
from app.store.engine import Store
from app.store.scoring import contract_statements as stored
from app.store.tables import ContractStatement
from app.store.types import now

SPEC = RunSpec(AS_OF, Parameters("TRY", horizon_days=HORIZON), Company())
LAST = AS_OF - timedelta(days=HORIZON)
EARLIER = LAST - timedelta(days=HORIZON)
BEFORE = EARLIER - timedelta(days=1)
"""The last day that both windows know."""


def lives(seed: int, n: int) -> tuple[list[Life], list[str]]:
    """Contracts of two plans: on one of them five times as many leave on a day."""
    random = np.random.default_rng(seed)
    found, plans = [], []
    for _ in range(n):
        start = AS_OF - timedelta(days=int(random.integers(400, 900)))
        plan = "monthly" if random.random() < 0.5 else "yearly"
        days = int(random.exponential(1 / (0.002 if plan == "monthly" else 0.0004)))
        left = EARLIER + timedelta(days=1 + days)
        found.append(Life(start, None, None, left if left < AS_OF + timedelta(days=HORIZON) else None))
        plans.append(plan)
    return found, plans


COMPANY, PLANS = lives(5, 1500)


def statement(customer_id: UUID, day: date, **attributes: Any) -> dict[str, Any]:
    said = {"age": None, "age_unit": None, "has_left": None, "attributes": attributes}
    return {"customer_id": customer_id, "known_on": day, **said, "digest": digest(said), "recorded_at": now()}


def record(store: Store, ids: list[UUID], day: date, *, every: int = 1, **more: Any) -> None:
    """Record the plans of customers, or of one in ``every`` so many."""
    rows = [
        statement(one, day, plan=plan, **more)
        for place, (one, plan) in enumerate(zip(ids, PLANS, strict=True))
        if place % every == 0
    ]
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), rows))


def settle(store: Store, actor: Actor) -> list[UUID]:
    return list(store.write_sync(move_in, actor, COMPANY, until=AS_OF))


def run(store: Store, actor: Actor, as_of: date = AS_OF) -> UUID:
    wanted = {"as_of": as_of.isoformat(), "horizon_days": HORIZON}
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate(wanted))
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def seen(store: Store) -> tuple[ContractWindow, ContractWindow]:
    def read(tx: Connection) -> Past | None:
        return training_windows.contract_windows(tx, run_facts.population(tx, SPEC))

    past = store.read_sync(read)
    assert past is not None
    assert past.earlier is not None
    assert past.last is not None
    return past.earlier, past.last


def serving(store: Store, actor: Actor) -> dict[str, Any]:
    return dict(store.read_sync(churn_report.report, actor, None, None)["models"]["contract"]["serving"])


def test_a_plan_that_was_recorded_in_time_is_learned_from_and_is_a_reason(store: Store, actor: Actor) -> None:
    ids = settle(store, actor)
    record(store, ids, BEFORE)
    run(store, actor)
    found = serving(store, actor)
    assert (found["model"], found["contest"]["reason"], found["attributes"]) == (
        "contract_logistic",
        "won",
        ["plan"],
    )
    for plan in ("monthly", "yearly"):
        place = next(
            place for place, life in enumerate(COMPANY) if life.left_on is None and PLANS[place] == plan
        )
        told = store.read_sync(churn_report.of_customer, actor, ids[place], 1, "en")
        explained = told["explanation"]
        parts = explained["contributions"]
        assert explained["log_odds"] == pytest.approx(
            explained["mean_log_odds"] + sum(part["contribution"] for part in parts)
        )
        assert round(100 / (1 + np.exp(-explained["log_odds"]))) == round(100 * told["probability"])
        [mine] = [part for part in parts if part["attribute"] == "plan"]
        assert (mine["code"], mine["text"]) == ("attribute", plan)
        assert (mine["contribution"] > 0) == (plan == "monthly")
        assert mine["sentence"].startswith(f"Recorded for “plan”: {plan}.")


def test_without_them_nothing_tells_who_leaves(store: Store, actor: Actor) -> None:
    settle(store, actor)
    run(store, actor)
    found = serving(store, actor)
    assert found["attributes"] == []
    metrics = {entry["code"]: entry["metrics"] for entry in found["contest"]["entries"]}
    assert metrics["contract_logistic"] is None or metrics["contract_logistic"]["auc"] < 0.6


# --- nothing from within or after the window


@pytest.mark.parametrize("day", [EARLIER, LAST - timedelta(days=1), LAST, AS_OF - timedelta(days=1), AS_OF])
def test_what_was_recorded_within_or_after_a_window_is_not_learned_from(
    store: Store, actor: Actor, day: date
) -> None:
    """A planted attribute says who leaves; it must be in no window that it was not recorded before."""
    ids = settle(store, actor)
    rows = [
        statement(one, day, secret="gone" if life.left_on else "stays")
        for one, life in zip(ids, COMPANY, strict=True)
    ]
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), rows))
    for window in seen(store):
        assert [name for name in window.attributes if name.startswith("attribute.")] == []
        assert window.recorded_day is None


def test_the_newest_statement_before_each_window_counts(store: Store, actor: Actor) -> None:
    ids = settle(store, actor)
    record(store, ids, BEFORE, when="before")
    record(store, ids, EARLIER, when="within")
    record(store, ids, LAST, when="after")
    earlier, last = seen(store)
    assert set(earlier.attributes["attribute.when"].tolist()) == {"before"}  # type: ignore[union-attr]
    assert set(last.attributes["attribute.when"].tolist()) == {"within"}  # type: ignore[union-attr]
    assert earlier.recorded_day is not None
    assert set(earlier.recorded_day.tolist()) == {(BEFORE - date(1970, 1, 1)).days}


def test_a_leak_is_refused(store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = settle(store, actor)
    record(store, ids, AS_OF - timedelta(days=1))
    record(store, ids, BEFORE)
    seen(store)
    honest = stored.read

    def newest(tx: Connection, before: date, *others: Any, **more: Any) -> Any:
        """Reads statements as they are now."""
        return honest(tx, AS_OF, *others, **more)

    monkeypatch.setattr(recorded_attributes.contract_statements, "read", newest)
    with pytest.raises(ValueError, match="recorded before the window opened"):
        seen(store)


def test_below_four_fifths_known_none_is_learned_from(store: Store, actor: Actor) -> None:
    ids = settle(store, actor)
    record(store, ids, BEFORE, every=2)
    assert all(window.recorded_day is None for window in seen(store))
    store.write_sync(lambda tx: tx.execute(delete(ContractStatement)))
    record(store, ids, BEFORE)
    some = ContractStatement.customer_id.in_(ids[: len(ids) // 10])
    store.write_sync(lambda tx: tx.execute(delete(ContractStatement).where(some)))
    assert all(window.recorded_day is not None for window in seen(store))


# --- the same again


def test_incremental_runs_and_replays_see_the_same(store: Store, actor: Actor) -> None:
    ids = settle(store, actor)
    record(store, ids, BEFORE)
    first = run(store, actor)
    place = next(place for place, life in enumerate(COMPANY) if life.left_on is None)
    other = "yearly" if PLANS[place] == "monthly" else "monthly"
    row = statement(ids[place], AS_OF, plan=other)
    store.write_sync(lambda tx: tx.execute(insert(ContractStatement), [row]))
    second = run(store, actor, AS_OF + timedelta(days=1))
    told = store.read_sync(churn_report.of_customer, actor, ids[place], 2, "en")
    assert told["history"][0]["probability"] != told["history"][1]["probability"]
    [mine] = [part for part in told["explanation"]["contributions"] if part["attribute"] == "plan"]
    assert mine["text"] == other
    for run_id in (first, second):
        made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
        replay.run(store, actor, made["id"])
        found = store.read_sync(replays.get, actor, made["id"])["result"]
        assert (found["same"], found["remarks"]) == (True, [])


def test_a_window_may_not_hold_what_was_recorded_later() -> None:
    one = ContractWindow({}, np.array([True]), 100, 160, None, np.array([99]))
    with pytest.raises(ValueError, match="recorded before"):
        replace(one, recorded_day=np.array([100]))
