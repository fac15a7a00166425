"""Move an interaction, a complaint or a transaction to the customer it belongs to.

What is about the record moves with it: complaints that came from an interaction, and the promises,
invitations and responses that came from any of them. Both customers are marked as changed, so that the next
scoring run reads them.

Beyond what they say themselves, all raise:
    NotFoundError: no such record, or the caller may not see it.
    InvalidError: there is no such customer, or the caller may not see it (``unknown_customer``).
    ConflictError: the record belongs to this customer already (``same_customer``).
    PreconditionFailedError: ``if_match`` does not name the present version.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from app.domain.common.access import Actor
from app.domain.recovery.complaints import EventKind
from app.errors import ConflictError
from app.schemas.recovery.transfers import TransferCreate
from app.services.activity import interactions, transactions
from app.services.customers import do_not_contact, external_ids
from app.services.platform import preconditions
from app.services.promises import releases as promises
from app.services.recovery import complaints, links
from app.services.standards import clocks
from app.store.audit import trail
from app.store.tables import (
    Compensation,
    CompensationRequest,
    Complaint,
    ComplaintEvent,
    Customer,
    Interaction,
    SurveyAnswer,
    SurveyInvitation,
    SurveyResponse,
    Transaction,
)
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now
from app.store.visibility import visible_to


def move_interaction(
    tx: WriteTx, actor: Actor, interaction_id: UUID, data: TransferCreate, if_match: str | None = None
) -> Row:
    """Move an interaction with the complaints that came from it and the survey records about them."""
    before = interactions.INTERACTIONS.one_or_404(tx, actor, Interaction.id == interaction_id, lock=True)
    customer_id = _new_owner(tx, actor, before, data, if_match)
    at = now()
    changes = {"customer_id": customer_id, "version": before["version"] + 1, "updated_at": at}
    tx.execute(update(Interaction).where(Interaction.id == interaction_id).values(changes))
    came_from_it = select(Complaint.__table__).where(
        Complaint.interaction_id == interaction_id, Complaint.customer_id != customer_id
    )
    moved = [
        _store_complaint(tx, actor, dict(complaint), customer_id, data.reason, at)
        for complaint in tx.execute(came_from_it.with_for_update()).mappings().all()
    ]
    for row in moved:  # when all have moved: two that are linked stay so
        links.separate(tx, actor, row)
    _move_survey_records(tx, "interaction_id", interaction_id, customer_id)
    _move_compensations(tx, "interaction_id", interaction_id, customer_id, at)
    gone_too = [row["id"] for row in moved]
    promises.move(
        tx, actor, customer_id, at, data.reason, complaint_ids=gone_too, interaction_id=interaction_id
    )
    _finish(tx, actor, "interaction", before, customer_id, at)
    after = {**before, **changes}
    do_not_contact.apply_opt_outs(tx, actor, [after])
    return interactions.get(tx, actor, interaction_id)


def move_complaint(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: TransferCreate, if_match: str | None = None
) -> Row:
    """Move a complaint with the survey records about it.

    Raises:
        ConflictError: it came from an interaction of its present customer, with which it moves
            (``moves_with_interaction``).
    """
    before = complaints.COMPLAINTS.one_or_404(tx, actor, Complaint.id == complaint_id, lock=True)
    customer_id = _new_owner(tx, actor, before, data, if_match)
    of_it = select(Interaction.customer_id).where(Interaction.id == before["interaction_id"])
    if tx.execute(of_it).scalar_one_or_none() not in (None, customer_id):
        detail = "It came from the interaction {id}: move that one, and the complaint moves with it."
        interaction_id = before["interaction_id"]
        existing = str(interaction_id), f"/v1/interactions/{interaction_id}"
        raise ConflictError(detail, code="moves_with_interaction", existing=existing, id=interaction_id)
    at = now()
    moved = _store_complaint(tx, actor, before, customer_id, data.reason, at)
    after = links.separate(tx, actor, moved)
    promises.move(tx, actor, customer_id, at, data.reason, complaint_ids=[complaint_id])
    _finish(tx, actor, "complaint", before, customer_id, at)
    return complaints.shape(after)


def move_transaction(
    tx: WriteTx, actor: Actor, transaction_id: UUID, data: TransferCreate, if_match: str | None = None
) -> Row:
    """Move a transaction with the survey records about it."""
    before = transactions.TRANSACTIONS.one_or_404(tx, actor, Transaction.id == transaction_id, lock=True)
    customer_id = _new_owner(tx, actor, before, data, if_match)
    at = now()
    changes = {"customer_id": customer_id, "version": before["version"] + 1, "changed_at": at}
    changes["source_said"] = transactions.source_digests_of(before)
    tx.execute(update(Transaction).where(Transaction.id == transaction_id).values(changes))
    _move_survey_records(tx, "transaction_id", transaction_id, customer_id)
    _finish(tx, actor, "transaction", before, customer_id, at)
    return transactions.shape({**before, **changes})


# --- inside


def _new_owner(tx: ReadTx, actor: Actor, before: Row, data: TransferCreate, if_match: str | None) -> UUID:
    """The customer the record is moved to, who stays there until the transaction ends."""
    preconditions.check_version(before["version"], if_match)
    if data.customer is not None:
        identity = data.customer.system, data.customer.key
        found = external_ids.find_by_keys(tx, actor, {identity}).get(identity)
        customer_id, pointer = None if found is None else found[0], "/customer"
    else:
        wanted = select(Customer.id).where(Customer.id == data.customer_id)
        wanted = visible_to(wanted.with_for_update(read=True, key_share=True), actor)
        customer_id, pointer = tx.execute(wanted).scalar_one_or_none(), "/customer_id"
    if customer_id is None:
        raise external_ids.unknown_customer_at(pointer)
    if customer_id == before["customer_id"]:
        raise ConflictError("The record belongs to this customer already.", code="same_customer")
    return customer_id


def _store_complaint(
    tx: WriteTx, actor: Actor, before: Row, customer_id: UUID, reason: str, at: datetime
) -> Row:
    """Move one complaint, all its events and the survey records about it; its row afterwards."""
    changes = {"customer_id": customer_id, "version": before["version"] + 1, "updated_at": at}
    after = {**before, **changes}
    mine = ComplaintEvent.complaint_id == before["id"]
    tx.execute(update(Complaint).where(Complaint.id == before["id"]).values(changes))
    tx.execute(update(ComplaintEvent).where(mine).values(customer_id=customer_id))
    event = complaints.event(actor, after, EventKind.TRANSFERRED, at, note=reason, members=["customer_id"])
    tx.execute(insert(ComplaintEvent).values({**event, "recorded_at": at}))
    clocks.move(tx, before["id"], customer_id)
    _move_compensations(tx, "complaint_id", before["id"], customer_id, at)
    _move_survey_records(tx, "complaint_id", before["id"], customer_id)
    return after


def _move_survey_records(tx: WriteTx, member: str, record_id: UUID, customer_id: UUID) -> None:
    """Give the invitations and responses about a record, and their answers, its new customer."""
    about = select(SurveyResponse.id).where(getattr(SurveyResponse, member) == record_id)
    answers = update(SurveyAnswer).where(SurveyAnswer.response_id.in_(about))
    tx.execute(answers.values(customer_id=customer_id))
    for table in (SurveyResponse, SurveyInvitation):
        mine = getattr(table, member) == record_id, table.customer_id.is_not(None)
        tx.execute(update(table).where(*mine).values(customer_id=customer_id))


def _move_compensations(tx: WriteTx, member: str, record_id: UUID, customer_id: UUID, at: datetime) -> None:
    """Give what was given for a record, and the requests about it, its new customer."""
    for table in (Compensation, CompensationRequest):
        mine = getattr(table, member) == record_id
        changes = {"customer_id": customer_id, "version": table.version + 1, "updated_at": at}
        tx.execute(update(table).where(mine).values(changes))


def _finish(tx: WriteTx, actor: Actor, kind: str, before: Row, customer_id: UUID, at: datetime) -> None:
    """Mark both customers as changed, and note who moved what from whom to whom."""
    owners = sorted({customer_id, before["customer_id"]} - {None})
    external_ids.mark_changed(tx, owners, at)
    given_up = before["customer_id"]
    data = {
        "from_customer_id": None if given_up is None else str(given_up),
        "to_customer_id": str(customer_id),
    }
    members = ["customer_id"]
    action = f"{kind}.transferred"
    trail.record(tx, actor, action, before["id"], customer_id=customer_id, members=members, data=data)
