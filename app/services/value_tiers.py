"""Value tiers: read facts, apply the rule, store the scores; and the report over them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, update

from app.domain import money, value_tiers
from app.domain.access import Actor
from app.domain.company import Company
from app.domain.concentration import Curve, top_count
from app.domain.days import day_of, local_days
from app.domain.scoring import Parameters
from app.errors import ForbiddenError, NotFoundError
from app.services import scoring_runs
from app.store import audit, dialects, facts
from app.store.columns import Columns
from app.store.engine import single
from app.store.tables import ScoringRun
from app.store.types import now

Row = dict[str, Any]

SHARE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run and all that its result follows from."""

    as_of: date
    parameters: Parameters
    start: datetime | None
    end: datetime
    facts: facts.ValueFacts


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A run's result: scores aligned with ``ids`` (ascending), the report, and the rates that were used."""

    ids: facts.Ids
    scores: Columns
    report: Row
    rates_used: Row


def read_facts(tx: Connection, actor: Actor, run_id: UUID) -> RunFacts:
    """Read what the run needs; it sees only what occurred before its day."""
    run = scoring_runs.get(tx, actor, run_id)
    parameters = Parameters.from_dict(run["parameters"])
    start, end = actor.company.window(run["as_of"], parameters.window_days)
    found = facts.value_facts(tx, start, end, parameters.currency, parameters.ignored_kinds)
    return RunFacts(run["as_of"], parameters, start, end, found)


def compute(run: RunFacts, company: Company) -> Result:
    """Value per customer, tiers and figures. Pure: the same facts give the same result.

    Raises:
        ValueError: the values add up to more than 64 bits hold.
    """
    parameters, read = run.parameters, run.facts
    converted, counted, rates_used = _convert(read, parameters.currency, company)
    ids, values = _sum_by_customer(read, converted, counted)
    no_rate = read.foreign.currencies[~counted]
    excluded = {"no_rate": int(no_rate.size), "currencies_without_rate": sorted(set(no_rate.tolist()))}
    ranked = value_tiers.rank(values)
    tiers = value_tiers.assign(ranked, parameters.cuts)
    found = value_tiers.summary(ranked, parameters.cuts)
    scores: Columns = {
        "value_minor": values,
        "tier": tiers,
        "next_tier_distance_minor": value_tiers.next_tier_distance(ranked, tiers, parameters.cuts),
        "near_cut": value_tiers.near_cut(ranked, found.cut_a, found.cut_b),
    }
    return Result(ids, scores, _report(run, found, excluded), rates_used)


def save(tx: Connection, actor: Actor, run_id: UUID, result: Result) -> Row:
    """Store a run's result, and make it current if no run for a later day is.

    Returns:
        What happened: rows written, and whether the run is current now.
    """
    dialects.advisory_lock(tx, "scoring")
    run = tx.execute(
        select(ScoringRun.as_of, ScoringRun.parameters_key, ScoringRun.state).where(ScoringRun.id == run_id)
    ).one()
    if run.state == "done":
        return {"rows_written": 0, "is_current": None}
    newest = tx.execute(select(ScoringRun.as_of).where(ScoringRun.is_current)).scalar_one_or_none()
    is_current = newest is None or run.as_of >= newest
    previous = scoring_runs.previous_of(tx, run_id, run.parameters_key, run.as_of)
    report = {**result.report, "previous_run_id": str(previous) if previous else None, "transitions": None}
    if previous is not None:
        report["transitions"] = _transitions(facts.load_columns(tx, previous), result)
    facts.save_columns(tx, run_id, result.ids, result.scores)
    written = 0
    if is_current:
        written = facts.replace_scores(tx, result.ids, result.scores)
        tx.execute(update(ScoringRun).where(ScoringRun.is_current).values(is_current=False))
    tx.execute(
        update(ScoringRun)
        .where(ScoringRun.id == run_id)
        .values(
            state="done",
            is_current=is_current,
            value_tiers=report,
            rates_used=result.rates_used,
            ended_at=now(),
        )
    )
    audit.record(tx, actor, "scoring_run.finished", run_id, data={"customers": int(result.ids.size)})
    return {"rows_written": written, "is_current": is_current}


def fail(tx: Connection, _actor: Actor, run_id: UUID, error: str) -> None:
    """Note that a run could not be computed; the scores stay as they were."""
    tx.execute(
        update(ScoringRun).where(ScoringRun.id == run_id).values(state="failed", error=error, ended_at=now())
    )


@single
def report(tx: Connection, actor: Actor, run_id: UUID | None, as_of: date | None) -> Row:
    """Read the figures of a run: the named one, the newest for a day, or the current one.

    Raises:
        ForbiddenError: the caller is limited to units; these figures are of the whole company.
        NotFoundError: no such run has finished.
    """
    if actor.units:
        raise ForbiddenError("A key that is limited to units cannot read figures of the whole company.")
    statement = select(
        ScoringRun.id,
        ScoringRun.as_of,
        ScoringRun.parameters,
        ScoringRun.is_current,
        ScoringRun.ended_at,
        ScoringRun.value_tiers,
    ).where(ScoringRun.state == "done")
    if run_id is not None:
        statement = statement.where(ScoringRun.id == run_id)
    if as_of is not None:
        statement = statement.where(ScoringRun.as_of == as_of)
    if run_id is None and as_of is None:
        statement = statement.where(ScoringRun.is_current)
    row = tx.execute(statement.order_by(ScoringRun.created_at.desc()).limit(1)).first()
    if row is None:
        raise NotFoundError(
            "There is no finished scoring run like this yet; start one with POST /v1/scoring-runs."
        )
    return {
        **row.value_tiers,
        "run_id": row.id,
        "as_of": row.as_of,
        "is_current": row.is_current,
        "computed_at": row.ended_at,
        "parameters": row.parameters,
    }


# --- inside


def _convert(
    read: facts.ValueFacts, currency: str, company: Company
) -> tuple[NDArray[np.int64], NDArray[np.bool_], Row]:
    """Foreign amounts at the rate of their own local day; which of them have one; the rates used."""
    foreign = read.foreign
    days = local_days(foreign.occurred_micros, company)
    converted = np.zeros(foreign.amounts_minor.size, dtype=np.int64)
    counted = np.zeros(foreign.amounts_minor.size, dtype=np.bool_)
    used: dict[str, dict[str, str]] = {}
    for code, rates in sorted(read.rates.items()):
        of_currency = np.flatnonzero(foreign.currencies == code)
        for number in np.unique(days[of_currency]).tolist():
            rate = rates.get(day_of(number))
            if rate is None:
                continue
            rows = of_currency[days[of_currency] == number]
            converted[rows] = money.convert_many(foreign.amounts_minor[rows], code, Decimal(rate), currency)
            counted[rows] = True
            used.setdefault(code, {})[day_of(number).isoformat()] = rate
    return converted, counted, dict(used)


def _sum_by_customer(
    read: facts.ValueFacts, converted: NDArray[np.int64], counted: NDArray[np.bool_]
) -> tuple[facts.Ids, NDArray[np.int64]]:
    """Value per customer over both kinds of amounts; who has only amounts without a rate is left out."""
    if not counted.any():
        return read.customer_ids, read.totals_minor
    owners = np.concatenate([read.customer_ids, read.foreign.customer_ids[counted]])
    ids, places = np.unique(owners, return_inverse=True)
    values = np.zeros(ids.size, dtype=np.int64)
    np.add.at(values, places, np.concatenate([read.totals_minor, converted[counted]]))
    return ids, values


def _report(run: RunFacts, found: value_tiers.Summary, excluded: Row) -> Row:
    """The figures of `app.schemas.insights.ValueTiersRead` that do not depend on other runs."""
    currency = run.parameters.currency

    def wire(minor: int | None) -> Row | None:
        return None if minor is None else money.to_wire(minor, currency)

    def share(value: float | None) -> float | None:
        return None if value is None else round(value, SHARE_DECIMALS)

    def curve(points: Curve) -> list[Row]:
        return [{"customer_share": share(x), "value_share": share(y)} for x, y in points]

    smallest = {"A": found.cut_a, "B": found.cut_b, "C": None}
    return {
        "method": "value_tiers",
        "window": {"start": _text(run.start), "end": _text(run.end)},
        "n": found.n,
        "customers_without_tier": run.facts.customers - found.n,
        "n_zero": found.n_zero,
        "n_negative": found.n_negative,
        "transactions": run.facts.transactions,
        "excluded": excluded,
        "positive_total": wire(found.positive_total),
        "net_total": wire(found.net_total),
        "tiers": [
            {
                "tier": tier.tier,
                "customers": tier.customers,
                "customer_share": share(tier.customer_share),
                "value": wire(tier.value),
                "value_share": share(tier.value_share),
                "smallest_value": wire(smallest[tier.tier]),
            }
            for tier in found.tiers
        ],
        "top1_share": share(found.top1_share),
        "top10_share": share(found.top10_share),
        "top20_share": share(found.top20_share),
        "top20_customers": top_count(found.n, 20),
        "gini": share(found.gini),
        "pareto": curve(found.pareto),
        "lorenz": curve(found.lorenz),
        "near_cut": {"percent": value_tiers.NEAR_PERCENT, "a": found.near_a, "b": found.near_b},
    }


def _transitions(previous: Columns, result: Result) -> list[Row]:
    """Moves between two runs, those that happened: ``{"before": "B", "after": "A", "customers": 3}``."""
    matrix = value_tiers.transitions(
        previous["customer_id"], previous["tier"], result.ids, result.scores["tier"]
    )
    states = value_tiers.STATES
    return [
        {"before": before, "after": after, "customers": int(matrix[row, column])}
        for row, before in enumerate(states)
        for column, after in enumerate(states)
        if (before, after) != ("none", "none")
    ]


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
