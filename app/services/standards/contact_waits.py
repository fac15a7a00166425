"""How long customers who got in touch waited, held against the standards for calls and replies."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Text, cast, null, select

from app.domain.activity.interactions import Direction
from app.domain.customers.customers import Channel
from app.domain.standards.attainment import Outcomes
from app.domain.standards.standards import Case, Metric
from app.schemas.insights.standards import StandardsBy
from app.services.standards import rules
from app.store.tables import CustomerScore, Interaction
from app.store.transactions import ReadTx

_ABANDONED = "abandoned"
_NOTHING = cast(null(), Text)
_KEYS: dict[StandardsBy | None, Any] = {
    StandardsBy.AGENT: Interaction.agent,
    StandardsBy.UNIT: Interaction.unit,
    StandardsBy.CHANNEL: Interaction.channel,
    StandardsBy.TIER: CustomerScore.tier,
}


def outcomes(
    tx: ReadTx, metric: Metric, start: datetime, end: datetime, by: StandardsBy | None
) -> dict[str | None, Outcomes]:
    """Return what became of the contacts that came in within ``[start, end)``, by key.

    Only those with a known wait that a standard is for. Who gave up is not answered, and the wait is
    censored: broken if it was longer than the standard, else ended. Severities and categories are no members
    of contacts, and divide nothing.
    """
    known = rules.candidates(tx, start, ())
    is_call = Interaction.channel == Channel.PHONE
    statement = (
        select(
            _KEYS.get(by, _NOTHING).label("key"),
            Interaction.channel,
            Interaction.unit,
            CustomerScore.tier,
            Interaction.started_at,
            Interaction.wait_seconds,
            Interaction.disposition,
        )
        .outerjoin(CustomerScore, CustomerScore.customer_id == Interaction.customer_id)
        .where(
            Interaction.direction == Direction.INBOUND,
            is_call if metric is Metric.ANSWER_CALL else ~is_call,
            Interaction.wait_seconds.is_not(None),
            Interaction.started_at >= start,
            Interaction.started_at < end,
        )
    )
    by_key: dict[str | None, list[tuple[bool, bool, float]]] = {}
    for row in tx.execute(statement) if known else ():
        case = Case(channel=row.channel, unit=row.unit, tier=row.tier)
        found = known.find(metric, case, row.started_at)
        if found is not None:
            until = row.started_at + timedelta(seconds=row.wait_seconds or 0)
            taken = found.rules.scale.measure(row.started_at, until)
            is_late = taken > found.row["target_seconds"]
            by_key.setdefault(row.key, []).append((row.disposition != _ABANDONED, is_late, taken))
    return {key: _columns(rows) for key, rows in by_key.items()}


def _columns(rows: list[tuple[bool, bool, float]]) -> Outcomes:
    is_done, is_late, taken = (np.array(column) for column in zip(*rows, strict=True))
    return Outcomes(is_done & ~is_late, is_late, np.zeros_like(is_done), is_done, taken)
