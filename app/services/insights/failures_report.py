"""The failure map: where what goes wrong, how often and for whom, and whether it became less.

Complaints that say once more what another one says are counted once, under the leading one. A complaint of
an incident has the incident's cause.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.recovery.failures import SMALL, FailureWhat, FailureWhere, pareto
from app.domain.recovery.rates import RateVerdict, rate_change, shared_confidence
from app.domain.satisfaction.change import Verdict
from app.schemas.insights.failures import MAX_KINDS, MAX_PREVENTIONS, FailuresQuery
from app.services.insights.satisfaction_report import window_days
from app.store.engine import in_thread
from app.store.tables import Complaint, CustomerScore, Incident, IncidentPrevention, ScoringRun
from app.store.transactions import ReadTx, Row
from app.store.types import now
from app.texts import translate

METHODS = ("failure_pareto", "rate_change", "prevention_effect")
LIMITS = (
    "Only what was complained of is counted; who keeps silent is not in it.",
    "Compensation is not recorded yet, so it is not part of any cost.",
    "Rates are complaints a day: more customers make more complaints.",
    "After a bad time fewer failures follow by themselves: fewer after a prevention need not be its effect.",
)
_DAY = timedelta(days=1)
_RUN = select(ScoringRun.id, ScoringRun.as_of, ScoringRun.currency).where(ScoringRun.is_current)


@in_thread
def report(tx: ReadTx, actor: Actor, query: FailuresQuery, language: str) -> Row:
    """Count complaints by place and kind, rank the kinds, and compare with the window before and around each
    prevention that was done; limits are in the language.

    Raises:
        InvalidError: ``from`` is not before ``to``.
    """
    start, end = map(actor.company.start_of, window_days(actor.company, query.from_, query.to))
    where = [one for one in FailureWhere if one in query.where]
    run = tx.execute(_RUN).first()
    currency = None if run is None else run.currency
    found = _Found(tx, start, end, query.what)
    cells = _cells(found.cells(where), where, currency)
    shown, rest = cells[: query.limit], cells[query.limit :]
    counts: Counter[str | None] = Counter()
    for cell in cells:
        counts[cell["what"]] += cell["complaints"]
    return {
        "window": {"start": start, "end": end},
        "where": where,
        "what": query.what,
        "run_id": None if run is None else run.id,
        "as_of": None if run is None else run.as_of,
        "duplicates": found.duplicates(),
        "total": _figures(found.total(), currency),
        "cells": shown,
        "others": {"cells": len(rest), "complaints": sum(cell["complaints"] for cell in rest)},
        "pareto": _pareto(counts),
        "trend": _trend(found, counts),
        "preventions": _preventions(tx, start, end, query.prevention_days),
        "methods": METHODS,
        "limits": [translate(limit, language) for limit in LIMITS],
    }


# --- inside


def _cause() -> Any:
    """The cause of a complaint: that of its incident."""
    return Incident.cause


def _kind(what: FailureWhat) -> Any:
    return _cause() if what is FailureWhat.CAUSE else Complaint.category


def _cases(statement: Select[Any], start: datetime, end: datetime) -> Select[Any]:
    """The complaints of a time that are cases of their own, each with its incident."""
    return (
        statement.select_from(Complaint)
        .join(Incident, Incident.id == Complaint.incident_id, isouter=True)
        .where(Complaint.leading_complaint_id.is_(None))
        .where(Complaint.received_at >= start, Complaint.received_at < end)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The complaints of a window, counted by the database."""

    tx: ReadTx
    start: datetime
    end: datetime
    what: FailureWhat

    def cells(self, where: Sequence[FailureWhere]) -> list[Row]:
        """Figures by place and kind."""
        keys = [*(getattr(Complaint, one) for one in where), _kind(self.what).label("what")]
        return self._figures(keys)

    def total(self) -> Row:
        """Figures of all."""
        [row] = self._figures([])
        return row

    def duplicates(self) -> int:
        """Complaints that are left out because others lead them."""
        mine = Complaint.received_at >= self.start, Complaint.received_at < self.end
        counted = select(func.count()).where(Complaint.leading_complaint_id.is_not(None), *mine)
        return int(self.tx.execute(counted).scalar_one())

    def counts(self, start: datetime, end: datetime) -> Counter[str | None]:
        """Complaints of another window by kind."""
        what = _kind(self.what).label("what")
        counted = _cases(select(what, func.count().label("n")), start, end).group_by(what)
        return Counter({row.what: row.n for row in self.tx.execute(counted)})

    def _figures(self, keys: Sequence[ColumnElement[Any]]) -> list[Row]:
        names = [key.key or "" for key in keys]
        each = select(*keys, Complaint.customer_id, func.count().label("n"))
        by_customer = _cases(each, self.start, self.end).group_by(*keys, Complaint.customer_id).subquery()
        columns = [by_customer.c[name] for name in names]
        score = CustomerScore.value_at_risk_minor
        grouped = (
            select(
                *columns,
                func.coalesce(func.sum(by_customer.c.n), 0).label("complaints"),
                func.count(by_customer.c.customer_id).label("customers"),
                func.count(case((by_customer.c.n > 1, 1))).label("repeat_customers"),
                func.coalesce(func.sum(score), 0).label("value_at_risk_minor"),
            )
            .select_from(by_customer)
            .join(CustomerScore, CustomerScore.customer_id == by_customer.c.customer_id, isouter=True)
            .group_by(*columns)
        )
        return [dict(row) for row in self.tx.execute(grouped).mappings()]


def _figures(row: Row, currency: str | None) -> Row:
    at_risk = None if currency is None else money.to_wire(int(row["value_at_risk_minor"]), currency)
    counts = {name: int(row[name]) for name in ("complaints", "customers", "repeat_customers")}
    return {**counts, "value_at_risk": at_risk, "fix_cost": None, "compensation": None}


def _cells(rows: Iterable[Row], where: Sequence[FailureWhere], currency: str | None) -> list[Row]:
    """Cells, the fullest first; as full ones in the order of their keys."""
    cells = []
    for row in rows:
        figures = _figures(row, currency)
        keys = {one.value: row[one] if one in where else None for one in FailureWhere}
        cells.append({**keys, "what": row["what"], **figures, "is_small": figures["complaints"] < SMALL})
    names = (*FailureWhere, "what")
    return sorted(
        cells, key=lambda cell: (-cell["complaints"], *((cell[n] is None, cell[n] or "") for n in names))
    )


def _pareto(counts: Mapping[str | None, int]) -> Row:
    known = {what: n for what, n in counts.items() if what is not None}
    found = pareto(known)
    return {
        "known": found.known,
        "unknown": counts.get(None, 0),
        "kinds": len(found.rows),
        "top20_share": found.top20_share,
        "gini": found.gini,
        "rows": [
            {
                "what": row.what,
                "complaints": row.complaints,
                "share": row.share,
                "cumulative_share": row.cumulative_share,
                "tier": row.tier,
            }
            for row in found.rows[:MAX_KINDS]
        ],
    }


def _trend(found: _Found, counts: Counter[str | None]) -> Row:
    """The window, as far as it has passed, against the equally long one before it."""
    until = max(found.start, min(found.end, now()))
    length = until - found.start
    before = found.counts(found.start - length, found.start)
    kinds = {what for what in (*counts, *before) if what is not None}
    shown = sorted(kinds, key=lambda what: (-counts[what], -before[what], what))[:MAX_KINDS]
    confidence = shared_confidence(len(shown) + 1)
    days = length / _DAY

    def row(what: str | None, earlier: int, later: int) -> Row:
        change = rate_change(earlier, days, later, days, confidence=confidence)
        changed = change.verdict is not RateVerdict.NO_EVIDENCE
        return {
            "what": what,
            "before": earlier,
            "after": later,
            "ratio": change.ratio,
            "low": change.low,
            "high": change.high,
            "verdict": Verdict.CHANGED if changed else Verdict.NOISE,
        }

    return {
        "before": {"start": found.start - length, "end": found.start},
        "after": {"start": found.start, "end": until},
        "confidence": confidence,
        "total": row(None, before.total(), counts.total()),
        "rows": [row(what, before[what], counts[what]) for what in shown],
    }


def _preventions(tx: ReadTx, start: datetime, end: datetime, days: int) -> list[Row]:
    """What became of the failures at which the preventions of a window aimed."""
    done = (
        select(
            IncidentPrevention.id.label("prevention_id"),
            IncidentPrevention.incident_id,
            IncidentPrevention.measure,
            IncidentPrevention.responsible,
            IncidentPrevention.done_at,
            Incident.cause,
            Incident.category,
        )
        .join(Incident, Incident.id == IncidentPrevention.incident_id)
        .where(IncidentPrevention.done_at >= start, IncidentPrevention.done_at < end)
        .order_by(IncidentPrevention.done_at.desc(), IncidentPrevention.id.desc())
        .limit(MAX_PREVENTIONS)
    )
    at, length = now(), timedelta(days=days)
    return [_effect(tx, dict(row), length, at) for row in tx.execute(done).mappings().all()]


def _effect(tx: ReadTx, row: Row, length: timedelta, at: datetime) -> Row:
    cause, category, done_at = row.pop("cause"), row.pop("category"), row["done_at"]
    by = FailureWhat.CAUSE if cause is not None else FailureWhat.CATEGORY if category is not None else None
    what = cause if cause is not None else category
    until = max(done_at, min(done_at + length, at))
    before = after = 0
    if by is not None:
        is_earlier = Complaint.received_at < done_at
        earlier, later = func.count(case((is_earlier, 1))), func.count(case((~is_earlier, 1)))
        counted: Any = select(earlier.label("before"), later.label("after"))
        found = tx.execute(_cases(counted, done_at - length, until).where(_kind(by) == what)).one()
        before, after = found.before, found.after
    change = rate_change(before, length / _DAY, after, (until - done_at) / _DAY)
    return {
        **row,
        "complaint_id": None,
        "by": by,
        "what": what,
        "before": change.before,
        "days_before": change.days_before,
        "after": change.after,
        "days_after": change.days_after,
        "ratio": change.ratio,
        "low": change.low,
        "high": change.high,
        "verdict": change.verdict,
    }
