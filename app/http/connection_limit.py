"""How many connections a process serves at once, and which of them go when there are more.

A process without file descriptors can neither accept a connection nor open its database, and new
clients are reset. So there are never more connections than the limit leaves room for: a newcomer takes the
place of one that nobody is waiting for.
"""

import resource
import time
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from prometheus_client import Counter, Gauge

RESERVED_DESCRIPTORS = 128
_MAX_DESCRIPTORS = 1 << 20
_FEWEST_CONNECTIONS = 16
YOUNG_SECONDS = 0.5
"""So long a newcomer may take to send its head before it goes ahead of idle connections."""

_open = Gauge("vefa_connections", "Client connections that are open.")
_shed = Counter(
    "vefa_connections_shed_total", "Connections closed to make room, by what they did.", ("stage",)
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much of a client is waited for. Times are seconds, sizes bytes."""

    head_seconds: float = 10.0
    """From connecting, or from the first byte of a further request, to the end of the head."""
    body_seconds: float = 20.0
    """In each such span at least ``body_bytes`` of the body must arrive, or all of it."""
    body_bytes: int = 10_000
    head_bytes: int = 64 * 1024
    """Largest request line and headers."""
    write_seconds: float = 60.0
    """How long a client may take nothing of an answer before it is cut off."""
    keep_alive_seconds: int = 20
    """How long an idle connection is kept."""
    linger_seconds: float = 2.0
    """How long a body nobody wants is thrown away before the connection is cut. Closing at once
    would reset the connection, and the client might lose the answer that tells why."""
    connections: int = 1000
    """Open connections at once; a newcomer takes the place of one that waits for nothing."""
    shutdown_seconds: int = 25
    """How long requests in flight may take after SIGTERM."""


class Stage(Enum):
    """What a connection is at."""

    CLOSING = "closing"
    """It was answered, and what it still sends is thrown away."""
    HEAD = "head"
    """The head of a request has not come to its end."""
    IDLE = "idle"
    """Kept alive between two requests."""
    BODY = "body"
    """The body of a request has not come to its end."""
    STALLED = "stalled"
    """It takes nothing of its answer."""
    BUSY = "busy"
    """We owe it an answer: it is never shed."""


class Connection(Protocol):
    """A client's connection."""

    @property
    def is_slow(self) -> bool:
        """Whether less of a body has come than may be expected."""

    def drop(self) -> None:
        """Close at once."""


class Connections:
    """The open connections of one server, at most ``limit``."""

    def __init__(self, limit: int) -> None:
        self._most = limit
        self._stages: dict[Stage, dict[Connection, float]] = {stage: {} for stage in Stage}
        self._stage_of: dict[Connection, Stage] = {}
        for stage in Stage:
            _shed.labels(stage.value)

    def __len__(self) -> int:
        return len(self._stage_of)

    def opened(self, newcomer: Connection) -> bool:
        """Take a connection in; False if there is no room for it and nobody who could go."""
        if len(self._stage_of) >= self._most and not self._shed_one():
            _shed.labels(Stage.BUSY.value).inc()
            return False
        _open.inc()
        self._put(newcomer, Stage.HEAD)
        return True

    def moved(self, connection: Connection, stage: Stage) -> None:
        """Note what a connection is at now."""
        before = self._stage_of.get(connection)
        if before is not None and before is not stage:
            del self._stages[before][connection]
            self._put(connection, stage)

    def closed(self, connection: Connection) -> None:
        """Forget a connection; harmless when it is unknown."""
        stage = self._stage_of.pop(connection, None)
        if stage is not None:
            _open.dec()
            del self._stages[stage][connection]

    def _put(self, connection: Connection, stage: Stage) -> None:
        self._stages[stage][connection] = time.monotonic()
        self._stage_of[connection] = stage

    def _shed_one(self) -> bool:
        victim = self._victim()
        if victim is None:
            return False
        _shed.labels(self._stage_of[victim].value).inc()
        self.closed(victim)
        victim.drop()
        return True

    def _victim(self) -> Connection | None:
        """The connection that misses least: of each stage the oldest."""
        heads = self._stages[Stage.HEAD]
        oldest_head = next(iter(heads), None)
        if found := next(iter(self._stages[Stage.CLOSING]), None):
            return found
        if oldest_head is not None and heads[oldest_head] < time.monotonic() - YOUNG_SECONDS:
            return oldest_head
        if found := next(iter(self._stages[Stage.IDLE]), None):  # HTTP lets a server close these at any time
            return found
        slow = (connection for connection in self._stages[Stage.BODY] if connection.is_slow)
        return oldest_head or next(slow, None) or next(iter(self._stages[Stage.STALLED]), None)


def raise_descriptor_limit() -> int:
    """Raise the limit of file descriptors as far as this process may, and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MAX_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has another limit behind an unlimited one
            wanted = soft
        soft = wanted
    return _MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def fitting(wanted: int, descriptors: int, database_connections: int) -> int:
    """Return how many connections of at most ``limit`` leave descriptors for the database and files."""
    return max(_FEWEST_CONNECTIONS, min(wanted, descriptors - RESERVED_DESCRIPTORS - database_connections))
