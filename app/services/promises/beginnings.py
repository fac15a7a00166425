"""What a promise begins with: whose it is, who sees to it, by when, and the clock that warns of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.domain.common.access import Actor
from app.domain.people.agents import OwnerKind
from app.domain.standards.standards import Case, Metric
from app.errors import AppError, FieldError, InvalidError
from app.schemas.promises.promises import PromiseCreate
from app.services.activity import related_records
from app.services.activity.related_records import Found
from app.services.people import lookups, units
from app.services.platform import rights
from app.services.promises import due_times
from app.services.standards import rules
from app.services.standards.rules import Candidates
from app.store.tables import CustomerScore
from app.store.transactions import ReadTx, Row, WriteTx

_SOURCES = ("interaction_id", "complaint_id")


def settle(
    tx: WriteTx,
    actor: Actor,
    items: Sequence[PromiseCreate],
    rows: list[Row | AppError],
    now: datetime | None,
) -> None:
    """Complete the rows of promises, or replace them by why they are refused. ``now`` is None for promises of
    the past: these may be due already.

    Raises nothing; an `InvalidError` in place of a row says that its complaint or contact is not there
    (``unknown_complaint``, ``unknown_interaction``) or another customer's (``other_customer``), that nobody
    is known to be its customer (``customer_needed``), that the caller may not use its unit, or why its owner,
    its calendar or its due time cannot be.
    """
    named = related_records.find(tx, actor, rows)
    for item, row in zip(items, rows, strict=True):
        if isinstance(row, dict):
            _inherit(tx, actor, named, item, row)
    good = [row for row in rows if isinstance(row, dict)]
    if not good:
        return
    known = rules.candidates(tx, min(row["made_at"] for row in good), {row["unit"] for row in good})
    tiers = _tiers(tx, {row["customer_id"] for row in good} - {None})
    for index, (item, row) in enumerate(zip(items, rows, strict=True)):
        if not isinstance(row, dict):
            continue
        row["tier"] = tiers.get(row["customer_id"])
        wrong = related_records.problems(named, row, to_be_created=row["customer_id"] is None)
        if row["customer_id"] is None and item.customer is None and not wrong:
            detail = "The contact is with nobody known: say whose the promise is by customer_id or customer."
            wrong.append(FieldError("/customer_id", "customer_needed", detail))
        wrong += rights.unit_problems(actor, item.unit, is_required=False)
        if item.owner is not None:
            wrong += lookups.owner_problems(tx, actor, item.owner)
        try:
            if wrong:
                raise InvalidError(fields=wrong)
            _due(tx, known, item, row, now)
        except InvalidError as refusal:
            rows[index] = refusal


def owner_kind(tx: ReadTx, actor: Actor, owner: str) -> OwnerKind:
    """Tell whether an owner is a person or a queue; who is not registered is a person."""
    known = lookups.owner_kinds(tx, [owner], actor.company.complaint_owner)
    return known[owner].kind if owner in known else OwnerKind.AGENT


# --- inside


def _inherit(tx: WriteTx, actor: Actor, named: Found, item: PromiseCreate, row: Row) -> None:
    """Give a row what it does not say itself: customer, channel and unit of what it comes from, its agent
    and its owner."""
    sources = [named.get(member, {}).get(row[member]) for member in _SOURCES]
    for source in sources:
        if source is not None:
            for member in ("customer_id", "channel", "unit"):
                is_named = member == "customer_id" and item.customer is not None
                if row[member] is None and not is_named:
                    row[member] = source[member]
    if row["agent"] is None:
        said = None if sources[0] is None else sources[0]["agent"]
        row["agent"] = actor.agent or said
    if row["unit"] is None and row["agent"] is not None:
        row["unit"] = lookups.unit_of(tx, row["agent"])
    if row["owner"] is None:
        may = row["agent"] is not None and not lookups.owner_problems(tx, actor, row["agent"])
        row["owner"] = row["agent"] if may else units.queue_of(tx, actor, row["unit"])
    row["owner_kind"] = owner_kind(tx, actor, row["owner"])


def _due(tx: ReadTx, known: Candidates, item: PromiseCreate, row: Row, now: datetime | None) -> None:
    """Give a row its due time and its clock.

    Raises:
        InvalidError: as `due_times.due_at`, or nothing says by when (``due_needed``).
    """
    case = Case(channel=row["channel"], tier=row["tier"], unit=row["unit"], category=row["kind"])
    found = known.find(Metric.PROMISE, case, row["made_at"])
    calendar = due_times.calendar_of(tx, item.calendar)
    due = due_times.due_at(item, calendar, row["made_at"], now or row["made_at"])
    if due is None and found is not None:
        due = due_times.standard_due_at(found, row["made_at"])
    if due is None:
        detail = "Say by when: due_at or due_in_seconds. No standard for promises gives it a time."
        raise InvalidError(fields=[FieldError("/due_at", "due_needed", detail)])
    row |= due_times.columns(row["made_at"], due, calendar, found)


def _tiers(tx: ReadTx, customer_ids: set[UUID]) -> Mapping[UUID, str | None]:
    """The tiers of customers by the current scoring run."""
    if not customer_ids:
        return {}
    statement = select(CustomerScore.customer_id, CustomerScore.tier)
    return dict(tx.execute(statement.where(CustomerScore.customer_id.in_(sorted(customer_ids)))).all())
