"""``vefa audit verify`` names the first entry that is not what it was."""

from typing import Any

import factories
from conftest import SECRET
from sqlalchemy import update
from typer.testing import CliRunner

from app.cli.commands import app
from app.domain.access import Actor
from app.settings import Settings
from app.store import positions
from app.store.engine import Store
from app.store.tables import AuditEntry


def verify(settings: Settings) -> Any:
    environment = {"VEFA_DATABASE_URL": settings.database_url, "VEFA_SECRET": SECRET}
    return CliRunner().invoke(app, ["audit", "verify"], env=environment)


def sealed(store: Store, actor: Actor) -> None:
    store.write_sync(factories.customers_worth, actor, [100, 200, 300])
    store.write_sync(positions.assign, positions.seal_key(SECRET), 100)


def test_an_untouched_trail_verifies(store: Store, actor: Actor, settings: Settings) -> None:
    sealed(store, actor)
    store.write_sync(factories.customer, actor)
    result = verify(settings)
    assert result.exit_code == 0
    assert result.output.strip() == "3 sealed entries are what they were; 1 wait for their seal."


def test_a_changed_entry_is_named(store: Store, actor: Actor, settings: Settings) -> None:
    sealed(store, actor)

    def tamper(tx: Any) -> None:
        tx.execute(update(AuditEntry).where(AuditEntry.position == 2).values(actor_id="somebody else"))

    store.write_sync(tamper)
    result = verify(settings)
    assert (result.exit_code, result.output.strip()) == (1, "The entry at position 2 is not what was sealed.")
