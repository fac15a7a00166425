"""Customers whom an incident touched, and those of them who have not complained."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.common.base import Paging
from app.schemas.recovery.links import IncidentCustomers
from app.services.customers import external_ids
from app.services.customers.external_ids import unknown_customer_at
from app.services.recovery import incidents
from app.store import dialects
from app.store.audit import trail
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Complaint, Customer, CustomerScore, IncidentCustomer
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.visibility import visible_to


def record(tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentCustomers) -> Row:
    """Record customers whom an incident touched, in a number of statements that does not depend on how many
    they are; all of them or none.

    Raises:
        NotFoundError, ForbiddenError: as all changes of incidents.
        InvalidError: a customer is not there, or the caller may not see it (``unknown_customer``); or none
            is named.
    """
    change = incidents.begin_change(tx, actor, incident_id, None)
    ids = _find(tx, actor, data)
    at = change.recorded_at
    rows = [
        {"incident_id": incident_id, "customer_id": one, "actor_id": actor.id, "recorded_at": at}
        for one in sorted(ids)
    ]
    table = IncidentCustomer.__table__
    new = dialects.insert(tx, IncidentCustomer).on_conflict_do_nothing().returning(table.c.customer_id)
    stored = set(tx.execute(new, rows).scalars())
    if stored:
        trail.record(tx, actor, "incident.customers_recorded", incident_id, data={"customers": len(stored)})
    return {
        "incident_id": incident_id,
        "recorded": len(stored),
        "already_recorded": len(ids) - len(stored),
    }


def page(tx: ReadTx, actor: Actor, query: Paging, after: After | None, incident_id: UUID) -> Page:
    """Read a page of the customers whom an incident touched, as far as the caller may see them.

    Raises:
        NotFoundError: no such incident, or the caller may not see it.
    """
    incidents.find(tx, actor, incident_id)
    return _page(tx, query, after, _touched(actor, incident_id))


def silent_page(tx: ReadTx, actor: Actor, query: Paging, after: After | None, incident_id: UUID) -> Page:
    """Read a page of those who have not complained: neither of this incident nor of anything since it began.

    Raises:
        NotFoundError: as in `page`.
    """
    incident = incidents.find(tx, actor, incident_id)
    about_it = or_(Complaint.incident_id == incident_id, Complaint.received_at >= incident["started_at"])
    complained = select(Complaint.id).where(Complaint.customer_id == IncidentCustomer.customer_id, about_it)
    statement = _touched(actor, incident_id).where(~complained.correlate(IncidentCustomer).exists())
    return _page(tx, query, after, statement)


# --- inside


def _find(tx: ReadTx, actor: Actor, data: IncidentCustomers) -> set[UUID]:
    if not data.customer_ids and not data.customers:
        detail = "Name at least one customer, by customer_ids or by customers."
        raise InvalidError(fields=[FieldError("", "missing", detail)])
    known = visible_to(select(Customer.id).where(Customer.id.in_(data.customer_ids)), actor)
    by_id = set(tx.execute(known.with_for_update(read=True, key_share=True)).scalars())
    keys = [(one.system, one.key) for one in data.customers]
    by_key = external_ids.find_by_keys(tx, actor, set(keys))
    pointers = [
        *(f"/customer_ids/{place}" for place, one in enumerate(data.customer_ids) if one not in by_id),
        *(f"/customers/{place}" for place, key in enumerate(keys) if key not in by_key),
    ]
    if pointers:
        refused = [field for pointer in pointers for field in unknown_customer_at(pointer).fields]
        raise InvalidError(fields=refused)
    return by_id | {customer_id for customer_id, _ in by_key.values()}


def _touched(actor: Actor, incident_id: UUID) -> Select[Any]:
    statement: Any = (
        select(IncidentCustomer.customer_id, CustomerScore.tier, IncidentCustomer.recorded_at)
        .join_from(
            IncidentCustomer,
            CustomerScore,
            CustomerScore.customer_id == IncidentCustomer.customer_id,
            isouter=True,
        )
        .where(IncidentCustomer.incident_id == incident_id)
    )
    return visible_to(statement, actor, IncidentCustomer.customer_id)


def _page(tx: ReadTx, query: Paging, after: After | None, statement: Select[Any]) -> Page:
    order = [SortKey(IncidentCustomer.customer_id)]
    found = fetch(tx, statement, order, limit=query.limit, after=after)
    return Page([dict(row) for row in found.rows], found.after)
