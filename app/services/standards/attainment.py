"""How far service standards are kept: counts, shares and medians of clocks by what they have in common."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Select, Text, and_, case, cast, func, not_, null, or_, select

from app.domain.common.access import Actor
from app.domain.standards.attainment import Attainment, Outcomes, attainment
from app.domain.standards.clocks import ClockState
from app.domain.standards.standards import COMPLAINT_METRICS, Metric
from app.schemas.insights.standards import StandardsBy, StandardsQuery
from app.services.platform.windows import months, window_days
from app.services.standards import contact_waits, rules
from app.store import dialects
from app.store.engine import in_thread
from app.store.sql.numpy_io import micros
from app.store.tables import ComplaintClock
from app.store.transactions import ReadTx, Row
from app.store.types import now, to_micros

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
_MET, _LATE, _NOT_DONE, _ENDED, _RUNNING = range(5)
_CODES = 8
_NO_KEY = cast(null(), Text)
_MILLIS = 1_000.0


@in_thread
def report(tx: ReadTx, actor: Actor, query: StandardsQuery) -> Row:
    """Count what became of the clocks of a metric that started in a window, as a whole and in groups.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    metric = Metric(query.metric)
    first, to = window_days(actor.company, query.from_, query.to)
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    groups: dict[str | None, Outcomes]
    if query.by is StandardsBy.MONTH:
        parts = months(actor.company, first, to)
        read = {key: _read(tx, metric, *bounds, None).get(None) for key, bounds in parts}
        groups = {key: found for key, found in read.items() if found is not None}
    else:
        groups = _read(tx, metric, start, end, query.by)
    whole = _together(list(groups.values()))
    ordered = sorted(groups.items(), key=lambda group: (group[0] is None, group[0] or ""))
    shown = [] if query.by is None else [{"key": key, **_figures(found)} for key, found in ordered]
    return {
        "metric": metric,
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
    at = now()
    found: dict[str | None, list[Outcomes]] = {}
    rows: Any = tx.execute(_counted(tx, key, at).where(*chosen))
    for row in rows:
        found.setdefault(row[0], []).append(_unpacked(row[1]))
    for group, outcomes in _running(tx, key, chosen, at):
        found.setdefault(group, []).append(outcomes)
    return {group: _together(parts) for group, parts in found.items()}


def _counted(tx: ReadTx, key: Any, at: datetime) -> Select[Any]:
    """Clocks that ended or count every second: each group as one text of numbers, which hold outcome and
    milliseconds. A row for each clock would take several times as long to fetch."""
    still = ComplaintClock.paused_at.is_not(None)
    outcome = case(
        (ComplaintClock.state == ClockState.MET, _MET),
        (ComplaintClock.state == ClockState.ENDED, _ENDED),
        (ComplaintClock.done_at.is_not(None), _LATE),
        (ComplaintClock.ended_at.is_not(None), _NOT_DONE),
        (and_(not_(still), ComplaintClock.due_at < at), _NOT_DONE),
        else_=_RUNNING,
    )
    until = func.coalesce(micros(tx, ComplaintClock.paused_at), to_micros(at))
    going = (
        until - micros(tx, ComplaintClock.started_at)
    ) / _MILLIS - ComplaintClock.paused_seconds * _MILLIS
    millis: Any = func.coalesce(ComplaintClock.taken_seconds * _MILLIS, going)
    whole = func.floor(millis) if dialects.is_postgres(tx) else millis  # a cast cuts off on SQLite
    packed = cast(whole, BigInteger) * _CODES + outcome
    together = func.string_agg if dialects.is_postgres(tx) else func.group_concat
    joined = together(cast(packed, Text), ",")
    counted = or_(ComplaintClock.ended_at.is_not(None), not_(ComplaintClock.is_business_time))
    if key is None:
        return select(_NO_KEY, joined).where(counted).having(func.count() > 0)
    return select(key, joined).where(counted).group_by(key)


def _unpacked(text: str) -> Outcomes:
    packed = np.fromstring(text, dtype=np.int64, sep=",")
    code, taken = packed % _CODES, np.maximum(packed // _CODES, 0) / _MILLIS
    is_met, is_late = code == _MET, code == _LATE
    return Outcomes(is_met, is_late | (code == _NOT_DONE), code == _RUNNING, is_met | is_late, taken)


def _running(tx: ReadTx, key: Any, chosen: Any, at: datetime) -> Iterator[tuple[str | None, Outcomes]]:
    """Clocks of business time that go on, by key; one that is due by now is broken, whether a worker has
    noticed or not."""
    columns = (
        ComplaintClock.started_at,
        ComplaintClock.due_at,
        ComplaintClock.paused_at,
        ComplaintClock.paused_seconds,
        ComplaintClock.calendar,
        ComplaintClock.calendar_version,
    )
    goes_on = ComplaintClock.ended_at.is_(None), ComplaintClock.is_business_time
    statement = select(_NO_KEY if key is None else key, *columns)
    rows = tx.execute(statement.where(*chosen, *goes_on)).all()
    clocks = [
        {"calendar": row.calendar, "calendar_version": row.calendar_version, **_NO_RUNGS} for row in rows
    ]
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
