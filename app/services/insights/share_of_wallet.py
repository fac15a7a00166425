"""Share of wallet: what customers spend here of what they spend in the category."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from app.domain.common import money
from app.domain.common.access import Actor
from app.domain.scoring.parameters import Parameters
from app.domain.scoring.run_spec import RunSpec
from app.domain.value.concentration import IntArray
from app.domain.value.share_of_wallet import UNKNOWN, share_of_wallet
from app.domain.value.value_tiers import TIER_NAMES
from app.errors import ConflictError
from app.schemas.insights.share_of_wallet import WalletQuery
from app.services.insights.profit_accounts import MAX_CUSTOMERS
from app.services.scoring.runs import find_finished
from app.services.scoring.value_tiers import tiered
from app.store.engine import in_thread
from app.store.scoring import customer_attributes, run_results
from app.store.tables import ScoringRun
from app.store.transactions import ReadTx, Row

_RUN = select(ScoringRun.id, ScoringRun.as_of, ScoringRun.parameters, ScoringRun.is_current)


@in_thread
def report(tx: ReadTx, actor: Actor, query: WalletQuery) -> Row:
    """Hold what the customers with a value tier in a run spent here against what they spend in all, as an
    attribute says it now.

    Raises:
        NotFoundError: no such run has finished.
        ConflictError: the amounts are too large to be added up.
    """
    run = find_finished(tx, _RUN, query.run_id, query.as_of)
    spec = RunSpec(run.as_of, Parameters.from_dict(run.parameters), actor.company)
    currency = spec.parameters.currency
    columns = tiered(tx, run.id)
    own, tiers = columns["value_minor"].astype(np.int64), columns["tier"]
    ids, texts = customer_attributes.values(tx, query.attribute)
    places, shaped = run_results.matched(ids, columns["customer_id"])
    total = np.full(own.size, UNKNOWN, dtype=np.int64)
    total[shaped] = _amounts(texts[places[shaped]], currency)
    if float(np.maximum(total, 0).astype(np.float64).sum()) > MAX_CUSTOMERS:
        raise ConflictError("The amounts are too large to be added up.")
    return {
        "method": "share_of_wallet",
        "run_id": run.id,
        "as_of": run.as_of,
        "is_current": run.is_current,
        "window": {"start": spec.bounds.start, "end": spec.bounds.end},
        "attribute": query.attribute,
        "customers": own.size,
        "without_total": int(np.count_nonzero(~shaped)),
        "not_an_amount": int(np.count_nonzero(shaped & (total == UNKNOWN))),
        **_shares(own, total, currency),
        "tiers": [
            {"tier": tier, **_shares(own[tiers == tier], total[tiers == tier], currency)}
            for tier in TIER_NAMES
        ],
    }


# --- inside


def _amounts(texts: NDArray[np.object_], currency: str) -> IntArray:
    """Amounts in minor units, `UNKNOWN` for what is none."""
    return np.array([_amount(text, currency) for text in texts.tolist()], dtype=np.int64)


def _amount(text: str, currency: str) -> int:
    try:
        return max(money.parse_rounded(text, currency)[0], UNKNOWN)
    except ValueError:
        return UNKNOWN


def _shares(own: IntArray, total: IntArray, currency: str) -> Row:
    found = share_of_wallet(own, total)
    return {
        "n": found.n,
        "contradicted": found.contradicted,
        "overall": found.overall,
        "median": found.median,
        "open": money.to_wire(found.open_minor, currency),
    }
