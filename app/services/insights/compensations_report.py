"""What is given to make up for failures: spend, how it was decided, how long that took."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import Select, Text, case, cast, func, null, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.compensations.requests import RequestState, state_at
from app.schemas.insights.compensations import CompensationsBy, CompensationsQuery
from app.services.insights import compensation_value
from app.services.platform.windows import window_days
from app.store.engine import in_thread
from app.store.tables import Compensation, CompensationRequest, Complaint
from app.store.transactions import ReadTx, Row
from app.store.types import now
from app.texts import translate

METHODS = ("value_kept",)
LIMITS = (
    "This is no proof of cause: nobody drew lots who is compensated, and customers differ in more.",
    "Tier and churn level are those of the named run, which may be later than the compensation.",
)
CSV_COLUMNS = (
    "key",
    "spend",
    "currency",
    "granted",
    "reversed",
    "cases",
    "average",
    "asked",
    "at_once",
    "approved",
    "denied",
    "expired",
    "waiting",
    "share_at_once",
    "share_approved",
    "share_denied",
    "share_expired",
    "share_escalated",
    "median_wait_seconds",
)
_AMOUNTS = ("spend", "average")


@dataclass(slots=True)
class _Group:
    """What is counted of one group; amounts in minor units."""

    spend_minor: int = 0
    granted: int = 0
    reversed: int = 0
    cases: int = 0
    at_once: int = 0
    requests: dict[RequestState, int] = field(default_factory=lambda: defaultdict(int))
    waits: list[float] = field(default_factory=list)


Groups = dict[str | None, _Group]


@in_thread
def report(tx: ReadTx, actor: Actor, query: CompensationsQuery, language: str) -> Row:
    """Sum up what was given in a window and how it was decided, as a whole and in groups, and compare what
    the customers bought afterwards; limits are in the language.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    first, to = window_days(actor.company, query.from_, query.to)
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    currency, groups = actor.company.reporting_currency, _groups(tx, actor.company, query, first, to)
    shown = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    all_of_it = groups if query.by is None else _read(tx, start, end, None, currency)
    return {
        "window": {"start": start, "end": end},
        "by": query.by,
        "currency": currency,
        "left_out": _left_out(tx, start, end, currency),
        "overall": _figures(all_of_it.get(None, _Group()), currency),
        "groups": []
        if query.by is None
        else [{"key": key, **_figures(found, currency)} for key, found in shown],
        "value_kept": compensation_value.report(tx, actor, first, to, query.horizon_months),
        "methods": METHODS,
        "limits": [translate(limit, language) for limit in LIMITS],
    }


def csv_rows(found: Row) -> Iterator[Row]:
    """The lines of the CSV of a report: the whole, whose key is ``*``, then each group."""
    for row in ({"key": "*", **found["overall"]}, *found["groups"]):
        amounts = {name: row[name] and row[name]["amount"] for name in _AMOUNTS}
        yield {**row, **amounts, "currency": found["currency"]}


# --- inside

_NO_KEY = cast(null(), Text)


def _groups(tx: ReadTx, company: Company, query: CompensationsQuery, first: date, to: date) -> Groups:
    currency = company.reporting_currency
    if query.by is not CompensationsBy.MONTH:
        return _read(tx, company.start_of(first), company.start_of(to), query.by, currency)
    groups: Groups = {}
    for key, begin, behind in compensation_value.months(first, to):
        start, end = company.start_of(max(first, begin)), company.start_of(min(to, behind))
        found = _read(tx, start, end, None, currency).get(None)
        if found is not None:
            groups[key] = found
    return groups


def _read(tx: ReadTx, start: datetime, end: datetime, by: CompensationsBy | None, currency: str) -> Groups:
    """What was given and asked for in ``[start, end)``, by key; all under None without ``by``."""
    groups: Groups = defaultdict(_Group)
    for row in tx.execute(_given(start, end, by, currency)):
        group = groups[row.key]
        group.spend_minor, group.granted = int(row.spend or 0), row.granted
        group.reversed, group.at_once, group.cases = row.reversed, row.at_once, row.cases
    at = now()
    for row in tx.execute(_asked(start, end, by)):
        state = state_at(row.state, row.expires_at, at)
        group = groups[row.key]
        group.requests[state] += 1
        if state is not RequestState.OPEN:
            decided_at = row.expires_at if state is RequestState.EXPIRED else row.decided_at
            group.waits.append((decided_at - row.requested_at).total_seconds())
    return {key: group for key, group in groups.items() if group.granted or group.requests}


def _key(table: Any, by: CompensationsBy | None) -> Any:
    if by is None:
        return _NO_KEY
    return Complaint.category if by is CompensationsBy.CATEGORY else getattr(table, by.value)


def _keyed(statement: Select[Any], table: Any, by: CompensationsBy | None) -> Select[Any]:
    if by is not CompensationsBy.CATEGORY:
        return statement.select_from(table)
    return statement.select_from(table).join(Complaint, Complaint.id == table.complaint_id, isouter=True)


def _given(start: datetime, end: datetime, by: CompensationsBy | None, currency: str) -> Select[Any]:
    table, key = Compensation, _key(Compensation, by)
    is_grant = table.reverses_id.is_(None)
    cases = func.count(table.complaint_id.distinct()) + func.count(table.interaction_id.distinct())
    statement = select(
        key.label("key"),
        func.sum(table.cost_minor).label("spend"),
        func.count(case((is_grant, 1))).label("granted"),
        func.count(case((~is_grant, 1))).label("reversed"),
        func.count(case((is_grant & table.request_id.is_(None), 1))).label("at_once"),
        cases.label("cases"),
    ).where(table.given_at >= start, table.given_at < end, table.currency == currency)
    statement = _keyed(statement, table, by)
    return statement.having(func.count() > 0) if by is None else statement.group_by(key)


def _asked(start: datetime, end: datetime, by: CompensationsBy | None) -> Select[Any]:
    table, key = CompensationRequest, _key(CompensationRequest, by)
    columns = table.state, table.requested_at, table.decided_at, table.expires_at
    statement = select(key.label("key"), *columns)
    return _keyed(statement.where(table.requested_at >= start, table.requested_at < end), table, by)


def _left_out(tx: ReadTx, start: datetime, end: datetime, currency: str) -> int:
    other = select(func.count()).select_from(Compensation)
    other = other.where(Compensation.given_at >= start, Compensation.given_at < end)
    return int(tx.execute(other.where(Compensation.currency != currency)).scalar_one())


def _figures(group: _Group, currency: str) -> Row:
    """A group as `CompensationFigures` wants it."""
    counts = {state: group.requests.get(state, 0) for state in RequestState}
    escalated = sum(counts.values())
    asked = group.at_once + escalated

    def share(count: int) -> float | None:
        return count / asked if asked else None

    average = round(group.spend_minor / group.cases) if group.cases else None
    return {
        "spend": money.to_wire(group.spend_minor, currency),
        "granted": group.granted,
        "reversed": group.reversed,
        "cases": group.cases,
        "average": None if average is None else money.to_wire(average, currency),
        "asked": asked,
        "at_once": group.at_once,
        "approved": counts[RequestState.APPROVED],
        "denied": counts[RequestState.DENIED],
        "expired": counts[RequestState.EXPIRED],
        "waiting": counts[RequestState.OPEN],
        "share_at_once": share(group.at_once),
        "share_approved": share(counts[RequestState.APPROVED]),
        "share_denied": share(counts[RequestState.DENIED]),
        "share_expired": share(counts[RequestState.EXPIRED]),
        "share_escalated": share(escalated),
        "median_wait_seconds": median(group.waits) if group.waits else None,
    }
