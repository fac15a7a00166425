"""What a compensation is given for: a complaint, or an interaction without one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.domain.common.access import Actor
from app.domain.recovery.complaints import ComplaintState, EventKind
from app.errors import ConflictError
from app.services.platform import preconditions
from app.services.platform.changes import Change
from app.services.recovery import complaints, links, steps
from app.store.listing import one_or_404
from app.store.tables import Complaint, CustomerScore, Interaction
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now
from app.store.visibility import visible_to


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint or an interaction that is locked, as it was ``before``."""

    change: Change

    @property
    def is_complaint(self) -> bool:
        """Whether it is a complaint."""
        return self.change.table is Complaint

    @property
    def member(self) -> str:
        """The member by which lines of the ledger name it."""
        return "complaint_id" if self.is_complaint else "interaction_id"

    @property
    def id(self) -> UUID:
        """Its id."""
        row_id: UUID = self.change.before["id"]
        return row_id

    @property
    def customer_id(self) -> UUID:
        """Its customer."""
        customer_id: UUID = self.change.before["customer_id"]
        return customer_id

    @property
    def named(self) -> Row:
        """The members by which a line of the ledger names it and its customer."""
        ids = {"complaint_id": None, "interaction_id": None, self.member: self.id}
        return {**ids, "customer_id": self.customer_id}

    def is_of(self, table: Any) -> ColumnElement[bool]:
        """The condition on rows of ``table`` that they are of this case."""
        condition: ColumnElement[bool] = getattr(table, self.member) == self.id
        return condition


def complaint(tx: WriteTx, actor: Actor, complaint_id: UUID, if_match: str | None) -> Case:
    """Lock a complaint for which something is to be given.

    Raises:
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is none, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ConflictError: it is closed (``complaint_closed``), or a duplicate (``is_duplicate``).
    """
    before = complaints.COMPLAINTS.one_or_404(tx, actor, Complaint.id == complaint_id, lock=True)
    preconditions.check_version(before["version"], if_match, required=True)
    case = Case(Change(tx, actor, Complaint, before, now()))
    if case.change.before["state"] == ComplaintState.CLOSED:
        detail = "The complaint is closed. Reopen it first."
        raise ConflictError(detail, code="complaint_closed")
    links.refuse_duplicate(case.change.before)
    return case


def interaction(tx: WriteTx, actor: Actor, interaction_id: UUID, if_match: str | None) -> Case:
    """Lock an interaction for which something is to be given.

    Raises:
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is none, or the caller may not see it.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ConflictError: nobody knows whose it is (``no_customer``).
    """
    wanted = select(Interaction.__table__).where(Interaction.id == interaction_id).with_for_update()
    visible = visible_to(wanted, actor, Interaction.customer_id, Interaction.unit)
    before = one_or_404(tx, visible, "There is no such interaction.")
    preconditions.check_version(before["version"], if_match, required=True)
    case = Case(Change(tx, actor, Interaction, before, now()))
    if case.change.before["customer_id"] is None:
        detail = "Nobody knows whose interaction this is. Say it first with a PATCH of customer_id."
        raise ConflictError(detail, code="no_customer")
    return case


def of_row(tx: WriteTx, actor: Actor, row: Row) -> Case | None:
    """Lock the case of a line of the ledger or of a request; None: it was removed since."""
    at = now()
    for table, member in ((Complaint, "complaint_id"), (Interaction, "interaction_id")):
        if row[member] is not None:
            found: Any = table
            wanted = select(found.__table__).where(found.id == row[member]).with_for_update()
            before = tx.execute(wanted).mappings().first()
            return None if before is None else Case(Change(tx, actor, table, dict(before), at))
    return None


def note(case: Case, kind: EventKind, change_minor: int, currency: str, at: datetime) -> None:
    """Let a complaint show what was given or taken back ``at``; an interaction shows none of it.

    Raises:
        ConflictError: it shows amounts of another reporting currency (``other_currency``).
    """
    if not case.is_complaint:
        return
    before = case.change.before
    if before["compensation_currency"] not in (None, currency):
        detail = "The complaint has compensation in another reporting currency, and the two do not add up."
        raise ConflictError(detail, code="other_currency")
    total = (before["compensation_minor"] or 0) + change_minor
    changes = {"compensation_minor": total, "compensation_currency": currency}
    happened_at = max(at, before["received_at"])
    steps.store(case.change, kind, happened_at, changes, members=["compensation"])


def tier_of(tx: ReadTx, customer_id: UUID) -> str | None:
    """The value tier of a customer who was found visible, by the current scoring run."""
    tier = select(CustomerScore.tier).where(CustomerScore.customer_id == customer_id)
    return tx.execute(tier).scalar_one_or_none()
