"""What runs found: kept for every run as columns, and for the current one as rows.

The columns of the current run say exactly what ``customer_scores`` holds, so that what a new run changes
is found without reading rows. Columns are aligned; ``customer_id`` ascends strictly.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select

from app.domain.scoring.score_columns import equal
from app.store import dialects
from app.store.sql import bulk_write, column_codec, numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import Ids
from app.store.tables import CustomerScore, RunColumns
from app.store.transactions import ReadTx, WriteTx

PART_ROWS = 50_000

Packed = list[tuple[UUID | None, Future[bytes]]]
"""Parts of a run's columns, each with its first customer."""

Rows = Callable[[Columns], Mapping[str, Sequence[Any]]]
"""Makes the rows of some customers out of their columns: the values of each column of ``customer_scores`` but
the id, documents as JSON text."""


def packed(data: Columns) -> Packed:
    """Begin to pack a run's columns for `save_columns`. A thread does it: it takes a while, most of it
    outside of Python, and need not hold up others who write."""
    pool = ThreadPoolExecutor(1)
    parts = []
    for start in range(0, max(data["customer_id"].size, 1), PART_ROWS):
        piece = {name: column[start : start + PART_ROWS] for name, column in data.items()}
        first = numpy_io.raw_ids(piece["customer_id"][:1])
        parts.append((first[0] if first else None, pool.submit(column_codec.pack, piece)))
    pool.shutdown(wait=False)
    return parts


def save_columns(tx: WriteTx, run_id: UUID, parts: Packed) -> None:
    """Keep a run's columns."""
    tx.execute(delete(RunColumns).where(RunColumns.run_id == run_id))
    for part, (first_id, data) in enumerate(parts):
        row = {"run_id": run_id, "part": part, "first_id": first_id, "data": data.result()}
        tx.execute(insert(RunColumns).values(row))


def load_columns(tx: ReadTx, run_id: UUID, names: Collection[str] | None = None) -> Columns:
    """What `save_columns` kept, or those ``names`` of it that are there; empty if nothing is kept."""
    return column_codec.unpack(load_packed(tx, run_id), names)


def load_packed(tx: ReadTx, run_id: UUID) -> list[bytes]:
    """The parts that `save_columns` kept, for `column_codec.unpack`."""
    stored = select(RunColumns.data).where(RunColumns.run_id == run_id).order_by(RunColumns.part)
    return dialects.long_values(tx, stored)


def of_customer(
    tx: ReadTx, run_ids: Sequence[UUID], customer_id: UUID, names: Collection[str]
) -> dict[UUID, dict[str, Any]]:
    """Read one customer's values in some runs: run -> column -> value; without the runs it is not in."""
    places = (
        select(RunColumns.run_id, func.max(RunColumns.part).label("part"))
        .where(RunColumns.run_id.in_(run_ids), RunColumns.first_id <= customer_id)
        .group_by(RunColumns.run_id)
        .subquery()
    )
    same = (RunColumns.run_id == places.c.run_id) & (RunColumns.part == places.c.part)
    found = {}
    for row in tx.execute(select(RunColumns.run_id, RunColumns.data).join(places, same)):
        part = column_codec.unpack([row.data], {"customer_id", *names})
        wanted = np.frombuffer(customer_id.bytes, dtype=numpy_io.ID)
        place = int(np.searchsorted(part["customer_id"], wanted)[0])
        if place < part["customer_id"].size and part["customer_id"][place] == wanted[0]:
            found[row.run_id] = {name: part[name][place] for name in names if name in part}
    return found


def replace(tx: WriteTx, before: Columns, after: Columns, rows: Rows) -> int:
    """Make ``customer_scores`` hold exactly the rows of ``after``; only what differs is written.

    Args:
        before: columns of the current run, whose rows are stored; empty when there is none.
        after: columns of the run that becomes current, those that rows are made of: a customer is written
            when one of them differs.
        rows: makes the rows.

    Returns:
        The number of rows inserted, changed or deleted.
    """
    ids = after["customer_id"]
    if not before:
        tx.execute(delete(CustomerScore))
        before = {name: column[:0] for name, column in after.items()}
    gone = before["customer_id"][~matched(ids, before["customer_id"])[1]]
    if gone.size:
        bulk_write.delete_many(tx, CustomerScore, CustomerScore.customer_id, numpy_io.raw_ids(gone))
    changed = np.flatnonzero(~_unchanged(before, after))
    with bulk_write.larger_page_cache(tx):
        for start in range(0, changed.size, PART_ROWS):
            part = {name: column[changed[start : start + PART_ROWS]] for name, column in after.items()}
            values = {"customer_id": numpy_io.driver_ids(tx, part["customer_id"]), **rows(part)}
            found = zip(*values.values(), strict=True)
            bulk_write.upsert_raw(tx, CustomerScore, list(values), ("customer_id",), found)
    return int(changed.size + gone.size)


def _unchanged(before: Columns, after: Columns) -> NDArray[np.bool_]:
    ids = before["customer_id"]
    if not ids.size:
        return np.zeros(after["customer_id"].size, dtype=np.bool_)
    places: Any
    places, same = matched(ids, after["customer_id"])
    if same.all() and places.size == ids.size:
        places = slice(None)  # the same customers
    if before.keys() != after.keys():  # rows show a figure since that the current run did not have
        return np.zeros_like(same)
    for name in after.keys() - {"customer_id"}:
        if before[name] is not after[name]:
            same &= equal(after[name], before[name][places])
    return same


def matched(ids: Ids, wanted: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where ``wanted`` stand in ``ids``, both ascending, and which of them do; 0 for those that do not."""
    if not ids.size:
        return np.zeros(wanted.size, dtype=np.intp), np.zeros(wanted.size, dtype=np.bool_)
    if np.array_equal(ids, wanted):
        return np.arange(ids.size), np.ones(ids.size, dtype=np.bool_)
    places = np.searchsorted(ids, wanted)
    known = places < ids.size
    known[known] = ids[places[known]] == wanted[known]
    return np.where(known, places, 0), known
