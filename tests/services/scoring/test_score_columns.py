"""The registry of figures, the table that shows them and the run that computes them say the same."""

from dataclasses import replace

import factories
import numpy as np
import pytest

from app.domain.churn.inputs.customer_facts import COLUMNS
from app.domain.common.access import Actor
from app.domain.scoring import score_columns
from app.domain.scoring.score_columns import (
    CHURN_FACTS,
    FACTS,
    ROW_FACTS,
    SATISFACTION,
    SCORE_COLUMNS,
    ScoreColumn,
)
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import run, runs
from app.store.engine import Store
from app.store.tables import CustomerScore

SHOWN = next(column for column in SCORE_COLUMNS if column.name == "churn_percent")


def unmatched(columns: tuple[ScoreColumn, ...], table: set[str]) -> set[str]:
    """Entries that are shown in a column the table does not have, and columns without an entry."""
    return {column.row for column in columns if column.row} ^ (table - {"customer_id"})


def test_every_entry_has_its_column_and_every_column_an_entry() -> None:
    table = set(CustomerScore.__table__.columns.keys())
    assert unmatched(SCORE_COLUMNS, table) == set()
    planted = (*SCORE_COLUMNS, replace(SHOWN, name="mood", row="mood"))
    assert unmatched(planted, table) == {"mood"}
    assert unmatched(SCORE_COLUMNS, {*table, "mood"}) == {"mood"}


def test_names_are_unique_and_rows_are_columns_or_documents() -> None:
    names = [column.name for column in SCORE_COLUMNS]
    assert len(set(names)) == len(names)
    assert {column.row for column in SCORE_COLUMNS} <= {*names, CHURN_FACTS, SATISFACTION, None}
    assert {column.row for name, column in FACTS.items() if name in COLUMNS} == {CHURN_FACTS}
    assert (*COLUMNS, "refunds", "net_spend_minor") == ROW_FACTS


def computed(store: Store, actor: Actor) -> run.Result:
    store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 20)])
    made = store.write_sync(runs.create, actor, ScoringRunCreate())
    return run.compute(store.read_sync(run.read, actor, made["id"]), lambda _stage: None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_computes_the_figures_of_the_registry(store: Store, actor: Actor) -> None:
    columns = computed(store, actor).columns
    assert {name: column.dtype for name, column in columns.items() if name != "customer_id"} == {
        column.name: np.dtype(column.dtype) for column in SCORE_COLUMNS
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_row_of_a_customer_follows_from_the_entries(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = run.scored_only(computed(store, actor).columns)
    part = {name: column[:2].copy() for name, column in columns.items()}
    part["churn_percent"][:] = [40, SHOWN.absent]
    assert run.rows(part)["churn_percent"] == [40, None]
    assert run.rows(part).keys() == set(score_columns.ROW)
    planted = replace(SHOWN, name="mood", row="mood", labels=("low", "high"))
    monkeypatch.setattr(run, "SCORE_COLUMNS", (*SCORE_COLUMNS, planted))
    monkeypatch.setattr(run, "BY_NAME", {**score_columns.BY_NAME, "mood": planted})
    assert run.rows({**part, "mood": np.array([1, -1])})["mood"] == ["high", None]
