"""How far service standards are kept: counts, shares and medians of clocks by what they have in common."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Select, case, cast, func, select

from app.domain.common.access import Actor
from app.domain.common.company import Company
from app.domain.standards.attainment import Attainment, Outcomes, attainment
from app.domain.standards.clocks import ClockState
from app.domain.standards.standards import COMPLAINT_METRICS, Metric
from app.schemas.insights.standards import StandardsBy, StandardsQuery
from app.services.platform.windows import window_days
from app.services.standards import contact_waits, rules
from app.store import dialects
from app.store.engine import in_thread
from app.store.tables import ComplaintClock
from app.store.transactions import ReadTx, Row
from app.store.types import now

CSV_COLUMNS = (
    "key",
    "received",
    "met",
    "broken",
    "running",
    "ended",
    "censored",
    "share_within",
    "share_low",
    "share_high",
    "median_seconds",
    "median_low",
    "median_high",
    "is_small",
)

_KEYS: dict[StandardsBy, Any] = {
    StandardsBy.AGENT: ComplaintClock.owner,
    StandardsBy.UNIT: ComplaintClock.unit,
    StandardsBy.CHANNEL: ComplaintClock.channel,
    StandardsBy.SEVERITY: ComplaintClock.severity,
    StandardsBy.TIER: ComplaintClock.tier,
    StandardsBy.CATEGORY: ComplaintClock.category,
}
_MET, _LATE, _NOT_DONE, _ENDED = range(4)
_CODES = 4
_MILLIS = 1_000.0


@in_thread
def report(tx: ReadTx, actor: Actor, query: StandardsQuery) -> Row:
    """Count what became of the clocks of a metric that started in a window, as a whole and in groups.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    first, to = window_days(actor.company, query.from_, query.to)
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    groups: dict[str | None, Outcomes]
    if query.by is StandardsBy.MONTH:
        months = _months(actor.company, first, to)
        read = {key: _read(tx, query.metric, *bounds, None).get(None) for key, bounds in months}
        groups = {key: found for key, found in read.items() if found is not None}
    else:
        groups = _read(tx, query.metric, start, end, query.by)
    whole = _together(list(groups.values()))
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    shown = [] if query.by is None else [{"key": key, **_figures(found)} for key, found in ordered]
    return {
        "metric": query.metric,
        "window": {"start": start, "end": end},
        "by": query.by,
        "overall": _figures(whole),
        "groups": shown,
    }


# --- inside


def _read(
    tx: ReadTx, metric: Metric, start: datetime, end: datetime, by: StandardsBy | None
) -> dict[str | None, Outcomes]:
    """What became of clocks that started in ``[start, end)``, by key; all under None without ``by``."""
    if metric not in COMPLAINT_METRICS:
        return contact_waits.outcomes(tx, metric, start, end, by)
    key = None if by is None else _KEYS[by]
    chosen = (
        ComplaintClock.metric == metric,
        ComplaintClock.started_at >= start,
        ComplaintClock.started_at < end,
        ComplaintClock.state != ClockState.SUPERSEDED,
    )
    found: dict[str | None, list[Outcomes]] = {}
    rows: Any = tx.execute(_ended(tx, key).where(*chosen))
    for row in rows:
        found.setdefault(row[0], []).append(_unpacked(row[1]))
    for group, outcomes in _running(tx, key, chosen):
        found.setdefault(group, []).append(outcomes)
    return {group: _together(parts) for group, parts in found.items()}


def _ended(tx: ReadTx, key: Any) -> Select[Any]:
    """Clocks that ended: each group as one text of numbers, which hold outcome and milliseconds. A row for
    each clock would take several times as long to fetch."""
    outcome = case(
        (ComplaintClock.state == ClockState.MET, _MET),
        (ComplaintClock.state == ClockState.ENDED, _ENDED),
        (ComplaintClock.done_at.is_(None), _NOT_DONE),
        else_=_LATE,
    )
    millis: Any = ComplaintClock.taken_seconds * _MILLIS
    whole = func.floor(millis) if dialects.is_postgres(tx) else millis  # a cast cuts off on SQLite
    packed = cast(whole, BigInteger) * _CODES + outcome
    together = func.string_agg if dialects.is_postgres(tx) else func.group_concat
    text = together(cast(packed, ComplaintClock.metric.type), ",")
    ended = ComplaintClock.ended_at.is_not(None)
    if key is None:
        return select(cast(None, ComplaintClock.metric.type), text).where(ended).having(func.count() > 0)
    return select(key, text).where(ended).group_by(key)


def _unpacked(text: str) -> Outcomes:
    packed = np.fromstring(text, dtype=np.int64, sep=",")
    code, taken = packed % _CODES, (packed // _CODES) / _MILLIS
    is_met, is_late = code == _MET, code == _LATE
    return Outcomes(is_met, is_late | (code == _NOT_DONE), np.zeros_like(is_met), is_met | is_late, taken)


def _running(tx: ReadTx, key: Any, chosen: Any) -> Iterator[tuple[str | None, Outcomes]]:
    """Clocks that go on, by key; one that is due by now is broken, whether a worker has noticed or not."""
    columns = (
        ComplaintClock.started_at,
        ComplaintClock.due_at,
        ComplaintClock.paused_at,
        ComplaintClock.paused_seconds,
        ComplaintClock.calendar,
        ComplaintClock.calendar_version,
    )
    statement = select(cast(None, ComplaintClock.metric.type) if key is None else key, *columns)
    rows = tx.execute(statement.where(*chosen, ComplaintClock.ended_at.is_(None))).all()
    clocks = [
        {"calendar": row.calendar, "calendar_version": row.calendar_version, **_NO_RUNGS} for row in rows
    ]
    at = now()
    by_key: dict[str | None, tuple[list[bool], list[float]]] = {}
    for row, rule in zip(rows, rules.rules_of(tx, clocks), strict=True):
        broken, taken = by_key.setdefault(row[0], ([], []))
        broken.append(row.paused_at is None and row.due_at < at)
        until = row.paused_at or at
        taken.append(max(0.0, rule.scale.measure(row.started_at, until) - row.paused_seconds))
    for group, (broken, taken) in by_key.items():
        is_broken = np.array(broken, dtype=np.bool_)
        nothing = np.zeros_like(is_broken)
        yield group, Outcomes(nothing, is_broken, ~is_broken, nothing, np.array(taken))


_NO_RUNGS = {"escalation_rule": None, "escalation_version": None}


def _together(parts: list[Outcomes]) -> Outcomes:
    members = ("is_met", "is_broken", "is_running", "is_done")
    flags = {
        name: np.concatenate([np.empty(0, np.bool_), *(getattr(part, name) for part in parts)])
        for name in members
    }
    taken = np.concatenate([np.empty(0), *(part.taken_seconds for part in parts)])
    return Outcomes(**flags, taken_seconds=taken)


def _months(company: Company, first: date, to: date) -> Iterator[tuple[str, tuple[datetime, datetime]]]:
    """The calendar months of a window, cut at its ends, as instants."""
    begin = first
    while begin < to:
        year, month = divmod(begin.year * 12 + begin.month, 12)
        following = min(date(year, month + 1, 1), to)
        yield f"{begin:%Y-%m}", (company.start_of(begin), company.start_of(following))
        begin = following


def _figures(outcomes: Outcomes) -> Row:
    found: Attainment = attainment(outcomes)
    row = asdict(found)
    median = row.pop("median")
    return {
        **row,
        "share_within": row["share"],
        "median_seconds": median["value"],
        "median_low": median["low"],
        "median_high": median["high"],
    }
