"""A name held by one living process: the database frees it the moment the holder dies."""

import sqlite3
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, exc, make_url, text

from app.store import database_errors, dialects, private_files
from app.store.dialects import StoreSettings

_TRY = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")


class ProcessLock(Protocol):
    """A held name."""

    def is_still_held(self) -> bool:
        """Make sure the name is still ours, also after the database was restarted.

        Returns:
            False if somebody else has it now.
        """

    def release(self) -> None:
        """Give the name back."""


def take(settings: StoreSettings, name: str) -> ProcessLock | None:
    """ProcessLock ``name``; None if a living process has it.

    Raises (here and from `ProcessLock.keep`):
        UnavailableError: the database does not answer.

    On PostgreSQL this is a session's advisory lock, on SQLite the lock on an empty file beside the store.
    """
    if settings.is_sqlite:
        return _take_file(Path(make_url(settings.database_url).database or "vefa.db"), name)
    return _take_session(settings, name)


class _FileLock:
    def __init__(self, lock: sqlite3.Connection) -> None:
        self._lock = lock

    def is_still_held(self) -> bool:
        return True

    def release(self) -> None:
        self._lock.close()


def _take_file(store: Path, name: str) -> ProcessLock | None:
    path = store.with_name(f"{store.stem}-{name}.lock")
    private_files.make(path)
    lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return None
    return _FileLock(lock)


class _SessionLock:
    def __init__(self, settings: StoreSettings, name: str) -> None:
        self._engine = dialects.migration_engine(settings).execution_options(isolation_level="AUTOCOMMIT")
        self._name = name
        self._session: Connection | None = None

    def take(self) -> bool:
        try:
            session = self._engine.connect()
            taken = session.execute(_TRY, {"name": f"vefa-{self._name}"}).scalar_one()
        except exc.DBAPIError as error:
            raise database_errors.translate_error(error) from error
        if taken:
            self._session = session
        else:
            session.close()
        return bool(taken)

    def is_still_held(self) -> bool:
        if self._session is not None:
            try:
                self._session.execute(text("SELECT 1"))
                return True
            except exc.DBAPIError:  # the server dropped the session and with it the lock
                self._session.invalidate()
                self._session.close()
                self._session = None
        return self.take()

    def release(self) -> None:
        if self._session is not None:
            self._session.close()
        self._engine.dispose()


def _take_session(settings: StoreSettings, name: str) -> ProcessLock | None:
    hold = _SessionLock(settings, name)
    if hold.take():
        return hold
    hold.release()
    return None
