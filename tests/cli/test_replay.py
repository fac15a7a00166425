"""``vefa replay`` says whether a run came out the same, and else which customers moved and what came late."""

import json
from typing import Any
from uuid import UUID

import factories
import pytest
from typer.testing import CliRunner

from app.cli.commands import app
from app.domain.common.access import Actor
from app.jobs.scoring.score import score
from app.schemas.scoring.runs import ScoringRunCreate
from app.services.scoring import runs
from app.settings import Settings
from app.store.engine import Store


def replay(settings: Settings, *arguments: object) -> Any:
    environment = {"VEFA_DATABASE_URL": settings.database_url, "COLUMNS": "200"}
    return CliRunner().invoke(app, ["replay", *map(str, arguments)], env=environment)


@pytest.fixture
def shop(store: Store, actor: Actor) -> list[UUID]:
    return store.write_sync(factories.customers_worth, actor, [100 * number for number in range(1, 40)])


@pytest.fixture
def scored(store: Store, actor: Actor, shop: list[UUID]) -> Any:
    """A finished run."""
    wanted = ScoringRunCreate.model_validate({"as_of": "2026-04-01"})
    run_id = store.write_sync(runs.create, actor, wanted)["id"]
    score(store, actor, run_id)
    return run_id


def test_a_run_that_comes_out_the_same(settings: Settings, scored: Any) -> None:
    said = replay(settings, scored).output
    assert said.splitlines() == [
        f"run {scored} for 2026-04-01: 39 customers compared, the same",
        "came late: nothing",
    ]


def test_a_run_that_late_data_has_changed(
    settings: Settings, store: Store, actor: Actor, shop: list[UUID], scored: Any
) -> None:
    store.write_sync(factories.purchases, actor, shop[0], [900_000])
    said = replay(settings, scored).output
    assert "came late: 1 transactions" in said
    [customer, late] = [line.split() for line in said.splitlines() if str(shop[0]) in line]
    assert {"yes", "C", "A", "1.00", "9,001.00"} <= set(customer)
    assert "2026-03-10T12:00:00Z" in late
    told = json.loads(replay(settings, scored, "--json").output)
    assert (told["result"]["same"], told["result"]["late"]["customers"]) == (False, 1)


def test_a_run_that_is_not_there(settings: Settings, store: Store) -> None:
    result = replay(settings, "01930a3e-2f6b-7c11-9a52-0d9c1f8f7cff")
    assert result.exit_code == 1
