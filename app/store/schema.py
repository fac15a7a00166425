"""Which revision the database is at, and bringing it to the newest."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, Select, Text, column, inspect, select, table

from app.errors import StartError
from app.store import dialects
from app.store.dialects import StoreSettings
from app.store.engine import Store
from app.store.transactions import ReadTx

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported where it migrates: it takes a tenth of a second, and every start asks for the revision.

_MIGRATIONS = Path(__file__).parents[2] / "migrations"
_NAMED = re.compile(r'^(revision|down_revision)\b[^=\n]*= *"(\w+)"', re.MULTILINE)


def config() -> "Config":
    """Alembic's configuration for the one tree of both databases."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return made


def head() -> str:
    """The newest revision this program knows: the one that no other comes after."""
    known = _known()
    [newest] = known.keys() - known.values()
    return newest


def _known() -> dict[str, str | None]:
    """The revisions this program knows, and which one each follows."""
    sources = [path.read_text("utf-8") for path in (_MIGRATIONS / "versions").glob("*.py")]
    named: list[dict[str, str]] = [dict(_NAMED.findall(source)) for source in sources]
    return {names["revision"]: names.get("down_revision") for names in named if "revision" in names}


_CURRENT: Select[str] = select(column("version_num", Text)).select_from(table("alembic_version"))


def current(tx: ReadTx) -> str | None:
    """The revision the database is at; None if it has never been migrated."""
    if not inspect(cast("Connection", tx)).has_table("alembic_version"):
        return None
    found: str | None = tx.execute(_CURRENT).scalar_one_or_none()
    return found


class NotMigratedError(StartError):
    """The database is not at the revision this program needs."""

    def __init__(
        self, reason: str = "The database is not at this program's revision: run `vefa migrate`."
    ) -> None:
        super().__init__(reason)


class UnknownRevisionError(NotMigratedError):
    """The database is at a revision this program does not know, so that it cannot be migrated either."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The database is at revision {found!r}, which this program does not know: an unreleased or a "
            "newer version of Vefa made it. Use that version, or begin with an empty database "
            "(with SQLite: another file)."
        )


def require_head(store: Store) -> None:
    """Check that this program and its database fit.

    Raises:
        NotMigratedError: they do not.
    """
    check(store.read_sync(current))


def check(found: str | None) -> None:
    """Check that a database at revision ``found`` is at the newest this program knows.

    Raises:
        NotMigratedError: it is not.
    """
    _require_known(found)
    if found != head():
        raise NotMigratedError


def _require_known(found: str | None) -> None:
    if found is not None and found not in _known():
        raise UnknownRevisionError(found)


def upgrade(settings: StoreSettings, revision: str = "head") -> None:
    """Bring the database to ``revision``. Any number of processes may call it at once: one migrates,
    the others wait for it (advisory lock on PostgreSQL, BEGIN IMMEDIATE on SQLite).

    Raises:
        UnknownRevisionError: the database is at one that this program does not know.
    """

    def act(made: "Config") -> None:
        from alembic import command

        command.upgrade(made, revision)

    _run(settings, act, enough=head() if revision == "head" else revision)


def downgrade(settings: StoreSettings, revision: str) -> None:
    """Take the database back to ``revision``."""

    def act(made: "Config") -> None:
        from alembic import command

        command.downgrade(made, revision)

    _run(settings, act)


def _run(settings: StoreSettings, act: Callable[["Config"], None], *, enough: str | None = None) -> None:
    """Run ``act`` while no other process migrates; not when the database is at ``enough`` already."""
    engine = dialects.migration_engine(settings)
    try:
        with engine.begin() as tx:
            dialects.advisory_lock(tx, "vefa-migrations")
            found = current(tx)
            _require_known(found)
            if enough is None or found != enough:
                made = config()
                made.attributes["connection"] = tx
                act(made)
                dialects.check_foreign_keys(tx)
    finally:
        engine.dispose()
