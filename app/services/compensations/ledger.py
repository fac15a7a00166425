"""The ledger of compensations: its lines, and what counts against a limit already."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import and_, case, func, insert, or_, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.compensations.authority import Limit, Used
from app.domain.recovery.complaints import EventKind
from app.schemas.common.base import shaper
from app.schemas.compensations.compensations import (
    CompensationQuery,
    CompensationRead,
    CompensationSort,
)
from app.services.compensations import cases
from app.services.compensations.amounts import Amount
from app.services.compensations.budgets import month_of
from app.services.compensations.cases import Case
from app.store import dialects
from app.store.audit import trail
from app.store.engine import one_statement
from app.store.listing import Listing, by_time, equal, since, where, window
from app.store.paging import After, Page
from app.store.tables import Compensation
from app.store.transactions import ReadTx, Row, WriteTx

_TABLE = Compensation


def _is_reversed(wanted: bool) -> object:
    return _TABLE.reversed_by_id.is_not(None) if wanted else _TABLE.reversed_by_id.is_(None)


LEDGER = Listing(
    CompensationQuery,
    select(_TABLE.__table__),
    owner=_TABLE.customer_id,
    missing="There is no such compensation.",
    sorts=by_time(CompensationSort, _TABLE.given_at, _TABLE.updated_at, _TABLE.id),
    filters=[
        equal(
            _TABLE.customer_id,
            _TABLE.complaint_id,
            _TABLE.interaction_id,
            _TABLE.kind,
            _TABLE.agent,
            _TABLE.unit,
        ),
        where("reversed", _is_reversed),  # type: ignore[arg-type]
        window("given", _TABLE.given_at),
        since(_TABLE.updated_at),
    ],
)
_as_read = shaper(CompensationRead)


@one_statement
def get(tx: ReadTx, actor: Actor, compensation_id: UUID) -> Row:
    """Read one line of the ledger.

    Raises:
        NotFoundError: there is none with this id, or the caller may not see its customer.
    """
    return shape(LEDGER.one_or_404(tx, actor, _TABLE.id == compensation_id))


@one_statement
def page(tx: ReadTx, actor: Actor, query: CompensationQuery, after: After | None) -> Page:
    """Read a page of the lines of the ledger that match every filter."""
    return LEDGER.page(tx, actor, query, after, shape)


def shape(row: Row) -> Row:
    """A line as `CompensationRead` wants it."""
    more = {"limit": row["limit_code"], "on": row["on_date"]}
    return _as_read({**row, **amounts(row), **more})


def amounts(row: Row) -> Row:
    """The amounts of a line or a request on the wire."""
    return {
        "amount": money.to_wire(row["amount_minor"], row["amount_currency"]),
        "cost": money.to_wire(row["cost_minor"], row["currency"]),
    }


def lock_authority(tx: WriteTx, agent: str) -> None:
    """Let nobody else give by an agent's limits until the transaction ends."""
    dialects.advisory_lock(tx, f"authority:{agent}")


def used(tx: ReadTx, of: Case, kind: str, agent: str, limit: Limit | None, on: date) -> Used:
    """Sum up what counts against a limit already, net of what was taken back; one statement.

    Args:
        tx: a transaction that holds the case, and the agent's authority.
        of: the case.
        kind: code of the kind.
        agent: whose limit it is.
        limit: the limit; None: nothing can be given at all.
        on: the local day.
    """
    if limit is None:
        return Used()
    cost, day = _TABLE.cost_minor, _TABLE.on_date
    in_case = and_(of.is_of(_TABLE), _TABLE.kind == kind)
    by_limit = and_(
        _TABLE.authority == agent, _TABLE.limit_code == limit.code, day >= month_of(on), day <= on
    )
    sums = (
        func.coalesce(func.sum(case((condition, cost), else_=0)), 0)
        for condition in (in_case, and_(by_limit, day == on), by_limit)
    )
    found = tx.execute(select(*sums).where(or_(in_case, by_limit))).one()
    return Used(*(int(one) for one in found))


def in_case(tx: ReadTx, of: Case, kind: str) -> int:
    """What was given of a kind in a case, net of what was taken back, in minor units."""
    given = select(func.coalesce(func.sum(_TABLE.cost_minor), 0)).where(of.is_of(_TABLE), _TABLE.kind == kind)
    return int(tx.execute(given).scalar_one())


def book(
    tx: WriteTx,
    actor: Actor,
    of: Case,
    amount: Amount,
    asked: Row,
    *,
    compensation_id: UUID,
    authority: str,
    limit: Limit,
    reversal_days: int,
    given_at: datetime,
    request_id: UUID | None = None,
) -> Row:
    """Write a line of something that is given, and let its case show it.

    ``asked`` has ``kind``, ``reason``, ``agent``, ``unit`` and ``tier``.
    """
    row = {
        **of.named,
        **asdict(amount),
        **asked,
        "id": compensation_id,
        "version": 1,
        "authority": authority,
        "limit_code": limit.code,
        "limit_version": limit.version,
        "request_id": request_id,
        "reverses_id": None,
        "reversed_by_id": None,
        "on_date": actor.company.day_of(given_at),
        "given_at": given_at,
        "reversible_until": given_at + timedelta(days=reversal_days),
        "recorded_at": of.change.recorded_at,
        "updated_at": of.change.recorded_at,
        "actor_id": actor.id,
    }
    tx.execute(insert(_TABLE), row)
    cases.note(of, EventKind.COMPENSATED, amount.cost_minor, amount.currency, given_at)
    trail.record(tx, actor, "compensation.granted", row["id"], customer_id=of.customer_id, data=links_of(row))
    return row


def links_of(row: Row) -> Row:
    """Ids and codes that events tell of a line or a request."""
    data = {"kind": row["kind"]}
    for name in ("complaint_id", "interaction_id", "request_id", "compensation_id", "reverses_id"):
        if row.get(name) is not None:
            data[name] = str(row[name])
    return data
