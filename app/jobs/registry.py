"""The kinds of jobs there are, and what one unit of work of each is."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from app.domain.common.company import Company
from app.settings import Settings
from app.store.engine import Store
from app.store.transactions import Row

_MODULES = (
    "app.jobs.scoring.backtest",
    "app.jobs.imports.run",
    "app.jobs.scoring.replay",
    "app.jobs.scoring.score",
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a unit of work may use."""

    store: Store
    company: Company
    settings: Settings


Advance = Callable[[Context, Row, int], bool]
Failed = Callable[[Connection, Row, str], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a job of one kind is worked off.

    ``advance(context, job, n)`` does one bounded unit of work in a write transaction of its own
    (``context.store.write_sync``) and returns True when nothing is left. ``job`` is the row of `jobs` as
    it was when this worker began. ``n`` counts units from 0; a unit may run again after a crash, even
    after it committed, so it must be keyed by what it does: doing it twice is doing it once. A unit
    should take at most a few seconds, because a stopping worker waits for it. Whatever it raises fails
    the job, but for `UnavailableError`, after which the unit is tried again for as long as it takes.

    ``failed(tx, job, error)`` runs in the transaction that marks the job as failed, to end the kind's own
    rows as well; it must not raise.
    """

    advance: Advance
    failed: Failed | None = None


KINDS: dict[str, Kind] = {}


def register(name: str, *, failed: Failed | None = None) -> Callable[[Advance], Advance]:
    """Make the decorated function the ``advance`` of the jobs called ``name``."""

    def add(advance: Advance) -> Advance:
        KINDS[name] = Kind(advance, failed)
        return advance

    return add


def load() -> None:
    """Import every module that registers kinds; idempotent."""
    for module in _MODULES:
        importlib.import_module(module)
