"""The one door to the database: the only place that opens, commits and rolls back.

A use case is a plain function whose first argument is a `Connection`. `Store.read` and `Store.write`
(or their ``_sync`` twins in commands and jobs) run it in exactly one transaction; a write has committed
before the caller sees its result.

SQLite: writes go through one thread (`app.store.sqlite_writer`), short reads run inline, others in threads.
PostgreSQL: everything runs on the async engine; a write, once begun, is shielded from a caller who hangs up.
Connections stay open between uses (`app.store.connections`).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event

from app.errors import AppError
from app.store import database_errors, dialects
from app.store.audit import keys, witness
from app.store.audit.witness import Witness
from app.store.connections import LongReads, PostgresConnections, SqliteReaders
from app.store.dialects import StoreSettings
from app.store.events import sealed
from app.store.events.ring import Ring
from app.store.sqlite_writer import Writer
from app.store.transactions import ReadTx
from app.store.watchdog import Watchdog

P = ParamSpec("P")
R = TypeVar("R")
Use = Callable[Concatenate[Connection, P], R]
ReadUse = Callable[Concatenate[ReadTx, P], R]

WRITE_TRIES = 4

_BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_END_SNAPSHOT = "ROLLBACK"


def one_statement(fn: ReadUse[P, R]) -> ReadUse[P, R]:
    """Mark a read that executes one statement, so needs no snapshot: it runs in autocommit."""
    fn.single = True  # type: ignore[attr-defined]
    return fn


def in_thread(fn: ReadUse[P, R]) -> ReadUse[P, R]:
    """Mark a read that takes long, also in Python: it runs in a thread, so that others need not wait."""
    fn.long = True  # type: ignore[attr-defined]
    return fn


def in_thread_on_sqlite(fn: ReadUse[P, R]) -> ReadUse[P, R]:
    """Mark a read that may take long in the database: on SQLite it runs in a thread, since it would stop
    everybody; on PostgreSQL others go on meanwhile."""
    fn.long_on_sqlite = True  # type: ignore[attr-defined]
    return fn


@contextmanager
def dry_run(tx: Connection) -> Iterator[None]:
    """Run the block in a savepoint and roll it back (dry run)."""
    written = witness.count(tx)
    savepoint = tx.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        witness.undo(tx, written)


@contextmanager
def in_savepoint(tx: Connection) -> Iterator[None]:
    """Run the block in a savepoint; it is rolled back if the block fails."""
    written = witness.count(tx)
    try:
        with tx.begin_nested():
            yield
    except BaseException:
        witness.undo(tx, written)
        raise


class Store:
    """Reads and writes on the database named in the settings.

    ``written`` rings in this process after each commit that leaves entries of the audit trail and events, and
    ``numbered`` when events have got their positions.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.is_sqlite = settings.is_sqlite
        self._begun: set[asyncio.Task[Any]] = set()
        self._writing = {**keys.mark_options(settings), **sealed.options(settings)}
        self.written, self.numbered = Ring(), Ring()
        self.witness = Witness(self.written.ring)
        if self.is_sqlite:
            self._reader = SqliteReaders(dialects.sqlite_engine(settings, writer=False))
            writer = dialects.sqlite_engine(settings, writer=True)
            writer.update_execution_options(**self._writing)
            self._writer = Writer(writer, settings.write_wait_seconds, self.witness)
        else:
            self._settings = settings
            self._sync: Engine | None = None
            self._beside = LongReads(settings)
            source = settings.read_database_url or settings.database_url
            writes = dialects.postgres_async_engine(settings.database_url, settings, read_only=False)
            writes.update_execution_options(**self._writing)
            reads = dialects.postgres_async_engine(source, settings, read_only=True)
            self._writes = PostgresConnections(
                writes,
                settings.pool_size,
                settings.write_wait_seconds,
                "The write waited too long for its turn.",
                Watchdog(dialects.prober(settings.database_url)),
            )
            self._reads = PostgresConnections(
                reads,
                settings.pool_size,
                dialects.CONNECT_SECONDS,
                "The database is busy.",
                Watchdog(dialects.prober(source), self._beside.cut),
            )

    # --- HTTP side

    async def read(self, fn: ReadUse[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a read; several statements see one snapshot.

        Raises:
            UnavailableError: the database is busy or gone.
        """
        if getattr(fn, "long", False) or (self.is_sqlite and getattr(fn, "long_on_sqlite", False)):
            return await self._read_long(fn, *args, **kwargs)
        if self.is_sqlite:
            return self._read_sqlite(fn, *args, **kwargs)
        within = fn if getattr(fn, "single", False) else _in_snapshot(fn)
        try:
            return await self._reads.run(within, *args, **kwargs)  # type: ignore[no-any-return]
        except Exception as error:
            if not database_errors.is_disconnect(error):
                raise database_errors.translate_error(error) from error
        try:  # a connection that died while idle: all idle ones are dropped, a read is harmless to repeat
            return await self._reads.run(within, *args, **kwargs)  # type: ignore[no-any-return]
        except Exception as error:
            raise database_errors.translate_error(error) from error

    async def write(self, fn: Use[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a write in one transaction and return its result after the commit.

        Raises:
            UnavailableError: the database is busy or gone; nothing was written unless the connection
                died during the commit itself.
        """
        if self.is_sqlite:
            return await self._writer.submit(_bound(fn, kwargs), args)  # type: ignore[no-any-return]
        task = asyncio.create_task(self._write_postgres(fn, *args, **kwargs))
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return await asyncio.shield(task)

    def waits(self) -> tuple[float, float]:
        """Return for how many seconds the first read and the first write have been waiting for their turn."""
        if self.is_sqlite:
            return 0.0, self._writer.waited()
        return self._reads.waited(), self._writes.waited()

    # --- commands and jobs

    def read_sync(self, fn: ReadUse[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`read` for commands and jobs."""
        if self.is_sqlite:
            return self._read_sqlite(fn, *args, **kwargs)
        return _read_in(self._sync_engine(), fn, *args, **kwargs)

    def write_sync(self, fn: Use[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """`write` for commands and jobs; waits for its turn as long as it takes."""
        if self.is_sqlite:
            return self._writer.submit_sync(_bound(fn, kwargs), args).result()  # type: ignore[no-any-return]
        for attempt in range(WRITE_TRIES):
            try:
                with self._sync_engine().connect() as tx:
                    return _in_transaction(fn, self.witness)(tx, *args, **kwargs)
            except Exception as error:
                if attempt + 1 == WRITE_TRIES or not database_errors.may_retry(error):
                    raise database_errors.translate_error(error) from error
        raise AssertionError("unreachable")

    def renew_readers(self) -> None:
        """Let reads on SQLite use the statistics there are now: a connection reads them when it is opened."""
        if self.is_sqlite:
            self._reader.renew()

    # --- life

    async def close(self) -> None:
        """Finish what has begun, then let go of every connection."""
        if self.is_sqlite:
            await asyncio.to_thread(self.close_sync)
            return
        if self._begun:
            await asyncio.gather(*self._begun, return_exceptions=True)
        await self._writes.close()
        await self._reads.close()
        self.close_sync()

    def close_sync(self) -> None:
        """`close` for commands."""
        if self.is_sqlite:
            self._writer.close()
            self._writer.engine.dispose()
            self._reader.close()
            return
        self._beside.close()
        if self._sync is not None:
            self._sync.dispose()

    def on_statement(self, listener: Callable[[str], None]) -> None:
        """Call ``listener`` with the text of every statement executed (tests and benchmarks count them).

        Not with those that wake others: they go out beside requests, for all that were written meanwhile.
        """
        if self.is_sqlite:
            engines = [self._reader.engine, self._writer.engine]
        else:
            engines = [self._reads.engine.sync_engine, self._writes.engine.sync_engine]

        def tell(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement not in (_BEGIN_SNAPSHOT, _END_SNAPSHOT) and not statement.startswith("NOTIFY "):
                listener(statement)

        for engine in engines:
            event.listen(engine, "before_cursor_execute", tell)

    # --- inside

    def _read_sqlite(self, fn: ReadUse[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            snapshot = not getattr(fn, "single", False)
            return self._reader.run(snapshot, fn, *args, **kwargs)  # type: ignore[no-any-return]
        except Exception as error:
            raise database_errors.translate_error(error) from error

    async def _read_long(self, fn: ReadUse[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self.is_sqlite:
            return await asyncio.to_thread(lambda: self._read_sqlite(fn, *args, **kwargs))
        engine = self._beside.engine()
        with self._reads.watchdog.limited() as limit:
            async with limit:
                return await asyncio.to_thread(lambda: _read_in(engine, fn, *args, **kwargs))

    async def _write_postgres(self, fn: Use[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        within = _in_transaction(fn, self.witness)
        for attempt in range(WRITE_TRIES):
            try:
                return await self._writes.run(within, *args, **kwargs)  # type: ignore[no-any-return]
            except Exception as error:
                if attempt + 1 == WRITE_TRIES or not database_errors.may_retry(error):
                    raise database_errors.translate_error(error) from error
        raise AssertionError("unreachable")

    def _sync_engine(self) -> Engine:
        if self._sync is None:
            self._sync = dialects.postgres_engine(self._settings.database_url, self._settings)
            self._sync.update_execution_options(**self._writing)
        return self._sync


def _read_in(engine: Engine, fn: ReadUse[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """A read in the thread that calls, all its statements seeing the same rows."""
    engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        with engine.connect() as tx:
            return fn(tx, *args, **kwargs)
    except Exception as error:
        raise database_errors.translate_error(error) from error


def _in_transaction(fn: Use[P, R], seen_by: Witness) -> Use[P, R]:
    """``fn`` in one transaction, committed when it returns."""

    def within(tx: Connection, /, *args: P.args, **kwargs: P.kwargs) -> R:
        witness.begin(tx)
        with tx.begin():
            result = fn(tx, *args, **kwargs)
        seen_by.committed(tx)
        return result

    return within


def _in_snapshot(fn: ReadUse[P, R]) -> Use[P, R]:
    """``fn`` on a connection in autocommit, all its statements seeing the same rows."""

    def within(tx: Connection, /, *args: P.args, **kwargs: P.kwargs) -> R:
        tx.exec_driver_sql(_BEGIN_SNAPSHOT)
        try:
            result = fn(tx, *args, **kwargs)
        except AppError:
            tx.exec_driver_sql(_END_SNAPSHOT)
            raise  # after anything else the connection goes back to the pool, which ends what is open
        tx.exec_driver_sql(_END_SNAPSHOT)
        return result

    return within


def _bound(fn: Use[P, R], kwargs: dict[str, Any]) -> Callable[..., R]:
    if not kwargs:
        return fn

    def call(tx: Connection, *args: Any) -> R:
        return fn(tx, *args, **kwargs)

    return call
