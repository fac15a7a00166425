"""What scoring is computed from, by customer, as columns: one statement a family.

Every function takes ``only``, the customers to read, None for all, and returns columns whose
``customer_id`` ascends strictly; a customer of whom there is nothing is not among them. Nothing that
occurred at or after ``bounds.end`` is seen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, and_, case, cast, func, or_, select

from app.domain.activity.interactions import Direction
from app.domain.activity.transactions import LOWERING, TransactionKind
from app.domain.common.days import day_number, day_shifts
from app.domain.customers.customers import LeavingReason
from app.domain.promises.promises import UNFINISHED, Promiser, PromiseState
from app.domain.recovery.complaints import OPEN_STATES, REOPENING
from app.domain.scoring.parameters import NO_DAY, Parameters
from app.domain.scoring.run_spec import Bounds, RunSpec
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.local_days import local_day
from app.store.sql.numpy_io import ID, Ids, IntArray
from app.store.tables import (
    Complaint,
    ComplaintEvent,
    ContractTerms,
    Customer,
    ExchangeRate,
    Interaction,
    Promise,
    PromiseEvent,
    Transaction,
)
from app.store.transactions import ReadTx

NEVER = -(2**62)
"""Microseconds that stand for "never"."""

_BUYING = sorted(set(TransactionKind) - LOWERING)


@dataclass(frozen=True, slots=True, eq=False)
class Foreign:
    """Transactions in other currencies than the reporting one, row by row; aligned arrays of shape (n,)."""

    customer_id: Ids
    currency: NDArray[np.str_]
    amount_minor: IntArray
    occurred_micros: IntArray


def transactions(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Columns:
    """Sums and counts of transactions.

    Returns:
        ``value_minor`` and ``transactions``: sum and number of those in the reporting currency and in the
        window; ``foreign``: number of those in other currencies, at any time; ``purchase_days``: distinct
        local days with a purchase, ``first_micros`` and ``last_micros`` of a purchase, `NEVER` without one;
        ``cut_purchase_days`` and ``cut_last_micros``: the same of purchases before ``bounds.cut``;
        ``refunds``: distinct local days with one that lowered a value, at any time; ``spend_minor``: sum of
        all purchases in the reporting currency, at any time; ``net_spend_minor``: the same less what lowered
        it;
        ``recent_purchases`` and ``earlier_purchases``: purchase days since ``bounds.recent`` and in the as
        long time before; ``recent_spend_minor`` and ``earlier_spend_minor``: what was paid in them, in the
        reporting currency.
    """
    parameters, bounds = spec.parameters, spec.bounds
    first = tx.execute(select(func.min(Transaction.occurred_at))).scalar_one()
    if first is None or first >= bounds.end:
        return dict.fromkeys(_TRANSACTION_COLUMNS, np.empty(0, dtype=np.int64)) | {
            "customer_id": np.empty(0, dtype=ID)
        }
    at, amount, own = (
        Transaction.occurred_at,
        Transaction.amount_minor,
        Transaction.currency == parameters.currency,
    )
    counted = own if bounds.start is None else and_(at >= bounds.start, own)
    is_sale = bought(parameters)
    recent, earlier = at >= bounds.recent, and_(at >= bounds.earlier, at < bounds.recent)
    days = func.count(local_day(tx, at, day_shifts(first, bounds.end, spec.company)).distinct())
    statement = select(
        numpy_io.raw_id(tx, Transaction.customer_id),
        _sum(amount, counted),
        func.count().filter(counted),
        func.count().filter(Transaction.currency != parameters.currency),
        days.filter(is_sale),
        numpy_io.micros(tx, func.min(at).filter(is_sale), NEVER),
        numpy_io.micros(tx, func.max(at).filter(is_sale), NEVER),
        days.filter(at >= bounds.cut, is_sale),
        numpy_io.micros(tx, func.max(at).filter(at < bounds.cut, is_sale), NEVER),
        days.filter(amount < 0),
        _sum(amount, is_sale, own),
        _sum(amount, own),
        days.filter(recent, is_sale),
        days.filter(earlier, is_sale),
        _sum(amount, recent, is_sale, own),
        _sum(amount, earlier, is_sale, own),
    ).where(*_visible(spec))
    statement = _of(tx, statement, Transaction.customer_id, only)
    # Every column it reads is in this index, in the order of the groups.
    statement = statement.with_hint(Transaction, f"INDEXED BY {_INDEX}", "sqlite")
    found = numpy_io.read(
        tx,
        statement.group_by(Transaction.customer_id).order_by(Transaction.customer_id),
        [ID, *[np.int64] * len(_TRANSACTION_COLUMNS)],
    )
    columns = dict(zip(("customer_id", *_TRANSACTION_COLUMNS), found, strict=True))
    # The cut is between two days, and those after it are fewer to tell apart.
    columns["cut_purchase_days"] = columns["purchase_days"] - columns["cut_purchase_days"]
    return columns


_TRANSACTION_COLUMNS = (
    "value_minor",
    "transactions",
    "foreign",
    "purchase_days",
    "first_micros",
    "last_micros",
    "cut_purchase_days",
    "cut_last_micros",
    "refunds",
    "spend_minor",
    "net_spend_minor",
    "recent_purchases",
    "earlier_purchases",
    "recent_spend_minor",
    "earlier_spend_minor",
)
_INDEX = "ix_transactions_scoring"


def buyers(tx: ReadTx, parameters: Parameters, start: datetime, end: datetime) -> Ids:
    """Customers who bought at or after ``start`` and before ``end``, ascending."""
    at = Transaction.occurred_at
    statement = (
        select(numpy_io.raw_id(tx, Transaction.customer_id))
        .where(at >= start, at < end, bought(parameters), *of_kinds(parameters))
        .group_by(Transaction.customer_id)
        .order_by(Transaction.customer_id)
    )
    [ids] = numpy_io.read(tx, statement, [ID])
    return ids


def foreign(tx: ReadTx, spec: RunSpec, only: Ids | None = None) -> Foreign:
    """Read transactions in other currencies one by one: each counts at the rate of its own day."""
    statement = select(
        numpy_io.raw_id(tx, Transaction.customer_id),
        Transaction.currency,
        Transaction.amount_minor,
        numpy_io.micros(tx, Transaction.occurred_at),
    ).where(*_visible(spec), Transaction.currency != spec.parameters.currency)
    statement = _of(tx, statement, Transaction.customer_id, only)
    return Foreign(*numpy_io.read(tx, statement, [ID, "U3", np.int64, np.int64]))


def rates(tx: ReadTx) -> dict[str, dict[date, str]]:
    """Exchange rates by currency and local day."""
    found: dict[str, dict[date, str]] = {}
    for rate in tx.execute(select(ExchangeRate.currency, ExchangeRate.on_date, ExchangeRate.rate)):
        found.setdefault(rate.currency, {})[rate.on_date] = rate.rate
    return found


def contacts(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> Columns:
    """Count contacts.

    Returns:
        ``contacts`` and ``recent_contacts``: those the customer began, ever and since ``bounds.contacts``;
        ``last_contact_micros``: the last one, whoever began it.
    """
    began = Interaction.direction == Direction.INBOUND
    statement = select(
        numpy_io.raw_id(tx, Interaction.customer_id),
        func.count(case((began, 1))),
        func.count(case((and_(began, Interaction.started_at >= bounds.contacts), 1))),
        numpy_io.micros(tx, func.max(Interaction.started_at)),
    ).where(Interaction.customer_id.is_not(None), Interaction.started_at < bounds.end)
    statement = _of(tx, statement, Interaction.customer_id, only)
    grouped = statement.group_by(Interaction.customer_id).order_by(Interaction.customer_id)
    names = ("customer_id", "contacts", "recent_contacts", "last_contact_micros")
    found = numpy_io.read(tx, grouped, [ID, np.int64, np.int64, np.int64])
    return dict(zip(names, found, strict=True))


def complaints(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> Columns:
    """Count complaints in the state they were in at the end of the bounds.

    Returns:
        ``complaints``: all received by then; ``open_complaints``: those not resolved then,
        ``reopened_complaints``: those of them that had been resolved before; ``oldest_open_micros``: when
        the oldest open one was received, `NEVER` without one.
    """
    seen = ComplaintEvent.at < bounds.end
    was_reopened = func.max(case((ComplaintEvent.kind.in_(sorted(REOPENING)), 1), else_=0))
    last = (
        select(
            ComplaintEvent.complaint_id,
            func.max(ComplaintEvent.number).label("number"),
            was_reopened.label("was_reopened"),
        )
        .where(seen)
        .group_by(ComplaintEvent.complaint_id)
    )
    last = _of(tx, last, ComplaintEvent.customer_id, only)
    newest = last.subquery()
    is_open = ComplaintEvent.state.in_(sorted(OPEN_STATES))
    statement = (
        select(
            numpy_io.raw_id(tx, Complaint.customer_id),
            func.count(),
            func.count(case((is_open, 1))),
            func.count(case((and_(is_open, newest.c.was_reopened == 1), 1))),
            numpy_io.micros(tx, func.min(case((is_open, Complaint.received_at))), NEVER),
        )
        .join_from(newest, ComplaintEvent, _same_event(newest))
        .join(Complaint, Complaint.id == ComplaintEvent.complaint_id)
        .where(Complaint.received_at < bounds.end, Complaint.leading_complaint_id.is_(None))
        .group_by(Complaint.customer_id)
        .order_by(Complaint.customer_id)
    )
    names = ("customer_id", "complaints", "open_complaints", "reopened_complaints", "oldest_open_micros")
    found = numpy_io.read(tx, statement, [ID, *[np.int64] * 4])
    return dict(zip(names, found, strict=True))


def promises(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> Columns:
    """Count promises of the company that were broken, by what was known of them at the end of the bounds.

    Returns:
        ``broken_promises``: those that were due since ``bounds.contacts`` and not kept in time, and those
        that the company cancelled since then. Customers with such a promise.
    """
    last = (
        select(PromiseEvent.promise_id, func.max(PromiseEvent.number).label("number"))
        .where(PromiseEvent.at < bounds.end)
        .group_by(PromiseEvent.promise_id)
    )
    newest = _of(tx, last, PromiseEvent.customer_id, only).subquery()
    due_at, state = PromiseEvent.due_at, PromiseEvent.state
    was_due = and_(due_at >= bounds.contacts, due_at < bounds.end)
    is_overdue = and_(state.in_(sorted({*UNFINISHED, PromiseState.LATE, PromiseState.ABANDONED})), was_due)
    is_cancelled = and_(state == PromiseState.CANCELLED_BY_US, PromiseEvent.at >= bounds.contacts)
    is_it = (PromiseEvent.promise_id == newest.c.promise_id, PromiseEvent.number == newest.c.number)
    statement = (
        select(numpy_io.raw_id(tx, PromiseEvent.customer_id), func.count())
        .join(newest, and_(*is_it))
        .join(Promise, Promise.id == PromiseEvent.promise_id)
        .where(Promise.promised_by == Promiser.US.value, or_(is_overdue, is_cancelled))
        .group_by(PromiseEvent.customer_id)
        .order_by(PromiseEvent.customer_id)
    )
    found = numpy_io.read(tx, statement, [ID, np.int64])
    return dict(zip(("customer_id", "broken_promises"), found, strict=True))


def contracts(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> Columns:
    """Read contracts as they were known where the bounds end: by the newest version known before that day,
    and where none is, by the first one, for nothing else is known.

    Returns:
        ``contract_started_day``, ``contract_ends_day``, ``contract_notice_day``: days since 1970-01-01,
        `NO_DAY` where there is none; ``contract_known_day``: from when these terms were known, `NO_DAY` when
        that is not before the day. Customers with a contract.
    """
    known_on = ContractTerms.known_on
    before = func.max(case((known_on < bounds.as_of, known_on)))
    chosen = select(ContractTerms.customer_id, func.coalesce(before, func.min(known_on)).label("known_on"))
    chosen = _of(tx, chosen, ContractTerms.customer_id, only).group_by(ContractTerms.customer_id)
    at = chosen.subquery()
    dates = (ContractTerms.started_on, ContractTerms.ends_on, ContractTerms.notice_given_on, known_on)
    statement = (
        select(
            numpy_io.raw_id(tx, ContractTerms.customer_id),
            *(numpy_io.days(tx, column, NO_DAY) for column in dates),
        )
        .join(at, and_(ContractTerms.customer_id == at.c.customer_id, known_on == at.c.known_on))
        .where(ContractTerms.started_on.is_not(None))
        .order_by(ContractTerms.customer_id)
    )
    names = (
        "customer_id",
        "contract_started_day",
        "contract_ends_day",
        "contract_notice_day",
        "contract_known_day",
    )
    found = dict(zip(names, numpy_io.read(tx, statement, [ID, *[np.int64] * 4]), strict=True))
    known = found["contract_known_day"]
    found["contract_known_day"] = np.where(known < day_number(bounds.as_of), known, NO_DAY)
    return found


def departures(tx: ReadTx, only: Ids | None = None) -> Columns:
    """Read departures, as they are said to be now: they are dated.

    Returns:
        ``left_day``: days since 1970-01-01; ``left_by_us``: whether we ended it. Customers who left.
    """
    by_us = case((Customer.left_reason == LeavingReason.ENDED_BY_US, 1), else_=0)
    wanted = select(numpy_io.raw_id(tx, Customer.id), numpy_io.days(tx, Customer.left_on, NO_DAY), by_us)
    statement = _of(tx, wanted.where(Customer.left_on.is_not(None)), Customer.id, only)
    found = numpy_io.read(tx, statement, [ID, np.int64, np.int64])
    order = np.argsort(found[0])
    return {
        name: column[order]
        for name, column in zip(("customer_id", "left_day", "left_by_us"), found, strict=True)
    }


def customers(tx: ReadTx) -> int:
    """How many customers there are."""
    return tx.execute(select(func.count()).select_from(Customer)).scalar_one()


# --- inside


def _visible(spec: RunSpec) -> list[Any]:
    return [Transaction.occurred_at < spec.bounds.end, *of_kinds(spec.parameters)]


def of_kinds(parameters: Parameters) -> list[Any]:
    kinds = sorted(parameters.ignored_kinds)
    return [Transaction.kind.not_in(kinds)] if kinds else []


def bought(parameters: Parameters) -> Any:
    """Whether a transaction makes its day a day of purchase."""
    amount = Transaction.amount_minor
    if not parameters.zero_amount_purchases:
        return amount > 0
    return or_(amount > 0, and_(amount == 0, Transaction.kind.in_(_BUYING)))


def _of(tx: ReadTx, statement: Any, customer_id: Any, only: Ids | None) -> Any:
    return statement if only is None else statement.where(numpy_io.id_in(tx, customer_id, only))


def _sum(what: Any, *conditions: Any) -> Any:
    return cast(func.coalesce(func.sum(what).filter(*conditions), 0), BigInteger)


def _same_event(newest: Any) -> Any:
    same_complaint = ComplaintEvent.complaint_id == newest.c.complaint_id
    return and_(same_complaint, ComplaintEvent.number == newest.c.number)
