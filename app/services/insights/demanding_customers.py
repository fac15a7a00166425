"""Demanding customers of a run: quadrants with value and risk, and comparisons as if all expected alike."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain.churn import LEVELS
from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.satisfaction.expectation import QUADRANTS, Quadrant
from app.domain.satisfaction.model import DEFAULT_OPTIONS
from app.domain.scoring.parameters import Parameters
from app.domain.value.value_tiers import STATES, TIER_NAMES
from app.errors import ConflictError
from app.schemas.insights.competitors import CompetitorsQuery
from app.schemas.insights.satisfaction import SatisfactionBy, SatisfactionQuery
from app.services.insights import competitors_report, satisfaction_report
from app.services.insights.profit_accounts import MAX_CUSTOMERS
from app.services.scoring.run import SATISFACTION_DAYS
from app.services.scoring.runs import find_finished
from app.store.engine import in_thread
from app.store.scoring import run_results
from app.store.sql.column_codec import Columns
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row

ORDER = (
    Quadrant.DEMANDING_SATISFIED,
    Quadrant.DEMANDING_DISSATISFIED,
    Quadrant.UNDEMANDING_SATISFIED,
    Quadrant.UNDEMANDING_DISSATISFIED,
)
"""Quadrants as they are shown."""

_NAMES = {"customer_id", "tier", "value_minor", "churn_level", "value_at_risk_minor", "quadrant"}
_RUN = select(
    ScoringRun.id,
    ScoringRun.as_of,
    ScoringRun.parameters,
    ScoringRun.is_current,
    ScoringRun.expectation_reference,
)


@in_thread
def report(tx: ReadTx, actor: Actor, run_id: UUID | None, as_of: date | None) -> Row:
    """Read the quadrants of a run, and compare units, channels and competitors over its year of answers.

    Raises:
        NotFoundError: no such run has finished.
        ConflictError: the values are too large to be added up.
    """
    run = find_finished(tx, _RUN, run_id, as_of)
    currency = Parameters.from_dict(run.parameters).currency
    columns = run_results.load_columns(tx, run.id, _NAMES)
    placed = {quadrant: columns["quadrant"] == QUADRANTS.index(quadrant) for quadrant in ORDER}
    rows = [{"quadrant": one, **_together(columns, mine, currency)} for one, mine in placed.items()]
    in_one = columns["quadrant"] >= 0
    n, value = int(np.count_nonzero(in_one)), _total(columns, "value_minor", in_one)
    for row, mine in zip(rows, placed.values(), strict=True):
        row["customer_share"] = row["customers"] / n if n else None
        row["value_share"] = _total(columns, "value_minor", mine) / value if value > 0 else None
    first = run.as_of - timedelta(days=SATISFACTION_DAYS)
    return {
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "reference": _reference(actor, run.expectation_reference, first, run.as_of),
        "n": n,
        "quadrants": rows,
        "others": _together(columns, ~in_one, currency),
        "comparison": _comparison(tx, actor, first, run.as_of),
    }


# --- inside


def _total(columns: Columns, name: str, rows: NDArray[np.bool_]) -> int:
    """The sum of amounts in minor units, those that are not there left out.

    Raises:
        ConflictError: it may not fit into 64 bits.
    """
    there = rows & (columns["tier"] != "") if name == "value_minor" else rows & (columns[name] > 0)
    amounts = columns[name][there].astype(np.int64)
    if float(np.abs(amounts.astype(np.float64)).sum()) > MAX_CUSTOMERS:
        raise ConflictError("The amounts are too large to be added up.")
    return int(amounts.sum())


def _together(columns: Columns, rows: NDArray[np.bool_], currency: str) -> Row:
    tiers, levels = columns["tier"][rows], columns["churn_level"][rows]
    return {
        "customers": int(np.count_nonzero(rows)),
        "value": money.to_wire(_total(columns, "value_minor", rows), currency),
        "value_at_risk": money.to_wire(_total(columns, "value_at_risk_minor", rows), currency),
        "tiers": {
            name: int(np.count_nonzero(tiers == tier))
            for name, tier in zip(STATES, [*TIER_NAMES, ""], strict=True)
        },
        "levels": {
            **{level.value: int(np.count_nonzero(levels == place)) for place, level in enumerate(LEVELS)},
            "none": int(np.count_nonzero(levels < 0)),
        },
    }


def _reference(actor: Actor, learned: Mapping[str, Any], first: date, to: date) -> Row:
    start, end = actor.company.start_of(first), actor.company.start_of(to)
    window = {"start": start, "end": end}
    return {**learned, "window": window, "satisfied_from": DEFAULT_OPTIONS.satisfied_from}


def _comparison(tx: ReadTx, actor: Actor, first: date, to: date) -> Row:
    """What the satisfaction report and that on competitors say of the days, put together."""
    # Queries are made without their checks, which are for what callers send.
    of_groups: Any = SatisfactionQuery.model_construct
    units, channels = (
        satisfaction_report.report(
            tx,
            actor,
            of_groups(index="expectation", from_=first, to=to, by=by, survey=None, question=None),
            _LANGUAGE,
        )
        for by in (SatisfactionBy.UNIT, SatisfactionBy.CHANNEL)
    )
    of_competitors: Any = CompetitorsQuery.model_construct
    asked = of_competitors(index="composite", survey=None, from_=first, to=to)
    compared = competitors_report.report(tx, actor, asked, _LANGUAGE)
    return {
        "overall": _figures(units["overall"]),
        "units": [_group(row) for row in units["groups"] if row["n"]],
        "channels": [_group(row) for row in channels["groups"] if row["n"]],
        "competitors": compared["competitors"],
    }


_LANGUAGE = "en"  # of names that are not shown here


def _figures(row: Row) -> Row:
    parts = row["parts"]
    names = ("n", "low", "high", "low_sample", "rankable")
    return {name: row[name] for name in names} | {
        "adjusted": row["score"],
        "unadjusted": parts["satisfaction_mean"],
        "expectation_mean": parts["expectation_mean"],
        "quadrants": {name: parts[name] for name in QUADRANTS},
    }


def _group(row: Row) -> Row:
    return {"key": row["key"], "shrunk": row["shrunk_score"], **_figures(row)}
