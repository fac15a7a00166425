"""The windows of the past that models learn from."""

from datetime import UTC, date, datetime

import factories
import numpy as np
import pytest
from sqlalchemy import Connection

from app.domain.churn.inputs.snapshots import Plan, Window
from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.common.days import day_of
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.services.scoring import run_facts, training_windows
from app.store.engine import Store
from app.store.sql.numpy_io import Ids

DAY = datetime(2026, 6, 30, 9, tzinfo=UTC)
SPEC = RunSpec(date(2026, 7, 1), Parameters("TRY", horizon_days=60), Company())
PLAN = Plan(SPEC.as_of_day, 60)
FIRST_DAY = np.array([SPEC.as_of_day - 360])


def last_window(tx: Connection) -> tuple[Ids, Window]:
    population = run_facts.population(tx, SPEC.on(day_of(PLAN.last_day)))
    return training_windows.purchase_window(tx, population, PLAN.as_of_day)


def test_a_window_holds_who_had_bought_and_who_stayed_away(store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 60, DAY)
    ids, window = store.read_sync(last_window)
    assert len(window.then) == ids.size == 60
    assert (window.then.as_of_day, window.closes_day) == (PLAN.last_day, PLAN.as_of_day)
    assert 0 < np.count_nonzero(window.silent) < 30  # half of them stopped, some of these within the window


def test_of_very_many_customers_some_are_read(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 60, DAY)
    ids, whole = store.read_sync(last_window)
    monkeypatch.setattr(training_windows, "MAX_BUYERS", 20)
    closed = store.read_sync(training_windows.purchase_windows, SPEC, ids, FIRST_DAY)
    earlier, last = closed.earlier, closed.last
    assert earlier is not None
    assert last is not None
    assert closed.same_season is None
    assert len(earlier.then) == len(last.then) == 20
    assert last.silent.tolist() == whole.silent[::3].tolist()
    assert last.then.value_minor.tolist() == whole.then.value_minor[::3].tolist()


def test_without_purchases_there_are_no_windows(store: Store, actor: Actor) -> None:
    nobody = np.empty(0, dtype="S16")
    found = store.read_sync(training_windows.purchase_windows, SPEC, nobody, np.empty(0, np.int64))
    assert found is training_windows.NO_WINDOWS


def test_the_season_of_a_year_ago_is_read_where_enough_lies_before_it(store: Store, actor: Actor) -> None:
    store.write_sync(factories.rhythmic_shop, actor, 60, datetime(2025, 9, 1, 9, tzinfo=UTC))
    ids, whole = store.read_sync(last_window)
    first = whole.then.facts.first_day
    season = store.read_sync(training_windows.purchase_windows, SPEC, ids, first).same_season
    assert season is not None
    assert (season.then.as_of_day, season.closes_day) == (SPEC.as_of_day - 364, SPEC.as_of_day - 304)
