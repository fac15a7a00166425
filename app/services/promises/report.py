"""How far promises are kept: counts and shares by what the promises have in common."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text, cast, func, null, select
from sqlalchemy import case as case_of

from app.domain.common.access import Actor
from app.domain.promises.keeping import Outcomes, kept_rate, shrunk_rates
from app.domain.promises.promises import Promiser, PromiseState
from app.schemas.insights.promises import PromisesBy, PromisesQuery
from app.services.platform.windows import months, window_days
from app.services.promises import states
from app.store.engine import in_thread
from app.store.tables import Promise
from app.store.transactions import ReadTx, Row
from app.store.types import now

CSV_COLUMNS = (
    "key",
    "due",
    "on_time",
    "late",
    "overdue",
    "cancelled_by_us",
    "cancelled_by_customer",
    "moved",
    "open",
    "counted",
    "kept_rate",
    "kept_low",
    "kept_high",
    "kept_shrunk",
    "is_small",
)

_KEYS: dict[PromisesBy, Any] = {
    PromisesBy.AGENT: Promise.owner,
    PromisesBy.UNIT: Promise.unit,
    PromisesBy.KIND: Promise.kind,
    PromisesBy.TIER: Promise.tier,
    PromisesBy.CHANNEL: Promise.channel,
}
_SHRUNK = {PromisesBy.AGENT, PromisesBy.UNIT}
_NO_KEY = cast(null(), Text)


@in_thread
def report(tx: ReadTx, actor: Actor, query: PromisesQuery) -> Row:
    """Count what became of the promises that were due in a window, as a whole and in groups.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    first, to = window_days(actor.company, query.from_, query.to)
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    at, by, promiser = now(), query.by, query.promised_by
    groups: dict[str | None, Outcomes]
    if by is PromisesBy.MONTH:
        read = {key: _read(tx, promiser, *ends, None, at) for key, ends in months(actor.company, first, to)}
        groups = {key: found[None] for key, found in read.items() if found}
    else:
        groups = _read(tx, promiser, start, end, by, at)
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    rates = shrunk_rates([found for _, found in ordered]) if by in _SHRUNK else [None] * len(ordered)
    shown = [
        {"key": key, **_figures(promiser, found), "kept_shrunk": rate}
        for (key, found), rate in zip(ordered, rates, strict=True)
    ]
    whole = _figures(promiser, _together(groups.values()))
    return {
        "promised_by": promiser,
        "window": {"start": start, "end": end},
        "by": by,
        "overall": whole,
        "groups": [] if by is None else shown,
    }


# --- inside


def _read(
    tx: ReadTx, promiser: Promiser, start: datetime, end: datetime, by: PromisesBy | None, at: datetime
) -> dict[str | None, Outcomes]:
    """What became of the promises due in ``[start, end)``, by key; all under None without ``by``."""
    by_us, by_customer = (_count(state, at) for state in _CANCELLED)
    by_promiser, by_other = (by_us, by_customer) if promiser is Promiser.US else (by_customer, by_us)
    counts = (
        _count(PromiseState.KEPT, at),
        _count(PromiseState.LATE, at),
        _count(PromiseState.OVERDUE, at) + _count(PromiseState.ABANDONED, at),
        by_promiser,
        by_other,
        func.sum(case_of((Promise.moved_count > 0, 1), else_=0)),
        _count(PromiseState.OPEN, at),
    )
    key = _NO_KEY if by is None else _KEYS[by]
    statement = select(key, *(cast(count, Integer) for count in counts)).where(
        Promise.due_at >= start, Promise.due_at < end, Promise.promised_by == promiser.value
    )
    grouped = statement.having(func.count() > 0) if by is None else statement.group_by(key)
    return {row[0]: Outcomes(*row[1:]) for row in tx.execute(grouped).all()}


_CANCELLED = PromiseState.CANCELLED_BY_US, PromiseState.CANCELLED_BY_CUSTOMER


def _count(state: PromiseState, at: datetime) -> Any:
    return func.sum(case_of((states.is_in(state, at), 1), else_=0))


def _together(groups: Any) -> Outcomes:
    names = Outcomes.__slots__
    return Outcomes(**{name: sum(getattr(group, name) for group in groups) for name in names})


def _figures(promiser: Promiser, outcomes: Outcomes) -> Row:
    rate = kept_rate(outcomes)
    own, other = outcomes.cancelled_by_promiser, outcomes.cancelled_by_other
    by_us, by_customer = (own, other) if promiser is Promiser.US else (other, own)
    return {
        "due": outcomes.due,
        "on_time": outcomes.on_time,
        "late": outcomes.late,
        "overdue": outcomes.overdue,
        "cancelled_by_us": by_us,
        "cancelled_by_customer": by_customer,
        "moved": outcomes.moved,
        "open": outcomes.open,
        "counted": outcomes.counted,
        "kept_rate": rate.share,
        "kept_low": rate.low,
        "kept_high": rate.high,
        "kept_shrunk": None,
        "is_small": rate.is_small,
    }
