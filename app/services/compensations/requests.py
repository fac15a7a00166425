"""Requests for more than somebody may give: read, approved, denied, and expired by the worker."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from app.domain.common.access import Actor
from app.domain.compensations import authority
from app.domain.compensations.authority import Person
from app.domain.compensations.requests import RequestState, is_with_fallback, state_at
from app.errors import ConflictError, ForbiddenError
from app.schemas.common.base import shaper
from app.schemas.compensations.compensations import (
    CompensationRequestQuery,
    CompensationRequestRead,
    CompensationRequestSort,
    RequestDecision,
)
from app.services.compensations import budgets, cases, kinds, ledger, limits, people
from app.services.compensations.amounts import Amount
from app.services.people import lookups, records
from app.services.platform import preconditions
from app.services.platform.changes import Change
from app.store.engine import one_statement
from app.store.listing import Listing, by_time, equal, since, where
from app.store.paging import After, Page
from app.store.tables import CompensationRequest, Role, Unit
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id, now

_TABLE = CompensationRequest


def _is_in(state: RequestState) -> Any:
    stored, at = _TABLE.state == state, now()
    is_open = _TABLE.state == RequestState.OPEN
    if state is RequestState.OPEN:
        return and_(stored, _TABLE.expires_at > at)
    if state is RequestState.EXPIRED:
        return or_(stored, and_(is_open, _TABLE.expires_at <= at))
    return stored


REQUESTS = Listing(
    CompensationRequestQuery,
    select(_TABLE.__table__),
    owner=_TABLE.customer_id,
    missing="There is no such request.",
    sorts=by_time(CompensationRequestSort, _TABLE.requested_at, _TABLE.updated_at, _TABLE.id),
    filters=[
        where("state", _is_in),
        equal(
            _TABLE.approver_role,
            _TABLE.agent,
            _TABLE.unit,
            _TABLE.kind,
            _TABLE.customer_id,
            _TABLE.complaint_id,
            _TABLE.interaction_id,
        ),
        since(_TABLE.updated_at),
    ],
)
_as_read = shaper(CompensationRequestRead)


@one_statement
def get(tx: ReadTx, actor: Actor, request_id: UUID) -> Row:
    """Read one request; its state is that of now.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    return shape(REQUESTS.one_or_404(tx, actor, _TABLE.id == request_id), now())


@one_statement
def page(tx: ReadTx, actor: Actor, query: CompensationRequestQuery, after: After | None) -> Page:
    """Read a page of the requests that match every filter; their states are those of now."""
    at = now()
    return REQUESTS.page(tx, actor, query, after, lambda row: shape(row, at))


def shape(row: Row, at: datetime) -> Row:
    """A request as `CompensationRequestRead` wants it at an instant."""
    state = state_at(row["state"], row["expires_at"], at)
    waits = state is RequestState.OPEN and is_with_fallback(row["due_at"], row["expires_at"], at)
    more = {"state": state, "is_with_fallback": waits}
    return _as_read({**row, **ledger.amounts(row), **more})


def approve(
    tx: WriteTx,
    actor: Actor,
    request_id: UUID,
    data: RequestDecision,
    if_match: str | None = None,
    *,
    compensation_id: UUID | None = None,
    at: datetime | None = None,
) -> Row:
    """Approve a request: what it asks for is given, by the limit of who approves.

    Raises:
        ForbiddenError: no person acts (``agent_needed``), it is their own request (``own_request``), or their
            role does not decide it (``not_the_approver``).
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is no such request, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ConflictError: it was decided (``already_decided``) or its time is over (``request_expired``); it is
            above the approver's own limit (``above_limit``), or the budget has less left
            (``budget_exhausted``); its kind is switched off (``inactive_kind``) or its case was removed
            (``case_removed``).
    """
    approver, change, of = _begin(tx, actor, request_id, if_match, at)
    before, decided_at = change.before, at or change.recorded_at
    if of is None:
        detail = "What this was asked for was removed with the import that brought it: deny the request."
        raise ConflictError(detail, code="case_removed")
    kind = kinds.find(tx, before["kind"])
    if kind is None or not kind["is_active"]:
        detail = "This kind is switched off. Deny the request, or make the kind active."
        raise ConflictError(detail, code="inactive_kind")
    on = actor.company.day_of(decided_at)
    known = limits.of_kind(tx, actor, before["kind"])
    limit = authority.limit_of(known, approver.role, before["tier"], decided_at)
    ledger.lock_authority(tx, approver.code)
    used = ledger.used(tx, of, before["kind"], approver.code, limit, on)
    above = authority.passed(limit, used, before["cost_minor"])
    if limit is None or above is not None:
        detail = "This is above your own limit ({above}): somebody with a higher one decides."
        raise ConflictError(detail, code="above_limit", above=str(above))
    budgets.require(tx, before["unit"], on, before["cost_minor"], before["currency"])
    new = compensation_id or new_id()
    amount = Amount(
        *(before[name] for name in ("amount_minor", "amount_currency", "cost_minor", "currency")),
        *(before[name] for name in ("quantity", "percent", "transaction_id")),
    )
    asked = {name: before[name] for name in ("kind", "reason", "agent", "unit", "tier")}
    ledger.book(
        tx,
        actor,
        of,
        amount,
        asked,
        compensation_id=new,
        authority=approver.code,
        limit=limit,
        reversal_days=kind["reversal_days"],
        given_at=decided_at,
        request_id=request_id,
    )
    decision = {"state": RequestState.APPROVED, "compensation_id": new}
    return _decide(change, "compensation.approved", approver, data, decision, decided_at)


def deny(
    tx: WriteTx,
    actor: Actor,
    request_id: UUID,
    data: RequestDecision,
    if_match: str | None = None,
    *,
    at: datetime | None = None,
) -> Row:
    """Deny a request: nothing is given.

    Raises:
        ForbiddenError: as `approve`.
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is no such request, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        ConflictError: it was decided (``already_decided``) or its time is over (``request_expired``).
    """
    approver, change, _ = _begin(tx, actor, request_id, if_match, at)
    decided_at = at or change.recorded_at
    return _decide(change, "compensation.denied", approver, data, {"state": RequestState.DENIED}, decided_at)


@one_statement
def has_due(tx: ReadTx, at: datetime) -> bool:
    """Tell whether the time of any request has come."""
    return tx.execute(select(_TABLE.id).where(_TABLE.next_at <= at).limit(1)).first() is not None


def advance(tx: WriteTx, actor: Actor, at: datetime, limit: int) -> int:
    """Hand requests whose line did not decide to the fallback, and let those expire that nobody decided.

    Those that another transaction has locked are left for the next time. What happens and that it happened
    are one transaction, so it happens once, by however many workers and after any restart.

    Returns:
        With how many requests was dealt, at most ``limit``.
    """
    due = select(_TABLE.__table__).where(_TABLE.next_at <= at).order_by(_TABLE.next_at).limit(limit)
    rows = [dict(row) for row in tx.execute(due.with_for_update(skip_locked=True)).mappings()]
    for row in rows:
        change = Change(tx, actor, _TABLE, row, at)
        if at >= row["expires_at"]:
            changes = {"state": RequestState.EXPIRED, "next_at": None}
            change.store("compensation.expired", changes, members=["state"], data=ledger.links_of(row))
        else:
            links = {**ledger.links_of(row), "approver_role": row["fallback_role"]}
            changes = {"next_at": row["expires_at"]}
            change.store("compensation.escalated", changes, members=[], data=links)
    return len(rows)


# --- inside


def _begin(
    tx: WriteTx, actor: Actor, request_id: UUID, if_match: str | None, at: datetime | None
) -> tuple[Person, Change, cases.Case | None]:
    """Lock a request and its case, which comes first, for somebody who may decide it."""
    approver = people.person_of(tx, lookups.require_agent(tx, actor))
    named = REQUESTS.one_or_404(tx, actor, _TABLE.id == request_id)
    of = cases.of_row(tx, actor, named)
    before = REQUESTS.one_or_404(tx, actor, _TABLE.id == request_id, lock=True)
    preconditions.check_version(before["version"], if_match, required=True)
    recorded_at = now()
    decided_at = at or recorded_at
    state = state_at(before["state"], before["expires_at"], decided_at)
    if state is RequestState.EXPIRED:
        raise ConflictError("The time for deciding this request is over.", code="request_expired")
    if state is not RequestState.OPEN:
        detail = "The request was decided already: it is {state}."
        raise ConflictError(detail, code="already_decided", state=state.value)
    if approver.code == before["agent"]:
        raise ForbiddenError("Nobody decides their own request.", code="own_request")
    asker = Person(before["agent"], None, before["unit"])
    roles, units = records.places(tx, Role), records.places(tx, Unit)
    is_late = decided_at >= before["due_at"]
    in_line = [before["approver_role"]] if before["approver_role"] != before["fallback_role"] else []
    fallback = [before["fallback_role"]] if before["fallback_role"] and (is_late or not in_line) else []
    may = authority.may_decide(approver, asker, in_line, fallback, roles, units)
    if not may:
        detail = "The role {role}, or one above it in the unit's line, decides this request."
        role = (fallback or in_line)[0]
        raise ForbiddenError(detail, code="not_the_approver", role=role)
    return approver, Change(tx, actor, _TABLE, before, recorded_at), of


def _decide(
    change: Change, action: str, approver: Person, data: RequestDecision, decision: Row, at: datetime
) -> Row:
    changes = {
        **decision,
        "decided_at": at,
        "decided_by": approver.code,
        "decision_reason": data.reason,
        "next_at": None,
    }
    links = ledger.links_of({**change.before, **decision})
    after = change.store(action, changes, members=["state"], data=links)
    return shape(after, at)
