"""A worker: takes waiting jobs, works them off, and looks after workers that died.

`vefa serve` runs one inside the API process when the store is SQLite, over the same `Store` object so
that every write goes through the one writer thread; with PostgreSQL `vefa worker` is a process of its
own, as many as wished.
"""

import platform
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.domain.common.job_turns import Turns
from app.domain.common.secret_strength import refusal
from app.errors import StartError, UnavailableError
from app.jobs import dispatcher, recovery, registry, workflows
from app.jobs.events.courier import Courier
from app.jobs.registry import Context
from app.jobs.schedule import Schedule
from app.settings import Settings
from app.store import job_notifications, process_locks, worker_heartbeats
from app.store.engine import Store
from app.store.events.bell import NUMBERED, WRITTEN
from app.store.job_notifications import CHANNEL, JobListener
from app.store.process_locks import ProcessLock

SLOTS = 64
"""Workers with a default id that may run on one host."""

Step = Callable[[], float]

_JOIN_SECONDS = 5.0
_LISTEN_SECONDS = 10.0

_log = structlog.get_logger("vefa.jobs")


class WorkerRefusedError(StartError):
    """The worker must not start like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How often a worker looks. Seconds."""

    poll: float = 0.25
    """For waiting jobs, where no bell tells of them (SQLite)."""
    poll_with_notifications: float = 2.0
    """For waiting jobs whose bell was not heard (PostgreSQL)."""
    heartbeat: float = 5.0
    """Between signs of life, and looks for those of others."""
    silence: float = 15.0
    """Without a sign of life, after which a worker counts as dead."""


class Worker:
    """One worker; at most one a process.

    Args:
        settings: those of the service.
        store: shared with the API when both live in one process; by default the worker has its own.

    Raises:
        WorkerRefusedError: no secret worth its name, without which the audit trail cannot be sealed.
        ValueError: ``VEFA_DUTIES_OFF`` names a duty there is not.
    """

    def __init__(self, settings: Settings, store: Store | None = None, timing: Timing | None = None) -> None:
        if refused := refusal(settings.secret_text):
            raise WorkerRefusedError(refused)
        self._settings = settings
        self._timing = timing or Timing()
        self._owns_store = store is None
        self._context = Context(store or Store(settings), settings.company, settings)
        self._schedule = Schedule(self._context, settings.duties_off)
        self._turns = Turns()
        self._stopping = threading.Event()
        self._wakes: dict[str, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._host: workflows.Host | None = None
        self._hold: ProcessLock | None = None
        self._bell = None if settings.is_sqlite else JobListener(settings, (CHANNEL, WRITTEN, NUMBERED))
        self._courier: Courier | None = None
        self._forget_ring = self._context.store.written.add(self._number)
        self.id = ""

    def start(self) -> None:
        """Begin to work; returns when everything runs, after 0.2-1 s.

        Raises:
            WorkerRefusedError: a living worker has this id.
            UnavailableError: the database does not answer.
        """
        registry.load()
        self.id, self._hold = _identity(self._settings)
        try:
            self._context.store.write_sync(worker_heartbeats.beat, self.id)
            self._host = workflows.launch(self._context, self.id, self._look_for_jobs)
        except BaseException:
            self._hold.release()
            raise
        loops: dict[str, Step] = {
            "dispatch": self._dispatch,
            "pulse": self._pulse,
            "duties": self._schedule.run_due,
        }
        if self._bell is not None:
            loops["listen"] = self._listen
        for name, step in loops.items():
            wake = self._wakes[name] = threading.Event()
            self._threads.append(
                threading.Thread(target=self._repeat, args=(wake, step), name=f"vefa-{name}", daemon=True)
            )
        self._courier = Courier(self._context, self.id)
        self._courier.start()
        for thread in self._threads:
            thread.start()
        _log.info("worker_started", worker_id=self.id)

    def stop(self, timeout: float = 10.0) -> bool:
        """Stop taking jobs, let running ones leave after their present unit, and give the id back.

        Unfinished jobs go on in other workers at once, or here after the next start.

        Returns:
            False if a unit was still running after ``timeout`` seconds. Its thread keeps the interpreter
            from exiting; a command should then end with ``os._exit``: nothing is lost by it.
        """
        self._end_loops()
        self._forget_ring()
        if self._courier is not None:
            self._courier.stop()
        if self._bell is not None:
            with suppress(UnavailableError):
                self._context.store.write_sync(job_notifications.notify)  # ends our own listening
        for thread in self._threads:
            thread.join(_JOIN_SECONDS)
        if self._bell is not None:
            self._bell.close()
        drained = workflows.shut_down(timeout)
        if drained and self._hold is not None:
            try:
                self._context.store.write_sync(worker_heartbeats.retire, self.id)
            except UnavailableError:
                _log.warning("worker_not_retired", worker_id=self.id)  # its silence will tell
            self._hold.release()
        if self._owns_store:
            self._context.store.close_sync()
        _log.info("worker_stopped", worker_id=self.id, drained=drained)
        return drained

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the worker gives up by itself because another took its id; False after ``timeout``."""
        return self._stopping.wait(timeout)

    # --- inside

    def _look_for_jobs(self) -> None:
        if "dispatch" in self._wakes:
            self._wakes["dispatch"].set()

    def _dispatch(self) -> float:
        free, free_for_long = self._host.free() if self._host is not None else (0, 0)
        dispatcher.hand_over(self._context.store, free, free_for_long, self._turns)
        return self._timing.poll if self._bell is None else self._timing.poll_with_notifications

    def _listen(self) -> float:
        heard = self._bell.wait(_LISTEN_SECONDS) if self._bell is not None else frozenset()
        if CHANNEL in heard:
            self._look_for_jobs()
        if WRITTEN in heard:
            self._number()
        if NUMBERED in heard:
            self._context.store.numbered.ring()
        return 0.0

    def _number(self) -> None:
        """Let events that were just written get their positions."""
        self._schedule.hurry("positions")
        if "duties" in self._wakes:
            self._wakes["duties"].set()

    def _pulse(self) -> float:
        if self._hold is not None and not self._hold.is_still_held():
            _log.critical("worker_id_lost", worker_id=self.id)
            self._end_loops()
            return 0.0
        store, silence = self._context.store, timedelta(seconds=self._timing.silence)
        store.write_sync(worker_heartbeats.beat, self.id)
        recovery.take_over(store, self.id, silence)
        return self._timing.heartbeat

    def _repeat(self, wake: threading.Event, step: Step) -> None:
        """Do ``step`` for ever; it returns how many seconds to wait for the next time."""
        while not self._stopping.is_set():
            try:
                seconds = step()
            except UnavailableError as error:
                _log.warning("worker_waits_for_database", detail=error.detail)
                seconds = 1.0
            except Exception as error:
                _log.error("worker_loop_failed", exception=type(error).__qualname__, exc_info=True)
                seconds = self._timing.heartbeat
            wake.wait(seconds)
            wake.clear()

    def _end_loops(self) -> None:
        self._stopping.set()
        if self._host is not None:
            self._host.stopping.set()
        for wake in self._wakes.values():
            wake.set()


def _identity(settings: Settings) -> tuple[str, ProcessLock]:
    """The worker's id, held so that no other living process can have it."""
    if settings.worker_id is not None:
        candidates = [settings.worker_id]
    else:
        host = re.sub(r"[^A-Za-z0-9.-]", "-", platform.node())[:60] or "host"
        candidates = [f"{host}-{slot}" for slot in range(1, SLOTS + 1)]
    for candidate in candidates:
        hold = process_locks.take(settings, f"worker-{candidate}")
        if hold is not None:
            return candidate, hold
    raise WorkerRefusedError(f"A worker with the id {candidates[0]} is running; set another VEFA_WORKER_ID.")
