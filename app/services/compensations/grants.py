"""Give something to the customer of a case: at once within the limit, else ask those above."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from app.domain.common.access import Actor
from app.domain.compensations import authority
from app.domain.compensations.authority import Limit, Person, Used
from app.domain.compensations.requests import AtDeadline, RequestState
from app.domain.standards.business_time import business_time
from app.domain.standards.clocks import CLOCK_TIME, TimeScale
from app.errors import ConflictError
from app.schemas.compensations.compensations import CompensationCreate
from app.services.compensations import amounts, budgets, cases, ledger, limits, people, requests
from app.services.compensations.amounts import Amount
from app.services.compensations.cases import Case
from app.services.people import lookups, records
from app.services.standards import versions
from app.services.standards.calendars import working_hours
from app.store.audit import trail
from app.store.tables import CompensationRequest, Role, Unit, WorkingCalendar
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import new_id


def give_for_complaint(
    tx: WriteTx,
    actor: Actor,
    complaint_id: UUID,
    data: CompensationCreate,
    if_match: str | None,
    *,
    row_id: UUID | None = None,
    at: datetime | None = None,
) -> tuple[Row, bool]:
    """Give something for a complaint, or ask to. ``row_id`` and ``at`` are for records of the past.

    Returns:
        The line of the ledger, or the request; and whether it was given.

    Raises:
        ForbiddenError: no person acts (``agent_needed``).
        PreconditionRequiredError: ``if_match`` is missing.
        NotFoundError: there is no such complaint, or the caller may not see its customer.
        PreconditionFailedError: ``if_match`` does not name the present version.
        InvalidError: the kind or the amount is not possible (`amounts.read`).
        ConflictError: the complaint is closed or a duplicate, a request for the kind is open
            (``request_open``), nobody may approve so much (``no_approver``), or the unit's budget has less
            left (``budget_exhausted``).
    """
    lookups.require_agent(tx, actor)
    return _give(tx, actor, cases.complaint(tx, actor, complaint_id, if_match), data, row_id, at)


def give_for_interaction(
    tx: WriteTx,
    actor: Actor,
    interaction_id: UUID,
    data: CompensationCreate,
    if_match: str | None,
    *,
    row_id: UUID | None = None,
    at: datetime | None = None,
) -> tuple[Row, bool]:
    """Give something for an interaction, or ask to; as `give_for_complaint`.

    Raises:
        ConflictError: also where nobody knows whose interaction it is (``no_customer``).
    """
    lookups.require_agent(tx, actor)
    return _give(tx, actor, cases.interaction(tx, actor, interaction_id, if_match), data, row_id, at)


# --- inside


def _give(
    tx: WriteTx, actor: Actor, of: Case, data: CompensationCreate, row_id: UUID | None, at: datetime | None
) -> tuple[Row, bool]:
    given_at = at or of.change.recorded_at
    on = actor.company.day_of(given_at)
    kind = amounts.kind_of(tx, data.kind)
    amount = amounts.read(tx, actor, kind, data, of.customer_id, on)
    person = people.person_of(tx, lookups.require_agent(tx, actor))
    tier = cases.tier_of(tx, of.customer_id)
    known = limits.of_kind(tx, actor, kind["code"])
    limit = authority.limit_of(known, person.role, tier, given_at)
    ledger.lock_authority(tx, person.code)
    used = ledger.used(tx, actor, of, kind["code"], person.code, limit, on)
    above = authority.passed(limit, used, amount.cost_minor)
    asked = {
        "kind": kind["code"],
        "reason": data.reason,
        "agent": person.code,
        "unit": person.unit,
        "tier": tier,
    }
    new = row_id or new_id()
    if above is not None or limit is None:
        asked["above"] = above
        return _ask(tx, actor, of, amount, person, asked, kind, known, new, given_at), False
    budgets.require(tx, person.unit, on, amount.cost_minor, amount.currency)
    row = ledger.book(
        tx,
        actor,
        of,
        amount,
        asked,
        compensation_id=new,
        authority=person.code,
        limit=limit,
        reversal_days=kind["reversal_days"],
        given_at=given_at,
    )
    return ledger.shape(row), True


def _ask(
    tx: WriteTx,
    actor: Actor,
    of: Case,
    amount: Amount,
    asker: Person,
    asked: Row,
    kind: Row,
    known: list[Limit],
    request_id: UUID,
    at: datetime,
) -> Row:
    """Write a request to those who may give so much."""
    _refuse_second(tx, of, kind["code"], at)
    roles = records.places(tx, Role)
    in_case = ledger.in_case(tx, actor, of, kind["code"])
    able = {
        role
        for role in roles
        if authority.passed(
            authority.limit_of(known, role, asked["tier"], at), Used(in_case), amount.cost_minor
        )
        is None
    }
    chosen = authority.approver_role(
        asker, roles, records.places(tx, Unit), people.active(tx, actor, at), able
    )
    fallback = kind["fallback_role"] if kind["fallback_role"] in able else None
    first = chosen or fallback
    if first is None:
        detail = (
            "Nobody above may give so much of this kind. Give less, or raise a limit at /v1/authority-limits."
        )
        raise ConflictError(detail, code="no_approver")
    scale, seconds = _scale(tx, kind), 60 * kind["decision_minutes"]
    due_at = scale.add(at, seconds)
    goes_on = chosen is not None and fallback is not None and kind["at_deadline"] == AtDeadline.FALLBACK
    expires_at = scale.add(due_at, seconds) if goes_on else due_at
    # Without anybody in the line the fallback decides from the beginning, for all units.
    is_fallback = chosen is None or goes_on
    row = {
        **of.named,
        **asdict(amount),
        **asked,
        "id": request_id,
        "version": 1,
        "state": RequestState.OPEN,
        "approver_role": first,
        "fallback_role": fallback if is_fallback else None,
        "requested_at": at,
        "due_at": due_at,
        "expires_at": expires_at,
        "next_at": due_at,
        "decided_at": None,
        "decided_by": None,
        "decision_reason": None,
        "compensation_id": None,
        "actor_id": actor.id,
        "updated_at": of.change.recorded_at,
    }
    tx.execute(insert(CompensationRequest), row)
    trail.record(
        tx,
        actor,
        "compensation.requested",
        request_id,
        customer_id=of.customer_id,
        data={**ledger.links_of(row), "above": str(asked["above"]), "approver_role": first},
    )
    return requests.shape(row, of.change.recorded_at)


def _refuse_second(tx: ReadTx, of: Case, kind: str, at: datetime) -> None:
    table = CompensationRequest
    still = of.is_of(table), table.kind == kind, table.state == RequestState.OPEN, table.expires_at > at
    other = tx.execute(select(table.id).where(*still)).scalars().first()
    if other is not None:
        detail = "A request for this kind is open in this case: it is decided first."
        existing = str(other), f"/v1/compensation-requests/{other}"
        raise ConflictError(detail, code="request_open", existing=existing)


def _scale(tx: ReadTx, kind: Row) -> TimeScale:
    """What counts as time for deciding about a kind."""
    if kind["calendar"] is None:
        return CLOCK_TIME
    row = versions.current(tx, WorkingCalendar, kind["calendar"])
    return CLOCK_TIME if row is None else business_time(working_hours(row))
