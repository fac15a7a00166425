"""What the effect of recovery is computed from, as columns: failures with their recovery, and purchases.

Only cases of their own are failures, not those that say once more what another one says.
"""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import LargeBinary, Select, case, func, literal, select

from app.domain.recovery.recovery_steps import RecoveryKind
from app.domain.scoring.parameters import Parameters
from app.domain.standards.standards import Metric
from app.store.scoring.customer_facts import NEVER, bought, of_kinds
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import (
    Compensation,
    Complaint,
    ComplaintClock,
    ComplaintEvent,
    ComplaintRecoveryStep,
    Customer,
    Transaction,
)
from app.store.transactions import ReadTx

_TAIL = 2
"""Bytes at the end of an id by which a sample is drawn; they are random."""


def failures(tx: ReadTx, start: datetime, end: datetime) -> Columns:
    """Read complaints received in ``[start, end)``.

    Returns:
        ``customer_id``, ``complaint_id``, ``received_micros``, ``resolved_micros`` (`NEVER` when it is not;
        where only its closing is dated, that), ``reopened``: how often it was, ``our_fault``, ``is_own``:
        whether it is a case of its own. By instant of receipt.
    """
    statement = (
        select(
            numpy_io.raw_id(tx, Complaint.customer_id),
            numpy_io.raw_id(tx, Complaint.id),
            numpy_io.micros(tx, Complaint.received_at),
            numpy_io.micros(tx, func.coalesce(Complaint.resolved_at, Complaint.closed_at), NEVER),
            Complaint.reopened_count,
            Complaint.our_fault,
            case((Complaint.leading_complaint_id.is_(None), 1), else_=0),
        )
        .where(Complaint.received_at >= start, Complaint.received_at < end)
        .order_by(Complaint.received_at, Complaint.id)
    )
    names = ("customer_id", "complaint_id", "received_micros", "resolved_micros", "reopened", "our_fault")
    dtypes: list[Any] = [ID, ID, np.int64, np.int64, np.int64, "U8", np.bool_]
    return dict(zip((*names, "is_own"), numpy_io.read(tx, statement, dtypes), strict=True))


def complainers(tx: ReadTx, start: datetime, end: datetime) -> Ids:
    """Customers of whom any complaint was received in ``[start, end)``, those that repeat others included."""
    received = Complaint.received_at
    statement = select(numpy_io.raw_id(tx, Complaint.customer_id)).distinct()
    [ids] = numpy_io.read(tx, statement.where(received >= start, received < end), [ID])
    return ids


def states_of_reopened(tx: ReadTx, start: datetime, end: datetime) -> Columns:
    """Read the states that complaints of a window went through, where they were reopened.

    Returns:
        ``complaint_id``, ``at_micros``, ``state``; in the order they came in.
    """
    statement = (
        select(
            numpy_io.raw_id(tx, Complaint.id), numpy_io.micros(tx, ComplaintEvent.at), ComplaintEvent.state
        )
        .join_from(Complaint, ComplaintEvent, ComplaintEvent.complaint_id == Complaint.id)
        .where(*_own(start, end), Complaint.reopened_count > 0)
        .order_by(Complaint.id, ComplaintEvent.number)
    )
    found = numpy_io.read(tx, statement, [ID, np.int64, "U20"])
    return dict(zip(("complaint_id", "at_micros", "state"), found, strict=True))


def steps(tx: ReadTx, start: datetime, end: datetime) -> Columns:
    """Read apologies and causes of the complaints of a window.

    Returns:
        ``complaint_id``, ``kind``, ``fault`` (empty: none), ``at_micros``; the latest last.
    """
    step = ComplaintRecoveryStep
    statement = (
        select(
            numpy_io.raw_id(tx, step.complaint_id),
            step.kind,
            func.coalesce(step.fault, ""),
            numpy_io.micros(tx, step.at),
        )
        .join(Complaint, Complaint.id == step.complaint_id)
        .where(*_own(start, end), step.kind.in_([RecoveryKind.APOLOGY, RecoveryKind.CAUSE]))
        .order_by(step.at, step.id)
    )
    found = numpy_io.read(tx, statement, [ID, "U12", "U10", np.int64])
    return dict(zip(("complaint_id", "kind", "fault", "at_micros"), found, strict=True))


def compensations(tx: ReadTx, start: datetime, end: datetime) -> Columns:
    """Read what was given to make up for the complaints of a window, and not taken back.

    Returns:
        ``complaint_id``, ``at_micros``.
    """
    statement = (
        select(numpy_io.raw_id(tx, Compensation.complaint_id), numpy_io.micros(tx, Compensation.given_at))
        .join(Complaint, Complaint.id == Compensation.complaint_id)
        .where(*_own(start, end), Compensation.reverses_id.is_(None), Compensation.reversed_by_id.is_(None))
    )
    found = numpy_io.read(tx, statement, [ID, np.int64])
    return dict(zip(("complaint_id", "at_micros"), found, strict=True))


def first_clocks(tx: ReadTx, start: datetime, end: datetime) -> Columns:
    """Read what became of the first clock that the resolution of each complaint of a window had.

    Returns:
        ``complaint_id``, ``state``; the first clock of a complaint first.
    """
    statement = (
        select(numpy_io.raw_id(tx, ComplaintClock.complaint_id), ComplaintClock.state)
        .join(Complaint, Complaint.id == ComplaintClock.complaint_id)
        .where(*_own(start, end), ComplaintClock.metric == Metric.RESOLVE)
        .order_by(ComplaintClock.complaint_id, ComplaintClock.number)
    )
    found = numpy_io.read(tx, statement, [ID, "U12"])
    return dict(zip(("complaint_id", "state"), found, strict=True))


def sample(tx: ReadTx, most: int) -> tuple[Ids, float]:
    """Draw about ``most`` customers, all where there are no more: the same ones each time.

    Returns:
        Their ids, ascending, and the share of all that they are drawn with.
    """
    customers = tx.execute(select(func.count()).select_from(Customer)).scalar_one()
    levels = 256**_TAIL
    level = levels if customers <= most else max(1, levels * most // customers)
    drawn: Select[Any] = select(numpy_io.raw_id(tx, Customer.id)).order_by(Customer.id)
    if level < levels:
        tail = func.substr(numpy_io.raw_id(tx, Customer.id), ID.itemsize - _TAIL + 1, _TAIL)
        drawn = drawn.where(tail < literal(level.to_bytes(_TAIL), LargeBinary()))
    [ids] = numpy_io.read(tx, drawn, [ID])
    return ids, level / levels


def is_sampled(ids: Ids, share: float) -> NDArray[np.bool_]:
    """Tell which customers a sample with such a share has."""
    levels = 256**_TAIL
    found: NDArray[np.bool_] = (tails(ids) % np.uint64(levels)).astype(np.float64) < share * levels
    return found


def tails(ids: Ids) -> NDArray[np.uint64]:
    """The last eight bytes of each id as a number."""
    return np.ascontiguousarray(ids).view(">u8").reshape(-1, 2)[:, 1].astype(np.uint64)


def transactions(
    tx: ReadTx, parameters: Parameters, only: Ids, start: datetime, end: datetime
) -> tuple[Ids, NDArray[np.str_], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Read what customers bought and gave back in ``[start, end)``.

    Returns:
        Columns of one row a transaction: customer, currency, effect on the value in its minor units, instant
        in microseconds, and whether it is a purchase. In no particular order.
    """
    at = Transaction.occurred_at
    statement = select(
        numpy_io.raw_id(tx, Transaction.customer_id),
        Transaction.currency,
        Transaction.amount_minor,
        numpy_io.micros(tx, at),
        case((bought(parameters), 1), else_=0),
    ).where(numpy_io.id_in(tx, Transaction.customer_id, only), at >= start, at < end, *of_kinds(parameters))
    found = numpy_io.read(tx, statement, [ID, "U3", np.int64, np.int64, np.bool_])
    return found[0], found[1], found[2], found[3], found[4]


def newest_sale(tx: ReadTx) -> datetime | None:
    """When the newest transaction happened; None without any."""
    return tx.execute(select(func.max(Transaction.occurred_at))).scalar_one()


# --- inside


def _own(start: datetime, end: datetime) -> list[Any]:
    received = Complaint.received_at
    return [received >= start, received < end, Complaint.leading_complaint_id.is_(None)]
