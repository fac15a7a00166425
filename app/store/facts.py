"""Facts for scoring in bulk: columns in, columns out, never row objects.

Customer ids are NumPy ``S16`` arrays of the 16 bytes of the UUID, which sort as UUIDs do. ``S`` drops
trailing zero bytes on the way out, so they are always turned back through `raw_ids`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Select,
    cast,
    delete,
    func,
    insert,
    select,
    type_coerce,
)

from app.store import columns, dialects
from app.store.columns import Columns
from app.store.tables import Customer, CustomerScore, ExchangeRate, RunColumns, Transaction
from app.store.types import to_micros

Ids = NDArray[np.bytes_]
IntArray = NDArray[np.int64]

PART_ROWS = 250_000


@dataclass(frozen=True, slots=True, eq=False)
class Foreign:
    """Transactions in other currencies than the reporting one, row by row; aligned arrays of shape (n,)."""

    customer_ids: Ids
    currencies: NDArray[np.str_]
    amounts_minor: IntArray
    occurred_micros: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class ValueFacts:
    """What customers are worth is computed from. ``customer_ids`` ascend strictly and align with
    ``totals_minor``: sums in the reporting currency. ``rates`` are by currency and local day."""

    customer_ids: Ids
    totals_minor: IntArray
    transactions: int
    foreign: Foreign
    rates: dict[str, dict[date, str]]
    customers: int


def id_array(ids: Sequence[bytes]) -> Ids:
    """Sixteen-byte ids as an array."""
    return np.frombuffer(b"".join(ids), dtype="S16")


def raw_ids(ids: Ids) -> list[UUID]:
    """The UUIDs of an id array."""
    data = np.ascontiguousarray(ids).tobytes()
    return [UUID(bytes=data[start : start + 16]) for start in range(0, len(data), 16)]


def value_facts(
    tx: Connection, start: datetime | None, end: datetime, currency: str, ignored_kinds: Iterable[str]
) -> ValueFacts:
    """Read what occurred in ``[start, end)``, ``start`` None meaning from the beginning.

    ``ignored_kinds`` are left out as if they had never happened. Four statements.
    """
    where = [Transaction.occurred_at < end]
    if start is not None:
        where.append(Transaction.occurred_at >= start)
    if kinds := sorted(ignored_kinds):
        where.append(Transaction.kind.not_in(kinds))
    total = cast(func.sum(Transaction.amount_minor), BigInteger)
    own = _fetch(
        tx,
        select(_id_bytes(tx, Transaction.customer_id), total, func.count())
        .where(*where, Transaction.currency == currency)
        .group_by(Transaction.customer_id)
        .order_by(Transaction.customer_id),
    )
    other = _fetch(
        tx,
        select(
            _id_bytes(tx, Transaction.customer_id),
            Transaction.currency,
            Transaction.amount_minor,
            Transaction.occurred_at,
        ).where(*where, Transaction.currency != currency),
    )
    foreign = Foreign(
        id_array([row[0] for row in other]),
        np.array([row[1] for row in other], dtype="U3"),
        np.array([row[2] for row in other], dtype=np.int64),
        np.array([to_micros(row[3]) for row in other], dtype=np.int64),
    )
    rates: dict[str, dict[date, str]] = {}
    if other:
        for rate in tx.execute(select(ExchangeRate.currency, ExchangeRate.on_date, ExchangeRate.rate)):
            rates.setdefault(rate.currency, {})[rate.on_date] = rate.rate
    return ValueFacts(
        id_array([row[0] for row in own]),
        np.array([row[1] for row in own], dtype=np.int64),
        sum(row[2] for row in own) + len(other),
        foreign,
        rates,
        tx.execute(select(func.count()).select_from(Customer)).scalar_one(),
    )


SCORE_COLUMNS = ("value_minor", "tier", "next_tier_distance_minor", "near_cut")


def replace_scores(tx: Connection, ids: Ids, scores: Columns) -> int:
    """Make ``customer_scores`` hold exactly these rows; only what differs is written.

    Args:
        ids: customers with a score, strictly ascending.
        scores: columns aligned with ``ids``: value_minor int64; tier ``U1``; next_tier_distance_minor
            int64, -1 for none; near_cut ``U1``, "" for none.

    Returns:
        The number of rows inserted, changed or deleted.
    """
    old_ids, old = _stored_scores(tx)
    places = np.searchsorted(old_ids, ids)
    known = places < old_ids.size
    known[known] = old_ids[places[known]] == ids[known]
    same = known.copy()
    for name in SCORE_COLUMNS:
        same[known] &= (old[name][places[known]] == scores[name][known]) if known.any() else True
    gone = ~np.isin(old_ids, ids, assume_unique=True)
    if gone.any():
        dialects.delete_many(tx, CustomerScore, CustomerScore.customer_id, raw_ids(old_ids[gone]))
    news = np.flatnonzero(~same)
    if news.size:
        _write_scores(tx, ids[news], {name: scores[name][news] for name in SCORE_COLUMNS})
    return int(news.size + np.count_nonzero(gone))


def save_columns(tx: Connection, run_id: UUID, ids: Ids, scores: Columns) -> None:
    """Keep a run's result for every customer, for transition matrices and replay."""
    tx.execute(delete(RunColumns).where(RunColumns.run_id == run_id))
    for part, start in enumerate(range(0, max(ids.size, 1), PART_ROWS)):
        rows = slice(start, start + PART_ROWS)
        data = {"customer_id": ids[rows], **{name: column[rows] for name, column in scores.items()}}
        tx.execute(insert(RunColumns).values(run_id=run_id, part=part, data=columns.pack(data)))


def load_columns(tx: Connection, run_id: UUID) -> Columns:
    """What `save_columns` kept: ``customer_id`` (strictly ascending) and the scores."""
    stored = tx.execute(select(RunColumns.data).where(RunColumns.run_id == run_id).order_by(RunColumns.part))
    return columns.joined([columns.unpack(data) for data in stored.scalars()])


def _id_bytes(tx: Connection, column: Any) -> Any:
    """The id as 16 raw bytes on both databases."""
    return func.uuid_send(column) if dialects.is_postgres(tx) else type_coerce(column, LargeBinary())


def _fetch(tx: Connection, statement: Select[Any]) -> Sequence[Any]:
    return tx.execute(statement).all()


def _stored_scores(tx: Connection) -> tuple[Ids, Columns]:
    rows = _fetch(
        tx,
        select(
            _id_bytes(tx, CustomerScore.customer_id),
            CustomerScore.value_minor,
            CustomerScore.tier,
            func.coalesce(CustomerScore.next_tier_distance_minor, -1),
            func.coalesce(CustomerScore.near_cut, ""),
        ).order_by(CustomerScore.customer_id),
    )
    return id_array([row[0] for row in rows]), {
        "value_minor": np.array([row[1] for row in rows], dtype=np.int64),
        "tier": np.array([row[2] for row in rows], dtype="U1"),
        "next_tier_distance_minor": np.array([row[3] for row in rows], dtype=np.int64),
        "near_cut": np.array([row[4] for row in rows], dtype="U1"),
    }


def _write_scores(tx: Connection, ids: Ids, scores: Columns) -> None:
    distances = [
        None if distance < 0 else distance for distance in scores["next_tier_distance_minor"].tolist()
    ]
    rows = zip(
        raw_ids(ids),
        scores["tier"].tolist(),
        scores["value_minor"].tolist(),
        distances,
        [mark or None for mark in scores["near_cut"].tolist()],
        strict=True,
    )
    names = ("customer_id", "tier", "value_minor", "next_tier_distance_minor", "near_cut")
    dialects.upsert_many(tx, CustomerScore, names, ("customer_id",), rows)
