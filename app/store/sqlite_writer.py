"""The one thread that writes to SQLite.

Jobs are taken in order. Each runs in its own savepoint, so one that fails undoes only itself; several
that wait together share one ``BEGIN IMMEDIATE ... COMMIT``, because the fsync is what costs. Whoever
waits gets the answer only after the commit, and before the log is moved into the file, which takes longer
than many a write: SQLite itself would do that within the commit. A request that waits too long for its
turn gives up, also while the thread is stuck. Whatever fails at BEGIN or COMMIT is told to everyone
concerned, and the thread lives on.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, event

from app.errors import UnavailableError
from app.store.audit import witness
from app.store.audit.witness import Witness
from app.store.database_errors import is_locked, translate_error

MAX_BATCH_JOBS = 64
MAX_BATCH_SECONDS = 0.05
MAX_WAITING = 5_000

CHECKPOINT_ROWS = 1_000
"""After so many rows were written the log is moved into the file."""


@dataclass(slots=True, eq=False)
class _Job:
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    loop: asyncio.AbstractEventLoop | None  # None: a command or job, which waits as long as it takes
    future: Any  # asyncio.Future on ``loop``, or concurrent Future
    result: Any = None
    error: BaseException | None = None
    since: float = field(default_factory=monotonic)


@dataclass
class Writer:
    """FIFO writer over ``engine`` (one connection); a request waits ``wait_seconds`` at most for its turn."""

    engine: Engine
    wait_seconds: float
    witness: Witness = field(default_factory=Witness)
    _waiting: deque[_Job] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _closing: bool = False
    _thread: threading.Thread | None = None
    _moved_rows: int = 0

    def __post_init__(self) -> None:
        @event.listens_for(self.engine, "connect")
        def _leave_the_log(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA wal_autocheckpoint=0")

    def close(self) -> None:
        """Finish what is waiting, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def submit(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> "asyncio.Future[Any]":
        """Queue a request's write from an event loop."""
        loop = asyncio.get_running_loop()
        job = _Job(fn, args, loop, loop.create_future())
        self._put(job)
        timer = loop.call_later(self.wait_seconds, self._give_up, job)
        job.future.add_done_callback(lambda _: timer.cancel())
        return job.future  # type: ignore[no-any-return]

    def submit_sync(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> "Future[Any]":
        """Queue a write of a command or job, which may wait as long as it takes."""
        future: Future[Any] = Future()
        self._put(_Job(fn, args, None, future))
        return future

    def waited(self) -> float:
        """Return for how many seconds the first job has been waiting for its turn."""
        with self._changed:
            return monotonic() - self._waiting[0].since if self._waiting else 0.0

    def _put(self, job: _Job) -> None:
        with self._changed:
            if self._closing or (len(self._waiting) >= MAX_WAITING and job.loop is not None):
                raise UnavailableError("Too many writes are waiting.", headers={"Retry-After": "1"})
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="vefa-writer", daemon=True)
                self._thread.start()
            self._waiting.append(job)
            self._changed.notify()

    def _give_up(self, job: _Job) -> None:
        """Refuse a request's write that has not begun; one that has is waited for: it may commit."""
        with self._changed:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        job.error = UnavailableError("The write waited too long for its turn.", headers={"Retry-After": "1"})
        _settle(job)

    def _wait(self) -> bool:
        """Sleep until there is work; False when there never will be again."""
        with self._changed:
            while not self._waiting:
                if self._closing:
                    return False
                self._changed.wait()
            return True

    def _take(self) -> _Job | None:
        with self._changed:
            return self._waiting.popleft() if self._waiting else None

    def _run(self) -> None:
        while self._wait():
            batch: list[_Job] = []
            is_answered = False
            try:
                with self.engine.connect() as connection:
                    raw = connection.connection.driver_connection
                    witness.begin(connection)
                    with connection.begin():
                        ends = monotonic() + MAX_BATCH_SECONDS
                        while len(batch) < MAX_BATCH_JOBS and monotonic() < ends and (job := self._take()):
                            batch.append(job)
                            _run_one(connection, raw, job)
                    self.witness.committed(connection)
                    _answer(batch)
                    is_answered = True
                    self._checkpoint(raw)
            except BaseException as error:  # answered to everyone concerned; the thread lives on
                self.engine.dispose()  # a failed COMMIT leaves its transaction open on the connection
                if is_answered:
                    continue
                batch = batch or self._not_begun(error)
                for job in batch:
                    job.error = job.error or translate_error(error)
                _answer(batch)

    def _checkpoint(self, raw: Any) -> None:
        """Move the log into the file when there is much in it; what is being read stays for the next time."""
        if abs(raw.total_changes - self._moved_rows) >= CHECKPOINT_ROWS:
            raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self._moved_rows = raw.total_changes

    def _not_begun(self, error: BaseException) -> list[_Job]:
        """Whom a failed BEGIN concerns: everyone, but when another process holds the lock nobody yet,
        for requests give up by themselves and commands wait."""
        with self._changed:
            if is_locked(error) and not self._closing:
                return []
            concerned = list(self._waiting)
            self._waiting.clear()
            return concerned


def _run_one(connection: Connection, raw: Any, job: _Job) -> None:
    if job.future.cancelled():
        return
    raw.execute("SAVEPOINT job")
    written = witness.count(connection)
    try:
        job.result = job.fn(connection, *job.args)
    except BaseException as error:
        raw.execute("ROLLBACK TO job")
        witness.undo(connection, written)
        job.error = translate_error(error)
    raw.execute("RELEASE job")


def _answer(batch: list[_Job]) -> None:
    """Hand results to their waiters, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in batch:
        if job.loop is None:
            _settle(job)
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, jobs in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle_all, jobs)


def _settle_all(jobs: list[_Job]) -> None:
    for job in jobs:
        _settle(job)


def _settle(job: _Job) -> None:
    if job.future.done():
        return
    if job.error is not None:
        job.future.set_exception(job.error)
    else:
        job.future.set_result(job.result)
