"""Read clocks: those of one complaint, and what is due for an agent or a unit, promises as well."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import literal, select

from app.domain.common.access import Actor, Scope
from app.domain.standards.clocks import ClockState
from app.domain.standards.standards import Metric
from app.errors import NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.standards.clocks import ClockRead, DueQuery, DueRead
from app.store.engine import one_statement
from app.store.listing import Listing, equal, where
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Complaint, ComplaintClock, Promise
from app.store.transactions import ReadTx, Row
from app.store.types import now
from app.store.visibility import visible_to

_RUNNING = ComplaintClock.ended_at.is_(None), ComplaintClock.paused_at.is_(None)

DUE = Listing(
    DueQuery,
    select(ComplaintClock.__table__, Complaint.number.label("complaint_number"))
    .join(Complaint, Complaint.id == ComplaintClock.complaint_id)
    .where(*_RUNNING),
    owner=ComplaintClock.customer_id,
    missing="There is no such clock.",
    sorts=[SortKey(ComplaintClock.due_at), SortKey(ComplaintClock.id)],
    filters=[
        where("agent", ComplaintClock.owner.__eq__),
        equal(ComplaintClock.unit, ComplaintClock.metric),
    ],
)

PROMISES_DUE = Listing(
    DueQuery,
    select(Promise.__table__).where(Promise.ended_at.is_(None)),
    owner=Promise.customer_id,
    missing="There is no such promise.",
    sorts=[SortKey(Promise.due_at), SortKey(Promise.id)],
    filters=[
        where("agent", Promise.owner.__eq__),
        equal(Promise.unit),
        where("metric", lambda metric: literal(metric is Metric.PROMISE)),
    ],
)

_as_due = shaper(DueRead)
_as_clock = shaper(ClockRead)


@one_statement
def due(tx: ReadTx, actor: Actor, query: DueQuery, after: After | None) -> Page:
    """Read a page of the clocks that run and of the promises still to be kept, soonest due first; what is
    broken is before what is still due. Two statements, without a snapshot: what they tell does not have to
    agree; one without the right to read promises."""
    found = [] if query.metric is Metric.PROMISE else [DUE.page(tx, actor, query, after, _clock_due)]
    if actor.may(Scope.PROMISES_READ) and query.metric in (None, Metric.PROMISE):
        found.append(PROMISES_DUE.page(tx, actor, query, after, _promise_due))
    rows = sorted((row for page in found for row in page.rows), key=_place)
    is_more = len(rows) > query.limit or any(page.after is not None for page in found)
    listed = rows[: query.limit]
    return Page([_as_due(row) for row in listed], _place(listed[-1]) if is_more else None)


def of_complaint(tx: ReadTx, actor: Actor, query: Paging, after: After | None, complaint_id: UUID) -> Page:
    """Read a page of the clocks of a complaint, in the order in which they started.

    Raises:
        NotFoundError: there is no such complaint, or the caller may not see its customer.
    """
    statement = select(ComplaintClock.__table__).where(ComplaintClock.complaint_id == complaint_id)
    statement = visible_to(statement, actor, ComplaintClock.customer_id)
    found = fetch(tx, statement, [SortKey(ComplaintClock.number)], limit=query.limit, after=after)
    if not found.rows:
        exists = visible_to(
            select(Complaint.id).where(Complaint.id == complaint_id), actor, Complaint.customer_id
        )
        if tx.execute(exists).first() is None:
            raise NotFoundError("There is no such complaint.")
    return Page([_as_clock({**row, "rungs_fired": row["next_rung"]}) for row in found.rows], found.after)


def _place(row: Row) -> tuple[datetime, UUID]:
    return row["due_at"], row["id"]


def _clock_due(row: Row) -> Row:
    return {**row, "clock_number": row["number"], "promise_id": None, "text": None}


def _promise_due(row: Row) -> Row:
    is_broken = row["due_at"] < now()
    return {
        **row,
        "promise_id": row["id"],
        "complaint_number": None,
        "clock_number": None,
        "metric": Metric.PROMISE,
        "state": ClockState.BROKEN if is_broken else ClockState.RUNNING,
        "broken_at": row["due_at"] if is_broken else None,
        "severity": None,
        "started_at": row["clock_started_at"],
    }
