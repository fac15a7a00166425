"""Which revision the database is at, and bringing it to the newest."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from app.errors import StartError
from app.store import dialects
from app.store.dialects import StoreSettings
from app.store.engine import Store

_MIGRATIONS = Path(__file__).parents[2] / "migrations"


def config() -> Config:
    """Alembic's configuration for the one tree of both databases."""
    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return made


def head() -> str:
    """The newest revision this program knows."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise RuntimeError("no migrations found")
    return revision


def current(tx: Connection) -> str | None:
    """The revision the database is at; None if it has never been migrated."""
    return MigrationContext.configure(tx).get_current_revision()


class NotMigratedError(StartError):
    """The database is not at the revision this program needs."""

    def __init__(self) -> None:
        super().__init__("The database is not at this program's revision: run `vefa migrate`.")


def require_head(store: Store) -> None:
    """Check that this program and its database fit.

    Raises:
        NotMigratedError: they do not.
    """
    if store.read_sync(current) != head():
        raise NotMigratedError


def upgrade(settings: StoreSettings, revision: str = "head") -> None:
    """Bring the database to ``revision``. Any number of processes may call it at once: one migrates,
    the others wait for it (advisory lock on PostgreSQL, BEGIN IMMEDIATE on SQLite)."""
    _run(settings, lambda made: command.upgrade(made, revision))


def downgrade(settings: StoreSettings, revision: str) -> None:
    """Take the database back to ``revision``."""
    _run(settings, lambda made: command.downgrade(made, revision))


def _run(settings: StoreSettings, act: Callable[[Config], None]) -> None:
    engine = dialects.migration_engine(settings)
    try:
        with engine.begin() as tx:
            dialects.advisory_lock(tx, "vefa-migrations")
            made = config()
            made.attributes["connection"] = tx
            act(made)
            dialects.check_foreign_keys(tx)
    finally:
        engine.dispose()
