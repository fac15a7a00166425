"""``vefa audit``: verify names what is not what was sealed and what to do; head, rotate and accept."""

from pathlib import Path
from typing import Any

import factories
import pytest
from audit_helpers import KEYS, OTHER_SECRET
from conftest import SECRET
from sqlalchemy import delete, text, update
from typer.testing import CliRunner

from app.cli.commands import app
from app.domain.common.access import Actor
from app.errors import StartError
from app.settings import Settings
from app.store import event_sequence
from app.store.engine import Store
from app.store.tables import AuditEntry, AuditHead

ISSUE = "UPDATE audit_entries SET actor_id='x', position=NULL, seal=NULL WHERE position>=2"


def vefa(settings: Settings, *arguments: str, **more: str) -> Any:
    environment = {"VEFA_DATABASE_URL": settings.database_url, "VEFA_SECRET": SECRET, **more}
    return CliRunner().invoke(app, ["audit", *arguments], env=environment)


def verify(settings: Settings, *arguments: str, **more: str) -> Any:
    result = vefa(settings, "verify", *arguments, **more)
    assert all(len(line) <= 80 for line in result.output.splitlines())
    return result


@pytest.fixture
def sealed(store: Store, actor: Actor) -> Store:
    store.write_sync(factories.customers_worth, actor, [100, 200, 300])
    store.write_sync(event_sequence.assign, KEYS, 100)
    return store


def execute(store: Store, *statements: Any) -> None:
    for statement in statements:
        store.write_sync(lambda tx, one=statement: tx.execute(one))


def test_an_untouched_trail_verifies(sealed: Store, actor: Actor, settings: Settings) -> None:
    sealed.write_sync(factories.customer, actor)
    result = verify(settings)
    assert result.exit_code == 0
    assert result.output.strip() == "3 sealed entries are what they were; 1 wait for their seal."


def test_a_changed_entry_is_named(sealed: Store, settings: Settings) -> None:
    execute(sealed, update(AuditEntry).where(AuditEntry.position == 2).values(actor_id="somebody else"))
    result = verify(settings)
    assert result.exit_code == 1
    assert "- changed: Position 2 is not what was sealed there" in result.output
    assert "What to do:" in result.output


def test_forged_entries_are_not_sealed_again(sealed: Store, settings: Settings) -> None:
    execute(sealed, text(ISSUE))
    for _ in range(6):
        sealed.write_sync(event_sequence.assign, KEYS, 100)
    result = verify(settings)
    assert result.exit_code == 1
    assert "- removed: Each of positions 2 to 3 is missing" in result.output
    assert "- refused: Not written by a process that has the secret" in result.output
    assert "by x" in " ".join(result.output.split())


@pytest.mark.parametrize("form", ["file", "text", "one line"])
def test_a_removed_end_shows_beside_the_printed_head(
    sealed: Store, actor: Actor, settings: Settings, tmp_path: Path, form: str
) -> None:
    old = {"position": 3, **_head(sealed)}
    sealed.write_sync(factories.customer, actor)
    sealed.write_sync(event_sequence.assign, KEYS, 100)
    printed = vefa(settings, "head").output
    (tmp_path / "head").write_text(printed)
    given = {"file": str(tmp_path / "head"), "text": printed, "one line": " ".join(printed.split())}[form]
    assert verify(settings, "--head", given).exit_code == 0
    execute(sealed, delete(AuditEntry).where(AuditEntry.position > 3), update(AuditHead).values(**old))
    assert verify(settings).exit_code == 0
    result = verify(settings, "--head", given)
    assert result.exit_code == 1
    assert "- removed: Position 4 is missing" in result.output


def _head(store: Store) -> dict[str, Any]:
    table = AuditHead.__table__
    return store.read_sync(lambda tx: dict(tx.execute(table.select()).mappings().one()))


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("nowhere", "there is no file nowhere"),
        ("signature: 00", "expected what `vefa audit head` printed"),
        ("store: {0} position: 1 seal: {0} secret: abc signature: {0}", "was not signed with VEFA_SECRET"),
    ],
)
def test_a_head_that_is_none_is_refused(settings: Settings, given: str, wrong: str) -> None:
    error = vefa(settings, "verify", "--head", given.format("ab" * 16)).exception
    assert isinstance(error, StartError)
    assert wrong in str(error)


def test_there_is_no_head_before_something_is_sealed(settings: Settings) -> None:
    assert isinstance(vefa(settings, "head").exception, StartError)
    assert verify(settings).exit_code == 0
    changed = vefa(settings, "rotate", VEFA_SECRET=OTHER_SECRET, VEFA_SECRET_PREVIOUS=SECRET)
    assert "nothing to do" in changed.output


def test_without_a_secret_nothing_is_verified(settings: Settings) -> None:
    result = CliRunner().invoke(app, ["audit", "verify"], env={"VEFA_DATABASE_URL": settings.database_url})
    assert isinstance(result.exception, StartError)


def test_the_secret_is_changed_by_a_command(sealed: Store, settings: Settings) -> None:
    both = {"VEFA_SECRET": OTHER_SECRET, "VEFA_SECRET_PREVIOUS": SECRET}
    unknown = verify(settings, VEFA_SECRET=OTHER_SECRET)
    assert unknown.exit_code == 1
    assert "other_secret" in unknown.output
    assert "- changed:" not in unknown.output
    assert "vefa audit rotate" in " ".join(verify(settings, **both).output.split())
    assert isinstance(vefa(settings, "head", **both).exception, StartError)
    assert vefa(settings, "rotate", **both).exit_code == 0
    assert verify(settings, **both).output.startswith("4 sealed entries are what they were")
    assert "nothing to do" in vefa(settings, "rotate", **both).output


def test_a_weak_secret_gets_no_trail(sealed: Store, settings: Settings) -> None:
    result = vefa(settings, "rotate", VEFA_SECRET="a" * 40, VEFA_SECRET_PREVIOUS=SECRET)
    assert isinstance(result.exception, StartError)
    assert verify(settings).exit_code == 0


def test_a_broken_trail_gets_no_other_secret(sealed: Store, settings: Settings) -> None:
    execute(sealed, update(AuditEntry).where(AuditEntry.position == 2).values(actor_id="x"))
    result = vefa(settings, "rotate", VEFA_SECRET=OTHER_SECRET, VEFA_SECRET_PREVIOUS=SECRET)
    assert result.exit_code == 1
    assert "changed" in result.output
    assert verify(settings).exit_code == 1


def test_a_lost_head_is_replaced_when_somebody_says_so(sealed: Store, settings: Settings) -> None:
    execute(sealed, delete(AuditHead))
    assert "no_head" in verify(settings).output
    assert vefa(settings, "accept").exit_code == 0
    assert verify(settings).output.startswith("4 sealed entries are what they were")
