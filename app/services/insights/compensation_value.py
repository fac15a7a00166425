"""What compensated customers bought afterwards, against like ones who were not compensated."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, case, cast, func, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.common.arrays import IntArray
from app.domain.compensations.value_kept import Strata, ValueKept, strata_of, value_kept
from app.store.scoring import run_results
from app.store.sql import numpy_io
from app.store.sql.numpy_io import ID, Ids
from app.store.tables import Compensation, ScoringRun, Transaction
from app.store.transactions import ReadTx, Row
from app.store.types import now, to_micros

MAX_COHORTS = 24
"""Months that are compared, the latest of the window."""
_RUN = select(ScoringRun.id, ScoringRun.as_of, ScoringRun.currency).where(ScoringRun.is_current)
Month = tuple[str, date, date]


def months(first: date, to: date) -> Iterator[Month]:
    """The calendar months that ``[first, to)`` touches: name, first day, first day behind.

    >>> [name for name, _, _ in months(date(2026, 11, 24), date(2027, 1, 2))]
    ['2026-11', '2026-12', '2027-01']
    """
    begin = first.replace(day=1)
    while begin < to:
        behind = _later(begin, 1)
        yield f"{begin:%Y-%m}", begin, behind
        begin = behind


def report(tx: ReadTx, actor: Actor, first: date, to: date, horizon_months: int) -> Row:
    """Compare those compensated in each month with like ones who were not compensated in the window."""
    currency, run = actor.company.reporting_currency, tx.execute(_RUN).first()
    given = _compensated(tx, actor, first, to)
    cohorts = [month for month in months(first, to) if month[0] in given][-MAX_COHORTS:]
    today = actor.company.day_of(now())
    over = [month for month in cohorts if _later(month[2], horizon_months) <= today]
    counted = {month[0] for month in over}
    not_yet = sum(ids.size for name, ids in given.items() if name not in counted)
    found = ValueKept(0, 0, 0)
    if run is not None and run.currency == currency and over:
        found = value_kept(_strata(tx, actor, run.id, currency, given, over, horizon_months))
    amounts = ("mean", "like_mean", "difference", "low", "high")
    return {
        "run_id": None if run is None else run.id,
        "as_of": None if run is None else run.as_of,
        "horizon_months": horizon_months,
        "compensated": found.n,
        "like": found.like,
        "left_out": found.left_out,
        "not_yet": not_yet,
        **{name: _amount(getattr(found, name), currency) for name in amounts},
        "is_small": found.is_small,
    }


# --- inside


def _later(month: date, count: int) -> date:
    place = month.year * 12 + month.month - 1 + count
    return date(place // 12, place % 12 + 1, 1)


def _amount(minor: float | None, currency: str) -> Row | None:
    return None if minor is None else money.to_wire(round(minor), currency)


def _compensated(tx: ReadTx, actor: Actor, first: date, to: date) -> dict[str, Ids]:
    """Whom something was given and not taken back in each month of the window, ascending.

    Rows are read as they lie in one index: to group them by customer would take the database several times as
    long. A reversal has the instant of what it takes back.
    """
    table, company = Compensation, actor.company
    statement = select(
        numpy_io.raw_id(tx, table.customer_id), table.cost_minor, numpy_io.micros(tx, table.given_at)
    ).where(
        table.given_at >= company.start_of(first),
        table.given_at < company.start_of(to),
        table.currency == company.reporting_currency,
    )
    ids, costs, given_at = numpy_io.read(tx, statement, [ID, np.int64, np.int64])
    touched = list(months(first, to))
    starts = [to_micros(company.start_of(begin)) for _, begin, _ in touched]
    places = np.searchsorted(np.array(starts), given_at, side="right") - 1
    found: dict[str, Ids] = {}
    for place, (name, _, _) in enumerate(touched):
        mine = places == place
        owners, numbers = np.unique(ids[mine], return_inverse=True)
        kept = owners[np.bincount(numbers, costs[mine], minlength=owners.size) > 0]
        if kept.size:
            found[name] = kept
    return found


def _strata(
    tx: ReadTx,
    actor: Actor,
    run_id: Any,
    currency: str,
    given: dict[str, Ids],
    over: list[Month],
    horizon_months: int,
) -> Strata:
    columns = run_results.load_columns(tx, run_id, {"customer_id", "tier", "churn_level"})
    ids = columns["customer_id"]
    strata, size = _numbered(columns["tier"], columns["churn_level"])
    ever = np.isin(ids, np.concatenate(list(given.values())))
    names = [_later(over[0][2], place) for place in range(_span(over, horizon_months))]
    bought = _bought(tx, actor, ids, currency, names)
    parts = []
    for name, _, behind in over:
        mine = np.isin(ids, given[name])
        chosen = mine | ~ever
        begin = names.index(behind)
        values = bought[:, begin : begin + horizon_months].sum(axis=1)
        parts.append(strata_of(values[chosen], mine[chosen], strata[chosen], size))
    members = ("n", "like_n", "total", "like_total", "squares")
    return Strata(*(np.concatenate([getattr(part, member) for part in parts]) for member in members))


def _span(over: list[Month], horizon_months: int) -> int:
    """How many months there are from the first one afterwards to the last."""
    first, last = over[0][2], over[-1][2]
    return (last.year - first.year) * 12 + last.month - first.month + horizon_months


def _numbered(tiers: Any, levels: Any) -> tuple[IntArray, int]:
    """A number for each pair of tier and level, and how many there are."""
    _, one = np.unique(tiers, return_inverse=True)
    known, other = np.unique(levels, return_inverse=True)
    numbers: IntArray = (one * known.size + other).astype(np.int64)
    return numbers, int(numbers.max(initial=-1)) + 1


def _bought(
    tx: ReadTx, actor: Actor, ids: Ids, currency: str, begins: list[date]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What each customer bought in each month, net of what came back; shape (customers, months)."""
    starts: list[datetime] = [actor.company.start_of(day) for day in (*begins, _later(begins[-1], 1))]
    at, amount = Transaction.occurred_at, Transaction.amount_minor
    sums = [
        cast(func.sum(case(((at >= start) & (at < end), amount), else_=0)), BigInteger)
        for start, end in pairwise(starts)
    ]
    statement = (
        select(numpy_io.raw_id(tx, Transaction.customer_id), *sums)
        .where(at >= starts[0], at < starts[-1], Transaction.currency == currency)
        .group_by(Transaction.customer_id)
        .order_by(Transaction.customer_id)
    )
    owners, *columns = numpy_io.read(tx, statement, [ID, *[np.int64] * len(sums)])
    places, known = run_results.matched(owners, ids)
    found = np.zeros((ids.size, len(sums)))
    for place, column in enumerate(columns):
        found[known, place] = column[places[known]]
    return found
