"""Take back what was given, by a reversal: a line of the ledger is never edited."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from app.domain.common.access import Actor
from app.domain.recovery.complaints import EventKind
from app.errors import ConflictError
from app.schemas.compensations.compensations import CompensationReversal
from app.services.compensations import cases, ledger
from app.services.people import lookups
from app.services.platform import preconditions
from app.services.platform.changes import Change
from app.store.tables import Compensation
from app.store.transactions import Row, WriteTx
from app.store.types import new_id, now


def reverse(
    tx: WriteTx,
    actor: Actor,
    compensation_id: UUID,
    data: CompensationReversal,
    if_match: str | None = None,
    *,
    row_id: UUID | None = None,
    at: datetime | None = None,
) -> Row:
    """Take a compensation back; ``row_id`` and ``at`` are for records of the past.

    Returns:
        The reversal: the same amounts, negative. It counts where the compensation did, in limits, in
        the budget and in reports.

    Raises:
        ForbiddenError: no person acts (``agent_needed``).
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is none with this id, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ConflictError: it was taken back already (``already_reversed``), is a reversal itself
            (``is_reversal``), or its time for that is over (``reversal_too_late``).
    """
    lookups.require_agent(tx, actor)
    found = Compensation.id == compensation_id
    of = cases.of_row(tx, actor, ledger.LEDGER.one_or_404(tx, actor, found))
    before = ledger.LEDGER.one_or_404(tx, actor, found, lock=True)
    preconditions.check_version(before["version"], if_match, required=True)
    recorded_at = now()
    reversed_at = at or recorded_at
    _refuse(before, reversed_at)
    counter = {
        **before,
        "id": row_id or new_id(),
        "version": 1,
        "amount_minor": -before["amount_minor"],
        "cost_minor": -before["cost_minor"],
        "reason": data.reason,
        "reverses_id": compensation_id,
        "recorded_at": recorded_at,
        "updated_at": recorded_at,
        "actor_id": actor.id,
    }
    tx.execute(insert(Compensation), counter)
    named = ledger.links_of(counter)
    change = Change(tx, actor, Compensation, before, recorded_at)
    change.store("compensation.reversed", {"reversed_by_id": counter["id"]}, data=named)
    if of is not None:
        cases.note(
            of, EventKind.COMPENSATION_REVERSED, counter["cost_minor"], counter["currency"], reversed_at
        )
    return ledger.shape(counter)


# --- inside


def _refuse(row: Row, at: datetime) -> None:
    if row["reverses_id"] is not None:
        detail = "This is a reversal: give the compensation again if the customer shall have it after all."
        raise ConflictError(detail, code="is_reversal")
    if (counter := row["reversed_by_id"]) is not None:
        existing = str(counter), f"/v1/compensations/{counter}"
        raise ConflictError("This was taken back already.", code="already_reversed", existing=existing)
    if at > row["reversible_until"]:
        detail = "This could be taken back for so many days only as its kind says, and they are over."
        raise ConflictError(detail, code="reversal_too_late")
