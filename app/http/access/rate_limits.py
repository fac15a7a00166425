"""How many requests a caller may make: fixed windows, in this process or shared through Redis."""

import asyncio
import math
import time
from collections import OrderedDict
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple, Protocol

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.storage import storage_from_string

_MAX_KEYS = 100_000
_MAX_ADDRESS_CHARS = 64
_SHARED_TIMEOUT_SECONDS = 0.25
_SHARED_PAUSE_SECONDS = 5.0
_log = structlog.get_logger("vefa.http")


class Usage(NamedTuple):
    """What is left after a request: whether it may pass, how many more may, and until when (seconds)."""

    allowed: bool
    remaining: int
    reset_seconds: int


class Limiter(Protocol):
    """Counts requests per key."""

    amount: int
    """Requests allowed in a window."""
    seconds: int
    """Length of a window."""

    async def hit(self, key: str) -> Usage:
        """Count one request of ``key``."""
        ...


class MemoryLimiter:
    """Windows kept in this process. Constant time a request, at most ``max_keys`` callers remembered.

    The memory storage of the limits package scans every key each 10 ms in a new thread, so that callers
    from many addresses could stall the process.
    """

    def __init__(self, amount: int, seconds: int, max_keys: int) -> None:
        self.amount, self.seconds, self._max_keys = amount, seconds, max_keys
        # key -> [end of window, requests left]; all windows are equally long, so this is ordered by end.
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def hit(self, key: str) -> Usage:
        """Count one request of ``key``; refused ones do not count."""
        now = time.monotonic()
        ends, left = self._windows.get(key, (0.0, 0))
        if ends <= now:
            self._make_room(key, now)
            ends, left = now + self.seconds, self.amount
        allowed = left > 0
        left = max(0, left - 1)
        self._windows[key] = (ends, left)
        return Usage(allowed, left, math.ceil(ends - now))

    def _make_room(self, key: str, now: float) -> None:
        windows = self._windows
        windows.pop(key, None)
        while windows and (len(windows) >= self._max_keys or windows[next(iter(windows))][0] <= now):
            windows.popitem(last=False)


class SharedLimiter:
    """Windows kept in Redis, shared by all processes.

    While Redis does not answer within 250 ms every request passes, and it is asked again after
    5 seconds: a limiter that is down must not take the service with it.
    """

    def __init__(self, item: RateLimitItem, storage: Storage, kind: str = "") -> None:
        self.amount, self.seconds = item.amount, item.get_expiry()
        self._item, self._strategy, self._kind = item, FixedWindowRateLimiter(storage), kind
        self._ask_again_at = 0.0

    async def hit(self, key: str) -> Usage:
        """Count one request of ``key``; let it pass if the storage fails."""
        unknown = Usage(True, self.amount, self.seconds)
        if time.monotonic() < self._ask_again_at:
            return unknown
        try:
            async with asyncio.timeout(_SHARED_TIMEOUT_SECONDS):
                allowed = await self._strategy.hit(self._item, self._kind, key)
                reset_at, remaining = await self._strategy.get_window_stats(self._item, self._kind, key)
        except Exception as exc:  # whatever the client library raises
            self._ask_again_at = time.monotonic() + _SHARED_PAUSE_SECONDS
            _log.warning("rate_limit_storage_failed", exception=type(exc).__qualname__)
            return unknown
        return Usage(allowed, int(remaining), max(0, math.ceil(reset_at - time.time())))


def limiter(rate: str, storage_url: str, kind: str) -> Limiter:
    """Return the limiter for a rate such as ``"6000/minute"`` and a storage such as ``"memory://"``.

    Limiters of another ``kind`` count apart, also in a shared storage.

    Raises:
        ValueError: the rate is not in the notation of the limits package.
        limits.errors.ConfigurationError: the storage is unknown or its client is not installed.
    """
    item = parse(rate)
    if storage_url.startswith("memory:"):
        return MemoryLimiter(item.amount, item.get_expiry(), _MAX_KEYS)
    storage = storage_from_string(f"async+{storage_url}", implementation="redispy")
    assert isinstance(storage, Storage)  # noqa: S101 - "async+" schemes give asynchronous storages
    return SharedLimiter(item, storage, kind)


def peer_key(peer: tuple[str, int] | None) -> str:
    """Return who is counted where no valid key is: an IPv4 address, or a /64 of IPv6."""
    return _network(peer[0] if peer else "")


def peer_address(peer: tuple[str, int] | None) -> str:
    """Return a peer's address for the log, in one spelling."""
    return _address(peer[0] if peer else "")


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    address = _address(host)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else f"{int(parsed) >> 64:x}"


@lru_cache(maxsize=4096)
def _address(host: str) -> str:
    try:
        parsed = ip_address(host)
    except ValueError:
        return host[:_MAX_ADDRESS_CHARS]
    # A socket for both families shows IPv4 peers as ::ffff:10.0.0.1, all of one /64.
    mapped = parsed.ipv4_mapped if parsed.version == 6 else None
    return str(mapped or parsed)
