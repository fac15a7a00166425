"""What a run for a past day could not see: recorded or changed after it had read, occurred before its day.

How it is told: what was recorded before ``until`` has been seen, what was recorded since ``read_at`` has not.
Between them, while writes settle, a record counts as late when facts of its kind differ for its customer and
nothing surely late says why. What was stored in time and changed since counts when such facts differ: most
changes (a note, a name) change no fact.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import and_, case, func, literal, or_, select

from app.domain.scoring.replays import MAX_SHOWN, LateKind
from app.store.sql import numpy_io
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import (
    ComplaintEvent,
    ContractStatement,
    ContractTerms,
    Customer,
    ExchangeRate,
    Interaction,
    PromiseEvent,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import ReadTx
from app.store.types import Instant


@dataclass(frozen=True, slots=True, eq=False)
class LateQuery:
    """What is late: it occurred before ``end`` and was recorded when the run had read.

    Args:
        end: where the run's day begins.
        until: what was recorded before this instant has been seen.
        read_at: what was recorded since has not been seen.
        changed: customers whose facts of a kind differ now, ascending.
    """

    end: datetime
    until: datetime
    read_at: datetime
    changed: Mapping[LateKind, Ids]


class Record(NamedTuple):
    """One late record; ``recorded_at`` is when it was recorded or changed, and a customer occurs never."""

    kind: LateKind
    id: UUID
    customer_id: UUID
    occurred_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class LateRecords:
    """How many late records there are of each kind, the newest of them, and whose they are, ascending."""

    counts: Mapping[LateKind, int]
    records: list[Record]
    customer_id: Ids


def read(tx: ReadTx, asked: LateQuery) -> LateRecords:
    """Find what came late."""
    counts = dict.fromkeys(LateKind, 0)
    records: list[Record] = []
    owners: list[Ids] = []
    for kind in LateKind:
        changed = asked.changed[kind]
        for is_sure in (True, False):
            found = _statement(tx, kind, asked, changed, is_sure).subquery()
            owner = found.c.customer_id
            by_owner = select(numpy_io.raw_id(tx, owner), func.count()).group_by(owner)
            ids, count = numpy_io.read(tx, by_owner, [ID, np.int64])
            newest = select(found).order_by(found.c.recorded_at.desc(), found.c.id.desc()).limit(MAX_SHOWN)
            records += [Record(kind, *row) for row in tx.execute(newest)] if ids.size else []
            counts[kind] += int(count.sum())
            owners.append(ids)
            changed = np.setdiff1d(changed, ids)
    records.sort(key=lambda record: (record.recorded_at, record.id), reverse=True)
    return LateRecords(counts, records[:MAX_SHOWN], np.unique(np.concatenate(owners)))


def rates(tx: ReadTx, since: datetime) -> dict[tuple[str, date], str]:
    """Exchange rates that were set or changed since."""
    columns = (ExchangeRate.currency, ExchangeRate.on_date, ExchangeRate.rate)
    found = tx.execute(select(*columns).where(ExchangeRate.updated_at >= since))
    return {(row.currency, row.on_date): row.rate for row in found}


# --- inside


def _statement(tx: ReadTx, kind: LateKind, asked: LateQuery, changed: Ids, is_sure: bool) -> Any:
    """Select id, customer_id, occurred_at and recorded_at of late records of a kind.

    Args:
        tx: a transaction.
        kind: of the records.
        asked: what is late.
        changed: customers whose facts of the kind differ.
        is_sure: those that surely are late; else those that were recorded while writes settled.
    """

    def is_late(owner: Any, recorded: Any, touched: Any) -> Any:
        differs = numpy_io.id_in(tx, owner, changed)
        if is_sure:
            return and_(touched >= asked.read_at, or_(recorded >= asked.read_at, differs))
        return and_(touched >= asked.until, touched < asked.read_at, differs)

    if kind is LateKind.COMPLAINTS:
        return _with_events(asked, ComplaintEvent, ComplaintEvent.complaint_id, is_late)
    if kind is LateKind.PROMISES:
        return _with_events(asked, PromiseEvent, PromiseEvent.promise_id, is_late)
    if kind is LateKind.CUSTOMERS:
        never, at = literal(None, Instant()).label("occurred_at"), _changed_at()
        columns = (Customer.id, Customer.id.label("customer_id"), never, at.label("recorded_at"))
        # Only those whose contract or departure is another one for the past.
        return select(*columns).where(numpy_io.id_in(tx, Customer.id, changed), is_late(Customer.id, at, at))
    table, occurred, touched = _TABLES[kind]
    owner = table.customer_id
    columns = (table.id, owner, occurred.label("occurred_at"), touched.label("recorded_at"))
    happened = and_(owner.is_not(None), occurred < asked.end)
    return select(*columns).where(happened, is_late(owner, table.recorded_at, touched))


_TABLES: dict[LateKind, tuple[Any, Any, Any]] = {
    LateKind.TRANSACTIONS: (Transaction, Transaction.occurred_at, Transaction.recorded_at),
    LateKind.INTERACTIONS: (Interaction, Interaction.started_at, Interaction.updated_at),
    LateKind.SURVEY_RESPONSES: (SurveyResponse, SurveyResponse.answered_at, SurveyResponse.recorded_at),
}
"""Table, when a record occurred, and when it was stored or changed."""


def _changed_at() -> Any:
    """When a customer, or what is said of its contract, was last changed."""
    found: Any = Customer.updated_at
    for dated in (ContractTerms, ContractStatement):
        newest = select(func.max(dated.recorded_at)).where(dated.customer_id == Customer.id)
        recorded = newest.scalar_subquery()
        found = case((recorded > found, recorded), else_=found)
    return found


def _with_events(asked: LateQuery, events: Any, row_id: Any, is_late: Callable[[Any, Any, Any], Any]) -> Any:
    """Complaints or promises of which a step is late, the first included; they occurred with the first such
    step."""
    at, recorded, owner = events.at, events.recorded_at, events.customer_id
    columns = (
        row_id.label("id"),
        owner,
        func.min(at).label("occurred_at"),
        func.max(recorded).label("recorded_at"),
    )
    wanted = select(*columns).where(at < asked.end, is_late(owner, recorded, recorded))
    return wanted.group_by(row_id, owner)
