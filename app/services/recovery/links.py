"""Which incident a complaint is about, and which other complaint it says once more.

A duplicate is linked to one leading complaint of the same customer, which is no duplicate itself: so there
are neither chains nor circles, and each link can be taken back by itself. While it is linked its life stands
still, and figures count the leading one alone (docs/decisions/0050-incidents-and-duplicates.md).

Beyond what they say themselves, changes of one complaint raise:
    NotFoundError: no such complaint, or the caller may not see its customer.
    PreconditionFailedError: ``if_match`` does not name the present version.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from app.domain.common.access import Actor
from app.domain.recovery.complaints import EventKind
from app.errors import ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.recovery.links import DuplicateLink, IncidentComplaints, IncidentLink, LinkRemoval
from app.services.platform.changes import Change, begin
from app.services.recovery import complaints, incidents
from app.services.standards import clocks
from app.store.audit import trail
from app.store.tables import Complaint, ComplaintEvent
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

# --- incidents


def join_incident(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: IncidentLink, if_match: str | None = None
) -> Row:
    """Note that a complaint is about an incident.

    Raises:
        InvalidError: there is no such incident, or the caller may not see it (``unknown_incident``).
        ConflictError: it is of an incident already (``already_linked``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    _find_incident(tx, actor, data.incident_id)
    if (present := change.before["incident_id"]) is not None:
        raise _of_an_incident(present)
    return _store(change, EventKind.JOINED_INCIDENT, {"incident_id": data.incident_id}, data.note)


def leave_incident(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: LinkRemoval, if_match: str | None = None
) -> Row:
    """Note that a complaint is not about its incident after all.

    Raises:
        ConflictError: it is of none (``not_linked``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if change.before["incident_id"] is None:
        raise ConflictError("The complaint is of no incident.", code="not_linked")
    return _store(change, EventKind.LEFT_INCIDENT, {"incident_id": None}, data.note)


def join_many(tx: WriteTx, actor: Actor, incident_id: UUID, data: IncidentComplaints) -> Row:
    """Note that complaints are about an incident, in a number of statements that does not depend on how many
    they are; all of them or none.

    Raises:
        NotFoundError: no such incident, or the caller may not see it.
        InvalidError: a complaint is not there, or the caller may not see it (``unknown_complaint``).
        ConflictError: a complaint is of another incident (``already_linked``).
    """
    incidents.find(tx, actor, incident_id)
    wanted = dict.fromkeys(data.complaint_ids)
    visible = complaints.COMPLAINTS.visible(actor).where(Complaint.id.in_(wanted))
    found = {
        row["id"]: dict(row)
        for row in tx.execute(visible.order_by(Complaint.id).with_for_update()).mappings()
    }
    wrong = [
        FieldError(f"/complaint_ids/{place}", "unknown_complaint", "There is no such complaint.")
        for place, complaint_id in enumerate(data.complaint_ids)
        if complaint_id not in found
    ]
    if wrong:
        raise InvalidError(fields=wrong)
    for row in found.values():
        if row["incident_id"] not in (None, incident_id):
            raise _of_an_incident(row["incident_id"], row["id"])
    new = [row for row in found.values() if row["incident_id"] is None]
    _store_many(tx, actor, new, EventKind.JOINED_INCIDENT, {"incident_id": incident_id}, data.note)
    joined = {"joined": len(new), "already_joined": len(found) - len(new)}
    return {"incident_id": incident_id, **joined}


# --- duplicates


def link_duplicate(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: DuplicateLink, if_match: str | None = None
) -> Row:
    """Note that a complaint says once more what another one of the same customer says.

    Raises:
        InvalidError: the leading complaint is this one (``same_complaint``), is not there or not to be seen
            (``unknown_complaint``), or is another customer's (``other_customer``).
        ConflictError: it is linked already (``already_linked``), the leading one is a duplicate itself
            (``is_duplicate``), or others are linked to it (``has_duplicates``).
    """
    leading_id = data.leading_complaint_id
    if leading_id == complaint_id:
        raise _wrong_leading("same_complaint", "A complaint cannot be a duplicate of itself.")
    # In one order, so that two that link to each other do not wait for each other.
    both = complaints.COMPLAINTS.visible(actor).where(Complaint.id.in_((complaint_id, leading_id)))
    locked = tx.execute(both.order_by(Complaint.id).with_for_update()).mappings()
    leading = {row["id"]: row for row in locked}.get(leading_id)
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if leading is None:
        raise _wrong_leading("unknown_complaint", "There is no such complaint.")
    if leading["customer_id"] != change.before["customer_id"]:
        detail = "This belongs to another customer. What happened to many is an incident that they join."
        raise _wrong_leading("other_customer", detail)
    if (present := change.before["leading_complaint_id"]) is not None:
        detail = "The complaint is a duplicate already; take that link back first."
        raise ConflictError(detail, code="already_linked", existing=_address(present))
    if (first := leading["leading_complaint_id"]) is not None:
        detail = "The complaint that is to lead is itself a duplicate: link to the one that leads it."
        raise ConflictError(detail, code="is_duplicate", existing=_address(first))
    of_it = select(Complaint.id).where(Complaint.leading_complaint_id == complaint_id)  # of the same customer
    led = tx.execute(of_it.order_by(Complaint.id).limit(1)).scalar_one_or_none()
    if led is not None:
        detail = "Other complaints are duplicates of this one: take their links back first."
        raise ConflictError(detail, code="has_duplicates", existing=_address(led))
    return _store(change, EventKind.LINKED_AS_DUPLICATE, {"leading_complaint_id": leading_id}, data.note)


def unlink_duplicate(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: LinkRemoval, if_match: str | None = None
) -> Row:
    """Note that a complaint is a case of its own after all; its life goes on where it stood.

    Raises:
        ConflictError: it is no duplicate (``not_linked``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if change.before["leading_complaint_id"] is None:
        raise ConflictError("The complaint is no duplicate.", code="not_linked")
    return _store(change, EventKind.UNLINKED_DUPLICATE, {"leading_complaint_id": None}, data.note)


def refuse_duplicate(complaint: Row) -> None:
    """Refuse a step of a complaint whose life stands still because another one leads it.

    Raises:
        ConflictError: it is a duplicate (``is_duplicate``).
    """
    if (leading_id := complaint["leading_complaint_id"]) is not None:
        detail = "The complaint is a duplicate: take the step on the leading one, or take the link back."
        raise ConflictError(detail, code="is_duplicate", existing=_address(leading_id))


def separate(tx: WriteTx, actor: Actor, complaint: Row) -> Row:
    """Take back the links of a complaint that has gone to another customer: to the one that leads it, and of
    those that it leads and that stay. Returns the complaint as it is then."""
    leading_id = complaint["leading_complaint_id"]
    others = or_(Complaint.id == leading_id, Complaint.leading_complaint_id == complaint["id"])
    apart = select(Complaint.__table__).where(others, Complaint.customer_id != complaint["customer_id"])
    linked = [dict(row) for row in tx.execute(apart.order_by(Complaint.id).with_for_update()).mappings()]
    given_up = [row for row in linked if row["leading_complaint_id"] == complaint["id"]]
    if any(row["id"] == leading_id for row in linked):
        given_up.append(complaint)
    nothing = {"leading_complaint_id": None}
    after = _store_many(tx, actor, given_up, EventKind.UNLINKED_DUPLICATE, nothing, None)
    return after.get(complaint["id"], complaint)


# --- inside


def _find_incident(tx: ReadTx, actor: Actor, incident_id: UUID) -> None:
    try:
        incidents.find(tx, actor, incident_id)
    except NotFoundError:
        wrong = FieldError("/incident_id", "unknown_incident", "There is no such incident.")
        raise InvalidError(fields=[wrong]) from None


def _of_an_incident(incident_id: UUID, complaint_id: UUID | None = None) -> ConflictError:
    existing = str(incident_id), f"/v1/incidents/{incident_id}"
    if complaint_id is None:
        detail = "The complaint is of an incident already; let it leave that one first."
        return ConflictError(detail, code="already_linked", existing=existing)
    detail = "The complaint {id} is of another incident; let it leave that one first."
    return ConflictError(detail, code="already_linked", existing=existing, id=complaint_id)


def _wrong_leading(code: str, detail: str) -> InvalidError:
    return InvalidError(fields=[FieldError("/leading_complaint_id", code, detail)])


def _address(complaint_id: UUID) -> tuple[str, str]:
    return str(complaint_id), f"/v1/complaints/{complaint_id}"


def _store(change: Change, kind: EventKind, changed: Row, note: str | None) -> Row:
    """Store a link or its end, and return the complaint."""
    after = _store_many(change.tx, change.actor, [change.before], kind, changed, note, change.recorded_at)
    return complaints.shape(after[change.before["id"]])


def _store_many(
    tx: WriteTx,
    actor: Actor,
    rows: Sequence[Row],
    kind: EventKind,
    changed: Row,
    note: str | None,
    at: datetime | None = None,
) -> dict[Any, Row]:
    """Store one change of complaints that are locked, each with its event; their rows afterwards by id."""
    at = at or now()
    after = {row["id"]: {**row, **changed, "version": row["version"] + 1, "updated_at": at} for row in rows}
    if not after:
        return after
    stored = {**changed, "version": Complaint.version + 1, "updated_at": at}
    tx.execute(update(Complaint).where(Complaint.id.in_(after)).values(stored))
    events = [complaints.event(actor, row, kind, at, note=note, members=changed) for row in after.values()]
    tx.execute(insert(ComplaintEvent), events)
    named = [(str(row["id"]), row["customer_id"]) for row in after.values()]
    ids = {member: None if value is None else str(value) for member, value in changed.items()}
    trail.record_all(tx, actor, f"complaint.{kind.value}", named, members=changed, data=ids)
    if "leading_complaint_id" in changed:
        for row in rows:
            clocks.follow(tx, actor, row, after[row["id"]], kind, at)
    return after
