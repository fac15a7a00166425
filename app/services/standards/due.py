"""Read clocks: those of one complaint, and what is due for an agent or a unit."""

from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.errors import NotFoundError
from app.schemas.common.base import Paging, shaper
from app.schemas.standards.clocks import ClockRead, DueQuery, DueRead
from app.store.engine import one_statement
from app.store.listing import Listing, equal, where
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Complaint, ComplaintClock
from app.store.transactions import ReadTx, Row
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

_as_due = shaper(DueRead)
_as_clock = shaper(ClockRead)


@one_statement
def due(tx: ReadTx, actor: Actor, query: DueQuery, after: After | None) -> Page:
    """Read a page of the clocks that run, soonest due first; broken ones are before those still due."""
    return DUE.page(tx, actor, query, after, _due_shape)


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


def _due_shape(row: Row) -> Row:
    return _as_due({**row, "clock_number": row["number"]})
