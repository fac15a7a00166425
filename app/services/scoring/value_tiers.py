"""Value tiers in a scoring run, and the report over them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import numpy as np
from sqlalchemy import select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.scoring.run_spec import RunSpec
from app.domain.scoring.score_columns import BY_NAME, NO_TIER, blank
from app.domain.value import next_tier, value_tiers
from app.domain.value.concentration import Curve, top_count
from app.services.scoring.run_facts import Facts
from app.services.scoring.runs import find_finished
from app.store.engine import one_statement
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row

SHARE_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """Columns aligned with the facts: ``tier`` (`NO_TIER` for a customer without a counted transaction) and
    ``near_threshold`` ("" for none); the report, and what distances to the next tier are computed from."""

    columns: Columns
    report: Row
    next_tier_steps: next_tier.Steps


def compute(facts: Facts, spec: RunSpec) -> Result:
    """Tiers and figures. Pure: the same facts give the same result.

    Raises:
        ValueError: the values add up to more than 64 bits hold.
    """
    cuts = spec.parameters.cuts
    counted = np.flatnonzero(facts.columns["counted"] > 0)
    n = facts.columns["counted"].size
    ranked = value_tiers.rank(facts.columns["value_minor"][counted])
    tiers = value_tiers.assign(ranked, cuts)
    found = value_tiers.summary(ranked, cuts)
    columns = blank(n, [BY_NAME["tier"], BY_NAME["near_threshold"]])
    columns["tier"][counted] = tiers
    columns["near_threshold"][counted] = value_tiers.near_threshold(ranked, found.cut_a, found.cut_b)
    steps = next_tier.next_tier_steps(ranked, cuts)
    return Result(columns, _report(facts, spec, found), steps)


def transitions(previous: Columns, current: Columns) -> list[Row]:
    """Moves between two runs, those that happened: ``{"before": "B", "after": "A", "customers": 3}``.

    Args:
        previous: ``customer_id`` and ``tier`` of the earlier run.
        current: of the later one.
    """
    both = [run["tier"] != NO_TIER for run in (previous, current)]
    matrix = value_tiers.transitions(
        previous["customer_id"][both[0]],
        previous["tier"][both[0]],
        current["customer_id"][both[1]],
        current["tier"][both[1]],
    )
    states = value_tiers.STATES
    return [
        {"before": before, "after": after, "customers": int(matrix[row, column])}
        for row, before in enumerate(states)
        for column, after in enumerate(states)
        if (before, after) != ("none", "none")
    ]


def tiered(tx: ReadTx, run_id: UUID) -> Columns:
    """Customers with a tier in a run: ``customer_id``, ``tier`` and ``value_minor``."""
    columns = run_results.load_columns(tx, run_id, {"customer_id", "tier", "value_minor"})
    has_tier = columns["tier"] != NO_TIER
    return {name: column[has_tier] for name, column in columns.items()}


@one_statement
def report(tx: ReadTx, _actor: Actor, run_id: UUID | None, as_of: date | None) -> Row:
    """Read the figures of a run: the named one, the newest for a day, or the current one.

    Raises:
        NotFoundError: no such run has finished.
    """
    statement = select(
        ScoringRun.id,
        ScoringRun.as_of,
        ScoringRun.parameters,
        ScoringRun.is_current,
        ScoringRun.ended_at,
        ScoringRun.value_tiers,
    )
    row = find_finished(tx, statement, run_id, as_of)
    return {
        **row.value_tiers,
        "run_id": row.id,
        "as_of": row.as_of,
        "is_current": row.is_current,
        "computed_at": row.ended_at,
        "parameters": row.parameters,
    }


# --- inside


def _report(facts: Facts, spec: RunSpec, found: value_tiers.Summary) -> Row:
    """The figures of `app.schemas.insights.value_tiers.ValueTiersRead` that do not depend on other runs."""
    currency = spec.parameters.currency

    def wire(minor: int | None) -> Row | None:
        return None if minor is None else money.to_wire(minor, currency)

    def share(value: float | None) -> float | None:
        return None if value is None else round(value, SHARE_DECIMALS)

    def curve(points: Curve) -> list[Row]:
        return [{"customer_share": share(x), "value_share": share(y)} for x, y in points]

    smallest = {"A": found.cut_a, "B": found.cut_b, "C": None}
    return {
        "method": "value_tiers",
        "window": {"start": _text(spec.bounds.start), "end": _text(spec.bounds.end)},
        "n": found.n,
        "customers_without_tier": facts.customers - found.n,
        "n_zero": found.n_zero,
        "n_negative": found.n_negative,
        "transactions": int(facts.columns["transactions"].sum(dtype=np.int64)),
        "excluded": {
            "no_rate": sum(facts.no_rate.values()),
            "currencies_without_rate": sorted(facts.no_rate),
        },
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
        "near_threshold": {"percent": value_tiers.NEAR_PERCENT, "a": found.near_a, "b": found.near_b},
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")
