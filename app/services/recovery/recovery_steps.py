"""What is done for the customer of a complaint: recorded beside its life, each with an event.

What all raise beyond what they say:
    NotFoundError: no such complaint, or the caller may not see its customer.
    PreconditionFailedError: ``if_match`` does not name the present version.
    InvalidError: ``at`` is before the complaint was received (``before_received``) or ahead of our clock
        (``in_future``), or the complaint is closed (``complaint_closed``).
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.recovery.complaints import ComplaintState, EventKind
from app.domain.recovery.recovery_steps import CustomerAnswer, RecoveryKind, our_fault_of
from app.errors import ConflictError, FieldError, InvalidError, NotFoundError
from app.schemas.common.base import Money, shaper
from app.schemas.recovery.promises import ComplaintPromise
from app.schemas.recovery.recovery_steps import (
    ComplaintAnswer,
    ComplaintApology,
    ComplaintCauseFound,
    ComplaintFix,
    ComplaintPrevention,
    PreventionCompletion,
    RecoveryStepQuery,
    RecoveryStepRead,
)
from app.services.people import lookups
from app.services.platform.changes import Change, begin
from app.services.promises import wrap_ups
from app.services.recovery import causes, complaints, links, steps
from app.store.listing import Listing, equal
from app.store.paging import After, Page, SortKey, fetch
from app.store.tables import Complaint, ComplaintRecoveryStep
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id

_TABLE = ComplaintRecoveryStep
RECOVERY_STEPS = Listing(
    RecoveryStepQuery,
    select(_TABLE.__table__).join(Complaint, Complaint.id == _TABLE.complaint_id),
    owner=Complaint.customer_id,
    missing="There is no such recovery step.",
    sorts=[SortKey(_TABLE.id)],
    filters=[equal(_TABLE.kind)],
)
_as_read = shaper(RecoveryStepRead)
_EMPTY: Row = dict.fromkeys(
    (
        "text",
        "done_by",
        "cost_minor",
        "cost_currency",
        "cause",
        "fault",
        "responsible",
        "due_on",
        "done_at",
        "answer",
    )
)


def page(tx: ReadTx, actor: Actor, query: RecoveryStepQuery, after: After | None, complaint_id: UUID) -> Page:
    """Read a page of what was done for the customer of a complaint, in the order in which it was recorded.

    Raises:
        NotFoundError: there is no such complaint, or the caller may not see its customer.
    """
    complaints.COMPLAINTS.one_or_404(tx, actor, Complaint.id == complaint_id)
    of_it = RECOVERY_STEPS.filtered(actor, query).where(_TABLE.complaint_id == complaint_id)
    found = fetch(tx, of_it, [SortKey(_TABLE.id)], limit=query.limit, after=after)
    return Page([_shape(row) for row in found.rows], found.after)


def apologise(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintApology, if_match: str | None = None
) -> Row:
    """Record an apology to the customer."""
    change, at = _begin(tx, actor, complaint_id, data.at, if_match)
    _keep(change, RecoveryKind.APOLOGY, at, text=data.text)
    return steps.store(change, EventKind.APOLOGISED, at, {}, note=data.text)


def fix(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintFix, if_match: str | None = None
) -> Row:
    """Record what was done to put it right, by whom and what it cost.

    Raises:
        InvalidError: the cost is negative or finer than its currency allows.
    """
    change, at = _begin(tx, actor, complaint_id, data.at, if_match)
    cost = {"cost_minor": None, "cost_currency": None} if data.cost is None else _cost(data.cost)
    _keep(change, RecoveryKind.FIX, at, text=data.text, done_by=data.done_by or actor.agent, **cost)
    return steps.store(change, EventKind.FIXED, at, {}, note=data.text)


def find_cause(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintCauseFound, if_match: str | None = None
) -> Row:
    """Record why it failed, and whose fault that is; ``our_fault`` of the complaint follows.

    Raises:
        InvalidError: the cause is not registered (``unknown_cause``) or not active (``inactive_cause``).
    """
    change, at = _begin(tx, actor, complaint_id, data.at, if_match)
    if wrong := causes.problems(tx, data.cause):
        raise InvalidError(fields=wrong)
    _keep(change, RecoveryKind.CAUSE, at, text=data.text, cause=data.cause, fault=data.fault)
    changes = change.differing({"our_fault": our_fault_of(data.fault).value})
    return steps.store(change, EventKind.CAUSE_FOUND, at, changes, note=data.text, members=changes)


def prevent(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    data: ComplaintPrevention,
    if_match: str | None = None,
    *,
    prevention_id: UUID | None = None,
) -> Row:
    """Record a measure against the same failure, who sees to it, and by when. ``prevention_id`` is the id it
    gets, a new one by default.

    Raises:
        InvalidError: ``responsible`` is not a registered active agent, once people are registered
            (``unknown_owner``, ``inactive_owner``); ``due_on`` is before the complaint (``before_received``).
    """
    change, at = _begin(tx, actor, complaint_id, data.at, if_match)
    wrong = lookups.person_problems(tx, actor, data.responsible, "/responsible")
    if data.due_on < actor.company.day_of(change.before["received_at"]):
        detail = "Expected a day that is not before the complaint was received."
        wrong.append(FieldError("/due_on", "before_received", detail))
    if wrong:
        raise InvalidError(fields=wrong)
    members = {"text": data.text, "responsible": data.responsible, "due_on": data.due_on}
    _keep(change, RecoveryKind.PREVENTION, at, step_id=prevention_id, **members)
    return steps.store(change, EventKind.PREVENTION_PLANNED, at, {}, note=data.text)


def complete_prevention(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    prevention_id: UUID,
    data: PreventionCompletion,
    if_match: str | None = None,
) -> Row:
    """Note that a measure was taken, also on a complaint that is closed.

    Raises:
        NotFoundError: the complaint has no such prevention.
        ConflictError: it was done already (``prevention_done``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    wanted = _TABLE.id == prevention_id, _TABLE.complaint_id == complaint_id
    found = select(_TABLE.done_at).where(*wanted, _TABLE.kind == RecoveryKind.PREVENTION)
    row = tx.execute(found).first()
    if row is None:
        raise NotFoundError("The complaint has no such prevention.")
    if row.done_at is not None:
        raise ConflictError("This prevention was done already.", code="prevention_done")
    at = _happened_at(change, data.at)
    tx.execute(update(_TABLE).where(*wanted).values(done_at=at))
    return steps.store(change, EventKind.PREVENTION_DONE, at, {}, note=data.text)


def promise(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintPromise, if_match: str | None = None
) -> Row:
    """Record what was promised to the customer of a complaint or by the customer, in whatever state it is.

    Raises:
        NotFoundError: no such complaint, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ForbiddenError: the caller lacks the scope to write promises.
        InvalidError, ConflictError: as `app.services.promises.promises.create`; or ``at`` is before the
            complaint's last step (``before_last_step``) or ahead of our clock (``in_future``).
    """
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    at = steps.happened_at(change, data.at)
    wrap_ups.promise(tx, actor, [data.given()], complaint_id=complaint_id, made_at=at, pointer="")
    return steps.store(change, EventKind.PROMISED, at, {}, note=data.text)


def answer(
    tx: WriteTx, actor: Actor, complaint_id: UUID, data: ComplaintAnswer, if_match: str | None = None
) -> Row:
    """Record the customer's own word: confirmed, or refused, which takes the complaint back to work.

    Raises:
        ConflictError: not possible in the present state (``illegal_step``).
    """
    is_confirmed = data.answer == CustomerAnswer.CONFIRMED
    kind = EventKind.CONFIRMED if is_confirmed else EventKind.REFUSED
    change, life, at = steps.begin_step(tx, actor, complaint_id, kind, data.at, if_match)
    _keep(change, RecoveryKind.ANSWER, at, text=data.text, answer=data.answer)
    return steps.store(change, kind, at, life, note=data.text)


# --- inside


def _begin(
    tx: WriteTx, actor: Actor, complaint_id: UUID, at: datetime | None, if_match: str | None
) -> tuple[Change, datetime]:
    change = begin(tx, actor, complaints.COMPLAINTS, Complaint, complaint_id, if_match)
    if change.before["state"] == ComplaintState.CLOSED:
        detail = "The complaint is closed. Reopen it first, or keep this as a note."
        raise InvalidError(fields=[FieldError("/at", "complaint_closed", detail)])
    links.refuse_duplicate(change.before)
    return change, _happened_at(change, at)


def _happened_at(change: Change, given: datetime | None) -> datetime:
    """When it happened: as ``given``, which is not before the complaint was received, or now."""
    received_at: datetime = change.before["received_at"]
    if given is None:
        return max(received_at, change.recorded_at)
    if given < received_at:
        detail = "Expected an instant that is not before the complaint was received."
        raise InvalidError(fields=[FieldError("/at", "before_received", detail)])
    steps.refuse_future(given, change.recorded_at, "/at")
    return given


def _keep(
    change: Change, kind: RecoveryKind, at: datetime, *, step_id: UUID | None = None, **members: object
) -> None:
    row = {
        **_EMPTY,
        "id": step_id or new_id(),
        "complaint_id": change.before["id"],
        "kind": kind,
        "at": at,
        "actor_id": change.actor.id,
        "agent": change.actor.agent,
        "recorded_at": change.recorded_at,
        **members,
    }
    change.tx.execute(insert(_TABLE), [row])


def _cost(given: Money) -> Row:
    currency = given.currency
    try:
        decimals = money.minor_digits(currency)
    except ValueError:
        detail = "This is not a currency of ISO 4217."
        raise InvalidError(fields=[FieldError("/cost/currency", "unknown_currency", detail)]) from None
    try:
        minor = money.parse(given.amount, currency)
    except ValueError:
        detail = "Expected an amount with at most {decimals} decimals, up to {most}."
        params = {"decimals": decimals, "most": money.format(money.MAX_MINOR, currency)}
        wrong = FieldError("/cost/amount", "amount_range", detail, params=params)
        raise InvalidError(fields=[wrong]) from None
    if minor < 0:
        detail = "A cost cannot be negative."
        raise InvalidError(fields=[FieldError("/cost/amount", "negative_amount", detail)])
    return {"cost_minor": minor, "cost_currency": currency}


def _shape(row: Row) -> Row:
    minor, currency = row["cost_minor"], row["cost_currency"]
    return _as_read({**row, "cost": None if minor is None else money.to_wire(minor, currency)})
