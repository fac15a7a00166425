"""The one durable workflow, on DBOS: work a job off unit by unit and remember how far it is.

DBOS records every finished unit, so a job goes on where it was after any crash. What it is used for
and what not:

- It keeps its state in schema ``dbos`` of the same PostgreSQL database, or in a second file beside the
  SQLite store (`state_file`).
- The line of waiting jobs is our own table: the dispatcher starts a workflow when this worker has a free
  slot. A queue of DBOS would have to be polled as well (measured: 0.5 % of a core for one look a second,
  five times as much as a look at our table), and a job handed to it could no longer be cancelled.
- It keeps JSON only; a pickle in its tables is never read (`app.jobs.state_format`).
- Workflows of dead workers come back through DBOS's internal queue and wait for a slot here.
"""

import logging
import sqlite3
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID, _workflow_commands
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from app.domain.common.job_turns import long_slots
from app.errors import AppError, UnavailableError
from app.jobs import state_format
from app.jobs.registry import KINDS, Context
from app.services.platform import jobs
from app.settings import Settings
from app.store import dialects, private_files
from app.store.transactions import Row, WriteTx
from app.texts import translate

R = TypeVar("R")

APPLICATION_VERSION = "1"
"""Raised only when `run_job` changes so that a job begun by the old code cannot go on with the new one,
and only after all jobs have ended: DBOS never hands a workflow to another version."""

MAX_STARTS = 50
"""A job that was taken up so often and never ended (it may kill its worker) fails."""

INTERNAL_ERROR = "internal error"

_RETURNED_SECONDS = 5.0
_RETURNED_AT_START_SECONDS = 0.2
_START_SECONDS = 3.0
_HOUSEKEEPING_SECONDS = 4.0  # below the 5 s after which DBOS's housekeeping lock is broken
_LONGEST_RETRY_SECONDS = 10.0

_log = structlog.get_logger("vefa.jobs")


class _Leave(BaseException):
    """Raised when this worker stops: the job stays as it is for another worker.

    Not an `Exception`, so that DBOS does not record it as the outcome.
    """


@dataclass
class Host:
    """Where workflows run: this process, with its slots. ``on_free`` is called when a slot becomes free."""

    context: Context
    on_free: Callable[[], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    _present: Counter[bool] = field(default_factory=Counter)  # at work or waiting for a slot, by being short
    _at_work: Counter[bool] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def free(self) -> tuple[int, int]:
        """How many more jobs could begin now, and how many of them may be long."""
        with self._changed:
            slots = self._slots
            long = min(self._present[False], long_slots(slots))
            free = max(0, slots - self._present[True] - long)
            return free, min(free, long_slots(slots) - long)

    def drain(self, timeout: float) -> bool:
        """Let every job leave after its present unit; False if one has not within ``timeout`` seconds."""
        self.stopping.set()
        with self._changed:
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._present.total(), timeout)

    @contextmanager
    def slot(self, short: bool) -> Iterator[None]:
        """Wait for a slot and hold it; ``short`` tells whether the job surely ends soon."""
        with self._changed:
            self._present[short] += 1
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._may_work(short))
                self._leave_if_stopping()
                self._at_work[short] += 1
            try:
                yield
            finally:
                with self._changed:
                    self._at_work[short] -= 1
        finally:
            with self._changed:
                self._present[short] -= 1
                self._changed.notify_all()
            self.on_free()

    def retry_while_unavailable(self, act: Callable[[], R]) -> R:
        """Run ``act``, again and again while the database cannot be reached."""
        delay = 0.2
        while True:
            self._leave_if_stopping()
            try:
                return act()
            except UnavailableError as error:
                _log.warning("job_waits_for_database", detail=error.detail)
            self.stopping.wait(delay)
            delay = min(delay * 2, _LONGEST_RETRY_SECONDS)

    @property
    def _slots(self) -> int:
        return self.context.settings.job_concurrency

    def _may_work(self, short: bool) -> bool:
        if self.stopping.is_set():
            return True
        fits = self._at_work.total() < self._slots
        return fits and (short or self._at_work[False] < long_slots(self._slots))

    def _leave_if_stopping(self) -> None:
        if self.stopping.is_set():
            raise _Leave


_host: Host | None = None
_engine: Engine | None = None


# --- the workflow


def workflow_id(job_id: UUID) -> str:
    """The id of a job's workflow: handing a job over twice makes one workflow."""
    return f"job-{job_id}"


def begin(job_id: UUID) -> None:
    """Start a job's workflow in this process, unless it exists anywhere already."""
    with SetWorkflowID(workflow_id(job_id)):
        DBOS.start_workflow(run_job, str(job_id))


@DBOS.workflow(name="run_job", max_recovery_attempts=MAX_STARTS)
def run_job(job_id: str) -> None:
    """Work a job off. Everything it does besides its steps is harmless when repeated."""
    host = _host
    if host is None:
        raise _Leave
    store = host.context.store
    with host.slot(host.retry_while_unavailable(lambda: store.read_sync(jobs.is_short_job, UUID(job_id)))):
        job = host.retry_while_unavailable(lambda: store.write_sync(jobs.start, UUID(job_id)))
        if job is None:
            return
        n, verdict = 0, advance(job, 0)
        while verdict == "more":
            n += 1
            verdict = advance(job, n)
        if verdict == "done":
            host.retry_while_unavailable(lambda: store.write_sync(jobs.finish, job["id"]))
        else:
            host.retry_while_unavailable(lambda: store.write_sync(fail, job, verdict))


@DBOS.step(name="advance")
def advance(job: Row, n: int) -> str:
    """Do unit ``n`` of a job.

    Returns:
        ``"more"``, ``"done"``, or the text of what went wrong: an outcome DBOS can record and repeat.
    """
    host = _host
    if host is None:
        raise _Leave
    kind = KINDS.get(job["kind"])
    if kind is None:
        return "no worker knows this kind of job"
    try:
        done = host.retry_while_unavailable(lambda: kind.advance(host.context, job, n))
    except AppError as error:
        return _refusal(error)
    except Exception as error:
        _log.error("job_failed", job_id=str(job["id"]), kind=job["kind"], unit=n, **_where(error))
        return INTERNAL_ERROR
    return "done" if done else "more"


def fail(tx: WriteTx, job: Row, error: str) -> bool:
    """Mark a job as failed, and let its kind do the same with its own rows.

    Returns:
        Whether it had not ended before.
    """
    failed = jobs.fail(tx, job["id"], error)
    kind = KINDS.get(job["kind"])
    if failed and kind is not None and kind.failed is not None:
        kind.failed(tx, job, error)
    return failed


def _refusal(error: AppError) -> str:
    return translate(error.detail, "en", **error.params) if error.detail else error.code


def _where(error: Exception) -> dict[str, Any]:
    """What the log may say: the place, not the message, which may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    return {
        "exception": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


# --- life


def state_file(store: Path) -> Path:
    """Where DBOS keeps its state beside a SQLite store: ``vefa.db`` -> ``vefa-jobs.db``."""
    return store.with_name(f"{store.stem}-jobs.db")


def launch(context: Context, worker_id: str, on_free: Callable[[], None]) -> Host:
    """Start DBOS as executor ``worker_id``; what that executor left unfinished is taken up at once.

    DBOS is one per process. Takes 0.2-0.6 s.

    Raises:
        RuntimeError: it runs already.
    """
    global _host, _engine
    if _host is not None:
        raise RuntimeError("one worker per process")
    settings = context.settings
    _quiet_logger(settings.log_level)
    config: DBOSConfig = {
        "name": "vefa",
        "application_version": APPLICATION_VERSION,
        "executor_id": worker_id,
        "log_level": settings.log_level if settings.log_level == "DEBUG" else "WARNING",
        "use_listen_notify": False,  # nobody waits for its messages and events
        "scheduler_polling_interval_sec": 3600.0,  # we have duties of our own, see schedule.py
        "enable_otlp": False,
        "serializer": state_format.SERIALIZER,
    }
    if settings.sqlite_path is not None:
        config["system_database_url"] = f"sqlite:///{_prepared(state_file(settings.sqlite_path))}"
    else:
        _engine = _postgres_engine(settings)
        config["system_database_engine"] = _engine
    _host = Host(context, on_free)
    try:
        _calm(DBOS(config=config))
        DBOS.launch()
    except BaseException:
        shut_down(0)
        raise
    return _host


def shut_down(timeout: float) -> bool:
    """Let jobs leave after their present unit, then stop DBOS.

    Returns:
        False if one has not left within ``timeout`` seconds; its thread then still runs.
    """
    global _host, _engine
    drained = _host is None or _host.drain(timeout)
    DBOS.destroy()
    if _engine is not None:
        _close(_engine)
    _host = _engine = None
    return drained


def _close(engine: Engine) -> None:
    """Close all connections, also those that threads of DBOS, which joins none, give back a moment later."""
    pool = cast(QueuePool, engine.pool)
    engine.dispose()
    for _ in range(40):
        if not pool.checkedout():
            break
        time.sleep(0.05)
    pool.dispose()


def _postgres_engine(settings: Settings) -> Engine:
    return create_engine(
        dialects.postgres_url(settings.database_url),
        connect_args={"options": "-c timezone=UTC", "connect_timeout": dialects.CONNECT_SECONDS},
        pool_size=settings.job_concurrency + 6,
        max_overflow=0,
        hide_parameters=True,
    )


def _prepared(path: Path) -> Path:
    """The state file in WAL mode, which stays with the file: commits cost half, readers never wait."""
    private_files.make(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return path


def _quiet_logger(level: str) -> None:
    """Let DBOS log through the service's own handlers: with one of its own it adds no console handler."""
    logger = logging.getLogger("dbos")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _calm(dbos: DBOS) -> None:
    """Slow down polling that 3.4 has no setting for (it costs 1 % of a core): DBOS's housekeeping, which
    we have no use for, and the look for work that came back, once what was our own has been found."""
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = _HOUSEKEEPING_SECONDS
    returned = dbos._registry.get_internal_queue()
    returned._polling_interval_sec = _RETURNED_AT_START_SECONDS
    later = threading.Timer(_START_SECONDS, setattr, (returned, "_polling_interval_sec", _RETURNED_SECONDS))
    later.daemon = True
    later.start()
