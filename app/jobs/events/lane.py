"""Deliveries to one endpoint: in order for each key, several keys at once, with all results written down."""

import asyncio
import random
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Protocol
from uuid import UUID

import structlog

from app.domain.common.access import Actor, Scope, system
from app.domain.common.company import Company
from app.domain.events import bodies, deliveries
from app.domain.events.deliveries import Answer, DisabledReason, EndpointState, Ordering, Outcome
from app.domain.events.event_types import TEST, visible_types
from app.jobs.events.event_reader import EventReader, Prepared
from app.jobs.events.pace import Pace
from app.services.events import webhook_endpoints
from app.store.audit import trail
from app.store.engine import Store
from app.store.events import lanes
from app.store.events.lanes import Results
from app.store.events.sealed import Seal, UnreadableError
from app.store.tables import WebhookEndpoint
from app.store.transactions import Row, WriteTx
from app.store.types import new_id

MAX_AHEAD = 1_000
"""Events that are read and not settled."""
FLUSH_ROWS = 200
FLUSH_SECONDS = 0.2
DUE_SECONDS = 1.0
"""Between looks for parked events whose time has come."""
STOP_SECONDS = 2.0
_DUE_AT_ONCE = 64
_IDLE_MOVE = 500
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F]{0,4}\b")

_log = structlog.get_logger("vefa.webhooks")


class Sender(Protocol):
    """What sends; `app.integrations.webhook_sender.WebhookSender` does."""

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Post a body; whatever goes wrong is an answer as well."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all lanes of a courier share."""

    name: str
    """Of the courier, in leases."""
    store: Store
    company: Company
    seal: Seal
    reader: EventReader
    sender: Sender
    headers_of: Callable[..., dict[str, str]]
    clock: Callable[[], datetime]


class Lane:
    """An endpoint that this courier holds; ``row`` is that of `WebhookEndpoint`."""

    def __init__(self, office: Office, row: Row) -> None:
        self._office = office
        self.id: UUID = row["id"]
        self.changed = asyncio.Event()
        self._stopping = self._is_over = False
        self._read_until: int = row["position"]
        self._written: int = row["position"]
        self._queue: deque[Prepared] = deque()
        self._unsettled: dict[int, None] = {}
        self._busy: dict[str, deque[Prepared]] = {}
        self._parked_keys: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pace = Pace()
        self._due_at = self._flush_at = 0.0
        self._results, self._facts = Results(row["position"]), list[str]()
        self._lost = 0
        self._failing_since: datetime | None = row["failing_since"]
        self._failed_at: datetime | None = row["failed_at"]
        self._row = row
        self._take_in(row)

    def update(self, row: Row) -> None:
        """Go on with the row as it is now, where somebody changed it."""
        if row["version"] != self._row["version"]:
            self._row, self._failing_since = row, row["failing_since"]
            self._failed_at = row["failed_at"]
            self._take_in(row)

    def _take_in(self, row: Row) -> None:
        reader = Actor("endpoint", frozenset(map(Scope, row["scopes"])), units=frozenset(row["units"]))
        self._types = {known.name for known in visible_types(reader, row["types"])} - {TEST}
        self._in_order = row["ordering"] == Ordering.BY_KEY
        try:
            self._own_headers = webhook_endpoints.open_headers(self._office.seal, row)
            webhook_endpoints.open_secrets(self._office.seal, row, self._office.clock())
        except UnreadableError as error:
            _log.error("webhook_unreadable", endpoint_id=str(self.id), reason=str(error))
            self._stopping = True

    async def run(self) -> None:
        """Deliver until `stop`, or until the endpoint is disabled or another courier's."""
        await self._refresh_keys()
        while not self._stopping:
            self.changed.clear()
            await self._read_more()
            await self._take_due()
            self._start_more()
            if self._cursor() > self._written and not self._flush_at:
                self._flush_at = monotonic() + DUE_SECONDS
            if self._must_flush():
                await self._flush()
            if not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.changed.wait(), self._pause())
        await self._end()

    def stop(self) -> None:
        """Begin nothing more; `run` ends when what is on its way has ended, after 2 s at most."""
        self._stopping = True
        self.changed.set()

    # --- what is to be sent

    async def _read_more(self) -> None:
        reader = self._office.reader
        while len(self._unsettled) < MAX_AHEAD and self._read_until < reader.latest:
            if self._read_until < reader.first - 1:
                self._lost += reader.first - 1 - self._read_until
                self._read_until = reader.first - 1
            found, until = await reader.read(self._read_until)
            wanted = [one for one in found if one.event.type in self._types]
            for one in await self._visible(wanted):
                self._queue.append(one)
                self._unsettled[one.event.sequence] = None
            if until <= self._read_until:
                break
            self._read_until = until

    async def _visible(self, found: list[Prepared]) -> list[Prepared]:
        """Those of customers whom the endpoint may see now."""
        units = self._row["units"]
        if not units or not found:
            return found
        ids = {one.event.customer_id for one in found if one.event.customer_id is not None}
        store = self._office.store
        seen = await asyncio.to_thread(lambda: store.read_sync(lanes.customers_of_units, ids, units))
        return [one for one in found if one.event.customer_id in seen]

    async def _take_due(self) -> None:
        """Begin with parked events whose time has come."""
        if monotonic() < self._due_at or (self._free() <= 0 and not self._pace.is_resting):
            return
        self._due_at = monotonic() + DUE_SECONDS
        if self._results.rows:
            await self._flush()  # so that what is read is how it is
        store, at = self._office.store, self._office.clock()
        due = await asyncio.to_thread(
            lambda: store.read_sync(lanes.read_due, self.id, at, _DUE_AT_ONCE, in_order=self._in_order)
        )
        if not due:
            return
        prepared = {row["event"].id: Prepared(row["event"]) for row in due}
        tests = [one for one in prepared.values() if one.event.type == TEST]
        others = [one for one in prepared.values() if one.event.type != TEST]
        seen = {one.event.id for one in [*tests, *await self._visible(others)]}
        for row in due:
            one = prepared[row["event"].id]
            if one.event.id not in seen:
                self._results.settled.append(one.event.id)
            elif row["order_key"] not in self._busy and (one in tests or self._free() > 0):
                self._busy[row["order_key"]] = deque()
                self._begin(one, row["attempts"], row["order_key"])

    def _start_more(self) -> None:
        while self._queue and self._free() > 0:
            one = self._queue.popleft()
            key = one.order_key
            if not self._in_order:
                self._begin(one, 0, None)
            elif key in self._parked_keys:
                self._park(one, 0, self._office.clock())
                self._settle(one)
            elif key in self._busy:
                self._busy[key].append(one)
            else:
                self._busy[key] = deque()
                self._begin(one, 0, None)

    def _free(self) -> int:
        """How many more may be on their way."""
        return 0 if self._stopping else self._pace.at_once - len(self._tasks)

    # --- one delivery

    def _begin(self, one: Prepared, attempts: int, parked_key: str | None) -> None:
        task = asyncio.create_task(self._deliver(one, attempts, parked_key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, one: Prepared, attempts: int, parked_key: str | None) -> None:
        """Send an event; ``parked_key`` is its key where it was parked."""
        office, at = self._office, self._office.clock()
        secrets = webhook_endpoints.open_secrets(office.seal, self._row, at)
        public_id = bodies.public_id(one.event.id)
        headers = office.headers_of(secrets, public_id, at, one.body, self._own_headers)
        answer = await office.sender.send(self._row["url"], headers, one.body)
        next_at = None
        if answer.is_delivered:
            self._succeeded(at)
        else:
            next_at = deliveries.next_attempt_at(attempts + 1, at, answer, random.uniform(-1, 1))  # noqa: S311
            self._failed(at, answer)
        self._note(one, attempts + 1, at, answer, next_at)
        if parked_key is not None:
            self._judge_parked(one, attempts + 1, parked_key, answer, next_at)
        else:
            self._judge_new(one, answer, next_at)
        soon = monotonic() + FLUSH_SECONDS
        self._flush_at = min(self._flush_at or soon, soon)
        self.changed.set()

    def _judge_new(self, one: Prepared, answer: Answer, next_at: datetime | None) -> None:
        followers = self._busy.get(one.order_key) if self._in_order else None
        if answer.is_delivered:
            if followers:
                self._begin(followers.popleft(), 0, None)
            elif followers is not None:
                del self._busy[one.order_key]
        else:
            self._park(one, 1, next_at)
            for later in followers or ():
                self._park(later, 0, self._office.clock())
                self._settle(later)
            if followers is not None:
                del self._busy[one.order_key]
        self._settle(one)

    def _judge_parked(
        self, one: Prepared, attempts: int, key: str, answer: Answer, next_at: datetime | None
    ) -> None:
        self._queue.extendleft(reversed(self._busy.pop(key, ())))  # what came meanwhile
        if answer.is_delivered:
            self._results.settled.append(one.event.id)
            self._due_at = 0.0  # the next of its key
        else:
            self._park(one, attempts, next_at, key)

    def _settle(self, one: Prepared) -> None:
        self._unsettled.pop(one.event.sequence, None)

    def _park(self, one: Prepared, attempts: int, next_at: datetime | None, key: str | None = None) -> None:
        """Note an event that is to be sent later, or was given up."""
        key = key or one.order_key
        if next_at is not None and self._in_order:
            self._parked_keys.add(key)
        is_test = one.event.type == TEST
        self._results.parked.append(
            {
                "endpoint_id": self.id,
                "event_id": one.event.id,
                "position": 0 if is_test else one.event.sequence,
                "order_key": key,
                "attempts": attempts,
                "next_attempt_at": next_at,
                "parked_at": self._office.clock(),
            }
        )

    def _note(
        self, one: Prepared, number: int, at: datetime, answer: Answer, next_at: datetime | None
    ) -> None:
        is_delivered = answer.is_delivered
        self._results.attempts.append(
            {
                "id": new_id(),
                "endpoint_id": self.id,
                "event_id": one.event.id,
                "at": at,
                "number": number,
                "outcome": Outcome.DELIVERED if is_delivered else Outcome.FAILED,
                "status": answer.status,
                "failure": answer.failure,
                "ms": answer.ms,
                "answer": None if is_delivered else _ADDRESS.sub("[address]", answer.text),
                "next_attempt_at": next_at,
            }
        )

    # --- how the endpoint does

    def _succeeded(self, at: datetime) -> None:
        self._pace.succeeded()
        self._results.endpoint["succeeded_at"] = at
        if self._failing_since is not None:
            self._failing_since = self._failed_at = None
            self._results.endpoint |= {"failing_since": None, "failed_at": None}
            self._facts.append("webhook.endpoint_recovered")

    def _failed(self, at: datetime, answer: Answer) -> None:
        self._pace.failed(answer.status)
        self._failing_since = self._failing_since or at
        before, self._failed_at = self._failed_at, at
        self._results.endpoint |= {"failing_since": self._failing_since, "failed_at": at}
        if answer.status == 410:
            self._disable(DisabledReason.GONE)
        elif deliveries.is_to_be_disabled(self._failing_since, at, at):
            self._disable(DisabledReason.FAILING)
        elif deliveries.is_to_be_warned_of(self._failing_since, before, at):
            self._facts.append("webhook.endpoint_failing")
            _log.warning("webhook_endpoint_failing", endpoint_id=str(self.id))

    def _disable(self, reason: DisabledReason) -> None:
        if not self._is_over:
            self._is_over = self._stopping = True
            self._results.endpoint |= {"state": EndpointState.DISABLED, "disabled_reason": reason}
            self._results.endpoint |= {"version": WebhookEndpoint.version + 1}
            self._facts.append("webhook.endpoint_disabled")
            _log.warning("webhook_endpoint_disabled", endpoint_id=str(self.id), reason=reason)

    # --- writing

    def _cursor(self) -> int:
        return next(iter(self._unsettled), self._read_until + 1) - 1

    def _must_flush(self) -> bool:
        if self._results.rows >= FLUSH_ROWS or self._cursor() - self._written >= _IDLE_MOVE:
            return True
        return bool(self._flush_at) and monotonic() >= self._flush_at

    def _pause(self) -> float:
        now = monotonic()
        waits = [max(0.0, self._due_at - now), DUE_SECONDS]
        if self._flush_at:
            waits.append(self._flush_at - now)
        if self._free() <= 0 and self._tasks:
            waits[0] = DUE_SECONDS
        return max(0.001, min(waits))

    async def _flush(self) -> None:
        """Write what came of deliveries."""
        results, facts = self._results, self._facts
        results.position = self._cursor()
        if self._lost:
            results.endpoint["lost"] = WebhookEndpoint.lost + self._lost
        self._results, self._facts, self._flush_at, self._lost = Results(results.position), [], 0.0, 0
        if not results.rows and not results.endpoint and results.position == self._written:
            return
        results.parked = list({row["event_id"]: row for row in results.parked}.values())
        store, office = self._office.store, self._office
        actor = system(office.company)
        held = await asyncio.to_thread(
            lambda: store.write_sync(_write, office.name, self.id, results, facts, actor)
        )
        if not held:
            _log.warning("webhook_lease_lost", endpoint_id=str(self.id))
            self._stopping = self._is_over = True
            self._results = Results(results.position)
            return
        self._written = results.position
        if results.settled or (results.parked and self._parked_keys):
            await self._refresh_keys()

    async def _refresh_keys(self) -> None:
        found = await asyncio.to_thread(self._office.store.read_sync, lanes.waiting_keys, self.id)
        waiting = {row["order_key"] for row in self._results.parked if row["next_attempt_at"] is not None}
        self._parked_keys = found | waiting

    async def _end(self) -> None:
        """Wait for what is on its way, and write all down."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in list(self._tasks):
            task.cancel()
        if self._results.rows or self._results.endpoint:
            await self._flush()


def _write(
    tx: WriteTx, courier: str, endpoint_id: UUID, results: Results, facts: list[str], actor: Actor
) -> bool:
    if not lanes.write(tx, courier, endpoint_id, results):
        return False
    for fact in facts:
        trail.record(tx, actor, fact, endpoint_id)
    return True
