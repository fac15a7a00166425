"""Whatever file the service makes beside its SQLite store, nobody but its user can read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.commands import app
from app.jobs import workflows
from app.settings import Settings
from app.store import process_locks
from app.store.engine import Store


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}


def test_the_store_and_its_logs_and_locks(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'vefa.db'}")
    environment = {"VEFA_DATABASE_URL": settings.database_url}
    assert CliRunner().invoke(app, ["migrate"], env=environment).exit_code == 0
    store = Store(settings)
    try:
        store.write_sync(lambda tx: tx.exec_driver_sql("CREATE TABLE t (a)").rowcount)
        hold = process_locks.take(settings, "worker")
        assert hold is not None
        workflows._prepared(workflows.state_file(tmp_path / "vefa.db"))
        found = modes(tmp_path)
        hold.release()
    finally:
        store.close_sync()
    assert {"vefa.db", "vefa.db-wal", "vefa.db-shm", "vefa-worker.lock"} <= found.keys()
    assert len(found) > 4
    assert set(found.values()) == {"0o600"}, found


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "vefa.db"
    path.touch(0o640)
    environment = {"VEFA_DATABASE_URL": f"sqlite:///{path}"}
    assert CliRunner().invoke(app, ["migrate"], env=environment).exit_code == 0
    assert modes(tmp_path)["vefa.db"] == "0o640"
