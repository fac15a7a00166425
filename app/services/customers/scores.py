"""How we stand with a customer, from columns to the wire: the contract and what the current run says."""

from datetime import date
from typing import Any

from sqlalchemy import case, or_, select, text

from app.domain.churn.levels import LeftBy, left_by
from app.domain.common import money
from app.domain.satisfaction.expectation import adjust_one
from app.domain.satisfaction.model import Adjustment
from app.domain.scoring.score_columns import CHURN_FACTS, ROW
from app.domain.value.next_tier import next_tier_distance
from app.services.scoring.satisfaction import JUDGED, shown
from app.store.tables import CustomerScore, ScoringRun
from app.store.transactions import Row

POINTS_DECIMALS = 6
"""Points that count as equal are shown alike."""

CONTRACT = {
    "started_on": "contract_started_on",
    "ends_on": "contract_ends_on",
    "notice_given_on": "contract_notice_on",
}
"""Member of a contract -> its column of the customer."""


def current(column: Any, name: str | None = None) -> Any:
    """A column of the current scoring run, under its own name or this one; null before the first run."""
    # SQLAlchemy would spell the condition "= 1" for SQLite, which the index of current runs does not serve.
    is_current = text("scoring_runs.is_current")
    return select(column).where(is_current).scalar_subquery().label(name or column.key)


SCORES = (
    *(getattr(CustomerScore, name) for name in ROW if name != CHURN_FACTS),
    current(ScoringRun.as_of, "scored_as_of"),
    current(ScoringRun.currency, "score_currency"),
    current(ScoringRun.data_end),
    current(ScoringRun.next_tier_steps),
    # Only where they are shown: they would be read again for each.
    case((CustomerScore.satisfaction.is_not(None), current(ScoringRun.answer_spreads))).label(
        "answer_spreads"
    ),
    case(
        (
            or_(CustomerScore.dormant.is_(True), CustomerScore.churn_model == LeftBy.SILENCE.value),
            current(ScoringRun.return_shares),
        )
    ).label("return_shares"),
    case((CustomerScore.quadrant.is_not(None), current(ScoringRun.expectation_reference))).label(
        "expectation_reference"
    ),
)
"""What to select for `scores_of`, beside a customer joined with its `CustomerScore`, if it has one."""


def contract_of(row: Row) -> dict[str, date | None] | None:
    """The contract a customer's row holds."""
    if row["contract_started_on"] is None:
        return None
    return {member: row[column] for member, column in CONTRACT.items()}


def scores_of(row: Row) -> Row:
    """The members a row with `SCORES` gives; all null for a customer who is not scored."""
    currency = row.get("score_currency")
    answered = row.get("satisfaction")
    return {
        "tier": row.get("tier"),
        "value": _money(row.get("value_minor"), currency),
        "next_tier_distance": _money(_distance(row), currency),
        "near_threshold": row.get("near_threshold"),
        "satisfaction": None if answered is None else shown(answered, row.get("answer_spreads") or {}),
        "demandingness": _demandingness(row),
        "churn": _churn(row, currency),
        "scored_as_of": row.get("scored_as_of"),
    }


def _churn(row: Row, currency: str | None) -> Row | None:
    """The customer's flag, or why there is none."""
    level, percent, reason = (row.get(name) for name in ("churn_level", "churn_percent", "churn_reason"))
    if level is None and reason is None:
        return None
    return {
        "level": level,
        "probability": None if percent is None else percent / 100,
        "reason": reason,
        "model": row["churn_model"],
        **silence_of(row),
        "value_at_risk": _money(row["value_at_risk_minor"], currency),
    }


def silence_of(row: Row) -> Row:
    """Whether a customer is dormant, how it left, and how many as silent as it returned."""
    shares, is_dormant = row.get("return_shares") or {}, bool(row["dormant"])
    how = left_by(row["churn_level"], row["churn_model"])
    group = "dormant" if is_dormant else "left" if how is LeftBy.SILENCE else ""
    return {"dormant": is_dormant, "left_by": how, "return_share": shares.get(group)}


def _demandingness(row: Row) -> Row | None:
    """The customer's quadrant with what it follows from: its latest answers, and what is usual among all."""
    quadrant, learned = row.get("quadrant"), row.get("expectation_reference")
    if quadrant is None or learned is None:
        return None
    judged, reference = row["satisfaction"][JUDGED], Adjustment(**learned)
    satisfaction, expectation = judged["satisfaction"], judged["expectation"]
    median = reference.expectation_median
    return {
        "quadrant": quadrant,
        "satisfaction": round(satisfaction, POINTS_DECIMALS),
        "expectation": round(expectation, POINTS_DECIMALS),
        "adjusted": round(adjust_one(satisfaction, expectation, reference), POINTS_DECIMALS),
        "reference_median": None if median is None else round(median, POINTS_DECIMALS),
        "answered_at": judged["answered_at"],
    }


def _distance(row: Row) -> int | None:
    tier, steps = row.get("tier"), row.get("next_tier_steps")
    return None if tier is None or steps is None else next_tier_distance(row["value_minor"], tier, steps)


def _money(minor: int | None, currency: str | None) -> dict[str, str] | None:
    return None if minor is None or currency is None else money.to_wire(minor, currency)
