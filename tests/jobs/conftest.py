"""A database for a whole module, because DBOS takes seconds to stop."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.settings import Settings
from app.store import dialects
from app.store.engine import Store
from app.store.tables import Base

SECRET = "a-secret-of-the-tests-with-40-CHARACTERS"


def _empty_postgres(url: str) -> None:
    engine = create_engine(dialects.postgres_url(url))
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with engine.begin() as tx:
        tx.execute(text(f"TRUNCATE {tables} CASCADE"))
        tx.execute(text("DROP SCHEMA IF EXISTS dbos CASCADE"))
        tx.execute(text("DROP TABLE IF EXISTS effects"))
    engine.dispose()


def _effects_table(tx: object) -> None:
    tx.execute(text("CREATE TABLE effects (job TEXT NOT NULL, unit INTEGER NOT NULL, worker TEXT NOT NULL)"))  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_settings(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings on an empty, migrated database of each kind, with a table ``effects`` that test jobs write."""
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgres_url")
        _empty_postgres(url)
    else:
        path: Path = tmp_path_factory.mktemp("jobs") / "vefa.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    settings = Settings(database_url=url, secret=SECRET, worker_id="test-worker")
    store = Store(settings)
    store.write_sync(_effects_table)
    store.close_sync()
    yield settings
    if request.param == "postgresql":
        _empty_postgres(url)


@pytest.fixture(scope="module")
def module_store(module_settings: Settings) -> Iterator[Store]:
    """The store over it."""
    store = Store(module_settings)
    yield store
    store.close_sync()
