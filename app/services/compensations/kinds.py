"""Set and read what can be given to make up for failures."""

from typing import Any

from sqlalchemy import select

from app.domain.common import money
from app.domain.common.access import Actor
from app.errors import FieldError, InvalidError
from app.schemas.common.base import Money, shaper
from app.schemas.compensations.kinds import (
    CompensationKindPut,
    CompensationKindQuery,
    CompensationKindRead,
)
from app.services.people import records
from app.services.platform import preconditions
from app.services.standards import versions
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, since, where
from app.store.paging import After, Page, SortKey
from app.store.tables import CompensationKind, Role, WorkingCalendar
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

KINDS = Listing(
    CompensationKindQuery,
    select(CompensationKind.__table__),
    owner=COMPANY_WIDE,
    missing="There is no such kind of compensation.",
    sorts=[SortKey(CompensationKind.code)],
    filters=[
        where("active", lambda wanted: CompensationKind.is_active == wanted),
        since(CompensationKind.updated_at),
    ],
)
_as_read = shaper(CompensationKindRead)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read one kind of compensation.

    Raises:
        NotFoundError: there is none with this code.
    """
    return _shape(KINDS.one_or_404(tx, actor, CompensationKind.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: CompensationKindQuery, after: After | None) -> Page:
    """Read a page of the kinds of compensation, by code."""
    return KINDS.page(tx, actor, query, after, _shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: CompensationKindPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add a kind of compensation, or replace the one that has this code. What was given of it stays.

    Returns:
        The kind, and whether it is new.

    Raises:
        InvalidError: the cost of a piece is not above 0 or not in the reporting currency; the calendar or the
            role is not in use.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    given = data.model_dump(exclude={"unit_cost"}) | {"unit_cost_minor": None, "unit_cost_currency": None}
    if data.unit_cost is not None:
        given["unit_cost_currency"] = data.unit_cost.currency
        given["unit_cost_minor"] = reporting_minor(actor, data.unit_cost, "/unit_cost", least=1)
    if wrong := _wrong(tx, data):
        raise InvalidError(fields=wrong)
    dialects.advisory_lock(tx, f"compensation-kind:{code}")
    before = find(tx, code)
    version = None if before is None else before["version"]
    preconditions.check_version(version, if_match, if_none_match)
    if before is not None and all(before[member] == value for member, value in given.items()):
        return _shape(before), False
    at = now()
    row = {
        **given,
        "code": code,
        "version": (version or 0) + 1,
        "created_at": at if before is None else before["created_at"],
        "updated_at": at,
    }
    changed = [name for name in row if name not in ("code", "created_at")]
    tx.execute(dialects.upsert(tx, CompensationKind, ["code"], changed), row)
    members = [name for name in given if before is None or before[name] != given[name]]
    trail.record(tx, actor, "compensation_kind.saved", code, members=members)
    return _shape(row), before is None


def find(tx: ReadTx, code: str) -> Row | None:
    """Return the kind with this code; None if there is none."""
    found = select(CompensationKind.__table__).where(CompensationKind.code == code)
    row = tx.execute(found).mappings().first()
    return None if row is None else dict(row)


def reporting_minor(actor: Actor, given: Money, pointer: str, *, least: int) -> int:
    """Read an amount of the reporting currency, in minor units.

    Raises:
        InvalidError: another currency (``not_reporting_currency``), finer than the currency allows or too
            large (``amount``), or below ``least`` minor units (``too_small``).
    """
    currency = actor.company.reporting_currency
    if given.currency != currency:
        detail = "Limits, budgets and costs are in the reporting currency, {currency}, so that they add up."
        wrong = FieldError(
            f"{pointer}/currency", "not_reporting_currency", detail, params={"currency": currency}
        )
        raise InvalidError(fields=[wrong])
    minor = minor_of(given, pointer)
    if minor < least:
        detail = "Expected an amount of at least {least} {currency}."
        params = {"least": money.format(least, currency), "currency": currency}
        raise InvalidError(fields=[FieldError(f"{pointer}/amount", "too_small", detail, params=params)])
    return minor


def minor_of(given: Money, pointer: str) -> int:
    """Read an amount of any currency, in its minor units.

    Raises:
        InvalidError: an unknown currency (``unknown_currency``), or an amount that is finer than the currency
            allows or too large (``amount``).
    """
    try:
        decimals = money.minor_digits(given.currency)
    except ValueError:
        detail = "This is not a currency of ISO 4217."
        wrong = FieldError(f"{pointer}/currency", "unknown_currency", detail)
        raise InvalidError(fields=[wrong]) from None
    try:
        return money.parse(given.amount, given.currency)
    except ValueError:
        detail = "Expected a decimal with at most {decimals} decimals that is not too large."
        wrong = FieldError(f"{pointer}/amount", "amount", detail, params={"decimals": decimals})
        raise InvalidError(fields=[wrong]) from None


# --- inside


def _shape(row: Row) -> Row:
    cost = row["unit_cost_minor"]
    wire = None if cost is None else money.to_wire(cost, row["unit_cost_currency"])
    return _as_read({**row, "unit_cost": wire})


def _wrong(tx: ReadTx, data: CompensationKindPut) -> list[FieldError]:
    wrong = []
    if data.calendar is not None:
        row: Any = versions.current(tx, WorkingCalendar, data.calendar)
        if row is None or not row["is_active"]:
            detail = "There is no active calendar with this code; add it first."
            wrong.append(FieldError("/calendar", "unknown_calendar", detail))
    if data.fallback_role is not None:
        place = records.places(tx, Role).get(data.fallback_role)
        wrong += records.known_problems(place, "fallback_role", "role")
    return wrong
