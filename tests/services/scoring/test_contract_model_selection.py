"""Who leaves a contract, learned from what was known in time: in runs, on both databases."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import factories
import numpy as np
import pytest
from contract_companies import AS_OF, HORIZON, complain, lives, move_in
from sqlalchemy import Connection, delete, select

from app.domain.churn.evaluation.metrics import measure
from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.scoring import replay
from app.jobs.scoring.score import score
from app.schemas.scoring.replays import ReplayCreate
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.insights import churn_report, lifetime_value_report
from app.services.scoring import replays, run_facts, runs, training_windows
from app.services.scoring.training_windows import Past
from app.store.engine import Store
from app.store.scoring import customer_facts as stored
from app.store.tables import ChurnContest, Complaint, ComplaintEvent, Customer, CustomerScore

SPEC = RunSpec(AS_OF, Parameters("TRY", horizon_days=HORIZON), Company())
COMPANY = lives(7, 2500)
SOME = COMPANY[:600]
"""As many as it takes where nothing is learned."""
FUTURE = AS_OF + timedelta(days=HORIZON)
OPENS = AS_OF - timedelta(days=HORIZON)


def run(store: Store, actor: Actor, as_of: date = AS_OF) -> UUID:
    wanted = {"as_of": as_of.isoformat(), "horizon_days": HORIZON}
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate(wanted))
    score(store, actor, made["id"])
    return UUID(str(made["id"]))


def serving(store: Store, actor: Actor) -> dict[str, Any]:
    return dict(store.read_sync(churn_report.report, actor, None, None)["models"]["contract"]["serving"])


def seen(store: Store, actor: Actor, as_of: date = AS_OF) -> Past:
    """The windows of a run."""

    def read(tx: Connection) -> Past | None:
        return training_windows.contract_windows(tx, run_facts.population(tx, SPEC.on(as_of)))

    found = store.read_sync(read)
    assert found is not None
    return found


def said(past: Past) -> list[Any]:
    """All that is in the windows; in any order of customers, for their ids are drawn."""
    found = []
    for window in (past.earlier, past.last):
        assert window is not None
        found.append(rows_of({**window.attributes, "left": window.left}))
    return found


def rows_of(columns: Mapping[str, Any]) -> list[Any]:
    filled = [np.nan_to_num(np.asarray(column, dtype=np.float64), nan=-1) for column in columns.values()]
    return sorted(np.column_stack(filled).round(12).tolist())


# --- who serves


def test_where_age_and_complaints_tell_who_leaves_the_learned_model_serves(
    store: Store, actor: Actor
) -> None:
    ids = store.write_sync(move_in, actor, COMPANY, until=FUTURE)
    run(store, actor)
    found = serving(store, actor)
    contest = found["contest"]
    assert (found["model"], found["chosen_for"]) == ("contract_logistic", AS_OF.isoformat())
    assert (contest["serves"], contest["reason"], contest["opened_on"]) == (
        "contract_logistic",
        "won",
        OPENS.isoformat(),
    )
    rows = store.read_sync(
        lambda tx: {
            row.customer_id: row.churn_percent
            for row in tx.execute(
                select(CustomerScore.__table__).where(CustomerScore.churn_model == "contract_logistic")
            )
        }
    )
    left = np.array([life.left_on is not None for life in COMPANY])
    active = [place for place, life in enumerate(COMPANY) if life.left_on is None or life.left_on >= AS_OF]
    assert {ids[place] for place in active} == set(rows)
    q = np.array([rows[ids[place]] / 100 for place in active])
    metrics = measure(left[active], q, draws=0)
    assert metrics.auc is not None
    assert metrics.ece is not None
    assert metrics.auc > 0.65
    assert metrics.ece < 0.05
    assert abs(q.mean() - left[active].mean()) < 0.04


def test_where_few_leave_the_share_serves_and_says_why(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor, lives(3, 400, hazard=0.0001), until=AS_OF)
    run(store, actor)
    found = serving(store, actor)
    assert (found["model"], found["contest"]["reason"]) == ("contract", "too_few_outcomes")
    models = store.read_sync(
        lambda tx: set(
            tx.execute(select(CustomerScore.churn_model).where(CustomerScore.churn_percent >= 0)).scalars()
        )
    )
    assert models == {"contract"}


def test_terms_told_too_late_are_not_learned_from_until_their_past_is_recorded(
    store: Store, actor: Actor
) -> None:
    ids = store.write_sync(move_in, actor, COMPANY, until=AS_OF, has_past=False)
    run(store, actor)
    assert serving(store, actor)["contest"]["reason"] == "terms_unknown"
    run(store, actor)
    contests = select(ChurnContest.id)
    assert len(store.read_sync(lambda tx: tx.execute(contests).all())) == 1

    def record(tx: Connection) -> None:
        known = [life for life in COMPANY if life.started_on < AS_OF]
        for customer_id, life in zip(ids, known, strict=True):
            day = life.started_on - timedelta(days=1)
            factories.terms(tx, customer_id, day, started_on=life.started_on, ends_on=life.ends_on)

    store.write_sync(record)
    run(store, actor)
    assert serving(store, actor)["contest"]["reason"] == "won"


def test_who_gave_notice_is_certain_and_a_newcomer_is_foretold(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor, COMPANY, until=AS_OF)
    staying = next(place for place, life in enumerate(COMPANY) if life.left_on is None)

    def change(tx: Connection) -> UUID:
        start, day = COMPANY[staying].started_on, AS_OF - timedelta(days=3)
        factories.terms(tx, ids[staying], day, started_on=start, notice_given_on=day)
        new = factories.customer(tx, actor, "New")
        factories.terms(tx, new, AS_OF - timedelta(days=2), started_on=AS_OF - timedelta(days=1))
        return new

    new = store.write_sync(change)
    run(store, actor)
    flags = [store.read_sync(churn_report.of_customer, actor, who, 1, "en") for who in (ids[staying], new)]
    assert [flag["model"] for flag in flags] == ["contract", "contract_logistic"]
    assert flags[0]["probability"] == 1
    assert flags[0]["explanation"] is None


def test_nobody_under_contract_costs_nothing(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, range(1, 40))
    population = store.read_sync(run_facts.population, SPEC)
    statements: list[str] = []
    store.on_statement(statements.append)
    assert store.read_sync(training_windows.contract_windows, population) is None
    assert [one for one in statements if one.startswith("SELECT")] == []
    run(store, actor)
    report = store.read_sync(churn_report.report, actor, None, None)
    assert report["models"]["contract"]["serving"] is None


def test_a_contract_is_worth_what_its_own_probability_says(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor, COMPANY, until=AS_OF)
    known = [life for life in COMPANY if life.started_on < AS_OF]
    staying = [place for place, life in enumerate(known) if life.left_on is None]
    oldest_first = sorted(staying, key=lambda place: known[place].started_on)
    spends = [ids[place] for place in oldest_first[:: len(staying) // 9]]
    at = datetime(2026, 6, 10, 9, tzinfo=UTC)
    for customer_id in spends:
        store.write_sync(factories.purchases, actor, customer_id, [3_000_000], at=at)
    run(store, actor)
    report = store.read_sync(lifetime_value_report.report, actor, None, None, "en")
    assert report["contracts"]["model"] == "contract_logistic"
    worth = []
    for customer_id in spends:
        flag = store.read_sync(churn_report.of_customer, actor, customer_id, 1, "en")
        value = store.read_sync(lifetime_value_report.of_customer, actor, customer_id, "en")
        assert value["method"] == "contract"
        q = 1 / (1 + np.exp(-flag["explanation"]["log_odds"]))
        stays = (1 - q) ** (30 / HORIZON)
        months = sum(stays**month for month in range(1, 13))  # of a year, nothing discounted
        worth.append((flag["probability"], float(value["value"]["amount"])))
        assert worth[-1][1] == pytest.approx(10_000 * months, rel=1e-4)
    assert len({value for _, value in worth}) == len(spends)
    assert max(worth)[1] < min(worth)[1]  # who leaves more likely is worth less


# --- reasons


def test_what_a_contracts_probability_is_made_of_adds_up(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor, COMPANY, until=AS_OF)
    run(store, actor)
    known = [life for life in COMPANY if life.started_on < AS_OF]
    active = [place for place, life in enumerate(known) if life.left_on is None or life.left_on >= AS_OF]
    for place in active[:40]:
        life = known[place]
        flag = store.read_sync(churn_report.of_customer, actor, ids[place], 1, "en")
        told = flag["explanation"]
        parts = [one["contribution"] for one in told["contributions"]]
        assert told["log_odds"] == pytest.approx(told["mean_log_odds"] + sum(parts))
        assert round(100 / (1 + np.exp(-told["log_odds"]))) == pytest.approx(100 * flag["probability"])
        by_code = {one["code"]: one for one in told["contributions"]}
        assert by_code["contract_age"]["value"] == (AS_OF - life.started_on).days
        complained = life.complained_on is not None and life.complained_on < AS_OF
        assert by_code["open_complaints"]["value"] == complained
        assert (by_code["open_complaints"]["contribution"] > 0) == complained
        no_end = "The contract has no end."
        assert by_code["contract_end"]["sentence"].startswith(no_end) == (life.ends_on is None)
        assert (flag["calibrated"], flag["n"] > 500) == (True, True)
    for language, start in (("tr", "Sözleşmenin "), ("az", "Müqavilənin ")):
        flag = store.read_sync(churn_report.of_customer, actor, ids[active[0]], 1, language)
        told = {one["code"]: one["sentence"] for one in flag["explanation"]["contributions"]}
        assert told["contract_age"].startswith(start)


# --- nothing from after the day


def known_by(store: Store, actor: Actor, until: date) -> None:
    """Make the store hold what was known by a day, and nothing else."""
    for table in (ComplaintEvent, Complaint, Customer):
        store.write_sync(lambda tx, table=table: tx.execute(delete(table)))
    store.write_sync(move_in, actor, SOME, until=until)


def opening(store: Store, actor: Actor) -> list[Any]:
    """What is said of those under contract on the day the last window opens."""

    def read(tx: Connection) -> Any:
        population = run_facts.population(tx, SPEC.on(OPENS))
        return training_windows.contract_window(tx, population, population)

    return rows_of(store.read_sync(read).attributes)


def test_what_is_known_from_the_day_on_changes_nothing(store: Store, actor: Actor) -> None:
    known_by(store, actor, FUTURE)
    with_future = said(seen(store, actor))
    known_by(store, actor, AS_OF)
    assert with_future == said(seen(store, actor))


def last_is_of_its_opening(store: Store, actor: Actor) -> bool:
    """Whether the last window holds nothing that became known after it opened."""
    known_by(store, actor, AS_OF)
    last = seen(store, actor).last
    assert last is not None
    known_by(store, actor, OPENS)
    return rows_of(last.attributes) == opening(store, actor)


def test_attributes_are_those_of_the_day_the_window_opened(store: Store, actor: Actor) -> None:
    assert last_is_of_its_opening(store, actor)


def read_newest(tx: Connection, bounds: Any, only: Any = None) -> Any:
    """Reads terms as they are now: a leak."""
    return stored.contracts(tx, replace(bounds, as_of=FUTURE), only)


def read_newest_and_deny(tx: Connection, bounds: Any, only: Any = None) -> Any:
    """Reads terms as they are now, and says they had always been known."""
    found = read_newest(tx, bounds, only)
    return {**found, "contract_known_day": np.zeros_like(found["contract_known_day"])}


def leaking(reader: Any) -> Any:
    """The store's facts with a leak planted."""
    names = {name: getattr(stored, name) for name in dir(stored) if not name.startswith("_")}
    return SimpleNamespace(**{**names, "contracts": reader})


def test_a_leak_is_refused_and_one_that_hides_is_noticed(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_facts, "customer_facts", leaking(read_newest))
    known_by(store, actor, AS_OF)
    with pytest.raises(ValueError, match="known before the window opened"):
        seen(store, actor)
    monkeypatch.setattr(run_facts, "customer_facts", leaking(read_newest_and_deny))
    assert not last_is_of_its_opening(store, actor)


def test_a_run_sees_terms_as_they_were_known_on_its_day_also_when_it_is_replayed(
    store: Store, actor: Actor
) -> None:
    known_by(store, actor, AS_OF)
    run_id = run(store, actor)

    def later(tx: Connection) -> None:
        for customer_id in tx.execute(select(Customer.id).limit(300)).scalars():
            factories.terms(tx, customer_id, AS_OF, started_on=date(2026, 1, 1), ends_on=date(2026, 6, 1))
            complain(tx, customer_id, AS_OF)

    store.write_sync(later)
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    replay.run(store, actor, made["id"])
    found = store.read_sync(replays.get, actor, made["id"])["result"]
    assert (found["same"], found["remarks"], found["late"]["counts"]["customers"]) == (True, [], 0)


def test_a_past_recorded_late_is_named_by_a_replay(store: Store, actor: Actor) -> None:
    known_by(store, actor, AS_OF)
    run_id = run(store, actor)

    def later(tx: Connection) -> UUID:
        who = tx.execute(select(CustomerScore.customer_id).limit(1)).scalar_one()
        factories.terms(tx, who, AS_OF - timedelta(days=1), started_on=date(2024, 1, 1))
        return who

    who = store.write_sync(later)
    made = store.write_sync(replays.create, actor, ReplayCreate(run_id=run_id))
    replay.run(store, actor, made["id"])
    found = store.read_sync(replays.get, actor, made["id"])["result"]
    assert found["late"]["counts"]["customers"] == 1
    assert [record["customer_id"] for record in found["late"]["records"]] == [str(who)]
    assert "unexplained" not in found["remarks"]
