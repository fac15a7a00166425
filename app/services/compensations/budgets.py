"""Set and read how much units may give in a month, and hold what is given against it."""

from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.errors import ConflictError, FieldError, InvalidError
from app.schemas.common.base import shaper
from app.schemas.compensations.limits import (
    CompensationBudgetPut,
    CompensationBudgetQuery,
    CompensationBudgetRead,
)
from app.services.compensations import kinds
from app.services.people import records
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.listing import COMPANY_WIDE, Listing, equal, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import Compensation, CompensationBudget, Unit
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

_TABLE = CompensationBudget


def month_of(day: date) -> date:
    """The first day of the month of a day."""
    return day.replace(day=1)


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _spent(unit: Any, first: Any, behind: Any) -> Any:
    """What a unit gave in a month, as a subquery."""
    return (
        select(func.coalesce(func.sum(Compensation.cost_minor), 0))
        .where(Compensation.unit == unit, Compensation.on_date >= first, Compensation.on_date < behind)
        .scalar_subquery()
    )


BUDGETS = Listing(
    CompensationBudgetQuery,
    select(_TABLE.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such budget.",
    sorts=[SortKey(_TABLE.unit), SortKey(_TABLE.month)],
    filters=[
        equal(_TABLE.unit),
        where("month", lambda month: _TABLE.month == _first(month)),
        since(_TABLE.updated_at),
    ],
)
_as_read = shaper(CompensationBudgetRead)


def get(tx: ReadTx, actor: Actor, unit: str, month: str) -> Row:
    """Read the budget of a unit for a month, and what is left of it; two statements.

    Raises:
        NotFoundError: the unit has none for this month.
    """
    row = BUDGETS.one_or_404(tx, actor, _TABLE.unit == unit, _TABLE.month == _first(month))
    return _shape(row, spent(tx, row))


def page(tx: ReadTx, actor: Actor, query: CompensationBudgetQuery, after: After | None) -> Page:
    """Read a page of the budgets, by unit and month; two statements."""
    found = BUDGETS.page(tx, actor, query, after)
    if not found.rows:
        return found
    day, unit = Compensation.on_date, Compensation.unit
    months = {row["month"] for row in found.rows}
    sums = (
        select(unit, day, func.sum(Compensation.cost_minor))
        .where(
            unit.in_({row["unit"] for row in found.rows}), day >= min(months), day < _following(max(months))
        )
        .group_by(unit, day)
    )
    total: dict[tuple[str | None, date], int] = {}
    for of, on, cost in tx.execute(sums):
        key = of, month_of(on)
        total[key] = total.get(key, 0) + int(cost)
    rows = [_shape(row, total.get((row["unit"], row["month"]), 0)) for row in found.rows]
    return Page(rows, found.after)


def put(
    tx: WriteTx,
    actor: Actor,
    unit: str,
    month: str,
    data: CompensationBudgetPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Set how much a unit may give in a month; what it has given already counts.

    Returns:
        The budget, and whether there was none.

    Raises:
        InvalidError: the unit is unknown, or the amount is negative or not in the reporting currency.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    amount = kinds.reporting_minor(actor, data.amount, "/amount", least=0)
    if records.places(tx, Unit).get(unit) is None:
        detail = "No unit with this code is registered. Register it with a PUT to /v1/units/ and the code."
        raise InvalidError(fields=[FieldError("unit", "unknown_unit", detail, "path")])
    first = _first(month)
    dialects.advisory_lock(tx, f"compensation-budget:{unit}:{month}")
    before = _locked(tx, unit, first)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    currency = actor.company.reporting_currency
    if before is not None and (before["amount_minor"], before["currency"]) == (amount, currency):
        return _shape(before, spent(tx, before)), False
    at = now()
    row = {
        "unit": unit,
        "month": first,
        "version": (version or 0) + 1,
        "amount_minor": amount,
        "currency": currency,
        "created_at": at if before is None else before["created_at"],
        "updated_at": at,
    }
    changed = ["version", "amount_minor", "currency", "updated_at"]
    tx.execute(dialects.upsert(tx, _TABLE, ["unit", "month"], changed), row)
    trail.record(tx, actor, "compensation_budget.set", f"{unit}:{month}", members=["amount"])
    return _shape(row, spent(tx, row)), before is None


def spent(tx: ReadTx, budget: Row) -> int:
    """What was given against a budget, in minor units; one statement over an index."""
    first = budget["month"]
    return int(tx.execute(select(_spent(budget["unit"], first, _following(first)))).scalar_one())


def require(tx: WriteTx, unit: str | None, on: date, cost_minor: int, currency: str) -> None:
    """Check that a unit may give so much more, and let nobody else give of its budget until the transaction
    ends. A unit without a budget for the month is not limited by one. At most two statements.

    Raises:
        ConflictError: less is left (``budget_exhausted``), or it is in another currency (``other_currency``).
    """
    budget = None if unit is None else _locked(tx, unit, month_of(on))
    if budget is None:
        return
    if budget["currency"] != currency:
        detail = "The budget was set in another reporting currency, and the two do not add up: set it again."
        raise ConflictError(detail, code="other_currency")
    left = budget["amount_minor"] - spent(tx, budget)
    if cost_minor > left:
        detail = "Of the budget of {unit} for {month} only {left} is left. Raise it, or give less."
        month, shown = f"{budget['month']:%Y-%m}", money.format(max(0, left), budget["currency"])
        raise ConflictError(
            detail, code="budget_exhausted", unit=unit, month=month, left=f"{shown} {currency}"
        )


# --- inside


def _locked(tx: WriteTx, unit: str, month: date) -> Row | None:
    found = select(_TABLE.__table__).where(_TABLE.unit == unit, _TABLE.month == month)
    row = tx.execute(found.with_for_update()).mappings().first()
    return None if row is None else dict(row)


def _shape(row: Row, spent_minor: int) -> Row:
    currency, left = row["currency"], max(0, row["amount_minor"] - spent_minor)
    amounts = {"amount": row["amount_minor"], "spent": spent_minor, "left": left}
    wire = {name: money.to_wire(minor, currency) for name, minor in amounts.items()}
    return _as_read({**row, **wire, "month": f"{row['month']:%Y-%m}"})
