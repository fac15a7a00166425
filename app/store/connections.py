"""Connections that stay open between uses.

To take a connection from SQLAlchemy's pool, open a transaction on it and give it back costs as much as a
short read. So those that serve requests are kept checked out: they are in autocommit, and a use that needs
a transaction says so itself. A connection is used again only after a use that ended well or was refused by
our own rules; after any other error it goes back to the pool, which cleans it or throws it away.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.errors import AppError, UnavailableError
from app.store import database_errors, dialects
from app.store.dialects import StoreSettings
from app.store.watchdog import Waiting, Watchdog, cut, hanging


class SqliteReaders:
    """Read-only connections to the file; any thread may use them, each has one of its own meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._idle: list[Connection] = []  # pop and append are atomic

    def run(self, snapshot: bool, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call ``fn(tx, ...)``; with ``snapshot`` all its statements see the same rows."""
        idle = self._idle
        try:
            tx = idle.pop()
        except IndexError:
            tx = self.engine.connect()
        driver: Any = tx.connection.driver_connection
        try:
            if snapshot:
                driver.execute("BEGIN")
            try:
                result = fn(tx, *args, **kwargs)
            finally:
                if driver.in_transaction:
                    driver.execute("ROLLBACK")
        except AppError:
            self._give_back(tx, idle)
            raise
        except BaseException:
            _throw_away(tx)
            raise
        self._give_back(tx, idle)
        return result

    def renew(self) -> None:
        """Let later reads open new connections, which know the statistics there are now."""
        idle, self._idle = self._idle, []
        while idle:
            _throw_away(idle.pop())

    def close(self) -> None:
        """Close idle connections. Later reads open new ones."""
        self.renew()
        self.engine.dispose()

    def _give_back(self, tx: Connection, idle: list[Connection]) -> None:
        if idle is self._idle:
            idle.append(tx)
        else:  # renewed meanwhile
            _throw_away(tx)


def _throw_away(tx: Connection) -> None:
    tx.invalidate()
    tx.close()


class PostgresConnections:
    """At most ``size`` connections, handed out in the order they are asked for.

    (The pool itself hands them out in no order, which can starve a caller.)

    Args:
        wait_seconds: how long to wait for one.
        refusal: what is said to those who have waited so long.
        watchdog: gives up what waits for a server that hangs.
    """

    def __init__(
        self, engine: AsyncEngine, size: int, wait_seconds: float, refusal: str, watchdog: Watchdog
    ) -> None:
        self.engine, self.watchdog = engine, watchdog
        self._turns = asyncio.Semaphore(size)
        self._wait_seconds, self._refusal = wait_seconds, refusal
        self._idle: list[AsyncConnection] = []
        self._waiting: deque[float] = deque()  # since when, the first one first

    async def run(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call ``fn(tx, ...)`` on a connection in autocommit.

        Raises:
            UnavailableError: none became free in time, or the server hangs.
        """
        waiting = self.watchdog.begin()
        try:
            await self._turn(waiting)
            try:
                return await self._run(waiting, fn, *args, **kwargs)
            finally:
                self._turns.release()
        finally:
            self.watchdog.end(waiting)

    def waited(self) -> float:
        """Return for how many seconds the first in line has been waiting for a connection."""
        return monotonic() - self._waiting[0] if self._waiting else 0.0

    async def close(self) -> None:
        """Close idle connections. Later uses open new ones."""
        self.watchdog.stop()
        while self._idle:
            await self._idle.pop().close()
        await self.engine.dispose()

    async def _run(self, waiting: Waiting, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        connection = self._idle.pop() if self._idle else await self._connect(waiting)
        waiting.connection = connection
        try:
            result = await connection.run_sync(fn, *args, **kwargs)
        except AppError:
            self._idle.append(connection)
            raise
        except BaseException as error:
            await asyncio.shield(asyncio.create_task(self._drop(connection, error)))
            raise
        self._idle.append(connection)
        return result

    async def _turn(self, waiting: Waiting) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        since = monotonic()
        self._waiting.append(since)
        try:
            async with asyncio.timeout(self._wait_seconds) as waiting.limit:
                await self._turns.acquire()
        except TimeoutError:
            if self.watchdog.hangs:
                raise hanging() from None
            raise UnavailableError(self._refusal, headers={"Retry-After": "1"}) from None
        finally:
            self._waiting.remove(since)
        waiting.limit = None

    async def _connect(self, waiting: Waiting) -> AsyncConnection:
        try:
            async with asyncio.timeout(None) as waiting.limit:
                connection = await self.engine.connect()
        except TimeoutError:
            raise hanging() from None
        waiting.limit = None
        return connection

    async def _drop(self, connection: AsyncConnection, error: BaseException) -> None:
        """Give a connection back to the pool; if it died the others have probably died with it."""
        dropped = [connection]
        if database_errors.is_disconnect(error):
            dropped += self._idle
            self._idle.clear()
        for one in dropped:
            with suppress(Exception):  # of a dead connection nothing else is expected
                await one.close()


class LongReads:
    """The connections of long reads in threads: apart from those of jobs, since they are cut when the server
    hangs, and jobs wait."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._open: WeakSet[Any] = WeakSet()

    def engine(self) -> Engine:
        """Their pool, made when it is first asked for."""
        if self._engine is None:
            url = self._settings.read_database_url or self._settings.database_url
            self._engine = dialects.postgres_engine(url, self._settings)
            event.listen(self._engine, "connect", lambda connection, _record: self._open.add(connection))
        return self._engine

    def cut(self) -> None:
        """Let everything that waits on one of them fail now."""
        for connection in list(self._open):
            cut(connection)

    def close(self) -> None:
        """Close what is not in use."""
        if self._engine is not None:
            self._engine.dispose()
