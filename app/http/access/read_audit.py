"""Who read whom: entries of the audit trail about reads, if the settings want them.

Entries are written in batches beside the requests, so that a read waits for none of them unless the
database cannot take them for long.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal

import structlog

from app.domain.common.access import Actor
from app.errors import AppError
from app.store.audit import trail
from app.store.engine import Store
from app.store.paging import Page

ReadsNoted = Literal["off", "single", "all"]
Read = tuple[Actor, str, tuple[str, ...]]

WRITE_EVERY_SECONDS = 0.2
_MAX_WAITING = 2_000
_AT_ONCE = 500
_log = structlog.get_logger("vefa.http")


class ReadTrail:
    """The reads of one process that are yet to be written into the trail."""

    def __init__(self, store: Store, mode: ReadsNoted) -> None:
        self.is_on = mode != "off"
        self._notes_lists = mode == "all"
        self._store = store
        self._waiting: list[Read] = []
        self._later: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._turn = asyncio.Lock()

    async def note(
        self, actor: Actor, endpoint: str, path: Mapping[str, Any], asked: Mapping[str, Any], found: Any
    ) -> None:
        """Note that ``actor`` read what ``found`` holds of customers.

        Args:
            actor: who reads.
            endpoint: name of the operation's function, such as ``get_customer``.
            path: parameters of the path.
            asked: the query of a list; one for a single customer counts as a read of that customer.
            found: what the service returned, a `Page` for lists.

        Raises:
            UnavailableError: too many entries wait, and the database does not take them.
        """
        about = _named("customer_id", path, asked)
        if not about and (self._notes_lists or not isinstance(found, Page)):
            about = tuple(dict.fromkeys(_customers(found, "customer" in endpoint)))
        about = about or _named("complaint_id", path)  # its steps name no customer
        if not about:
            return
        self._waiting.append((actor, f"read.{endpoint}", about))
        if len(self._waiting) >= _MAX_WAITING:
            await self.write()
        elif self._later is None or self._later.done():
            self._later = asyncio.create_task(self._write_later())

    async def write(self) -> None:
        """Write what waits.

        Raises:
            UnavailableError: the database does not take it; it goes on waiting.
        """
        # A caller who hangs up must not part a batch that was written from its removal here.
        await asyncio.shield(asyncio.ensure_future(self._write_all()))

    async def close(self) -> None:
        """Write what waits, once, and stop."""
        self._closing.set()
        if self._later is not None:
            await self._later
        try:
            await self.write()
        except AppError as error:
            _log.error("reads_lost", count=len(self._waiting), code=error.code)

    async def _write_all(self) -> None:
        async with self._turn:
            while self._waiting:
                reads = self._waiting[:_AT_ONCE]
                await self._store.write(_record, reads)
                del self._waiting[: len(reads)]

    async def _write_later(self) -> None:
        while self._waiting and not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), WRITE_EVERY_SECONDS)
            try:
                await self.write()
            except AppError as error:
                _log.warning("reads_not_noted", waiting=len(self._waiting), code=error.code)


def _record(tx: Any, reads: Collection[Read]) -> None:
    for actor, action, about in reads:
        trail.record_all(tx, actor, action, [(object_id, None) for object_id in about], outbox=False)


def _named(name: str, *parameters: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(found[name]) for found in parameters if found.get(name) is not None)[:1]


def _customers(found: Any, of_customers: bool) -> Iterator[str]:
    """Ids of the customers in a service's result; ``of_customers``: what is returned are customers."""
    rows = found.rows if isinstance(found, Page) else [found]
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        customers = [row.get("customer"), *(row.get("candidates") or ())]
        ids = [row.get("customer_id"), row.get("id") if of_customers else None]
        ids += [customer["id"] for customer in customers if isinstance(customer, Mapping)]
        yield from (str(one) for one in ids if one is not None)
