"""LISTEN/NOTIFY: wake idle workers when a job is committed.

Without it they would poll several times a second. SQLite has none; there the worker lives in the process
that writes.
"""

from collections.abc import Collection

from sqlalchemy import Connection, exc, text

from app.errors import UnavailableError
from app.store import dialects
from app.store.dialects import StoreSettings
from app.store.transactions import WriteTx

CHANNEL = "vefa_jobs"
_NOTIFY = text(f"NOTIFY {CHANNEL}")


def notify(tx: WriteTx) -> None:
    """Wake the listeners when ``tx`` commits."""
    if dialects.is_postgres(tx):
        tx.execute(_NOTIFY)


class JobListener:
    """Listens for `notify`, or on other channels, on a connection of its own.

    It is made when first needed, and again after it was lost.
    """

    def __init__(self, settings: StoreSettings, channels: Collection[str] = (CHANNEL,)) -> None:
        self._channels = tuple(channels)
        self._engine = dialects.migration_engine(settings).execution_options(isolation_level="AUTOCOMMIT")
        self._session: Connection | None = None

    def wait(self, seconds: float) -> frozenset[str]:
        """Wait for a ring since the last call; return on which channels, none if there was none for
        ``seconds``.

        Raises:
            UnavailableError: the database does not answer.
        """
        try:
            if self._session is None:
                self._session = self._engine.connect()
                for channel in self._channels:
                    self._session.execute(text(f"LISTEN {channel}"))
                return frozenset(self._channels)  # whatever was rung before was not heard
            driver = self._session.connection.driver_connection
            heard = driver.notifies(timeout=seconds, stop_after=1)  # type: ignore[union-attr]
            return frozenset(one.channel for one in heard)
        except Exception as error:
            self.close()
            if isinstance(error, exc.DBAPIError) or "psycopg" in type(error).__module__:
                raise UnavailableError("The database cannot answer now.") from error
            raise

    def close(self) -> None:
        """Let go of the connection."""
        if self._session is not None:
            self._session.invalidate()
            self._session.close()
            self._session = None
        self._engine.dispose()
