"""On which days something was sold, by any source or by one: a look-up for each day, however much it was."""

from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, column, exists, select, values

from app.domain.churn.inputs.sales_feed import (
    LEAST_SILENCE_DAYS,
    LOOKS_BACK_DAYS,
    RUNNING,
    Feed,
    has_stopped,
)
from app.domain.common.days import day_number, day_of
from app.domain.scoring.run_spec import RunSpec
from app.store.scoring.customer_facts import bought, of_kinds
from app.store.sql.numpy_io import IntArray
from app.store.tables import Transaction
from app.store.transactions import ReadTx
from app.store.types import Instant

MAX_SOURCES = 50
"""Sources that are looked at one by one, in the order of their names."""


def feed(tx: ReadTx, spec: RunSpec) -> Feed:
    """What has stopped by the day of a run; while every source sold lately, nothing else is read."""
    if (newest := _stopped_on(tx, spec)) is not None:
        return Feed(day_of(newest))
    names = sources(tx)
    if len(names) < 2:
        return RUNNING
    stopped = ((name, _stopped_on(tx, spec, name)) for name in names)
    return Feed(None, tuple((name, day_of(day)) for name, day in stopped if day is not None))


def sources(tx: ReadTx) -> list[str]:
    """Names of the sources of transactions, ascending: one look-up for each."""
    found: list[str] = []
    name = select(Transaction.source).order_by(Transaction.source).limit(1)
    while len(found) < MAX_SOURCES:
        later = name.where(Transaction.source > found[-1]) if found else name
        source = tx.execute(later).scalar_one_or_none()
        if source is None:
            break
        found.append(source)
    return found


def sold_since(tx: ReadTx, spec: RunSpec, days: int, source: str | None = None) -> bool:
    """Whether anything was sold on the last so many days before a run's day, by a source or by any."""
    start = spec.company.start_of(spec.as_of - timedelta(days=days))
    at = Transaction.occurred_at
    sold = exists().where(at >= start, at < spec.bounds.end, *_sale(spec, source))
    return bool(tx.execute(select(sold)).scalar_one())


def sale_days(tx: ReadTx, spec: RunSpec, days: int, source: str | None = None) -> IntArray:
    """The local days with a sale among the last so many before a run's day, ascending, since 1970-01-01."""
    calendar = [spec.as_of - timedelta(days=back) for back in range(days, 0, -1)]
    starts = [spec.company.start_of(day) for day in [*calendar, spec.as_of]]
    rows = zip(map(day_number, calendar), starts, starts[1:], strict=False)
    columns = column("day", BigInteger), column("low", Instant), column("high", Instant)
    asked = values(*columns).data(list(rows)).cte("asked")
    at = Transaction.occurred_at
    sold = exists().where(at >= asked.c.low, at < asked.c.high, *_sale(spec, source)).correlate(asked)
    found = tx.execute(select(asked.c.day).where(sold).order_by(asked.c.day)).scalars()
    return np.array(list(found), dtype=np.int64)


def _sale(spec: RunSpec, source: str | None) -> list[Any]:
    conditions = [bought(spec.parameters), *of_kinds(spec.parameters)]
    return conditions if source is None else [Transaction.source == source, *conditions]


def _stopped_on(tx: ReadTx, spec: RunSpec, source: str | None = None) -> int | None:
    """Day of the newest sale when sales have stopped; None while they arrive."""
    if sold_since(tx, spec, LEAST_SILENCE_DAYS, source):
        return None
    days = sale_days(tx, spec, LOOKS_BACK_DAYS, source)
    return int(days[-1]) if has_stopped(days, spec.as_of_day) else None
