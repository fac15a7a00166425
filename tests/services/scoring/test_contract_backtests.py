"""Backtests of customers under contract, from what was known on the day: on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import factories
import numpy as np
import pytest
from contract_companies import AS_OF, HORIZON, Life, lives, move_in
from sqlalchemy import Connection, select

from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.scoring import backtest
from app.schemas.scoring.backtests import BacktestCreate
from app.services.scoring import backtests, contract_backtests, run_facts
from app.services.scoring.contract_backtests import UnderContract
from app.store.engine import Store
from app.store.scoring import customer_facts as stored
from app.store.tables import Customer

SPEC = RunSpec(AS_OF, Parameters("TRY", horizon_days=HORIZON), Company())
COMPANY = lives(7, 2500)
SOME = COMPANY[:600]
"""As many as it takes where nothing is learned."""
FUTURE = AS_OF + timedelta(days=HORIZON)
CUT = AS_OF - timedelta(days=1)


def run(store: Store, actor: Actor, **more: Any) -> Any:
    """Backtest the day and give the stored result."""
    wanted = BacktestCreate.model_validate({"cut_on": CUT.isoformat(), "horizon_days": HORIZON, **more})
    made = store.write_sync(backtests.create, actor, wanted)
    backtest.run(store, actor, made["id"])
    return store.read_sync(backtests.get, actor, made["id"])["result"]


def is_active(life: Life) -> bool:
    return life.started_on < AS_OF and (life.left_on is None or life.left_on >= AS_OF)


def test_who_left_is_held_against_what_was_known_on_the_day(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor, COMPANY, until=FUTURE)
    found = run(store, actor)
    assert (found["n"], found["published"], found["groups"]) == (0, None, [])  # nobody without a contract
    contract = found["contract"]
    active = [life for life in COMPANY if is_active(life)]
    assert (contract["n"], contract["excluded_terms_unknown"]) == (len(active), 0)
    assert (contract["published"], contract["reason"]) == ("contract_logistic", "won")
    assert contract["contest"]["closed_on"] == AS_OF.isoformat()
    share, learned = contract["models"]
    left = np.mean([life.left_on is not None for life in active])
    assert share["metrics"]["base_rate"] == learned["metrics"]["base_rate"] == pytest.approx(left)
    before = AS_OF - timedelta(days=HORIZON)
    had = [one for one in COMPANY if one.started_on < before and not (one.left_on and one.left_on < before)]
    was = np.mean([one.left_on is not None and one.left_on < AS_OF for one in had])
    assert share["metrics"]["mean_p"] == pytest.approx(was)
    assert share["metrics"]["auc"] == 0.5
    printed = [share["metrics"]["brier"], *(learned["metrics"][name] for name in ("auc", "lift10", "brier"))]
    assert printed == pytest.approx([0.061, 0.875, 6.03, 0.049], rel=0.02)  # docs/backtests.md
    assert learned["metrics"]["ece"] < 0.05


def test_terms_told_too_late_are_no_terms(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor, SOME, until=FUTURE, has_past=False)
    contract = run(store, actor)["contract"]
    assert (contract["n"], contract["published"], contract["reason"]) == (0, None, "terms_unknown")
    assert contract["excluded_terms_unknown"] > 200
    missing = [(one["code"], one["reason"]) for one in contract["missing"]]
    assert missing == [("contract", "terms_unknown"), ("contract_logistic", "terms_unknown")]

    def record(tx: Connection) -> None:
        for customer_id, life in zip(ids, SOME, strict=False):
            factories.terms(tx, customer_id, CUT - timedelta(days=1), started_on=life.started_on)

    store.write_sync(record)  # known by the cut, and not when the windows before it opened
    contract = run(store, actor)["contract"]
    assert (contract["n"] > 200, contract["published"], contract["reason"]) == (
        True,
        "contract",
        "terms_unknown",
    )
    assert [one["code"] for one in contract["models"]] == ["contract"]
    assert contract["missing"] == [{"code": "contract_logistic", "reason": "terms_unknown"}]


def test_where_few_leave_the_share_is_tested_and_says_why(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor, lives(3, 400, hazard=0.0001), until=FUTURE)
    contract = run(store, actor)["contract"]
    assert (contract["published"], contract["reason"]) == ("contract", "too_few_outcomes")
    assert contract["missing"] == [{"code": "contract_logistic", "reason": "too_few_outcomes"}]


def test_who_had_given_notice_is_certain_and_left_out(store: Store, actor: Actor) -> None:
    ids = store.write_sync(move_in, actor, SOME, until=FUTURE)
    whole = run(store, actor, models=["contract"])["contract"]
    staying = next(place for place, life in enumerate(SOME) if life.left_on is None and is_active(life))
    day = AS_OF - timedelta(days=3)

    def give_notice(tx: Connection) -> None:
        factories.terms(tx, ids[staying], day, started_on=SOME[staying].started_on, notice_given_on=day)

    store.write_sync(give_notice)
    found = run(store, actor, models=["contract"])["contract"]
    assert (found["n"], found["excluded_notice_given"]) == (whole["n"] - 1, 1)
    assert [one["code"] for one in found["models"]] == ["contract"]


def test_without_contracts_nothing_is_told_of_them(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, range(1, 20))
    assert run(store, actor)["contract"] is None


# --- nothing from after the day


def seen(store: Store, actor: Actor) -> UnderContract:
    def read(tx: Connection) -> UnderContract | None:
        return contract_backtests.read(tx, run_facts.population(tx, SPEC))

    found = store.read_sync(read)
    assert found is not None
    return found


def said(tested: UnderContract) -> list[Any]:
    """What was known on the day: all but what then happened."""
    found: list[Any] = [tested.known.share]
    for window in (tested.known.earlier, tested.known.last, tested.outcome):
        assert window is not None
        columns = {**window.attributes, "known": window.known_day}
        if window is not tested.outcome:
            columns["left"] = window.left
        found += [
            np.nan_to_num(np.asarray(one, dtype=np.float64), nan=-1).tolist() for one in columns.values()
        ]
    return found


def promise_longer(tx: Connection) -> None:
    """From the first day after the cut on, the contracts of those who stay end in ten years."""
    for customer_id in tx.execute(select(Customer.id).where(Customer.left_on.is_(None))).scalars():
        factories.terms(tx, customer_id, AS_OF, started_on=date(2026, 6, 30), ends_on=date(2036, 1, 1))


def change_later(store: Store, actor: Actor) -> bool:
    """Whether terms known only after the cut change what is said on the day, or any figure."""
    before, figures = said(seen(store, actor)), run(store, actor)["contract"]
    store.write_sync(promise_longer)
    return before != said(seen(store, actor)) or figures != run(store, actor)["contract"]


def test_terms_known_only_after_the_cut_change_nothing(store: Store, actor: Actor) -> None:
    store.write_sync(move_in, actor, COMPANY, until=FUTURE)
    assert not change_later(store, actor)


def leaking(*, denied: bool) -> Any:
    """The store's facts with a leak: terms as they are known a horizon later, said to have been known in time
    where it is denied."""

    def contracts(tx: Connection, bounds: Any, only: Any = None) -> Any:
        found = stored.contracts(tx, replace(bounds, as_of=FUTURE), only)
        known = found["contract_known_day"]
        return {**found, "contract_known_day": np.zeros_like(known) if denied else known}

    names: dict[str, Callable[..., Any]] = {
        name: getattr(stored, name) for name in dir(stored) if not name.startswith("_")
    }
    return SimpleNamespace(**{**names, "contracts": contracts})


def test_a_planted_leak_is_refused_and_one_that_hides_is_noticed(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_sync(move_in, actor, SOME, until=FUTURE)
    monkeypatch.setattr(run_facts, "customer_facts", leaking(denied=False))
    with pytest.raises(ValueError, match="known before the window opened"):
        seen(store, actor)
    monkeypatch.setattr(run_facts, "customer_facts", leaking(denied=True))
    assert change_later(store, actor)
