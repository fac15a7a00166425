"""``vefa import units`` and ``agents``: files of who works in the company, on both databases."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import factories
import pytest
from conftest import SECRET
from sqlalchemy import func, select
from typer.testing import CliRunner

from app.cli.commands import app
from app.domain.common.access import Actor
from app.settings import Settings
from app.store.engine import Store
from app.store.tables import Agent, AuditEntry, Complaint, Unit

UNITS = """code;kind;parent;name.tr;name.en
returns;team;izmir;İadeler;Returns
izmir;branch;turkey;İzmir;Izmir
turkey;department;;Türkiye;Turkey
"""
AGENTS = """code,name,email,unit,languages,active_until_on,is_active
deniz.u,Deniz Uysal,deniz@example.com,izmir,tr en,,yes
gul.e,"Gül Er, PhD",,returns,tr;az,2026-01-31,
"""

TakeIn = Callable[..., tuple[int, str]]


@pytest.fixture
def take_in(settings: Settings, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TakeIn:
    """Run ``vefa import KIND`` over a text; gives the exit status and what was said."""
    monkeypatch.setenv("VEFA_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VEFA_SECRET", SECRET)

    def run(kind: str, text: str, *options: str, encoding: str = "utf-8") -> tuple[int, str]:
        file = tmp_path / f"{kind}.csv"
        file.write_bytes(text.encode(encoding))
        result = CliRunner().invoke(app, ["import", kind, str(file), *options])
        return result.exit_code, result.output

    return run


def stored(store: Store, table: Any) -> dict[str, Any]:
    rows = store.read_sync(lambda tx: [dict(row) for row in tx.execute(select(table.__table__)).mappings()])
    return {row["code"]: row for row in rows}


def entries(store: Store) -> int:
    return store.read_sync(lambda tx: tx.execute(select(func.count()).select_from(AuditEntry)).scalar_one())


def test_units_and_agents_are_taken_in(take_in: TakeIn, store: Store, actor: Actor) -> None:
    customer_id = store.write_sync(factories.customer, actor)
    store.write_sync(factories.complaint, actor, customer_id, owner="gul.e")
    status, said = take_in("units", UNITS)
    assert (status, said.splitlines()[-1]) == (
        0,
        "units: 3 added, 0 known before; records of theirs: 0; complaints handed over: 0",
    )
    units = stored(store, Unit)
    assert {code: unit["parent"] for code, unit in units.items()} == {
        "returns": "izmir",
        "izmir": "turkey",
        "turkey": None,
    }
    assert units["izmir"]["names"] == {"tr": "İzmir", "en": "Izmir"}
    status, said = take_in("agents", AGENTS)
    assert (status, said.splitlines()[-1]) == (
        0,
        "agents: 2 added, 0 known before; records of theirs: 1; complaints handed over: 1",
    )
    agents = stored(store, Agent)
    assert agents["deniz.u"]["languages"] == ["tr", "en"]
    assert (agents["gul.e"]["name"], agents["gul.e"]["is_active"]) == ("Gül Er, PhD", False)
    owners = select(Complaint.owner)
    assert store.read_sync(lambda tx: tx.execute(owners).scalars().all()) == ["returns"]
    before = entries(store)
    for kind, text in (("units", UNITS), ("agents", AGENTS)):
        assert "0 added" in take_in(kind, text)[1]
    assert entries(store) == before  # the same again is nothing new


def test_a_column_that_is_not_there_and_an_empty_cell(take_in: TakeIn, store: Store) -> None:
    take_in("units", UNITS)
    take_in("agents", AGENTS)
    assert take_in("agents", "code,email\ndeniz.u,\n")[0] == 0
    agent = stored(store, Agent)["deniz.u"]
    assert (agent["email"], agent["name"], agent["unit"]) == (None, "Deniz Uysal", "izmir")
    heads = "No,Lead\nizmir,deniz.u\n"
    assert take_in("units", heads, "--column", "code=No", "--column", "head=Lead")[0] == 0
    assert stored(store, Unit)["izmir"]["head"] == "deniz.u"


def test_a_dry_run_stores_nothing(take_in: TakeIn, store: Store) -> None:
    status, said = take_in("units", UNITS, "--dry-run")
    assert status == 0
    assert "units: 3 would be added" in said
    assert stored(store, Unit) == {}


def test_all_lines_are_stored_or_none(take_in: TakeIn, store: Store) -> None:
    wrong = (
        UNITS + "a;shop;;A;A\nb;team;nowhere;B;B\nizmir;team;;X;X\nc;team;d;C;C\nd;team;c;D;D\n;team;;E;E\n"
    )
    status, said = take_in("units", wrong)
    assert status == 4
    lines = [line for line in said.splitlines() if line.startswith("line ")]
    assert [line.split(":")[0] for line in lines] == [f"line {n}" for n in (3, 5, 6, 7, 8, 9, 10)]
    for part in ("line 5: /kind:", "(unknown_unit)", "(given_twice)", "line 10: /:"):
        assert part in said
    assert stored(store, Unit) == {}
    assert entries(store) == 0


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("kind,name.tr\nteam,A\n", (), "no column code"),
        ("code,colour\na,red\n", (), "unknown columns colour"),
        ("code,kind,kind\na,team,team\n", (), "stands twice"),
        ("code,kind\na,team,x\n", (), "line 2 has 3 cells, the header 2"),
        ('code,kind\na,"team\n', (), "line 2"),
        ("", (), "no column code"),
        ("code,kind\na,team\n", ("--column", "code"), "is not member=column"),
        ("code,kind\na,team\n", ("--encoding", "klingon"), "is no encoding"),
    ],
)
def test_files_that_are_no_such_table(
    take_in: TakeIn, store: Store, text: str, options: tuple[str, ...], reason: str
) -> None:
    status, said = take_in("units", text, *options)
    assert (status, reason in said) == (2, True), said
    assert stored(store, Unit) == {}


def test_another_encoding(take_in: TakeIn, store: Store) -> None:
    status, said = take_in("units", UNITS, encoding="windows-1254")
    assert (status, "is not utf-8" in said) == (2, True)
    assert take_in("units", UNITS, "--encoding", "windows-1254", encoding="windows-1254")[0] == 0
    assert stored(store, Unit)["izmir"]["names"]["tr"] == "İzmir"
    assert take_in("units", UNITS, encoding="utf-8-sig")[0] == 0
