"""Set, find and remove what contacts and returns cost."""

from sqlalchemy import delete, select

from app.domain.common.access import Actor
from app.domain.value.unit_costs import CostCode, decimals, in_minor
from app.errors import FieldError, InvalidError
from app.schemas.common.base import ChangesQuery
from app.schemas.insights.unit_costs import UnitCostPut
from app.services.platform import preconditions
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, since
from app.store.paging import After, Page, SortKey
from app.store.tables import UnitCost
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

UNIT_COSTS = Listing(
    ChangesQuery,
    select(UnitCost.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such unit cost.",
    sorts=[SortKey(UnitCost.code)],
    filters=[since(UnitCost.updated_at)],
)
_GIVEN = ("currency", "per_contact", "per_minute")


@one_statement
def get(tx: ReadTx, actor: Actor, code: CostCode) -> Row:
    """Read one unit cost.

    Raises:
        NotFoundError: none is set.
    """
    return UNIT_COSTS.one_or_404(tx, actor, UnitCost.code == code.value)


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of the unit costs that are set, by code."""
    return UNIT_COSTS.page(tx, actor, query, after)


def in_currency(tx: ReadTx, currency: str) -> dict[str, Row]:
    """Return all unit costs in a currency, by code."""
    found = tx.execute(select(UnitCost.__table__).where(UnitCost.currency == currency)).mappings()
    return {row["code"]: dict(row) for row in found}


def put(
    tx: WriteTx,
    actor: Actor,
    code: CostCode,
    data: UnitCostPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Set what a contact over a channel, or a return, costs.

    Returns:
        The unit cost, and whether there was none.

    Raises:
        InvalidError: finer than the currency allows, or a return with a cost per minute.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    currency = actor.company.reporting_currency
    if wrong := _wrong(code, data, currency):
        raise InvalidError(fields=wrong)
    dialects.advisory_lock(tx, f"unit-cost:{code}")
    before = _stored(tx, code)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    given = {"currency": currency, "per_contact": data.per_contact, "per_minute": data.per_minute}
    if before is not None and all(before[member] == given[member] for member in _GIVEN):
        return before, False
    version = 1 if before is None else before["version"] + 1
    row = {"code": code.value, "version": version, **given, "updated_at": now()}
    tx.execute(dialects.upsert(tx, UnitCost, ["code"], ["version", *_GIVEN, "updated_at"]), row)
    trail.record(tx, actor, "unit_cost.set", code, members=_GIVEN[1:])
    return row, before is None


def remove(tx: WriteTx, actor: Actor, code: CostCode, if_match: str | None) -> None:
    """Remove a unit cost: what it was for then has unknown costs.

    Raises:
        NotFoundError: none is set.
        PreconditionFailedError: ``if_match`` does not name the present version.
    """
    dialects.advisory_lock(tx, f"unit-cost:{code}")
    before = UNIT_COSTS.one_or_404(tx, actor, UnitCost.code == code.value)
    preconditions.check_version(before["version"], if_match)
    tx.execute(delete(UnitCost).where(UnitCost.code == code))
    trail.record(tx, actor, "unit_cost.deleted", code)


# --- inside


def _stored(tx: ReadTx, code: CostCode) -> Row | None:
    row = tx.execute(select(UnitCost.__table__).where(UnitCost.code == code.value)).mappings().first()
    return None if row is None else dict(row)


def _wrong(code: CostCode, data: UnitCostPut, currency: str) -> list[FieldError]:
    wrong = []
    for member, given in data.model_dump().items():
        try:
            in_minor(given, "0", currency)
        except ValueError:
            detail, most = "Expected at most {decimals} decimals.", {"decimals": decimals(currency)}
            wrong.append(FieldError(f"/{member}", "too_fine", detail, params=most))
    if code == CostCode.RETURN and data.per_minute != "0":
        wrong.append(FieldError("/per_minute", "no_minutes", "A return has no cost per minute."))
    return wrong
