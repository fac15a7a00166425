"""What was said of contracts besides their days, as it was known on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, func, select

from app.domain.customers.contract_statements import DAYS_IN
from app.domain.scoring.parameters import NO_DAY
from app.domain.scoring.run_spec import Bounds
from app.store.sql import numpy_io
from app.store.sql.column_codec import Columns
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import ContractStatement
from app.store.transactions import ReadTx, Row


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The newest statements about n customers before a day, ascending by customer.

    Args:
        customer_id: strictly ascending.
        known_day: from when each was known.
        documents: named attributes.
        age_days: of the contract on average, NaN where none is said.
    """

    customer_id: Ids
    known_day: NDArray[np.int64]
    documents: list[Mapping[str, Any]]
    age_days: NDArray[np.float64]


def facts(tx: ReadTx, bounds: Bounds, only: Ids | None = None) -> list[Columns]:
    """What facts hold of statements that were known before a day.

    Returns:
        ``snapshot_day``, ``snapshot_left`` and ``snapshot_digest`` of the newest snapshot of each customer
        who is in one; and ``attributes_digest`` of the newest statement of each customer who has one.
    """
    statement, columns = ContractStatement, ("snapshot_day", "snapshot_left", "snapshot_digest")
    shown = (numpy_io.days(tx, statement.known_on, NO_DAY), statement.has_left, statement.digest)
    newest = _newest(tx, bounds.as_of, only, is_snapshot=True)
    found = numpy_io.read(tx, _of(tx, newest, shown), [ID, np.int64, np.bool_, np.int64])
    every = _newest(tx, bounds.as_of, only, is_snapshot=False)
    digests = numpy_io.read(tx, _of(tx, every, (statement.digest,)), [ID, np.int64])
    return [
        dict(zip(("customer_id", *columns), found, strict=True)),
        dict(zip(("customer_id", "attributes_digest"), digests, strict=True)),
    ]


def read(tx: ReadTx, before: date, only: Ids | None = None, *, is_snapshot: bool) -> Said:
    """Read the newest statement about each customer, or some, that was known before a day.

    Args:
        tx: a transaction.
        before: the day.
        only: these customers; None for all.
        is_snapshot: whether only snapshots are meant.
    """
    statement = ContractStatement
    newest = _newest(tx, before, only, is_snapshot=is_snapshot)
    shown = (numpy_io.days(tx, statement.known_on, NO_DAY), statement.age, statement.age_unit)
    rows = tx.execute(_of(tx, newest, (*shown, statement.attributes))).all()
    ages = [np.nan if age is None else age * DAYS_IN[unit] for _, _, age, unit, _ in rows]
    return Said(
        numpy_io.id_array([bytes(row[0]) for row in rows]),
        np.array([row[1] for row in rows], dtype=np.int64),
        [row[4] for row in rows],
        np.array(ages, dtype=np.float64),
    )


def of_customer(tx: ReadTx, customer_id: UUID, before: date, digest: int) -> Row | None:
    """Read the newest statement about a customer that was known before a day, if it still says what has this
    digest."""
    statement = ContractStatement
    mine = select(statement.__table__).where(
        statement.customer_id == customer_id, statement.known_on < before, statement.digest == digest
    )
    row = tx.execute(mine.order_by(statement.known_on.desc()).limit(1)).mappings().first()
    return None if row is None else dict(row)


# --- inside


def _newest(tx: ReadTx, before: date, only: Ids | None, *, is_snapshot: bool) -> Any:
    statement = ContractStatement
    wanted = [statement.known_on < before]
    if is_snapshot:
        wanted.append(statement.has_left.is_not(None))
    if only is not None:
        wanted.append(numpy_io.id_in(tx, statement.customer_id, only))
    newest = func.max(statement.known_on).label("known_on")
    return select(statement.customer_id, newest).where(*wanted).group_by(statement.customer_id).subquery()


def _of(tx: ReadTx, newest: Any, columns: tuple[Any, ...]) -> Any:
    statement = ContractStatement
    same = and_(statement.customer_id == newest.c.customer_id, statement.known_on == newest.c.known_on)
    ids = numpy_io.raw_id(tx, statement.customer_id)
    return select(ids, *columns).join(newest, same).order_by(statement.customer_id)
