"""Set and read service standards."""

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update

from app.domain.common.access import Actor
from app.domain.standards.business_time import business_time
from app.errors import FieldError, InvalidError
from app.schemas.common.base import ChangesQuery, shaper
from app.schemas.standards.standards import StandardPut, StandardRead, TimeKind
from app.services.standards import calendars, versions
from app.store.engine import one_statement
from app.store.listing import COMPANY_WIDE, Listing, since
from app.store.paging import After, Page, SortKey
from app.store.tables import EscalationRule, ServiceStandard, WorkingCalendar
from app.store.transactions import ReadTx, Row, WriteTx
from app.store.types import now

STANDARDS = Listing(
    ChangesQuery,
    select(ServiceStandard.__table__).where(ServiceStandard.is_current),
    owner=COMPANY_WIDE,
    missing="There is no such standard.",
    sorts=[SortKey(ServiceStandard.code)],
    filters=[since(ServiceStandard.updated_at)],
)

_LONGEST = timedelta(days=3 * 366)
_as_read = shaper(StandardRead)


@one_statement
def get(tx: ReadTx, actor: Actor, code: str) -> Row:
    """Read the current version of a standard.

    Raises:
        NotFoundError: there is none with this code.
    """
    return _shape(STANDARDS.one_or_404(tx, actor, ServiceStandard.code == code))


@one_statement
def page(tx: ReadTx, actor: Actor, query: ChangesQuery, after: After | None) -> Page:
    """Read a page of the standards, by code."""
    return STANDARDS.page(tx, actor, query, after, _shape)


def put(
    tx: WriteTx,
    actor: Actor,
    code: str,
    data: StandardPut,
    if_match: str | None,
    if_none_match: str | None = None,
) -> tuple[Row, bool]:
    """Add a standard, or change the one that has this code. Clocks that run keep the version they have; those
    that start from ``valid_from`` on get the new one.

    Returns:
        The standard, and whether it is new.

    Raises:
        InvalidError: its calendar or escalation rule is not in use, business time has no calendar or clock
            time one, or its time would take years.
        PreconditionFailedError: ``if_match`` does not name the present version, or ``if_none_match`` does.
    """
    if wrong := _wrong(tx, data):
        raise InvalidError(fields=wrong)
    given = data.model_dump(mode="json", exclude={"target_minutes", "time", "valid_from"})
    given |= {"target_seconds": data.seconds, "is_business_time": data.time is TimeKind.BUSINESS}
    before = versions.current(tx, ServiceStandard, code)
    differs = before is None or any(before[member] != value for member, value in given.items())
    if differs or data.valid_from is not None:
        given["valid_from"] = data.valid_from or now()
    row, is_new = versions.put(
        tx,
        actor,
        ServiceStandard,
        "standard.saved",
        code,
        {**given, "valid_until": None},
        if_match,
        if_none_match,
    )
    if row["version"] != (before or {}).get("version"):
        _end_earlier(tx, row)
    return _shape(row), is_new


# --- inside


def _end_earlier(tx: WriteTx, row: Row) -> None:
    """Let earlier versions of a standard end where this one begins."""
    ends = ServiceStandard.valid_until
    tx.execute(
        update(ServiceStandard)
        .where(ServiceStandard.code == row["code"], ServiceStandard.version < row["version"])
        .where(or_(ends.is_(None), ends > row["valid_from"]))
        .values(valid_until=row["valid_from"])
    )


def _shape(row: Row) -> Row:
    time = TimeKind.BUSINESS if row["is_business_time"] else TimeKind.CLOCK
    return _as_read({**row, "time": time})


def _wrong(tx: ReadTx, data: StandardPut) -> list[FieldError]:
    wrong = []
    if data.escalation_rule is not None and _in_use(tx, EscalationRule, data.escalation_rule) is None:
        detail = "There is no active escalation rule with this code; add it first."
        wrong.append(FieldError("/escalation_rule", "unknown_escalation_rule", detail))
    if data.time is TimeKind.CLOCK:
        if data.calendar is not None:
            detail = "Clock time needs no calendar: leave it out, or count business time."
            wrong.append(FieldError("/calendar", "not_with_clock_time", detail))
        return wrong
    if data.calendar is None:
        detail = "Business time needs a calendar: name one."
        return [*wrong, FieldError("/calendar", "calendar_missing", detail)]
    calendar = _in_use(tx, WorkingCalendar, data.calendar)
    if calendar is None:
        detail = "There is no active calendar with this code; add it first."
        return [*wrong, FieldError("/calendar", "unknown_calendar", detail)]
    at, scale = now(), business_time(calendars.working_hours(calendar))
    if scale.add(at, data.seconds) > at + _LONGEST:
        pointer = "/target_seconds" if data.target_minutes is None else "/target_minutes"
        detail = "By this calendar it would take more than three years: set less time."
        wrong.append(FieldError(pointer, "too_long", detail))
    return wrong


def _in_use(tx: ReadTx, table: type[Any], code: str) -> Row | None:
    row = versions.current(tx, table, code)
    return row if row is not None and row["is_active"] else None
