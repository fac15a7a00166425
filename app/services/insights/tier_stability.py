"""Stability of the value tiers of a run, from its stored columns."""

from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.value import tier_stability, value_tiers
from app.services.scoring.runs import find_finished, previous_of
from app.services.scoring.value_tiers import tiered
from app.store.engine import in_thread
from app.store.sql.column_codec import Columns
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row

_RUN = select(
    ScoringRun.id, ScoringRun.as_of, ScoringRun.parameters, ScoringRun.parameters_key, ScoringRun.is_current
)


@in_thread
def report(tx: ReadTx, _actor: Actor, run_id: UUID | None, as_of: date | None, against: date | None) -> Row:
    """Hold the tiers of a run against other cuts, an earlier run, and the best 20 % by number.

    Raises:
        NotFoundError: no such run has finished.
    """
    run = find_finished(tx, _RUN, run_id, as_of)
    parameters = Parameters.from_dict(run.parameters)
    now = tiered(tx, run.id)
    before = run.as_of if against is None else min(run.as_of, against + timedelta(days=1))
    earlier = previous_of(tx, run.id, run.parameters_key, before)
    values, tiers = now["value_minor"].astype(np.int64), now["tier"]
    top = tier_stability.top_twenty(values, tiers)
    least = None if top.least is None else money.to_wire(top.least, parameters.currency)
    return {
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "n": int(tiers.size),
        "sensitivity": [
            {
                "cuts": asdict(one.cuts),
                **dict(zip(value_tiers.TIER_NAMES, one.customers, strict=True)),
                "moved": one.moved,
                "moved_share": one.moved_share,
            }
            for one in tier_stability.sensitivity(values, parameters.cuts)
        ],
        "against_run_id": earlier,
        "against_as_of": None if earlier is None else _day_of(tx, earlier),
        "stability": None if earlier is None else _stability(tiered(tx, earlier), now),
        "top_twenty": {**asdict(top), "least": least},
    }


def _stability(before: Columns, now: Columns) -> list[Row]:
    moves = value_tiers.transitions(before["customer_id"], before["tier"], now["customer_id"], now["tier"])
    return [
        {**asdict(one), "interval": None if one.interval is None else one.interval._asdict()}
        for one in tier_stability.stability(moves)
    ]


def _day_of(tx: ReadTx, run_id: UUID) -> date:
    return tx.execute(select(ScoringRun.as_of).where(ScoringRun.id == run_id)).scalar_one()
