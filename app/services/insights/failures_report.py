"""The failure map: where what goes wrong, how often and for whom, and whether it became less.

Complaints that say once more what another one says are counted once, under the leading one. A complaint has
its latest cause, and where none was recorded of it that of its incident.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.recovery.failures import SMALL, FailureWhat, FailureWhere, pareto
from app.domain.recovery.rates import RateVerdict, rate_change, shared_confidence
from app.domain.satisfaction.change import Verdict
from app.schemas.insights.failures import MAX_KINDS, MAX_PREVENTIONS, FailuresQuery
from app.services.platform.windows import window_days
from app.store.engine import in_thread
from app.store.tables import (
    Compensation,
    Complaint,
    ComplaintRecoveryStep,
    CustomerScore,
    Incident,
    IncidentPrevention,
    ScoringRun,
)
from app.store.transactions import ReadTx, Row
from app.store.types import Id, now
from app.texts import translate

METHODS = ("failure_pareto", "rate_change", "prevention_effect")
LIMITS = (
    "Only what was complained of is counted; who keeps silent is not in it.",
    "Compensation counts with the case it was given for; that of a duplicate with the leading complaint.",
    "Rates are complaints a day: more customers make more complaints.",
    "After a bad time fewer failures follow by themselves: fewer after a prevention need not be its effect.",
)
CSV_COLUMNS = (
    *FailureWhere,
    "what",
    "complaints",
    "customers",
    "repeat_customers",
    "value_at_risk",
    "fix_cost",
    "compensation",
    "currency",
)
_AMOUNTS = ("value_at_risk", "fix_cost", "compensation")
_DAY = timedelta(days=1)
Shape = Callable[[Row], Row]
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
    currency = actor.company.reporting_currency if run is None else run.currency
    found = _Found(tx, start, end, query.what, currency)
    shape = _shaper(currency, has_run=run is not None)
    cells = _cells(found.cells(where), where, shape)
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
        "total": shape(found.total()),
        "fixes_left_out": found.fixes_left_out(),
        "cells": shown,
        "others": {"cells": len(rest), "complaints": sum(cell["complaints"] for cell in rest)},
        "pareto": _pareto(counts),
        "trend": _trend(found, counts),
        "preventions": _preventions(tx, start, end, query.prevention_days),
        "methods": METHODS,
        "limits": [translate(limit, language) for limit in LIMITS],
    }


def csv_rows(found: Row) -> Iterator[Row]:
    """The lines of the CSV of a report: all together, whose place is ``*`` wherever one was asked for, then
    each cell."""
    places = {one.value: "*" if one in found["where"] else None for one in FailureWhere}
    for row in ({**places, "what": "*", **found["total"]}, *found["cells"]):
        amounts = {name: row[name] and row[name]["amount"] for name in _AMOUNTS}
        currencies = (row[name]["currency"] for name in _AMOUNTS if row[name])
        yield {**row, **amounts, "currency": next(currencies, None)}


# --- inside


_STEP = ComplaintRecoveryStep
_LATEST = (
    select(
        _STEP.complaint_id,
        _STEP.cause,
        func.row_number()
        .over(partition_by=_STEP.complaint_id, order_by=(_STEP.at.desc(), _STEP.id.desc()))
        .label("place"),
    )
    .where(_STEP.kind == "cause")
    .subquery()
)
"""Causes of complaints; the latest one of each is in place 1."""

_KINDS: Mapping[FailureWhat, Any] = {
    FailureWhat.CAUSE: func.coalesce(_LATEST.c.cause, Incident.cause),
    FailureWhat.CATEGORY: Complaint.category,
}


def _cases(statement: Select[Any], start: datetime, end: datetime, what: FailureWhat) -> Select[Any]:
    """The complaints of a time that are cases of their own, each with what tells its kind."""
    cases = statement.select_from(Complaint)
    if what is FailureWhat.CAUSE:
        latest = (_LATEST.c.complaint_id == Complaint.id) & (_LATEST.c.place == 1)
        cases = cases.join(_LATEST, latest, isouter=True)
        cases = cases.join(Incident, Incident.id == Complaint.incident_id, isouter=True)
    return cases.where(Complaint.leading_complaint_id.is_(None)).where(
        Complaint.received_at >= start, Complaint.received_at < end
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """The complaints of a window, counted by the database."""

    tx: ReadTx
    start: datetime
    end: datetime
    what: FailureWhat
    currency: str

    def cells(self, where: Sequence[FailureWhere]) -> list[Row]:
        """Figures by place and kind."""
        keys = [*(getattr(Complaint, one) for one in where), _KINDS[self.what].label("what")]
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
        what = _KINDS[self.what].label("what")
        counted = _cases(select(what, func.count().label("n")), start, end, self.what).group_by(what)
        return Counter({row.what: row.n for row in self.tx.execute(counted)})

    def fixes_left_out(self) -> int:
        """Fixes of the window whose cost is in another currency."""
        other = _cases(select(func.count()), self.start, self.end, FailureWhat.CATEGORY)
        other = other.join(_STEP, _STEP.complaint_id == Complaint.id)
        return int(self.tx.execute(other.where(_STEP.cost_currency != self.currency)).scalar_one())

    def _figures(self, keys: Sequence[ColumnElement[Any]]) -> list[Row]:
        names = [key.key or "" for key in keys]
        costs = (
            select(_STEP.complaint_id, func.sum(_STEP.cost_minor).label("cost_minor"))
            .where(_STEP.cost_currency == self.currency)
            .group_by(_STEP.complaint_id)
            .subquery()
        )
        of = func.coalesce(Complaint.leading_complaint_id, Complaint.id)
        given = (
            select(of.label("complaint_id"), func.sum(Compensation.cost_minor).label("given_minor"))
            .join(Complaint, Complaint.id == Compensation.complaint_id)
            .where(Compensation.currency == self.currency)
            .group_by(of)
            .subquery()
        )
        sums = (
            func.count().label("n"),
            func.sum(costs.c.cost_minor).label("cost_minor"),
            func.sum(given.c.given_minor).label("given_minor"),
        )
        each = _cases(select(*keys, Complaint.customer_id, *sums), self.start, self.end, self.what)
        each = each.join(costs, costs.c.complaint_id == Complaint.id, isouter=True)
        each = each.join(given, given.c.complaint_id == Complaint.id, isouter=True)
        by_customer = each.group_by(*keys, Complaint.customer_id).subquery()
        columns = [by_customer.c[name] for name in names]
        score = CustomerScore.value_at_risk_minor
        grouped = (
            select(
                *columns,
                func.coalesce(func.sum(by_customer.c.n), 0).label("complaints"),
                func.count(by_customer.c.customer_id).label("customers"),
                func.count(case((by_customer.c.n > 1, 1))).label("repeat_customers"),
                func.coalesce(func.sum(score), 0).label("value_at_risk_minor"),
                func.sum(by_customer.c.cost_minor).label("cost_minor"),
                func.sum(by_customer.c.given_minor).label("given_minor"),
            )
            .select_from(by_customer)
            .join(CustomerScore, CustomerScore.customer_id == by_customer.c.customer_id, isouter=True)
            .group_by(*columns)
        )
        return [dict(row) for row in self.tx.execute(grouped).mappings()]


def _shaper(currency: str, *, has_run: bool) -> Shape:
    """What brings figures into the shape of the answer; without a run nothing is known to be at risk."""

    def amount(minor: Any) -> Row | None:
        return None if minor is None else money.to_wire(int(minor), currency)

    def shape(row: Row) -> Row:
        return {
            **{name: int(row[name]) for name in ("complaints", "customers", "repeat_customers")},
            "value_at_risk": amount(row["value_at_risk_minor"]) if has_run else None,
            "fix_cost": amount(row["cost_minor"]),
            "compensation": amount(row["given_minor"]),
        }

    return shape


def _cells(rows: Iterable[Row], where: Sequence[FailureWhere], shape: Shape) -> list[Row]:
    """Cells, the fullest first; as full ones in the order of their keys."""
    cells = []
    for row in rows:
        figures = shape(row)
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
    both = union_all(*(_done(start, end, of_incident=one) for one in (True, False))).subquery()
    newest = both.c.done_at.desc(), both.c.prevention_id.desc()
    found = tx.execute(select(both).order_by(*newest).limit(MAX_PREVENTIONS)).mappings().all()
    at, length = now(), timedelta(days=days)
    return [_effect(tx, dict(row), length, at) for row in found]


def _done(start: datetime, end: datetime, *, of_incident: bool) -> Select[Any]:
    """The finished preventions of incidents, or of complaints, and at what they aimed."""
    table: Any = IncidentPrevention if of_incident else _STEP
    nobody = literal(None, Id())
    about = (table.incident_id, nobody) if of_incident else (nobody, table.complaint_id)
    kind = Incident.category if of_incident else Complaint.category
    cause = Incident.cause if of_incident else _KINDS[FailureWhat.CAUSE]
    statement: Select[Any] = select(
        table.id.label("prevention_id"),
        about[0].label("incident_id"),
        about[1].label("complaint_id"),
        table.text.label("measure"),
        table.responsible,
        table.done_at,
        cause.label("cause"),
        kind.label("category"),
    ).where(table.done_at >= start, table.done_at < end)
    if of_incident:
        return statement.join(Incident, Incident.id == table.incident_id)
    latest = (_LATEST.c.complaint_id == Complaint.id) & (_LATEST.c.place == 1)
    return (
        statement.join(Complaint, Complaint.id == table.complaint_id)
        .join(_LATEST, latest, isouter=True)
        .join(Incident, Incident.id == Complaint.incident_id, isouter=True)
    )


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
        window = _cases(counted, done_at - length, until, by)
        found = tx.execute(window.where(_KINDS[by] == what)).one()
        before, after = found.before, found.after
    change = rate_change(before, length / _DAY, after, (until - done_at) / _DAY)
    return {
        **row,
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
