"""What imports store is news to the next run, and what is taken back is unread, on both databases."""

from datetime import date, timedelta
from typing import Any

import factories
import numpy as np
import pytest
from import_helpers import RECORD_COLUMNS, many_records, record_mapping, set_up_survey, take_in
from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.jobs.imports import run as work
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.imports import imports
from app.services.scoring import run_facts, runs
from app.store.engine import Store
from app.store.scoring import changed_customers
from app.store.sql.column_codec import Columns
from app.store.tables import ScoringRun

DAY = date(2026, 4, 1)


def run(store: Store, actor: Actor) -> Any:
    """A scoring run; what it found of churn and satisfaction."""
    made = store.write_sync(runs.create, actor, ScoringRunCreate.model_validate({"as_of": DAY.isoformat()}))
    score(store, actor, made["id"])
    found = store.read_sync(
        lambda tx: tx.execute(select(ScoringRun.__table__).where(ScoringRun.id == made["id"])).one()
    )
    return found.churn, found.satisfaction


def facts(store: Store, actor: Actor) -> Any:
    return store.read_sync(run_facts.read, RunSpec(DAY, Parameters("TRY"), actor.company))


def is_same(one: Columns, other: Columns) -> bool:
    try:
        for name, column in one.items():
            np.testing.assert_array_equal(column, other[name])  # to which nan is equal to nan
    except AssertionError:
        return False
    return one.keys() == other.keys()


@pytest.fixture(autouse=True)
def _no_time_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_facts, "SETTLES", timedelta(0))
    monkeypatch.setattr(run_facts, "MAX_CHANGED_SHARE", 1.0)


@pytest.mark.parametrize("kind", sorted(RECORD_COLUMNS))
def test_what_was_imported_is_read_and_what_was_taken_back_is_not(
    store: Store, actor: Actor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_survey(store, actor)
    store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 60)])
    take_in(store, actor, many_records(12, customers=6), record_mapping(kind, source="before"))
    at_first = run(store, actor)
    before = facts(store, actor)
    row = take_in(store, actor, many_records(40, customers=8), record_mapping(kind))
    assert row["rows_stored"] == 40

    def assert_as_if_all_were_read(*, goes_on: bool) -> Any:
        went_on = facts(store, actor)
        with monkeypatch.context() as patch:
            patch.setattr(changed_customers, "are_deleted", lambda *_: True)
            whole = facts(store, actor)
        assert (went_on.read_again is not None) == goes_on
        assert whole.read_again is None
        assert is_same(went_on.columns, whole.columns)
        return went_on

    after = assert_as_if_all_were_read(goes_on=True)
    assert after.read_again == 8  # those of the file, of whom two are new
    assert not is_same(after.columns, before.columns)
    second = run(store, actor)
    assert (second == at_first) == (kind != "responses")  # indices are of answers alone
    store.write_sync(imports.revert, actor, row["id"])
    work.run_reversal(store, actor, row["id"])
    assert is_same(assert_as_if_all_were_read(goes_on=False).columns, before.columns)
    assert run(store, actor) == at_first
