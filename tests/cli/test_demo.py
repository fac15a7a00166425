"""``vefa demo``: deterministic, scored, and made only once."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli.commands import app
from app.cli.demo import SECRET, TOKEN
from app.main import create_app
from app.schemas.customers.contract_terms import EXAMPLE_ID as UNDER_CONTRACT_ID
from app.schemas.customers.customers import EXAMPLE_ID
from app.schemas.scoring.backtests import EXAMPLE_ID as BACKTEST_ID
from app.settings import Settings


def make(file: Path) -> str:
    arguments = ["demo", "--no-serve", "--file", str(file), "--customers", "300", "--until", "2026-10-31"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo, and what the command said."""
    file = tmp_path_factory.mktemp("demo") / "demo.db"
    return file, make(file)


@pytest.fixture
def made(made_once: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copy(made_once[0], tmp_path / "demo.db"))


def report(file: Path) -> dict[str, object]:
    settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET)
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert client.get(f"/v1/customers/{EXAMPLE_ID}").status_code == 200
        found: dict[str, object] = client.get("/v1/insights/value-tiers").json()
        return found


def test_the_demo_is_loaded_scored_and_readable_with_its_key(made: Path, made_once: tuple[Path, str]) -> None:
    assert "300 customers" in made_once[1]
    found = report(made)
    assert found["is_current"]
    assert found["excluded"] == {"no_rate": 0, "currencies_without_rate": []}


def test_the_past_of_contracts_is_known_and_too_little_to_learn_from(made: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{made}", secret=SECRET)
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        serving = client.get("/v1/insights/churn").json()["models"]["contract"]["serving"]
        tested = client.get(f"/v1/backtests/{BACKTEST_ID}").json()["result"]["contract"]
        versions = client.get(f"/v1/customers/{UNDER_CONTRACT_ID}/contract-terms").json()["data"]
    assert (serving["model"], serving["contest"]["reason"]) == ("contract", "too_few_outcomes")
    assert (tested["reason"], tested["excluded_terms_unknown"], tested["n"] > 0) == (
        "too_few_outcomes",
        0,
        True,
    )
    assert len(versions) > 1


def test_it_is_made_only_once(made: Path) -> None:
    first = report(made)
    assert make(made) == ""
    assert report(made) == first


def test_the_same_seed_and_day_give_the_same_company(made: Path, tmp_path: Path) -> None:
    reports = []
    make(tmp_path / "another.db")
    for file in (made, tmp_path / "another.db"):
        found = report(file)
        reports.append({key: value for key, value in found.items() if key not in ("run_id", "computed_at")})
    assert reports[0] == reports[1]


def test_a_company_of_one_has_the_records_of_the_documentation(tmp_path: Path) -> None:
    arguments = ["demo", "--no-serve", "--file", str(tmp_path / "demo.db"), "--customers", "1"]
    result = CliRunner().invoke(app, [*arguments, "--until", "2026-10-31"])
    assert result.exit_code == 0, result.output
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'demo.db'}", secret=SECRET)
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        [complaint] = client.get("/v1/complaints", params={"number": "fa9c t7ky"}).json()["data"]
        assert complaint["customer_id"] == EXAMPLE_ID


def test_a_last_day_that_has_not_come_is_refused(tmp_path: Path) -> None:
    arguments = ["demo", "--no-serve", "--file", str(tmp_path / "demo.db"), "--until", "2070-01-01"]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, "--until" in result.output) == (2, True)


def test_a_last_day_that_is_no_day_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for wrong in ("foo", "2026-11-31", "23.11.2026", ""):
        arguments = ["demo", "--no-serve", "--file", str(tmp_path / "demo.db"), "--until", wrong]
        result = CliRunner().invoke(app, arguments)
        assert (result.exit_code, "such as 2026-11-23" in result.output) == (2, True), wrong
        assert result.output.count("\n") == 1
    assert not (tmp_path / "demo.db").exists()


def test_a_file_with_another_demo_says_so(made: Path) -> None:
    file = made
    before = report(file)
    arguments = ["demo", "--no-serve", "--file", str(file)]
    for other in (["--customers", "400"], ["--seed", "2"], ["--until", "2026-10-30"], ["--seed", "0"]):
        result = CliRunner().invoke(app, [*arguments, *other], env={"COLUMNS": "300"})
        assert result.exit_code == 2, other
        assert result.output.startswith(f"error: {other[0]}: ")
        assert result.output.count("\n") == 1
        assert "300 customers until 2026-10-31 (seed 1)" in result.output
    for same in ([], ["--seed", "1"], ["--customers", "300", "--until", "2026-10-31"]):
        assert CliRunner().invoke(app, [*arguments, *same]).exit_code == 0, same
    assert report(file) == before


def test_an_unfinished_demo_is_completed(tmp_path: Path) -> None:
    """Loading is all or nothing, scoring comes after it: a stop in between leaves a store without scores."""
    from app.cli.context import opened
    from app.demo import load
    from app.demo.company import generate
    from app.store import schema

    file = tmp_path / "demo.db"
    settings = Settings(database_url=f"sqlite:///{file}", secret=SECRET)
    schema.upgrade(settings)
    with opened(settings) as (store, actor):
        store.write_sync(load.load, actor, generate(1, date(2026, 10, 31), 300), TOKEN)
    make(file)
    assert report(file)["is_current"]
